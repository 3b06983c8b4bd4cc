// Paying, word by word: what is asked of a provider, and what the buyer is told of an attempt.

import { describe, expect, it } from "vitest";
import { paymentIdOf } from "../../src/domain/ids";
import { MINUTE } from "../../src/domain/time";
import { anEvent, aUser, authorisedOutcome, capturedOutcome, openOffice } from "./box-office-builder";
import {
  attempts,
  booked,
  type Case,
  CHALLENGED,
  DECLINED,
  factsOf,
  hear,
  PRICE,
  pay,
  paying,
  record,
  refusalOf,
  result,
  UNANSWERED,
  VOIDED,
  waiting,
} from "./payment-cases";

describe("paying", () => {
  it("starts an attempt, hands its work to whoever asked, and keeps the token until it is answered", () => {
    const it = waiting();
    const { attempt, work } = it.office.ok(pay(it, { requestId: "req_pay" }));
    expect(attempt).toBe(1);
    expect(work).toEqual([
      {
        kind: "authorise",
        effect: `${it.id}:authorise:1`,
        bookingId: it.id,
        attempt: 1,
        startedAtMs: it.office.nowMs,
        amountMinor: PRICE,
        currency: "GBP",
        token: "pm_card_visa",
        force: null,
      },
      expect.objectContaining({ kind: "project" }),
    ]);
    expect(it.office.booking(it.id).payment).toEqual({
      id: paymentIdOf(it.id),
      attempts: [
        {
          n: 1,
          requestId: "req_pay",
          state: "asked",
          token: "pm_card_visa",
          force: null,
          startedAtMs: it.office.nowMs,
          intentId: null,
          transactionId: null,
          clientSecret: null,
          failure: null,
          unwanted: false,
        },
      ],
      refunds: [],
      processedAtMs: null,
    });
    expect(it.office.booking(it.id).status).toBe("PAYMENT_PENDING");
    expect(factsOf(it)).toEqual([{ type: "payment.started", bookingId: it.id, detail: { attempt: 1 } }]);
  });

  it("is recognised when the same request comes again", () => {
    const it = paying();
    expect(it.office.ok(pay(it, { requestId: "req_pay" }))).toEqual({ attempt: 1, work: [] });
    hear(it, UNANSWERED);
    it.office.ok(pay(it, { requestId: "req_next" }));
    expect(it.office.ok(pay(it, { requestId: "req_next" }))).toEqual({ attempt: 2, work: [] });
    expect(attempts(it)).toHaveLength(1);
  });

  it("is for the buyer, or in the dialect for whoever knows the booking", () => {
    const it = waiting();
    expect(refusalOf(it.office, pay(it, { userId: aUser() }))).toEqual({ code: "FORBIDDEN" });
    const unknown = it.office.bookingId();
    expect(refusalOf(it.office, pay(it, { bookingId: unknown }))).toEqual({ code: "BOOKING_NOT_FOUND", id: unknown });
    expect(it.office.ok(pay(it, { userId: null })).attempt).toBe(1);
  });

  it("of what is over is refused with the booking's status", () => {
    const it = booked();
    hear(it, DECLINED);
    expect(refusalOf(it.office, pay(it))).toEqual({ code: "PAYMENT_NOT_ALLOWED", status: "FAILED" });
  });

  it("may be tried five times, and no more", () => {
    const it = waiting();
    for (let n = 1; n <= 5; n++) {
      expect(it.office.ok(pay(it)).attempt).toBe(n);
      hear(it, DECLINED, n);
    }
    expect(refusalOf(it.office, pay(it))).toEqual({
      code: "PAYMENT_NOT_ALLOWED",
      status: "PAYMENT_PENDING",
      attempts: 5,
    });
  });

  it("waits for the attempt before it, unless that one is not answered: then it is voided first", () => {
    const it = paying();
    expect(refusalOf(it.office, pay(it)).code).toBe("PAYMENT_IN_PROGRESS");
    hear(it, UNANSWERED);
    it.office.pass(MINUTE);
    const method = { token: "pm_other", force: null };
    const { attempt, work } = it.office.ok(pay(it, { requestId: "req_next", method }));
    expect(attempt).toBe(2);
    expect(work.map(({ kind }) => kind)).toEqual(["void", "project"]);
    expect(factsOf(it)).toEqual([{ type: "payment.voiding", bookingId: it.id, detail: { attempt: 1 } }]);
    expect(it.office.booking(it.id)).toMatchObject({ phase: "voiding", nextTry: { ...method, requestId: "req_next" } });
    expect(result(it, 2)).toBe("PROCESSING");
    expect(refusalOf(it.office, pay(it)).code).toBe("PAYMENT_IN_PROGRESS");
    const next = it.office.settle(`${it.id}:void:1`, VOIDED);
    expect(next.map(({ effect }) => effect)).toContain(`${it.id}:authorise:2`);
    expect(attempts(it)[1]).toMatchObject({ n: 2, token: "pm_other", requestId: "req_next", state: "asked" });
    expect(it.office.booking(it.id)).toMatchObject({ phase: "paying", nextTry: null });
  });

  it("drops the card that was to come next when the window closes first, and then lets the provider be silent", () => {
    const it = paying();
    hear(it, UNANSWERED);
    it.office.pass(9 * MINUTE);
    it.office.ok(pay(it));
    it.office.pass(MINUTE);
    it.office.ok({ type: "wake" });
    expect(it.office.changes.journal).toEqual([]);
    expect(it.office.booking(it.id)).toMatchObject({ phase: "voiding", nextTry: null });
    expect(it.office.status("A1")).toBe("L");
    it.office.settle(`${it.id}:void:1`, VOIDED);
    expect(it.office.booking(it.id).status).toBe("EXPIRED");
    expect(attempts(it)).toHaveLength(1);
  });

  it("drops that card after an outage as well, and the provider has its time to answer", () => {
    const it = paying();
    hear(it, UNANSWERED);
    it.office.pass(9 * MINUTE);
    it.office.ok(pay(it));
    it.office.pass(40 * MINUTE);
    it.office.ok({ type: "wake" });
    expect(it.office.booking(it.id)).toMatchObject({ phase: "voiding", nextTry: null });
    it.office.settle(`${it.id}:void:1`, authorisedOutcome(PRICE));
    expect(it.office.booking(it.id).phase).toBe("capturing");
  });

  it("of nothing succeeds by itself, unless a failure is asked for", () => {
    const office = openOffice(anEvent({ tierInputs: [{ tier: "GENERAL", priceMinor: 0, capacity: 5 }] }));
    const user = aUser();
    const start = (seat: string): Case => {
      const id = office.bookingId();
      office.ok({ type: "confirm", bookingId: id, lockId: office.hold(user, seat), userId: user });
      // Whoever confirmed tells D1 of that first.
      office.pass(MINUTE);
      return { office, user, id };
    };
    const free = start("A1");
    const paidFree = office.ok(pay(free));
    expect(paidFree).toMatchObject({ attempt: 1, work: [{ kind: "project" }] });
    expect(factsOf(free).map(({ type }) => type)).toEqual(["payment.started", "booking.confirmed"]);
    expect(record(free)).toMatchObject({
      status: "CONFIRMED",
      payment: { status: "SUCCESS", amountMinor: 0, processedAtMs: office.nowMs, attempts: 1 },
    });
    expect(attempts(free)[0]).toMatchObject({ state: "captured", token: null });
    const forced = start("A2");
    office.ok(pay(forced, { method: { token: null, force: "success" } }));
    expect(record(forced).status).toBe("CONFIRMED");
    const failing = start("A3");
    const asked = office.ok(pay(failing, { method: { token: null, force: "failure" } }));
    expect(asked.work.map(({ kind }) => kind)).toEqual(["authorise", "project"]);
    expect(record(failing).status).toBe("PAYMENT_PENDING");
  });
});

describe("what the buyer is told of an attempt", () => {
  it.each([
    ["asked", [], "PROCESSING", "PENDING"],
    ["not answered", [UNANSWERED], "TIMEOUT", "PENDING"],
    ["challenged", [CHALLENGED], "REQUIRES_ACTION", "REQUIRES_ACTION"],
    ["authorised", [authorisedOutcome(PRICE)], "PROCESSING", "AUTHORISED"],
    ["captured", [capturedOutcome(PRICE)], "SUCCESS", "SUCCESS"],
    ["declined", [DECLINED], "FAILED", "FAILED"],
    ["voided", [VOIDED], "FAILED", "CANCELLED"],
    ["authorised in another amount", [authorisedOutcome(1)], "FAILED", "CANCELLED"],
    ["captured in another amount", [capturedOutcome(1)], "FAILED", "REFUND_PENDING"],
  ] as const)("that was %s", (_, news, expected, status) => {
    const it = paying();
    for (const outcome of news) hear(it, outcome);
    expect(result(it)).toBe(expected);
    expect(record(it).payment?.status).toBe(status);
  });

  it("is that attempt's, whatever became of a later one", () => {
    const it = paying();
    hear(it, DECLINED);
    it.office.ok(pay(it));
    expect([result(it, 1), result(it, 2)]).toEqual(["FAILED", "PROCESSING"]);
  });

  it("is the latest one's where the one asked for never came to be, and nothing where none was", () => {
    const it = paying();
    hear(it, DECLINED);
    expect(it.office.ok({ type: "readAttempt", bookingId: it.id, attempt: 2 })).toMatchObject({
      attempt: 1,
      result: "FAILED",
    });
    const none = waiting();
    expect(refusalOf(none.office, { type: "readAttempt", bookingId: none.id, attempt: 1 })).toEqual({
      code: "PAYMENT_NOT_FOUND",
      id: none.id,
    });
    const unknown = none.office.bookingId();
    expect(refusalOf(none.office, { type: "readAttempt", bookingId: unknown, attempt: 1 })).toEqual({
      code: "BOOKING_NOT_FOUND",
      id: unknown,
    });
  });

  it("names the client's secret only while the challenge is open", () => {
    const it = paying();
    const secret = () => it.office.ok({ type: "readBooking", bookingId: it.id }).clientSecret;
    expect(secret()).toBeNull();
    hear(it, CHALLENGED);
    expect(secret()).toBe("secret");
    expect(it.office.ok({ type: "readAttempt", bookingId: it.id, attempt: 1 }).clientSecret).toBe("secret");
    it.office.pass(10 * MINUTE);
    expect(secret()).toBeNull();
    hear(it, authorisedOutcome(PRICE));
    expect(attempts(it)[0]).toMatchObject({ clientSecret: null });
  });
});
