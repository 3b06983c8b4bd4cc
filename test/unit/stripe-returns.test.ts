// The adapter against the stand-in: letting go of what was authorised, and giving back what was captured.

import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { HOUR, MINUTE, SECOND } from "../../src/domain/time";
import { newSale, paymentsAt } from "../stripe/asking";
import { type StandIn, startStandIn } from "../stripe/control";

let stripe: StandIn;
beforeAll(async () => {
  stripe = await startStandIn();
});
afterAll(() => stripe.stop());

const later = (ms: number) => ({ nowMs: () => Date.now() + ms });

/** Authorises and returns the intent's id. */
async function authorised(sale: ReturnType<typeof newSale>, token = "pm_card_visa"): Promise<string> {
  const outcome = await paymentsAt(stripe.base).authorise(sale.authorise(token));
  if (outcome.type !== "authorised") throw new Error(`not authorised: ${JSON.stringify(outcome)}`);
  return outcome.intentId;
}

async function captured(sale: ReturnType<typeof newSale>, token = "pm_card_visa"): Promise<string> {
  const intentId = await authorised(sale, token);
  const outcome = await paymentsAt(stripe.base).capture(sale.capture(intentId));
  if (outcome.type !== "captured") throw new Error(`not captured: ${JSON.stringify(outcome)}`);
  return intentId;
}

async function onlyEntry(sale: ReturnType<typeof newSale>) {
  const { intents, problems } = await stripe.ledger(sale.scope);
  expect(problems).toEqual([]);
  expect(intents).toHaveLength(1);
  return intents[0];
}

describe("voiding", () => {
  it("an authorisation found there is news", async () => {
    const sale = newSale();
    const intentId = await authorised(sale);
    const outcome = await paymentsAt(stripe.base).void(sale.void(intentId));
    expect(outcome).toMatchObject({ type: "authorised", intentId, amountMinor: 15_000 });
  });

  it("an authorisation nobody waits for is let go, also when it was news before", async () => {
    const sale = newSale();
    const intentId = await authorised(sale);
    const payments = paymentsAt(stripe.base);
    await payments.void(sale.void(intentId));
    expect(await payments.void(sale.void(intentId, true))).toEqual({ type: "voided", intentId });
    expect(await payments.void(sale.void(intentId, true))).toEqual({ type: "voided", intentId });
    expect(await onlyEntry(sale)).toMatchObject({ status: "canceled", held: 0 });
  });

  it("a challenge the buyer never met is cancelled", async () => {
    const sale = newSale();
    const outcome = await paymentsAt(stripe.base).authorise(sale.authorise("pm_card_authenticationRequired"));
    const intentId = outcome.type === "challenged" ? outcome.intentId : "";
    expect(await paymentsAt(stripe.base).void(sale.void(intentId))).toEqual({ type: "voided", intentId });
  });

  it("what was captured cannot be voided: it is news", async () => {
    const sale = newSale();
    const intentId = await captured(sale);
    expect(await paymentsAt(stripe.base).void(sale.void(intentId, true))).toMatchObject({ type: "captured", intentId });
  });

  it.each([
    ["the request is lost", { does: "drop-before", op: "cancel", times: 1 }],
    ["the reply is lost", { does: "drop-after", op: "cancel", times: 1 }],
    ["an error hides that it was done", { does: "error-after", op: "cancel", times: 1 }],
    [
      "an error that is always repeated hides that nothing was done",
      { does: "error-before", status: 500, op: "cancel", times: 1 },
    ],
    ["it cannot even be read", { does: "drop-before", op: "retrieve", times: 1 }],
  ] as const)("when %s, the same question finds out", async (_name, fault) => {
    const sale = newSale();
    const intentId = await authorised(sale);
    await stripe.addFault({ ...fault, scope: sale.scope });
    const payments = paymentsAt(stripe.base);
    expect(await payments.void(sale.void(intentId, true))).toMatchObject({ type: "unanswered" });
    expect(await payments.void(sale.void(intentId, true))).toEqual({ type: "voided", intentId });
    expect(await onlyEntry(sale)).toMatchObject({ status: "canceled", held: 0 });
  });

  it("without an intent it waits until no request can be under way any more", async () => {
    const sale = newSale();
    const outcome = await paymentsAt(stripe.base).void(sale.void(null));
    expect(outcome.type === "later" && outcome.afterMs).toBeGreaterThan(25 * SECOND);
  });

  it("without an intent it then finds what the lost reply was about", async () => {
    const sale = newSale();
    const intentId = await authorised(sale);
    const payments = paymentsAt(stripe.base, later(30 * SECOND));
    expect(await payments.void(sale.void(null))).toMatchObject({ type: "authorised", intentId });
    expect(await payments.void(sale.void(null, true))).toEqual({ type: "voided", intentId });
  });

  it("without an intent and with none to be found there is nothing to void", async () => {
    const sale = newSale();
    const payments = paymentsAt(stripe.base, later(30 * SECOND));
    expect(await payments.void(sale.void(null))).toEqual({ type: "voided", intentId: null });
  });

  it("another attempt's intent is left alone", async () => {
    const sale = newSale();
    await authorised(sale);
    const payments = paymentsAt(stripe.base, later(30 * SECOND));
    expect(await payments.void(sale.void(null, true, 2))).toEqual({ type: "voided", intentId: null });
    expect(await onlyEntry(sale)).toMatchObject({ held: 15_000 });
  });

  it("every one of two intents of one attempt is voided", async () => {
    const sale = newSale();
    await stripe.addFault({ does: "forget-key", op: "create", times: 1, scope: sale.scope });
    await authorised(sale);
    await authorised(sale);
    const payments = paymentsAt(stripe.base, later(30 * SECOND));
    expect(await payments.void(sale.void(null, true))).toMatchObject({ type: "voided" });
    const { intents } = await stripe.ledger(sale.scope);
    expect(intents.map(({ status }) => status)).toEqual(["canceled", "canceled"]);
  });
});

describe("refunding", () => {
  it("gives all of it back", async () => {
    const sale = newSale();
    const intentId = await captured(sale);
    const outcome = await paymentsAt(stripe.base).refund(sale.refund(intentId, 1));
    expect(outcome).toMatchObject({ type: "refunded", refundId: expect.stringMatching(/^re_/) });
    expect(await onlyEntry(sale)).toMatchObject({ captured: 15_000, refunded: 15_000 });
  });

  it("gives parts of it back, each once, however often and concurrently asked", async () => {
    const sale = newSale();
    const intentId = await captured(sale);
    const payments = paymentsAt(stripe.base);
    const asks = [1, 2, 1, 2].map((n) => payments.refund(sale.refund(intentId, n, 7_500)));
    const types = (await Promise.all(asks)).map(({ type }) => type);
    expect(types.every((type) => type === "refunded" || type === "later")).toBe(true);
    for (const n of [1, 2]) {
      expect(await payments.refund(sale.refund(intentId, n, 7_500))).toMatchObject({ type: "refunded" });
    }
    expect(await onlyEntry(sale)).toMatchObject({ refunded: 15_000 });
  });

  it("never gives back more than was taken", async () => {
    const sale = newSale();
    const intentId = await captured(sale);
    const payments = paymentsAt(stripe.base);
    await payments.refund(sale.refund(intentId, 1, 10_000));
    expect(await payments.refund(sale.refund(intentId, 2, 10_000))).toMatchObject({ type: "refund-failed" });
    expect(await onlyEntry(sale)).toMatchObject({ refunded: 10_000 });
  });

  it.each([
    ["the request is lost", { does: "drop-before", op: "refund", times: 1 }, "unanswered"],
    ["the reply is lost", { does: "drop-after", op: "refund", times: 1 }, "unanswered"],
    ["an error hides that it was done", { does: "error-after", op: "refund", times: 1 }, "unanswered"],
    ["another request holds the key", { does: "error-before", status: 409, op: "refund", times: 1 }, "later"],
  ] as const)("when %s, the same question finds out", async (_name, fault, first) => {
    const sale = newSale();
    const intentId = await captured(sale);
    await stripe.addFault({ ...fault, scope: sale.scope });
    const payments = paymentsAt(stripe.base);
    expect(await payments.refund(sale.refund(intentId, 1, 5_000))).toMatchObject({ type: first });
    expect(await payments.refund(sale.refund(intentId, 1, 5_000))).toMatchObject({ type: "refunded" });
    expect(await onlyEntry(sale)).toMatchObject({ refunded: 5_000 });
  });

  it("a repeat is found by its number also after the key was forgotten", async () => {
    const sale = newSale();
    const intentId = await captured(sale);
    await stripe.addFault({ does: "forget-key", op: "refund", times: 1, scope: sale.scope });
    const payments = paymentsAt(stripe.base);
    const first = await payments.refund(sale.refund(intentId, 1, 5_000));
    expect(await payments.refund(sale.refund(intentId, 1, 5_000))).toEqual(first);
    expect(await onlyEntry(sale)).toMatchObject({ refunded: 5_000 });
  });

  it("a pending refund counts: Stripe has accepted it", async () => {
    const sale = newSale();
    const intentId = await captured(sale, "pm_card_pendingRefund");
    expect(await paymentsAt(stripe.base).refund(sale.refund(intentId, 1))).toMatchObject({ type: "refunded" });
  });

  it("one that failed at the bank stays failed, and the next number is another try", async () => {
    const sale = newSale();
    const intentId = await captured(sale, "pm_card_refundFail");
    const payments = paymentsAt(stripe.base);
    const first = await payments.refund(sale.refund(intentId, 1));
    const refundId = first.type === "refunded" ? first.refundId : "";
    await stripe.settleRefund(refundId, "failed");
    const reason = "expired_or_canceled_card";
    expect(await payments.refund(sale.refund(intentId, 1))).toEqual({ type: "refund-failed", refundId, reason });
    expect(await payments.refund(sale.refund(intentId, 2))).toMatchObject({ type: "refunded" });
    expect(await onlyEntry(sale)).toMatchObject({ refunded: 15_000, refundsFailed: 1 });
  });

  it("money that went back from the dashboard already is not given back again", async () => {
    const sale = newSale();
    const intentId = await captured(sale);
    await stripe.refundInDashboard(intentId);
    expect(await paymentsAt(stripe.base).refund(sale.refund(intentId, 1))).toMatchObject({ type: "refunded" });
    expect(await onlyEntry(sale)).toMatchObject({ refunded: 15_000 });
  });

  describe("after a part went back from the dashboard", () => {
    it("leaves to a person whether that was this refund: nothing is paid, however often it is asked", async () => {
      const sale = newSale();
      const intentId = await captured(sale);
      await stripe.refundInDashboard(intentId, 7_500);
      const payments = paymentsAt(stripe.base);
      for (const n of [1, 2]) {
        const outcome = await payments.refund(sale.refund(intentId, n, 7_500));
        expect(outcome).toEqual({ type: "refund-failed", refundId: null, reason: "refunded_elsewhere" });
      }
      expect(await onlyEntry(sale)).toMatchObject({ refunded: 7_500 });
    });

    it("gives the rest back when all of it is to go back", async () => {
      const sale = newSale();
      const intentId = await captured(sale);
      await stripe.refundInDashboard(intentId, 4_000);
      const payments = paymentsAt(stripe.base);
      const outcome = await payments.refund(sale.refund(intentId, 1));
      expect(outcome).toMatchObject({ type: "refunded" });
      expect(await payments.refund(sale.refund(intentId, 1))).toEqual(outcome);
      expect(await onlyEntry(sale)).toMatchObject({ refunded: 15_000 });
    });

    it("gives the rest back with the last part of it, and has done nothing of what it left to a person", async () => {
      const sale = newSale();
      const intentId = await captured(sale);
      const payments = paymentsAt(stripe.base);
      await payments.refund(sale.refund(intentId, 1, 5_000));
      await stripe.refundInDashboard(intentId, 3_000);
      expect(await payments.refund(sale.refund(intentId, 2, 5_000))).toMatchObject({ type: "refund-failed" });
      expect(await payments.refund(sale.refund(intentId, 3, 10_000))).toMatchObject({ type: "refunded" });
      expect(await onlyEntry(sale)).toMatchObject({ refunded: 15_000 });
    });

    it("is done when a person paid what was missing", async () => {
      const sale = newSale();
      const intentId = await captured(sale);
      await stripe.refundInDashboard(intentId, 7_500);
      const payments = paymentsAt(stripe.base);
      expect(await payments.refund(sale.refund(intentId, 1, 7_500))).toMatchObject({ type: "refund-failed" });
      await stripe.refundInDashboard(intentId);
      const nextDay = paymentsAt(stripe.base, later(23 * HOUR));
      expect(await nextDay.refund(sale.refund(intentId, 2, 7_500))).toMatchObject({ type: "refunded" });
      expect(await onlyEntry(sale)).toMatchObject({ refunded: 15_000 });
    });

    it("that the bank returned, all is still to be given back", async () => {
      const sale = newSale();
      const intentId = await captured(sale, "pm_card_refundFail");
      await stripe.settleRefund(await stripe.refundInDashboard(intentId, 7_500), "failed");
      const payments = paymentsAt(stripe.base);
      for (const n of [1, 2]) {
        expect(await payments.refund(sale.refund(intentId, n, 7_500))).toMatchObject({ type: "refunded" });
      }
      expect(await onlyEntry(sale)).toMatchObject({ refunded: 15_000, refundsFailed: 1 });
    });
  });

  it("an error Stripe will always repeat is a failed refund once there can be no trace to come", async () => {
    const sale = newSale();
    const intentId = await captured(sale);
    await stripe.addFault({ does: "error-before", status: 500, op: "refund", times: 1, scope: sale.scope });
    const payments = paymentsAt(stripe.base);
    expect(await payments.refund(sale.refund(intentId, 1))).toMatchObject({ type: "unanswered" });
    expect(await payments.refund(sale.refund(intentId, 1))).toMatchObject({ type: "unanswered" });
    const afterAMinute = paymentsAt(stripe.base, later(MINUTE));
    expect(await afterAMinute.refund(sale.refund(intentId, 1))).toMatchObject({ type: "refund-failed" });
    expect(await onlyEntry(sale)).toMatchObject({ refunded: 0 });
  });

  it("a key older than 23 hours is not sent: without a refund to be found it failed", async () => {
    const sale = newSale();
    const intentId = await captured(sale);
    const nextDay = paymentsAt(stripe.base, later(23 * HOUR));
    const outcome = await nextDay.refund(sale.refund(intentId, 1));
    expect(outcome).toEqual({ type: "refund-failed", refundId: null, reason: "key_expired" });
    expect(await onlyEntry(sale)).toMatchObject({ refunded: 0 });
  });
});
