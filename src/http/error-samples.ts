// One refusal of every code, for the documentation: what each looks like on the wire is made from these.

import type { BookingId, SeatId } from "../domain/ids";
import type { AnyRefusal, ErrorCode } from "./problem";

type Samples = { readonly [C in ErrorCode]: Extract<AnyRefusal, { code: C }> };

const SALE_BODY = "01HZ3KQ8R5ABCD1234WXYZ5678";

export const samples: Samples = {
  VALIDATION_ERROR: { code: "VALIDATION_ERROR", problems: [{ field: "name", message: "is required" }] },
  INVALID_SEAT_COUNT: { code: "INVALID_SEAT_COUNT", maxSeats: 10 },
  INVALID_CREDENTIALS: { code: "INVALID_CREDENTIALS" },
  UNAUTHENTICATED: { code: "UNAUTHENTICATED" },
  FORBIDDEN: { code: "FORBIDDEN" },
  NOT_FOUND: { code: "NOT_FOUND" },
  EVENT_NOT_FOUND: { code: "EVENT_NOT_FOUND", id: "evnt_01HX1ABC" },
  VENUE_NOT_FOUND: { code: "VENUE_NOT_FOUND", id: "ven_01HX2DEF" },
  USER_NOT_FOUND: { code: "USER_NOT_FOUND", id: "usr_01HX9ABC456" },
  LOCK_NOT_FOUND: { code: "LOCK_NOT_FOUND", id: `lock_${SALE_BODY}` },
  BOOKING_NOT_FOUND: { code: "BOOKING_NOT_FOUND", id: "bkg_01HZ3ABC" },
  PAYMENT_NOT_FOUND: { code: "PAYMENT_NOT_FOUND", id: "pay_01HZ5DEF" },
  TICKET_NOT_FOUND: { code: "TICKET_NOT_FOUND", id: `tkt_${SALE_BODY}` },
  GATE_NOT_FOUND: { code: "GATE_NOT_FOUND", id: "gate_01HX7GAT" },
  TICKET_NOT_CHECKED_IN: { code: "TICKET_NOT_CHECKED_IN" },
  DEAD_LETTER_NOT_FOUND: { code: "DEAD_LETTER_NOT_FOUND", id: "booking-saga:0f1e" },
  NOTHING_TO_REPLAY: { code: "NOTHING_TO_REPLAY" },
  EMAIL_ALREADY_EXISTS: { code: "EMAIL_ALREADY_EXISTS" },
  SEATS_UNAVAILABLE: { code: "SEATS_UNAVAILABLE", seatIds: ["seat_A2" as SeatId] },
  HOLD_LIMIT: { code: "HOLD_LIMIT", maxSeats: 10 },
  HOLD_EXPIRED: { code: "HOLD_EXPIRED" },
  LOCK_ALREADY_CONFIRMED: { code: "LOCK_ALREADY_CONFIRMED", bookingId: `bkg_${SALE_BODY}` as BookingId },
  PAYMENT_IN_PROGRESS: { code: "PAYMENT_IN_PROGRESS" },
  PAYMENT_NOT_ALLOWED: { code: "PAYMENT_NOT_ALLOWED", status: "CONFIRMED" },
  BOOKING_NOT_CANCELLABLE: { code: "BOOKING_NOT_CANCELLABLE", status: "PENDING" },
  CANCELLATION_WINDOW_EXPIRED: { code: "CANCELLATION_WINDOW_EXPIRED" },
  SALES_CLOSED: { code: "SALES_CLOSED" },
  TIER_IN_USE: { code: "TIER_IN_USE", tier: "VIP" },
  CAPACITY_EXCEEDS_VENUE: { code: "CAPACITY_EXCEEDS_VENUE", capacity: 25_000, venueCapacity: 20_789 },
  IDEMPOTENCY_KEY_REUSED: { code: "IDEMPOTENCY_KEY_REUSED" },
  WEBHOOK_SIGNATURE_INVALID: { code: "WEBHOOK_SIGNATURE_INVALID" },
  RATE_LIMITED: { code: "RATE_LIMITED", retryAfterMs: 1_000 },
  OVERLOADED: { code: "OVERLOADED", retryAfterMs: 1_000 },
  NOT_READY: { code: "NOT_READY", retryAfterMs: 1_000 },
  METHOD_NOT_ALLOWED: { code: "METHOD_NOT_ALLOWED", allow: ["GET", "HEAD", "OPTIONS"] },
  UPGRADE_REQUIRED: { code: "UPGRADE_REQUIRED" },
  UNSUPPORTED_MEDIA_TYPE: { code: "UNSUPPORTED_MEDIA_TYPE", expected: "application/json" },
  PAYLOAD_TOO_LARGE: { code: "PAYLOAD_TOO_LARGE", maxBytes: 65_536 },
  INTERNAL_ERROR: { code: "INTERNAL_ERROR" },
};
