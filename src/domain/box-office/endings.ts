// How a booking ends: confirmed, failed or expired. Every end is one new version of its hold, with its mail.

import { type BookingId, notificationIdOf } from "../ids";
import { remainingSeats, withBooking } from "./hold";
import type { Booking, BoxOfficeState, Fact, FailureReason, Hold, NoticeType } from "./state";

export function holdOfBooking(state: BoxOfficeState, bookingId: BookingId): Hold | null {
  const lockId = state.lockOfBooking.get(bookingId);
  return (lockId === undefined ? undefined : state.holds.get(lockId)) ?? null;
}

/** The seats are the buyer's, the money is ours. */
export function confirmBooking(hold: Hold, booking: Booking, nowMs: number): { hold: Hold; facts: readonly Fact[] } {
  const confirmed = settledBooking(hold, booking, { status: "CONFIRMED", confirmedAtMs: nowMs, nextTry: null });
  const seats = remainingSeats(hold, booking);
  return {
    hold: noticed(confirmed, "BOOKING_CONFIRMED", nowMs, 0, seats),
    facts: [{ type: "booking.confirmed", lockId: hold.id, bookingId: booking.id, seats }],
  };
}

export function failBooking(
  hold: Hold,
  booking: Booking,
  reason: FailureReason,
  detail: string,
  nowMs: number,
): { hold: Hold; facts: readonly Fact[] } {
  const failed = settledBooking({ ...hold, endedAtMs: nowMs }, booking, {
    status: "FAILED",
    failure: { reason, detail },
    nextTry: null,
  });
  return {
    hold: noticed(failed, "BOOKING_FAILED", nowMs, 0, hold.seats),
    facts: [{ type: "booking.failed", lockId: hold.id, bookingId: booking.id, seats: hold.seats, detail: { reason } }],
  };
}

/** The payment window closed unpaid. */
export function expireBooking(hold: Hold, booking: Booking, nowMs: number): { hold: Hold; facts: readonly Fact[] } {
  const expired = settledBooking({ ...hold, endedAtMs: nowMs }, booking, { status: "EXPIRED", nextTry: null });
  return {
    hold: noticed(expired, "BOOKING_EXPIRED", nowMs, 0, hold.seats),
    facts: [{ type: "booking.expired", lockId: hold.id, bookingId: booking.id, seats: hold.seats }],
  };
}

/** The saga is over, one way or another. */
export function settledBooking(hold: Hold, booking: Booking, end: Partial<Booking>): Hold {
  return withBooking(hold, booking, { ...end, phase: "settled" });
}

/** A mail to be written of what happened now. */
export function noticed(
  hold: Hold,
  type: NoticeType,
  nowMs: number,
  refundMinor: number,
  seats: readonly number[],
): Hold {
  const booking = hold.booking as Booking;
  const atMs = Math.max(nowMs, booking.lastNoticeMs + 1);
  const notice = { id: notificationIdOf(booking.id, atMs), type, atMs, refundMinor, seats };
  return withBooking(hold, booking, { notices: [...booking.notices, notice], lastNoticeMs: atMs });
}
