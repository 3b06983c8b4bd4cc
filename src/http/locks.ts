// Holding seats over HTTP. The user comes from the token, never from the body.

import { createLock, readLock, releaseLock, renewLock, type WantedSeats } from "../app/locks";
import { addEndpoint, answer } from "./endpoint";
import { createGroup } from "./honoenv";
import { lockBody, lockExample, lockJson, lockSchema } from "./lock-schemas";

export const lockRoutes = createGroup();

const lockAnswer = (description: string) => ({ description, schema: lockSchema, example: lockExample });

addEndpoint(
  lockRoutes,
  {
    method: "post",
    path: "/api/locks",
    id: "createLock",
    service: "Locks",
    summary: "Hold seats, all of them or none",
    description:
      "Names seats, or asks for a number of them: then the best available are chosen, together where possible. " +
      "The seats are yours until `expiresAt`; confirm the lock, or book with it, before that.",
    access: "user",
    keyed: true,
    body: lockBody,
    bodyExample: { eventId: "evnt_01HX1ABC", seats: 2, tier: "VIP", idempotencyKey: "lock-001" },
    answers: { 201: lockAnswer("The seats are held.") },
    refusals: ["INVALID_SEAT_COUNT", "EVENT_NOT_FOUND", "SEATS_UNAVAILABLE", "HOLD_LIMIT", "SALES_CLOSED"],
  },
  async ({ c, deps, viewer, body, origin }) => {
    // Both keys are one where both are sent; whichever was sent is shown back.
    const clientKey = body.idempotencyKey ?? c.req.header("Idempotency-Key") ?? null;
    const seats: WantedSeats = body.seatIds
      ? { seatIds: body.seatIds }
      : { quantity: body.seats ?? 0, tier: body.tier ?? null };
    const held = await createLock(deps, viewer.id, { eventId: body.eventId, seats, clientKey }, origin);
    return held.ok ? answer(201, lockJson(held.value), { Location: `/api/locks/${held.value.id}` }) : held;
  },
);

addEndpoint(
  lockRoutes,
  {
    method: "get",
    path: "/api/locks/{id}",
    id: "getLock",
    service: "Locks",
    summary: "A lock of yours",
    access: "user",
    answers: { 200: lockAnswer("The lock.") },
    refusals: ["LOCK_NOT_FOUND", "FORBIDDEN"],
  },
  async ({ deps, viewer, params, origin }) => {
    const found = await readLock(deps, viewer, params.id, origin);
    return found.ok ? answer(200, lockJson(found.value)) : found;
  },
);

addEndpoint(
  lockRoutes,
  {
    method: "delete",
    path: "/api/locks/{id}",
    id: "releaseLock",
    service: "Locks",
    summary: "Give the seats back",
    description: "A booking that waits for its payment ends with its lock, as EXPIRED.",
    access: "user",
    answers: { 200: lockAnswer("The lock, which is over.") },
    refusals: ["LOCK_NOT_FOUND", "FORBIDDEN", "LOCK_ALREADY_CONFIRMED", "PAYMENT_IN_PROGRESS"],
  },
  async ({ deps, viewer, params, origin }) => {
    const released = await releaseLock(deps, viewer, params.id, origin);
    return released.ok ? answer(200, lockJson(released.value)) : released;
  },
);

addEndpoint(
  lockRoutes,
  {
    method: "post",
    path: "/api/locks/{id}/renew",
    id: "renewLock",
    service: "Locks",
    summary: "Keep a lock a little longer",
    description: "No lock lives longer than 15 minutes from its beginning, however often it is renewed.",
    access: "user",
    keyed: true,
    answers: { 200: lockAnswer("The lock with its new end.") },
    refusals: ["LOCK_NOT_FOUND", "FORBIDDEN", "LOCK_ALREADY_CONFIRMED", "HOLD_EXPIRED"],
  },
  async ({ deps, viewer, params, origin }) => {
    const renewed = await renewLock(deps, viewer, params.id, origin);
    return renewed.ok ? answer(200, lockJson(renewed.value)) : renewed;
  },
);
