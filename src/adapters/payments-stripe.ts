// Stripe as the payment provider. Every answer is an outcome that Stripe stands for; what it did not answer is
// `unanswered`, and asked for again under the same key, then looked up. Nothing is ever guessed, and no request whose
// key Stripe may have forgotten is sent again.

import type { Stripe } from "stripe";
import type { Payments, ProviderAsk } from "../app/ports";
import type { Outcome } from "../domain/box-office/commands";
import { codeOfSaleId } from "../domain/ids";
import { HOUR, MINUTE, SECOND } from "../domain/time";
import { type StripeDesk, type StripeOptions, stripeClient, type Trouble, troubleOf } from "./stripe-client";
import {
  asItIsNow,
  CREATE_LIFE_MS,
  cancelIntent,
  captureIfOpen,
  captureIntent,
  findIntents,
  type Intent,
  isOpen,
  outcomeOfIntent,
  reasonOf,
} from "./stripe-intents";
import { stripeLimits, toStripeAmount } from "./stripe-money";
import { refundAtStripe } from "./stripe-refunds";

/** Stripe keeps keys for 24 h; after that a repeat would be a new request. */
export const KEY_LIFE_MS = 23 * HOUR;
/** Past every time-out of a request under way, so that a look finds what it made. */
const LOOK_AFTER_MS = 30 * SECOND;
/** By then a request that Stripe answered with a 500 has left its traces, or none. */
const GIVE_UP_AFTER_MS = MINUTE;

type AuthoriseAsk = Parameters<Payments["authorise"]>[0];
type VoidAsk = Parameters<Payments["void"]>[0];
type CaptureAsk = Parameters<Payments["capture"]>[0];

export function stripePayments(options: StripeOptions): Payments {
  const client = stripeClient(options);
  const answering = async (ask: (desk: StripeDesk) => Promise<Outcome>): Promise<Outcome> => {
    const desk = await client();
    try {
      return await ask(desk);
    } catch (error) {
      return outcomeOfTrouble(desk, troubleOf(error, options.log));
    }
  };
  return {
    name: "stripe",
    limitsOf: stripeLimits,
    authorise: (ask) => answering((desk) => authorise(desk, ask)),
    capture: (ask) => answering((desk) => capture(desk, ask)),
    void: (ask) => answering((desk) => voidAttempt(desk, ask)),
    refund: (ask) => answering((desk) => refundAtStripe(desk, ask, isKeyOld(desk, ask))),
  };
}

/** What stays when a request failed where a refusal proves nothing about the money. */
function outcomeOfTrouble({ log }: StripeDesk, trouble: Trouble): Outcome {
  switch (trouble.kind) {
    case "busy":
      return { type: "later", afterMs: trouble.afterMs };
    case "unknown":
      return { type: "unanswered", reason: trouble.reason };
    case "declined":
    case "refused":
      log.error("Stripe refused what it should not", { reason: trouble.reason });
      return { type: "unanswered", reason: trouble.reason };
    case "key-misused":
      log.error("an idempotency key was used for two requests");
      return { type: "unanswered", reason: "key misused" };
  }
}

async function authorise(desk: StripeDesk, ask: AuthoriseAsk): Promise<Outcome> {
  const amount = toStripeAmount(ask);
  if (amount === null) return { type: "declined", intentId: null, reason: "amount_not_chargeable" };
  if (!ask.token) return { type: "declined", intentId: null, reason: "payment_method_missing" };
  if (desk.nowMs() - ask.askedAtMs >= CREATE_LIFE_MS) return await lookUp(desk, ask, "key_expired");
  try {
    const created = await desk.stripe.paymentIntents.create(intentParams(ask, ask.token, amount), {
      idempotencyKey: ask.idempotencyKey,
    });
    return await judge(desk, ask, await asItIsNow(desk.stripe, created));
  } catch (error) {
    const trouble = troubleOf(error, desk.log);
    if (trouble.kind === "declined" || trouble.kind === "refused") {
      const { intent, reason } = trouble;
      return intent ? await closeAttempt(desk, ask, intent.id, reason) : { type: "declined", intentId: null, reason };
    }
    const onlyALookTells = trouble.kind === "key-misused" || (trouble.kind === "unknown" && trouble.remembered);
    if (onlyALookTells) return await lookUp(desk, ask, "processing_error");
    throw error;
  }
}

function intentParams(ask: ProviderAsk, token: string, amount: number): Stripe.PaymentIntentCreateParams {
  return {
    amount,
    currency: ask.currency.toLowerCase(),
    confirm: true,
    capture_method: "manual",
    // The name that `payment_method_types` has since API version 2026-09-30, which refuses the old one.
    allowed_payment_method_types: ["card"],
    use_stripe_sdk: true,
    description: `Tickets, booking ${ask.bookingId}`,
    metadata: { bookingId: ask.bookingId, attempt: String(ask.attempt), eventCode: codeOfSaleId(ask.bookingId) },
    // A card token is turned into a payment method; the SDK's type of card leaves it out, the API takes it.
    ...(token.startsWith("tok_")
      ? { payment_method_data: { type: "card", card: { token } } as Stripe.PaymentIntentCreateParams.PaymentMethodData }
      : { payment_method: token }),
  };
}

/** An intent's news; one that failed is cancelled first, because only then nobody can finish it any more. */
async function judge(desk: StripeDesk, ask: ProviderAsk, intent: Intent): Promise<Outcome> {
  return outcomeOfIntent(intent) ?? (await closeAttempt(desk, ask, intent.id, reasonOf(intent)));
}

async function closeAttempt(desk: StripeDesk, ask: ProviderAsk, intentId: string, reason: string): Promise<Outcome> {
  const closed = await cancelIntent(desk, intentId, `${ask.bookingId}:${ask.attempt}:close`);
  if (closed.status === "canceled") return { type: "declined", intentId, reason };
  return outcomeOfIntent(closed) ?? { type: "unanswered", reason: "not cancelled" };
}

/**
 * What became of a request that cannot be repeated. None found is proof only once Stripe has had time to leave a
 * trace; whatever appears later still is an authorisation nobody waits for, and reconciliation voids it.
 */
async function lookUp(desk: StripeDesk, ask: ProviderAsk, reason: string): Promise<Outcome> {
  const { intents, proven } = await findIntents(desk, ask);
  const [newest] = intents;
  if (newest) return await judge(desk, ask, newest);
  const isLate = desk.nowMs() - ask.askedAtMs >= GIVE_UP_AFTER_MS;
  if (!proven || !isLate) return { type: "unanswered", reason: "not found" };
  desk.log.error("an authorisation left no trace at Stripe", { bookingId: ask.bookingId, attempt: ask.attempt });
  return { type: "declined", intentId: null, reason };
}

async function capture(desk: StripeDesk, ask: CaptureAsk): Promise<Outcome> {
  const amount = toStripeAmount(ask) ?? 0;
  const take = isKeyOld(desk, ask) ? captureIfOpen : captureIntent;
  const intent = await take(desk, ask.intentId, amount, ask.idempotencyKey);
  if (!isOpen(intent)) return deadOr(outcomeOfIntent(intent), intent);
  desk.log.error("Stripe will not capture", { bookingId: ask.bookingId, attempt: ask.attempt, status: intent.status });
  const ended = await cancelIntent(desk, ask.intentId, `${ask.bookingId}:${ask.attempt}:uncapturable`);
  return deadOr(outcomeOfIntent(ended), ended);
}

/** A cancelled intent is a void here, whatever went wrong on it before. */
function deadOr(outcome: Outcome | null, { id, status }: Intent): Outcome {
  if (status === "canceled") return { type: "voided", intentId: id };
  return outcome ?? { type: "unanswered", reason: `intent ${status}` };
}

async function voidAttempt(desk: StripeDesk, ask: VoidAsk): Promise<Outcome> {
  if (ask.intentId !== null) {
    return await voidIntent(desk, ask, await desk.stripe.paymentIntents.retrieve(ask.intentId));
  }
  const waitMs = ask.askedAtMs + LOOK_AFTER_MS - desk.nowMs();
  if (waitMs > 0) return { type: "later", afterMs: waitMs };
  const { intents, proven } = await findIntents(desk, ask);
  if (!proven) return { type: "unanswered", reason: "too many intents to look through" };
  let last: Outcome = { type: "voided", intentId: null };
  for (const intent of intents) {
    last = await voidIntent(desk, ask, intent);
    if (last.type !== "voided") return last;
  }
  return last;
}

async function voidIntent(desk: StripeDesk, ask: VoidAsk, intent: Intent): Promise<Outcome> {
  const isNews = intent.status === "requires_capture" && !ask.unwanted;
  if (isNews || !isOpen(intent)) return deadOr(outcomeOfIntent(intent), intent);
  // The same intent may be voided twice, first as wanted and then as unwanted: same request, same key.
  const ended = await cancelIntent(desk, intent.id, `${ask.idempotencyKey}:${intent.id}`);
  return deadOr(outcomeOfIntent(ended), ended);
}

function isKeyOld({ nowMs }: StripeDesk, ask: ProviderAsk): boolean {
  return nowMs() - ask.askedAtMs >= KEY_LIFE_MS;
}
