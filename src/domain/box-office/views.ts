// What the box office says of itself: the same record of a booking whether D1 or the box office is asked.

import type { SeatId } from "../ids";
import { TIERS } from "../seat-map";
import type {
  Availability,
  BookingReading,
  BookingRecord,
  HoldView,
  PaymentRecord,
  TierAvailability,
} from "./commands";
import { nextDueMs } from "./deadlines";
import {
  attemptResultOf,
  faceValueOf,
  latestAttempt,
  lockStatusOf,
  paidAttempt,
  paymentStatusOf,
  refundedMinor,
  remainingSeats,
  totalOf,
} from "./hold";
import type { Attempt, Booking, BoxOfficeState, EventDefinition, Hold, Payment } from "./state";

export function seatIdsOf(state: BoxOfficeState, seats: readonly number[]): readonly SeatId[] {
  return seats.map((seat) => state.geometry.ids[seat] as SeatId);
}

export function holdViewOf(state: BoxOfficeState, hold: Hold): HoldView {
  return {
    id: hold.id,
    eventId: definitionOf(state).id,
    userId: hold.userId,
    seatIds: seatIdsOf(state, hold.seats),
    status: lockStatusOf(hold),
    expiresAtMs: hold.booking?.deadlineMs ?? hold.expiresAtMs,
    clientKey: hold.clientKey,
    bookingId: hold.booking?.id ?? null,
    createdAtMs: hold.createdAtMs,
    updatedAtMs: hold.updatedAtMs,
  };
}

export function bookingRecordOf(state: BoxOfficeState, hold: Hold, booking: Booking): BookingRecord {
  return {
    id: booking.id,
    eventId: definitionOf(state).id,
    lockId: hold.id,
    userId: hold.userId,
    version: hold.version,
    status: booking.status,
    seatIds: seatIdsOf(state, remainingSeats(hold, booking)),
    cancelledSeatIds: seatIdsOf(state, booking.cancelledSeats),
    totalMinor: totalOf(hold, booking),
    currency: booking.currency,
    failure: booking.failure,
    paymentExpiresAtMs: booking.deadlineMs,
    createdAtMs: booking.createdAtMs,
    updatedAtMs: hold.updatedAtMs,
    confirmedAtMs: booking.confirmedAtMs,
    cancelledAtMs: booking.cancelledAtMs,
    payment: booking.payment === null ? null : paymentRecordOf(booking, booking.payment),
    notices: booking.notices.map((notice) => ({
      id: notice.id,
      type: notice.type,
      atMs: notice.atMs,
      refundMinor: notice.refundMinor,
      seatIds: seatIdsOf(state, notice.seats),
    })),
  };
}

function paymentRecordOf(booking: Booking, payment: Payment): PaymentRecord {
  const attempt = paidAttempt(payment) ?? latestAttempt(booking);
  return {
    id: payment.id,
    status: paymentStatusOf(booking, payment),
    amountMinor: faceValueOf(booking),
    currency: booking.currency,
    refundedMinor: refundedMinor(payment),
    transactionId: attempt?.transactionId ?? null,
    processedAtMs: payment.processedAtMs,
    attempts: payment.attempts.length,
    failure: payment.refunds.find((refund) => refund.state === "failed")?.failure ?? attempt?.failure ?? null,
  };
}

export function bookingReadingOf(state: BoxOfficeState, hold: Hold, booking: Booking): BookingReading {
  const clientSecret = booking.phase === "challenged" ? (latestAttempt(booking)?.clientSecret ?? null) : null;
  return { record: bookingRecordOf(state, hold, booking), clientSecret };
}

export function attemptReadingOf(state: BoxOfficeState, hold: Hold, booking: Booking, attempt: Attempt) {
  return {
    ...bookingReadingOf(state, hold, booking),
    attempt: attempt.n,
    result: attemptResultOf(booking, attempt),
  };
}

export function availabilityOf(state: BoxOfficeState, definition: EventDefinition): Availability {
  const tiers: TierAvailability[] = definition.tiers.map(({ tier, priceMinor }) => {
    const place = TIERS.indexOf(tier);
    return { tier, priceMinor, available: state.freeByTier[place] ?? 0, total: state.totalByTier[place] ?? 0 };
  });
  return {
    eventId: definition.id,
    seq: state.seq,
    totalSeats: state.totalByTier.reduce((sum, seats) => sum + seats, 0),
    availableSeats: state.freeByTier.reduce((sum, seats) => sum + seats, 0),
    tiers,
    nextDueMs: nextDueMs(state),
  };
}

/** The definition of a box office that has one; asking one that has none is a bug. */
export function definitionOf(state: BoxOfficeState): EventDefinition {
  if (state.definition === null) throw new Error("the box office has no definition");
  return state.definition;
}
