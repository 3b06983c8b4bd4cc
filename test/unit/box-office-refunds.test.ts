// Refunds, word by word.

import { describe, expect, it } from "vitest";
import type { Outcome } from "../../src/domain/box-office/commands";
import { lockIdOf } from "../../src/domain/ids";
import { MINUTE, SECOND } from "../../src/domain/time";
import { aUser, capturedOutcome, openOffice, seatIds } from "./box-office-builder";
import {
  booked,
  type Case,
  DECLINED,
  factsOf,
  hear,
  moneyOwed,
  PRICE,
  pay,
  paying,
  record,
  VOIDED,
} from "./payment-cases";

describe("a refund", () => {
  function cancelled(): Case {
    const it = booked();
    it.office.settle(`${it.id}:capture:1`, capturedOutcome(PRICE));
    it.office.pass(SECOND);
    it.office.ok({ type: "cancel", bookingId: it.id, userId: it.user, seatIds: null });
    return it;
  }
  const settle = ({ office, id }: Case, outcome: Outcome, n = 1) => office.settle(`${id}:refund:${n}`, outcome);
  const DONE = { type: "refunded", refundId: "re_1" } as const;
  const LOST = { type: "refund-failed", refundId: "re_1", reason: "the account is closed" } as const;

  it("is asked of the attempt that took the money", () => {
    const it = cancelled();
    const { work } = it.office.ok({ type: "claim", effects: [`${it.id}:refund:1`] });
    expect(work).toEqual([
      {
        kind: "refund",
        effect: `${it.id}:refund:1`,
        bookingId: it.id,
        attempt: 1,
        refund: 1,
        intentId: "pi_1",
        askedAtMs: it.office.nowMs,
        amountMinor: PRICE,
        currency: "GBP",
      },
    ]);
  });

  it("that is done is shown and told once", () => {
    const it = cancelled();
    settle(it, DONE);
    expect(factsOf(it)).toEqual([
      { type: "payment.refunded", bookingId: it.id, detail: { amountMinor: PRICE, refund: 1, reason: null } },
    ]);
    expect(record(it).payment).toMatchObject({ status: "REFUNDED", refundedMinor: PRICE, failure: null });
    expect(it.office.booking(it.id).payment?.refunds[0]).toMatchObject({ refundId: "re_1", state: "done" });
    settle(it, DONE);
    expect(it.office.changes.journal).toEqual([]);
    expect(moneyOwed(it)).toEqual([]);
  });

  it("that the bank returned is failed and visible, also after it was done, and may be asked again", () => {
    const it = cancelled();
    settle(it, DONE);
    settle(it, LOST);
    expect(factsOf(it)).toEqual([
      {
        type: "payment.refund-failed",
        bookingId: it.id,
        detail: { amountMinor: PRICE, refund: 1, reason: "the account is closed" },
      },
    ]);
    expect(record(it).payment).toMatchObject({
      status: "REFUND_FAILED",
      refundedMinor: 0,
      failure: "the account is closed",
    });
    // Failed at the bank is final there: an older note of success comes late.
    for (const late of [LOST, DONE]) {
      settle(it, late);
      expect(it.office.changes.journal).toEqual([]);
    }
    it.office.pass(MINUTE);
    expect(it.office.ok({ type: "redrive", effects: [`${it.id}:refund:1`] })).toEqual({ due: 1 });
    expect(factsOf(it)).toEqual([
      { type: "payment.refund-started", bookingId: it.id, detail: { amountMinor: PRICE, refund: 2 } },
    ]);
    expect(it.office.booking(it.id).payment?.refunds).toEqual([
      {
        n: 2,
        attempt: 1,
        amountMinor: PRICE,
        state: "due",
        refundId: null,
        failure: null,
        askedAtMs: it.office.nowMs,
      },
    ]);
    expect(record(it).payment?.status).toBe("REFUND_PENDING");
    settle(it, DONE, 2);
    expect(record(it).payment).toMatchObject({ status: "REFUNDED", failure: null });
  });

  it("that failed counts as done once people paid it in another way, whatever the provider says later", () => {
    const it = cancelled();
    settle(it, LOST);
    const paidBack = () => it.office.ok({ type: "paidBack", effects: [`${it.id}:refund:1`, `${it.id}:project`] });
    expect(paidBack()).toEqual({ settled: 1 });
    expect(factsOf(it)).toEqual([
      {
        type: "payment.refunded",
        bookingId: it.id,
        detail: { amountMinor: PRICE, refund: 1, reason: "paid back in another way" },
      },
    ]);
    expect(record(it).payment).toMatchObject({ status: "REFUNDED", refundedMinor: PRICE, failure: null });
    expect(moneyOwed(it)).toEqual([]);
    expect(paidBack()).toEqual({ settled: 0 });
    for (const late of [LOST, DONE]) settle(it, late);
    expect(it.office.ok({ type: "redrive", effects: [`${it.id}:refund:1`] })).toEqual({ due: 0 });
    expect(record(it).payment?.status).toBe("REFUNDED");
  });

  it("that is due or done is the provider's, and is not counted as paid in another way", () => {
    const it = cancelled();
    const paidBack = () => it.office.ok({ type: "paidBack", effects: [`${it.id}:refund:1`, `${it.id}:refund:2`] });
    expect(paidBack()).toEqual({ settled: 0 });
    settle(it, DONE);
    expect(paidBack()).toEqual({ settled: 0 });
    expect(it.office.booking(it.id).payment?.refunds[0]).toMatchObject({ refundId: "re_1", state: "done" });
  });

  it("that is not failed is not asked again, and one that never was cannot be", () => {
    const it = cancelled();
    settle(it, DONE);
    expect(it.office.ok({ type: "redrive", effects: [`${it.id}:refund:1`, `${it.id}:refund:2`] })).toEqual({ due: 0 });
    settle(it, DONE, 2);
    settle(it, VOIDED);
    expect(it.office.changes.journal).toEqual([]);
  });

  it("is of the attempt that paid, also when another card was tried before", () => {
    const it = paying();
    hear(it, DECLINED);
    it.office.ok(pay(it));
    hear(it, capturedOutcome(PRICE), 2);
    expect(it.office.ok({ type: "readHold", lockId: lockIdOf(it.id) }).status).toBe("CONSUMED");
    it.office.ok({ type: "cancel", bookingId: it.id, userId: it.user, seatIds: null });
    expect(it.office.booking(it.id).payment?.refunds).toMatchObject([{ n: 1, attempt: 2 }]);
  });

  it("that failed is the one that is asked again, and its reason the one that is shown, whatever else was refunded", () => {
    const office = openOffice();
    const user = aUser();
    const it = { office, user, id: office.book(user, ["A1", "B1"]) };
    office.settle(`${it.id}:capture:1`, capturedOutcome(32_500));
    for (const seat of ["A1", "B1"]) {
      office.ok({ type: "cancel", bookingId: it.id, userId: user, seatIds: seatIds(seat) });
    }
    settle(it, DONE);
    settle(it, LOST, 2);
    expect(record(it).payment).toMatchObject({ status: "REFUND_FAILED", failure: "the account is closed" });
    expect(office.ok({ type: "redrive", effects: [`${it.id}:refund:2`] })).toEqual({ due: 1 });
    expect(office.booking(it.id).payment?.refunds.map(({ n, state, amountMinor }) => [n, state, amountMinor])).toEqual([
      [1, "done", 25_000],
      [3, "due", 7_500],
    ]);
    const { work } = office.ok({ type: "claim", effects: [`${it.id}:refund:3`] });
    expect(work).toMatchObject([{ refund: 3, amountMinor: 7_500 }]);
  });

  it("of some seats leaves the payment partially refunded", () => {
    const office = openOffice();
    const user = aUser();
    const it = { office, user, id: office.book(user, ["A1", "B1"]) };
    office.settle(`${it.id}:capture:1`, capturedOutcome(32_500));
    office.ok({ type: "cancel", bookingId: it.id, userId: user, seatIds: seatIds("B1") });
    expect(record(it).payment?.status).toBe("REFUND_PENDING");
    settle(it, DONE);
    expect(record(it).payment).toMatchObject({
      status: "PARTIALLY_REFUNDED",
      amountMinor: 32_500,
      refundedMinor: 7_500,
    });
    office.ok({ type: "cancel", bookingId: it.id, userId: user, seatIds: null });
    settle(it, { type: "refunded", refundId: "re_2" }, 2);
    expect(it.office.booking(it.id).payment?.refunds.map(({ refundId }) => refundId)).toEqual(["re_1", "re_2"]);
    expect(record(it).payment).toMatchObject({ status: "REFUNDED", refundedMinor: 32_500 });
  });
});
