// Refunds at Stripe. A charge can be refunded in parts, so unlike a capture a repeat is not harmless by itself: before
// a refund is asked for, those there are are looked at, and each carries the number that the box office gave it.

import type { Stripe } from "stripe";
import type { Payments } from "../app/ports";
import type { Outcome } from "../domain/box-office/commands";
import { codeOfSaleId } from "../domain/ids";
import { MINUTE } from "../domain/time";
import { type StripeDesk, troubleOf } from "./stripe-client";
import { listBounded } from "./stripe-intents";
import { toStripeAmount } from "./stripe-money";

type RefundAsk = Parameters<Payments["refund"]>[0];

/** A booking has at most 10 seats (100 in the dialect), so at most as many refunds, and some that failed. */
const MAX_PAGES = 5;
/** By then a request that Stripe answered with a 500 has left its traces, or none. */
const GIVE_UP_AFTER_MS = MINUTE;

export async function refundAtStripe(
  { stripe, log, nowMs }: StripeDesk,
  ask: RefundAsk,
  isKeyOld: boolean,
): Promise<Outcome> {
  const asked = toStripeAmount(ask);
  if (asked === null) return { type: "refund-failed", refundId: null, reason: "amount_not_refundable" };
  const before = await refundsOf(stripe, ask.intentId);
  const same = before.find((refund) => numberOf(refund) === ask.refund);
  if (same) return outcomeOfRefund(same);
  const standing = before.filter((refund) => !hasFailed(refund));
  const amount = await missingOf(stripe, ask.intentId, standing, asked);
  if (amount === null) return { type: "refund-failed", refundId: null, reason: "refunded_elsewhere" };
  if (amount === 0 && standing[0]) return { type: "refunded", refundId: standing[0].id };
  if (isKeyOld) return { type: "refund-failed", refundId: null, reason: "key_expired" };
  const options = { idempotencyKey: ask.idempotencyKey };
  try {
    return outcomeOfRefund(await stripe.refunds.create(refundParams(ask, amount), options));
  } catch (error) {
    const trouble = troubleOf(error, log);
    if (trouble.kind === "refused" || trouble.kind === "declined") return await outcomeOfRefusal(stripe, ask, trouble);
    const onlyALookTells = trouble.kind === "key-misused" || (trouble.kind === "unknown" && trouble.remembered);
    if (!onlyALookTells || nowMs() - ask.askedAtMs < GIVE_UP_AFTER_MS) throw error;
    return { type: "refund-failed", refundId: null, reason: "processing_error" };
  }
}

/** `pending` counts as refunded: Stripe has accepted it, and tells by webhook if the bank does not. */
export function outcomeOfRefund(refund: Stripe.Refund): Outcome {
  if (!hasFailed(refund)) return { type: "refunded", refundId: refund.id };
  const reason = refund.failure_reason ?? refund.status ?? "unknown";
  return { type: "refund-failed", refundId: refund.id, reason };
}

/** The number the box office gave a refund, or null for one made elsewhere. */
export function numberOf(refund: Stripe.Refund): number | null {
  const n = Number(refund.metadata?.["refund"]);
  return Number.isSafeInteger(n) && n > 0 ? n : null;
}

/** Every refund of an intent, newest first. */
export async function refundsOf(stripe: Stripe, intentId: string): Promise<readonly Stripe.Refund[]> {
  const { items, complete } = await listBounded(
    (page) => stripe.refunds.list({ payment_intent: intentId, ...page }),
    MAX_PAGES,
  );
  if (!complete) throw new Error(`more refunds of ${intentId} than a booking can have`);
  return items;
}

export function hasFailed({ status }: Stripe.Refund): boolean {
  return status === "failed" || status === "canceled";
}

/**
 * What of this refund did not go back yet. Money that went back without us may have been meant for these seats or not,
 * and no buyer is to have it twice: null, when only a person can tell. When all is to go back it need not be told, for
 * what is missing then is whatever the provider still has; 0 when it has nothing.
 */
async function missingOf(
  stripe: Stripe,
  intentId: string,
  standing: readonly Stripe.Refund[],
  asked: number,
): Promise<number | null> {
  const ours = standing.filter((refund) => numberOf(refund) !== null);
  if (ours.length === standing.length) return asked;
  const { amount_received: paid } = await stripe.paymentIntents.retrieve(intentId);
  const left = paid - sumOf(standing);
  const isAll = sumOf(ours) + asked === paid;
  return left <= 0 ? 0 : isAll ? left : null;
}

function sumOf(refunds: readonly Stripe.Refund[]): number {
  return refunds.reduce((sum, { amount }) => sum + amount, 0);
}

/** All the money went back already, perhaps from Stripe's dashboard: then this part of it did too. */
async function outcomeOfRefusal(stripe: Stripe, ask: RefundAsk, { reason }: { reason: string }): Promise<Outcome> {
  if (reason === "charge_already_refunded") {
    const standing = (await refundsOf(stripe, ask.intentId)).find((refund) => !hasFailed(refund));
    if (standing) return { type: "refunded", refundId: standing.id };
  }
  return { type: "refund-failed", refundId: null, reason };
}

function refundParams(ask: RefundAsk, amount: number): Stripe.RefundCreateParams {
  return {
    payment_intent: ask.intentId,
    amount,
    metadata: {
      bookingId: ask.bookingId,
      attempt: String(ask.attempt),
      refund: String(ask.refund),
      eventCode: codeOfSaleId(ask.bookingId),
    },
  };
}
