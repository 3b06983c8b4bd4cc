// Cancellations, rule by rule: who may, until when, and what goes back.

import { describe, expect, it } from "vitest";
import type { Fact } from "../../src/domain/box-office/state";
import { type BookingId, lockIdOf, type UserId } from "../../src/domain/ids";
import { MINUTE, SECOND } from "../../src/domain/time";
import {
  anEvent,
  aUser,
  authorisedOutcome,
  CARD,
  capturedOutcome,
  type Office,
  openOffice,
  seatIds,
} from "./box-office-builder";

const FREE = [{ tier: "GENERAL", priceMinor: 0, capacity: 10 }] as const;

function factsOf(office: Office): readonly Fact[] {
  return office.changes.journal.flatMap(({ facts }) => facts);
}

function refusalOf(office: Office, command: Parameters<Office["send"]>[0]) {
  const reply = office.send(command);
  if (reply.ok || "notDefined" in reply) throw new Error(`not refused: ${JSON.stringify(reply)}`);
  return reply.refusal;
}

function paid(office: Office, userId: UserId, ...seats: string[]): BookingId {
  const id = office.book(userId, seats);
  const total = office.booking(id).prices.reduce((sum, price) => sum + price, 0);
  office.settle(`${id}:authorise:1`, authorisedOutcome(total));
  office.settle(`${id}:capture:1`, capturedOutcome(total));
  return id;
}

describe("a cancellation", () => {
  it("of the whole frees every seat, owes the money once and writes the mail of it", () => {
    const office = openOffice();
    const userId = aUser();
    const bookingId = paid(office, userId, "A1", "B1");
    office.pass(MINUTE);
    const { cancellation, work } = office.ok({ type: "cancel", bookingId, userId, seatIds: null });
    const lockId = lockIdOf(bookingId);
    expect(cancellation).toMatchObject({
      booking: {
        status: "CANCELLED",
        seatIds: ["seat_A1", "seat_B1"],
        cancelledSeatIds: [],
        totalMinor: 32_500,
        cancelledAtMs: office.nowMs,
        payment: { status: "REFUND_PENDING", refundedMinor: 0, transactionId: "ch_1" },
      },
      cancelledSeatIds: ["seat_A1", "seat_B1"],
      refundMinor: 32_500,
      atMs: office.nowMs,
    });
    expect(work.map(({ kind }) => kind)).toEqual(["project"]);
    expect(factsOf(office)).toEqual([
      {
        type: "booking.cancelled",
        lockId,
        bookingId,
        seats: [0, 10],
        detail: { refundMinor: 32_500, currency: "GBP" },
      },
      { type: "payment.refund-started", bookingId, detail: { amountMinor: 32_500 } },
    ]);
    expect(office.booking(bookingId).payment?.refunds).toEqual([
      {
        n: 1,
        attempt: 1,
        amountMinor: 32_500,
        state: "due",
        refundId: null,
        failure: null,
        askedAtMs: office.nowMs,
      },
    ]);
    expect(office.booking(bookingId).notices.at(-1)).toMatchObject({
      type: "BOOKING_CANCELLED",
      atMs: office.nowMs,
      refundMinor: 32_500,
      seats: [0, 10],
    });
    expect([office.status("A1"), office.status("B1")]).toEqual(["A", "A"]);
    expect(office.ok({ type: "readHold", lockId }).status).toBe("CONSUMED");
    // It was paid for: its buyer may have the seats again at once.
    expect(office.state.cooldowns.size).toBe(0);
  });

  it("of some seats leaves the others sold, and each mail of it has its own id", () => {
    const office = openOffice();
    const userId = aUser();
    const bookingId = paid(office, userId, "A1", "B1", "B2");
    const seat = (name: string) =>
      office.ok({ type: "cancel", bookingId, userId, seatIds: seatIds(name) }).cancellation;
    expect(seat("B1")).toMatchObject({ booking: { status: "CONFIRMED", cancelledAtMs: null }, refundMinor: 7_500 });
    expect(factsOf(office)[0]).toMatchObject({ type: "booking.seats-cancelled", seats: [10] });
    expect(seat("A1")).toMatchObject({
      refundMinor: 25_000,
      booking: { seatIds: ["seat_B2"], cancelledSeatIds: ["seat_B1", "seat_A1"], totalMinor: 7_500 },
    });
    const { notices, payment } = office.booking(bookingId);
    expect(new Set(notices.map(({ id }) => id)).size).toBe(notices.length);
    expect(payment?.refunds.map(({ n, amountMinor }) => [n, amountMinor])).toEqual([
      [1, 7_500],
      [2, 25_000],
    ]);
    expect(seat("B2").booking.status).toBe("CANCELLED");
  });

  it("of what cost nothing owes nothing", () => {
    const office = openOffice(anEvent({ tierInputs: FREE }));
    const userId = aUser();
    const bookingId = office.book(userId, ["A1", "A2"], null);
    const { cancellation } = office.ok({ type: "cancel", bookingId, userId, seatIds: seatIds("A1") });
    expect(cancellation.refundMinor).toBe(0);
    expect(factsOf(office).map(({ type }) => type)).toEqual(["booking.seats-cancelled"]);
    expect(office.booking(bookingId).payment).toBeNull();
  });

  it("of a free seat beside one that cost something gives that seat back, and no money", () => {
    const tierInputs = [FREE[0], { tier: "VIP", priceMinor: 500, capacity: 5 }] as const;
    const office = openOffice(anEvent({ tierInputs }));
    const userId = aUser();
    const bookingId = office.bookingId();
    const from = { seatIds: seatIds("A1", "B1") };
    // One seat that costs something is enough to wait for the money.
    expect(office.ok({ type: "book", bookingId, userId, from, method: null }).status).toBe("PAYMENT_PENDING");
    office.ok({ type: "pay", bookingId, userId, method: CARD });
    office.settle(`${bookingId}:capture:1`, capturedOutcome(500));
    const { cancellation } = office.ok({ type: "cancel", bookingId, userId, seatIds: seatIds("A1") });
    expect(cancellation).toMatchObject({ refundMinor: 0, booking: { totalMinor: 500 } });
    expect(office.booking(bookingId).payment?.refunds).toEqual([]);
    expect(office.status("A1")).toBe("A");
  });

  it("is for the buyer alone, of a booking there is, and of its own seats", () => {
    const office = openOffice();
    const userId = aUser();
    const bookingId = paid(office, userId, "A1", "A2");
    const unknown = office.bookingId();
    const ask = (changes: object) =>
      refusalOf(office, { type: "cancel", bookingId, userId, seatIds: null, ...changes });
    expect(ask({ bookingId: unknown })).toEqual({ code: "BOOKING_NOT_FOUND", id: unknown });
    expect(refusalOf(office, { type: "readBooking", bookingId: unknown })).toEqual({
      code: "BOOKING_NOT_FOUND",
      id: unknown,
    });
    expect(ask({ userId: aUser() })).toEqual({ code: "FORBIDDEN" });
    expect(ask({ seatIds: seatIds("A2", "A3", "A4") })).toMatchObject({
      code: "VALIDATION_ERROR",
      problems: [{ field: "seatIds", message: expect.stringMatching(/ seat_A3, seat_A4$/) }],
    });
    expect(ask({ seatIds: seatIds("Z1") }).code).toBe("VALIDATION_ERROR");
    expect(
      refusalOf(office, {
        type: "cancel",
        bookingId: office.book(userId, ["B1"], null),
        userId,
        seatIds: null,
      }),
    ).toEqual({ code: "BOOKING_NOT_CANCELLABLE", status: "PAYMENT_PENDING" });
  });
});

it("a booking that runs out says so in the journal and by one mail, and its seats cool for its buyer", () => {
  const office = openOffice();
  const userId = aUser();
  const bookingId = office.book(userId, ["A1", "A2"], null);
  office.pass(600 * SECOND);
  office.ok({ type: "wake" });
  const lockId = lockIdOf(bookingId);
  expect(factsOf(office)).toEqual([{ type: "booking.expired", lockId, bookingId, seats: [0, 1] }]);
  expect(office.booking(bookingId)).toMatchObject({
    status: "EXPIRED",
    notices: [{ type: "BOOKING_EXPIRED", atMs: office.nowMs, refundMinor: 0, seats: [0, 1] }],
    lastNoticeMs: office.nowMs,
  });
  expect(office.state.cooldowns.size).toBe(2);
});
