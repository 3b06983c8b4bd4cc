import { describe, expect, it } from "vitest";
import { auditState } from "../../src/domain/box-office/audit";
import { owedEffects } from "../../src/domain/box-office/execute";
import { MINUTE, SECOND } from "../../src/domain/time";
import { anEvent, aUser, authorisedOutcome, CARD, capturedOutcome, openOffice, seatIds } from "./box-office-builder";

const DECLINED = { type: "declined", intentId: "pi_1", reason: "Your card was declined." } as const;
const VOIDED = { type: "voided", intentId: "pi_1" } as const;

describe("a booking made with a card", () => {
  it("is authorised, then owns its seats, then is captured and confirmed", () => {
    const office = openOffice();
    const id = office.book(aUser(), ["A1", "A2"]);
    expect(office.booking(id)).toMatchObject({ status: "PENDING", phase: "paying" });
    expect(office.status("A1")).toBe("L");
    expect(owedEffects(office.state)).toContain(`${id}:authorise:1`);

    const work = office.settle(`${id}:authorise:1`, authorisedOutcome(50_000));
    expect(office.booking(id)).toMatchObject({ status: "PENDING", phase: "capturing" });
    expect(office.status("A1")).toBe("R");
    expect(work.map(({ kind }) => kind)).toContain("capture");

    office.settle(`${id}:capture:1`, capturedOutcome(50_000));
    expect(office.booking(id)).toMatchObject({ status: "CONFIRMED", phase: "settled", confirmedAtMs: office.nowMs });
    expect(office.booking(id).notices.map(({ type }) => type)).toEqual(["BOOKING_CONFIRMED"]);
  });

  it("fails at a decline, gives its seats back and is its only try", () => {
    const office = openOffice();
    const id = office.book(aUser(), ["A1"]);
    office.settle(`${id}:authorise:1`, DECLINED);
    expect(office.booking(id)).toMatchObject({ status: "FAILED", failure: { reason: "PAYMENT_FAILED" } });
    expect(office.status("A1")).toBe("A");
  });

  it("fails at once when a seat is taken, and owes nothing but its projection", () => {
    const office = openOffice();
    office.hold(aUser(), "A1");
    const id = office.book(aUser(), ["A1", "A2"]);
    expect(office.booking(id)).toMatchObject({
      status: "FAILED",
      failure: { reason: "SEATS_UNAVAILABLE" },
      payment: null,
    });
    expect(office.status("A2")).toBe("A");
    expect(owedEffects(office.state).filter((effect) => effect.startsWith(id))).toEqual([`${id}:project`]);
  });

  it("is confirmed in the accepting command when it costs nothing", () => {
    const office = openOffice(anEvent({ tierInputs: [{ tier: "GENERAL", priceMinor: 0, capacity: 5 }] }));
    const id = office.book(aUser(), ["A1"], null);
    expect(office.booking(id)).toMatchObject({ status: "CONFIRMED", payment: null });
    expect(office.status("A1")).toBe("R");
  });
});

describe("late news", () => {
  it("of an authorisation after the deadline still wins while the seats are its own", () => {
    const office = openOffice();
    const id = office.book(aUser(), ["A1"]);
    office.pass(11 * MINUTE);
    office.ok({ type: "wake" });
    expect(office.booking(id).phase).toBe("voiding");
    expect(office.status("A1")).toBe("L");
    office.settle(`${id}:void:1`, authorisedOutcome(25_000));
    expect(office.booking(id).phase).toBe("capturing");
  });

  it("of a capture after EXPIRED is refunded once, however often it is told", () => {
    const office = openOffice();
    const id = office.book(aUser(), ["A1"]);
    office.pass(11 * MINUTE);
    office.ok({ type: "wake" });
    office.settle(`${id}:void:1`, VOIDED);
    expect(office.booking(id).status).toBe("EXPIRED");
    for (let i = 0; i < 3; i++) office.settle(`${id}:capture:1`, capturedOutcome(25_000));
    expect(office.booking(id)).toMatchObject({ status: "EXPIRED" });
    expect(office.booking(id).payment?.refunds).toMatchObject([{ amountMinor: 25_000, state: "due" }]);
  });

  it("of an authorisation confirms after an outage, also as the first command: nobody was asked meanwhile", () => {
    const office = openOffice();
    const id = office.book(aUser(), ["A1"]);
    office.pass(40 * MINUTE);
    const work = office.settle(`${id}:authorise:1`, authorisedOutcome(25_000));
    expect(work.map(({ kind }) => kind)).toContain("capture");
    expect(office.status("A1")).toBe("R");
    office.settle(`${id}:capture:1`, capturedOutcome(25_000));
    expect(office.booking(id).status).toBe("CONFIRMED");
  });

  it("may come for 900 s after an outage too, while the provider is asked", () => {
    const office = openOffice();
    const id = office.book(aUser(), ["A1"]);
    office.pass(40 * MINUTE);
    office.ok({ type: "wake" });
    expect(office.booking(id).phase).toBe("voiding");
    expect(owedEffects(office.state)).toContain(`${id}:void:1`);
    office.pass(900 * SECOND - 1);
    office.ok({ type: "wake" });
    expect(office.status("A1")).toBe("L");
    const rows = [...office.state.holds.values()];
    expect(auditState(office.state, rows, true, office.nowMs, office.nowMs).violations).toEqual([]);
    office.pass(1);
    office.ok({ type: "wake" });
    expect(office.booking(id).status).toBe("EXPIRED");
    expect(office.status("A1")).toBe("A");
  });

  it("frees the seats of a silent provider only 900 s after the deadline, and voids what it says later", () => {
    const office = openOffice();
    const id = office.book(aUser(), ["A1"]);
    office.settle(`${id}:authorise:1`, { type: "unanswered", reason: "time-out" });
    office.pass(10 * MINUTE);
    office.ok({ type: "wake" });
    office.pass(900 * SECOND - 1);
    office.ok({ type: "wake" });
    expect(office.status("A1")).toBe("L");
    office.pass(1);
    office.ok({ type: "wake" });
    expect(office.status("A1")).toBe("A");
    expect(office.booking(id).status).toBe("EXPIRED");
    expect(owedEffects(office.state)).toContain(`${id}:void:1`);
    office.settle(`${id}:authorise:1`, authorisedOutcome(25_000));
    expect(owedEffects(office.state)).toContain(`${id}:void:1`);
    office.settle(`${id}:void:1`, VOIDED);
    expect(owedEffects(office.state)).not.toContain(`${id}:void:1`);
  });
});

it("a timed-out attempt is voided before the next card is asked", () => {
  const office = openOffice();
  const user = aUser();
  const lockId = office.hold(user, "A1");
  const bookingId = office.bookingId();
  office.ok({ type: "confirm", bookingId, lockId, userId: user });
  office.ok({ type: "pay", bookingId, userId: user, method: { token: null, force: "timeout" } });
  office.settle(`${bookingId}:authorise:1`, { type: "unanswered", reason: "silence" });
  const next = office.ok({ type: "pay", bookingId, userId: user, method: CARD });
  expect(next.attempt).toBe(2);
  expect(next.work.map(({ effect }) => effect)).toContain(`${bookingId}:void:1`);
  const work = office.settle(`${bookingId}:void:1`, VOIDED);
  expect(work.map(({ effect }) => effect)).toContain(`${bookingId}:authorise:2`);
});

it("an amount that is not the booking's is never believed", () => {
  const office = openOffice();
  const id = office.book(aUser(), ["A1"]);
  office.settle(`${id}:authorise:1`, authorisedOutcome(1));
  expect(office.booking(id)).toMatchObject({ status: "FAILED", failure: { reason: "INTERNAL_ERROR" } });
  expect(owedEffects(office.state)).toContain(`${id}:void:1`);
});

it("cancels some seats, then the rest, and refunds exactly what they cost", () => {
  const office = openOffice();
  const user = aUser();
  const id = office.book(user, ["A1", "B1", "B2"]);
  office.settle(`${id}:authorise:1`, authorisedOutcome(40_000));
  office.settle(`${id}:capture:1`, capturedOutcome(40_000));
  const some = office.ok({ type: "cancel", bookingId: id, userId: user, seatIds: seatIds("B1") }).cancellation;
  expect(some).toMatchObject({ refundMinor: 7_500, cancelledSeatIds: ["seat_B1"] });
  expect(some.booking).toMatchObject({ status: "CONFIRMED", seatIds: ["seat_A1", "seat_B2"], totalMinor: 32_500 });
  expect(office.status("B1")).toBe("A");
  expect(office.refusal({ type: "cancel", bookingId: id, userId: user, seatIds: seatIds("B1") })).toBe(
    "VALIDATION_ERROR",
  );
  const rest = office.ok({ type: "cancel", bookingId: id, userId: user, seatIds: null }).cancellation;
  expect(rest).toMatchObject({ refundMinor: 32_500, booking: { status: "CANCELLED" } });
  office.settle(`${id}:refund:1`, { type: "refunded", refundId: "re_1" });
  office.settle(`${id}:refund:2`, { type: "refunded", refundId: "re_2" });
  expect(auditState(office.state, [], true, office.nowMs, office.nowMs).violations).toEqual([]);
});
