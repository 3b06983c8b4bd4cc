// What a box office knows. A hold owns seats; a booking is what a hold grows into; a payment is what a booking
// carries. One row holds all three, so one version orders them and one write keeps them consistent.

import type {
  BookingId,
  EventCode,
  EventId,
  GateId,
  LockId,
  NotificationId,
  PaymentId,
  TicketId,
  UserId,
  VenueId,
} from "../ids";
import type { Geometry, Layout, TierPrice } from "../seat-map";
import type { WorkKind } from "./commands";

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
  /** The request that started it: its repeat, after a lost reply, is recognised. */
  readonly requestId: string;
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
  /** Nobody waits for its outcome any more: what it authorised is voided, what it captured is refunded. */
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
  readonly nextTry: { readonly token: string | null; readonly force: Force | null; readonly requestId: string } | null;
  /** Mails that D1 has not taken over yet. */
  readonly notices: readonly Notice[];
  /** Moment of the latest notice, so that no two share an id. */
  readonly lastNoticeMs: number;
}

export interface Hold {
  readonly id: LockId;
  readonly userId: UserId;
  /** Seat indices, as asked for or chosen, in that order. Of a booking refused for its seats: what was wanted. */
  readonly seats: readonly number[];
  /** Grows by one with every change that D1 must see. */
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
  | "payment.voiding"
  | "payment.voided"
  | "payment.processed"
  | "payment.refund-started"
  | "payment.refunded"
  | "payment.refund-failed"
  | "ticket.checked-in"
  | "ticket.check-in-conflict"
  | "ticket.check-in-undone";

/** What happened, for good: whatever is shown of it and may change later is kept in it. */
export interface Fact {
  readonly type: FactType;
  readonly lockId?: LockId;
  readonly bookingId?: BookingId;
  readonly seats?: readonly number[];
  /** Of a new event. */
  readonly tiers?: readonly (TierPrice & { readonly seats: number })[];
  /** What else the fact says: small, without personal data or secrets. */
  readonly detail?: Readonly<Record<string, string | number | null>>;
}

/** One look at a ticket that let somebody in, or that a scanner without network took for good. */
export interface Scan {
  /** The scanner's own name for it: a repeat is recognised. */
  readonly nonce: string;
  readonly gateId: GateId;
  readonly gate: string;
  /** When the ticket was scanned: by the scanner's clock if that was offline. */
  readonly atMs: number;
  readonly notedAtMs: number;
  /** `in`: it is the entry · `displaced`: it was, until an earlier one became known · `lost`: another was earlier, or
   * the ticket was revoked · `undone`: taken back by an organiser. */
  readonly state: "in" | "displaced" | "lost" | "undone";
}

/** What happened to a ticket at the doors. A row of its own: a ticket that nobody showed has none. */
export interface CheckIn {
  readonly ticketId: TicketId;
  /** At most one of them is `in`. */
  readonly scans: readonly Scan[];
}

/** Live counts of one gate. */
export interface GateCounts {
  readonly checkedIn: number;
  /** Scans that let in, or may have let in, somebody whose ticket was used or revoked. */
  readonly conflicts: number;
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

/** An effect that was handed over. Kept in memory only: an eviction forgets it, and everything owed is due at once. */
export interface Flight {
  readonly kind: WorkKind;
  /** Tries before this one that ended without an answer. */
  readonly tries: number;
  /** Counts as unanswered then, and is sent again, unless settled. */
  readonly nextAtMs: number;
  /** A consumer works on it until then; 0 while none does. */
  readonly leaseUntilMs: number;
}

export interface Rest {
  readonly tries: number;
  readonly untilMs: number;
}

/** What the event still owes the world outside: derived from holds and versions, so it needs no rows of its own. */
export interface Outbox {
  /** Owed and to be handed over, oldest first, with the tries that ended without an answer. */
  readonly waiting: Record<WorkKind, Map<string, number>>;
  /** Handed over. Only these take places of their kind. */
  readonly flights: Map<string, Flight>;
  /** Given back, not to be handed over again before a moment. */
  readonly resting: Map<string, Rest>;
  readonly inFlight: Record<WorkKind, number>;
  /** No flight and no rest ends before this: a lower bound, made exact by every alarm. */
  earliestMs: number;
  /** When D1 was last told of the availability. */
  availabilityToldMs: number;
}

/**
 * A box office in memory. `execute` changes it in place; the shell rebuilds it from rows when a write fails.
 * `holds` has every hold that is live, unfinished or owes an effect, and those loaded for a command.
 */
export interface BoxOfficeState {
  readonly policy: SalePolicy;
  definition: EventDefinition | null;
  geometry: Geometry;
  /** By seat index: who owns it. Confirmed bookings own seats without being in `holds`. */
  readonly owners: (LockId | null)[];
  readonly statuses: SeatStatus[];
  /** Free seats and seats of the hall, of each tier, by the tier's place in `TIERS`. */
  readonly freeByTier: number[];
  readonly totalByTier: number[];
  readonly holds: Map<LockId, Hold>;
  readonly lockOfBooking: Map<BookingId, LockId>;
  /** Seats a user holds and has not paid for. */
  readonly unpaidSeats: Map<UserId, number>;
  /** `userId seat` → when the user may hold that seat again, soonest first. */
  readonly cooldowns: Map<string, number>;
  /** When a user's bookings of the last minute were accepted, by their locks. */
  readonly recentBookings: Map<UserId, ReadonlyMap<LockId, number>>;
  /** Keys loaded for the commands at hand. */
  readonly keys: Map<string, StoredKey>;
  /** Tickets of cancelled seats. It only grows, so its size is its version. */
  readonly revoked: Set<TicketId>;
  /** Of the tickets that the commands at hand name. */
  readonly checkIns: Map<TicketId, CheckIn>;
  readonly gateCounts: Map<GateId, GateCounts>;
  /** The last journal entry, and so the feed's sequence number. */
  seq: number;
  /** The last entry that changed how many seats are free, and the last one D1 was told of. */
  availabilitySeq: number;
  availabilityToldSeq: number;
  /** The definition's version that D1 has. */
  definitionToldVersion: number;
  readonly outbox: Outbox;
  /** A binary heap by moment; entries that no longer match their hold are skipped when they surface. */
  readonly deadlines: Deadline[];
}

export interface Deadline {
  readonly atMs: number;
  readonly lockId: LockId;
}
