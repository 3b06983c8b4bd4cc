// PaymentIntents as the box office sees them: what each state means for an attempt, how one is found again without
// its id, and how it is brought to an end. An intent takes at most one capture or one cancel, whoever asks how often,
// so those two may be repeated under another key where the first can tell nothing more.

import type { Stripe } from "stripe";
import type { ProviderAsk } from "../app/ports";
import type { Outcome } from "../domain/box-office/commands";
import { HOUR, MINUTE, SECOND } from "../domain/time";
import { isRemembered, type StripeDesk, troubleOf } from "./stripe-client";
import { fromStripeAmount } from "./stripe-money";

export type Intent = Stripe.PaymentIntent;

export const PAGE_SIZE = 100;
/** Pages looked through for one attempt before the search index is asked instead. */
const MAX_PAGES = 20;
/** Stripe's clock and ours may differ by this much. */
const SKEW_MS = MINUTE;
/**
 * No request for an intent is sent later than this after its attempt began. A box office asks for one only while the
 * payment window is open, an hour at most (src/env.ts), so this cuts nothing off; it bounds where an intent can be.
 */
export const CREATE_LIFE_MS = 2 * HOUR;
/**
 * By then the search index knows an intent: "up to an hour behind during outages", and as much again for us. Source:
 * docs.stripe.com/api/payment_intents/search.
 */
const INDEX_LAG_MS = 2 * HOUR;

/** An intent's state as news of its attempt; null when it can no longer succeed by itself but is not dead yet. */
export function outcomeOfIntent(intent: Intent): Outcome | null {
  const { id: intentId, status } = intent;
  const currency = intent.currency.toUpperCase();
  switch (status) {
    case "requires_capture":
      return {
        type: "authorised",
        intentId,
        amountMinor: fromStripeAmount(intent.amount_capturable, currency),
        currency,
      };
    case "succeeded":
      return {
        type: "captured",
        intentId,
        transactionId: chargeOf(intent) ?? intentId,
        amountMinor: fromStripeAmount(intent.amount_received, currency),
        currency,
      };
    case "requires_action":
      return intent.client_secret === null
        ? { type: "unanswered", reason: "a challenge without its secret" }
        : { type: "challenged", intentId, clientSecret: intent.client_secret };
    case "canceled":
      return intent.last_payment_error
        ? { type: "declined", intentId, reason: reasonOf(intent) }
        : { type: "voided", intentId };
    case "requires_payment_method":
    case "requires_confirmation":
      return null;
    default:
      return { type: "unanswered", reason: `intent ${status}` };
  }
}

/** Why the last try on this intent failed, as Stripe's code. */
export function reasonOf(intent: Intent): string {
  const error = intent.last_payment_error;
  return error?.decline_code ?? error?.code ?? "canceled";
}

export function chargeOf(intent: Intent): string | null {
  const charge = intent.latest_charge;
  return typeof charge === "string" ? charge : (charge?.id ?? null);
}

/** The booking and attempt written on an intent or refund, or null for what this product did not make. */
export function routeOf(metadata: Stripe.Metadata | null): { bookingId: string; attempt: number } | null {
  const bookingId = metadata?.["bookingId"];
  const attempt = Number(metadata?.["attempt"]);
  return bookingId && Number.isSafeInteger(attempt) && attempt > 0 ? { bookingId, attempt } : null;
}

/**
 * Cancels an intent and says how it stands then: `canceled`, unless it was captured meanwhile. Throws what leaves
 * that unknown.
 */
export async function cancelIntent(desk: StripeDesk, intentId: string, key: string): Promise<Intent> {
  const { paymentIntents } = desk.stripe;
  try {
    return await paymentIntents.cancel(intentId, {}, { idempotencyKey: key });
  } catch (error) {
    const trouble = troubleOf(error, desk.log);
    if (trouble.kind === "busy" || (trouble.kind === "unknown" && !trouble.remembered)) throw error;
    const current = await paymentIntents.retrieve(intentId);
    if (!isOpen(current)) return current;
    return await paymentIntents.cancel(intentId, {}, { idempotencyKey: keyOfThisHour(desk, key) });
  }
}

/** Captures, under a key that Stripe still knows, and says how the intent stands then. Throws likewise. */
export async function captureIntent(desk: StripeDesk, intentId: string, amount: number, key: string): Promise<Intent> {
  const { paymentIntents } = desk.stripe;
  try {
    return await paymentIntents.capture(intentId, { amount_to_capture: amount }, { idempotencyKey: key });
  } catch (error) {
    const trouble = troubleOf(error, desk.log);
    if (trouble.kind === "busy" || (trouble.kind === "unknown" && !trouble.remembered)) throw error;
    const toldNothing = trouble.kind === "unknown" || trouble.kind === "key-misused";
    return toldNothing ? await captureIfOpen(desk, intentId, amount, key) : await paymentIntents.retrieve(intentId);
  }
}

/** Looks first, and captures what waits for it: for when the first key can tell nothing more. */
export async function captureIfOpen(desk: StripeDesk, intentId: string, amount: number, key: string): Promise<Intent> {
  const { paymentIntents } = desk.stripe;
  const current = await paymentIntents.retrieve(intentId);
  if (current.status !== "requires_capture") return current;
  const options = { idempotencyKey: keyOfThisHour(desk, key) };
  return await paymentIntents.capture(intentId, { amount_to_capture: amount }, options);
}

/** Derived as all keys are, never older than an hour, and another one if that hour's is used up too. */
function keyOfThisHour({ nowMs }: StripeDesk, key: string): string {
  return `${key}:${Math.floor(nowMs() / HOUR)}`;
}

/** An intent that is neither captured nor canceled, nor on its way to either. */
export function isOpen({ status }: Intent): boolean {
  return status !== "succeeded" && status !== "canceled" && status !== "processing";
}

/** The intent as it is now, where the answer may be from memory. */
export async function asItIsNow(stripe: Stripe, intent: Intent): Promise<Intent> {
  return isRemembered(intent) ? await stripe.paymentIntents.retrieve(intent.id) : intent;
}

/**
 * Every intent of an attempt, newest first. `proven` is false when there was more to look through than a look may
 * take and the index knew none, but may still lag behind the last moment at which one can have been made.
 */
export async function findIntents(
  { stripe, nowMs }: StripeDesk,
  { bookingId, attempt, askedAtMs }: Pick<ProviderAsk, "bookingId" | "attempt" | "askedAtMs">,
): Promise<{ readonly intents: readonly Intent[]; readonly proven: boolean }> {
  const isOurs = (intent: Intent) => {
    const route = routeOf(intent.metadata);
    return route?.bookingId === bookingId && route.attempt === attempt;
  };
  const lastMs = askedAtMs + CREATE_LIFE_MS + SKEW_MS;
  const created = { gte: Math.floor((askedAtMs - SKEW_MS) / SECOND), lte: Math.ceil(lastMs / SECOND) };
  const { items, complete } = await listBounded((page) => stripe.paymentIntents.list({ created, ...page }), MAX_PAGES);
  const intents = items.filter(isOurs);
  if (intents.length > 0 || complete) return { intents, proven: true };
  const query = `metadata["bookingId"]:"${bookingId}"`;
  const indexed = await stripe.paymentIntents.search({ query, limit: PAGE_SIZE });
  const found = indexed.data.filter(isOurs);
  return { intents: found, proven: found.length > 0 || nowMs() >= lastMs + INDEX_LAG_MS };
}

/** Up to `maxPages` pages of a list, newest first; `complete` when that was all there is. */
export async function listBounded<T extends { id: string }>(
  list: (page: { limit: number; starting_after?: string }) => Promise<{ data: T[]; has_more: boolean }>,
  maxPages: number,
): Promise<{ readonly items: readonly T[]; readonly complete: boolean }> {
  const items: T[] = [];
  for (let page = 0; page < maxPages; page++) {
    const last = items.at(-1);
    const answer = await list({ limit: PAGE_SIZE, ...(last && { starting_after: last.id }) });
    items.push(...answer.data);
    if (!answer.has_more) return { items, complete: true };
  }
  return { items, complete: false };
}
