// Every way a payment can go wrong, on the real product with a stand-in for Stripe: each situation is a sale of its own,
// all at once on one server. At rest nobody has paid for a seat they do not have, nobody has a seat they did not pay
// for, nothing was charged or given back twice, and each buyer has exactly one mail for each fact, telling the truth.

import { setTimeout as wait } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { SECRET_KEY, WEBHOOK_SECRET } from "../stripe/asking";
import { type StandIn, startStandIn } from "../stripe/control";
import { signatureOf } from "../stripe/courier.mjs";
import { type Product, startProduct } from "../stripe/product";
import { type Ending, eventually, openSale, type Sale, type World } from "../stripe/sale";
import { clientOf } from "./client";

/** Longer than a provider time-out and a second try, also on a busy machine. */
const WINDOW_SECONDS = 45;
const BUYERS = 8;
/** Between the beginnings of two situations. */
const STAGGER_MS = 400;
const LIMIT_MS = 170_000;
const CARD = "pm_card_visa";
const DECLINED = "pm_card_chargeDeclined";
const CHALLENGED = "pm_card_authenticationRequired";

const CONFIRMED = { status: "CONFIRMED", payment: "SUCCESS", captured: 10_000, mails: ["BOOKING_CONFIRMED"] } as const;
const EXPIRED = { status: "EXPIRED", payment: "CANCELLED", captured: 0, mails: ["BOOKING_EXPIRED"] } as const;
const REFUSED = {
  status: "FAILED",
  failureReason: "PAYMENT_FAILED",
  payment: "FAILED",
  captured: 0,
  mails: ["BOOKING_FAILED"],
} as const;
const REFUNDED = {
  status: "CANCELLED",
  payment: "REFUNDED",
  captured: 10_000,
  refunded: 10_000,
  mails: ["BOOKING_CONFIRMED", "BOOKING_CANCELLED"],
} as const;

interface Situation {
  readonly name: string;
  readonly ending: Ending;
  readonly price?: number;
  readonly currency?: string;
  /** What happens; the booking it happens to. */
  run(sale: Sale): Promise<string>;
}

const CARDS: readonly Situation[] = [
  { name: "a card pays", ending: { ...CONFIRMED, intents: 1 }, run: (sale) => sale.book(CARD) },
  {
    name: "a card token pays, in steps",
    ending: { ...CONFIRMED, intents: 1 },
    async run(sale) {
      const id = await sale.confirm();
      expect((await sale.pay(id, "tok_visa")).body.paymentStatus).toBe("SUCCESS");
      return id;
    },
  },
  { name: "a card is declined", ending: { ...REFUSED, intents: 1 }, run: (sale) => sale.book(DECLINED) },
  {
    name: "a card has insufficient funds",
    ending: REFUSED,
    run: (sale) => sale.book("pm_card_visa_chargeDeclinedInsufficientFunds"),
  },
  {
    name: "a payment method does not exist",
    ending: { ...REFUSED, intents: 0 },
    run: (sale) => sale.book("pm_card_of_nobody"),
  },
  {
    name: "another card pays after a declined one",
    ending: { ...CONFIRMED, intents: 2 },
    async run(sale) {
      const id = await sale.confirm();
      expect((await sale.pay(id, DECLINED)).body.paymentStatus).toBe("FAILED");
      expect(await sale.status(id)).toBe("PAYMENT_PENDING");
      expect((await sale.pay(id, CARD)).body.paymentStatus).toBe("SUCCESS");
      return id;
    },
  },
  {
    name: "five cards are declined and there is no sixth try",
    ending: { ...EXPIRED, payment: "FAILED", intents: 5 },
    async run(sale) {
      const id = await sale.confirm();
      for (let n = 0; n < 5; n++) expect((await sale.pay(id, DECLINED)).body.paymentStatus).toBe("FAILED");
      expect((await sale.pay(id, CARD)).status).toBe(422);
      return id;
    },
  },
  {
    name: "nobody pays at all",
    ending: { ...EXPIRED, payment: null, intents: 0 },
    run: (sale) => sale.confirm(),
  },
  { name: "yen have no fraction", currency: "JPY", ending: CONFIRMED, run: (sale) => sale.book(CARD) },
  { name: "dinars have three digits", currency: "KWD", ending: CONFIRMED, run: (sale) => sale.book(CARD) },
  {
    name: "a króna is a hundred at Stripe, and comes back as one",
    currency: "ISK",
    ending: REFUNDED,
    async run(sale) {
      const id = await sale.book(CARD);
      await sale.ended(id);
      expect((await sale.cancel(id)).body).toMatchObject({ refundAmount: 10_000 });
      expect(await sale.intents()).toMatchObject([{ amount: 1_000_000 }]);
      return id;
    },
  },
  {
    name: "a dinar amount that Stripe cannot charge",
    currency: "KWD",
    price: 5_001,
    ending: { ...REFUSED, intents: 0 },
    run: (sale) => sale.book(CARD),
  },
];

const CHALLENGES: readonly Situation[] = [
  {
    name: "3-D Secure is completed",
    ending: { ...CONFIRMED, intents: 1 },
    async run(sale) {
      const id = await sale.confirm();
      const { body } = await sale.pay(id, CHALLENGED);
      expect(body).toMatchObject({ paymentStatus: "REQUIRES_ACTION", clientSecret: expect.stringMatching(/_secret_/) });
      await sale.stripe.authenticate(await sale.intentIn("requires_action"), "success");
      return id;
    },
  },
  {
    name: "3-D Secure after a booking with its card: the secret is its owner's alone",
    ending: CONFIRMED,
    async run(sale) {
      const id = await sale.book(CHALLENGED);
      const shown = await eventually("the challenge", async () => {
        const { body } = await sale.payment(id);
        return body.status === "REQUIRES_ACTION" ? body : null;
      });
      const intent = await sale.newestIntent();
      expect(shown.clientSecret).toMatch(new RegExp(`^${intent.id}_secret_`));
      expect((await sale.payment(id, sale.organiser)).body).not.toHaveProperty("clientSecret");
      expect(await sale.status(id)).toBe("PAYMENT_PENDING");
      await sale.stripe.authenticate(intent.id, "success");
      return id;
    },
  },
  {
    name: "3-D Secure fails and another card pays",
    ending: { ...CONFIRMED, intents: 2 },
    async run(sale) {
      const id = await sale.confirm();
      await sale.pay(id, CHALLENGED);
      await sale.stripe.authenticate((await sale.newestIntent()).id, "failure");
      await sale.intentIn("canceled");
      await eventually("the booking to wait for another card", async () => (await sale.pay(id, CARD)).status === 200);
      return id;
    },
  },
  {
    name: "3-D Secure is completed and the card is declined after all",
    ending: { ...EXPIRED, payment: "FAILED" },
    async run(sale) {
      const id = await sale.confirm();
      await sale.pay(id, "pm_card_authenticationRequiredChargeDeclinedInsufficientFunds");
      await sale.stripe.authenticate((await sale.newestIntent()).id, "success");
      return id;
    },
  },
  {
    name: "3-D Secure is abandoned",
    ending: { ...EXPIRED, intents: 1 },
    async run(sale) {
      const id = await sale.confirm();
      await sale.pay(id, CHALLENGED);
      return id;
    },
  },
  {
    name: "3-D Secure is completed and no webhook tells: the void finds the authorisation",
    ending: CONFIRMED,
    async run(sale) {
      await sale.webhooks({ does: "drop" });
      const id = await sale.confirm();
      await sale.pay(id, CHALLENGED);
      await sale.stripe.authenticate((await sale.newestIntent()).id, "success");
      return id;
    },
  },
  {
    name: "3-D Secure is completed while the answer that asks for it is lost",
    ending: { ...CONFIRMED, intents: 1 },
    async run(sale) {
      await sale.fault({ does: "drop-after", op: "create", times: 1 });
      const id = await sale.book(CHALLENGED);
      await sale.stripe.authenticate(await sale.intentIn("requires_action"), "success");
      return id;
    },
  },
];

/** What goes wrong on the line, once or often; in the end the card has paid once. */
const LINES: readonly Situation[] = (
  [
    ["the request to authorise is lost", { does: "drop-before", op: "create", times: 1 }],
    ["the reply to authorise is lost", { does: "drop-after", op: "create", times: 1 }],
    ["authorising fails with a remembered error, though done", { does: "error-after", op: "create", times: 1 }],
    ["Stripe is unavailable twice", { does: "error-before", status: 503, times: 2 }],
    ["a storm of 429", { does: "error-before", status: 429, code: "rate_limit", times: 3 }],
    ["the intent is locked by another request", { does: "error-before", status: 429, code: "lock_timeout", times: 2 }],
    ["the key is in use by another request", { does: "error-before", status: 409, times: 2 }],
    ["the request to capture is lost", { does: "drop-before", op: "capture", times: 2 }],
    ["the reply to capture is lost", { does: "drop-after", op: "capture", times: 1 }],
    ["capturing fails with a remembered error, though done", { does: "error-after", op: "capture", times: 1 }],
    [
      "capturing fails with a remembered error, and was not done",
      { does: "error-before", status: 500, op: "capture", times: 1 },
    ],
    ["our key is refused for a moment", { does: "error-before", status: 401, op: "capture", times: 1 }],
  ] as const
).map(([name, fault]) => ({
  name,
  ending: { ...CONFIRMED, intents: 1 },
  async run(sale) {
    // Without webhooks, so that nothing but asking again can tell.
    await sale.webhooks({ does: "drop" });
    await sale.fault(fault);
    return await sale.book(CARD);
  },
}));

/**
 * Slow answers are had by requests, not by the queue: locally a queue does one batch after another, so one slow answer
 * would hold up every other sale.
 */
const SLOW: readonly Situation[] = [
  {
    name: "the reply to authorise takes longer than anybody waits",
    ending: { ...CONFIRMED, intents: 1 },
    async run(sale) {
      await sale.webhooks({ does: "drop" });
      await sale.fault({ does: "delay-after", op: "create", delayMs: 11_000, times: 1 });
      const id = await sale.confirm();
      expect((await sale.pay(id, CARD)).body.paymentStatus).not.toBe("FAILED");
      return id;
    },
  },
  {
    name: "a success that comes after everything ran out is let go",
    ending: { ...EXPIRED, intents: 1 },
    async run(sale) {
      await sale.fault({ does: "delay", op: "create", delayMs: (WINDOW_SECONDS + 20) * 1_000, times: 1 });
      const id = await sale.confirm();
      expect((await sale.pay(id, CARD)).body.paymentStatus).not.toBe("SUCCESS");
      expect((await sale.ended(id)).status).toBe("EXPIRED");
      expect(await sale.intents()).toEqual([]);
      await eventually("the late intent", async () => (await sale.intents()).length === 1);
      return id;
    },
  },
  {
    name: "webhooks come before the answers",
    ending: { ...CONFIRMED, intents: 1 },
    async run(sale) {
      await sale.fault({ does: "delay-after", op: "create", delayMs: 2_000, times: 1 });
      await sale.fault({ does: "delay-after", op: "capture", delayMs: 2_000, times: 1 });
      const id = await sale.confirm();
      expect((await sale.pay(id, CARD)).body.paymentStatus).toBe("SUCCESS");
      return id;
    },
  },
  {
    name: "a booking cannot be cancelled, nor its hold released, while its payment is under way",
    ending: { ...CONFIRMED, intents: 1 },
    async run(sale) {
      await sale.fault({ does: "delay", op: "create", delayMs: 6_000, times: 1 });
      const { bookingId, lockId } = await sale.hold();
      const paying = sale.pay(bookingId, CARD);
      await eventually("the payment to be under way", async () => (await sale.payment(bookingId)).status === 200);
      expect(codeOf(await sale.cancel(bookingId))).toEqual([422, "BOOKING_NOT_CANCELLABLE"]);
      expect(codeOf(await sale.release(lockId))).toEqual([409, "PAYMENT_IN_PROGRESS"]);
      expect((await paying).body.paymentStatus).toBe("SUCCESS");
      return bookingId;
    },
  },
];

const OUTAGES: readonly Situation[] = [
  {
    name: "Stripe is down for the whole window",
    ending: { ...EXPIRED, intents: 0 },
    async run(sale) {
      await sale.fault({ does: "drop-before" });
      const id = await sale.book(CARD);
      await wait(WINDOW_SECONDS * 1_000);
      await sale.stripe.clearFaults(sale.scope);
      return id;
    },
  },
  {
    name: "Stripe authorises, then is down until after the deadline: the seats stay the buyer's",
    ending: { ...CONFIRMED, intents: 1 },
    async run(sale) {
      await sale.webhooks({ does: "drop" });
      await sale.fault({ does: "drop-after", op: "create", times: 1 });
      await sale.fault({ does: "drop-before", skip: 1 });
      const id = await sale.book(CARD);
      await sale.intentIn("requires_capture");
      await wait((WINDOW_SECONDS + 5) * 1_000);
      await sale.stripe.clearFaults(sale.scope);
      return id;
    },
  },
  {
    name: "authorising fails with a remembered error, and was not done",
    ending: { ...EXPIRED, intents: 0 },
    async run(sale) {
      await sale.fault({ does: "error-before", status: 500, op: "create", times: 1 });
      return await sale.book(CARD);
    },
  },
  {
    name: "a card is declined and the cancel of its intent is lost",
    ending: { ...REFUSED, intents: 1 },
    async run(sale) {
      await sale.webhooks({ does: "drop" });
      await sale.fault({ does: "drop-before", op: "cancel", times: 1 });
      return await sale.book(DECLINED);
    },
  },
  {
    name: "an abandoned challenge is cancelled though the reply is lost",
    ending: EXPIRED,
    async run(sale) {
      await sale.webhooks({ does: "drop" });
      await sale.fault({ does: "drop-after", op: "cancel", times: 1 });
      return await sale.book(CHALLENGED);
    },
  },
  {
    name: "the bank lets the authorisation run out before it is captured",
    ending: { ...REFUSED, payment: "CANCELLED" },
    async run(sale) {
      await sale.webhooks({ does: "drop" });
      await sale.fault({ does: "error-before", status: 503, op: "capture" });
      const id = await sale.book(CARD);
      await sale.stripe.cancelAtBank(await sale.intentIn("requires_capture"));
      await sale.stripe.clearFaults(sale.scope);
      return id;
    },
  },
  {
    name: "Stripe authorises another amount than was asked for",
    ending: {
      status: "FAILED",
      failureReason: "INTERNAL_ERROR",
      payment: "CANCELLED",
      captured: 0,
      mails: ["BOOKING_FAILED"],
    },
    async run(sale) {
      await sale.fault({ does: "tamper", op: "create", tamper: { amount_capturable: 100 } });
      return await sale.book(CARD);
    },
  },
  {
    name: "an attempt gets two intents: one pays, the other is let go",
    ending: { ...CONFIRMED, intents: 2 },
    async run(sale) {
      await sale.webhooks({ does: "drop" });
      await sale.fault({ does: "forget-key", op: "create", times: 1 });
      await sale.fault({ does: "drop-after", op: "create", times: 1 });
      return await sale.book(CARD);
    },
  },
];

const DELIVERIES: readonly Situation[] = [
  {
    name: "webhooks come last, in reverse and three times each",
    ending: CONFIRMED,
    async run(sale) {
      await sale.webhooks({ does: "hold" });
      const id = await sale.book(CARD);
      await sale.ended(id);
      const released = await sale.stripe.release({ scope: sale.scope, order: "reverse", times: 3 });
      expect(released).toContain("payment_intent.succeeded");
      await allDelivered(sale);
      return id;
    },
  },
  {
    name: "webhooks come twice",
    ending: CONFIRMED,
    async run(sale) {
      await sale.webhooks({ does: "double" });
      const id = await sale.book(CARD);
      await allDelivered(sale);
      return id;
    },
  },
  {
    name: "old news of a challenge comes after the booking ran out",
    ending: EXPIRED,
    async run(sale) {
      await sale.webhooks({ does: "hold" });
      const id = await sale.book(CHALLENGED);
      expect((await sale.ended(id)).status).toBe("EXPIRED");
      await sale.stripe.release({ scope: sale.scope, order: "reverse" });
      await allDelivered(sale);
      return id;
    },
  },
  {
    name: "news of a declined first card come after the second paid",
    ending: { ...CONFIRMED, intents: 2 },
    async run(sale) {
      await sale.webhooks({ does: "hold" });
      const id = await sale.confirm();
      await sale.pay(id, DECLINED);
      await sale.pay(id, CARD);
      await sale.ended(id);
      await sale.stripe.release({ scope: sale.scope });
      await allDelivered(sale);
      return id;
    },
  },
];

const BUYERS_DOINGS: readonly Situation[] = [
  {
    name: "two cards at once: one is told that a payment is under way",
    ending: { ...CONFIRMED, intents: 1 },
    async run(sale) {
      await sale.fault({ does: "delay", op: "create", delayMs: 1_500, times: 1 });
      const id = await sale.confirm();
      const answers = await Promise.all([sale.pay(id, CARD), sale.pay(id, "pm_card_mastercard")]);
      expect(answers.map(({ status }) => status).sort()).toEqual([200, 409]);
      return id;
    },
  },
  {
    name: "one key, three times at once: one payment, one answer",
    ending: { ...CONFIRMED, intents: 1 },
    async run(sale) {
      const id = await sale.confirm();
      const answers = await Promise.all([1, 2, 3].map(() => sale.pay(id, CARD, "the-same-key")));
      expect(answers.map(({ status, body }) => [status, body.paymentStatus])).toEqual(Array(3).fill([200, "SUCCESS"]));
      return id;
    },
  },
];

const REFUNDS: readonly Situation[] = [
  {
    name: "a cancellation gives all of it back",
    ending: REFUNDED,
    async run(sale) {
      const id = await sale.book(CARD);
      await sale.ended(id);
      expect((await sale.cancel(id)).body).toMatchObject({ refundAmount: 10_000 });
      return id;
    },
  },
  {
    name: "one seat of two is given back",
    ending: {
      ...CONFIRMED,
      payment: "PARTIALLY_REFUNDED",
      refunded: 5_000,
      mails: ["BOOKING_CONFIRMED", "BOOKING_CANCELLED"],
    },
    async run(sale) {
      const id = await sale.book(CARD);
      await sale.ended(id);
      expect((await sale.cancel(id, ["seat_A2"])).body).toMatchObject({ refundAmount: 5_000 });
      return id;
    },
  },
  {
    name: "both seats are given back at once, in two requests, and both again",
    ending: { ...REFUNDED, mails: ["BOOKING_CONFIRMED", "BOOKING_CANCELLED", "BOOKING_CANCELLED"] },
    async run(sale) {
      const id = await sale.book(CARD);
      await sale.ended(id);
      await Promise.all(["seat_A1", "seat_A2", "seat_A1", "seat_A2"].map((seat) => sale.cancel(id, [seat])));
      return id;
    },
  },
  {
    name: "the request to refund is lost, then the reply",
    ending: REFUNDED,
    async run(sale) {
      await sale.webhooks({ does: "drop", types: ["charge.refunded", "refund.created"] });
      const id = await sale.book(CARD);
      await sale.ended(id);
      await sale.fault({ does: "drop-before", op: "refund", times: 1 });
      await sale.fault({ does: "drop-after", op: "refund", times: 1 });
      await sale.cancel(id);
      return id;
    },
  },
  {
    name: "a refund that is pending at first counts",
    ending: REFUNDED,
    async run(sale) {
      const id = await sale.book("pm_card_pendingRefund");
      await sale.ended(id);
      await sale.cancel(id);
      const refund = await firstRefund(sale);
      await sale.stripe.settleRefund(refund, "succeeded");
      return id;
    },
  },
  {
    name: "a refund fails at the bank: it is shown, among the dead letters, and asked for again",
    ending: REFUNDED,
    async run(sale) {
      const id = await sale.book("pm_card_refundFail");
      await sale.ended(id);
      await sale.cancel(id);
      await sale.stripe.settleRefund(await firstRefund(sale), "failed");
      await eventually("the failure to be shown", async () => (await sale.payment(id)).body.status === "REFUND_FAILED");
      const letter = await letterAbout(sale, id);
      expect(letter).toMatchObject({
        queue: "booking-saga",
        reason: expect.stringContaining("expired_or_canceled_card"),
      });
      await sale.replay(letter.id);
      return id;
    },
  },
  {
    name: "money was refunded in the dashboard: operators see it, and a cancellation gives nothing twice",
    ending: REFUNDED,
    async run(sale) {
      const id = await sale.book(CARD);
      await sale.ended(id);
      await sale.stripe.refundInDashboard((await sale.newestIntent()).id);
      expect(await letterAbout(sale, id)).toMatchObject({ queue: "provider-refunds" });
      await sale.cancel(id);
      return id;
    },
  },
  {
    name: "a dispute is opened and closed: operators see both, and the tickets stay good",
    ending: CONFIRMED,
    async run(sale) {
      const id = await sale.book("pm_card_createDispute");
      await sale.ended(id);
      const dispute = await disputeOf(sale);
      await eventually("both letters", async () => {
        const letters = (await sale.deadLetters()).filter(({ payload }) => payload.bookingId === id);
        if (letters.length === 1) await sale.stripe.closeDispute(dispute, "lost");
        return letters.length === 2;
      });
      return id;
    },
  },
];

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

let server: Product;
let stripe: StandIn;
let world: World;
const results = new Map<Situation, Promise<void>>();

beforeAll(async () => {
  vi.stubGlobal("fetch", withoutKeepAlive(fetch));
  stripe = await startStandIn();
  server = await startProduct({
    PAYMENTS: "stripe",
    STRIPE_API_BASE: stripe.base,
    STRIPE_SECRET_KEY: SECRET_KEY,
    STRIPE_WEBHOOK_SECRET: WEBHOOK_SECRET,
    PAYMENT_WINDOW_SECONDS: String(WINDOW_SECONDS),
  });
  await stripe.setWebhook(`${server.url}/api/webhooks/stripe`, WEBHOOK_SECRET);
  const api = clientOf(server.url);
  const organiser = await api.logInAsOrganiser();
  world = { api, stripe, organiser, buyers: await api.signUpMany(BUYERS) };
  for (const situation of Object.values(SITUATIONS).flat()) {
    const result = happen(situation, results.size * STAGGER_MS);
    result.catch(() => undefined);
    results.set(situation, result);
  }
}, LIMIT_MS);

afterAll(async () => {
  await server?.stop();
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

describe("a delivery that Stripe did not send", () => {
  it("does no work, whatever is wrong with it", async () => {
    const sale = await openSale(world);
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
      const answer = await fetch(`${server.url}/api/webhooks/stripe`, {
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
    const answer = await fetch(`${server.url}/api/webhooks/stripe`, { method: "POST", headers, body });
    expect([answer.status, await answer.json()]).toEqual([200, { received: true }]);
  });

  it("is refused when it is longer than 256 KB", async () => {
    const body = "x".repeat(256 * 1_024 + 1);
    const answer = await fetch(`${server.url}/api/webhooks/stripe`, { method: "POST", body });
    expect(answer.status).toBe(413);
  });
});

/** A busy server may close a kept connection in the very moment it is used again. */
function withoutKeepAlive(send: typeof fetch): typeof fetch {
  return (input, init) => send(input, { ...init, headers: { ...init?.headers, connection: "close" } });
}

function codeOf(answer: { readonly status: number; readonly body: { readonly error?: { readonly code: string } } }) {
  return [answer.status, answer.body.error?.code];
}

async function allDelivered(sale: Sale): Promise<void> {
  await eventually("every event to be delivered", async () => {
    const events = await sale.stripe.events(sale.scope);
    return events.length > 0 && events.every(({ state }) => state === "delivered" || state === "dropped");
  });
}

async function firstRefund(sale: Sale): Promise<string> {
  return await eventually("the refund", async () => (await sale.refunds())[0]?.id ?? null);
}

async function letterAbout(sale: Sale, bookingId: string) {
  return await eventually("a dead letter about it", async () => {
    const letters = await sale.deadLetters();
    const body = (letter: (typeof letters)[number]) => JSON.stringify(letter.payload);
    return letters.find((letter) => body(letter).includes(bookingId)) ?? null;
  });
}

async function disputeOf(sale: Sale): Promise<string> {
  const { body } = (await sale.stripe.events(sale.scope)).find(({ type }) => type === "charge.dispute.created") ?? {};
  return (body as { data: { object: { id: string } } }).data.object.id;
}
