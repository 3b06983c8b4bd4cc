// What can be asked of a box office, and what it answers. Additive only: during a deploy old Workers
// talk to new objects and new Workers to old ones.

import type { InvalidReason, ScanResult } from "../door";
import type { BookingId, EventId, GateId, LockId, PaymentId, SeatId, TicketId, UserId, VenueId } from "../ids";
import type { Result } from "../refusals";
import type { SeatMap, Tier, TierInput } from "../seat-map";
import type {
  BookingStatus,
  EventDefinition,
  FailureReason,
  Force,
  GateCounts,
  JournalEntry,
  LockStatus,
  NoticeType,
  PaymentStatus,
  Scan,
} from "./state";

/** Who asks, under which request, and the key under which a repeat is recognised. */
export interface Origin {
  readonly actor: string;
  readonly requestId: string;
  readonly key?: { readonly scope: string; readonly fingerprint: string } | null;
}

export type SeatChoice =
  | { readonly by: "seats"; readonly seatIds: readonly SeatId[] }
  | { readonly by: "quantity"; readonly quantity: number; readonly tier: Tier | null };

/** How a buyer pays: a provider's token, or in the simulator a forced outcome. */
export interface PaymentMethod {
  readonly token: string | null;
  readonly force: Force | null;
}

/** What an organiser changes; absent fields stay. `venueCapacity` is the capacity in force after the change. */
export interface EventChange {
  readonly name?: string;
  readonly description?: string | null;
  readonly venueId?: VenueId;
  readonly startsAtMs?: number;
  readonly endsAtMs?: number;
  readonly currency?: string;
  readonly tiers?: readonly TierInput[];
  readonly seatMap?: SeatMap;
  readonly seatsPerRow?: number;
  readonly venueCapacity: number | null;
}

/** An effect is named by what it belongs to, so a message says no more than that. */
export type EffectId = string;

export type Command =
  | ({ readonly type: "define"; readonly definition: EventDefinition } & Origin)
  | ({ readonly type: "amend"; readonly change: EventChange } & Origin)
  | ({
      readonly type: "hold";
      /** As the caller named it: the same code under another id is EVENT_NOT_FOUND. */
      readonly eventId?: EventId;
      readonly lockId: LockId;
      readonly userId: UserId;
      readonly choice: SeatChoice;
      readonly clientKey: string | null;
      readonly dialect: boolean;
    } & Origin)
  | ({ readonly type: "renew"; readonly lockId: LockId; readonly userId: UserId } & Origin)
  | ({ readonly type: "release"; readonly lockId: LockId; readonly userId: UserId } & Origin)
  | ({
      readonly type: "book";
      /** As the caller named it: the same code under another id is EVENT_NOT_FOUND. */
      readonly eventId?: EventId;
      readonly bookingId: BookingId;
      readonly userId: UserId;
      readonly from: { readonly seatIds: readonly SeatId[] } | { readonly lockId: LockId };
      readonly method: PaymentMethod | null;
    } & Origin)
  | ({
      readonly type: "confirm";
      readonly bookingId: BookingId;
      readonly lockId: LockId;
      /** Null in the dialect, where whoever knows the lock may confirm it. */
      readonly userId: UserId | null;
    } & Origin)
  | ({
      readonly type: "pay";
      readonly bookingId: BookingId;
      readonly userId: UserId | null;
      readonly method: PaymentMethod;
    } & Origin)
  | ({
      readonly type: "cancel";
      readonly bookingId: BookingId;
      readonly userId: UserId;
      /** Null cancels all. */
      readonly seatIds: readonly SeatId[] | null;
    } & Origin)
  /** A consumer takes effects to work on. */
  | ({ readonly type: "claim"; readonly effects: readonly EffectId[] } & Origin)
  /** What became of an effect, or news of it that came another way (a webhook, reconciliation). */
  | ({ readonly type: "settle"; readonly effect: EffectId; readonly outcome: Outcome } & Origin)
  /** Makes effects due now; without a list, all. */
  | ({ readonly type: "redrive"; readonly effects: readonly EffectId[] | null } & Origin)
  /** Refunds that failed and that people paid in another way: they count as done. */
  | ({ readonly type: "paidBack"; readonly effects: readonly EffectId[] } & Origin)
  /** Treats what is due as over; nothing else. */
  | ({ readonly type: "wake" } & Origin)
  | ({ readonly type: "readEvent" } & Origin)
  /** What the caller knows already, the definition of `knownVersion` and the statuses as of `knownSeq`, is left out. */
  | ({ readonly type: "readSeats"; readonly knownVersion?: number | null; readonly knownSeq?: number | null } & Origin)
  | ({ readonly type: "readHold"; readonly lockId: LockId } & Origin)
  | ({ readonly type: "readBooking"; readonly bookingId: BookingId } & Origin)
  /** Tickets shown at a gate, each answered for itself. */
  | ({
      readonly type: "checkIn";
      readonly scans: readonly TicketScan[];
      readonly gate: ScanningGate;
      /** Scanned without network, before now: whoever was first keeps the entry, and all others are conflicts. */
      readonly offline: boolean;
    } & Origin)
  | ({ readonly type: "undoCheckIn"; readonly ticketId: TicketId; readonly reason: string } & Origin)
  | ({ readonly type: "readTickets"; readonly bookingId: BookingId } & Origin)
  | ({ readonly type: "readDoor" } & Origin)
  /** What an attempt came to: asked again by a repeat of the request that started it. */
  | ({ readonly type: "readAttempt"; readonly bookingId: BookingId; readonly attempt: number } & Origin);

export type CommandType = Command["type"];

/** A ticket whose signature was checked, or whose id was typed in. */
export interface TicketScan {
  readonly ticketId: TicketId;
  /** As it was signed; null when only the id was given. */
  readonly seatId: SeatId | null;
  readonly nonce: string;
  readonly scannedAtMs: number;
}

export interface ScanningGate {
  readonly id: GateId;
  readonly name: string;
  /** When it opens, if not when doors do by themselves. */
  readonly opensAtMs: number | null;
}

export interface ScanAnswer {
  readonly nonce: string;
  readonly ticketId: TicketId;
  readonly seatId: SeatId | null;
  readonly result: ScanResult;
  readonly reason: InvalidReason | null;
  /** The scan that let somebody in: this one if `ok`, the winner's if `already_used`. */
  readonly entry: Scan | null;
}

/** A ticket that was used more than once: which scan counts, and which do not. */
export interface ScanConflict {
  readonly ticketId: TicketId;
  readonly seatId: SeatId | null;
  readonly winner: Scan;
  readonly others: readonly Scan[];
}

export interface TicketReading {
  readonly id: TicketId;
  readonly seatId: SeatId;
  readonly status: "VALID" | "REVOKED";
  /** As it was booked; a later price of its tier changes nothing. In the booking's currency. */
  readonly priceMinor: number;
  readonly entry: Scan | null;
}

/** What a gate needs to know of the sale, and what an organiser is shown of the gates. */
export interface DoorReading {
  readonly eventId: EventId;
  readonly eventName: string;
  readonly startsAtMs: number;
  readonly endsAtMs: number;
  /** It only grows: a longer list is a newer one. */
  readonly revoked: readonly TicketId[];
  readonly counts: readonly (GateCounts & { readonly gateId: GateId })[];
}

/** News of an effect. Amounts are what the provider says, compared here with the box office's own. */
export type Outcome =
  | { readonly type: "authorised"; readonly intentId: string; readonly amountMinor: number; readonly currency: string }
  | { readonly type: "challenged"; readonly intentId: string; readonly clientSecret: string }
  /** Proven dead: the provider can no longer take money for this attempt. */
  | { readonly type: "declined"; readonly intentId: string | null; readonly reason: string }
  | { readonly type: "voided"; readonly intentId: string | null }
  | {
      readonly type: "captured";
      readonly intentId: string;
      readonly transactionId: string;
      readonly amountMinor: number;
      readonly currency: string;
    }
  | { readonly type: "refunded"; readonly refundId: string }
  | { readonly type: "refund-failed"; readonly refundId: string | null; readonly reason: string }
  /** No answer came: it must be asked again. */
  | { readonly type: "unanswered"; readonly reason: string }
  /** The provider or the database asks for patience. */
  | { readonly type: "later"; readonly afterMs: number }
  /** D1 has this version (of a booking, of the availability, of the definition). */
  | { readonly type: "projected"; readonly version: number };

/** What a consumer is to do for an effect it claimed. */
export type Work =
  | {
      readonly kind: "authorise";
      readonly effect: EffectId;
      readonly bookingId: BookingId;
      readonly attempt: number;
      readonly startedAtMs: number;
      readonly amountMinor: number;
      readonly currency: string;
      readonly token: string | null;
      readonly force: Force | null;
    }
  | {
      readonly kind: "capture" | "void";
      readonly effect: EffectId;
      readonly bookingId: BookingId;
      readonly attempt: number;
      readonly startedAtMs: number;
      readonly amountMinor: number;
      readonly currency: string;
      readonly intentId: string | null;
      readonly force: Force | null;
      /** A void that must not be answered with an authorisation: nobody waits for it any more. */
      readonly unwanted: boolean;
    }
  | {
      readonly kind: "refund";
      readonly effect: EffectId;
      readonly bookingId: BookingId;
      readonly attempt: number;
      readonly refund: number;
      readonly askedAtMs: number;
      readonly amountMinor: number;
      readonly currency: string;
      readonly intentId: string;
    }
  | { readonly kind: "project"; readonly effect: EffectId; readonly booking: BookingRecord }
  | { readonly kind: "availability"; readonly effect: EffectId; readonly availability: Availability }
  | { readonly kind: "definition"; readonly effect: EffectId; readonly definition: EventDefinition };

export type WorkKind = Work["kind"];

export interface Claimed {
  readonly work: readonly Work[];
  /** Effects that are no longer owed, and those somebody else works on. */
  readonly gone: readonly EffectId[];
  readonly busy: readonly EffectId[];
}

export interface HoldView {
  readonly id: LockId;
  readonly eventId: EventId;
  readonly userId: UserId;
  readonly seatIds: readonly SeatId[];
  readonly status: LockStatus;
  readonly expiresAtMs: number;
  readonly clientKey: string | null;
  readonly bookingId: BookingId | null;
  readonly createdAtMs: number;
  readonly updatedAtMs: number;
}

export interface PaymentRecord {
  readonly id: PaymentId;
  readonly status: PaymentStatus;
  readonly amountMinor: number;
  readonly currency: string;
  readonly refundedMinor: number;
  readonly transactionId: string | null;
  readonly processedAtMs: number | null;
  readonly attempts: number;
  readonly failure: string | null;
}

/** A booking as the API shows it and as D1 keeps it: the same facts, whichever of the two is asked. */
export interface BookingRecord {
  readonly id: BookingId;
  readonly eventId: EventId;
  readonly lockId: LockId;
  readonly userId: UserId;
  readonly version: number;
  readonly status: BookingStatus;
  readonly seatIds: readonly SeatId[];
  readonly cancelledSeatIds: readonly SeatId[];
  readonly totalMinor: number;
  readonly currency: string;
  readonly failure: { readonly reason: FailureReason; readonly detail: string } | null;
  readonly paymentExpiresAtMs: number;
  readonly createdAtMs: number;
  readonly updatedAtMs: number;
  readonly confirmedAtMs: number | null;
  readonly cancelledAtMs: number | null;
  readonly payment: PaymentRecord | null;
  readonly notices: readonly NoticeRecord[];
}

export interface NoticeRecord {
  readonly id: string;
  readonly type: NoticeType;
  readonly atMs: number;
  readonly refundMinor: number;
  readonly seatIds: readonly SeatId[];
}

/** A booking read from its box office, with what only its owner may see. */
export interface BookingReading {
  readonly record: BookingRecord;
  readonly clientSecret: string | null;
}

export interface Availability {
  readonly eventId: EventId;
  readonly seq: number;
  readonly totalSeats: number;
  readonly availableSeats: number;
  readonly tiers: readonly TierAvailability[];
  /** The earliest deadline or re-send, so that a sweep can find an alarm that was lost. */
  readonly nextDueMs: number | null;
}

export interface TierAvailability {
  readonly tier: Tier;
  readonly priceMinor: number;
  readonly available: number;
  readonly total: number;
}

/** One character a seat in layout order, seats that left the hall included as X. */
export interface SeatsReading {
  readonly version: number;
  /** Null when the caller knows this version. */
  readonly definition: EventDefinition | null;
  /** Null when nothing happened since the caller's `knownSeq`. */
  readonly statuses: string | null;
  readonly seq: number;
}

export type AttemptResult = "SUCCESS" | "FAILED" | "TIMEOUT" | "REQUIRES_ACTION" | "PROCESSING";

export interface AttemptReading extends BookingReading {
  readonly attempt: number;
  readonly result: AttemptResult;
}

export interface Cancellation {
  readonly booking: BookingRecord;
  readonly cancelledSeatIds: readonly SeatId[];
  readonly refundMinor: number;
  readonly atMs: number;
}

/** A reply's value by command. `work` is leased to the caller, who does it now or lets the queue do it. */
export interface Replies {
  define: { readonly version: number };
  amend: { readonly definition: EventDefinition; readonly work: readonly Work[] };
  hold: HoldView;
  renew: HoldView;
  release: { readonly hold: HoldView; readonly work: readonly Work[] };
  book: { readonly bookingId: BookingId; readonly status: "PENDING" | "PAYMENT_PENDING" };
  confirm: { readonly booking: BookingRecord; readonly work: readonly Work[] };
  pay: { readonly attempt: number; readonly work: readonly Work[] };
  cancel: { readonly cancellation: Cancellation; readonly work: readonly Work[] };
  claim: Claimed;
  settle: { readonly work: readonly Work[] };
  redrive: { readonly due: number };
  paidBack: { readonly settled: number };
  wake: { readonly nextDueMs: number | null };
  readEvent: { readonly definition: EventDefinition; readonly availability: Availability };
  readSeats: SeatsReading;
  readHold: HoldView;
  readBooking: BookingReading;
  checkIn: { readonly answers: readonly ScanAnswer[]; readonly conflicts: readonly ScanConflict[] };
  /** The entry that was taken back. */
  undoCheckIn: { readonly ticketId: TicketId; readonly seatId: SeatId; readonly undone: Scan };
  readTickets: { readonly booking: BookingRecord; readonly tickets: readonly TicketReading[] };
  readDoor: DoorReading;
  readAttempt: AttemptReading;
}

/** `replayed` marks the remembered answer to a repeated key. */
export type Reply<T extends CommandType> = NotDefined | (Result<Replies[T]> & { readonly replayed?: boolean });

/** The object has no definition yet: the caller pushes D1's and asks again. */
export interface NotDefined {
  readonly ok: false;
  readonly notDefined: true;
}

export interface JournalPage {
  readonly entries: readonly JournalEntry[];
  readonly nextSeq: number | null;
}
