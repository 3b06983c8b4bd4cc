// Every way a payment can go wrong, on the real product with a stand-in for Stripe: each situation is a sale of its own,
// all at once on one server. At rest nobody has paid for a seat they do not have, nobody has a seat they did not pay
// for, nothing was charged or given back twice, and each buyer has exactly one mail for each fact, telling the truth.

import { setTimeout as wait } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { type Product, startProduct, withoutKeepAlive } from "../runtime/product";
import { SECRET_KEY, WEBHOOK_SECRET } from "../stripe/asking";
import { type StandIn, startStandIn } from "../stripe/control";
import { signatureOf } from "../stripe/courier.mjs";
import { openSale, type World } from "../stripe/sale";
import { BUYERS_DOINGS, CARDS, CHALLENGES } from "../stripe/situations/cards";
import { LINES, OUTAGES, SLOW } from "../stripe/situations/lines";
import { DELIVERIES, REFUNDS } from "../stripe/situations/news";
import { CHALLENGED, type Situation, WINDOW_SECONDS } from "../stripe/situations/situation";
import { clientOf } from "./client";

const BUYERS = 8;
/** Between the beginnings of two situations. */
const STAGGER_MS = 400;
const LIMIT_MS = 170_000;

/** Those that take longest begin first. */
const SITUATIONS = {
  "a slow line": SLOW,
  "an outage": OUTAGES,
  "3-D Secure": CHALLENGES,
  "a bad line": LINES,
  "a card": CARDS,
  "a delivery": DELIVERIES,
  "a buyer": BUYERS_DOINGS,
  "a refund": REFUNDS,
};

let product: Product;
let stripe: StandIn;
let world: World;
const results = new Map<Situation, Promise<void>>();

beforeAll(async () => {
  vi.stubGlobal("fetch", withoutKeepAlive(fetch));
  stripe = await startStandIn();
  product = await startProduct({
    PAYMENTS: "stripe",
    STRIPE_API_BASE: stripe.base,
    STRIPE_SECRET_KEY: SECRET_KEY,
    STRIPE_WEBHOOK_SECRET: WEBHOOK_SECRET,
    PAYMENT_WINDOW_SECONDS: String(WINDOW_SECONDS),
  });
  await stripe.setWebhook(`${product.url}/api/webhooks/stripe`, WEBHOOK_SECRET);
  const api = clientOf(product.url);
  const organiser = await api.logInAsOrganiser();
  world = { api, stripe, organiser, buyers: await api.signUpMany(BUYERS) };
  for (const situation of Object.values(SITUATIONS).flat()) {
    const result = happen(situation, results.size * STAGGER_MS);
    result.catch(() => undefined);
    results.set(situation, result);
  }
}, LIMIT_MS);

afterAll(async () => {
  await product?.stop();
  await stripe?.stop();
});

async function happen({ run, ending, price, currency }: Situation, afterMs: number): Promise<void> {
  await wait(afterMs);
  const sale = await openSale(world, { price, currency });
  const bookingId = await run(sale);
  await sale.ended(bookingId);
  await sale.restsAs(bookingId, ending);
}

describe.each(Object.entries(SITUATIONS))("%s", (_kind, situations) => {
  it.each(situations)("$name", async (situation) => await results.get(situation), LIMIT_MS);
});

describe("a price that Stripe cannot charge", () => {
  it.each([
    ["KWD", 5_001],
    ["MGA", 5_050],
  ])("%s %i is refused when the event is made, before any buyer meets it", async (currency, price) => {
    await expect(openSale(world, { currency, price })).rejects.toThrow(/400.*ticketTiers\[0\]\.price/);
  });
});

describe("a delivery that Stripe did not send", () => {
  it("does no work, whatever is wrong with it", async () => {
    const sale = await openSale(world);
    await sale.webhooks({ does: "drop" });
    const id = await sale.confirm();
    await sale.pay(id, CHALLENGED);
    const intent = await sale.newestIntent();
    const body = JSON.stringify({
      id: "evt_forged",
      object: "event",
      type: "payment_intent.succeeded",
      created: Math.floor(Date.now() / 1_000),
      livemode: false,
      data: { object: { id: intent.id, object: "payment_intent", status: "succeeded", amount_received: 10_000 } },
    });
    const nowSeconds = Math.floor(Date.now() / 1_000);
    const live = body.replace('"livemode":false', '"livemode":true');
    const before = (await stripe.requests(sale.scope)).length;
    for (const [text, signature, code] of [
      [body, signatureOf(body, "whsec_of_somebody", nowSeconds), "WEBHOOK_SIGNATURE_INVALID"],
      [body.replace("10000", "1"), signatureOf(body, WEBHOOK_SECRET, nowSeconds), "WEBHOOK_SIGNATURE_INVALID"],
      [body, signatureOf(body, WEBHOOK_SECRET, nowSeconds - 301), "WEBHOOK_SIGNATURE_INVALID"],
      [body, null, "WEBHOOK_SIGNATURE_INVALID"],
      [live, signatureOf(live, WEBHOOK_SECRET, nowSeconds), "VALIDATION_ERROR"],
    ] as const) {
      const answer = await fetch(`${product.url}/api/webhooks/stripe`, {
        method: "POST",
        headers: { "content-type": "application/json", ...(signature && { "stripe-signature": signature }) },
        body: text,
      });
      expect([answer.status, ((await answer.json()) as { error: { code: string } }).error.code]).toEqual([400, code]);
    }
    expect((await stripe.requests(sale.scope)).length - before).toBe(0);
    expect(await sale.status(id)).toBe("PAYMENT_PENDING");
  });

  it("may be of a type nobody knows, and is accepted", async () => {
    const body = JSON.stringify({
      id: "evt_unknown",
      object: "event",
      type: "customer.sneezed",
      created: Math.floor(Date.now() / 1_000),
      livemode: false,
      data: { object: { id: "cus_1", object: "customer" } },
    });
    const headers = { "stripe-signature": signatureOf(body, WEBHOOK_SECRET, Math.floor(Date.now() / 1_000)) };
    const answer = await fetch(`${product.url}/api/webhooks/stripe`, { method: "POST", headers, body });
    expect([answer.status, await answer.json()]).toEqual([200, { received: true }]);
  });

  it("is refused when it is longer than 256 KB", async () => {
    const body = "x".repeat(256 * 1_024 + 1);
    const headers = { "stripe-signature": signatureOf(body, WEBHOOK_SECRET, Math.floor(Date.now() / 1_000)) };
    const answer = await fetch(`${product.url}/api/webhooks/stripe`, { method: "POST", headers, body });
    expect(answer.status).toBe(413);
  });
});
