// The operators' routes: the consistency check finds what was broken on purpose, the journal tells everything but
// secrets.

import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, it } from "vitest";
import { carryOut } from "../../src/app/effects";
import type { Fact } from "../../src/domain/box-office/state";
import type { BookingId } from "../../src/domain/ids";
import { DAY } from "../../src/domain/time";
import { check, checkAtRest } from "./consistency";
import {
  type Caller,
  call,
  deps,
  type EventOnSale,
  type Json,
  newCaller,
  newConfirmed,
  newEvent,
  untilBooking,
  withCard,
} from "./sale-client";

let alice: Caller;
let admin: Caller;

beforeAll(async () => {
  [alice, admin] = await Promise.all([newCaller(), newCaller("ADMIN")]);
});

describe("who may", () => {
  it.each([
    ["GET", "/api/admin/consistency"],
    ["GET", `/api/admin/events/evnt_${"0".repeat(26)}/journal`],
    ["GET", "/api/admin/dead-letters"],
    ["POST", "/api/admin/dead-letters/x/replay"],
    ["POST", "/api/admin/dead-letters/x/close"],
  ])("%s %s is for admins by the database, whatever the token says", async (method, path) => {
    expect((await call(method, path)).status).toBe(401);
    expect(await call(method, path, { as: alice })).toMatchObject({
      status: 403,
      body: { error: { code: "FORBIDDEN" } },
    });
    const { token } = await deps().tokens.issue(
      { sub: alice.id, name: alice.name, email: alice.email, role: "ADMIN" },
      Date.now(),
    );
    expect((await call(method, path, { as: { ...alice, token } })).status).toBe(403);
  });
});

describe("GET /api/admin/consistency", () => {
  it("finds nothing wrong with a sale that has seen everything", async () => {
    const event = await newEvent();
    const id = await newConfirmed(alice, event, ["seat_A1", "seat_A2"]);
    await call("POST", `/api/bookings/${id}/cancel`, { as: alice, body: { seatIds: ["seat_A1"] } });
    const cancelled = await newConfirmed(alice, event, ["seat_B1"]);
    await call("POST", `/api/bookings/${cancelled}/cancel`, { as: alice, body: {} });
    const declined = { eventId: event.id, seatIds: ["seat_B2"], ...withCard("pm_card_chargeDeclined") };
    const failed = await call("POST", "/api/bookings", { as: alice, body: declined });
    await untilBooking(alice, failed.body.bookingId, "FAILED");
    const held = await call("POST", "/api/locks", { as: alice, body: { eventId: event.id, seats: 1 } });
    await call("POST", "/api/bookings/confirm", { as: alice, body: { lockId: held.body.id } });
    await call("DELETE", `/api/locks/${held.body.id}`, { as: alice });
    await call("POST", "/api/bookings", { as: alice, body: { eventId: event.id, seatIds: ["seat_B4"] } });
    expect(await checkAtRest(admin, event)).toEqual({
      ok: true,
      events: 1,
      bookings: { CONFIRMED: 1, CANCELLED: 1, FAILED: 1, EXPIRED: 1, PAYMENT_PENDING: 1 },
      outbox: 0,
      nonTerminal: 1,
      violations: [],
    });
  });

  it("looks at all events when none is named", async () => {
    const event = await newEvent();
    await newConfirmed(alice, event, ["seat_A1"]);
    const { status, body } = await call("GET", "/api/admin/consistency", { as: admin });
    expect(status).toBe(200);
    expect(body.events).toBeGreaterThan(1);
    expect(body.bookings.CONFIRMED).toBeGreaterThan(0);
    expect(body.violations).toEqual([]);
    expect(body).not.toHaveProperty("truncated");
  });

  it("finds a booking that D1 lost, and one whose status there is another (I8)", async () => {
    const event = await newEvent();
    const [lost, wrong] = [
      await newConfirmed(alice, event, ["seat_A1"]),
      await newConfirmed(alice, event, ["seat_A2"]),
    ];
    await checkAtRest(admin, event);
    await env.DB.prepare("DELETE FROM bookings WHERE id = ?").bind(lost).run();
    await env.DB.prepare("UPDATE bookings SET status = 'FAILED' WHERE id = ?").bind(wrong).run();
    const found = await check(admin, event);
    expect(found.ok).toBe(false);
    expect(found.violations).toEqual([
      { invariant: "I8", detail: `booking ${lost} is not in D1` },
      { invariant: "I8", detail: expect.stringContaining(`booking ${wrong} is CONFIRMED`) },
    ]);
  });

  it("finds an event whose free seats are others in D1 (I8)", async () => {
    const event = await newEvent();
    await checkAtRest(admin, event);
    await env.DB.prepare("UPDATE events SET available_seats = 7 WHERE id = ?").bind(event.id).run();
    expect((await check(admin, event)).violations).toEqual([
      { invariant: "I8", detail: `event ${event.id} has 20 of 20 seats free, in D1 7 of 20` },
    ]);
  });

  it("finds a fact that nobody was told of (I10)", async () => {
    const event = await newEvent();
    const id = await newConfirmed(alice, event, ["seat_A1"]);
    await checkAtRest(admin, event);
    await env.DB.prepare("DELETE FROM notifications WHERE booking_id = ?").bind(id).run();
    expect((await check(admin, event)).violations).toEqual([
      { invariant: "I10", detail: `booking.confirmed of booking ${id} has 0 mails, not 1` },
    ]);
  });

  it.each(["nope", `evnt_${"0".repeat(26)}`])("does not find event %s", async (id) => {
    const answer = await call("GET", `/api/admin/consistency?eventId=${id}`, { as: admin });
    expect(answer).toMatchObject({ status: 404, body: { error: { code: "EVENT_NOT_FOUND" } } });
  });
});

describe("GET /api/admin/events/:id/journal", () => {
  it("tells the sale from its first entry on, with the documents' payloads", async () => {
    const event = await newEvent();
    const body = { eventId: event.id, seatIds: ["seat_A1"], ...withCard("pm_card_visa") };
    const { bookingId } = (await call("POST", "/api/bookings", { as: alice, body })).body;
    const booking = await untilBooking(alice, bookingId, "CONFIRMED");
    const answer = await call("GET", `/api/admin/events/${event.id}/journal`, { as: admin });
    expect(answer.status).toBe(200);
    const entries: Json[] = answer.body.data;
    expect(entries.map(({ seq }) => seq)).toEqual(entries.map((_, i) => i + 1));
    expect(answer.body.pagination).toEqual({ page: 1, perPage: 20, total: entries.length, totalPages: 1 });
    const facts: Json[] = entries.flatMap((entry) => entry.facts);
    const payloadOf = (type: string) => facts.find(({ eventType }) => eventType === type)?.payload;
    const common = { bookingId, eventId: event.id };
    expect(payloadOf("event.created")).toMatchObject({
      eventId: event.id,
      name: "Coldplay: Music of the Spheres",
      totalSeats: 20,
      ticketTiers: [
        { tier: "VIP", price: 25_000, currency: "GBP", capacity: 10 },
        { tier: "GENERAL", price: 7_500, currency: "GBP", capacity: 10 },
      ],
    });
    expect(payloadOf("booking.initiated")).toMatchObject({
      ...common,
      userId: alice.id,
      seatIds: ["seat_A1"],
      totalAmount: 25_000,
      currency: "GBP",
      paymentMethodToken: null,
      idempotencyKey: null,
    });
    expect(payloadOf("seats.locked")).toMatchObject({
      ...common,
      seatIds: ["seat_A1"],
      lockExpiresAt: booking.paymentExpiresAt,
    });
    expect(payloadOf("payment.processed")).toMatchObject({
      bookingId,
      paymentId: booking.paymentId,
      status: "SUCCESS",
      amount: 25_000,
      currency: "GBP",
      providerTransactionId: expect.any(String),
      failureReason: null,
    });
    expect(payloadOf("booking.confirmed")).toMatchObject({
      ...common,
      userId: alice.id,
      userEmail: alice.email,
      userName: alice.name,
      eventName: "Coldplay: Music of the Spheres",
      eventDate: booking.eventDate,
      venueName: booking.venueName,
      seatIds: ["seat_A1"],
      totalAmount: 25_000,
      currency: "GBP",
      paymentId: booking.paymentId,
    });
    expect(entries.flatMap(({ seatChanges }) => seatChanges)).toEqual([
      { seatId: "seat_A1", status: "LOCKED" },
      { seatId: "seat_A1", status: "RESERVED" },
    ]);
    for (const { eventId, occurredAt } of facts) {
      expect(eventId).toMatch(/^evt_[0-9A-Z]{26}$/);
      expect(occurredAt).toMatch(/Z$/);
    }
    expect(new Set(facts.map(({ eventId }) => eventId)).size).toBe(facts.length);
    expect(JSON.stringify(answer.body)).not.toContain("pm_card_visa");
  });

  it("tells of failures, of cancellations and of who asked", async () => {
    const event = await newEvent();
    const bob = await newCaller();
    await call("POST", "/api/locks", { as: bob, body: { eventId: event.id, seatIds: ["seat_A1"] } });
    const body = { eventId: event.id, seatIds: ["seat_A1", "seat_A2"], ...withCard("pm_card_visa") };
    const refused = await call("POST", "/api/bookings", { as: alice, body });
    await untilBooking(alice, refused.body.bookingId, "FAILED");
    const id = await newConfirmed(alice, event, ["seat_B1", "seat_B2"]);
    await call("POST", `/api/bookings/${id}/cancel`, { as: alice, body: { seatIds: ["seat_B2"] } });
    const cancelled = await call("POST", `/api/bookings/${id}/cancel`, { as: alice, body: {} });
    const answer = await call("GET", `/api/admin/events/${event.id}/journal?perPage=100`, { as: admin });
    const entries: Json[] = answer.body.data;
    const facts: Json[] = entries.flatMap((entry) => entry.facts);
    const payloadOf = (type: string) => facts.find(({ eventType }) => eventType === type)?.payload;
    expect(payloadOf("seats.lock-failed")).toMatchObject({
      bookingId: refused.body.bookingId,
      requestedSeatIds: ["seat_A1", "seat_A2"],
      unavailableSeatIds: ["seat_A1"],
      reason: "SEATS_UNAVAILABLE",
    });
    expect(payloadOf("booking.failed")).toMatchObject({
      bookingId: refused.body.bookingId,
      userEmail: alice.email,
      reason: "SEATS_UNAVAILABLE",
      failureDetail: expect.stringContaining("seat_A1"),
    });
    expect(payloadOf("booking.seats-cancelled")).toMatchObject({ seatIds: ["seat_B2"], refundAmount: 7_500 });
    expect(payloadOf("booking.cancelled")).toMatchObject({
      bookingId: id,
      seatIds: ["seat_B1"],
      refundAmount: 7_500,
      currency: "GBP",
      cancelledAt: cancelled.body.cancelledAt,
    });
    expect(new Set(entries.map(({ actor }) => actor))).toContain(bob.id);
  });

  describe("tells what was, whatever came after:", () => {
    const payloadsOf = async (event: EventOnSale, type: string): Promise<readonly Json[]> => {
      const { body } = await call("GET", `/api/admin/events/${event.id}/journal?perPage=100`, { as: admin });
      const facts: Json[] = body.data.flatMap((entry: Json) => entry.facts);
      return facts.filter(({ eventType }) => eventType === type).map(({ payload }) => payload);
    };

    it("a confirmation keeps its total when some seats, or all, are given back", async () => {
      const event = await newEvent();
      const seatIds = ["seat_B1", "seat_B2"];
      const id = await newConfirmed(alice, event, seatIds);
      const confirmed = await payloadsOf(event, "booking.confirmed");
      expect(confirmed).toMatchObject([{ seatIds, totalAmount: 15_000, currency: "GBP" }]);
      await call("POST", `/api/bookings/${id}/cancel`, { as: alice, body: { seatIds: ["seat_B2"] } });
      expect(await payloadsOf(event, "booking.confirmed")).toEqual(confirmed);
      await call("POST", `/api/bookings/${id}/cancel`, { as: alice, body: {} });
      expect(await payloadsOf(event, "booking.confirmed")).toEqual(confirmed);
    });

    it("a card that was declined has no charge, though the next one was charged", async () => {
      const event = await newEvent();
      const held = { eventId: event.id, seatIds: ["seat_B1"] };
      const { bookingId } = (await call("POST", "/api/bookings", { as: alice, body: held })).body;
      for (const token of ["pm_card_chargeDeclined", "pm_card_visa"]) {
        await call("POST", "/api/payments/intent", { as: alice, body: { bookingId, ...withCard(token) } });
      }
      const { paymentId } = await untilBooking(alice, bookingId, "CONFIRMED");
      const payment = (await call("GET", `/api/payments/${paymentId}`, { as: alice })).body;
      const common = { bookingId, paymentId, amount: 7_500, currency: "GBP" };
      const [declined, paid] = await payloadsOf(event, "payment.processed");
      expect(declined).toMatchObject({ ...common, status: "FAILED", attempt: 1, providerTransactionId: null });
      expect(declined.failureReason).toEqual(expect.any(String));
      const { providerTransactionId } = payment;
      expect(paid).toMatchObject({ ...common, status: "SUCCESS", attempt: 2, providerTransactionId });
      expect(providerTransactionId).toEqual(expect.any(String));
    });

    it("a payment that succeeded has no reason to fail, though its refund did", async () => {
      const event = await newEvent();
      const id = await newConfirmed(alice, event, ["seat_B1"]);
      const paid = await payloadsOf(event, "payment.processed");
      await call("POST", `/api/bookings/${id}/cancel`, { as: alice, body: {} });
      const origin = { actor: "provider", requestId: "req_lost" };
      const outcome = { type: "refund-failed", refundId: "re_1", reason: "the account is closed" } as const;
      const settle = { type: "settle", effect: `${id}:refund:1`, outcome, ...origin } as const;
      const settled = await deps().boxOffices.send(event.code, settle);
      await carryOut(deps(), event.code, settled?.ok ? settled.value.work : []);
      expect(await payloadsOf(event, "payment.refund-failed")).toMatchObject([{ reason: "the account is closed" }]);
      expect(await payloadsOf(event, "payment.processed")).toEqual(paid);
      expect(paid).toMatchObject([{ status: "SUCCESS", failureReason: null }]);
    });

    it("an event was created as it was, though it is another now", async () => {
      const event = await newEvent();
      const created = await payloadsOf(event, "event.created");
      const change = {
        name: "Sold out",
        startsAt: new Date(Date.now() + 90 * DAY).toISOString(),
        endsAt: new Date(Date.now() + 91 * DAY).toISOString(),
        ticketTiers: [{ tier: "VIP", price: 1, currency: "EUR", capacity: 1 }],
      };
      expect((await call("PUT", `/api/events/${event.id}`, { as: admin, body: change })).status).toBe(200);
      expect(await payloadsOf(event, "event.created")).toEqual(created);
    });

    it("an entry of an older release shows null for what it does not say", async () => {
      const event = await newEvent();
      const id = await newConfirmed(alice, event, ["seat_B1"]);
      await runInDurableObject(env.BOX_OFFICE.get(env.BOX_OFFICE.idFromName(event.code)), (_, { storage }) => {
        const older: readonly Fact[] = [
          { type: "event.created", detail: { name: "Older", version: 1 } },
          { type: "payment.processed", bookingId: id as BookingId, detail: { status: "FAILED", failureReason: "no" } },
        ];
        storage.sql.exec("UPDATE journal SET facts = ? WHERE seq = 1", JSON.stringify(older));
      });
      expect(await payloadsOf(event, "event.created")).toEqual([
        { eventId: event.id, name: "Older", venueId: null, startsAt: null, totalSeats: null, ticketTiers: null },
      ]);
      expect((await payloadsOf(event, "payment.processed"))[0]).toMatchObject({
        bookingId: id,
        status: "FAILED",
        amount: null,
        currency: null,
        providerTransactionId: null,
        failureReason: "no",
      });
    });
  });

  it("comes in pages", async () => {
    const event = await newEvent();
    for (let i = 0; i < 4; i++) await call("POST", "/api/locks", { as: alice, body: { eventId: event.id, seats: 1 } });
    const second = await call("GET", `/api/admin/events/${event.id}/journal?page=2&perPage=2`, { as: admin });
    expect(second.body.data.map(({ seq }: Json) => seq)).toEqual([3, 4]);
    expect(second.body.pagination).toEqual({ page: 2, perPage: 2, total: 5, totalPages: 3 });
    const beyond = await call("GET", `/api/admin/events/${event.id}/journal?page=9`, { as: admin });
    expect(beyond).toMatchObject({ status: 200, body: { data: [] } });
    expect((await call("GET", `/api/admin/events/${event.id}/journal?page=0`, { as: admin })).status).toBe(400);
  });

  it.each(["nope", `evnt_${"0".repeat(26)}`])("does not find event %s", async (id) => {
    const answer = await call("GET", `/api/admin/events/${id}/journal`, { as: admin });
    expect(answer).toMatchObject({ status: 404, body: { error: { code: "EVENT_NOT_FOUND" } } });
  });
});
