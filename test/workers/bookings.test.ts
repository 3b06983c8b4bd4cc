// Bookings over HTTP, from acceptance to cancellation, through the real queue and the simulator.

import { afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import { DAY, HOUR, MINUTE } from "../../src/domain/time";
import {
  type Caller,
  call,
  type EventOnSale,
  newCaller,
  newConfirmed,
  newEvent,
  PAYMENT_WINDOW_MS,
  passTime,
  seatsOf,
  untilBooking,
  withCard,
} from "./sale-client";

let alice: Caller;
let bob: Caller;
let admin: Caller;

beforeAll(async () => {
  [alice, bob, admin] = await Promise.all([newCaller(), newCaller(), newCaller("ADMIN")]);
});

afterEach(() => {
  vi.useRealTimers();
});

async function book(as: Caller, body: unknown, key?: string) {
  return await call("POST", "/api/bookings", { as, body, key });
}

async function lockOf(as: Caller, event: EventOnSale, seats = 2): Promise<string> {
  const held = await call("POST", "/api/locks", { as, body: { eventId: event.id, seats } });
  expect(held.status).toBe(201);
  return held.body.id;
}

async function confirm(as: Caller, lockId: unknown, key?: string) {
  return await call("POST", "/api/bookings/confirm", { as, body: { lockId }, key });
}

const FREE = [{ tier: "GENERAL", priceMinor: 0, capacity: 10 }] as const;

describe("POST /api/bookings", () => {
  it("accepts at once and confirms by itself", async () => {
    const event = await newEvent();
    const body = { eventId: event.id, seatIds: ["seat_A1", "seat_B1"], ...withCard("pm_card_visa") };
    const accepted = await book(alice, body);
    const { bookingId } = accepted.body;
    expect(accepted).toMatchObject({ status: 202 });
    expect(accepted.body).toEqual({
      bookingId: expect.stringMatching(/^bkg_[0-9A-Z]{26}$/),
      status: "PENDING",
      message: `Booking is being processed. Poll GET /api/bookings/${bookingId} for status.`,
    });
    const booking = await untilBooking(alice, bookingId, "CONFIRMED");
    expect(booking).toEqual({
      id: bookingId,
      eventId: event.id,
      eventName: "Coldplay: Music of the Spheres",
      eventDate: expect.stringMatching(/Z$/),
      seatIds: ["seat_A1", "seat_B1"],
      status: "CONFIRMED",
      totalAmount: 32_500,
      currency: "GBP",
      createdAt: expect.any(String),
      confirmedAt: expect.any(String),
      userId: alice.id,
      venueName: expect.any(String),
      paymentId: expect.stringMatching(/^pay_/),
      lockId: expect.stringMatching(/^lock_/),
      paymentExpiresAt: expect.any(String),
      failureReason: null,
      failureDetail: null,
      cancelledSeatIds: [],
      cancelledAt: null,
    });
    const seats = await seatsOf(event);
    expect(seats.of).toMatchObject({ seat_A1: "RESERVED", seat_B1: "RESERVED" });
  });

  it("fails a booking whose seats are taken, and charges nothing", async () => {
    const event = await newEvent();
    await call("POST", "/api/locks", { as: bob, body: { eventId: event.id, seatIds: ["seat_A2"] } });
    const body = { eventId: event.id, seatIds: ["seat_A1", "seat_A2"], ...withCard("pm_card_visa") };
    const accepted = await book(alice, body);
    expect(accepted).toMatchObject({ status: 202, body: { status: "PENDING" } });
    const booking = await untilBooking(alice, accepted.body.bookingId, "FAILED");
    expect(booking).toMatchObject({ failureReason: "SEATS_UNAVAILABLE", paymentId: null, confirmedAt: null });
    expect(booking.failureDetail).toContain("seat_A2");
    expect((await seatsOf(event)).of["seat_A1"]).toBe("AVAILABLE");
  });

  it("fails a booking whose card is declined, and gives the seats back", async () => {
    const event = await newEvent();
    const body = { eventId: event.id, seatIds: ["seat_A1"], ...withCard("pm_card_chargeDeclined") };
    const accepted = await book(alice, body);
    const booking = await untilBooking(alice, accepted.body.bookingId, "FAILED");
    expect(booking.failureReason).toBe("PAYMENT_FAILED");
    expect((await seatsOf(event)).summary.available).toBe(20);
  });

  it("waits for a payment when none is given", async () => {
    const event = await newEvent();
    const accepted = await book(alice, { eventId: event.id, seatIds: ["seat_A1"] });
    expect(accepted).toMatchObject({ status: 202, body: { status: "PAYMENT_PENDING" } });
    const booking = await untilBooking(alice, accepted.body.bookingId, "PAYMENT_PENDING");
    expect(Date.parse(booking.paymentExpiresAt) - Date.parse(booking.createdAt)).toBe(PAYMENT_WINDOW_MS);
  });

  it("confirms what is free, though the answer still says PENDING", async () => {
    const event = await newEvent({ tiers: FREE });
    const accepted = await book(alice, { eventId: event.id, seatIds: ["seat_A1"] });
    expect(accepted).toMatchObject({ status: 202, body: { status: "PENDING" } });
    const booking = await call("GET", `/api/bookings/${accepted.body.bookingId}`, { as: alice });
    expect(booking.body).toMatchObject({ status: "CONFIRMED", totalAmount: 0, paymentId: null });
  });

  it("takes a lock in place of seats, with its event or without", async () => {
    const event = await newEvent();
    const first = await book(alice, { lockId: await lockOf(alice, event), ...withCard("pm_card_visa") });
    const second = await book(bob, { eventId: event.id, lockId: await lockOf(bob, event), ...withCard("tok_visa") });
    expect([first.status, second.status]).toEqual([202, 202]);
    await untilBooking(alice, first.body.bookingId, "CONFIRMED");
    await untilBooking(bob, second.body.bookingId, "CONFIRMED");
    expect((await seatsOf(event)).summary.reserved).toBe(4);
  });

  it("refuses a lock of somebody else, a dead one, and one that is a booking already", async () => {
    const [event, other] = await Promise.all([newEvent(), newEvent()]);
    const lockId = await lockOf(alice, event);
    expect(await book(bob, { lockId })).toMatchObject({ status: 403, body: { error: { code: "FORBIDDEN" } } });
    const elsewhere = await book(alice, { lockId, eventId: other.id });
    expect(elsewhere).toMatchObject({ status: 400, body: { error: { code: "VALIDATION_ERROR", field: "eventId" } } });
    const booked = await book(alice, { lockId });
    const again = await book(alice, { lockId });
    const { bookingId } = booked.body;
    expect(again).toMatchObject({ status: 409, body: { error: { code: "LOCK_ALREADY_CONFIRMED", bookingId } } });
    const dead = await lockOf(bob, event);
    await call("DELETE", `/api/locks/${dead}`, { as: bob });
    expect(await book(bob, { lockId: dead })).toMatchObject({ status: 422, body: { error: { code: "HOLD_EXPIRED" } } });
    const none = await book(bob, { lockId: `lock_0000000000${event.code}00000000` });
    expect(none).toMatchObject({ status: 404, body: { error: { code: "LOCK_NOT_FOUND" } } });
  });

  it("refuses more unpaid seats than a user may hold", async () => {
    const event = await newEvent();
    await lockOf(alice, event, 9);
    const body = { eventId: event.id, seatIds: ["seat_B9", "seat_B10"] };
    expect(await book(alice, body)).toMatchObject({ status: 422, body: { error: { code: "HOLD_LIMIT" } } });
  });

  const seats = ["seat_A1"];
  const eleven = Array.from({ length: 11 }, (_, i) => `seat_A${i + 1}`);
  const problem = (field: string) => ({ code: "VALIDATION_ERROR", field });
  it.each([
    ["neither seats nor a lock", {}, 400, problem("seatIds")],
    ["both", { seatIds: seats, lockId: "lock_1" }, 400, problem("lockId")],
    ["no seats", { seatIds: [] }, 400, { code: "INVALID_SEAT_COUNT" }],
    ["11 seats", { seatIds: eleven }, 400, { code: "INVALID_SEAT_COUNT" }],
    ["a seat twice", { seatIds: ["seat_A1", "seat_A1"] }, 400, problem("seatIds")],
    ["a seat the hall has not", { seatIds: ["seat_Q1"] }, 400, problem("seatIds")],
    ["seats that are no list", { seatIds: "seat_A1" }, 400, problem("seatIds")],
    ["a price", { seatIds: seats, totalAmount: 1 }, 400, problem("totalAmount")],
    ["an outcome to force", { seatIds: seats, force: "success" }, 400, problem("force")],
    [
      "another way to pay",
      { seatIds: seats, paymentMethod: { type: "cash", token: "x" } },
      400,
      problem("paymentMethod.type"),
    ],
    ["no token", { seatIds: seats, paymentMethod: { type: "card" } }, 400, problem("paymentMethod.token")],
    ["an empty token", { seatIds: seats, ...withCard("") }, 400, problem("paymentMethod.token")],
    ["a malformed event", { eventId: "nope", seatIds: seats }, 404, { code: "EVENT_NOT_FOUND" }],
    ["an unknown event", { eventId: `evnt_${"0".repeat(26)}`, seatIds: seats }, 404, { code: "EVENT_NOT_FOUND" }],
    ["a malformed lock", { lockId: "nope" }, 404, { code: "LOCK_NOT_FOUND" }],
  ])("refuses %s and changes nothing", async (_, body, status, error) => {
    const event = await newEvent();
    const eventId = "lockId" in body && !("seatIds" in body) ? undefined : event.id;
    expect(await book(alice, { eventId, ...body })).toMatchObject({ status, body: { error } });
    expect((await seatsOf(event)).summary).toEqual({ total: 20, available: 20, locked: 0, reserved: 0 });
  });

  it("asks for both when the body is empty, and for a token first of all", async () => {
    const refused = await book(alice, {});
    expect(refused.body.error.fields.map((problem: { field: string }) => problem.field)).toEqual([
      "eventId",
      "seatIds",
    ]);
    expect((await call("POST", "/api/bookings", { body: {} })).status).toBe(401);
  });

  it("gives 20 parallel repeats one booking and one answer", async () => {
    const event = await newEvent();
    const body = { eventId: event.id, seatIds: ["seat_A1"], ...withCard("pm_card_visa") };
    const answers = await Promise.all(Array.from({ length: 20 }, () => book(alice, body, "one")));
    expect(new Set(answers.map(({ status, body }) => `${status} ${JSON.stringify(body)}`)).size).toBe(1);
    expect(answers[0]?.status).toBe(202);
    await untilBooking(alice, answers[0]?.body.bookingId, "CONFIRMED");
    const later = await book(alice, body, "one");
    expect(later.body).toEqual(answers[0]?.body);
    expect((await seatsOf(event)).summary.reserved).toBe(1);
    const other = await book(alice, { ...body, seatIds: ["seat_A2"] }, "one");
    expect(other).toMatchObject({ status: 422, body: { error: { code: "IDEMPOTENCY_KEY_REUSED" } } });
  });

  it("accepts 30 a minute of one user and event", async () => {
    const event = await newEvent();
    const caller = await newCaller();
    await call("POST", "/api/locks", { as: bob, body: { eventId: event.id, seatIds: ["seat_A1"] } });
    const body = { eventId: event.id, seatIds: ["seat_A1"], ...withCard("pm_card_visa") };
    const answers = await Promise.all(Array.from({ length: 31 }, () => book(caller, body)));
    expect(answers.filter(({ status }) => status === 202)).toHaveLength(30);
    const refused = answers.find(({ status }) => status === 429);
    expect(refused?.body.error.code).toBe("RATE_LIMITED");
    expect(Number(refused?.headers.get("Retry-After"))).toBeGreaterThan(0);
  });
});

describe("POST /api/bookings/confirm", () => {
  it("makes a booking that waits for its payment", async () => {
    const event = await newEvent();
    const lockId = await lockOf(alice, event);
    const confirmed = await confirm(alice, lockId);
    expect(confirmed).toMatchObject({ status: 201, body: { status: "PAYMENT_PENDING", lockId, userId: alice.id } });
    const lock = await call("GET", `/api/locks/${lockId}`, { as: alice });
    expect(lock.body).toMatchObject({
      status: "ACTIVE",
      bookingId: confirmed.body.id,
      expiresAt: confirmed.body.paymentExpiresAt,
    });
    const listed = await call("GET", "/api/bookings/my?status=PAYMENT_PENDING", { as: alice });
    expect(listed.body.data.map((item: { id: string }) => item.id)).toContain(confirmed.body.id);
  });

  it("waits though nothing is to be paid", async () => {
    const event = await newEvent({ tiers: FREE });
    const confirmed = await confirm(alice, await lockOf(alice, event));
    expect(confirmed).toMatchObject({ status: 201, body: { status: "PAYMENT_PENDING", totalAmount: 0 } });
  });

  it("refuses unknown, foreign, expired and confirmed locks, and changes nothing", async () => {
    vi.useFakeTimers({ toFake: ["Date"] });
    const event = await newEvent();
    const lockId = await lockOf(alice, event);
    for (const id of ["nope", `lock_${"0".repeat(26)}`]) {
      expect(await confirm(alice, id)).toMatchObject({ status: 404, body: { error: { code: "LOCK_NOT_FOUND" } } });
    }
    expect(await confirm(bob, lockId)).toMatchObject({ status: 403, body: { error: { code: "FORBIDDEN" } } });
    expect(await confirm(alice, 5)).toMatchObject({ status: 400, body: { error: { field: "lockId" } } });
    expect((await call("POST", "/api/bookings/confirm", { body: { lockId } })).status).toBe(401);
    const first = await confirm(alice, lockId);
    const again = await confirm(alice, lockId);
    expect(again).toMatchObject({
      status: 409,
      body: { error: { code: "LOCK_ALREADY_CONFIRMED", bookingId: first.body.id } },
    });
    const late = await lockOf(bob, event);
    vi.setSystemTime(Date.now() + 5 * MINUTE);
    expect(await confirm(bob, late)).toMatchObject({ status: 422, body: { error: { code: "HOLD_EXPIRED" } } });
    expect((await seatsOf(event)).summary).toMatchObject({ locked: 2, available: 18 });
  });

  it("gives 20 parallel repeats one booking and one answer", async () => {
    const event = await newEvent();
    const lockId = await lockOf(alice, event);
    const answers = await Promise.all(Array.from({ length: 20 }, () => confirm(alice, lockId, "confirm-1")));
    expect(new Set(answers.map(({ status, body }) => `${status} ${JSON.stringify(body)}`)).size).toBe(1);
    expect(answers[0]?.status).toBe(201);
  });

  it("confirms once without a key too", async () => {
    const event = await newEvent();
    const lockId = await lockOf(alice, event);
    const answers = await Promise.all(Array.from({ length: 20 }, () => confirm(alice, lockId)));
    expect(answers.map(({ status }) => status).sort()).toEqual([201, ...Array(19).fill(409)]);
  });
});

describe("reading bookings", () => {
  it("shows a booking to its owner and to an admin, to nobody else", async () => {
    const event = await newEvent();
    const { body } = await confirm(alice, await lockOf(alice, event));
    const path = `/api/bookings/${body.id}`;
    expect(await call("GET", path, { as: alice })).toMatchObject({ status: 200, body });
    expect(await call("GET", path, { as: admin })).toMatchObject({ status: 200, body });
    expect(await call("GET", path, { as: bob })).toMatchObject({ status: 403, body: { error: { code: "FORBIDDEN" } } });
    expect((await call("GET", path)).status).toBe(401);
  });

  it("does not find what is not there", async () => {
    const event = await newEvent();
    for (const id of ["x", `bkg_${"0".repeat(26)}`, `bkg_0000000000${event.code}00000000`]) {
      const answer = await call("GET", `/api/bookings/${id}`, { as: alice });
      expect(answer).toMatchObject({ status: 404, body: { error: { code: "BOOKING_NOT_FOUND" } } });
    }
  });

  it("finds a booking that D1 has not heard of yet", async () => {
    const event = await newEvent();
    const { body } = await book(alice, { eventId: event.id, seatIds: ["seat_A1"] });
    expect(await call("GET", `/api/bookings/${body.bookingId}`, { as: alice })).toMatchObject({ status: 200 });
  });

  it("calls a booking over at its deadline, though no timer rang", async () => {
    vi.useFakeTimers({ toFake: ["Date"] });
    const event = await newEvent();
    const { body } = await confirm(alice, await lockOf(alice, event));
    vi.setSystemTime(Date.parse(body.paymentExpiresAt));
    const path = `/api/bookings/${body.id}`;
    expect((await call("GET", path, { as: alice })).body.status).toBe("EXPIRED");
    const mine = await call("GET", "/api/bookings/my", { as: alice });
    expect(mine.body.data.find((item: { id: string }) => item.id === body.id).status).toBe("EXPIRED");
    expect((await seatsOf(event)).summary.available).toBe(20);
  });

  it("lists one's own, newest first, by page and status", async () => {
    const caller = await newCaller();
    const event = await newEvent();
    const ids: string[] = [];
    for (const seatId of ["seat_A1", "seat_A2", "seat_A3"]) ids.push(await newConfirmed(caller, event, [seatId]));
    const all = await call("GET", "/api/bookings/my", { as: caller });
    expect(all.body.data.map((item: { id: string }) => item.id)).toEqual(ids.toReversed());
    expect(all.body.pagination).toEqual({ page: 1, perPage: 20, total: 3, totalPages: 1 });
    expect(Object.keys(all.body.data[0]).sort()).toEqual(
      "confirmedAt createdAt currency eventDate eventId eventName id seatIds status totalAmount".split(" "),
    );
    const second = await call("GET", "/api/bookings/my?page=2&perPage=2", { as: caller });
    expect(second.body.data.map((item: { id: string }) => item.id)).toEqual([ids[0]]);
    const failed = await call("GET", "/api/bookings/my?status=FAILED", { as: caller });
    expect(failed.body).toEqual({ data: [], pagination: { page: 1, perPage: 20, total: 0, totalPages: 0 } });
  });

  it.each(["status=NONE", "page=0", "page=x", "perPage=101", "sort=asc"])("refuses ?%s", async (query) => {
    const refused = await call("GET", `/api/bookings/my?${query}`, { as: alice });
    expect(refused).toMatchObject({ status: 400, body: { error: { code: "VALIDATION_ERROR" } } });
    expect((await call("GET", "/api/bookings/my")).status).toBe(401);
  });
});

describe("POST /api/bookings/:id/cancel", () => {
  async function cancel(as: Caller, id: string, body: unknown = {}, key?: string) {
    return await call("POST", `/api/bookings/${id}/cancel`, { as, body, key });
  }

  it("gives everything back", async () => {
    const event = await newEvent();
    const id = await newConfirmed(alice, event, ["seat_A1", "seat_B1"]);
    const cancelled = await cancel(alice, id);
    expect(cancelled.status).toBe(200);
    expect(cancelled.body).toEqual({
      bookingId: id,
      status: "CANCELLED",
      refundAmount: 32_500,
      currency: "GBP",
      cancelledAt: expect.stringMatching(/Z$/),
    });
    expect((await seatsOf(event)).summary.available).toBe(20);
    expect((await call("GET", `/api/bookings/${id}`, { as: alice })).body.status).toBe("CANCELLED");
    await vi.waitFor(async () => {
      const payment = await call("GET", `/api/payments/booking/${id}`, { as: alice });
      expect(payment.body.status).toBe("REFUNDED");
    });
  });

  it("gives some seats back, and leaves the rest confirmed", async () => {
    const event = await newEvent();
    const id = await newConfirmed(alice, event, ["seat_A1", "seat_B1", "seat_B2"]);
    const cancelled = await cancel(alice, id, { seatIds: ["seat_B1"] });
    expect(cancelled.body).toMatchObject({ status: "CONFIRMED", cancelledSeatIds: ["seat_B1"], refundAmount: 7_500 });
    const { body } = await call("GET", `/api/bookings/${id}`, { as: alice });
    expect(body).toMatchObject({
      status: "CONFIRMED",
      seatIds: ["seat_A1", "seat_B2"],
      cancelledSeatIds: ["seat_B1"],
      totalAmount: 32_500,
    });
    const foreign = await cancel(alice, id, { seatIds: ["seat_B1"] });
    expect(foreign).toMatchObject({ status: 400, body: { error: { code: "VALIDATION_ERROR", field: "seatIds" } } });
    const rest = await cancel(alice, id, { seatIds: ["seat_A1", "seat_B2"] });
    expect(rest.body).toMatchObject({ status: "CANCELLED", refundAmount: 32_500 });
    expect((await seatsOf(event)).summary.available).toBe(20);
  });

  it("is refused to others, of what is not there, and of what is not confirmed", async () => {
    const event = await newEvent();
    const id = await newConfirmed(alice, event, ["seat_A1"]);
    expect(await cancel(bob, id)).toMatchObject({ status: 403, body: { error: { code: "FORBIDDEN" } } });
    expect(await cancel(admin, id)).toMatchObject({ status: 403, body: { error: { code: "FORBIDDEN" } } });
    expect((await call("POST", `/api/bookings/${id}/cancel`, { body: {} })).status).toBe(401);
    expect(await cancel(alice, "nope")).toMatchObject({ status: 404, body: { error: { code: "BOOKING_NOT_FOUND" } } });
    expect(await cancel(alice, id, { seatIds: [] })).toMatchObject({
      status: 400,
      body: { error: { code: "INVALID_SEAT_COUNT" } },
    });
    expect(await cancel(alice, id, { reason: "rain" })).toMatchObject({
      status: 400,
      body: { error: { field: "reason" } },
    });
    expect((await seatsOf(event)).summary.reserved).toBe(1);
    const waiting = await confirm(alice, await lockOf(alice, event));
    const refused = await cancel(alice, waiting.body.id);
    expect(refused).toMatchObject({ status: 422, body: { error: { code: "BOOKING_NOT_CANCELLABLE" } } });
    await cancel(alice, id);
    expect(await cancel(alice, id)).toMatchObject({
      status: 422,
      body: { error: { code: "BOOKING_NOT_CANCELLABLE" } },
    });
  });

  it("is possible until 24 hours before the start, to the millisecond", async () => {
    vi.useFakeTimers({ toFake: ["Date"] });
    const event = await newEvent({ startsInMs: DAY + HOUR });
    const startsAtMs = Date.now() + DAY + HOUR;
    const first = await newConfirmed(alice, event, ["seat_A1"]);
    const second = await newConfirmed(alice, event, ["seat_A2"]);
    vi.setSystemTime(startsAtMs - DAY);
    expect((await cancel(alice, first)).status).toBe(200);
    vi.setSystemTime(startsAtMs - DAY + 1);
    const late = await cancel(alice, second);
    expect(late).toMatchObject({ status: 422, body: { error: { code: "CANCELLATION_WINDOW_EXPIRED" } } });
  });

  it("gives 20 parallel repeats one refund and one answer", async () => {
    const event = await newEvent();
    const id = await newConfirmed(alice, event, ["seat_A1"]);
    const answers = await Promise.all(Array.from({ length: 20 }, () => cancel(alice, id, {}, "cancel-1")));
    expect(new Set(answers.map(({ status, body }) => `${status} ${JSON.stringify(body)}`)).size).toBe(1);
    expect(answers[0]).toMatchObject({ status: 200, body: { refundAmount: 25_000 } });
    await passTime(event, 0);
    const report = await call("GET", `/api/admin/consistency?eventId=${event.id}`, { as: admin });
    expect(report.body.violations).toEqual([]);
  });
});
