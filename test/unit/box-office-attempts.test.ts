// News of an attempt, word by word: what each makes of it, of its booking and of what is told to whom.

import { describe, expect, it } from "vitest";
import { lockIdOf, paymentIdOf } from "../../src/domain/ids";
import { MINUTE, SECOND } from "../../src/domain/time";
import { authorisedOutcome, capturedOutcome } from "./box-office-builder";
import {
  attempts,
  booked,
  CHALLENGED,
  DECLINED,
  factsOf,
  hear,
  moneyOwed,
  NOT_FOUND,
  PRICE,
  pay,
  paying,
  record,
  refusalOf,
  UNANSWERED,
  VOIDED,
} from "./payment-cases";

describe("news of an attempt", () => {
  it("that is authorised: its seats are reserved, its capture is due, the token is gone", () => {
    const it = paying();
    const work = hear(it, authorisedOutcome(PRICE));
    expect(factsOf(it)).toEqual([{ type: "payment.authorised", bookingId: it.id, detail: { attempt: 1 } }]);
    expect(work[0]).toEqual({
      kind: "capture",
      effect: `${it.id}:capture:1`,
      bookingId: it.id,
      attempt: 1,
      startedAtMs: it.office.nowMs,
      amountMinor: PRICE,
      currency: "GBP",
      intentId: "pi_1",
      force: null,
      unwanted: false,
    });
    expect(attempts(it)[0]).toMatchObject({ state: "authorised", token: null, intentId: "pi_1" });
    it.office.ok({ type: "wake" });
    hear(it, authorisedOutcome(PRICE));
    expect(it.office.changes.journal).toEqual([]);
  });

  it("that is captured: the booking is confirmed with its mail, and hearing it again changes nothing", () => {
    const it = paying();
    it.office.pass(SECOND);
    hear(it, capturedOutcome(PRICE));
    expect(factsOf(it)).toEqual([
      {
        type: "payment.processed",
        bookingId: it.id,
        detail: {
          status: "SUCCESS",
          attempt: 1,
          amountMinor: PRICE,
          currency: "GBP",
          providerTransactionId: "ch_1",
        },
      },
      { type: "booking.confirmed", lockId: lockIdOf(it.id), bookingId: it.id, seats: [0] },
    ]);
    expect(record(it)).toMatchObject({
      status: "CONFIRMED",
      confirmedAtMs: it.office.nowMs,
      payment: {
        id: paymentIdOf(it.id),
        status: "SUCCESS",
        amountMinor: PRICE,
        currency: "GBP",
        refundedMinor: 0,
        transactionId: "ch_1",
        processedAtMs: it.office.nowMs,
        attempts: 1,
        failure: null,
      },
      notices: [{ type: "BOOKING_CONFIRMED", seatIds: ["seat_A1"], refundMinor: 0, atMs: it.office.nowMs }],
    });
    hear(it, capturedOutcome(PRICE));
    expect(it.office.changes.journal).toEqual([]);
  });

  it("in a currency written small is the same currency, and in another it is not the amount", () => {
    const small = paying();
    hear(small, capturedOutcome(PRICE, "gbp"));
    expect(record(small).status).toBe("CONFIRMED");
    const other = paying();
    hear(other, authorisedOutcome(PRICE, "EUR"));
    expect(record(other).status).toBe("FAILED");
  });

  it("that was captured in another amount: returned as captured, and the booking fails openly", () => {
    const it = paying();
    hear(it, capturedOutcome(PRICE + 1));
    expect(factsOf(it).map(({ type }) => type)).toEqual([
      "payment.processed",
      "payment.refund-started",
      "booking.failed",
    ]);
    expect(factsOf(it)[1]).toEqual({
      type: "payment.refund-started",
      bookingId: it.id,
      detail: { amountMinor: PRICE + 1, refund: 1 },
    });
    expect(it.office.booking(it.id)).toMatchObject({
      status: "FAILED",
      failure: { reason: "INTERNAL_ERROR" },
      payment: {
        processedAtMs: it.office.nowMs,
        refunds: [{ n: 1, attempt: 1, amountMinor: PRICE + 1, state: "due" }],
      },
    });
    expect(record(it).payment?.failure).toBe(record(it).failure?.detail);
    expect(it.office.status("A1")).toBe("A");
  });

  it("that was authorised in another amount: called off, and the booking fails openly", () => {
    const it = paying();
    const work = hear(it, authorisedOutcome(PRICE - 1));
    expect(factsOf(it).map(({ type }) => type)).toEqual(["payment.authorised", "booking.failed"]);
    expect(work[0]).toMatchObject({ kind: "void", unwanted: true, intentId: "pi_1" });
    expect(record(it).payment).toMatchObject({ status: "CANCELLED", failure: record(it).failure?.detail });
  });

  it("that was declined in a window still open: another card may be tried, and the reason is shown", () => {
    const it = paying();
    it.office.pass(SECOND);
    hear(it, DECLINED);
    expect(factsOf(it)).toEqual([
      {
        type: "payment.processed",
        bookingId: it.id,
        detail: { status: "FAILED", attempt: 1, amountMinor: PRICE, currency: "GBP", failureReason: "no" },
      },
    ]);
    expect(record(it).payment).toMatchObject({ status: "FAILED", failure: "no", processedAtMs: it.office.nowMs });
    expect(attempts(it)[0]).toMatchObject({ state: "declined", token: null, failure: "no" });
    hear(it, VOIDED);
    expect(it.office.changes.journal).toEqual([]);
    expect(attempts(it)[0]).toMatchObject({ state: "declined" });
  });

  it("that was declined, of the only card: the booking fails with the reason", () => {
    const it = booked();
    hear(it, DECLINED);
    expect(factsOf(it).at(-1)).toEqual({
      type: "booking.failed",
      lockId: lockIdOf(it.id),
      bookingId: it.id,
      seats: [0],
      detail: { reason: "PAYMENT_FAILED" },
    });
    expect(record(it)).toMatchObject({
      status: "FAILED",
      failure: { reason: "PAYMENT_FAILED", detail: "no" },
      notices: [{ type: "BOOKING_FAILED", seatIds: ["seat_A1"] }],
    });
  });

  it("that was voided is over, and another card may be tried", () => {
    const it = paying();
    hear(it, CHALLENGED);
    it.office.settle(`${it.id}:void:1`, VOIDED);
    expect(factsOf(it)).toEqual([{ type: "payment.voided", bookingId: it.id, detail: { attempt: 1 } }]);
    expect(attempts(it)[0]).toMatchObject({ state: "voided", intentId: "pi_1", clientSecret: null, failure: null });
    expect(it.office.booking(it.id)).toMatchObject({ phase: "waiting", status: "PAYMENT_PENDING" });
  });

  it("that was not found, and was not seen before, is dead", () => {
    const it = paying();
    it.office.pass(10 * MINUTE);
    it.office.ok({ type: "wake" });
    it.office.settle(`${it.id}:void:1`, NOT_FOUND);
    expect(attempts(it)[0]).toMatchObject({ state: "voided", intentId: null });
    expect(record(it).status).toBe("EXPIRED");
  });

  it.each([
    ["was not found", NOT_FOUND],
    ["came to nothing", { ...DECLINED, intentId: null }],
  ])("that %s says nothing of an authorisation heard meanwhile: the paid booking is confirmed", (_, nothing) => {
    const it = paying();
    it.office.pass(10 * MINUTE);
    it.office.ok({ type: "wake" });
    // The void looks, then the request under way succeeds, then both are heard.
    hear(it, authorisedOutcome(PRICE));
    it.office.settle(`${it.id}:void:1`, nothing);
    expect(it.office.changes.journal).toEqual([]);
    expect(attempts(it)[0]).toMatchObject({ state: "authorised", intentId: "pi_1" });
    expect(moneyOwed(it)).toEqual([`${it.id}:capture:1`]);
    it.office.settle(`${it.id}:capture:1`, capturedOutcome(PRICE));
    expect(record(it).status).toBe("CONFIRMED");
  });

  it("that was not found is voided still, where nobody wants what was authorised meanwhile", () => {
    const it = paying();
    hear(it, DECLINED);
    hear(it, authorisedOutcome(PRICE));
    it.office.settle(`${it.id}:void:1`, NOT_FOUND);
    expect(moneyOwed(it)).toEqual([`${it.id}:void:1`]);
    const { work } = it.office.ok({ type: "claim", effects: [`${it.id}:void:1`] });
    expect(work).toMatchObject([{ kind: "void", intentId: "pi_1", unwanted: true }]);
  });

  it("that died after it was authorised fails the booking, with a reason also where the provider gave none", () => {
    const it = paying();
    hear(it, authorisedOutcome(PRICE));
    it.office.settle(`${it.id}:capture:1`, VOIDED);
    expect(record(it)).toMatchObject({ status: "FAILED", failure: { reason: "PAYMENT_FAILED" } });
    expect(record(it).failure?.detail).not.toBe("");
    expect(it.office.status("A1")).toBe("A");
  });

  it("that needs the buyer: the only card may still be challenged, and the booking then waits for its buyer", () => {
    const it = booked();
    hear(it, CHALLENGED);
    expect(factsOf(it)).toEqual([{ type: "payment.challenged", bookingId: it.id, detail: { attempt: 1 } }]);
    expect(it.office.booking(it.id)).toMatchObject({ status: "PAYMENT_PENDING", phase: "challenged" });
    expect(attempts(it)[0]).toMatchObject({ state: "challenged", token: null, intentId: "pi_1", unwanted: false });
    hear(it, DECLINED);
    expect(it.office.booking(it.id)).toMatchObject({ status: "PAYMENT_PENDING", phase: "waiting" });
  });

  it("that needs the buyer after the window closed is not shown as needing anybody", () => {
    const it = paying();
    it.office.pass(10 * MINUTE);
    it.office.ok({ type: "wake" });
    it.office.pass(15 * MINUTE);
    it.office.ok({ type: "wake" });
    expect(record(it).status).toBe("EXPIRED");
    hear(it, CHALLENGED);
    expect(attempts(it)[0]).toMatchObject({ state: "challenged", clientSecret: null, unwanted: true });
    expect(record(it).payment?.status).toBe("CANCELLED");
    expect(moneyOwed(it)).toEqual([`${it.id}:void:1`]);
  });

  it("that is authorised after it was declined: called off, and no other card is asked before it is dead", () => {
    const it = paying();
    hear(it, DECLINED);
    hear(it, authorisedOutcome(PRICE));
    expect(factsOf(it)).toEqual([{ type: "payment.authorised", bookingId: it.id, detail: { attempt: 1 } }]);
    expect(it.office.booking(it.id)).toMatchObject({ phase: "waiting", status: "PAYMENT_PENDING" });
    expect(it.office.status("A1")).toBe("L");
    expect(attempts(it)[0]?.unwanted).toBe(true);
    expect(moneyOwed(it)).toEqual([`${it.id}:void:1`]);
    expect(refusalOf(it.office, pay(it)).code).toBe("PAYMENT_IN_PROGRESS");
    it.office.settle(`${it.id}:void:1`, VOIDED);
    expect(factsOf(it)).toEqual([{ type: "payment.voided", bookingId: it.id, detail: { attempt: 1 } }]);
    expect(attempts(it)[0]).toMatchObject({ state: "voided", unwanted: false });
    expect(it.office.booking(it.id).phase).toBe("waiting");
    it.office.settle(`${it.id}:void:1`, VOIDED);
    expect(it.office.changes.journal).toEqual([]);
    expect(it.office.ok(pay(it)).attempt).toBe(2);
  });

  it("that is captured after it was declined goes back, each time under a number of its own", () => {
    const it = paying();
    hear(it, DECLINED);
    hear(it, capturedOutcome(PRICE));
    it.office.ok(pay(it));
    hear(it, DECLINED, 2);
    it.office.pass(SECOND);
    hear(it, capturedOutcome(PRICE), 2);
    const base = { amountMinor: PRICE, state: "due", refundId: null, failure: null };
    expect(it.office.booking(it.id).payment?.refunds).toEqual([
      { n: 1, attempt: 1, askedAtMs: it.office.nowMs - SECOND, ...base },
      { n: 2, attempt: 2, askedAtMs: it.office.nowMs, ...base },
    ]);
    const { work } = it.office.ok({ type: "claim", effects: [`${it.id}:refund:2`] });
    expect(work).toMatchObject([{ kind: "refund", refund: 2, attempt: 2 }]);
    // Money that is on its way back pays for nothing: another card may still be tried.
    expect(it.office.ok(pay(it)).attempt).toBe(3);
  });

  it("that did not come while it is called off changes nothing", () => {
    const it = paying();
    it.office.pass(10 * MINUTE);
    it.office.ok({ type: "wake" });
    expect(factsOf(it)).toEqual([{ type: "payment.voiding", bookingId: it.id, detail: { attempt: 1 } }]);
    it.office.settle(`${it.id}:void:1`, UNANSWERED);
    expect(it.office.changes.journal).toEqual([]);
    expect(attempts(it)[0]?.state).toBe("asked");
  });

  it("without an answer is noted once, and asked for again", () => {
    const it = paying();
    hear(it, UNANSWERED);
    expect(factsOf(it)).toEqual([{ type: "payment.unanswered", bookingId: it.id, detail: { attempt: 1 } }]);
    hear(it, UNANSWERED);
    expect(it.office.changes.journal).toEqual([]);
    expect(moneyOwed(it)).toEqual([`${it.id}:authorise:1`]);
    hear(it, authorisedOutcome(PRICE));
    hear(it, UNANSWERED);
    expect(attempts(it)[0]?.state).toBe("authorised");
  });

  it("of an attempt or a booking that never was changes nothing", () => {
    const it = paying();
    hear(it, capturedOutcome(PRICE), 2);
    expect(it.office.changes.journal).toEqual([]);
    expect(it.office.changes.holds.size).toBe(0);
    const unknown = it.office.bookingId();
    const settle = { type: "settle", effect: `${unknown}:authorise:1`, outcome: VOIDED } as const;
    expect(refusalOf(it.office, settle)).toEqual({ code: "BOOKING_NOT_FOUND", id: unknown });
    it.office.settle("nonsense", VOIDED);
    expect(it.office.changes.journal).toEqual([]);
  });

  it("that is no news of an attempt changes nothing", () => {
    const it = paying();
    for (const outcome of [
      { type: "refunded", refundId: "re_1" },
      { type: "refund-failed", refundId: "re_1", reason: "no" },
      { type: "projected", version: 1 },
    ] as const) {
      hear(it, outcome);
      expect(it.office.changes.holds.size).toBe(0);
    }
  });

  it("of an earlier attempt, authorised after all, is called off while another is being paid", () => {
    const it = paying();
    hear(it, DECLINED);
    it.office.ok(pay(it));
    hear(it, authorisedOutcome(PRICE));
    expect(attempts(it)[0]).toMatchObject({ state: "authorised", unwanted: true });
    expect(moneyOwed(it)).toEqual([`${it.id}:void:1`, `${it.id}:authorise:2`]);
    hear(it, capturedOutcome(PRICE));
    expect(factsOf(it).map(({ type }) => type)).toEqual(["payment.processed", "payment.refund-started"]);
    expect(it.office.booking(it.id)).toMatchObject({ phase: "paying", status: "PAYMENT_PENDING" });
    expect(attempts(it)[0]).toMatchObject({ failure: "no", unwanted: true });
    hear(it, capturedOutcome(PRICE), 2);
    expect(record(it)).toMatchObject({ status: "CONFIRMED", payment: { transactionId: "ch_1", attempts: 2 } });
    expect(record(it).payment?.status).toBe("REFUND_PENDING");
  });
});
