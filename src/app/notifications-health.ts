// Whether mails get through: the queue's binding and the outbox's age, the database, and the mailer with the
// result of its last send. Says which part is unwell, never why in words that an outsider could use.

import { MINUTE, SECOND } from "../domain/time";
import { REFUSED_ADDRESS } from "./notifications";
import type { Deps } from "./ports";

/** A mail that should have gone this long ago means that nobody works on the outbox. */
const STALLED_AFTER_MS = 5 * MINUTE;
/** A database that takes longer is no use to anybody. */
const ANSWER_LIMIT_MS = 5 * SECOND;

export interface NotificationsHealth {
  readonly status: "ok" | "degraded";
  /** `stalled`: mails wait although the queue is there. */
  readonly queue: "connected" | "stalled" | "unreachable";
  readonly database: "connected" | "unreachable";
  readonly email: "reachable" | "unreachable";
}

export async function readNotificationsHealth(
  deps: Pick<Deps, "queues" | "database" | "notifications" | "mailer">,
  nowMs: number,
): Promise<NotificationsHealth> {
  const outbox = await readOutbox(deps, nowMs);
  const isStalled = outbox?.oldestUnsentMs != null && outbox.oldestUnsentMs > STALLED_AFTER_MS;
  const hasFailed = outbox?.lastError != null && outbox.lastError !== REFUSED_ADDRESS;
  const parts = {
    queue: !deps.queues.ready ? "unreachable" : isStalled ? "stalled" : "connected",
    database: outbox ? "connected" : "unreachable",
    email: !deps.mailer.ready || hasFailed ? "unreachable" : "reachable",
  } as const;
  const isWell = parts.queue === "connected" && parts.database === "connected" && parts.email === "reachable";
  return { status: isWell ? "ok" : "degraded", ...parts };
}

/** Null when the database does not answer. */
async function readOutbox(
  deps: Pick<Deps, "database" | "notifications">,
  nowMs: number,
): Promise<{ readonly oldestUnsentMs: number | null; readonly lastError: string | null } | null> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const timeout = new Promise<null>((resolve) => {
    timer = setTimeout(() => resolve(null), ANSWER_LIMIT_MS);
  });
  const reading = Promise.all([deps.notifications.health(nowMs), deps.database.ping()]).then(([outbox]) => outbox);
  try {
    return await Promise.race([reading, timeout]);
  } catch {
    return null;
  } finally {
    clearTimeout(timer);
  }
}
