// The product dies by kill -9 between every two steps of a payment, and so does the stand-in for Stripe: each sale is
// brought to one step and kept there, then everything is killed at once and started again. Nothing is lost, nothing
// happens twice.

import { setTimeout as wait } from "node:timers/promises";
import { afterAll, beforeAll, describe, it, vi } from "vitest";
import { type Product, startProduct, withoutKeepAlive } from "../runtime/product";
import { SECRET_KEY, WEBHOOK_SECRET } from "../stripe/asking";
import { type Fault, type StandIn, startStandIn } from "../stripe/control";
import { type Ending, eventually, openSale, type Sale, type World } from "../stripe/sale";
import { CARD, CHALLENGED, DECLINED, REFUNDED as GIVEN_BACK, CONFIRMED as PAID } from "../stripe/situations/situation";
import { clientOf } from "./client";

const WINDOW_SECONDS = 30;
/** How long everything stays dead. */
const DEAD_MS = 1_000;
const LIMIT_MS = 170_000;
/** Longer than the product lives. */
const FOR_EVER = 60_000;

const CONFIRMED = { ...PAID, intents: 1 };
const REFUNDED = { ...GIVEN_BACK, intents: 1 };

interface Step {
  readonly name: string;
  readonly ending: Ending;
  /** Brings a sale to the step and returns its booking once it is there. */
  reach(sale: Sale): Promise<string>;
  /** What the world does while the product is dead. */
  meanwhile?(sale: Sale): Promise<void>;
}

/** Pays in a request that the crash will cut off. */
function payAndForget(sale: Sale, bookingId: string, token: string): void {
  sale.pay(bookingId, token).catch(() => undefined);
}

async function paying(sale: Sale, fault: Fault, token = CARD): Promise<string> {
  await sale.fault(fault);
  const id = await sale.confirm();
  payAndForget(sale, id, token);
  return id;
}

async function confirmed(sale: Sale): Promise<string> {
  const id = await sale.confirm();
  await sale.pay(id, CARD);
  await sale.ended(id);
  return id;
}

async function asked(sale: Sale, op: string): Promise<void> {
  await eventually(`Stripe to be asked to ${op}`, async () => (await sale.requests()).some((one) => one.op === op));
}

const STEPS: readonly Step[] = [
  {
    name: "accepted, and Stripe not reached",
    ending: CONFIRMED,
    async reach(sale) {
      await sale.fault({ does: "drop-before" });
      const id = await sale.book(CARD);
      await asked(sale, "create");
      return id;
    },
  },
  {
    name: "asked to authorise, and it was on its way",
    ending: CONFIRMED,
    async reach(sale) {
      // The stand-in dies too, so what is on its way there is lost; the key makes asking again safe all the same.
      const id = await paying(sale, { does: "delay", op: "create", delayMs: FOR_EVER });
      await asked(sale, "create");
      return id;
    },
  },
  {
    name: "authorised, and nobody heard",
    ending: CONFIRMED,
    async reach(sale) {
      await sale.webhooks({ does: "drop" });
      const id = await paying(sale, { does: "delay-after", op: "create", delayMs: FOR_EVER });
      await sale.intentIn("requires_capture");
      return id;
    },
  },
  {
    name: "authorised, heard, and not captured",
    ending: CONFIRMED,
    async reach(sale) {
      const id = await paying(sale, { does: "error-before", status: 503, op: "capture" });
      await asked(sale, "capture");
      return id;
    },
  },
  {
    name: "captured, and nobody heard",
    ending: CONFIRMED,
    async reach(sale) {
      await sale.webhooks({ does: "drop" });
      const id = await paying(sale, { does: "delay-after", op: "capture", delayMs: FOR_EVER });
      await sale.intentIn("succeeded");
      return id;
    },
  },
  {
    name: "captured, and only the webhook will tell, after the restart",
    ending: CONFIRMED,
    async reach(sale) {
      await sale.webhooks({ does: "hold" });
      const id = await paying(sale, { does: "delay-after", op: "capture", delayMs: FOR_EVER });
      await sale.intentIn("succeeded");
      return id;
    },
    meanwhile: async (sale) => void (await sale.stripe.release({ scope: sale.scope, order: "reverse", times: 2 })),
  },
  {
    name: "declined, and its intent not cancelled",
    ending: { status: "EXPIRED", payment: "FAILED", captured: 0, mails: ["BOOKING_EXPIRED"], intents: 1 },
    async reach(sale) {
      const id = await paying(sale, { does: "drop-before", op: "cancel" }, DECLINED);
      await asked(sale, "cancel");
      return id;
    },
  },
  {
    name: "challenged, and the buyer completes it while nobody listens",
    ending: CONFIRMED,
    async reach(sale) {
      const id = await sale.confirm();
      await sale.pay(id, CHALLENGED);
      return id;
    },
    meanwhile: async (sale) => sale.stripe.authenticate((await sale.newestIntent()).id, "success"),
  },
  {
    name: "challenged, and the buyer fails it while nobody listens",
    ending: { status: "EXPIRED", payment: "FAILED", captured: 0, mails: ["BOOKING_EXPIRED"], intents: 1 },
    async reach(sale) {
      const id = await sale.confirm();
      await sale.pay(id, CHALLENGED);
      return id;
    },
    meanwhile: async (sale) => sale.stripe.authenticate((await sale.newestIntent()).id, "failure"),
  },
  {
    name: "a delivery noted, and not settled",
    ending: CONFIRMED,
    async reach(sale) {
      const id = await sale.confirm();
      await sale.pay(id, CHALLENGED);
      await sale.fault({ does: "delay", op: "retrieve", delayMs: FOR_EVER, times: 1 });
      await sale.stripe.authenticate((await sale.newestIntent()).id, "success");
      await asked(sale, "retrieve");
      return id;
    },
  },
  {
    name: "cancelled, and the refund not asked for",
    ending: REFUNDED,
    async reach(sale) {
      const id = await confirmed(sale);
      await sale.fault({ does: "drop-before", op: "refund" });
      await sale.cancel(id);
      return id;
    },
  },
  {
    name: "refunded, and nobody heard",
    ending: REFUNDED,
    async reach(sale) {
      const id = await confirmed(sale);
      await sale.webhooks({ does: "drop" });
      await sale.fault({ does: "delay-after", op: "refund", delayMs: FOR_EVER });
      await sale.cancel(id);
      await eventually("the refund", async () => (await sale.refunds()).length === 1);
      return id;
    },
  },
];

let product: Product;
let stripe: StandIn;
const results = new Map<Step, Promise<void>>();

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
  const world: World = { api, stripe, organiser, buyers: await api.signUpMany(2) };
  const reached = await Promise.all(STEPS.map((step) => reach(world, step)));
  await Promise.all([product.kill(), stripe.crash()]);
  await stripe.clearFaults();
  for (const { step, sale } of reached) await step.meanwhile?.(sale);
  await wait(DEAD_MS);
  await product.restart();
  for (const { step, sale, bookingId } of reached) {
    const result = end(step, sale, bookingId);
    result.catch(() => undefined);
    results.set(step, result);
  }
}, LIMIT_MS);

afterAll(async () => {
  await product?.stop();
  await stripe?.stop();
});

async function reach(world: World, step: Step) {
  const sale = await openSale(world);
  return { step, sale, bookingId: await step.reach(sale) };
}

async function end({ ending }: Step, sale: Sale, bookingId: string): Promise<void> {
  await sale.ended(bookingId);
  await sale.restsAs(bookingId, ending);
}

describe("after a crash with a payment", () => {
  it.each(STEPS)("$name", async (step) => await results.get(step), LIMIT_MS);
});
