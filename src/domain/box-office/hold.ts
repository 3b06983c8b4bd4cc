// Questions about one hold and what it grew into. Everything here is derived; nothing is remembered twice.

import type { UserId } from "../ids";
import { sumMinor } from "../money";
import { MINUTE, SECOND } from "../time";
import type { AttemptResult } from "./commands";
import type { Attempt, Booking, Fact, Hold, LockStatus, Payment, PaymentStatus } from "./state";

/** A hold's next version, and what happened to it. */
export interface Turn {
  readonly hold: Hold;
  readonly facts: readonly Fact[];
}

/** How long a provider that was asked may stay silent before seats are sold again. Source: docs/adr/0010. */
export const SILENCE_MS = 900 * SECOND;
/** How long a user who gave a seat back unpaid waits for the same seat, so nobody keeps it off sale for ever. */
export const COOLDOWN_MS = MINUTE;

/** The seats it owns now: none once it ended, without those a partial cancellation gave back. */
export function ownedSeats(hold: Hold): readonly number[] {
  if (hold.endedAtMs !== null) return [];
  const cancelled = hold.booking?.cancelledSeats ?? [];
  return cancelled.length === 0 ? hold.seats : hold.seats.filter((seat) => !cancelled.includes(seat));
}

/** How its seats are shown: reserved from the moment a payment is authorised, before money moves. */
export function ownedStatus(hold: Hold): "L" | "R" {
  return hold.booking?.phase === "capturing" || hold.booking?.status === "CONFIRMED" ? "R" : "L";
}

export function lockStatusOf(hold: Hold): LockStatus {
  const status = hold.booking?.status;
  if (status === "CONFIRMED" || status === "CANCELLED") return "CONSUMED";
  return hold.endedAtMs === null ? "ACTIVE" : "EXPIRED";
}

/** Owns unsold seats or waits for an outcome. */
export function isLive(hold: Hold): boolean {
  return hold.endedAtMs === null && hold.booking?.status !== "CONFIRMED";
}

/** When time alone changes it; null: never. */
export function deadlineOf(hold: Hold): number | null {
  if (!isLive(hold)) return null;
  const booking = hold.booking;
  if (booking === null) return hold.expiresAtMs;
  switch (booking.phase) {
    case "waiting":
    case "paying":
    case "challenged":
      return booking.deadlineMs;
    case "voiding":
      return booking.nextTry === null ? silenceEndOf(hold, booking) : booking.deadlineMs;
    case "capturing":
    case "settled":
      return null;
  }
}

/** A hold that is voiding changed last when its asking began, or when there was news since: silence runs from then. */
export function silenceEndOf(hold: Hold, booking: Booking): number {
  return Math.max(booking.deadlineMs, hold.updatedAtMs) + SILENCE_MS;
}

/** When its user may take the same seats again, if it ended unpaid; null where no rule applies. */
export function cooldownEndOf(hold: Hold): number | null {
  if (hold.endedAtMs === null || hold.dialect) return null;
  const booking = hold.booking;
  if (booking?.status === "CANCELLED" || booking?.failure?.reason === "SEATS_UNAVAILABLE") return null;
  return hold.endedAtMs + COOLDOWN_MS;
}

export function cooldownKey(userId: UserId, seat: number): string {
  return `${userId} ${seat}`;
}

/** What the tickets cost: of a partly cancelled booking, those that are left. */
export function totalOf(hold: Hold, booking: Booking): number {
  return priceOf(hold, booking, remainingSeats(hold, booking));
}

/** What these of its seats cost when they were booked. */
export function priceOf(hold: Hold, booking: Booking, seats: readonly number[]): number {
  return sumMinor(seats.map((seat) => booking.prices[hold.seats.indexOf(seat)] ?? 0));
}

/** What the buyer was asked to pay at the beginning. */
export function faceValueOf(booking: Booking): number {
  return sumMinor(booking.prices);
}

/** The seats it was for, less those given back one by one; kept after its end, to show. */
export function remainingSeats(hold: Hold, booking: Booking): readonly number[] {
  const cancelled = booking.cancelledSeats;
  return cancelled.length === 0 ? hold.seats : hold.seats.filter((seat) => !cancelled.includes(seat));
}

export function latestAttempt(booking: Booking): Attempt | null {
  return booking.payment?.attempts.at(-1) ?? null;
}

/** The attempt whose money we keep. */
export function paidAttempt(payment: Payment): Attempt | null {
  return payment.attempts.find((attempt) => attempt.state === "captured" && !attempt.unwanted) ?? null;
}

export function refundedMinor(payment: Payment): number {
  return sumMinor(payment.refunds.filter((refund) => refund.state === "done").map((refund) => refund.amountMinor));
}

export function paymentStatusOf(booking: Booking, payment: Payment): PaymentStatus {
  if (payment.refunds.some((refund) => refund.state === "failed")) return "REFUND_FAILED";
  if (payment.refunds.some((refund) => refund.state === "due")) return "REFUND_PENDING";
  const attempt = payment.attempts.at(-1);
  if (payment.refunds.length > 0) {
    return refundedMinor(payment) < faceValueOf(booking) ? "PARTIALLY_REFUNDED" : "REFUNDED";
  }
  switch (attempt?.state) {
    case undefined:
    case "asked":
    case "unanswered":
      return "PENDING";
    case "challenged":
      return attempt?.unwanted ? "CANCELLED" : "REQUIRES_ACTION";
    case "authorised":
      return attempt?.unwanted ? "CANCELLED" : "AUTHORISED";
    case "captured":
      return "SUCCESS";
    case "declined":
      return "FAILED";
    case "voided":
      return "CANCELLED";
  }
}

/** What the buyer who started an attempt is told of it. */
export function attemptResultOf(booking: Booking, attempt: Attempt): AttemptResult {
  switch (attempt.state) {
    case "asked":
      return "PROCESSING";
    case "unanswered":
      return "TIMEOUT";
    case "challenged":
      return "REQUIRES_ACTION";
    case "authorised":
      return booking.phase === "capturing" ? "PROCESSING" : "FAILED";
    case "captured":
      return attempt.unwanted ? "FAILED" : "SUCCESS";
    case "declined":
    case "voided":
      return "FAILED";
  }
}

/** A copy with changes D1 must see. */
export function changed(hold: Hold, nowMs: number, changes: Partial<Hold>): Hold {
  return { ...hold, ...changes, version: hold.version + 1, updatedAtMs: nowMs };
}

export function withBooking(hold: Hold, booking: Booking, changes: Partial<Booking>): Hold {
  return { ...hold, booking: { ...booking, ...changes } };
}
