// What goes wrong between us and Stripe: lost, slow and refused requests, outages, and money that is not as asked for.

import { setTimeout as wait } from "node:timers/promises";
import { expect } from "vitest";
import { eventually } from "../sale";
import {
  CARD,
  CHALLENGED,
  CONFIRMED,
  codeOf,
  DECLINED,
  EXPIRED,
  REFUSED,
  type Situation,
  WINDOW_SECONDS,
} from "./situation";

/** What goes wrong on the line, once or often; in the end the card has paid once. */
export const LINES: readonly Situation[] = (
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
export const SLOW: readonly Situation[] = [
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

export const OUTAGES: readonly Situation[] = [
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
