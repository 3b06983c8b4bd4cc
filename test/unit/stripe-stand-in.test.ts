// The judge is judged first: the stand-in keeps Stripe's rules of keys, states and events, and loses nothing to a kill.

import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as wait } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { newSale, SECRET_KEY } from "../stripe/asking";
import { type StandIn, startStandIn } from "../stripe/control";

let stripe: StandIn;
beforeAll(async () => {
  stripe = await startStandIn();
});
afterAll(() => stripe.stop());

interface Said {
  readonly status: number;
  readonly replayed: boolean;
  readonly body: StripeBody;
}

/** What these tests look at of Stripe's answers. */
interface StripeBody {
  readonly id: string;
  readonly status: string;
  readonly error?: object;
  readonly data: readonly { readonly id: string; readonly metadata: { readonly attempt: string } }[];
}

async function say(path: string, form: Record<string, string> | null, key?: string): Promise<Said> {
  const answer = await fetch(stripe.base + path, {
    method: form ? "POST" : "GET",
    headers: {
      authorization: `Bearer ${SECRET_KEY}`,
      "stripe-version": "2026-10-28.endive",
      ...(form && { "content-type": "application/x-www-form-urlencoded" }),
      ...(key && { "idempotency-key": key }),
    },
    body: form && new URLSearchParams(form),
  });
  const replayed = answer.headers.get("idempotent-replayed") === "true";
  return { status: answer.status, replayed, body: (await answer.json()) as StripeBody };
}

function creation(sale = newSale(), change: Record<string, string> = {}): Record<string, string> {
  return {
    amount: "15000",
    currency: "gbp",
    confirm: "true",
    capture_method: "manual",
    use_stripe_sdk: "true",
    "allowed_payment_method_types[0]": "card",
    payment_method: "pm_card_visa",
    "metadata[bookingId]": sale.bookingId,
    "metadata[attempt]": "1",
    "metadata[eventCode]": sale.scope.eventCode,
    ...change,
  };
}

const newKey = () => crypto.randomUUID();

describe("keys", () => {
  it("the same key and body get the same answer, marked as a replay", async () => {
    const [key, form] = [newKey(), creation()];
    const first = await say("/v1/payment_intents", form, key);
    const again = await say("/v1/payment_intents", form, key);
    expect(again).toEqual({ ...first, replayed: true });
  });

  it("the same key with another body is an idempotency error", async () => {
    const key = newKey();
    await say("/v1/payment_intents", creation(), key);
    const other = await say("/v1/payment_intents", creation(newSale(), { amount: "20000" }), key);
    expect(other).toMatchObject({ status: 400, body: { error: { type: "idempotency_error" } } });
  });

  it("a decline is remembered", async () => {
    const [key, form] = [newKey(), creation(newSale(), { payment_method: "pm_card_chargeDeclined" })];
    const first = await say("/v1/payment_intents", form, key);
    expect(first).toMatchObject({ status: 402, body: { error: { decline_code: "generic_decline" } } });
    expect(await say("/v1/payment_intents", form, key)).toEqual({ ...first, replayed: true });
  });

  it("a parameter that is refused before the endpoint begins is not remembered", async () => {
    const key = newKey();
    const refused = await say("/v1/payment_intents", creation(newSale(), { payment_method_types: "card" }), key);
    expect(refused).toMatchObject({ status: 400, body: { error: { code: "parameter_unknown" } } });
    expect(await say("/v1/payment_intents", creation(), key)).toMatchObject({ status: 200, replayed: false });
  });

  it("of two at once under one key the second is told to wait", async () => {
    const sale = newSale();
    const [key, form] = [newKey(), creation(sale)];
    await stripe.addFault({ does: "delay", delayMs: 100, times: 1, scope: sale.scope });
    const answers = await Promise.all([1, 2].map(() => say("/v1/payment_intents", form, key)));
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 409]);
  });

  it("a 500 is remembered with and without its effect, a 503 is not", async () => {
    const [before, after, down] = [newSale(), newSale(), newSale()];
    await stripe.addFault({ does: "error-before", status: 500, times: 1, scope: before.scope });
    await stripe.addFault({ does: "error-after", times: 1, scope: after.scope });
    await stripe.addFault({ does: "error-before", status: 503, times: 1, scope: down.scope });
    for (const [sale, second, intents] of [
      [before, 500, 0],
      [after, 500, 1],
      [down, 200, 1],
    ] as const) {
      const key = newKey();
      expect((await say("/v1/payment_intents", creation(sale), key)).status).toBeGreaterThanOrEqual(500);
      expect((await say("/v1/payment_intents", creation(sale), key)).status).toBe(second);
      expect((await stripe.ledger(sale.scope)).intents).toHaveLength(intents);
    }
  });
});

describe("the books", () => {
  it("survive a kill, with keys, intents and events", async () => {
    const sale = newSale();
    const [key, form] = [newKey(), creation(sale)];
    const first = await say("/v1/payment_intents", form, key);
    await say(`/v1/payment_intents/${first.body.id}/capture`, {}, newKey());
    const [ledger, events] = [await stripe.ledger(sale.scope), await stripe.events(sale.scope)];
    await stripe.crash();
    expect(await stripe.ledger(sale.scope)).toEqual(ledger);
    expect(await stripe.events(sale.scope)).toEqual(events);
    expect(await say("/v1/payment_intents", form, key)).toEqual({ ...first, replayed: true });
  });

  it("tell of everything that must never be", async () => {
    const sale = newSale();
    const off = creation(sale, { off_session: "true", capture_method: "automatic" });
    await say("/v1/payment_intents", off, newKey());
    const twice = newSale();
    for (const n of ["1", "2"]) {
      const { body } = await say("/v1/payment_intents", creation(twice, { "metadata[attempt]": n }), newKey());
      await say(`/v1/payment_intents/${body.id}/capture`, {}, newKey());
    }
    expect((await stripe.ledger(sale.scope)).problems).toEqual(["off_session excludes 3-D Secure", "captured at once"]);
    expect((await stripe.ledger(twice.scope)).problems).toEqual([`${twice.bookingId} was charged 2 times`]);
  });
});

describe("intents", () => {
  it("can be captured once, and not cancelled after", async () => {
    const { body } = await say("/v1/payment_intents", creation(), newKey());
    expect((await say(`/v1/payment_intents/${body.id}/capture`, {}, newKey())).body.status).toBe("succeeded");
    for (const verb of ["capture", "cancel"]) {
      const refused = await say(`/v1/payment_intents/${body.id}/${verb}`, {}, newKey());
      expect(refused.body.error).toMatchObject({ code: "payment_intent_unexpected_state" });
    }
  });

  it("a challenge that is met authorises, one that fails waits for another card", async () => {
    const form = creation(newSale(), { payment_method: "pm_card_authenticationRequired" });
    for (const [result, status] of [
      ["success", "requires_capture"],
      ["failure", "requires_payment_method"],
    ] as const) {
      const { body } = await say("/v1/payment_intents", form, newKey());
      expect(body.status).toBe("requires_action");
      await stripe.authenticate(body.id, result);
      expect((await say(`/v1/payment_intents/${body.id}`, null)).body.status).toBe(status);
    }
  });

  it("are listed newest first in pages, and by when they were made", async () => {
    const sale = newSale();
    for (let n = 1; n <= 3; n++)
      await say("/v1/payment_intents", creation(sale, { "metadata[attempt]": `${n}` }), newKey());
    const first = await say("/v1/payment_intents?limit=2", null);
    const second = await say(`/v1/payment_intents?limit=2&starting_after=${first.body.data[1]?.id}`, null);
    const attempts = [...first.body.data, ...second.body.data].map(({ metadata }) => metadata.attempt);
    expect(attempts.slice(0, 3)).toEqual(["3", "2", "1"]);
    const later = Math.floor(Date.now() / 1000) + 60;
    expect((await say(`/v1/payment_intents?created[gte]=${later}`, null)).body.data).toEqual([]);
  });
});

describe("webhooks", () => {
  it("are signed, repeated until answered, held, and let go in another order", async () => {
    const arrivals: { id: string; type: string; signature: string }[] = [];
    const refused = new Set<string>();
    const listener = createServer(async (incoming, response) => {
      let text = "";
      for await (const chunk of incoming) text += chunk;
      const { id, type } = JSON.parse(text);
      if (type === "payment_intent.amount_capturable_updated" && !refused.has(id)) {
        refused.add(id);
        return response.writeHead(500).end();
      }
      arrivals.push({ id, type, signature: String(incoming.headers["stripe-signature"]) });
      response.end();
    });
    await new Promise<void>((resolve) => listener.listen(0, "127.0.0.1", resolve));
    const { port } = listener.address() as AddressInfo;
    await stripe.setWebhook(`http://127.0.0.1:${port}/`, "whsec_x");
    const sale = newSale();
    // Events of the sales before it may still be on their way.
    const got = async () => {
      const ids = new Set((await stripe.events(sale.scope)).map(({ id }) => id));
      return arrivals.filter(({ id }) => ids.has(id));
    };
    await stripe.setWebhookRule({
      does: "hold",
      types: ["payment_intent.created", "charge.succeeded"],
      scope: sale.scope,
    });
    await say("/v1/payment_intents", creation(sale), newKey());
    await arrived(async () => (await got()).length === 1);
    const [first] = await got();
    expect(first).toMatchObject({ type: "payment_intent.amount_capturable_updated" });
    expect(first?.signature).toMatch(/^t=\d+,v1=[0-9a-f]{64}$/);
    await stripe.release({ scope: sale.scope, order: "reverse" });
    await arrived(async () => (await got()).length === 3);
    expect((await got()).slice(1).map(({ type }) => type)).toEqual(["charge.succeeded", "payment_intent.created"]);
    listener.close();
  }, 30_000);
});

async function arrived(isThere: () => Promise<boolean>): Promise<void> {
  for (let n = 0; n < 400 && !(await isThere()); n++) await wait(25);
  expect(await isThere()).toBe(true);
}
