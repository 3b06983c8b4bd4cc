// What cards and buyers do: pay, are declined, are challenged, and try several things at once.

import { expect } from "vitest";
import { eventually } from "../sale";
import { CARD, CHALLENGED, CONFIRMED, DECLINED, EXPIRED, REFUNDED, REFUSED, type Situation } from "./situation";

export const CARDS: readonly Situation[] = [
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
];

export const CHALLENGES: readonly Situation[] = [
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

export const BUYERS_DOINGS: readonly Situation[] = [
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
