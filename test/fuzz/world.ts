// The small world of one episode: callers, an event, a gate, and whatever requests add to them. Time stands still but
// for the steps given here, a day ahead of the clock, so that nothing runs out by itself.

import { createExecutionContext, runDurableObjectAlarm, waitOnExecutionContext } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { vi } from "vitest";
import { checkConsistency } from "../../src/app/admin-consistency";
import { createGate } from "../../src/app/gates";
import { compose, configProblems } from "../../src/compose";
import { createApp } from "../../src/http/app";
import { openApiOf } from "../../src/http/openapi";
import { call, deps, newCaller, newEvent } from "../workers/sale-client";
import { emptyDatabase } from "./digest";
import type { Answer } from "./judge";
import type { FuzzRequest, Kind, Operation, Pool } from "./requests";

const app = createApp(compose, configProblems);
/** Dependencies of its own: what the queue's consumers began is not this test's to wait for. */
const bindings: Env = { ...env };
export const document = JSON.parse(JSON.stringify(openApiOf(app, { publicUrl: "", version: "0" })));

/** An answer that takes longer hangs. A payment may take 20 s. */
const HANG_MS = 25_000;
const REQUEST_STEP_MS = 7;
/** The first; each is longer than the one before, because an unanswered payment is waited for until its window ends. */
const REST_STEP_MS = 1_100;
const REST_GROWTH = 2;
const MAX_GROWTHS = 8;
const MAX_REST_STEPS = 30;
/** Past every hold, payment window, cooldown and silence of a provider. */
const END_STEP_MS = 20 * 60_000;
const DAY_MS = 86_400_000;
const ORIGIN = { actor: "fuzz", requestId: "fuzz" };

let nowMs = 0;
function passTime(ms: number): void {
  nowMs = Math.max(nowMs + ms, Date.now());
  vi.setSystemTime(nowMs);
}

const LETTER = "letter";
const GIVEN_UP = { id: LETTER, queue: "booking-saga-dlq", reason: "fault", attempts: 5 };

/** The clock of the whole run, before the first episode. */
export function stopTime(): void {
  nowMs = Date.now() + DAY_MS;
  passTime(0);
}

export interface World {
  readonly pool: Pool;
  send(request: FuzzRequest): Promise<Answer>;
  /** Learns what an answer says exists. */
  learn(operation: Operation, answer: Answer): void;
  /** Until nothing is owed. */
  rest(): Promise<void>;
  eventCodes(): Promise<readonly string[]>;
  /** Lets everything run out, and asks once more whether all is well. */
  end(): Promise<void>;
}

export async function newWorld(): Promise<World> {
  await emptyDatabase();
  passTime(REQUEST_STEP_MS);
  const [owner, other, admin] = [await newCaller(), await newCaller(), await newCaller("ADMIN")];
  const event = await newEvent();
  const opened = { name: "North", opensAtMs: nowMs - DAY_MS, expiresAtMs: null };
  const gate = await createGate(compose(bindings), event.id, opened, ORIGIN);
  if (!gate.ok) throw new Error(`the gate was refused: ${gate.refusal.code}`);
  await deps().demo?.finish(nowMs);
  const body = { eventId: event.id, seatIds: ["seat_B1"] };
  const { bookingId } = (await call("POST", "/api/bookings", { as: owner, body })).body;
  await deps().deadLetters.note({
    ...GIVEN_UP,
    body: JSON.stringify({ code: event.code, effects: [`${bookingId}:project`] }),
    notedAtMs: nowMs,
  });
  const { results } = await env.DB.prepare("SELECT id FROM venues LIMIT 1").all();
  const expired = await deps().tokens.issue(
    { sub: owner.id, name: "x", email: "x@example.com", role: "USER" },
    nowMs - 2 * DAY_MS,
  );
  const row = (letter: string) => Array.from({ length: 10 }, (_, i) => `seat_${letter}${i + 1}`);
  const pool: Pool = {
    ids: {
      user: [owner.id, other.id],
      event: [event.id],
      venue: results.map(({ id }) => String(id)),
      lock: [],
      booking: [bookingId],
      payment: [],
      ticket: [],
      gate: [gate.value.gate.id],
      letter: [LETTER],
    },
    tokens: { owner: owner.token, other: other.token, admin: admin.token, gate: gate.value.token },
    badTokens: [
      ...[
        "",
        "Bearer",
        "Bearer ",
        "Basic dGVzdA==",
        "Bearer x.y.z",
        "Bearer null",
        "bearer  ",
        `Bearer ${"x".repeat(5_000)}`,
      ],
      ...[`Bearer ${expired.token}`, `Bearer ${owner.token}x`, `Bearer ${owner.token.slice(0, -2)}`, owner.token],
      `Bearer ${owner.token.split(".").slice(0, 2).join(".")}.`,
    ],
    keys: [],
    emails: [],
    seatIds: [...row("A"), ...row("B")],
    get nowMs() {
      return nowMs;
    },
  };
  const eventCodes = async () => {
    const events = await env.DB.prepare("SELECT code FROM events ORDER BY code").all();
    return events.results.map(({ code }) => String(code));
  };
  const settle = async (ms: number) => {
    passTime(Math.round(ms));
    for (const code of await eventCodes()) await ring(code);
  };
  const rest = async () => {
    let last: unknown = null;
    for (let step = 0; step < MAX_REST_STEPS; step++) {
      if (step > 0) await settle(REST_STEP_MS * REST_GROWTH ** Math.min(step, MAX_GROWTHS));
      const found = await checkConsistency(compose(bindings), null, ORIGIN);
      if (!found.ok) throw new Error(`no consistency: ${found.refusal.code}`);
      const { outbox, violations } = found.value;
      last = found.value;
      if (outbox === 0 && violations.length === 0) return;
      if (outbox === 0 && step > 5) throw new Error(`a promise is broken at rest: ${JSON.stringify(violations)}`);
    }
    throw new Error(`something is owed for ever: ${JSON.stringify(last)}`);
  };
  return {
    pool,
    send: sendNow,
    learn: (operation, answer) => learn(pool, operation, answer),
    rest,
    eventCodes,
    async end() {
      await rest();
      await settle(END_STEP_MS);
      await rest();
    },
  };
}

async function ring(code: string): Promise<void> {
  await runDurableObjectAlarm(env.BOX_OFFICE.get(env.BOX_OFFICE.idFromName(code)));
}

/** The app itself, without the test runner's door. */
async function sendNow({ method, path, headers, body }: FuzzRequest): Promise<Answer> {
  passTime(REQUEST_STEP_MS);
  const request = new Request(`http://localhost:3000${path}`, { method, headers: sendable(headers), body });
  const context = createExecutionContext();
  const answering = (async () => {
    const response = await app.fetch(request, bindings, context);
    const text = await response.text();
    response.webSocket?.accept();
    response.webSocket?.close();
    await waitOnExecutionContext(context);
    return { status: response.status, headers: response.headers, text };
  })();
  let timer: ReturnType<typeof setTimeout> | undefined;
  const hanging = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer within ${HANG_MS} ms`)), HANG_MS);
  });
  return await Promise.race([answering, hanging]).finally(() => clearTimeout(timer));
}

/** What a client could not put on the wire is left out. */
function sendable(headers: Readonly<Record<string, string>>): Headers {
  const sent = new Headers();
  for (const [name, value] of Object.entries(headers)) {
    try {
      sent.set(name, value);
    } catch {
      sent.delete(name);
    }
  }
  return sent;
}

const KIND_OF_PREFIX: Readonly<Record<string, Kind>> = {
  usr: "user",
  evnt: "event",
  ven: "venue",
  lock: "lock",
  bkg: "booking",
  pay: "payment",
  tkt: "ticket",
  gate: "gate",
};
const ID = /"(usr|evnt|ven|lock|bkg|pay|tkt|gate)_[0-9A-Z]{26}"/g;
const MAX_KNOWN = 30;

/** Ids in what was made, or is a booking's; a refusal teaches nothing. */
function learn({ ids }: Pool, operation: Operation, { status, text }: Answer): void {
  if (status >= 300) return;
  if (operation.method === "GET" && !operation.path.startsWith("/api/bookings/{")) return;
  for (const [quoted, prefix = ""] of text.matchAll(ID)) {
    const known = ids[KIND_OF_PREFIX[prefix] as Kind];
    const id = quoted.slice(1, -1);
    if (known.includes(id)) continue;
    known.push(id);
    if (known.length > MAX_KNOWN) known.splice(1, 1);
  }
}
