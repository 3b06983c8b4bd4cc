// How a buyer asks: noted before, noted after, and repeated under its key until there is an answer, however often the
// product dies meanwhile.

import { setTimeout as wait } from "node:timers/promises";
import type { Caller } from "../e2e/client";
import type { Answered, Json, Ledger, OperationName } from "./ledger";

const REQUEST_LIMIT_MS = 30_000;
const PAUSE_MS = 150;
/** An operation is repeated for so long; a product that is silent for longer has failed. */
const GIVE_UP_MS = 180_000;

export interface Question {
  readonly buyer: number;
  readonly event: string;
  readonly name: OperationName;
  readonly method: string;
  readonly path: string;
  readonly body?: unknown;
}

/** What others do at the moments of a request: kill the product. */
export interface Moments {
  sent(): void;
  answered(): void;
}

export interface Asker {
  /** Null where no answer came in spite of all repetitions. */
  ask(caller: Caller, question: Question): Promise<Answered | null>;
  /** Requests sent again because no answer, or none that tells, had come. */
  readonly counts: { asked: number; repeated: number; unknown: number; givenUp: number };
}

export function askerOf(url: string, ledger: Ledger, moments: Moments, newKey: () => string): Asker {
  const counts = { asked: 0, repeated: 0, unknown: 0, givenUp: 0 };
  return {
    counts,
    async ask(caller, { buyer, event, name, method, path, body }) {
      const n = ++counts.asked;
      const key = method === "POST" ? newKey() : null;
      const said = body ?? null;
      const startedAtMs = now();
      ledger.write({ type: "asked", n, atMs: startedAtMs, buyer, event, name, method, path, key, body: said });
      for (let tries = 1; now() - startedAtMs < GIVE_UP_MS; tries++) {
        if (tries > 1) {
          counts.repeated += 1;
          await wait(PAUSE_MS);
        }
        const sentAtMs = tries === 1 ? startedAtMs : now();
        const found = await sendOnce(url, caller, { method, path, body }, key, moments);
        if (found === null) {
          counts.unknown += 1;
          continue;
        }
        if (found.status >= 500 || found.status === 429) continue;
        const line: Answered = { type: "answered", n, atMs: now(), sentAtMs, tries, ...found };
        ledger.write(line);
        moments.answered();
        return line;
      }
      counts.givenUp += 1;
      ledger.write({ type: "given up", n, atMs: now() });
      return null;
    },
  };
}

/** Milliseconds of the clock that the product reads too. */
export const now = () => performance.timeOrigin + performance.now();

async function sendOnce(
  url: string,
  caller: Caller,
  { method, path, body }: Pick<Question, "method" | "path" | "body">,
  key: string | null,
  moments: Moments,
): Promise<{ status: number; body: Json } | null> {
  const headers: Record<string, string> = { authorization: `Bearer ${caller.token}`, connection: "close" };
  if (body !== undefined) headers["content-type"] = "application/json";
  if (key !== null) headers["idempotency-key"] = key;
  try {
    const answering = fetch(url + path, {
      method,
      headers,
      body: body === undefined ? null : JSON.stringify(body),
      signal: AbortSignal.timeout(REQUEST_LIMIT_MS),
    });
    moments.sent();
    const answer = await answering;
    return { status: answer.status, body: await answer.json() };
  } catch {
    return null;
  }
}
