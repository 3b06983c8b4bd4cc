// Paying for what is held: the booking is made once, a payment is tried as often as the card allows, and every request
// can be repeated without doing anything twice. Leaving in the middle loses nothing: the booking's page goes on.

import { type Answer, newKey, type Problem, read, send } from "../api/client";
import type { Booking, PaidIntent, Payment } from "../api/types";
import { forgetHeld, type Held, keepHeld, total } from "../basket";

/** Turns the form into a provider's token; a sentence when it cannot. */
export type Tokenise = () => Promise<{ readonly token: string } | { readonly error: string }>;

/** The booking of a hold, made now if it is not yet. A hold that costs nothing is confirmed by that. */
export async function bookHeld(held: Held): Promise<Answer<{ readonly bookingId: string }>> {
  if (held.bookingId) return { ok: true, status: 200, value: { bookingId: held.bookingId } };
  const isFree = total(held) === 0;
  // The hold itself is the intention: a repeat, in whatever tab, is the same request.
  const key = `web-${held.lockId}`;
  const answer = isFree
    ? await send<{ bookingId: string }>("POST", "/api/bookings", { body: { lockId: held.lockId }, key })
    : await send<Booking>("POST", "/api/bookings/confirm", { body: { lockId: held.lockId }, key });
  if (!answer.ok) {
    const known = answer.problem.details["bookingId"];
    if (answer.problem.code === "LOCK_ALREADY_CONFIRMED" && typeof known === "string") {
      return { ok: true, status: 200, value: { bookingId: known } };
    }
    return answer;
  }
  const bookingId = "bookingId" in answer.value ? answer.value.bookingId : answer.value.id;
  if (isFree) forgetHeld(held.lockId);
  else keepHeld({ ...held, bookingId, ...windowOf(answer.value) });
  return { ok: true, status: answer.status, value: { bookingId } };
}

/** From here on the payment's deadline is the hold's. */
function windowOf(answer: { readonly bookingId: string } | Booking): Partial<Held> {
  if (!("paymentExpiresAt" in answer)) return {};
  const lastsMs = Date.parse(answer.paymentExpiresAt) - Date.parse(answer.createdAt);
  return { expiresAtMs: Date.now() + lastsMs, lastsMs };
}

/** Puts a card to the provider. A lost answer is asked for again by whoever watches the booking. */
export function pay(bookingId: string, token: string): Promise<Answer<PaidIntent>> {
  return send<PaidIntent>("POST", "/api/payments/intent", {
    body: { bookingId, paymentMethod: { type: "card", token } },
    key: newKey(),
  });
}

export interface Standing {
  readonly booking: Booking;
  /** Null before the first try. */
  readonly payment: Payment | null;
}

/** How a booking and its payment stand now. */
export async function readStanding(bookingId: string, signal?: AbortSignal): Promise<Answer<Standing>> {
  const booking = await read<Booking>(`/api/bookings/${bookingId}`, { signal });
  if (!booking.ok) return booking;
  if (booking.value.paymentId === null) {
    return { ok: true, status: 200, value: { booking: booking.value, payment: null } };
  }
  const payment = await read<Payment>(`/api/payments/booking/${bookingId}`, { signal });
  if (!payment.ok && payment.problem.status !== 404) return payment;
  return { ok: true, status: 200, value: { booking: booking.value, payment: payment.ok ? payment.value : null } };
}

export type Stage =
  /** Waits for a card; after a decline, for another one. */
  | "to-pay"
  | "declined"
  | "challenged"
  /** Under way, in this order. */
  | "asking"
  | "capturing"
  /** Ends. */
  | "confirmed"
  | "failed"
  | "expired"
  | "cancelled";

export function stageOf({ booking, payment }: Standing): Stage {
  switch (booking.status) {
    case "CONFIRMED":
      return "confirmed";
    case "FAILED":
      return "failed";
    case "EXPIRED":
      return "expired";
    case "CANCELLED":
      return "cancelled";
    case "PENDING":
      return payment?.status === "AUTHORISED" || payment?.status === "SUCCESS" ? "capturing" : "asking";
    case "PAYMENT_PENDING":
      break;
  }
  switch (payment?.status) {
    case "PENDING":
      return "asking";
    case "REQUIRES_ACTION":
      return "challenged";
    case "AUTHORISED":
    case "SUCCESS":
      return "capturing";
    case "FAILED":
    case "CANCELLED":
      return "declined";
    default:
      return "to-pay";
  }
}

/** A refusal that another try with the same form cannot mend. */
export function isFinal({ code }: Problem): boolean {
  return (
    code === "HOLD_EXPIRED" || code === "PAYMENT_NOT_ALLOWED" || code === "LOCK_NOT_FOUND" || code === "SALES_CLOSED"
  );
}
