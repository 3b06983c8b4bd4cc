// A refund that failed is money we owe: it waits for a person among the dead letters, where replaying it asks for the
// refund again.

import type { EffectId, Outcome } from "../domain/box-office/commands";
import type { EventCode } from "../domain/ids";
import type { Deps } from "./ports";

type TellDeps = Pick<Deps, "deadLetters" | "clock" | "log">;
type Failure = Extract<Outcome, { type: "refund-failed" }>;

/** It was asked for and failed, now: told once, and anew after a replay. Throws when nobody could be told. */
export async function noteFailedRefund(
  deps: TellDeps,
  code: EventCode,
  effect: EffectId,
  failure: Failure,
): Promise<void> {
  const { reason } = failure;
  const isNew = await deps.deadLetters.note({
    id: letterIdOf(effect, failure),
    queue: "booking-saga",
    body: JSON.stringify({ code, effects: [effect] }),
    reason: `the refund failed: ${reason}`,
    attempts: 1,
    notedAtMs: deps.clock.nowMs(),
  });
  if (isNew) deps.log.error("a refund failed", { effect, reason });
}

/** The provider tells of it, perhaps for the hundredth time: a replay since then was not in vain. Throws likewise. */
export async function hearOfFailedRefund(
  deps: TellDeps,
  code: EventCode,
  effect: EffectId,
  failure: Failure,
): Promise<void> {
  if (await deps.deadLetters.byId(letterIdOf(effect, failure))) return;
  await noteFailedRefund(deps, code, effect, failure);
}

/** A refund that the provider made fails once in its life; one that it refused to make has no other name than ours. */
function letterIdOf(effect: EffectId, { refundId }: Failure): string {
  return `refund-failed:${refundId ?? effect}`;
}
