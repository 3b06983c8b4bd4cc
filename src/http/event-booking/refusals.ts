// How a refusal sounds in the event-booking dialect: the document's sentence and status where it has one, else 400
// with a sentence of the same kind. docs/event-booking.md lists them.

import type { Refusal } from "../../domain/refusals";
import { type AnyRefusal, type HttpRefusal, problemOf } from "../problem";
import { statusAnswer } from "./answers";
import { SEATS_RULE } from "./fields";

/** Where the document is served. */
export const BASE = "/event-booking";

const SERVED_THERE = new RegExp(`^${BASE}(/|$)`);

export function isDialect(path: string): boolean {
  return SERVED_THERE.test(path);
}

export interface DialectProblem {
  readonly status: 400 | 404 | 429 | 500 | 503;
  readonly message: string;
  readonly headers?: Readonly<Record<string, string>>;
}

export function dialectProblemOf(refusal: AnyRefusal): DialectProblem {
  switch (refusal.code) {
    case "EMAIL_ALREADY_EXISTS":
      return { status: 400, message: "User with this email already exists" };
    case "USER_NOT_FOUND":
      return { status: 404, message: "User not found" };
    case "EVENT_NOT_FOUND":
      return { status: 404, message: "Event not found" };
    case "BOOKING_NOT_FOUND":
      return { status: 404, message: "Booking not found" };
    case "LOCK_NOT_FOUND":
    case "HOLD_EXPIRED":
    case "LOCK_ALREADY_CONFIRMED":
      return { status: 404, message: "INVALID_OR_EXPIRED_LOCK" };
    case "SEATS_UNAVAILABLE":
      return { status: 400, message: "Not enough available seats" };
    case "INVALID_SEAT_COUNT":
      return { status: 400, message: SEATS_RULE };
    case "PAYMENT_NOT_ALLOWED":
      return { status: 400, message: `Payment not allowed in ${statusInSentence(refusal)} state` };
    case "PAYMENT_IN_PROGRESS":
      return { status: 400, message: "Payment already in progress for this booking" };
    case "SALES_CLOSED":
      return { status: 400, message: "Event has already started" };
    case "IDEMPOTENCY_KEY_REUSED":
      return { status: 400, message: "idempotencyKey was already used for another request" };
    case "NOT_FOUND":
      return { status: 404, message: "Route not found" };
    case "METHOD_NOT_ALLOWED":
      return { status: 404, message: "Route not found" };
    case "UNSUPPORTED_MEDIA_TYPE":
      return { status: 400, message: "Content-Type must be application/json" };
    case "PAYLOAD_TOO_LARGE":
      return { status: 400, message: "Request body is too large" };
    case "INTERNAL_ERROR":
      return { status: 500, message: "Internal server error" };
    case "RATE_LIMITED":
    case "OVERLOADED":
    case "NOT_READY":
      return patience(refusal);
    case "VALIDATION_ERROR":
      return { status: 400, message: problemOf(refusal).message };
    case "INVALID_CREDENTIALS":
    case "UNAUTHENTICATED":
    case "FORBIDDEN":
    case "VENUE_NOT_FOUND":
    case "PAYMENT_NOT_FOUND":
    case "DEAD_LETTER_NOT_FOUND":
    case "NOTHING_TO_REPLAY":
    case "TICKET_NOT_FOUND":
    case "GATE_NOT_FOUND":
    case "TICKET_NOT_CHECKED_IN":
    case "WEBHOOK_SIGNATURE_INVALID":
    case "UPGRADE_REQUIRED":
    case "HOLD_LIMIT":
    case "BOOKING_NOT_CANCELLABLE":
    case "CANCELLATION_WINDOW_EXPIRED":
    case "TIER_IN_USE":
    case "CAPACITY_EXCEEDS_VENUE":
      // None of the document's eight endpoints leads here.
      return { status: 400, message: problemOf(refusal).message };
  }
}

/** The answer to a request the dialect refuses. */
export function dialectRefusal(refusal: AnyRefusal): Response {
  const { status, message, headers } = dialectProblemOf(refusal);
  return dialectRefused(status, message, headers);
}

export function dialectRefused(status: number, message: string, headers: Readonly<Record<string, string>> = {}) {
  return Response.json({ success: false, message }, { status, headers: { "Cache-Control": "no-store", ...headers } });
}

type Patience = Extract<Refusal | HttpRefusal, { readonly code: "RATE_LIMITED" | "OVERLOADED" | "NOT_READY" }>;

/** These two are answered alike everywhere: a client must know when to come back. */
function patience(refusal: Patience): DialectProblem {
  const { message, headers } = problemOf(refusal);
  return { status: refusal.code === "RATE_LIMITED" ? 429 : 503, message, headers };
}

function statusInSentence(refusal: Extract<Refusal, { code: "PAYMENT_NOT_ALLOWED" }>): string {
  return refusal.status === "PENDING" ? statusAnswer("PENDING") : refusal.status;
}
