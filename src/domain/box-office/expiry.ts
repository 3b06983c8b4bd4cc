// Due is over: what a hold becomes when its moment passes. A seat is not freed while the outcome of its payment
// is unknown, but for a provider that was asked and stays silent for long.

import { expireBooking } from "./endings";
import { changed, latestAttempt, withBooking } from "./hold";
import { isAlive } from "./payments";
import type { Booking, Fact, Hold, Payment } from "./state";

/** The hold after its deadline, with what that means for the journal. Call only for a hold whose deadline passed. */
export function expire(hold: Hold, nowMs: number): { hold: Hold; facts: readonly Fact[] } {
  const booking = hold.booking;
  const next = changed(hold, nowMs, {});
  if (booking === null) {
    return {
      hold: { ...next, endedAtMs: nowMs },
      facts: [{ type: "lock.expired", lockId: hold.id, seats: hold.seats }],
    };
  }
  switch (booking.phase) {
    case "waiting":
      return expireBooking(next, booking, nowMs);
    case "paying":
    case "challenged":
      return {
        hold: withBooking(next, booking, { phase: "voiding" }),
        facts: [{ type: "payment.voiding", bookingId: booking.id, detail: attemptDetail(booking) }],
      };
    case "voiding":
      // A next card that came too late is dropped; the provider's silence counts from then.
      if (booking.nextTry !== null) return { hold: withBooking(next, booking, { nextTry: null }), facts: [] };
      return expireBooking(next, disown(booking), nowMs);
    case "capturing":
    case "settled":
      return { hold, facts: [] };
  }
}

/** Whatever the silent provider says later is voided or refunded. */
function disown(booking: Booking): Booking {
  const payment = booking.payment as Payment;
  const attempts = payment.attempts.map((attempt) => (isAlive(attempt) ? { ...attempt, unwanted: true } : attempt));
  return { ...booking, payment: { ...payment, attempts } };
}

function attemptDetail(booking: Booking): Record<string, number> {
  return { attempt: latestAttempt(booking)?.n ?? 0 };
}
