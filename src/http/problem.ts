// How a refusal sounds on the wire: its status, a sentence the caller can act on, and its headers.
// One exhaustive switch, so a new code does not compile before it has all three.

import type { Refusal } from "../domain/refusals";
import { SECOND } from "../domain/time";

/** What only HTTP can refuse: the domain knows nothing of methods, media types or bytes. */
export type HttpRefusal =
  | { readonly code: "METHOD_NOT_ALLOWED"; readonly allow: readonly string[] }
  | { readonly code: "UNSUPPORTED_MEDIA_TYPE"; readonly expected: string }
  | { readonly code: "PAYLOAD_TOO_LARGE"; readonly maxBytes: number }
  | { readonly code: "UPGRADE_REQUIRED" }
  | { readonly code: "NOT_READY"; readonly retryAfterMs: number }
  | { readonly code: "INTERNAL_ERROR" };

export type AnyRefusal = Refusal | HttpRefusal;
export type ErrorCode = AnyRefusal["code"];

/** A use-case's `Result` is one of these too. */
export type HttpResult<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly refusal: AnyRefusal };

export type ProblemStatus = 400 | 401 | 403 | 404 | 405 | 409 | 413 | 415 | 422 | 426 | 429 | 500 | 503;

export interface Problem {
  readonly status: ProblemStatus;
  readonly message: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** What a program needs beside the sentence; becomes part of `error`. */
  readonly details?: Readonly<Record<string, unknown>>;
}

/** The envelope of every error. */
export interface ErrorBody {
  readonly error: { readonly code: ErrorCode; readonly message: string; readonly requestId: string };
}

/** Longest part of a caller's own text that is shown back. */
const MAX_ECHO_CHARS = 60;

export function problemOf(refusal: AnyRefusal): Problem {
  switch (refusal.code) {
    case "VALIDATION_ERROR":
      return {
        status: 400,
        message: refusal.problems.map(({ field, message }) => `${field} ${message}`).join("; "),
        details: { field: refusal.problems[0]?.field, fields: refusal.problems },
      };
    case "INVALID_SEAT_COUNT":
      return { status: 400, message: `Choose between 1 and ${refusal.maxSeats} seats.` };
    case "INVALID_CREDENTIALS":
      return { status: 401, message: "The e-mail address or the password is wrong." };
    case "UNAUTHENTICATED":
      return {
        status: 401,
        message: "Sign in first: send a valid token as “Authorization: Bearer …”.",
        headers: { "WWW-Authenticate": "Bearer" },
      };
    case "FORBIDDEN":
      return { status: 403, message: "Your account may not do this." };
    case "NOT_FOUND":
      return { status: 404, message: "There is nothing at this address." };
    case "EVENT_NOT_FOUND":
      return { status: 404, message: `Event ${shown(refusal.id)} does not exist` };
    case "VENUE_NOT_FOUND":
      return { status: 404, message: `Venue ${shown(refusal.id)} does not exist` };
    case "USER_NOT_FOUND":
      return { status: 404, message: `User ${shown(refusal.id)} does not exist` };
    case "LOCK_NOT_FOUND":
      return { status: 404, message: `Lock ${shown(refusal.id)} does not exist` };
    case "BOOKING_NOT_FOUND":
      return { status: 404, message: `Booking ${shown(refusal.id)} does not exist` };
    case "PAYMENT_NOT_FOUND":
      return { status: 404, message: `Payment ${shown(refusal.id)} does not exist` };
    case "TICKET_NOT_FOUND":
      return { status: 404, message: `Ticket ${shown(refusal.id)} does not exist` };
    case "GATE_NOT_FOUND":
      return { status: 404, message: `Gate ${shown(refusal.id)} does not exist` };
    case "TICKET_NOT_CHECKED_IN":
      return { status: 409, message: "Nobody has entered with this ticket, so there is nothing to undo." };
    case "DEAD_LETTER_NOT_FOUND":
      return { status: 404, message: `Dead letter ${shown(refusal.id)} does not exist` };
    case "NOTHING_TO_REPLAY":
      return { status: 409, message: "What this message asked for is done already, or is not owed any more." };
    case "EMAIL_ALREADY_EXISTS":
      return { status: 409, message: "An account with this e-mail address exists already. Sign in instead." };
    case "SEATS_UNAVAILABLE":
      return { status: 409, message: seatsSentence(refusal), details: seatsDetails(refusal) };
    case "HOLD_LIMIT":
      return {
        status: 422,
        message: `You can hold at most ${refusal.maxSeats} unpaid seats of one event. Pay for or release some first.`,
        details: { maxSeats: refusal.maxSeats },
      };
    case "HOLD_EXPIRED":
      return { status: 422, message: "The hold on these seats has run out. Choose seats again." };
    case "LOCK_ALREADY_CONFIRMED":
      return {
        status: 409,
        message: `This lock is confirmed already, as booking ${refusal.bookingId}.`,
        details: { bookingId: refusal.bookingId },
      };
    case "PAYMENT_IN_PROGRESS":
      return { status: 409, message: "A payment is under way. Wait for its outcome, then try again." };
    case "PAYMENT_NOT_ALLOWED":
      return {
        status: 422,
        message: refusal.attempts
          ? `All ${refusal.attempts} attempts to pay for this booking are used up.`
          : `Payment not allowed in ${refusal.status} state`,
        details: { status: refusal.status },
      };
    case "BOOKING_NOT_CANCELLABLE":
      return {
        status: 422,
        message: `Only a confirmed booking can be cancelled; this one is ${refusal.status}.`,
        details: { status: refusal.status },
      };
    case "CANCELLATION_WINDOW_EXPIRED":
      return {
        status: 422,
        message: "The event starts in less than 24 hours: the booking can no longer be cancelled.",
      };
    case "SALES_CLOSED":
      return { status: 422, message: "The event has started: its tickets are no longer on sale." };
    case "TIER_IN_USE":
      return {
        status: 422,
        message: `Tier ${refusal.tier} cannot shrink below the seats that are sold or held.`,
        details: { tier: refusal.tier },
      };
    case "CAPACITY_EXCEEDS_VENUE":
      return {
        status: 422,
        message: `The event would have ${refusal.capacity} seats, its venue holds ${refusal.venueCapacity}.`,
        details: { capacity: refusal.capacity, venueCapacity: refusal.venueCapacity },
      };
    case "IDEMPOTENCY_KEY_REUSED":
      return { status: 422, message: "This idempotency key was used for another request. Use a new one." };
    case "WEBHOOK_SIGNATURE_INVALID":
      return {
        status: 400,
        message: "This delivery is not signed with the endpoint's secret, or was signed too long ago.",
      };
    case "RATE_LIMITED":
      return {
        status: 429,
        message: "Too many requests. Wait as long as Retry-After says, then try again.",
        headers: retryAfter(refusal.retryAfterMs),
      };
    case "OVERLOADED":
      return {
        status: 503,
        message: "Too much is going on right now. Try again in a moment.",
        headers: retryAfter(refusal.retryAfterMs),
      };
    case "NOT_READY":
      return {
        status: 503,
        message: "The service is not ready to answer. Try again later.",
        headers: retryAfter(refusal.retryAfterMs),
      };
    case "METHOD_NOT_ALLOWED":
      return {
        status: 405,
        message: `This address answers ${refusal.allow.join(", ")} only.`,
        headers: { Allow: refusal.allow.join(", ") },
      };
    case "UPGRADE_REQUIRED":
      return {
        status: 426,
        message: "This address speaks WebSocket only.",
        headers: { Upgrade: "websocket", Connection: "Upgrade" },
      };
    case "UNSUPPORTED_MEDIA_TYPE":
      return { status: 415, message: `Send the body as “Content-Type: ${refusal.expected}”.` };
    case "PAYLOAD_TOO_LARGE":
      return { status: 413, message: `The body may be ${refusal.maxBytes} bytes long at most.` };
    case "INTERNAL_ERROR":
      return { status: 500, message: "Something went wrong on our side. The request id helps us to find it." };
  }
}

/** What a refused request is answered with. */
export function refusedAnswer(
  refusal: AnyRefusal,
  requestId: string,
): { readonly status: ProblemStatus; readonly body: ErrorBody; readonly headers?: Readonly<Record<string, string>> } {
  const { status, message, headers, details } = problemOf(refusal);
  return { status, body: { error: { code: refusal.code, message, requestId, ...details } }, headers };
}

/** The answer to a refused request. */
export function refusedResponse(refusal: AnyRefusal, requestId: string): Response {
  const { status, body, headers } = refusedAnswer(refusal, requestId);
  return Response.json(body, { status, headers: { "Cache-Control": "no-store", ...headers } });
}

function seatsSentence(refusal: Extract<Refusal, { code: "SEATS_UNAVAILABLE" }>): string {
  if (refusal.available !== undefined) return `Only ${refusal.available} such seats are free. Ask for fewer.`;
  const one = refusal.seatIds.length === 1;
  return `${refusal.seatIds.join(", ")} ${one ? "is" : "are"} not free. Choose other seats.`;
}

function seatsDetails(refusal: Extract<Refusal, { code: "SEATS_UNAVAILABLE" }>): Record<string, unknown> {
  return { seatIds: refusal.seatIds, ...(refusal.available !== undefined && { available: refusal.available }) };
}

function retryAfter(ms: number): Record<string, string> {
  return { "Retry-After": String(Math.max(1, Math.ceil(ms / SECOND))) };
}

function shown(text: string): string {
  return text.length > MAX_ECHO_CHARS ? `${text.slice(0, MAX_ECHO_CHARS)}…` : text;
}
