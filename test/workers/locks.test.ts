// Locks over HTTP: every route happy, refused and forbidden; bad input changes nothing; repeats have one effect.

import { afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import { MINUTE } from "../../src/domain/time";
import { type Caller, call, HOLD_TTL_MS, newCaller, newEvent, passTime, seatsOf } from "./sale-client";

let alice: Caller;
let bob: Caller;
let admin: Caller;

beforeAll(async () => {
  [alice, bob, admin] = await Promise.all([newCaller(), newCaller(), newCaller("ADMIN")]);
});

afterEach(() => {
  vi.useRealTimers();
});

async function lock(as: Caller, body: unknown, key?: string) {
  return await call("POST", "/api/locks", { as, body, key });
}

describe("POST /api/locks", () => {
  it("holds the seats that are named, and says until when", async () => {
    const event = await newEvent();
    const beforeMs = Date.now();
    const body = { eventId: event.id, seatIds: ["seat_A1", "seat_B3"], idempotencyKey: "lock-001" };
    const held = await lock(alice, body);
    expect(held.status).toBe(201);
    expect(held.body).toEqual({
      id: expect.stringMatching(/^lock_[0-9A-Z]{26}$/),
      eventId: event.id,
      userId: alice.id,
      seatIds: ["seat_A1", "seat_B3"],
      seats: 2,
      status: "ACTIVE",
      expiresAt: expect.any(String),
      idempotencyKey: "lock-001",
      bookingId: null,
      createdAt: expect.any(String),
      updatedAt: held.body.createdAt,
    });
    expect(Date.parse(held.body.expiresAt)).toBeGreaterThanOrEqual(beforeMs + HOLD_TTL_MS);
    expect(held.headers.get("Location")).toBe(`/api/locks/${held.body.id}`);
    const seats = await seatsOf(event);
    expect(seats.of).toMatchObject({ seat_A1: "LOCKED", seat_B3: "LOCKED", seat_A2: "AVAILABLE" });
    expect(seats.summary).toEqual({ total: 20, available: 18, locked: 2, reserved: 0 });
  });

  it("chooses seats of a tier when asked for a number", async () => {
    const event = await newEvent();
    const held = await lock(alice, { eventId: event.id, seats: 3, tier: "GENERAL" });
    expect(held.status).toBe(201);
    expect(held.body.seatIds).toHaveLength(3);
    expect(held.body.idempotencyKey).toBeNull();
    for (const seatId of held.body.seatIds) expect(seatId).toMatch(/^seat_B\d+$/);
  });

  it("gives all or nothing", async () => {
    const event = await newEvent();
    await lock(bob, { eventId: event.id, seatIds: ["seat_A2"] });
    const refused = await lock(alice, { eventId: event.id, seatIds: ["seat_A1", "seat_A2", "seat_A3"] });
    expect(refused).toMatchObject({
      status: 409,
      body: { error: { code: "SEATS_UNAVAILABLE", seatIds: ["seat_A2"] } },
    });
    expect((await seatsOf(event)).of).toMatchObject({ seat_A1: "AVAILABLE", seat_A3: "AVAILABLE" });
  });

  it("refuses more than is left, and says how many are", async () => {
    const event = await newEvent({ tiers: [{ tier: "GENERAL", priceMinor: 100, capacity: 3 }] });
    const refused = await lock(alice, { eventId: event.id, seats: 4 });
    expect(refused).toMatchObject({ status: 409, body: { error: { code: "SEATS_UNAVAILABLE", available: 3 } } });
    expect((await seatsOf(event)).summary.available).toBe(3);
  });

  it("refuses an eleventh unpaid seat of one event", async () => {
    const event = await newEvent();
    expect((await lock(alice, { eventId: event.id, seats: 10 })).status).toBe(201);
    const refused = await lock(alice, { eventId: event.id, seats: 1 });
    expect(refused).toMatchObject({ status: 422, body: { error: { code: "HOLD_LIMIT", maxSeats: 10 } } });
    expect((await lock(bob, { eventId: event.id, seats: 10 })).status).toBe(201);
  });

  it("sells nothing after the start", async () => {
    vi.useFakeTimers({ toFake: ["Date"] });
    const event = await newEvent({ startsInMs: MINUTE });
    vi.setSystemTime(Date.now() + MINUTE);
    const refused = await lock(alice, { eventId: event.id, seats: 1 });
    expect(refused).toMatchObject({ status: 422, body: { error: { code: "SALES_CLOSED" } } });
  });

  it("refuses who is not signed in", async () => {
    const event = await newEvent();
    const refused = await call("POST", "/api/locks", { body: { eventId: event.id, seats: 1 } });
    expect(refused).toMatchObject({ status: 401, body: { error: { code: "UNAUTHENTICATED" } } });
  });

  const problem = (field: string) => ({ code: "VALIDATION_ERROR", field });
  const count = { code: "INVALID_SEAT_COUNT" };
  it.each([
    ["no event", { eventId: undefined, seats: 1 }, 400, problem("eventId")],
    ["neither seats nor seatIds", {}, 400, problem("seatIds")],
    ["both", { seats: 1, seatIds: ["seat_A1"] }, 400, problem("seats")],
    ["a tier beside seatIds", { tier: "VIP", seatIds: ["seat_A1"] }, 400, problem("tier")],
    ["a tier that is none", { tier: "GOLD", seats: 1 }, 400, problem("tier")],
    ["a tier that the event has not", { tier: "STANDING", seats: 1 }, 400, problem("tier")],
    ["no seats", { seats: 0 }, 400, count],
    ["fewer", { seats: -1 }, 400, count],
    ["part of a seat", { seats: 1.5 }, 400, problem("seats")],
    ["a number that is text", { seats: "2" }, 400, problem("seats")],
    ["more than 10", { seats: 11 }, 400, count],
    ["an empty list", { seatIds: [] }, 400, count],
    ["a list of 11", { seatIds: Array.from({ length: 11 }, (_, i) => `seat_A${i + 1}`) }, 400, count],
    ["a seat twice", { seatIds: ["seat_A1", "seat_A1"] }, 400, problem("seatIds")],
    ["a seat the hall has not", { seatIds: ["seat_A1", "seat_Z9"] }, 400, problem("seatIds")],
    ["a price", { seats: 1, price: 1 }, 400, problem("price")],
    ["a user", { seats: 1, userId: "usr_X" }, 400, problem("userId")],
    ["a key that is none", { seats: 1, idempotencyKey: "" }, 400, problem("idempotencyKey")],
    ["a malformed event", { eventId: "evnt_1", seats: 1 }, 404, { code: "EVENT_NOT_FOUND" }],
    [
      "an event of another kind",
      { eventId: "usr_01HX9ABC4560000000000000AB", seats: 1 },
      404,
      { code: "EVENT_NOT_FOUND" },
    ],
    ["an unknown event", { eventId: `evnt_${"0".repeat(26)}`, seats: 1 }, 404, { code: "EVENT_NOT_FOUND" }],
  ])("refuses %s and changes nothing", async (_, body, status, error) => {
    const event = await newEvent();
    const refused = await lock(alice, { eventId: event.id, ...body });
    expect(refused).toMatchObject({ status, body: { error } });
    expect((await seatsOf(event)).summary).toEqual({ total: 20, available: 20, locked: 0, reserved: 0 });
  });

  it("does not take an id that only has the event's code for the event", async () => {
    const event = await newEvent();
    const forged = `evnt_${"0".repeat(18)}${event.code}`;
    const refused = await lock(alice, { eventId: forged, seats: 1 });
    expect(refused).toMatchObject({ status: 404, body: { error: { code: "EVENT_NOT_FOUND" } } });
    expect((await seatsOf(event)).summary.locked).toBe(0);
  });

  it("gives 20 parallel repeats one lock and one answer", async () => {
    const event = await newEvent();
    const body = { eventId: event.id, seats: 2 };
    const answers = await Promise.all(Array.from({ length: 20 }, () => lock(alice, body, "one-lock")));
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([201]));
    expect(new Set(answers.map((answer) => JSON.stringify(answer.body))).size).toBe(1);
    expect((await seatsOf(event)).summary.locked).toBe(2);
    expect(answers[0]?.body.idempotencyKey).toBe("one-lock");
  });

  it("takes a key in the body for the one in the header, and neither for another body", async () => {
    const event = await newEvent();
    const first = await lock(alice, { eventId: event.id, seats: 2, idempotencyKey: "k" });
    const again = await lock(alice, { eventId: event.id, seats: 2 }, "k");
    expect(again.body.id).toBe(first.body.id);
    const other = await lock(alice, { eventId: event.id, seats: 3 }, "k");
    expect(other).toMatchObject({ status: 422, body: { error: { code: "IDEMPOTENCY_KEY_REUSED" } } });
    const differing = await lock(alice, { eventId: event.id, seats: 2, idempotencyKey: "k" }, "l");
    expect(differing).toMatchObject({ status: 400, body: { error: { code: "VALIDATION_ERROR" } } });
    expect((await lock(bob, { eventId: event.id, seats: 3 }, "k")).status).toBe(201);
  });

  it("sells the last seat once, however many ask at once", async () => {
    const event = await newEvent({ tiers: [{ tier: "GENERAL", priceMinor: 100, capacity: 1 }] });
    const answers = await Promise.all([alice, bob, admin].map((who) => lock(who, { eventId: event.id, seats: 1 })));
    expect(answers.map(({ status }) => status).sort()).toEqual([201, 409, 409]);
  });
});

describe("GET /api/locks/:id", () => {
  it("shows a lock to its owner and to an admin, to nobody else", async () => {
    const event = await newEvent();
    const held = await lock(alice, { eventId: event.id, seats: 1 });
    const path = `/api/locks/${held.body.id}`;
    expect(await call("GET", path, { as: alice })).toMatchObject({ status: 200, body: held.body });
    expect(await call("GET", path, { as: admin })).toMatchObject({ status: 200, body: held.body });
    expect(await call("GET", path, { as: bob })).toMatchObject({ status: 403, body: { error: { code: "FORBIDDEN" } } });
    expect((await call("GET", path)).status).toBe(401);
  });

  it("does not find what is not there", async () => {
    const event = await newEvent();
    for (const id of ["x", `lock_${"0".repeat(26)}`, `lock_0000000000${event.code}00000000`]) {
      const answer = await call("GET", `/api/locks/${id}`, { as: alice });
      expect(answer).toMatchObject({ status: 404, body: { error: { code: "LOCK_NOT_FOUND" } } });
    }
  });

  it("calls a lock over at its end, though no timer rang", async () => {
    vi.useFakeTimers({ toFake: ["Date"] });
    const event = await newEvent();
    const held = await lock(alice, { eventId: event.id, seats: 1 });
    vi.setSystemTime(Date.parse(held.body.expiresAt) - 1);
    expect((await call("GET", `/api/locks/${held.body.id}`, { as: alice })).body.status).toBe("ACTIVE");
    vi.setSystemTime(Date.parse(held.body.expiresAt));
    expect((await call("GET", `/api/locks/${held.body.id}`, { as: alice })).body.status).toBe("EXPIRED");
    expect((await seatsOf(event)).summary.available).toBe(20);
  });
});

describe("DELETE /api/locks/:id", () => {
  it("gives the seats back at once, and again changes nothing", async () => {
    const event = await newEvent();
    const held = await lock(alice, { eventId: event.id, seats: 2 });
    const path = `/api/locks/${held.body.id}`;
    expect(await call("DELETE", path, { as: alice })).toMatchObject({ status: 200, body: { status: "EXPIRED" } });
    expect((await seatsOf(event)).summary.available).toBe(20);
    expect(await call("DELETE", path, { as: alice })).toMatchObject({ status: 200, body: { status: "EXPIRED" } });
  });

  it("is refused to everybody else, and finds nothing that is not there", async () => {
    const event = await newEvent();
    const held = await lock(alice, { eventId: event.id, seats: 2 });
    expect((await call("DELETE", `/api/locks/${held.body.id}`, { as: bob })).status).toBe(403);
    expect((await call("DELETE", `/api/locks/${held.body.id}`)).status).toBe(401);
    expect((await call("DELETE", "/api/locks/lock_nothing", { as: alice })).status).toBe(404);
    expect((await seatsOf(event)).summary.locked).toBe(2);
  });

  it("ends the booking that waits for its payment", async () => {
    const event = await newEvent();
    const held = await lock(alice, { eventId: event.id, seats: 2 });
    const booked = await call("POST", "/api/bookings/confirm", { as: alice, body: { lockId: held.body.id } });
    expect((await call("DELETE", `/api/locks/${held.body.id}`, { as: alice })).body.status).toBe("EXPIRED");
    const booking = await call("GET", `/api/bookings/${booked.body.id}`, { as: alice });
    expect(booking.body.status).toBe("EXPIRED");
    expect((await seatsOf(event)).summary.available).toBe(20);
  });

  it("is refused while a payment is under way", async () => {
    const event = await newEvent();
    const held = await lock(alice, { eventId: event.id, seats: 2 });
    const booked = await call("POST", "/api/bookings/confirm", { as: alice, body: { lockId: held.body.id } });
    await call("POST", "/api/payments/intent", { as: alice, body: { bookingId: booked.body.id, force: "timeout" } });
    const refused = await call("DELETE", `/api/locks/${held.body.id}`, { as: alice });
    expect(refused).toMatchObject({ status: 409, body: { error: { code: "PAYMENT_IN_PROGRESS" } } });
    expect((await seatsOf(event)).summary.locked).toBe(2);
  });
});

describe("POST /api/locks/:id/renew", () => {
  it("moves the end on, to 15 minutes at most", async () => {
    vi.useFakeTimers({ toFake: ["Date"] });
    const event = await newEvent();
    const held = await lock(alice, { eventId: event.id, seats: 1 });
    const path = `/api/locks/${held.body.id}/renew`;
    const startMs = Date.parse(held.body.createdAt);
    for (const minutes of [4, 8, 12]) {
      vi.setSystemTime(startMs + minutes * MINUTE);
      const renewed = await call("POST", path, { as: alice });
      const expiresAt = new Date(startMs + Math.min(minutes + 5, 15) * MINUTE).toISOString();
      expect(renewed).toMatchObject({ status: 200, body: { status: "ACTIVE", expiresAt } });
    }
    vi.setSystemTime(startMs + 14 * MINUTE);
    const refused = await call("POST", path, { as: alice });
    expect(refused).toMatchObject({ status: 422, body: { error: { code: "HOLD_EXPIRED" } } });
    await passTime(event, MINUTE);
    expect((await seatsOf(event)).summary.available).toBe(20);
  });

  it("is refused to others, for a dead lock, and for none", async () => {
    const event = await newEvent();
    const held = await lock(alice, { eventId: event.id, seats: 1 });
    const path = `/api/locks/${held.body.id}/renew`;
    expect((await call("POST", path, { as: bob })).status).toBe(403);
    await call("DELETE", `/api/locks/${held.body.id}`, { as: alice });
    expect(await call("POST", path, { as: alice })).toMatchObject({
      status: 422,
      body: { error: { code: "HOLD_EXPIRED" } },
    });
    expect((await call("POST", "/api/locks/none/renew", { as: alice })).status).toBe(404);
  });

  it("gives 20 parallel repeats one answer", async () => {
    const event = await newEvent();
    const held = await lock(alice, { eventId: event.id, seats: 1 });
    const path = `/api/locks/${held.body.id}/renew`;
    const answers = await Promise.all(
      Array.from({ length: 20 }, () => call("POST", path, { as: alice, key: "renew-1" })),
    );
    expect(new Set(answers.map(({ status, body }) => `${status} ${JSON.stringify(body)}`)).size).toBe(1);
    expect(answers[0]?.status).toBe(200);
  });
});
