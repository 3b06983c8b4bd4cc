// What cron mends: box offices whose alarm was lost, mails that no message announced, news of money that did not
// arrive. Everything else mends itself, because effects are read off the box office's own rows.

import type { EventCode } from "../domain/ids";
import { DAY, SECOND } from "../domain/time";
import { sweepNotifications } from "./notifications";
import type { Deps } from "./ports";
import { type NewsDeps, reconcile, sweepProviderInbox } from "./provider-news";

/** Past its due moment by so much, a box office's alarm counts as lost. */
const OVERDUE_MS = 10 * SECOND;
/** Events looked at in one sweep; the next one takes the rest. */
const MAX_EVENTS = 50;
const KEPT_KEYS_A_SWEEP = 500;

type SweepDeps = NewsDeps &
  Parameters<typeof sweepNotifications>[0] &
  Pick<Deps, "events" | "boxOffices" | "idempotencyKeys" | "clock" | "log">;

/** Runs every sweep, each for itself: one that fails does not stop the others. */
export async function sweep(deps: SweepDeps): Promise<void> {
  const nowMs = deps.clock.nowMs();
  const sweeps: Record<string, () => Promise<unknown>> = {
    boxOffices: () => wakeOverdue(deps, nowMs),
    notifications: () => sweepNotifications(deps, nowMs),
    deliveries: () => sweepProviderInbox(deps, nowMs),
    reconciliation: () => reconcile(deps, nowMs),
    idempotencyKeys: () => deps.idempotencyKeys.purge(nowMs - DAY, KEPT_KEYS_A_SWEEP),
  };
  await Promise.all(
    Object.entries(sweeps).map(async ([name, run]) => {
      try {
        await run();
      } catch (fault) {
        deps.log.error("a sweep failed", { sweep: name, fault: String(fault) });
      }
    }),
  );
}

/** Wakes box offices that should have acted: waking treats what is due as over, re-sends effects and sets the alarm. */
export async function wakeOverdue(
  deps: Pick<Deps, "events" | "boxOffices" | "log">,
  nowMs: number,
): Promise<readonly EventCode[]> {
  const codes = await deps.events.overdue(nowMs - OVERDUE_MS, MAX_EVENTS);
  await Promise.all(
    codes.map(async (code) => {
      const origin = { actor: "system", requestId: "sweep" };
      const reply = await deps.boxOffices.send(code, { type: "wake", ...origin });
      if (reply?.ok) await deps.events.noteNextDue(code, reply.value.nextDueMs);
    }),
  );
  return codes;
}
