// What cron mends: box offices whose alarm was lost, bookings that D1 does not have as they are, mails that no message
// announced, news of money that did not reach us, keys past their time. What else is owed, the box office's alarm drives.

import type { EventCode, LockId } from "../domain/ids";
import { DAY, MINUTE, SECOND } from "../domain/time";
import { sweepNotifications } from "./notifications";
import type { Deps } from "./ports";
import { type NewsDeps, reconcile, sweepProviderInbox } from "./provider-news";

/** Past its due moment by so much, a box office's alarm counts as lost. */
const OVERDUE_MS = 10 * SECOND;
/** Events looked at in one sweep; the next one takes the rest. */
const MAX_EVENTS = 50;
/** Of the recently active events one a minute is woken and compared with D1, in turn. */
const COMPARED_EVENTS = 50;
const BOOKINGS_A_PAGE = 200;
/** Of one event in one sweep: enough for a hall of 50 000. */
const MAX_PAGES = 150;
/** Rows past their time that one sweep deletes, of each table. */
const PURGED_A_SWEEP = 500;

const ORIGIN = { actor: "system", requestId: "sweep" } as const;

type SaleDeps = Pick<Deps, "events" | "boxOffices" | "bookings" | "log">;
type SweepDeps = SaleDeps &
  NewsDeps &
  Parameters<typeof sweepNotifications>[0] &
  Pick<Deps, "idempotencyKeys" | "throttles" | "clock" | "log">;

/** Runs every sweep, each for itself: one that fails does not stop the others. */
export async function sweep(deps: SweepDeps): Promise<void> {
  const nowMs = deps.clock.nowMs();
  const sweeps: Record<string, () => Promise<unknown>> = {
    boxOffices: () => wakeOverdue(deps, nowMs),
    projections: () => compareOneEvent(deps, nowMs),
    notifications: () => sweepNotifications(deps, nowMs),
    providerInbox: () => sweepProviderInbox(deps, nowMs),
    reconciliation: () => reconcile(deps, nowMs),
    idempotencyKeys: () => deps.idempotencyKeys.purge(nowMs - DAY, PURGED_A_SWEEP),
    throttles: () => deps.throttles.purge(nowMs, PURGED_A_SWEEP),
  };
  await Promise.all(
    Object.entries(sweeps).map(async ([name, run]) => {
      try {
        await run();
      } catch (fault) {
        deps.log.error("a sweep failed", { sweep: name, fault });
      }
    }),
  );
}

/**
 * Wakes box offices that should have acted: waking treats what is due as over, sends effects again (payments without
 * an answer among them) and sets the alarm.
 */
export async function wakeOverdue(deps: SaleDeps, nowMs: number): Promise<readonly EventCode[]> {
  const codes = await deps.events.overdue(nowMs - OVERDUE_MS, MAX_EVENTS);
  await Promise.all(codes.map((code) => wake(deps, code)));
  return codes;
}

async function compareOneEvent(deps: SaleDeps, nowMs: number): Promise<void> {
  const codes = await deps.events.recentlyActive(COMPARED_EVENTS);
  const code = codes[Math.floor(nowMs / MINUTE) % Math.max(1, codes.length)];
  if (code === undefined) return;
  // What its alarm was to drive and no seat changed for is not in D1's `next_due_ms`: a lost alarm is found only here.
  await wake(deps, code);
  await projectAgain(deps, code);
}

/** Treats what is due as over, sends again what is owed, sets the alarm, and notes in D1 when it rings. */
async function wake(deps: SaleDeps, code: EventCode): Promise<void> {
  const reply = await deps.boxOffices.send(code, { type: "wake", ...ORIGIN });
  if (reply?.ok) await deps.events.noteNextDue(code, reply.value.nextDueMs);
}

/** Compares an event's bookings with D1, and has those projected again that D1 lost or has in an older version. */
export async function projectAgain(
  deps: Pick<Deps, "boxOffices" | "bookings" | "log">,
  code: EventCode,
): Promise<number> {
  let after: LockId | null = null;
  let found = 0;
  for (let page = 0; page < MAX_PAGES; page++) {
    const audited = await deps.boxOffices.audit(code, after, BOOKINGS_A_PAGE, "bookings");
    if (audited === null) return found;
    const owing = new Set(audited.owing);
    const atRest = audited.bookings.filter(({ id }) => !owing.has(id));
    const known = await deps.bookings.versions(atRest.map(({ id }) => id));
    const lost = atRest.filter(({ id, version }) => (known.get(id)?.version ?? 0) < version);
    if (lost.length > 0) {
      deps.log.warn("bookings are projected again", { code, bookings: lost.length });
      const effects = lost.map(({ id }) => `${id}:project`);
      await deps.boxOffices.send(code, { type: "redrive", effects, ...ORIGIN });
      found += lost.length;
    }
    if (audited.next === null) return found;
    after = audited.next;
  }
  return found;
}
