// Idempotency keys: where one counts, and how a repeat of a request whose effect is in D1 gets the first answer.
// Requests that a box office decides hand their key to it instead; it keeps the same rules.

import { type Result, refuse } from "../domain/refusals";
import type { Deps, KeptKey } from "./ports";

/** A request's key: where it counts, and what the request said. */
export interface AskedKey {
  readonly scope: string;
  readonly fingerprint: string;
}

/**
 * Where a key counts: for one owner (a user id, or an e-mail address) on one route ("POST /api/locks"). Neither
 * owners nor keys contain a space, so no two triples share a scope.
 */
export function keyScope(owner: string, route: string, key: string): string {
  return `${owner} ${route} ${key}`;
}

interface KeyedWork<T> {
  /** Does the work and keeps the key in the same batch; `key-taken` when a parallel repeat was first. */
  readonly make: (key: AskedKey | null) => Promise<Result<T> | "key-taken">;
  /** The first answer again, from the id of what it made. */
  readonly rebuild: (resultId: string) => Promise<Result<T>>;
}

/**
 * Once per key: a repeat with the same fingerprint is answered from what the first one made, another fingerprint is
 * refused. A refusal is not remembered, but the winner of a race may have caused it, so the key is looked up again.
 */
export async function withKeptKey<T>(
  deps: Pick<Deps, "idempotencyKeys">,
  key: AskedKey | null,
  nowMs: number,
  work: KeyedWork<T>,
): Promise<Result<T>> {
  const known = key && (await deps.idempotencyKeys.find(key.scope, nowMs));
  if (key && known) return await answerAgain(key, known, work);
  const made = await work.make(key);
  if (made !== "key-taken" && made.ok) return made;
  const winner = key && (await deps.idempotencyKeys.find(key.scope, nowMs));
  if (key && winner) return await answerAgain(key, winner, work);
  if (made === "key-taken") throw new Error("an idempotency key is taken and cannot be found");
  return made;
}

async function answerAgain<T>(key: AskedKey, kept: KeptKey, work: KeyedWork<T>): Promise<Result<T>> {
  if (kept.fingerprint !== key.fingerprint) return refuse({ code: "IDEMPOTENCY_KEY_REUSED" });
  return await work.rebuild(kept.resultId);
}
