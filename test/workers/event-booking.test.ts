// The event-booking dialect: the document's testing flow from its first step to its last, every documented answer and
// refusal word for word, and that bad input changes nothing.

import { createExecutionContext, runDurableObjectAlarm, waitOnExecutionContext } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, describe, expect, it, vi } from "vitest";
import { codeOfEvent, parseId } from "../../src/domain/ids";
import { DAY, MINUTE } from "../../src/domain/time";
import worker from "../../src/index";
import { type Answer, call, type Json, newCaller } from "./sale-client";

afterEach(() => {
  vi.useRealTimers();
});

const ISO = expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);

async function get(path: string): Promise<Answer> {
  return await call("GET", `/event-booking${path}`);
}

async function post(path: string, body: unknown, key?: string): Promise<Answer> {
  return await call("POST", `/event-booking${path}`, { body, key });
}

let users = 0;

async function newUser(): Promise<string> {
  const registration = { name: "Alice Johnson", email: `alice-${users++}@example.com`, password: "securepass123" };
  const { body } = await post("/api/users/register", registration);
  return body.data._id;
}

async function newEvent(totalSeats = 100, availableSeats = totalSeats): Promise<string> {
  const { body } = await post("/api/events", {
    name: "Tech Summit 2026",
    description: "International technology conference",
    eventDate: new Date(Date.now() + 200 * DAY).toISOString(),
    totalSeats,
    availableSeats,
  });
  return body.data._id;
}

let keys = 0;

async function lock(eventId: string, userId: string, seats = 2): Promise<string> {
  const { status, body } = await post("/api/locks", { eventId, userId, seats, idempotencyKey: `lock-${keys++}` });
  expect(status).toBe(201);
  return body.data._id;
}

async function confirm(lockId: string): Promise<string> {
  const { status, body } = await post("/api/bookings/confirm", { lockId });
  expect(status).toBe(201);
  return body.booking._id;
}

async function pay(bookingId: string, force: string): Promise<Answer> {
  return await post("/api/payments/intent", { bookingId, force });
}

async function available(eventId: string): Promise<number> {
  return (await get(`/api/events/${eventId}`)).body.data.availableSeats;
}

/** What the database of the document is asked: how many of each status, as the box office has them. */
async function counts(eventId: string): Promise<{ bookings: Json; locks: Json }> {
  const id = parseId("evnt", eventId);
  if (!id) throw new Error("not an event");
  const stub = env.BOX_OFFICE.get(env.BOX_OFFICE.idFromName(codeOfEvent(id)));
  const page = await (stub as unknown as { audit(after: null, limit: number): Promise<Json> }).audit(null, 100);
  const bookings: Record<string, number> = {};
  const locks: Record<string, number> = {};
  const admin = await newCaller("ADMIN");
  for (const { status, lockId } of page.bookings) {
    bookings[status] = (bookings[status] ?? 0) + 1;
    const { body } = await call("GET", `/api/locks/${lockId}`, { as: admin });
    locks[body.status] = (locks[body.status] ?? 0) + 1;
  }
  return { bookings, locks };
}

async function ringAlarm(eventId: string): Promise<void> {
  const id = parseId("evnt", eventId);
  if (!id) throw new Error("not an event");
  await runDurableObjectAlarm(env.BOX_OFFICE.get(env.BOX_OFFICE.idFromName(codeOfEvent(id))));
}

describe("the document's testing flow", () => {
  it("ends as the document says, and when the payment window closes the third booking ends too", async () => {
    vi.useFakeTimers({ toFake: ["Date"] });
    const userId = await newUser();
    const eventId = await newEvent();

    const first = await confirm(await lock(eventId, userId));
    expect(await pay(first, "success")).toMatchObject({ status: 200, body: { paymentStatus: "SUCCESS" } });
    expect(await available(eventId)).toBe(98);

    const second = await confirm(await lock(eventId, userId));
    expect(await available(eventId)).toBe(96);
    expect(await pay(second, "failure")).toMatchObject({ status: 200, body: { paymentStatus: "FAILED" } });
    expect(await available(eventId)).toBe(98);

    const third = await confirm(await lock(eventId, userId));
    expect(await pay(third, "timeout")).toMatchObject({ status: 200, body: { paymentStatus: "TIMEOUT" } });
    expect(await available(eventId)).toBe(96);
    expect(await counts(eventId)).toEqual({
      bookings: { CONFIRMED: 1, FAILED: 1, PAYMENT_PENDING: 1 },
      locks: { CONSUMED: 1, EXPIRED: 1, ACTIVE: 1 },
    });

    vi.setSystemTime(Date.now() + 10 * MINUTE);
    await ringAlarm(eventId);
    await vi.waitFor(
      async () => {
        expect(await counts(eventId)).toEqual({
          bookings: { CONFIRMED: 1, FAILED: 1, EXPIRED: 1 },
          locks: { CONSUMED: 1, EXPIRED: 2 },
        });
      },
      { timeout: 20_000, interval: 100 },
    );
    expect(await available(eventId)).toBe(98);
    expect(await pay(third, "success")).toMatchObject({
      status: 400,
      body: { message: "Payment not allowed in EXPIRED state" },
    });
  });
});

describe("answers, word for word", () => {
  it("is well", async () => {
    expect(await get("/health")).toMatchObject({ status: 200, body: { status: "OK" } });
  });

  it("registers and shows a user, whose password the main API would refuse", async () => {
    const registration = { name: "J", email: "John@Example.com", password: "password123" };
    const registered = await post("/api/users/register", registration);
    const user = { _id: expect.stringMatching(/^usr_/), name: "J", email: "john@example.com", role: "user" };
    expect(registered.status).toBe(201);
    expect(registered.body).toEqual({ success: true, data: user });
    const shown = await get(`/api/users/${registered.body.data._id}`);
    expect(shown.status).toBe(200);
    expect(shown.body).toEqual({ success: true, data: { ...user, createdAt: ISO, updatedAt: ISO } });
    const login = { email: registration.email, password: registration.password };
    expect((await call("POST", "/api/users/login", { body: login })).status).toBe(200);
  });

  it("creates and shows an event", async () => {
    const event = { name: "Tech Conference 2026", description: "International tech conference", totalSeats: 100 };
    const eventDate = "2999-06-15T10:00:00Z";
    const created = await post("/api/events", { ...event, eventDate, availableSeats: 100 });
    const data = {
      _id: expect.stringMatching(/^evnt_/),
      ...event,
      eventDate: "2999-06-15T10:00:00.000Z",
      availableSeats: 100,
      createdAt: ISO,
      updatedAt: created.body.data.createdAt,
    };
    expect(created.status).toBe(201);
    expect(created.body).toEqual({ success: true, data });
    const shown = await get(`/api/events/${created.body.data._id}`);
    expect(shown).toMatchObject({ status: 200, body: { success: true, data } });
    const main = await call("GET", `/api/events/${created.body.data._id}`);
    expect(main.body).toMatchObject({
      venue: null,
      startsAt: "2999-06-15T10:00:00.000Z",
      endsAt: "2999-06-15T10:00:00.000Z",
      ticketTiers: [{ tier: "GENERAL", price: 0, currency: "GBP", available: 100 }],
    });
  });

  it("keeps off sale what is not available from the beginning", async () => {
    const eventId = await newEvent(100, 90);
    expect((await get(`/api/events/${eventId}`)).body.data).toMatchObject({ totalSeats: 100, availableSeats: 90 });
    const { body } = await call("GET", `/api/inventory/events/${eventId}/seats`);
    expect(body.summary).toEqual({ total: 100, available: 90, locked: 0, reserved: 0, blocked: 10 });
  });

  it("says that an event changed when its seats did", async () => {
    vi.useFakeTimers({ toFake: ["Date"] });
    const [eventId, userId] = [await newEvent(), await newUser()];
    const before = (await get(`/api/events/${eventId}`)).body.data;
    expect(before.updatedAt).toBe(before.createdAt);
    vi.setSystemTime(Date.now() + MINUTE);
    await lock(eventId, userId);
    const after = (await get(`/api/events/${eventId}`)).body.data;
    expect(Date.parse(after.updatedAt) - Date.parse(before.updatedAt)).toBe(MINUTE);
  });

  it("locks, confirms and pays", async () => {
    const [eventId, userId] = [await newEvent(), await newUser()];
    const locked = await post("/api/locks", { eventId, userId, seats: 2, idempotencyKey: "lock-001" });
    expect(locked.status).toBe(201);
    expect(locked.body).toEqual({
      success: true,
      data: {
        _id: expect.stringMatching(/^lock_/),
        eventId,
        userId,
        seats: 2,
        status: "ACTIVE",
        expiresAt: ISO,
        idempotencyKey: "lock-001",
        createdAt: ISO,
        updatedAt: ISO,
      },
    });
    const lockId = locked.body.data._id;
    const confirmed = await post("/api/bookings/confirm", { lockId });
    expect(confirmed.status).toBe(201);
    const { booking } = confirmed.body;
    expect(confirmed.body).toEqual({
      success: true,
      booking: {
        _id: expect.stringMatching(/^bkg_/),
        user: userId,
        event: eventId,
        seats: ["2"],
        seatIds: [expect.stringMatching(/^seat_/), expect.stringMatching(/^seat_/)],
        status: "PAYMENT_PENDING",
        seatLockId: lockId,
        paymentExpiresAt: ISO,
        createdAt: ISO,
        updatedAt: ISO,
      },
    });
    expect(Date.parse(booking.paymentExpiresAt) - Date.parse(booking.createdAt)).toBe(10 * MINUTE);
    const paid = await pay(booking._id, "success");
    expect(paid.status).toBe(200);
    expect(paid.body).toEqual({
      success: true,
      paymentStatus: "SUCCESS",
      message: "Payment successful and booking confirmed",
      booking: {
        id: booking._id,
        status: "CONFIRMED",
        event: eventId,
        user: userId,
        seats: ["2"],
        seatIds: booking.seatIds,
      },
    });
  });

  it("tells of a failure and of a timeout", async () => {
    const [eventId, userId] = [await newEvent(), await newUser()];
    const failed = await confirm(await lock(eventId, userId));
    expect((await pay(failed, "failure")).body).toEqual({
      success: true,
      paymentStatus: "FAILED",
      message: "Payment failed and seats have been released",
      booking: { id: failed, status: "FAILED", event: eventId, user: userId },
    });
    const timedOut = await confirm(await lock(eventId, userId));
    expect((await pay(timedOut, "timeout")).body).toEqual({
      success: true,
      paymentStatus: "TIMEOUT",
      message: "Payment timed out (simulated)",
    });
    expect((await pay(timedOut, "success")).body).toMatchObject({ paymentStatus: "SUCCESS" });
  });

  it("locks 100 seats at once, and knows no limit a user", async () => {
    const [eventId, userId] = [await newEvent(250), await newUser()];
    await lock(eventId, userId, 100);
    await lock(eventId, userId, 100);
    expect(await available(eventId)).toBe(50);
  });

  it("ignores unknown fields", async () => {
    const [eventId, userId] = [await newEvent(), await newUser()];
    const body = { eventId, userId, seats: 1, idempotencyKey: "k", _id: "mine", status: "CONSUMED", price: 1 };
    const locked = await post("/api/locks", body);
    expect(locked).toMatchObject({ status: 201, body: { data: { status: "ACTIVE" } } });
    expect(locked.body.data._id).not.toBe("mine");
  });
});

describe("refusals, word for word", () => {
  function refused(answer: Answer, status: number, message: string) {
    expect(answer.status).toBe(status);
    expect(answer.body).toEqual({ success: false, message });
    expect(answer.headers.get("X-Request-Id")).toMatch(/^req_/);
  }

  it("of users", async () => {
    const registration = { name: "John Doe", email: "taken@example.com", password: "password123" };
    await post("/api/users/register", registration);
    const again = await post("/api/users/register", { ...registration, email: "TAKEN@example.com" });
    refused(again, 400, "User with this email already exists");
    refused(await post("/api/users/register", { name: "x" }), 400, "name, email, and password are required");
    refused(await get("/api/users/697a00af215688d2a9fca5c8"), 404, "User not found");
  });

  it("of events", async () => {
    const event = { name: "Past", eventDate: "2026-01-15T10:00:00Z", totalSeats: 100, availableSeats: 100 };
    refused(await post("/api/events", event), 400, "eventDate must be in future");
    refused(await post("/api/events", { ...event, totalSeats: 0 }), 400, "totalSeats must be ≥ 1");
    refused(await get("/api/events/697a00ed215688d2a9fca5cb"), 404, "Event not found");
    refused(await get(`/api/events/evnt_${"0".repeat(26)}`), 404, "Event not found");
  });

  it("of locks, which change nothing", async () => {
    const [eventId, userId] = [await newEvent(5), await newUser()];
    const good = { eventId, userId, seats: 2, idempotencyKey: "k" };
    const range = "seats must be a whole number between 1 and 100";
    for (const seats of [0, -1, 1.5, 101, "2"]) refused(await post("/api/locks", { ...good, seats }), 400, range);
    refused(await post("/api/locks", { ...good, seats: 6 }), 400, "Not enough available seats");
    refused(await post("/api/locks", { ...good, userId: `usr_${"0".repeat(26)}` }), 404, "User not found");
    refused(await post("/api/locks", { ...good, eventId: `evnt_${"0".repeat(26)}` }), 404, "Event not found");
    refused(await post("/api/locks", { ...good, eventId: "x" }), 404, "Event not found");
    const required = "eventId, userId, seats, and idempotencyKey are required";
    refused(await post("/api/locks", { ...good, idempotencyKey: undefined }), 400, required);
    expect(await available(eventId)).toBe(5);
    await lock(eventId, userId, 4);
    refused(await post("/api/locks", good), 400, "Not enough available seats");
    expect(await available(eventId)).toBe(1);
  });

  it("of confirmations: unknown, expired and confirmed locks", async () => {
    vi.useFakeTimers({ toFake: ["Date"] });
    const [eventId, userId] = [await newEvent(), await newUser()];
    const dead = "INVALID_OR_EXPIRED_LOCK";
    refused(await post("/api/bookings/confirm", { lockId: "697a0122215688d2a9fca5d0" }), 404, dead);
    refused(await post("/api/bookings/confirm", { lockId: `lock_${"0".repeat(26)}` }), 404, dead);
    refused(await post("/api/bookings/confirm", {}), 400, "lockId is required");
    const lockId = await lock(eventId, userId);
    await confirm(lockId);
    refused(await post("/api/bookings/confirm", { lockId }), 404, dead);
    const late = await lock(eventId, userId);
    vi.setSystemTime(Date.now() + 5 * MINUTE);
    refused(await post("/api/bookings/confirm", { lockId: late }), 404, dead);
    expect(await available(eventId)).toBe(98);
  });

  it("of intents, in every state but waiting", async () => {
    vi.useFakeTimers({ toFake: ["Date"] });
    const [eventId, userId] = [await newEvent(), await newUser()];
    const id = await confirm(await lock(eventId, userId));
    refused(await pay(id, "invalid"), 400, "force must be success | failure | timeout");
    refused(await post("/api/payments/intent", { bookingId: id }), 400, "force must be success | failure | timeout");
    refused(await post("/api/payments/intent", { force: "success" }), 400, "bookingId is required");
    refused(await pay("invalid_id_12345", "success"), 404, "Booking not found");
    refused(await pay(`bkg_${"0".repeat(26)}`, "success"), 404, "Booking not found");
    expect(await counts(eventId)).toEqual({ bookings: { PAYMENT_PENDING: 1 }, locks: { ACTIVE: 1 } });
    await pay(id, "success");
    refused(await pay(id, "success"), 400, "Payment not allowed in CONFIRMED state");
    const failed = await confirm(await lock(eventId, userId));
    await pay(failed, "failure");
    refused(await pay(failed, "success"), 400, "Payment not allowed in FAILED state");
    const expired = await confirm(await lock(eventId, userId));
    vi.setSystemTime(Date.now() + 10 * MINUTE);
    refused(await pay(expired, "success"), 400, "Payment not allowed in EXPIRED state");
    expect(await available(eventId)).toBe(98);
  });

  it("of bodies that are none, and of routes that are none", async () => {
    const path = "/event-booking/api/locks";
    refused(await call("POST", path, { body: "{" }), 400, "body must be JSON in UTF-8");
    refused(await call("POST", path, { body: "[]" }), 400, "body must be a JSON object");
    refused(await call("POST", path, { body: "{}", type: "text/plain" }), 400, "Content-Type must be application/json");
    const large = JSON.stringify({ eventId: "x".repeat(70_000) });
    refused(await call("POST", path, { body: large }), 400, "Request body is too large");
    refused(await get("/api/locks"), 404, "Route not found");
    refused(await get("/api/nothing"), 404, "Route not found");
    refused(await call("DELETE", "/event-booking/health"), 404, "Route not found");
  });
});

describe("repeats", () => {
  function same(answers: readonly Answer[], status: number) {
    expect(new Set(answers.map((answer) => `${answer.status} ${JSON.stringify(answer.body)}`)).size).toBe(1);
    expect(answers[0]?.status).toBe(status);
  }
  const twenty = <T>(ask: () => Promise<T>) => Promise.all(Array.from({ length: 20 }, ask));

  it("of a lock are one lock, for the user that the body names", async () => {
    const [eventId, userId, other] = [await newEvent(), await newUser(), await newUser()];
    const body = { eventId, userId, seats: 2, idempotencyKey: "lock 001" };
    same(await twenty(() => post("/api/locks", body)), 201);
    expect(await available(eventId)).toBe(98);
    const reused = await post("/api/locks", { ...body, seats: 3 });
    expect(reused).toMatchObject({
      status: 400,
      body: { success: false, message: "idempotencyKey was already used for another request" },
    });
    expect((await post("/api/locks", { ...body, userId: other })).status).toBe(201);
    expect(await available(eventId)).toBe(96);
    const differing = await post("/api/locks", body, "lock-002");
    expect(differing.body.message).toBe("idempotencyKey must equal the Idempotency-Key header");
    const endless = await post("/api/locks", { ...body, idempotencyKey: "k".repeat(256) });
    expect(endless.body.message).toBe("idempotencyKey must be at most 255 characters long");
    expect(await available(eventId)).toBe(96);
  });

  it("of a confirmation are one booking, with a key or without", async () => {
    const [eventId, userId] = [await newEvent(), await newUser()];
    const keyed = await lock(eventId, userId);
    same(await twenty(() => post("/api/bookings/confirm", { lockId: keyed }, "c-1")), 201);
    const plain = await lock(eventId, userId);
    const answers = await twenty(() => post("/api/bookings/confirm", { lockId: plain }));
    expect(answers.map(({ status }) => status).sort()).toEqual([201, ...Array(19).fill(404)]);
  });

  it("of an intent are one attempt", async () => {
    const [eventId, userId] = [await newEvent(), await newUser()];
    const bookingId = await confirm(await lock(eventId, userId));
    same(await twenty(() => post("/api/payments/intent", { bookingId, force: "success" }, "p-1")), 200);
    const other = await post("/api/payments/intent", { bookingId, force: "failure" }, "p-1");
    expect(other).toMatchObject({ status: 400, body: { success: false } });
    expect(await counts(eventId)).toMatchObject({ bookings: { CONFIRMED: 1 } });
  });

  it("of a registration and of an event are one each", async () => {
    const registration = { name: "Kim", email: "kim@example.com", password: "password123" };
    const answers = await Promise.all([1, 2, 3].map(() => post("/api/users/register", registration, "r-1")));
    same(answers, 201);
    const eventDate = new Date(Date.now() + DAY).toISOString();
    const event = { name: "Once", eventDate, totalSeats: 10, availableSeats: 10 };
    same(await twenty(() => post("/api/events", event, "e-1")), 201);
  });
});

describe("a fault", () => {
  it("is answered in the dialect, and says nothing but that", async () => {
    const context = createExecutionContext();
    const broken = {
      prepare() {
        throw new Error("the secret of the database");
      },
    } as unknown as D1Database;
    const request = new Request(`http://localhost:3000/event-booking/api/users/usr_${"0".repeat(26)}`);
    const response = await worker.fetch(request, { ...env, DB: broken }, context);
    expect(response.status).toBe(500);
    expect(await response.json()).toEqual({ success: false, message: "Internal server error" });
    expect(response.headers.get("X-Request-Id")).toMatch(/^req_/);
    await waitOnExecutionContext(context);
  });
});

describe("where it is off", () => {
  it("is not found, whatever the path and method", async () => {
    const context = createExecutionContext();
    const requests = [
      ["GET", "/health"],
      ["GET", "/api/locks"],
      ["POST", "/api/locks"],
    ] as const;
    for (const [method, path] of requests) {
      const request = new Request(`http://localhost:3000/event-booking${path}`, { method });
      const response = await worker.fetch(request, { ...env, EVENT_BOOKING_API: "off" }, context);
      expect(response.status).toBe(404);
      expect(await response.json()).toMatchObject({ error: { code: "NOT_FOUND" } });
    }
    await waitOnExecutionContext(context);
  });
});
