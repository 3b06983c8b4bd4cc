// What Stripe tells and what it answers when asked: only what it signed is heard, and only what is so now is believed.

import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { ProviderEvent } from "../../src/app/ports";
import { MINUTE, SECOND } from "../../src/domain/time";
import { newSale, newsAt, paymentsAt, recordingLog, WEBHOOK_SECRET } from "../stripe/asking";
import { type StandIn, startStandIn } from "../stripe/control";
import { signatureOf } from "../stripe/courier.mjs";

let stripe: StandIn;
beforeAll(async () => {
  stripe = await startStandIn();
});
afterAll(() => stripe.stop());

/** As long as an HMAC. */
const HEX = "0123456789abcdef".repeat(4);
const bytes = (text: string) => new TextEncoder().encode(text);
const nowSeconds = () => Math.floor(Date.now() / SECOND);

function delivery(change: Record<string, unknown> = {}): string {
  return JSON.stringify({
    id: "evt_1",
    object: "event",
    type: "payment_intent.succeeded",
    created: nowSeconds(),
    livemode: false,
    data: { object: { id: "pi_1", object: "payment_intent" } },
    ...change,
  });
}

const signed = (body: string, secret = WEBHOOK_SECRET, atSeconds = nowSeconds()) =>
  signatureOf(body, secret, atSeconds);

describe("a delivery", () => {
  it("that Stripe signed is heard, as ids only", async () => {
    const body = delivery();
    expect(await newsAt(stripe.base).verify(bytes(body), signed(body))).toEqual({
      id: "evt_1",
      type: "payment_intent.succeeded",
      createdAtMs: expect.any(Number),
      intentId: "pi_1",
      dispute: null,
    });
  });

  it("may be signed with either of two secrets, while one replaces the other", async () => {
    const news = newsAt(stripe.base, { webhookSecrets: ["whsec_new", "whsec_old"] });
    const body = delivery();
    for (const secret of ["whsec_new", "whsec_old"]) {
      expect(await news.verify(bytes(body), signed(body, secret))).toMatchObject({ id: "evt_1" });
    }
    expect(await news.verify(bytes(body), signed(body, "whsec_older"))).toBe("forged");
  });

  it.each([
    ["signed with another secret", (body: string) => [body, signed(body, "whsec_other")]],
    ["changed after it was signed", (body: string) => [body.replace("pi_1", "pi_2"), signed(body)]],
    ["not signed", (body: string) => [body, null]],
    ["signed with nothing but a time", (body: string) => [body, `t=${nowSeconds()}`]],
    ["signed under another scheme", (body: string) => [body, signed(body).replace("v1=", "v0=")]],
    ["signed more than 300 s ago", (body: string) => [body, signed(body, WEBHOOK_SECRET, nowSeconds() - 301)]],
    ["no JSON", () => ["{", signed("{")]],
    ["no event", () => ["{}", signed("{}")]],
  ])("%s is forged", async (_name, make) => {
    const [body, signature] = make(delivery());
    expect(await newsAt(stripe.base).verify(bytes(body ?? ""), signature ?? null)).toBe("forged");
  });

  it.each([
    ["not signed", () => null],
    ["signed with nothing", () => ""],
    ["signed at no time", () => `v1=${HEX}`],
    ["signed at a time that is none", () => `t=now,v1=${HEX}`],
    ["signed at a time beyond all numbers", () => `t=${"9".repeat(40)},v1=${HEX}`],
    ["signed with nothing but a time", () => `t=${nowSeconds()}`],
    ["signed under another scheme", () => `t=${nowSeconds()},v0=${HEX}`],
    ["signed with what is no HMAC", () => `t=${nowSeconds()},v1=x`],
    ["signed more than 300 s ago", () => signed("{}", WEBHOOK_SECRET, nowSeconds() - 301)],
  ])("%s is known as forged before its body is read", (_name, make) => {
    expect(newsAt(stripe.base).mayHaveSigned(make())).toBe(false);
  });

  it("that says as much as Stripe's own must be read", () => {
    const news = newsAt(stripe.base);
    for (const header of [signed("{}"), signed("{}", "whsec_other"), `${signed("{}")},v1=${HEX},v0=${HEX}`]) {
      expect(news.mayHaveSigned(header)).toBe(true);
    }
    const nowMs = Date.now();
    const justInTime = signed("{}", WEBHOOK_SECRET, Math.floor(nowMs / SECOND) - 300);
    expect(newsAt(stripe.base, { nowMs: () => nowMs }).mayHaveSigned(justInTime)).toBe(true);
  });

  it("signed just within 300 s is heard", async () => {
    const body = delivery();
    const nowMs = Date.now();
    const news = newsAt(stripe.base, { nowMs: () => nowMs });
    const atSeconds = Math.floor(nowMs / SECOND) - 300;
    expect(await news.verify(bytes(body), signed(body, WEBHOOK_SECRET, atSeconds))).toMatchObject({ id: "evt_1" });
  });

  it.each([
    ["sk_test_x", true],
    ["rk_test_x", true],
    ["sk_live_x", false],
    ["rk_live_x", false],
  ])("under %s one with livemode %s is of the wrong mode", async (secretKey, livemode) => {
    const body = delivery({ livemode });
    expect(await newsAt(stripe.base, { secretKey }).verify(bytes(body), signed(body))).toBe("wrong-mode");
  });

  it.each([
    ["charge.refunded", { object: "charge", id: "ch_1", payment_intent: "pi_7" }, "pi_7"],
    [
      "refund.failed",
      { object: "refund", id: "re_1", payment_intent: { id: "pi_8", object: "payment_intent" } },
      "pi_8",
    ],
    ["customer.created", { object: "customer", id: "cus_1" }, null],
    ["balance.available", { object: "balance" }, null],
  ])("%s names its intent, if it has one", async (type, object, intentId) => {
    const body = delivery({ type, data: { object } });
    expect(await newsAt(stripe.base).verify(bytes(body), signed(body))).toMatchObject({
      type,
      intentId,
      dispute: null,
    });
  });

  it("of a dispute says what the bank says", async () => {
    const object = { object: "dispute", id: "du_1", payment_intent: "pi_1", status: "needs_response" };
    const more = { reason: "fraudulent", amount: 250_000, currency: "isk" };
    const body = delivery({ type: "charge.dispute.created", data: { object: { ...object, ...more } } });
    expect(await newsAt(stripe.base).verify(bytes(body), signed(body))).toMatchObject({
      intentId: "pi_1",
      dispute: { id: "du_1", status: "needs_response", reason: "fraudulent", amountMinor: 2_500, currency: "ISK" },
    });
  });
});

function eventOf(type: string, intentId: string): ProviderEvent {
  return { id: "evt_1", type, createdAtMs: 0, intentId, dispute: null };
}

async function intentOf(sale: ReturnType<typeof newSale>, token = "pm_card_visa"): Promise<string> {
  const outcome = await paymentsAt(stripe.base).authorise(sale.authorise(token));
  if ("intentId" in outcome && outcome.intentId) return outcome.intentId;
  throw new Error(`no intent: ${JSON.stringify(outcome)}`);
}

describe("what an event is about", () => {
  it("is read anew: an old event of a captured intent says captured", async () => {
    const sale = newSale();
    const intentId = await intentOf(sale);
    await paymentsAt(stripe.base).capture(sale.capture(intentId));
    const { findings } = await newsAt(stripe.base).findingsOf(
      eventOf("payment_intent.amount_capturable_updated", intentId),
    );
    expect(findings).toEqual([
      { bookingId: sale.bookingId, kind: "capture", n: 1, outcome: expect.objectContaining({ type: "captured" }) },
    ]);
  });

  it("a challenge that was met is an authorisation", async () => {
    const sale = newSale();
    const intentId = await intentOf(sale, "pm_card_authenticationRequired");
    const read = () => newsAt(stripe.base).findingsOf(eventOf("payment_intent.requires_action", intentId));
    expect((await read()).findings).toMatchObject([{ kind: "authorise", n: 1, outcome: { type: "challenged" } }]);
    await stripe.authenticate(intentId, "success");
    expect((await read()).findings).toMatchObject([{ kind: "authorise", outcome: { type: "authorised" } }]);
  });

  it("a challenge that failed is declined, after its intent was ended", async () => {
    const sale = newSale();
    const intentId = await intentOf(sale, "pm_card_authenticationRequired");
    await stripe.authenticate(intentId, "failure");
    const { findings } = await newsAt(stripe.base).findingsOf(eventOf("payment_intent.payment_failed", intentId));
    const reason = "payment_intent_authentication_failure";
    expect(findings).toMatchObject([{ kind: "authorise", n: 1, outcome: { type: "declined", intentId, reason } }]);
    expect((await stripe.ledger(sale.scope)).intents).toMatchObject([{ status: "canceled" }]);
  });

  it("an intent the bank let run out is voided", async () => {
    const sale = newSale();
    const intentId = await intentOf(sale);
    await stripe.cancelAtBank(intentId);
    const { findings } = await newsAt(stripe.base).findingsOf(eventOf("payment_intent.canceled", intentId));
    expect(findings).toEqual([
      { bookingId: sale.bookingId, kind: "void", n: 1, outcome: { type: "voided", intentId } },
    ]);
  });

  it("refunds are told one by one, as they stand", async () => {
    const sale = newSale();
    const intentId = await intentOf(sale, "pm_card_refundFail");
    const payments = paymentsAt(stripe.base);
    await payments.capture(sale.capture(intentId));
    const first = await payments.refund(sale.refund(intentId, 1, 5_000));
    await payments.refund(sale.refund(intentId, 2, 5_000));
    await stripe.settleRefund(first.type === "refunded" ? first.refundId : "", "failed");
    const { findings, refundsElsewhere } = await newsAt(stripe.base).findingsOf(eventOf("charge.refunded", intentId));
    expect(findings).toMatchObject([
      { kind: "refund", n: 2, outcome: { type: "refunded" } },
      { kind: "refund", n: 1, outcome: { type: "refund-failed", reason: "expired_or_canceled_card" } },
    ]);
    expect(refundsElsewhere).toEqual([]);
  });

  it("a refund made in the dashboard is told apart", async () => {
    const sale = newSale();
    const intentId = await intentOf(sale);
    await paymentsAt(stripe.base).capture(sale.capture(intentId));
    await stripe.refundInDashboard(intentId, 3_000);
    const read = await newsAt(stripe.base).findingsOf(eventOf("charge.refunded", intentId));
    expect(read).toMatchObject({
      findings: [],
      refundsElsewhere: [{ bookingId: sale.bookingId, amountMinor: 3_000, currency: "GBP" }],
    });
  });

  it("letting go of an authorisation is no refund, though Stripe's list has one", async () => {
    const sale = newSale();
    const intentId = await intentOf(sale);
    await paymentsAt(stripe.base).void(sale.void(intentId, true));
    const read = await newsAt(stripe.base).findingsOf(eventOf("charge.refunded", intentId));
    expect(read).toEqual({ findings: [], refundsElsewhere: [] });
  });

  it("types that say nothing of money held or moved are not looked into", async () => {
    const before = (await stripe.requests()).length;
    const read = await newsAt(stripe.base).findingsOf(eventOf("payment_intent.created", "pi_unknown"));
    expect(read).toEqual({ findings: [], refundsElsewhere: [] });
    expect(await stripe.requests()).toHaveLength(before);
  });

  it("a provider that does not answer is a fault, so that the delivery stays due", async () => {
    const sale = newSale();
    const intentId = await intentOf(sale);
    await stripe.addFault({ does: "error-before", status: 503, op: "retrieve", times: 1, scope: sale.scope });
    const news = newsAt(stripe.base);
    await expect(news.findingsOf(eventOf("payment_intent.succeeded", intentId))).rejects.toThrow();
  });
});

describe("what Stripe holds", () => {
  it("is listed by when it was made, and what is not ours is left out", async () => {
    const [held, taken, failing, dead] = [newSale(), newSale(), newSale(), newSale()];
    const payments = paymentsAt(stripe.base);
    await intentOf(held);
    await payments.capture(taken.capture(await intentOf(taken)));
    const failingIntent = await intentOf(failing, "pm_card_refundFail");
    await payments.capture(failing.capture(failingIntent));
    const refund = await payments.refund(failing.refund(failingIntent, 1));
    await stripe.settleRefund(refund.type === "refunded" ? refund.refundId : "", "failed");
    const deadIntent = await intentOf(dead, "pm_card_authenticationRequired");
    await stripe.authenticate(deadIntent, "failure");

    const news = newsAt(stripe.base);
    const { findings, complete } = await news.between(Date.now() - MINUTE, Date.now() + MINUTE);
    expect(complete).toBe(true);
    const ofSale = (sale: ReturnType<typeof newSale>) =>
      findings.filter(({ bookingId }) => bookingId === sale.bookingId).map(({ kind, outcome }) => [kind, outcome.type]);
    expect(ofSale(held)).toEqual([["authorise", "authorised"]]);
    expect(ofSale(taken)).toEqual([["capture", "captured"]]);
    expect(ofSale(failing)).toEqual([
      ["capture", "captured"],
      ["refund", "refund-failed"],
    ]);
    expect(ofSale(dead)).toEqual([["authorise", "declined"]]);
    expect(await news.between(Date.now() + MINUTE, Date.now() + 2 * MINUTE)).toEqual({ findings: [], complete: true });
  });

  it("a second intent of an attempt that another paid is ended", async () => {
    const sale = newSale();
    await stripe.addFault({ does: "forget-key", op: "create", times: 1, scope: sale.scope });
    await intentOf(sale);
    const paidIntent = await intentOf(sale);
    const news = newsAt(stripe.base);
    const look = () => news.between(Date.now() - MINUTE, Date.now() + MINUTE);
    const ofSale = async () => (await look()).findings.filter(({ bookingId }) => bookingId === sale.bookingId);
    expect(await ofSale()).toHaveLength(2);
    await paymentsAt(stripe.base).capture(sale.capture(paidIntent));
    expect(await ofSale()).toMatchObject([{ kind: "capture", outcome: { intentId: paidIntent } }]);
    const { intents } = await stripe.ledger(sale.scope);
    expect(intents.map(({ status }) => status)).toEqual(["canceled", "succeeded"]);
  });

  it("one that cannot be ended now costs no other its news, and is ended at the next look", async () => {
    const [failing, twice, held] = [newSale(), newSale(), newSale()];
    const payments = paymentsAt(stripe.base);
    await stripe.authenticate(await intentOf(failing, "pm_card_authenticationRequired"), "failure");
    await stripe.addFault({ does: "forget-key", op: "create", times: 1, scope: twice.scope });
    await intentOf(twice);
    await payments.capture(twice.capture(await intentOf(twice)));
    await intentOf(held);
    for (const { scope } of [failing, twice]) {
      await stripe.addFault({ does: "error-before", status: 503, op: "cancel", times: 1, scope });
    }
    const log = recordingLog();
    const look = async () => {
      const { findings } = await newsAt(stripe.base, { log }).between(Date.now() - MINUTE, Date.now() + MINUTE);
      return [failing, twice, held].map((sale) =>
        findings.filter(({ bookingId }) => bookingId === sale.bookingId).map(({ outcome }) => outcome.type),
      );
    };
    expect(await look()).toEqual([[], ["captured"], ["authorised"]]);
    expect(log.lines.filter(({ message }) => message === "an intent could not be ended")).toHaveLength(2);
    expect(await look()).toEqual([["declined"], ["captured"], ["authorised"]]);
    expect((await stripe.ledger(twice.scope)).intents.map(({ status }) => status)).toEqual(["canceled", "succeeded"]);
  });

  it("a provider that answers no cancel is not asked for all of them in one look", async () => {
    const sales = Array.from({ length: 7 }, () => newSale());
    for (const sale of sales) {
      await stripe.authenticate(await intentOf(sale, "pm_card_authenticationRequired"), "failure");
      await stripe.addFault({ does: "drop-before", op: "cancel", times: 1, scope: sale.scope });
    }
    await newsAt(stripe.base).between(Date.now() - MINUTE, Date.now() + MINUTE);
    const asked = await Promise.all(sales.map(({ scope }) => stripe.requests(scope)));
    expect(asked.flat().filter(({ op }) => op === "cancel")).toHaveLength(5);
  });

  it("a delivery of another form than known is logged, because somebody signed it", async () => {
    const log = recordingLog();
    const body = JSON.stringify({ id: "evt_1", object: "event" });
    expect(await newsAt(stripe.base, { log }).verify(bytes(body), signed(body))).toBe("forged");
    expect(log.lines).toMatchObject([{ level: "error" }]);
  });
});
