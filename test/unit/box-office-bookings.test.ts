// Bookings, rule by rule: what is accepted, and what is refused before anything is written.

import { describe, expect, it } from "vitest";
import type { PaymentMethod } from "../../src/domain/box-office/commands";
import type { Fact } from "../../src/domain/box-office/state";
import { type BookingId, lockIdOf, type SeatId } from "../../src/domain/ids";
import type { TierInput } from "../../src/domain/seat-map";
import { MINUTE, SECOND } from "../../src/domain/time";
import {
  anEvent,
  aUser,
  CARD,
  capturedOutcome,
  type Office,
  openOffice,
  seatIds,
  TWO_TIERS,
} from "./box-office-builder";
import { type Case, CHALLENGED, DECLINED, hear, pay } from "./payment-cases";

const FREE = [{ tier: "GENERAL", priceMinor: 0, capacity: 10 }] as const;

function factsOf(office: Office): readonly Fact[] {
  return office.changes.journal.flatMap(({ facts }) => facts);
}

function refusalOf(office: Office, command: Parameters<Office["send"]>[0]) {
  const reply = office.send(command);
  if (reply.ok || "notDefined" in reply) throw new Error(`not refused: ${JSON.stringify(reply)}`);
  return reply.refusal;
}

describe("a booking is accepted", () => {
  it("with a card: PENDING, its seats locked for the payment window, and all of it in one journal entry", () => {
    const office = openOffice();
    const bookingId = office.bookingId();
    const userId = aUser();
    const from = { seatIds: seatIds("A1", "B1") };
    expect(office.ok({ type: "book", bookingId, userId, from, method: CARD, requestId: "req_9" })).toEqual({
      bookingId,
      status: "PENDING",
    });
    const lockId = lockIdOf(bookingId);
    const seats = [0, 10];
    expect(office.changes.journal).toEqual([
      {
        seq: 2,
        atMs: office.nowMs,
        actor: "test",
        requestId: "req_9",
        facts: [
          {
            type: "booking.initiated",
            lockId,
            bookingId,
            seats,
            detail: { totalMinor: 32_500, currency: "GBP" },
          },
          { type: "seats.locked", lockId, bookingId, seats, detail: { lockExpiresAtMs: office.nowMs + 600 * SECOND } },
          { type: "payment.started", bookingId, detail: { attempt: 1 } },
        ],
        seatChanges: [
          [0, "L"],
          [10, "L"],
        ],
      },
    ]);
    expect(office.ok({ type: "readHold", lockId })).toMatchObject({
      status: "ACTIVE",
      bookingId,
      clientKey: null,
      expiresAtMs: office.nowMs + 600 * SECOND,
    });
  });

  it("without a card: PAYMENT_PENDING, and nobody is charged", () => {
    const office = openOffice();
    const bookingId = office.bookingId();
    const from = { seatIds: seatIds("A1") };
    expect(office.ok({ type: "book", bookingId, userId: aUser(), from, method: null })).toEqual({
      bookingId,
      status: "PAYMENT_PENDING",
    });
    expect(office.booking(bookingId)).toMatchObject({
      status: "PAYMENT_PENDING",
      phase: "waiting",
      payment: null,
      madeWithCard: false,
      nextTry: null,
      cancelledSeats: [],
    });
    expect(factsOf(office).map(({ type }) => type)).toEqual(["booking.initiated", "seats.locked"]);
  });

  it("of no cost: confirmed in the same command, and still PENDING to who asked", () => {
    const office = openOffice(anEvent({ tierInputs: FREE }));
    const bookingId = office.bookingId();
    const from = { seatIds: seatIds("A1") };
    expect(office.ok({ type: "book", bookingId, userId: aUser(), from, method: null }).status).toBe("PENDING");
    expect(factsOf(office).map(({ type }) => type)).toEqual(["booking.initiated", "seats.locked", "booking.confirmed"]);
    expect(office.booking(bookingId).status).toBe("CONFIRMED");
  });

  describe("and its repeat gets the same answer, and no second booking, whatever became of it:", () => {
    const payLater = (it: Case) => it.office.ok(pay(it));
    const confirm = (it: Case) => hear(it, capturedOutcome(25_000));
    const cancel = ({ office, id, user }: Case, seats: readonly SeatId[] | null = null) =>
      office.ok({ type: "cancel", bookingId: id, userId: user, seatIds: seats });
    const cases: readonly (readonly [
      string,
      readonly TierInput[],
      PaymentMethod | null,
      string,
      (it: Case) => void,
    ])[] = [
      ["free, CONFIRMED", FREE, null, "CONFIRMED", () => {}],
      ["free, with a card, CONFIRMED", FREE, CARD, "CONFIRMED", () => {}],
      ["free, given back in part", FREE, null, "CONFIRMED", (it) => cancel(it, seatIds("A1"))],
      ["free, CANCELLED", FREE, null, "CANCELLED", (it) => cancel(it)],
      ["with a card, PENDING", TWO_TIERS, CARD, "PENDING", () => {}],
      ["with a card, challenged", TWO_TIERS, CARD, "PAYMENT_PENDING", (it) => hear(it, CHALLENGED)],
      ["with a card, CONFIRMED", TWO_TIERS, CARD, "CONFIRMED", confirm],
      ["with a card, FAILED", TWO_TIERS, CARD, "FAILED", (it) => hear(it, DECLINED)],
      ["with a card, CANCELLED", TWO_TIERS, CARD, "CANCELLED", (it) => [confirm(it), cancel(it)]],
      ["to be paid later, PAYMENT_PENDING", TWO_TIERS, null, "PAYMENT_PENDING", () => {}],
      ["to be paid later, with a try under way", TWO_TIERS, null, "PAYMENT_PENDING", payLater],
      ["to be paid later, CONFIRMED", TWO_TIERS, null, "CONFIRMED", (it) => [payLater(it), confirm(it)]],
      ["to be paid later, CANCELLED", TWO_TIERS, null, "CANCELLED", (it) => [payLater(it), confirm(it), cancel(it)]],
      [
        "to be paid later, EXPIRED",
        TWO_TIERS,
        null,
        "EXPIRED",
        ({ office }) => [office.pass(600 * SECOND), office.ok({ type: "wake" })],
      ],
    ];
    it.each(cases)("%s", (_name, tierInputs, method, status, later) => {
      const office = openOffice(anEvent({ tierInputs }));
      const [bookingId, userId] = [office.bookingId(), aUser()];
      const from = { seatIds: tierInputs === FREE ? seatIds("A1", "A2") : seatIds("A1") };
      const command = { type: "book", bookingId, userId, from, method } as const;
      const first = office.ok(command);
      later({ office, id: bookingId, user: userId });
      expect(office.booking(bookingId).status).toBe(status);
      expect(office.ok(command)).toEqual(first);
      expect(office.changes.journal).toEqual([]);
    });

    it("of seats that were taken", () => {
      for (const [tierInputs, method] of [
        [FREE, null],
        [TWO_TIERS, null],
        [TWO_TIERS, CARD],
      ] as const) {
        const office = openOffice(anEvent({ tierInputs }));
        office.hold(aUser(), "A1");
        const bookingId = office.bookingId();
        const command = { type: "book", bookingId, userId: aUser(), from: { seatIds: seatIds("A1") }, method } as const;
        const first = office.ok(command);
        expect(office.booking(bookingId).status).toBe("FAILED");
        expect(office.ok(command)).toEqual(first);
      }
    });
  });

  it("and fails at once when its seats are taken, named in the journal and to the buyer", () => {
    const office = openOffice();
    office.hold(aUser(), "A1", "A2");
    const bookingId = office.book(aUser(), ["A1", "A2", "A3"]);
    const lockId = lockIdOf(bookingId);
    expect(factsOf(office)).toMatchObject([
      { type: "booking.initiated" },
      { type: "seats.lock-failed", lockId, bookingId, seats: [0, 1, 2], detail: { unavailable: "seat_A1 seat_A2" } },
      { type: "booking.failed", lockId, bookingId, seats: [0, 1, 2], detail: { reason: "SEATS_UNAVAILABLE" } },
    ]);
    expect(office.booking(bookingId)).toMatchObject({
      failure: { reason: "SEATS_UNAVAILABLE", detail: "not available: seat_A1, seat_A2" },
      notices: [{ type: "BOOKING_FAILED", seats: [0, 1, 2], refundMinor: 0, atMs: office.nowMs }],
    });
    // Its seats were never its own, so they cool for nobody.
    expect(office.ok({ type: "readHold", lockId }).status).toBe("EXPIRED");
    expect(office.state.cooldowns.size).toBe(0);
  });

  it("and fails for a seat the same buyer gave back a moment ago, and says so", () => {
    const office = openOffice();
    const userId = aUser();
    office.ok({ type: "release", lockId: office.hold(userId, "A1", "A2"), userId });
    expect(office.booking(office.book(userId, ["A1", "A2"])).failure).toEqual({
      reason: "SEATS_UNAVAILABLE",
      detail: "given back by you less than a minute ago: seat_A1, seat_A2",
    });
  });
});

describe("a booking is refused", () => {
  it("beyond so many a minute of one user and event, and told when to come back", () => {
    const office = openOffice(undefined, { bookingsPerMinute: 2 });
    const userId = aUser();
    const cancel = (id: BookingId) => office.ok({ type: "release", lockId: lockIdOf(id), userId });
    cancel(office.book(userId, ["A1"], null));
    office.pass(20 * SECOND);
    cancel(office.book(userId, ["A2"], null));
    office.pass(10 * SECOND);
    const third = {
      type: "book",
      bookingId: office.bookingId(),
      userId,
      from: { seatIds: seatIds("A3") },
      method: null,
    } as const;
    expect(refusalOf(office, third)).toEqual({ code: "RATE_LIMITED", retryAfterMs: 30 * SECOND });
    expect(office.ok({ ...third, bookingId: office.bookingId(), userId: aUser() }).status).toBe("PAYMENT_PENDING");
    office.pass(30 * SECOND - 1);
    expect(refusalOf(office, third)).toEqual({ code: "RATE_LIMITED", retryAfterMs: 1 });
    office.pass(1);
    const from = { seatIds: seatIds("A4") };
    expect(office.ok({ ...third, from }).status).toBe("PAYMENT_PENDING");
    expect(refusalOf(office, { ...third, bookingId: office.bookingId() }).code).toBe("RATE_LIMITED");
    office.pass(20 * SECOND);
    expect(office.ok({ ...third, bookingId: office.bookingId(), from: { seatIds: seatIds("B1") } }).status).toBe(
      "PAYMENT_PENDING",
    );
  });

  it("no more once its minute is over, though a later booking is younger", () => {
    const office = openOffice(undefined, { bookingsPerMinute: 2 });
    const userId = aUser();
    office.book(userId, ["A1"], null);
    office.pass(20 * SECOND);
    office.book(userId, ["A2"], null);
    office.pass(50 * SECOND);
    expect(office.booking(office.book(userId, ["A3"], null)).status).toBe("PAYMENT_PENDING");
  });

  it("by the same count when locks are confirmed, but in the dialect", () => {
    const office = openOffice(undefined, { bookingsPerMinute: 1 });
    const userId = aUser();
    office.book(userId, ["A1"], null);
    const lockId = office.hold(userId, "A2");
    expect(refusalOf(office, { type: "confirm", bookingId: office.bookingId(), lockId, userId })).toEqual({
      code: "RATE_LIMITED",
      retryAfterMs: MINUTE,
    });
    const choice = { by: "seats", seatIds: seatIds("A3") } as const;
    const dialect = office.ok({
      type: "hold",
      lockId: office.lockId(),
      userId,
      choice,
      clientKey: null,
      dialect: true,
    });
    office.ok({ type: "confirm", bookingId: office.bookingId(), lockId: dialect.id, userId: null });
    expect(office.ok({ type: "readHold", lockId: dialect.id }).bookingId).not.toBeNull();
  });

  it("from the moment the event starts, whichever way it comes", () => {
    const office = openOffice();
    const userId = aUser();
    office.nowMs = (office.state.definition?.startsAtMs ?? 0) - 1;
    const lockId = office.hold(userId, "A1");
    const other = office.hold(userId, "A2");
    office.book(userId, ["A3"], null);
    office.nowMs += 1;
    const bookingId = office.bookingId();
    const book = { type: "book", bookingId, userId, method: null } as const;
    expect(refusalOf(office, { ...book, from: { seatIds: seatIds("A4") } })).toEqual({ code: "SALES_CLOSED" });
    expect(refusalOf(office, { ...book, from: { lockId } })).toEqual({ code: "SALES_CLOSED" });
    expect(refusalOf(office, { type: "confirm", bookingId, lockId: other, userId })).toEqual({ code: "SALES_CLOSED" });
  });

  it("for seats the hall does not have, and beyond ten unpaid seats", () => {
    const office = openOffice();
    const userId = aUser();
    const book = { type: "book", bookingId: office.bookingId(), userId, method: null } as const;
    expect(refusalOf(office, { ...book, from: { seatIds: seatIds("Z1") } }).code).toBe("VALIDATION_ERROR");
    office.hold(userId, "A1", "A2", "A3", "A4", "A5", "A6", "A7", "A8", "A9");
    expect(refusalOf(office, { ...book, from: { seatIds: seatIds("B1", "B2") } })).toEqual({
      code: "HOLD_LIMIT",
      maxSeats: 10,
    });
    expect(office.ok({ ...book, from: { seatIds: seatIds("B1") } }).status).toBe("PAYMENT_PENDING");
  });

  it("when the caller named another event's id", () => {
    const office = openOffice();
    const { id } = anEvent();
    const from = { seatIds: seatIds("A1") };
    const command = { type: "book", bookingId: office.bookingId(), userId: aUser(), from, method: null } as const;
    expect(refusalOf(office, { ...command, eventId: id })).toEqual({ code: "EVENT_NOT_FOUND", id });
    const own = office.state.definition?.id;
    expect(office.ok({ ...command, eventId: own }).status).toBe("PAYMENT_PENDING");
    const unnamed = { ...command, bookingId: office.bookingId(), from: { seatIds: seatIds("A2") }, eventId: undefined };
    expect(office.ok(unnamed).status).toBe("PAYMENT_PENDING");
  });
});

describe("a lock that is booked", () => {
  it("keeps its seats, and lives as long as the booking waits for its money", () => {
    const office = openOffice();
    const userId = aUser();
    const lockId = office.hold(userId, "A1", "B1");
    office.pass(MINUTE);
    const bookingId = office.bookingId();
    const { booking, work } = office.ok({ type: "confirm", bookingId, lockId, userId });
    expect(booking).toEqual({
      id: bookingId,
      eventId: office.state.definition?.id,
      lockId,
      userId,
      version: 2,
      status: "PAYMENT_PENDING",
      seatIds: ["seat_A1", "seat_B1"],
      cancelledSeatIds: [],
      totalMinor: 32_500,
      currency: "GBP",
      failure: null,
      paymentExpiresAtMs: office.nowMs + 600 * SECOND,
      createdAtMs: office.nowMs,
      updatedAtMs: office.nowMs,
      confirmedAtMs: null,
      cancelledAtMs: null,
      payment: null,
      notices: [],
    });
    expect(work).toEqual([{ kind: "project", effect: `${bookingId}:project`, booking }]);
    expect(factsOf(office)).toEqual([
      { type: "booking.initiated", lockId, bookingId, seats: [0, 10], detail: { totalMinor: 32_500, currency: "GBP" } },
    ]);
    expect(office.ok({ type: "readHold", lockId })).toMatchObject({
      status: "ACTIVE",
      bookingId,
      expiresAtMs: office.nowMs + 600 * SECOND,
    });
    office.pass(SECOND);
    expect(office.ok({ type: "confirm", bookingId, lockId, userId }).booking).toEqual(booking);
    expect(office.changes.journal).toEqual([]);
  });

  it("may be paid in the same breath, and is no new lock", () => {
    const office = openOffice();
    const userId = aUser();
    const lockId = office.hold(userId, "A1");
    const bookingId = office.bookingId();
    office.pass(SECOND);
    expect(office.ok({ type: "book", bookingId, userId, from: { lockId }, method: CARD }).status).toBe("PENDING");
    expect(office.ok({ type: "readBooking", bookingId }).record).toMatchObject({ lockId, version: 2 });
  });

  it("is refused where there is none, to strangers, twice, and when it is over", () => {
    const office = openOffice();
    const userId = aUser();
    const lockId = office.hold(userId, "A1");
    const unknown = office.lockId();
    const bookingId = office.bookingId();
    const book = { type: "book", bookingId, userId, method: null } as const;
    expect(refusalOf(office, { ...book, from: { lockId: unknown } })).toEqual({ code: "LOCK_NOT_FOUND", id: unknown });
    expect(refusalOf(office, { type: "confirm", bookingId, lockId: unknown, userId })).toEqual({
      code: "LOCK_NOT_FOUND",
      id: unknown,
    });
    expect(refusalOf(office, { ...book, userId: aUser(), from: { lockId } })).toEqual({ code: "FORBIDDEN" });
    expect(refusalOf(office, { type: "confirm", bookingId, lockId, userId: aUser() })).toEqual({ code: "FORBIDDEN" });
    office.ok({ type: "confirm", bookingId, lockId, userId });
    expect(refusalOf(office, { ...book, bookingId: office.bookingId(), from: { lockId } })).toEqual({
      code: "LOCK_ALREADY_CONFIRMED",
      bookingId,
    });
    const over = office.hold(userId, "A2");
    office.pass(300 * SECOND);
    expect(refusalOf(office, { type: "confirm", bookingId: office.bookingId(), lockId: over, userId })).toEqual({
      code: "HOLD_EXPIRED",
    });
  });
});
