// What Stripe and the banks tell later: webhooks in any order and number, refunds, disputes.

import { expect } from "vitest";
import { eventually } from "../sale";
import {
  allDelivered,
  CARD,
  CHALLENGED,
  CONFIRMED,
  DECLINED,
  disputeOf,
  EXPIRED,
  failedRefund,
  firstRefund,
  letterAbout,
  REFUNDED,
  type Situation,
} from "./situation";

export const DELIVERIES: readonly Situation[] = [
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

export const REFUNDS: readonly Situation[] = [
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
      const letter = await failedRefund(sale, id);
      expect(letter.reason).toContain("expired_or_canceled_card");
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
      await letterAbout(sale, id, "provider-refunds");
      await sale.cancel(id);
      return id;
    },
  },
  {
    name: "money was refunded in the dashboard in part, then all is cancelled: the rest goes back",
    ending: REFUNDED,
    async run(sale) {
      const id = await sale.book(CARD);
      await sale.ended(id);
      await sale.stripe.refundInDashboard((await sale.newestIntent()).id, 3_000);
      await letterAbout(sale, id, "provider-refunds");
      await sale.cancel(id);
      return id;
    },
  },
  {
    name: "money was refunded in the dashboard in part, then one seat is cancelled: a person decides what is missing",
    ending: {
      ...CONFIRMED,
      payment: "PARTIALLY_REFUNDED",
      refunded: 10_000,
      mails: ["BOOKING_CONFIRMED", "BOOKING_CANCELLED"],
    },
    async run(sale) {
      const id = await sale.book(CARD);
      await sale.ended(id);
      const intent = (await sale.newestIntent()).id;
      await sale.stripe.refundInDashboard(intent, 5_000);
      await sale.cancel(id, ["seat_A2"]);
      const letter = await failedRefund(sale, id);
      expect(letter.reason).toContain("refunded_elsewhere");
      expect(await sale.newestIntent()).toMatchObject({ refunded: 5_000 });
      await sale.stripe.refundInDashboard(intent);
      await sale.replay(letter.id);
      return id;
    },
  },
  {
    name: "a refund that was refused is paid in the dashboard, and asking again gives nothing twice",
    ending: REFUNDED,
    async run(sale) {
      const id = await sale.book(CARD);
      await sale.ended(id);
      const intent = (await sale.newestIntent()).id;
      const dispute = await sale.stripe.dispute(intent, "fraudulent");
      await sale.cancel(id);
      const letter = await failedRefund(sale, id);
      await sale.stripe.closeDispute(dispute, "won");
      await sale.stripe.refundInDashboard(intent);
      await sale.replay(letter.id);
      return id;
    },
  },
  {
    name: "a disputed payment cannot be refunded: it is shown, and asked for again when the dispute is won",
    ending: REFUNDED,
    async run(sale) {
      const id = await sale.book(CARD);
      await sale.ended(id);
      const dispute = await sale.stripe.dispute((await sale.newestIntent()).id, "fraudulent");
      await sale.cancel(id);
      const letter = await failedRefund(sale, id);
      expect(letter.reason).toContain("charge_disputed");
      await sale.stripe.closeDispute(dispute, "won");
      await sale.replay(letter.id);
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
