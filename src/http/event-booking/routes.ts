// The eight endpoints of the event-booking document, word for word, over the use-cases of the main API. It has no
// authentication, as documented: so it answers in development only, where it is switched on.

import type { Context } from "hono";
import { confirmBooking, findBooking } from "../../app/bookings";
import { readLatestEvent } from "../../app/event-booking";
import { createEvent } from "../../app/events";
import { createLock, findLock } from "../../app/locks";
import { payBooking } from "../../app/payments";
import { findUser, registerUser } from "../../app/users";
import type { Origin } from "../../domain/box-office/commands";
import type { UserId } from "../../domain/ids";
import type { Result } from "../../domain/refusals";
import { BODY_LIMIT, type JsonObject, readJsonObject } from "../body";
import { createGroup, type HonoEnv } from "../honoenv";
import type { RequestKey } from "../keys";
import { refusedResponse } from "../problem";
import { bookingAnswer, eventAnswer, intentAnswer, lockAnswer, userAnswer, userDetailAnswer } from "./answers";
import { type Parsed, parseConfirm, parseIntent, parseLock, parseNewEvent, parseRegistration } from "./fields";
import { headerKey, lockKey, requestKey } from "./keys";
import { BASE, dialectRefusal, dialectRefused } from "./refusals";

/** The owner of keys, and the actor in journals, where the document names nobody. */
const NOBODY = "anonymous";

export const eventBookingRoutes = createGroup();

eventBookingRoutes.use(`${BASE}/*`, async (c, next) => {
  const { eventBookingApi, environment } = c.get("deps").settings;
  if (!eventBookingApi || environment !== "development") {
    return refusedResponse({ code: "NOT_FOUND" }, c.get("requestId"));
  }
  await next();
});

eventBookingRoutes.get(`${BASE}/health`, (c) => c.json({ status: "OK" }));

post("/api/users/register", parseRegistration, async (c, registration) => {
  const { name, email } = registration;
  const key = headerKey(c);
  if (!key.ok) return dialectRefused(400, key.message);
  const asked = await requestKey(c, email.toLowerCase(), routeOf(c), key.value, { name, email });
  const address = c.req.header("CF-Connecting-IP") ?? "unknown";
  const registered = await registerUser(c.get("deps"), { ...registration, address, key: asked });
  return answered(registered, 201, (user) => ({ success: true, data: userAnswer(user) }));
});

eventBookingRoutes.get(`${BASE}/api/users/:id`, async (c) => {
  const found = await findUser(c.get("deps"), c.req.param("id"));
  return answered(found, 200, (user) => ({ success: true, data: userDetailAnswer(user) }));
});

post("/api/events", parseNewEvent, async (c, event) => {
  const key = headerKey(c);
  if (!key.ok) return dialectRefused(400, key.message);
  const { name, description, eventDateMs: startsAtMs, totalSeats, availableSeats } = event;
  const asked = await requestKey(c, NOBODY, routeOf(c), key.value, event);
  const hall = { tiers: [{ tier: "GENERAL", priceMinor: 0, capacity: totalSeats }], seatMap: null } as const;
  const place = { venueId: null, endsAtMs: null, currency: "GBP", seatsPerRow: null };
  const blockedSeats = totalSeats - availableSeats;
  const wanted = { name, description, startsAtMs, ...place, ...hall, blockedSeats };
  const created = await createEvent(c.get("deps"), wanted, originOf(c, NOBODY, asked));
  return answered(created, 201, ({ id, createdAtMs }) => {
    const times = { startsAtMs, createdAtMs, updatedAtMs: createdAtMs };
    return { success: true, data: eventAnswer({ id, name, description, totalSeats, availableSeats, ...times }) };
  });
});

eventBookingRoutes.get(`${BASE}/api/events/:id`, async (c) => {
  const read = await readLatestEvent(c.get("deps"), c.req.param("id"), originOf(c, NOBODY, null));
  return answered(read, 200, ({ definition, availability, changedAtMs }) => {
    const { totalSeats, availableSeats } = availability;
    return {
      success: true,
      data: eventAnswer({ ...definition, totalSeats, availableSeats, updatedAtMs: changedAtMs }),
    };
  });
});

post("/api/locks", parseLock, async (c, lock) => {
  const { eventId, userId, seats } = lock;
  const key = lockKey(c, lock.idempotencyKey);
  if (!key.ok) return dialectRefused(400, key.message);
  const deps = c.get("deps");
  const user = await findUser(deps, userId);
  if (!user.ok) return dialectRefusal(user.refusal);
  const asked = await requestKey(c, user.value.id, routeOf(c), key.value, { eventId, seats });
  const wanted = { eventId, seats: { quantity: seats, tier: null }, clientKey: key.value, dialect: true };
  const held = await createLock(deps, user.value.id, wanted, originOf(c, user.value.id, asked));
  return answered(held, 201, (hold) => ({ success: true, data: lockAnswer(hold) }));
});

post("/api/bookings/confirm", parseConfirm, async (c, { lockId }) => {
  const key = headerKey(c);
  if (!key.ok) return dialectRefused(400, key.message);
  const deps = c.get("deps");
  let origin = originOf(c, NOBODY, null);
  if (key.value !== null) {
    const lock = await findLock(deps, lockId, origin);
    if (!lock.ok) return dialectRefusal(lock.refusal);
    origin = await keyedOrigin(c, lock.value.userId, key.value, { lockId });
  }
  const confirmed = await confirmBooking(deps, null, lockId, origin);
  return answered(confirmed, 201, ({ record }) => ({ success: true, booking: bookingAnswer(record) }));
});

post("/api/payments/intent", parseIntent, async (c, { bookingId, force }) => {
  const key = headerKey(c);
  if (!key.ok) return dialectRefused(400, key.message);
  const deps = c.get("deps");
  let origin = originOf(c, NOBODY, null);
  if (key.value !== null) {
    const booking = await findBooking(deps, bookingId, origin);
    if (!booking.ok) return dialectRefusal(booking.refusal);
    origin = await keyedOrigin(c, booking.value.record.userId, key.value, { bookingId, force });
  }
  const paid = await payBooking(deps, null, { bookingId, method: { token: null, force } }, origin);
  return answered(paid, 200, intentAnswer);
});

eventBookingRoutes.all(`${BASE}/*`, () => dialectRefusal({ code: "NOT_FOUND" }));

/** A route whose body is checked against the document before anything is looked at. */
function post<T>(
  path: string,
  parse: (body: JsonObject, nowMs: number) => Parsed<T>,
  handle: (c: Context<HonoEnv>, value: T) => Promise<Response>,
): void {
  eventBookingRoutes.post(`${BASE}${path}`, async (c) => {
    const body = await readJsonObject(c, BODY_LIMIT);
    if (!body.ok) return dialectRefusal(body.refusal);
    const parsed = parse(body.value, c.get("nowMs"));
    return parsed.ok ? await handle(c, parsed.value) : dialectRefused(400, parsed.message);
  });
}

function answered<T>(result: Result<T>, status: 200 | 201, build: (value: T) => object): Response {
  return result.ok ? Response.json(build(result.value), { status }) : dialectRefusal(result.refusal);
}

function originOf(c: Context<HonoEnv>, actor: string, key: RequestKey | null): Origin {
  return { actor, requestId: c.get("requestId"), key };
}

async function keyedOrigin(c: Context<HonoEnv>, owner: UserId, key: string, said: object): Promise<Origin> {
  return originOf(c, owner, await requestKey(c, owner, routeOf(c), key, said));
}

function routeOf(c: Context<HonoEnv>): string {
  return `${c.req.method} ${c.req.path}`;
}
