// Everything the product can refuse, as one tagged union. A refusal is a value the caller can act on;
// faults are thrown. `http/problem.ts` maps each code to its status and sentence, exhaustively.

import type { BookingId, SeatId } from "./ids";

/** One field of a request that breaks a rule; `field` is its path in the body or query, as the caller wrote it. */
export interface FieldProblem {
  readonly field: string;
  readonly message: string;
}

export type Refusal =
  | { readonly code: "VALIDATION_ERROR"; readonly problems: readonly FieldProblem[] }
  | { readonly code: "INVALID_SEAT_COUNT"; readonly maxSeats: number }
  | { readonly code: "INVALID_CREDENTIALS" }
  | { readonly code: "UNAUTHENTICATED" }
  | { readonly code: "FORBIDDEN" }
  | { readonly code: "NOT_FOUND" }
  | { readonly code: "EVENT_NOT_FOUND"; readonly id: string }
  | { readonly code: "VENUE_NOT_FOUND"; readonly id: string }
  | { readonly code: "USER_NOT_FOUND"; readonly id: string }
  | { readonly code: "LOCK_NOT_FOUND"; readonly id: string }
  | { readonly code: "BOOKING_NOT_FOUND"; readonly id: string }
  | { readonly code: "PAYMENT_NOT_FOUND"; readonly id: string }
  | { readonly code: "TICKET_NOT_FOUND"; readonly id: string }
  | { readonly code: "GATE_NOT_FOUND"; readonly id: string }
  /** There is no entry to take back. */
  | { readonly code: "TICKET_NOT_CHECKED_IN" }
  | { readonly code: "DEAD_LETTER_NOT_FOUND"; readonly id: string }
  /** What the message asked for is done, or is not owed any more. */
  | { readonly code: "NOTHING_TO_REPLAY" }
  | { readonly code: "EMAIL_ALREADY_EXISTS" }
  /**
   * `seatIds` are the wanted seats that are not free; `available` is set when a quantity was asked for;
   * `yoursAgainAtMs` when the only obstacle is that this user gave them back a moment ago.
   */
  | {
      readonly code: "SEATS_UNAVAILABLE";
      readonly seatIds: readonly SeatId[];
      readonly available?: number;
      readonly yoursAgainAtMs?: number;
    }
  | { readonly code: "HOLD_LIMIT"; readonly maxSeats: number }
  | { readonly code: "HOLD_EXPIRED" }
  | { readonly code: "LOCK_ALREADY_CONFIRMED"; readonly bookingId: BookingId }
  | { readonly code: "PAYMENT_IN_PROGRESS" }
  /** `status` is the booking's; `attempts` is set when the booking waits but has used up its tries. */
  | { readonly code: "PAYMENT_NOT_ALLOWED"; readonly status: string; readonly attempts?: number }
  | { readonly code: "BOOKING_NOT_CANCELLABLE"; readonly status: string }
  | { readonly code: "CANCELLATION_WINDOW_EXPIRED" }
  | { readonly code: "SALES_CLOSED" }
  | { readonly code: "TIER_IN_USE"; readonly tier: string }
  | { readonly code: "CAPACITY_EXCEEDS_VENUE"; readonly capacity: number; readonly venueCapacity: number }
  | { readonly code: "IDEMPOTENCY_KEY_REUSED" }
  | { readonly code: "WEBHOOK_SIGNATURE_INVALID" }
  | { readonly code: "RATE_LIMITED"; readonly retryAfterMs: number }
  | { readonly code: "OVERLOADED"; readonly retryAfterMs: number };

export type RefusalCode = Refusal["code"];

export type Result<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly refusal: Refusal };

export function accept<T>(value: T): Result<T> {
  return { ok: true, value };
}

export function refuse(refusal: Refusal): { readonly ok: false; readonly refusal: Refusal } {
  return { ok: false, refusal };
}

export function invalid(field: string, message: string): { readonly ok: false; readonly refusal: Refusal } {
  return refuse({ code: "VALIDATION_ERROR", problems: [{ field, message }] });
}
