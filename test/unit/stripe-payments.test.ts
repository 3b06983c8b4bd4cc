// The adapter against the stand-in: what each of Stripe's answers comes to, and that no silence or repeat costs anybody
// anything twice.

import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { HOUR, MINUTE } from "../../src/domain/time";
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

describe("authorising", () => {
  it.each(["pm_card_visa", "tok_visa"])("%s is authorised and not captured", async (token) => {
    const sale = newSale();
    const outcome = await paymentsAt(stripe.base).authorise(sale.authorise(token));
    expect(outcome).toMatchObject({ type: "authorised", amountMinor: 15_000, currency: "GBP" });
    expect(await onlyEntry(sale)).toMatchObject({ status: "requires_capture", held: 15_000, captured: 0 });
  });

  it.each([
    ["pm_card_chargeDeclined", "generic_decline"],
    ["pm_card_visa_chargeDeclinedInsufficientFunds", "insufficient_funds"],
    ["tok_chargeDeclinedExpiredCard", "expired_card"],
  ])("%s is declined, and its intent is dead", async (token, reason) => {
    const sale = newSale();
    const outcome = await paymentsAt(stripe.base).authorise(sale.authorise(token));
    expect(outcome).toMatchObject({ type: "declined", reason });
    expect(await onlyEntry(sale)).toMatchObject({ status: "canceled", held: 0, captured: 0 });
  });

  it("a payment method that does not exist is declined and leaves nothing behind", async () => {
    const sale = newSale();
    const outcome = await paymentsAt(stripe.base).authorise(sale.authorise("pm_of_nobody"));
    expect(outcome).toEqual({ type: "declined", intentId: null, reason: "resource_missing" });
    expect((await stripe.ledger(sale.scope)).intents).toEqual([]);
  });

  it("an amount Stripe cannot charge is declined without asking", async () => {
    const sale = newSale(5_124, "KWD");
    const outcome = await paymentsAt(stripe.base).authorise(sale.authorise("pm_card_visa"));
    expect(outcome).toMatchObject({ type: "declined", reason: "amount_not_chargeable" });
    expect(await stripe.requests(sale.scope)).toEqual([]);
  });

  it("no payment method is declined without asking", async () => {
    const sale = newSale();
    const outcome = await paymentsAt(stripe.base).authorise(sale.authorise(null));
    expect(outcome).toMatchObject({ type: "declined", reason: "payment_method_missing" });
  });

  it.each([
    ["JPY", 500, 500],
    ["KWD", 5_120, 5_120],
    ["ISK", 2_500, 250_000],
  ])("%s is sent as Stripe counts it and reported as we do", async (currency, amountMinor, atStripe) => {
    const sale = newSale(amountMinor, currency);
    const outcome = await paymentsAt(stripe.base).authorise(sale.authorise("pm_card_visa"));
    expect(outcome).toMatchObject({ type: "authorised", amountMinor, currency });
    expect(await onlyEntry(sale)).toMatchObject({ amount: atStripe });
  });

  it("a card that wants 3-D Secure is challenged with the buyer's secret", async () => {
    const sale = newSale();
    const outcome = await paymentsAt(stripe.base).authorise(sale.authorise("pm_card_authenticationRequired"));
    expect(outcome).toMatchObject({ type: "challenged", clientSecret: expect.stringMatching(/^pi_\w+_secret_/) });
  });

  it("asked again, it answers the same and makes no second intent", async () => {
    const sale = newSale();
    const payments = paymentsAt(stripe.base);
    const first = await payments.authorise(sale.authorise("pm_card_visa"));
    expect(await payments.authorise(sale.authorise("pm_card_visa"))).toEqual(first);
    await onlyEntry(sale);
  });

  it("asked again after the intent went on, it answers what is so now", async () => {
    const sale = newSale();
    const intentId = await captured(sale);
    const outcome = await paymentsAt(stripe.base).authorise(sale.authorise("pm_card_visa"));
    expect(outcome).toMatchObject({ type: "captured", intentId, amountMinor: 15_000 });
  });

  it("two at once make one intent", async () => {
    const sale = newSale();
    await stripe.addFault({ does: "delay", op: "create", delayMs: 1_000, scope: sale.scope });
    const payments = paymentsAt(stripe.base);
    const outcomes = await Promise.all([1, 2, 3].map(() => payments.authorise(sale.authorise("pm_card_visa"))));
    expect(outcomes.map(({ type }) => type).sort()).toEqual(["authorised", "later", "later"]);
    await onlyEntry(sale);
  });

  it.each([
    ["the request is lost", { does: "drop-before", op: "create", times: 1 }, "unanswered"],
    ["the reply is lost", { does: "drop-after", op: "create", times: 1 }, "unanswered"],
    ["the service is unavailable", { does: "error-before", status: 503, op: "create", times: 1 }, "unanswered"],
    ["another request holds the key", { does: "error-before", status: 409, op: "create", times: 1 }, "later"],
    ["there are too many requests", { does: "error-before", status: 429, op: "create", times: 1 }, "later"],
    [
      "the object is locked",
      { does: "error-before", status: 429, code: "lock_timeout", op: "create", times: 1 },
      "later",
    ],
    ["our key is refused", { does: "error-before", status: 401, op: "create", times: 1 }, "later"],
    ["an error hides that it was done", { does: "error-after", op: "create", times: 1 }, "unanswered"],
  ] as const)("when %s, the same question finds out", async (_name, fault, first) => {
    const sale = newSale();
    await stripe.addFault({ ...fault, scope: sale.scope });
    const payments = paymentsAt(stripe.base);
    expect(await payments.authorise(sale.authorise("pm_card_visa"))).toMatchObject({ type: first });
    expect(await payments.authorise(sale.authorise("pm_card_visa"))).toMatchObject({ type: "authorised" });
    await onlyEntry(sale);
  });

  it("an error Stripe will always repeat, with nothing done, is declined once there can be no trace to come", async () => {
    const sale = newSale();
    await stripe.addFault({ does: "error-before", status: 500, op: "create", times: 1, scope: sale.scope });
    const payments = paymentsAt(stripe.base);
    expect(await payments.authorise(sale.authorise("pm_card_visa"))).toMatchObject({ type: "unanswered" });
    expect(await payments.authorise(sale.authorise("pm_card_visa"))).toMatchObject({ type: "unanswered" });
    const afterAMinute = paymentsAt(stripe.base, later(MINUTE));
    expect(await afterAMinute.authorise(sale.authorise("pm_card_visa"))).toEqual({
      type: "declined",
      intentId: null,
      reason: "processing_error",
    });
    expect(afterAMinute.log.lines).toContainEqual({
      level: "error",
      message: "an authorisation left no trace at Stripe",
    });
  });

  it("a decline whose cancel is not answered is unknown, and declined when asked again", async () => {
    const sale = newSale();
    await stripe.addFault({ does: "drop-before", op: "cancel", times: 1, scope: sale.scope });
    const payments = paymentsAt(stripe.base);
    expect(await payments.authorise(sale.authorise("pm_card_chargeDeclined"))).toMatchObject({ type: "unanswered" });
    expect(await payments.authorise(sale.authorise("pm_card_chargeDeclined"))).toMatchObject({ type: "declined" });
    expect(await onlyEntry(sale)).toMatchObject({ status: "canceled" });
  });

  it("a key that another request used is looked up, never sent anew", async () => {
    const sale = newSale();
    const intentId = await authorised(sale);
    const outcome = await paymentsAt(stripe.base).authorise({ ...sale.authorise("pm_card_mastercard") });
    expect(outcome).toMatchObject({ type: "authorised", intentId });
    await onlyEntry(sale);
  });

  it("a key older than 23 hours is not sent again: what it made is found by its metadata", async () => {
    const sale = newSale();
    const intentId = await authorised(sale);
    const sent = (await stripe.requests(sale.scope)).length;
    const nextDay = paymentsAt(stripe.base, later(23 * HOUR));
    expect(await nextDay.authorise(sale.authorise("pm_card_visa"))).toMatchObject({ type: "authorised", intentId });
    const asked = (await stripe.requests(sale.scope)).slice(sent);
    expect(asked.filter(({ key }) => key !== undefined)).toEqual([]);
  });

  it("a key older than 23 hours that made nothing is declined", async () => {
    const sale = newSale();
    const nextDay = paymentsAt(stripe.base, later(23 * HOUR));
    expect(await nextDay.authorise(sale.authorise("pm_card_visa"))).toMatchObject({ type: "declined", intentId: null });
    expect((await stripe.ledger(sale.scope)).intents).toEqual([]);
  });

  it("a silent provider is given up in time, as unknown", async () => {
    const sale = newSale();
    await stripe.addFault({ does: "delay-after", op: "create", delayMs: 5_000, times: 1, scope: sale.scope });
    const impatient = paymentsAt(stripe.base, { timeoutMs: 200 });
    const startMs = Date.now();
    expect(await impatient.authorise(sale.authorise("pm_card_visa"))).toMatchObject({ type: "unanswered" });
    expect(Date.now() - startMs).toBeLessThan(4_000);
    expect(await impatient.authorise(sale.authorise("pm_card_visa"))).toMatchObject({ type: "later" });
  });
});

describe("capturing", () => {
  it("takes what was authorised, and says how much", async () => {
    const sale = newSale();
    const intentId = await authorised(sale);
    const outcome = await paymentsAt(stripe.base).capture(sale.capture(intentId));
    expect(outcome).toMatchObject({ type: "captured", intentId, amountMinor: 15_000, currency: "GBP" });
    expect(outcome).toMatchObject({ transactionId: expect.stringMatching(/^ch_/) });
    expect(await onlyEntry(sale)).toMatchObject({ captured: 15_000, held: 0 });
  });

  it("asked again, it has been captured once", async () => {
    const sale = newSale();
    const intentId = await captured(sale);
    expect(await paymentsAt(stripe.base).capture(sale.capture(intentId))).toMatchObject({ type: "captured" });
    expect(await onlyEntry(sale)).toMatchObject({ captured: 15_000 });
  });

  it.each([
    ["the request is lost", { does: "drop-before", op: "capture", times: 1 }, "unanswered"],
    ["the reply is lost", { does: "drop-after", op: "capture", times: 1 }, "unanswered"],
    ["an error hides that it was done", { does: "error-after", op: "capture", times: 1 }, "unanswered"],
    [
      "an error that is always repeated hides that nothing was done",
      { does: "error-before", status: 500, op: "capture", times: 1 },
      "unanswered",
    ],
    ["there are too many requests", { does: "error-before", status: 429, op: "capture", times: 1 }, "later"],
  ] as const)("when %s, the same question finds out", async (_name, fault, first) => {
    const sale = newSale();
    const intentId = await authorised(sale);
    await stripe.addFault({ ...fault, scope: sale.scope });
    const payments = paymentsAt(stripe.base);
    expect(await payments.capture(sale.capture(intentId))).toMatchObject({ type: first });
    expect(await payments.capture(sale.capture(intentId))).toMatchObject({ type: "captured", amountMinor: 15_000 });
    expect(await onlyEntry(sale)).toMatchObject({ captured: 15_000 });
  });

  it("an authorisation that ran out at the bank is voided", async () => {
    const sale = newSale();
    const intentId = await authorised(sale);
    await stripe.cancelAtBank(intentId);
    expect(await paymentsAt(stripe.base).capture(sale.capture(intentId))).toEqual({ type: "voided", intentId });
  });

  it("what cannot be captured is cancelled, so that it is proven dead", async () => {
    const sale = newSale();
    await stripe.addFault({ does: "tamper", op: "create", tamper: { amount_capturable: 100 }, scope: sale.scope });
    const intentId = await authorised(sale);
    expect(await paymentsAt(stripe.base).capture(sale.capture(intentId))).toEqual({ type: "voided", intentId });
    expect(await onlyEntry(sale)).toMatchObject({ status: "canceled", captured: 0, held: 0 });
  });

  it("after 23 hours it is read first and captured under a new key", async () => {
    const sale = newSale();
    const intentId = await authorised(sale);
    const nextDay = paymentsAt(stripe.base, later(23 * HOUR));
    expect(await nextDay.capture(sale.capture(intentId))).toMatchObject({ type: "captured" });
    expect(await nextDay.capture(sale.capture(intentId))).toMatchObject({ type: "captured" });
    const captures = (await stripe.requests(sale.scope)).filter(({ op }) => op === "capture");
    expect(captures.map(({ key }) => key)).toEqual([
      expect.stringMatching(new RegExp(`^${sale.bookingId}:1:capture:\\d+$`)),
    ]);
  });

  it("an authorisation of another amount is reported as it is", async () => {
    const sale = newSale();
    await stripe.addFault({ does: "tamper", op: "create", tamper: { amount_capturable: 100 }, scope: sale.scope });
    const outcome = await paymentsAt(stripe.base).authorise(sale.authorise("pm_card_visa"));
    expect(outcome).toMatchObject({ type: "authorised", amountMinor: 100 });
  });
});
