// What a box office knows. A hold owns seats; a booking is what a hold grows into; a payment is what a booking
// carries. One row holds all three, so one version orders them and one write keeps them consistent.

import type { BookingId, EventCode, EventId, LockId, NotificationId, PaymentId, SeatId, UserId, VenueId } from "../ids";
import type { Geometry, Layout, TierPrice } from "../seat-map";

/** An event as its box office sells it. `version` grows by one with every change; D1 keeps a copy. */
export interface EventDefinition {
  readonly id: EventId;
  readonly code: EventCode;
  readonly version: number;
  readonly name: string;
  readonly description: string | null;
  readonly venueId: VenueId | null;
  readonly startsAtMs: number;
  readonly endsAtMs: number;
  readonly currency: string;
  /** In the order the organiser gave. */
  readonly tiers: readonly TierPrice[];
  readonly layout: Layout;
  readonly createdAtMs: number;
  readonly updatedAtMs: number;
}

export type BookingStatus = "PENDING" | "PAYMENT_PENDING" | "CONFIRMED" | "FAILED" | "EXPIRED" | "CANCELLED";
export type LockStatus = "ACTIVE" | "CONSUMED" | "EXPIRED";
/** Where the saga stands; `settled` is every end. The table is in docs/architecture.md. */
export type Phase = "waiting" | "paying" | "challenged" | "voiding" | "capturing" | "settled";
export type FailureReason = "SEATS_UNAVAILABLE" | "PAYMENT_FAILED" | "INTERNAL_ERROR";
export type PaymentStatus =
  | "PENDING"
  | "REQUIRES_ACTION"
  | "AUTHORISED"
  | "SUCCESS"
  | "FAILED"
  | "CANCELLED"
  | "REFUND_PENDING"
  | "PARTIALLY_REFUNDED"
  | "REFUNDED"
  | "REFUND_FAILED";
export type NoticeType = "BOOKING_CONFIRMED" | "BOOKING_FAILED" | "BOOKING_EXPIRED" | "BOOKING_CANCELLED";
export type Force = "success" | "failure" | "timeout";

/**
 * Where an attempt to pay stands with the provider.
 * `asked`: no answer yet · `unanswered`: an answer did not come, it is asked again · `challenged`: the buyer
 * authenticates · `authorised`: money is reserved, not moved · `captured` · `declined` and `voided`: proven dead.
 */
export type AttemptState = "asked" | "unanswered" | "challenged" | "authorised" | "captured" | "declined" | "voided";

export interface Attempt {
  /** From 1; part of every provider key, so an attempt is asked for at most once at the provider. */
  readonly n: number;
  readonly state: AttemptState;
  /** The buyer's payment method token; dropped once the attempt is over. */
  readonly token: string | null;
  readonly force: Force | null;
  readonly startedAtMs: number;
  /** The provider's intent, once known. */
  readonly intentId: string | null;
  /** The provider's charge, once known. */
  readonly transactionId: string | null;
  readonly clientSecret: string | null;
  readonly failure: string | null;
  /** What it authorised or captured must not stay with us: void it, or refund it. */
  readonly unwanted: boolean;
}

export interface Refund {
  readonly n: number;
  readonly attempt: number;
  readonly amountMinor: number;
  readonly state: "due" | "done" | "failed";
  readonly refundId: string | null;
  readonly failure: string | null;
  readonly askedAtMs: number;
}

export interface Payment {
  readonly id: PaymentId;
  readonly attempts: readonly Attempt[];
  readonly refunds: readonly Refund[];
  /** When the outcome of the latest attempt became known. */
  readonly processedAtMs: number | null;
}

/** A fact the buyer is told of by mail. `id` makes it one mail. */
export interface Notice {
  readonly id: NotificationId;
  readonly type: NoticeType;
  readonly atMs: number;
  /** Of a cancellation: what comes back, and for which seats. */
  readonly refundMinor: number;
  readonly seats: readonly number[];
}

export interface Booking {
  readonly id: BookingId;
  readonly status: BookingStatus;
  readonly phase: Phase;
  /** Made with a card in POST /api/bookings: the saga runs by itself and that card is the only try. */
  readonly madeWithCard: boolean;
  /** Until when it must be paid. Attempts do not extend it. */
  readonly deadlineMs: number;
  /** Price of each of the hold's seats when it was booked, in the same order. */
  readonly prices: readonly number[];
  readonly currency: string;
  readonly createdAtMs: number;
  readonly confirmedAtMs: number | null;
  readonly cancelledAtMs: number | null;
  readonly failure: { readonly reason: FailureReason; readonly detail: string } | null;
  /** Seats given back one by one from a confirmed booking; a full cancellation is the status. */
  readonly cancelledSeats: readonly number[];
  readonly payment: Payment | null;
  /** What to try once the running attempt is proven dead. */
  readonly nextTry: { readonly token: string | null; readonly force: Force | null } | null;
  /** Mails that D1 has not taken over yet. */
  readonly notices: readonly Notice[];
}

export interface Hold {
  readonly id: LockId;
  readonly userId: UserId;
  /** Seat indices, as asked for or chosen, in that order. Of a booking refused for its seats: what was wanted. */
  readonly seats: readonly number[];
  /** Grows by one with every change that is written. */
  readonly version: number;
  readonly createdAtMs: number;
  readonly updatedAtMs: number;
  /** Of the hold itself; a booking's deadline takes its place. */
  readonly expiresAtMs: number;
  /** Its seats went back unsold (or never were its own). */
  readonly endedAtMs: number | null;
  /** The key the client named in the body, shown back to it. */
  readonly clientKey: string | null;
  /** Made in the dialect, whose document knows no limit but 100 seats a lock. */
  readonly dialect: boolean;
  readonly booking: Booking | null;
  /** The version D1 has. */
  readonly projectedVersion: number;
}

/** One row of the audit trail: what one command did. `seq` is the feed's sequence number too. */
export interface JournalEntry {
  readonly seq: number;
  readonly atMs: number;
  /** A user id, `system` for time passing, `provider` for news of money. */
  readonly actor: string;
  readonly requestId: string;
  readonly facts: readonly Fact[];
  /** Seats whose status changed, in index order, with the new status. */
  readonly seatChanges: readonly SeatChange[];
}

export type SeatChange = readonly [seat: number, status: SeatStatus];
/** Available, Locked, Reserved, Blocked; X left the hall. */
export type SeatStatus = "A" | "L" | "R" | "B" | "X";

export type FactType =
  | "event.created"
  | "event.updated"
  | "seats.locked"
  | "seats.lock-failed"
  | "lock.renewed"
  | "lock.released"
  | "lock.expired"
  | "booking.initiated"
  | "booking.confirmed"
  | "booking.failed"
  | "booking.expired"
  | "booking.cancelled"
  | "booking.seats-cancelled"
  | "payment.started"
  | "payment.challenged"
  | "payment.authorised"
  | "payment.unanswered"
  | "payment.voided"
  | "payment.processed"
  | "payment.refund-started"
  | "payment.refunded"
  | "payment.refund-failed";

export interface Fact {
  readonly type: FactType;
  readonly lockId?: LockId;
  readonly bookingId?: BookingId;
  readonly seats?: readonly number[];
  /** What else the fact says: small, without personal data or secrets. */
  readonly detail?: Readonly<Record<string, string | number | null>>;
}

/** A remembered answer to a keyed request. */
export interface StoredKey {
  /** `userId route key`. */
  readonly scope: string;
  readonly fingerprint: string;
  readonly atMs: number;
  /** The reply's value, as it was given: it holds no secret and no personal data. */
  readonly reply: unknown;
}

/** Limits and durations, from configuration. */
export interface SalePolicy {
  readonly holdTtlMs: number;
  readonly paymentWindowMs: number;
  readonly bookingsPerMinute: number;
}

/** The rules of an effect in flight: forgotten by an eviction, which only makes everything due at once. */
export interface Flight {
  readonly tries: number;
  /** Sent again then, unless acknowledged. */
  readonly nextAtMs: number;
  /** A consumer works on it until then. */
  readonly leaseUntilMs: number;
}

/**
 * A box office in memory. `apply` changes it in place; the shell rebuilds it from rows when a write fails.
 * `holds` has every hold that owns unsold seats, is unfinished, owes an effect, or was loaded for one command.
 */
export interface BoxOfficeState {
  policy: SalePolicy;
  definition: EventDefinition | null;
  geometry: Geometry;
  /** By seat index: who owns it. */
  owners: (LockId | null)[];
  statuses: SeatStatus[];
  /** Free seats of each tier, by the tier's place in `TIERS`. */
  free: number[];
  counts: Record<SeatStatus, number>;
  holds: Map<LockId, Hold>;
  lockOfBooking: Map<BookingId, LockId>;
  /** Seats a user holds and has not paid for. */
  unpaidSeats: Map<UserId, number>;
  /** When a user may take a seat again after giving it back unpaid: `userId seat` → moment. */
  cooldowns: Map<string, number>;
  /** When a user's latest bookings were accepted, newest last; at most a minute's worth. */
  recentBookings: Map<UserId, number[]>;
  keys: Map<string, StoredKey>;
  /** The last journal entry, and so the feed's sequence number. */
  seq: number;
  /** The sequence number and the definition's version that D1 has. */
  availabilitySeq: number;
  definitionVersion: number;
  flights: Map<string, Flight>;
  deadlines: DeadlineHeap;
}

export interface Deadline {
  readonly atMs: number;
  readonly lockId: LockId;
}

/** A binary heap; entries that no longer match their hold are skipped when they surface. */
export type DeadlineHeap = Deadline[];

export type SeatView = {
  readonly id: SeatId;
  readonly status: SeatStatus;
};
