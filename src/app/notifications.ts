// From a PENDING notification to the mail a buyer reads: one mail a fact. A notification is claimed, its mail sent, and
// then noted as sent. Two mails come of an acceptance that is not noted before the next try: by a death between the two,
// or by a mailer that is silent for so long.

import type { NotificationId, UserId } from "../domain/ids";
import { HOUR, MINUTE, SECOND } from "../domain/time";
import { writeMail } from "./mails";
import type { Deps, Mail, NotificationToSend, SentNotification } from "./ports";
import { type MailTicket, ticketsForMail } from "./tickets";
import { turns } from "./turns";

/** How long a claim keeps others away: longer than the send and every try to note it. */
const LEASE_MS = MINUTE;
/** An answer that does not come in this time counts as a failure. */
const SEND_TIMEOUT_MS = 30 * SECOND;
/** For as long, at least, no other try is made after silence: the answer may still come, and is noted when it does. */
const SILENCE_PAUSE_MS = MINUTE;
const TIMEOUT = "TIMEOUT";
/** After these a note is tried again: a short outage of D1 must not become a second mail. */
const NOTE_PAUSES_MS = [200, 1_000, 3_000, 8_000] as const;
/** The first retry comes after this, each further one four times later, up to the last. */
const FIRST_RETRY_MS = 10 * SECOND;
const LAST_RETRY_MS = 6 * HOUR;
/** Six days of trying: an outage, or an e-mail quota that is used up, may last over a weekend. */
const MAX_TRIES = 31;
/** Mails under way at once in one batch or sweep. */
const SENDS_AT_ONCE = 8;
/** What the queue should have done long since. */
const SWEEP_AGE_MS = 30 * SECOND;
const SWEEP_LIMIT = 100;
const RECENT_LIMIT = 20;

/** The one failure that is about the reader, not about our ability to send. */
export const REFUSED_ADDRESS = "ADDRESS_REFUSED";

type Answer = Awaited<ReturnType<Deps["mailer"]["send"]>>;

export type Delivery =
  | { readonly outcome: "sent" }
  /** Sent already, in somebody else's hands, or unknown: nothing to do. */
  | { readonly outcome: "not-ours" }
  | { readonly outcome: "given-up" }
  | { readonly outcome: "failed"; readonly retryAtMs: number };

export type SendDeps = Pick<
  Deps,
  | "background"
  | "boxOffices"
  | "clock"
  | "deadLetters"
  | "log"
  | "mailer"
  | "notifications"
  | "qrCodes"
  | "settings"
  | "ticketTokens"
>;

/** Sends one mail, at most once while it lives. Throws when what it claims or comes to cannot be written. */
export async function sendNotification(deps: SendDeps, id: NotificationId): Promise<Delivery> {
  const nowMs = deps.clock.nowMs();
  const notification = await deps.notifications.claim(id, nowMs, LEASE_MS);
  if (!notification) return { outcome: "not-ours" };
  let mail: Mail;
  let answer: Answer | typeof TIMEOUT;
  try {
    mail = writeMail(notification, deps.settings, nowMs, await ticketsOf(deps, notification));
    const sending = deps.mailer.send(mail);
    answer = await within(SEND_TIMEOUT_MS, sending);
    if (answer === TIMEOUT) deps.background.keep(noteLateAnswer(deps, id, mail.subject, sending));
  } catch (error) {
    return await noteFailure(deps, notification, failureKind(error));
  }
  switch (answer) {
    case "accepted":
      await noteSent(deps, id, mail.subject);
      return { outcome: "sent" };
    case "refused":
      return await markGivenUp(deps, notification, REFUSED_ADDRESS);
    case TIMEOUT:
      return await noteFailure(deps, notification, TIMEOUT);
  }
}

/** It counted as failed when no answer came: an acceptance since then is noted, so that no second mail is sent. */
async function noteLateAnswer(
  deps: SendDeps,
  id: NotificationId,
  subject: string,
  sending: Promise<Answer>,
): Promise<void> {
  try {
    if ((await sending) === "accepted") await noteSent(deps, id, subject);
  } catch (error) {
    deps.log.warn("a mail that had no answer in time was not sent", { notification: id, error: failureKind(error) });
  }
}

async function ticketsOf(deps: SendDeps, { type, bookingId }: NotificationToSend): Promise<readonly MailTicket[]> {
  return type === "BOOKING_CONFIRMED" && bookingId !== null ? await ticketsForMail(deps, bookingId) : [];
}

/** Sends many side by side, each once; one that fails leaves the others alone. */
export async function sendNotifications(
  deps: SendDeps,
  ids: readonly NotificationId[],
): Promise<ReadonlyMap<NotificationId, Delivery>> {
  const deliveries = new Map<NotificationId, Delivery>();
  const line = turns(SENDS_AT_ONCE)();
  const send = async (id: NotificationId) => void deliveries.set(id, await sendOrFail(deps, id));
  await Promise.all([...new Set(ids)].map((id) => line(() => send(id))));
  return deliveries;
}

/** Sends what no queue message led to. Returns how many mails went. */
export async function sweepNotifications(deps: SendDeps, nowMs: number): Promise<number> {
  const ids = await deps.notifications.unsent(nowMs - SWEEP_AGE_MS, SWEEP_LIMIT);
  const deliveries = await sendNotifications(deps, ids);
  return [...deliveries.values()].filter(({ outcome }) => outcome === "sent").length;
}

/**
 * Has mails sent that somebody wants sent after all: now, and with all their tries, also those that were given up.
 * Returns how many are due by that.
 */
export async function sendAfterAll(
  deps: Pick<Deps, "clock" | "notifications" | "queues">,
  ids: readonly NotificationId[],
): Promise<number> {
  const due = await deps.notifications.revive(ids, REFUSED_ADDRESS, deps.clock.nowMs());
  if (due > 0) await deps.queues.notify(ids);
  return due;
}

/** The user's latest mails, newest first. */
export async function recentNotifications(
  deps: Pick<Deps, "notifications">,
  userId: UserId,
): Promise<readonly SentNotification[]> {
  return await deps.notifications.recent(userId, RECENT_LIMIT);
}

async function sendOrFail(deps: SendDeps, id: NotificationId): Promise<Delivery> {
  try {
    return await sendNotification(deps, id);
  } catch (error) {
    deps.log.error("the state of a mail could not be read or written", { notification: id, error: failureKind(error) });
    return { outcome: "failed", retryAtMs: deps.clock.nowMs() + FIRST_RETRY_MS };
  }
}

/** The mail is out: whatever happens now, it must not be sent again for want of a note. */
async function noteSent(deps: SendDeps, id: NotificationId, subject: string): Promise<void> {
  const sentAtMs = deps.clock.nowMs();
  for (const pauseMs of [...NOTE_PAUSES_MS, null]) {
    try {
      return await deps.notifications.markSent(id, subject, sentAtMs);
    } catch (error) {
      if (pauseMs === null) {
        deps.log.error("a mail that was accepted could not be noted as sent, and will be sent again", {
          notification: id,
          error: failureKind(error),
        });
        return;
      }
      await new Promise((resolve) => setTimeout(resolve, pauseMs));
    }
  }
}

async function noteFailure(deps: SendDeps, notification: NotificationToSend, error: string): Promise<Delivery> {
  if (notification.tries >= MAX_TRIES) return await giveUp(deps, notification, error);
  const pauseMs = Math.max(retryDelayMs(notification.tries), error === TIMEOUT ? SILENCE_PAUSE_MS : 0);
  const retryAtMs = deps.clock.nowMs() + pauseMs;
  await deps.notifications.markFailed(notification.id, error, retryAtMs);
  deps.log.warn("a mail could not be sent", { notification: notification.id, error, tries: notification.tries });
  return { outcome: "failed", retryAtMs };
}

/** A person may have it sent after all, so it is noted for one before it is given up: no death between loses it. */
async function giveUp(deps: SendDeps, notification: NotificationToSend, error: string): Promise<Delivery> {
  await deps.deadLetters.note({
    id: `mail-given-up:${notification.id}`,
    queue: "notifications",
    body: JSON.stringify({ ids: [notification.id] }),
    reason: `the mail was given up: ${error}`,
    attempts: notification.tries,
    notedAtMs: deps.clock.nowMs(),
  });
  return await markGivenUp(deps, notification, error);
}

async function markGivenUp(deps: SendDeps, notification: NotificationToSend, error: string): Promise<Delivery> {
  await deps.notifications.markFailed(notification.id, error, null);
  deps.log.error("a mail was given up", { notification: notification.id, error, tries: notification.tries });
  return { outcome: "given-up" };
}

/** `tries` counts this one. */
function retryDelayMs(tries: number): number {
  return Math.min(LAST_RETRY_MS, FIRST_RETRY_MS * 4 ** Math.max(0, tries - 1));
}

/** A code or a class of error, never its message: that may hold an address. */
function failureKind(error: unknown): string {
  if (!(error instanceof Error)) return "UNKNOWN";
  const code = "code" in error && typeof error.code === "string" ? error.code : "";
  return /^[A-Z][A-Z0-9_]{1,60}$/.test(code) ? code : error.name;
}

async function within<T>(limitMs: number, work: Promise<T>): Promise<T | typeof TIMEOUT> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const timeout = new Promise<typeof TIMEOUT>((resolve) => {
    timer = setTimeout(() => resolve(TIMEOUT), limitMs);
  });
  try {
    return await Promise.race([work, timeout]);
  } finally {
    clearTimeout(timer);
  }
}
