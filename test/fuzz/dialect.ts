// The event-booking dialect, which is in no OpenAPI document: its endpoints as far as their requests go. Of its answers
// only that none is a fault.

import type { Schema } from "./json-schema";
import type { Operation } from "./requests";

const BASE = "/event-booking";
const text: Schema = { type: "string" };

export const DIALECT: readonly Operation[] = [
  dialect("GET", "/health"),
  dialect("POST", "/api/users/register", { name: text, email: text, password: text }),
  dialect("GET", "/api/users/{id}"),
  dialect("POST", "/api/events", {
    name: text,
    eventDate: text,
    totalSeats: { type: "integer", minimum: 1, maximum: 20_000 },
    availableSeats: { type: "integer", minimum: 0, maximum: 20_000 },
  }),
  dialect("GET", "/api/events/{id}"),
  dialect("POST", "/api/locks", {
    eventId: text,
    userId: text,
    seats: { type: "integer", minimum: 1, maximum: 100 },
    idempotencyKey: text,
  }),
  dialect("POST", "/api/bookings/confirm", { lockId: text }),
  dialect("POST", "/api/payments/intent", {
    bookingId: text,
    force: { type: "string", enum: ["success", "failure", "timeout"] },
  }),
];

function dialect(method: string, path: string, properties: Readonly<Record<string, Schema>> | null = null): Operation {
  return {
    method,
    path: `${BASE}${path}`,
    access: "public",
    parameters: properties ? [{ name: "Idempotency-Key", in: "header", schema: text }] : [],
    bodySchema: properties && { type: "object", properties, required: Object.keys(properties) },
    responses: {},
  };
}
