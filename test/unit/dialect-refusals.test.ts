import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { samples } from "../../src/http/error-samples";
import { dialectProblemOf, dialectRefusal } from "../../src/http/event-booking/refusals";
import type { AnyRefusal } from "../../src/http/problem";

describe("refusals in the dialect", () => {
  it.each<[AnyRefusal, number, string]>([
    [samples.EMAIL_ALREADY_EXISTS, 400, "User with this email already exists"],
    [samples.USER_NOT_FOUND, 404, "User not found"],
    [samples.EVENT_NOT_FOUND, 404, "Event not found"],
    [samples.BOOKING_NOT_FOUND, 404, "Booking not found"],
    [samples.SEATS_UNAVAILABLE, 400, "Not enough available seats"],
    [samples.LOCK_NOT_FOUND, 404, "INVALID_OR_EXPIRED_LOCK"],
    [samples.HOLD_EXPIRED, 404, "INVALID_OR_EXPIRED_LOCK"],
    [samples.LOCK_ALREADY_CONFIRMED, 404, "INVALID_OR_EXPIRED_LOCK"],
    [samples.PAYMENT_NOT_ALLOWED, 400, "Payment not allowed in CONFIRMED state"],
    [{ code: "PAYMENT_NOT_ALLOWED", status: "PENDING" }, 400, "Payment not allowed in INITIATED state"],
    [samples.IDEMPOTENCY_KEY_REUSED, 400, "idempotencyKey was already used for another request"],
    [samples.INTERNAL_ERROR, 500, "Internal server error"],
  ])("%o is %i with the document's sentence", async (refusal, status, message) => {
    const response = dialectRefusal(refusal);
    expect(response.status).toBe(status);
    expect(await response.json()).toEqual({ success: false, message });
  });

  it("says when to come back where a client must wait", () => {
    expect(dialectRefusal({ code: "RATE_LIMITED", retryAfterMs: 1_500 }).headers.get("Retry-After")).toBe("2");
    expect(dialectProblemOf({ code: "OVERLOADED", retryAfterMs: 1_000 }).status).toBe(503);
  });

  it("uses no status that the document does not list, but for those that ask for patience", () => {
    const statuses = new Set(Object.values(samples).map((refusal) => dialectProblemOf(refusal).status));
    expect([...statuses].sort()).toEqual([400, 404, 429, 500, 503]);
  });

  it("lists every sentence of its own in docs/event-booking.md", () => {
    const docs = readFileSync(join(import.meta.dirname, "../../docs/event-booking.md"), "utf8");
    const own: readonly AnyRefusal[] = [
      samples.EVENT_NOT_FOUND,
      samples.INVALID_SEAT_COUNT,
      samples.PAYMENT_IN_PROGRESS,
      samples.SALES_CLOSED,
      samples.IDEMPOTENCY_KEY_REUSED,
      samples.UNSUPPORTED_MEDIA_TYPE,
      samples.PAYLOAD_TOO_LARGE,
      samples.NOT_FOUND,
      samples.INTERNAL_ERROR,
    ];
    for (const refusal of own) expect(docs).toContain(dialectProblemOf(refusal).message);
  });
});
