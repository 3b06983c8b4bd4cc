// Paying over HTTP: an intent's outcomes, who may see a payment, and what is refused.

import { afterEach, beforeAll, describe, expect, it, vi } from "vitest";
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

async function waiting(as: Caller, event: EventOnSale, seats = 1): Promise<string> {
  const held = await call("POST", "/api/locks", { as, body: { eventId: event.id, seats } });
  const confirmed = await call("POST", "/api/bookings/confirm", { as, body: { lockId: held.body.id } });
  expect(confirmed.status).toBe(201);
  return confirmed.body.id;
}

async function pay(as: Caller, bookingId: unknown, how: object, key?: string) {
  return await call("POST", "/api/payments/intent", { as, body: { bookingId, ...how }, key });
}

async function statusOf(as: Caller, bookingId: string): Promise<string> {
  return (await call("GET", `/api/bookings/${bookingId}`, { as })).body.status;
}

describe("POST /api/payments/intent", () => {
  it("confirms the booking when the card is good", async () => {
    const event = await newEvent();
    const id = await waiting(alice, event);
    const paid = await pay(alice, id, withCard("pm_card_visa"));
    expect(paid).toMatchObject({
      status: 200,
      body: { paymentStatus: "SUCCESS", booking: { id, status: "CONFIRMED" } },
    });
    expect(Object.keys(paid.body)).toEqual(["paymentStatus", "booking"]);
    expect(await statusOf(alice, id)).toBe("CONFIRMED");
    const { body } = await call("GET", `/api/locks/${paid.body.booking.lockId}`, { as: alice });
    expect(body.status).toBe("CONSUMED");
  });

  it("leaves the booking waiting when a card is declined, five times at most", async () => {
    const event = await newEvent();
    const id = await waiting(alice, event);
    for (let tries = 1; tries <= 5; tries++) {
      const paid = await pay(alice, id, withCard("pm_card_chargeDeclined"));
      expect(paid).toMatchObject({
        status: 200,
        body: { paymentStatus: "FAILED", booking: { status: "PAYMENT_PENDING" } },
      });
    }
    const refused = await pay(alice, id, withCard("pm_card_visa"));
    expect(refused).toMatchObject({ status: 422, body: { error: { code: "PAYMENT_NOT_ALLOWED" } } });
    expect((await seatsOf(event)).summary.locked).toBe(1);
  });

  it("takes another card after a declined one", async () => {
    const event = await newEvent();
    const id = await waiting(alice, event);
    await pay(alice, id, withCard("tok_chargeDeclined"));
    expect(await pay(alice, id, withCard("tok_visa"))).toMatchObject({ body: { paymentStatus: "SUCCESS" } });
  });

  it("gives the client secret to the buyer who must authenticate, and to nobody else", async () => {
    const event = await newEvent();
    const id = await waiting(alice, event);
    const paid = await pay(alice, id, withCard("pm_card_authenticationRequired"));
    expect(paid).toMatchObject({ status: 200, body: { paymentStatus: "REQUIRES_ACTION" } });
    expect(paid.body.clientSecret).toEqual(expect.any(String));
    const path = `/api/payments/booking/${id}`;
    const own = await call("GET", path, { as: alice });
    expect(own.body).toMatchObject({ status: "REQUIRES_ACTION", clientSecret: paid.body.clientSecret });
    expect((await call("GET", path, { as: admin })).body).not.toHaveProperty("clientSecret");
    const again = await pay(alice, id, withCard("pm_card_visa"));
    expect(again).toMatchObject({ status: 409, body: { error: { code: "PAYMENT_IN_PROGRESS" } } });
  });

  it("forces a success, a failure that is final, and a timeout that another try overtakes", async () => {
    const event = await newEvent();
    const [first, second, third] = await Promise.all([alice, bob, admin].map((who) => waiting(who, event)));
    expect(await pay(alice, first, { force: "success" })).toMatchObject({
      body: { paymentStatus: "SUCCESS", booking: { status: "CONFIRMED" } },
    });
    expect(await pay(bob, second, { force: "failure" })).toMatchObject({
      body: { paymentStatus: "FAILED", booking: { status: "FAILED", failureReason: "PAYMENT_FAILED" } },
    });
    expect(await pay(admin, third, { force: "timeout" })).toMatchObject({
      body: { paymentStatus: "TIMEOUT", booking: { status: "PAYMENT_PENDING" } },
    });
    expect((await seatsOf(event)).summary).toMatchObject({ reserved: 1, locked: 1 });
    expect(await pay(admin, third, { force: "success" })).toMatchObject({
      body: { paymentStatus: "SUCCESS", booking: { status: "CONFIRMED" } },
    });
  });

  it("expires a booking that timed out, once its window is over", async () => {
    vi.useFakeTimers({ toFake: ["Date"] });
    const event = await newEvent();
    const id = await waiting(alice, event);
    await pay(alice, id, { force: "timeout" });
    await passTime(event, PAYMENT_WINDOW_MS);
    await untilBooking(alice, id, "EXPIRED");
    expect((await seatsOf(event)).summary.available).toBe(20);
  });

  it("refuses a booking in every state but waiting", async () => {
    vi.useFakeTimers({ toFake: ["Date"] });
    const event = await newEvent();
    const confirmed = await newConfirmed(alice, event, ["seat_A1"]);
    const cancelled = await newConfirmed(alice, event, ["seat_A2"]);
    await call("POST", `/api/bookings/${cancelled}/cancel`, { as: alice, body: {} });
    const failed = await waiting(alice, event);
    await pay(alice, failed, { force: "failure" });
    const expired = await waiting(alice, event);
    vi.setSystemTime(Date.now() + PAYMENT_WINDOW_MS);
    const states = { CONFIRMED: confirmed, CANCELLED: cancelled, FAILED: failed, EXPIRED: expired };
    for (const [status, id] of Object.entries(states)) {
      const refused = await pay(alice, id, withCard("pm_card_visa"));
      expect(refused).toMatchObject({ status: 422, body: { error: { code: "PAYMENT_NOT_ALLOWED", status } } });
      expect(await statusOf(alice, id)).toBe(status);
    }
  });

  it("is refused to others, and of what is not there", async () => {
    const event = await newEvent();
    const id = await waiting(alice, event);
    expect(await pay(bob, id, withCard("pm_card_visa"))).toMatchObject({
      status: 403,
      body: { error: { code: "FORBIDDEN" } },
    });
    expect((await call("POST", "/api/payments/intent", { body: { bookingId: id, force: "success" } })).status).toBe(
      401,
    );
    for (const none of ["nope", `bkg_${"0".repeat(26)}`, `bkg_0000000000${event.code}00000000`]) {
      const refused = await pay(alice, none, withCard("pm_card_visa"));
      expect(refused).toMatchObject({ status: 404, body: { error: { code: "BOOKING_NOT_FOUND" } } });
    }
    expect(await statusOf(alice, id)).toBe("PAYMENT_PENDING");
  });

  it.each([
    ["no booking", { bookingId: undefined, force: "success" }, "bookingId"],
    ["no way to pay", {}, "paymentMethod"],
    ["two ways", { force: "success", ...withCard("pm_card_visa") }, "force"],
    ["an unknown outcome", { force: "invalid" }, "force"],
    ["another way", { paymentMethod: { type: "cash", token: "t" } }, "paymentMethod.type"],
    ["an amount", { force: "success", amount: 1 }, "amount"],
  ])("refuses %s and changes nothing", async (_, body, field) => {
    const event = await newEvent();
    const id = await waiting(alice, event);
    const refused = await pay(alice, id, body);
    expect(refused).toMatchObject({ status: 400, body: { error: { code: "VALIDATION_ERROR", field } } });
    expect(await statusOf(alice, id)).toBe("PAYMENT_PENDING");
  });

  it("gives 20 parallel repeats one attempt and one answer", async () => {
    const event = await newEvent();
    const id = await waiting(alice, event);
    const answers = await Promise.all(
      Array.from({ length: 20 }, () => pay(alice, id, withCard("pm_card_visa"), "pay-1")),
    );
    expect(new Set(answers.map(({ status, body }) => `${status} ${JSON.stringify(body)}`)).size).toBe(1);
    expect(answers[0]).toMatchObject({ status: 200, body: { paymentStatus: "SUCCESS" } });
    const other = await pay(alice, id, withCard("pm_card_mastercard"), "pay-1");
    expect(other).toMatchObject({ status: 422, body: { error: { code: "IDEMPOTENCY_KEY_REUSED" } } });
  });

  it("charges once without a key too", async () => {
    const event = await newEvent();
    const id = await waiting(alice, event);
    const answers = await Promise.all(Array.from({ length: 20 }, () => pay(alice, id, withCard("pm_card_visa"))));
    expect(answers.filter(({ body }) => body.paymentStatus === "SUCCESS")).toHaveLength(1);
    for (const { status } of answers) expect([200, 409, 422]).toContain(status);
  });
});

describe("reading payments", () => {
  it("shows a payment to its owner and to an admin, by its id and by its booking", async () => {
    const event = await newEvent();
    const bookingId = await newConfirmed(alice, event, ["seat_A1"]);
    const { body } = await call("GET", `/api/payments/booking/${bookingId}`, { as: alice });
    expect(body).toEqual({
      id: expect.stringMatching(/^pay_/),
      bookingId,
      userId: alice.id,
      amount: 25_000,
      currency: "GBP",
      status: "SUCCESS",
      providerTransactionId: expect.any(String),
      processedAt: expect.stringMatching(/Z$/),
    });
    expect((await call("GET", `/api/payments/${body.id}`, { as: admin })).body).toEqual(body);
    for (const path of [`/api/payments/${body.id}`, `/api/payments/booking/${bookingId}`]) {
      expect(await call("GET", path, { as: bob })).toMatchObject({
        status: 403,
        body: { error: { code: "FORBIDDEN" } },
      });
      expect((await call("GET", path)).status).toBe(401);
    }
  });

  it("does not find what is not there, or was never tried to be paid", async () => {
    const event = await newEvent();
    const bookingId = await waiting(alice, event);
    const paths = [
      "/api/payments/nope",
      `/api/payments/pay_${"0".repeat(26)}`,
      `/api/payments/${bookingId.replace("bkg_", "pay_")}`,
      "/api/payments/booking/nope",
      `/api/payments/booking/${bookingId}`,
    ];
    for (const path of paths) {
      const answer = await call("GET", path, { as: alice });
      expect(answer).toMatchObject({ status: 404, body: { error: { code: "PAYMENT_NOT_FOUND" } } });
    }
  });
});
