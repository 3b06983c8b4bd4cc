// Mails: what is owed, what is sent, and what sends it.

import type { BookingId, NotificationId, UserId } from "../../domain/ids";
import type { BookingListing } from "./bookings";
import type { User } from "./users";

export type NotificationType =
  | "WELCOME"
  | "BOOKING_CONFIRMED"
  | "BOOKING_FAILED"
  | "BOOKING_EXPIRED"
  | "BOOKING_CANCELLED";

/** A mail to be sent; `detail` holds the little that the booking's row cannot tell later (a refund, its seats). */
export interface NewNotification {
  readonly id: NotificationId;
  readonly userId: UserId;
  readonly type: NotificationType;
  readonly bookingId: BookingId | null;
  readonly detail: NotificationDetail;
  readonly createdAtMs: number;
}

export interface NotificationDetail {
  readonly refundMinor?: number;
  readonly seatIds?: readonly string[];
}

export interface SentNotification {
  readonly id: NotificationId;
  readonly type: NotificationType;
  readonly subject: string;
  readonly sentAtMs: number;
  readonly bookingId: BookingId | null;
}

/** Everything a mail is written from. */
export interface NotificationToSend extends NewNotification {
  readonly user: User;
  readonly booking: BookingListing | null;
  /** This one included: 1 at the first. */
  readonly tries: number;
}

export interface Notifications {
  /** Takes it for `leaseMs` by compare-and-set. Null: sent, taken by another, or unknown. */
  claim(id: NotificationId, nowMs: number, leaseMs: number): Promise<NotificationToSend | null>;
  markSent(id: NotificationId, subject: string, nowMs: number): Promise<void>;
  /**
   * Gives it back, to be tried again from `retryAtMs`; null gives it up for good. Never undoes a mail that was sent.
   * `error` names the kind of failure, no personal data.
   */
  markFailed(id: NotificationId, error: string, retryAtMs: number | null): Promise<void>;
  /**
   * Makes these due now with all their tries, given up or not; no mail that was sent, nor one that failed last for
   * `exceptError`. Returns how many.
   */
  revive(ids: readonly NotificationId[], exceptError: string, nowMs: number): Promise<number>;
  recent(userId: UserId, limit: number): Promise<readonly SentNotification[]>;
  /** Ids of mails that should have gone before `beforeMs`, oldest first. */
  unsent(beforeMs: number, limit: number): Promise<readonly NotificationId[]>;
  /**
   * `oldestUnsentMs` is an age: for how long the most overdue mail has been due at `nowMs`; null when none is due.
   * `lastError` is what became of the latest try: null when it was sent, or none was made.
   */
  health(nowMs: number): Promise<{ readonly oldestUnsentMs: number | null; readonly lastError: string | null }>;
  /** How many mails each of these facts has: for the consistency check. */
  countOf(ids: readonly string[]): Promise<ReadonlyMap<string, number>>;
}

export interface Mail {
  readonly id: string;
  readonly to: string;
  readonly subject: string;
  readonly text: string;
  readonly html: string;
  readonly attachments: readonly MailAttachment[];
}

export interface MailAttachment {
  readonly filename: string;
  readonly contentType: string;
  readonly content: string | Uint8Array;
  /** An image that the mail's HTML shows, as `cid:` and this. */
  readonly contentId?: string;
}

export interface Mailer {
  /** Whether a mail could be sent at all (the binding is there, the sender configured). */
  readonly ready: boolean;
  /** `refused`: this address gets no mail from us, however often it is tried. Any other failure is thrown. */
  send(mail: Mail): Promise<"accepted" | "refused">;
}

export interface DeliveredMail extends Mail {
  readonly sentAtMs: number;
}

/** Development's mailbox: what the mailer sent, newest first. A mail sent twice is there twice. */
export interface Mailbox {
  /** At most `limit`; with `to` only that address's. */
  list(limit: number, to?: string): Promise<readonly DeliveredMail[]>;
  byId(id: string): Promise<DeliveredMail | null>;
}

export interface Queues {
  /** Whether a message could be sent at all (the binding is there). */
  readonly ready: boolean;
  /** Mails to send: ids only. Best effort, a sweep finds what was lost. */
  notify(ids: readonly NotificationId[]): Promise<void>;
}

export interface NotificationMessage {
  readonly ids: readonly NotificationId[];
}
