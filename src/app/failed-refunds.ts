// A refund that failed is money we owe: it waits for a person among the dead letters, where replaying it asks for the
// refund again.

import type { EffectId } from "../domain/box-office/commands";
import type { EventCode } from "../domain/ids";
import type { Deps } from "./ports";

/** Tells of it once, however often it is found. Never throws: the next look finds it again. */
export async function noteFailedRefund(
  deps: Pick<Deps, "deadLetters" | "clock" | "log">,
  code: EventCode,
  effect: EffectId,
  reason: string,
): Promise<void> {
  const id = `refund-failed:${effect}`;
  try {
    if (await deps.deadLetters.byId(id)) return;
    deps.log.error("a refund failed", { effect, reason });
    await deps.deadLetters.note({
      id,
      queue: "booking-saga",
      body: JSON.stringify({ code, effects: [effect] }),
      reason: `the refund failed: ${reason}`,
      attempts: 1,
      notedAtMs: deps.clock.nowMs(),
    });
  } catch (fault) {
    deps.log.error("a failed refund was not noted", { effect, reason, fault: String(fault) });
  }
}
