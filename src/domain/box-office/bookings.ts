// Bookings: what a hold grows into when the buyer commits, and how it ends.

import { type BookingId, lockIdOf, type UserId } from "../ids";
import { invalid, type Refusal } from "../refusals";
import { TIERS } from "../seat-map";
import { HOUR, isOver, MINUTE } from "../time";
import type { BookingReading, BookingRecord, Cancellation, Command } from "./commands";
import { answered, type Decision, decided, refused } from "./decision";
import { confirmBooking, failBooking, holdOfBooking, noticed } from "./endings";
import { changed, faceValueOf, paidAttempt, priceOf, remainingSeats, totalOf, withBooking } from "./hold";
import { exceedsLimit, MAX_UNPAID_SEATS, newHold, obstacleTo, resolveSeats } from "./holds";
import { startAttempt } from "./payments";
import type { Booking, BoxOfficeState, Fact, Hold, Refund } from "./state";
import { bookingReadingOf, bookingRecordOf, definitionOf, seatIdsOf } from "./views";

/** A confirmed booking can be cancelled until this long before the start. Source: the TicketFlow API. */
export const CANCELLATION_WINDOW_MS = 24 * HOUR;

type Of<T extends Command["type"]> = Extract<Command, { type: T }>;
type Accepted = { readonly bookingId: BookingId; readonly status: "PENDING" | "PAYMENT_PENDING" };

/** Accepts a booking durably; that its seats are gone is an end of the booking, not a refusal of the request. */
export function decideBook(state: BoxOfficeState, command: Of<"book">, nowMs: number): Decision<Accepted> {
  const { bookingId, userId, method } = command;
  const known = holdOfBooking(state, bookingId)?.booking ?? null;
  if (known !== null) return answered(acceptedOf(known));
  const retryAfterMs = throttleMs(state, userId, nowMs);
  if (retryAfterMs > 0) return refused({ code: "RATE_LIMITED", retryAfterMs });
  const found = "lockId" in command.from ? fromLock(state, command, nowMs) : fromSeats(state, command, nowMs);
  if ("code" in found) return refused(found);
  const { hold, obstacle } = found;
  const booking = newBooking(state, hold, bookingId, method !== null, nowMs);
  const initiated: Fact = {
    type: "booking.initiated",
    lockId: hold.id,
    bookingId,
    seats: hold.seats,
    detail: { totalMinor: totalOf(hold, booking), currency: booking.currency },
  };
  const booked = withBooking(hold, booking, {});
  if (obstacle !== null) {
    const failed = failBooking(booked, booking, "SEATS_UNAVAILABLE", obstacleDetail(obstacle), nowMs);
    const unavailable = obstacle.code === "SEATS_UNAVAILABLE" ? obstacle.seatIds.join(" ") : "";
    const lockFailed: Fact = {
      type: "seats.lock-failed",
      lockId: hold.id,
      bookingId,
      seats: hold.seats,
      detail: { unavailable },
    };
    return decided(acceptedOf(booking), failed.hold, [initiated, lockFailed, ...failed.facts]);
  }
  const locked: Fact = {
    type: "seats.locked",
    lockId: hold.id,
    bookingId,
    seats: hold.seats,
    detail: { lockExpiresAtMs: booking.deadlineMs },
  };
  if (totalOf(hold, booking) === 0) {
    const confirmed = confirmBooking(booked, booking, nowMs);
    return decided(acceptedOf(booking), confirmed.hold, [initiated, locked, ...confirmed.facts]);
  }
  if (method === null) return decided(acceptedOf(booking), booked, [initiated, locked]);
  const started = startAttempt(booked, booking, method, command.requestId, nowMs);
  return decided(acceptedOf(booking), started.hold, [initiated, locked, ...started.facts]);
}

/** Turns a live lock into a booking that waits for its payment. */
export function decideConfirm(
  state: BoxOfficeState,
  command: Of<"confirm">,
  nowMs: number,
): Decision<{ readonly booking: BookingRecord }> {
  const hold = state.holds.get(command.lockId);
  if (hold?.booking?.id === command.bookingId) {
    return answered({ booking: bookingRecordOf(state, hold, hold.booking) });
  }
  const refusal = lockRefusal(hold, command.lockId, command.userId);
  if (refusal !== null || hold === undefined) return refused(refusal as Refusal);
  if (isOver(definitionOf(state).startsAtMs, nowMs)) return refused({ code: "SALES_CLOSED" });
  const retryAfterMs = hold.dialect ? 0 : throttleMs(state, hold.userId, nowMs);
  if (retryAfterMs > 0) return refused({ code: "RATE_LIMITED", retryAfterMs });
  const next = changed(hold, nowMs, {});
  const booking = newBooking(state, next, command.bookingId, false, nowMs);
  const booked = withBooking(next, booking, {});
  const fact: Fact = {
    type: "booking.initiated",
    lockId: hold.id,
    bookingId: booking.id,
    seats: hold.seats,
    detail: { totalMinor: totalOf(booked, booking), currency: booking.currency },
  };
  return decided({ booking: bookingRecordOf(state, booked, booking) }, booked, [fact], ["project"]);
}

/** Cancels all of a confirmed booking, or some of its seats: they are free at once, the money follows. */
export function decideCancel(
  state: BoxOfficeState,
  command: Of<"cancel">,
  nowMs: number,
): Decision<{ readonly cancellation: Cancellation }> {
  const hold = holdOfBooking(state, command.bookingId);
  const booking = hold?.booking ?? null;
  if (hold === null || booking === null) return refused({ code: "BOOKING_NOT_FOUND", id: command.bookingId });
  if (hold.userId !== command.userId) return refused({ code: "FORBIDDEN" });
  const left = remainingSeats(hold, booking);
  const seats = command.seatIds === null ? left : seatsToCancel(state, command.seatIds, left);
  if ("code" in seats) return refused(seats);
  if (booking.status !== "CONFIRMED") return refused({ code: "BOOKING_NOT_CANCELLABLE", status: booking.status });
  if (definitionOf(state).startsAtMs - nowMs < CANCELLATION_WINDOW_MS) {
    return refused({ code: "CANCELLATION_WINDOW_EXPIRED" });
  }
  const refundMinor = priceOf(hold, booking, seats);
  const whole = seats.length === left.length;
  const next = refunded(changed(hold, nowMs, whole ? { endedAtMs: nowMs } : {}), booking, refundMinor, nowMs);
  const cancelled = noticed(
    withBooking(
      next,
      next.booking as Booking,
      whole ? { status: "CANCELLED", cancelledAtMs: nowMs } : { cancelledSeats: [...booking.cancelledSeats, ...seats] },
    ),
    "BOOKING_CANCELLED",
    nowMs,
    refundMinor,
    seats,
  );
  const facts: Fact[] = [
    {
      type: whole ? "booking.cancelled" : "booking.seats-cancelled",
      lockId: hold.id,
      bookingId: booking.id,
      seats,
      detail: { refundMinor, currency: booking.currency },
    },
  ];
  if (refundMinor > 0) {
    facts.push({ type: "payment.refund-started", bookingId: booking.id, detail: { amountMinor: refundMinor } });
  }
  const cancellation: Cancellation = {
    booking: bookingRecordOf(state, cancelled, cancelled.booking as Booking),
    cancelledSeatIds: seatIdsOf(state, seats),
    refundMinor,
    atMs: nowMs,
  };
  return decided({ cancellation }, cancelled, facts, ["project"]);
}

export function decideReadBooking(state: BoxOfficeState, command: Of<"readBooking">): Decision<BookingReading> {
  const hold = holdOfBooking(state, command.bookingId);
  if (hold?.booking == null) return refused({ code: "BOOKING_NOT_FOUND", id: command.bookingId });
  return answered(bookingReadingOf(state, hold, hold.booking));
}

function refunded(hold: Hold, booking: Booking, amountMinor: number, nowMs: number): Hold {
  const payment = booking.payment;
  const paid = payment === null ? null : paidAttempt(payment);
  if (payment === null || paid === null || amountMinor === 0) return hold;
  const refund: Refund = {
    n: payment.refunds.reduce((max, one) => Math.max(max, one.n), 0) + 1,
    attempt: paid.n,
    amountMinor,
    state: "due",
    refundId: null,
    failure: null,
    askedAtMs: nowMs,
  };
  return withBooking(hold, booking, { payment: { ...payment, refunds: [...payment.refunds, refund] } });
}

function newBooking(state: BoxOfficeState, hold: Hold, id: BookingId, madeWithCard: boolean, nowMs: number): Booking {
  const definition = definitionOf(state);
  const priceByTier = new Map(definition.tiers.map(({ tier, priceMinor }) => [TIERS.indexOf(tier), priceMinor]));
  return {
    id,
    status: "PAYMENT_PENDING",
    phase: "waiting",
    madeWithCard,
    deadlineMs: nowMs + state.policy.paymentWindowMs,
    prices: hold.seats.map((seat) => priceByTier.get(state.geometry.tiers[seat] as number) ?? 0),
    currency: definition.currency,
    createdAtMs: nowMs,
    confirmedAtMs: null,
    cancelledAtMs: null,
    failure: null,
    cancelledSeats: [],
    payment: null,
    nextTry: null,
    notices: [],
    lastNoticeMs: 0,
  };
}

type Found = { readonly hold: Hold; readonly obstacle: Refusal | null };

function fromSeats(state: BoxOfficeState, command: Of<"book">, nowMs: number): Found | Refusal {
  const seatIds = "seatIds" in command.from ? command.from.seatIds : [];
  const resolved = resolveSeats(state, seatIds);
  if ("refusal" in resolved) return resolved.refusal;
  if (isOver(definitionOf(state).startsAtMs, nowMs)) return { code: "SALES_CLOSED" };
  const { seats } = resolved;
  if (exceedsLimit(state, command.userId, seats.length)) return { code: "HOLD_LIMIT", maxSeats: MAX_UNPAID_SEATS };
  const made = { clientKey: null, dialect: false };
  const expiresAtMs = nowMs + state.policy.paymentWindowMs;
  const hold = newHold(lockIdOf(command.bookingId), command.userId, seats, nowMs, expiresAtMs, made);
  return { hold, obstacle: obstacleTo(state, seats, command.userId, nowMs) };
}

function fromLock(state: BoxOfficeState, command: Of<"book">, nowMs: number): Found | Refusal {
  const lockId = "lockId" in command.from ? command.from.lockId : lockIdOf(command.bookingId);
  const hold = state.holds.get(lockId);
  const refusal = lockRefusal(hold, lockId, command.userId);
  if (refusal !== null || hold === undefined) return refusal as Refusal;
  if (isOver(definitionOf(state).startsAtMs, nowMs)) return { code: "SALES_CLOSED" };
  return { hold: changed(hold, nowMs, {}), obstacle: null };
}

function lockRefusal(hold: Hold | undefined, lockId: Hold["id"], userId: UserId | null): Refusal | null {
  if (hold === undefined) return { code: "LOCK_NOT_FOUND", id: lockId };
  if (userId !== null && hold.userId !== userId) return { code: "FORBIDDEN" };
  if (hold.booking !== null) return { code: "LOCK_ALREADY_CONFIRMED", bookingId: hold.booking.id };
  return hold.endedAtMs === null ? null : { code: "HOLD_EXPIRED" };
}

function seatsToCancel(
  state: BoxOfficeState,
  seatIds: Of<"cancel">["seatIds"] & object,
  left: readonly number[],
): readonly number[] | Refusal {
  const resolved = resolveSeats(state, seatIds);
  if ("refusal" in resolved) return resolved.refusal;
  const foreign = resolved.seats.filter((seat) => !left.includes(seat));
  if (foreign.length === 0) return resolved.seats;
  return invalid("seatIds", `the booking has no seat ${seatIdsOf(state, foreign).join(", ")}`).refusal;
}

/** How long this user must wait before another booking of this event is accepted; 0: not at all. */
function throttleMs(state: BoxOfficeState, userId: UserId, nowMs: number): number {
  const moments = [...(state.recentBookings.get(userId)?.values() ?? [])];
  const recent = moments.filter((atMs) => !isOver(atMs + MINUTE, nowMs));
  if (recent.length < state.policy.bookingsPerMinute) return 0;
  return Math.min(...recent) + MINUTE - nowMs;
}

/** Of what never changes in a booking, so a repeat gets the same answer whatever became of it. */
function acceptedOf(booking: Booking): Accepted {
  const paysLater = !booking.madeWithCard && faceValueOf(booking) > 0;
  return { bookingId: booking.id, status: paysLater ? "PAYMENT_PENDING" : "PENDING" };
}

function obstacleDetail(obstacle: Refusal): string {
  if (obstacle.code !== "SEATS_UNAVAILABLE") return obstacle.code;
  const seats = obstacle.seatIds.join(", ");
  return obstacle.yoursAgainAtMs === undefined
    ? `not available: ${seats}`
    : `given back by you less than a minute ago: ${seats}`;
}
