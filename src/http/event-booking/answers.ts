// The event-booking document's bodies, made from ours: ids under `_id`, roles in lower case, a count of seats
// where we know each seat.

import type { PaidAttempt } from "../../app/payments";
import type { User } from "../../app/ports";
import type { BookingRecord, HoldView } from "../../domain/box-office/commands";
import type { BookingStatus } from "../../domain/box-office/state";
import type { EventId } from "../../domain/ids";

export function userAnswer(user: User) {
  return { _id: user.id, name: user.name, email: user.email, role: user.role.toLowerCase() };
}

export function userDetailAnswer(user: User) {
  return { ...userAnswer(user), createdAt: iso(user.createdAtMs), updatedAt: iso(user.updatedAtMs) };
}

export interface DialectEvent {
  readonly id: EventId;
  readonly name: string;
  readonly description: string | null;
  readonly startsAtMs: number;
  readonly totalSeats: number;
  readonly availableSeats: number;
  readonly createdAtMs: number;
  /** When the event, or anything of its sale, last changed. */
  readonly updatedAtMs: number;
}

export function eventAnswer(event: DialectEvent) {
  return {
    _id: event.id,
    name: event.name,
    ...(event.description !== null && { description: event.description }),
    eventDate: iso(event.startsAtMs),
    totalSeats: event.totalSeats,
    availableSeats: event.availableSeats,
    createdAt: iso(event.createdAtMs),
    updatedAt: iso(event.updatedAtMs),
  };
}

export function lockAnswer(hold: HoldView) {
  return {
    _id: hold.id,
    eventId: hold.eventId,
    userId: hold.userId,
    seats: hold.seatIds.length,
    status: hold.status,
    expiresAt: iso(hold.expiresAtMs),
    idempotencyKey: hold.clientKey,
    createdAt: iso(hold.createdAtMs),
    updatedAt: iso(hold.updatedAtMs),
  };
}

export function bookingAnswer(booking: BookingRecord) {
  return {
    _id: booking.id,
    user: booking.userId,
    event: booking.eventId,
    ...seatsOf(booking),
    status: statusAnswer(booking.status),
    seatLockId: booking.lockId,
    paymentExpiresAt: iso(booking.paymentExpiresAtMs),
    createdAt: iso(booking.createdAtMs),
    updatedAt: iso(booking.updatedAtMs),
  };
}

/** What an intent came to. The document has three outcomes; the other two cannot follow from `force` in time. */
export function intentAnswer(attempt: PaidAttempt) {
  const { record } = attempt.booking;
  const brief = {
    id: record.id,
    status: statusAnswer(record.status),
    event: record.eventId,
    user: record.userId,
  };
  switch (attempt.result) {
    case "SUCCESS":
      return {
        success: true,
        paymentStatus: attempt.result,
        message: "Payment successful and booking confirmed",
        booking: { ...brief, ...seatsOf(record) },
      };
    case "FAILED":
      return {
        success: true,
        paymentStatus: attempt.result,
        message: "Payment failed and seats have been released",
        booking: brief,
      };
    case "TIMEOUT":
      return { success: true, paymentStatus: attempt.result, message: "Payment timed out (simulated)" };
    case "REQUIRES_ACTION":
    case "PROCESSING":
      return { success: true, paymentStatus: "PROCESSING", message: "Payment is being processed" };
  }
}

/** The document's INITIATED is our PENDING. */
export function statusAnswer(status: BookingStatus): string {
  return status === "PENDING" ? "INITIATED" : status;
}

/** The document writes the count, as the one element of a list; the real seats are beside it. */
function seatsOf(booking: BookingRecord) {
  return { seats: [String(booking.seatIds.length)], seatIds: booking.seatIds };
}

function iso(ms: number): string {
  return new Date(ms).toISOString();
}
