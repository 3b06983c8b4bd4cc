// What Stripe tells us and what it answers when asked how things stand. A delivery is believed only in that something
// happened to the things it names: its snapshot may be older than what is known, so each is read anew.

import type { Stripe } from "stripe";
import { z } from "zod";
import type { ProviderEvent, ProviderFinding, ProviderNews, RefundElsewhere } from "../app/ports";
import { type BookingId, parseId } from "../domain/ids";
import { SECOND } from "../domain/time";
import { type StripeDesk, type StripeOptions, stripeClient, troubleOf } from "./stripe-client";
import { cancelIntent, type Intent, isOpen, listBounded, outcomeOfIntent, reasonOf, routeOf } from "./stripe-intents";
import { fromStripeAmount } from "./stripe-money";
import { hasFailed, numberOf, outcomeOfRefund, refundsOf } from "./stripe-refunds";

export interface StripeNewsOptions extends StripeOptions {
  /** Any of them may have signed a delivery: two while one replaces the other. */
  readonly webhookSecrets: readonly string[];
}

/** How old a signature may be: Stripe's own recommendation. */
const TOLERANCE_SECONDS = 300;
/** Pages of one kind that one look takes. */
const MAX_PAGES = 50;
/** Cancels that one look waits for in vain, each as long as a time-out, before it leaves the rest to the next. */
const MAX_UNANSWERED = 5;

const INTENT_EVENTS: ReadonlySet<string> = new Set([
  "payment_intent.succeeded",
  "payment_intent.payment_failed",
  "payment_intent.canceled",
  "payment_intent.requires_action",
  "payment_intent.amount_capturable_updated",
]);
const REFUND_EVENTS: ReadonlySet<string> = new Set([
  "charge.refunded",
  "charge.refund.updated",
  "refund.updated",
  "refund.failed",
]);

const idOrObject = z.union([z.string(), z.object({ id: z.string() }).transform(({ id }) => id)]).nullish();
const deliverySchema = z.object({
  id: z.string().min(1),
  type: z.string().min(1),
  created: z.number(),
  livemode: z.boolean(),
  data: z.object({
    object: z.looseObject({ id: z.string().optional(), object: z.string(), payment_intent: idOrObject }),
  }),
});
const disputeSchema = z.object({
  id: z.string(),
  status: z.string(),
  reason: z.string(),
  amount: z.number(),
  currency: z.string(),
});

export function stripeNews(options: StripeNewsOptions): ProviderNews {
  const client = stripeClient(options);
  return {
    mayHaveSigned: (signature) => isSignedOfLate(signature, (options.nowMs ?? Date.now)()),
    verify: (body, signature) => verify(options, body, signature),
    async findingsOf(event) {
      const nothing = { findings: [], refundsElsewhere: [] };
      if (event.intentId === null) return nothing;
      const desk = await client();
      if (REFUND_EVENTS.has(event.type)) return await readRefunds(desk.stripe, event.intentId);
      if (!INTENT_EVENTS.has(event.type)) return nothing;
      const intent = await desk.stripe.paymentIntents.retrieve(event.intentId);
      // Other news of an intent that waits for a card may come while it is being made: only a failure ends it.
      const isFailure = event.type === "payment_intent.payment_failed";
      const end = (dead: Intent) => cancelIntent(desk, dead.id, closeKeyOf(dead));
      const findings = await findingsOfIntent(intent, isFailure ? end : null);
      return { ...nothing, findings };
    },
    async bookingOf(event) {
      if (event.intentId === null) return null;
      const { stripe } = await client();
      const intent = await stripe.paymentIntents.retrieve(event.intentId);
      return bookingIn(intent.metadata);
    },
    async between(fromMs, toMs) {
      const desk = await client();
      const { stripe } = desk;
      const created = { gte: Math.floor(fromMs / SECOND), lte: Math.floor(toMs / SECOND) };
      const intents = await listBounded((page) => stripe.paymentIntents.list({ created, ...page }), MAX_PAGES);
      const refunds = await listBounded((page) => stripe.refunds.list({ created, ...page }), MAX_PAGES);
      const findings: ProviderFinding[] = [];
      const end = cancelsThatMayFail(desk);
      for (const intent of intents.items) {
        if (!isDuplicate(intent, intents.items)) {
          findings.push(...(await findingsOfIntent(intent, (dead) => end(dead, closeKeyOf(dead)))));
          continue;
        }
        desk.log.error("a second intent of a paid attempt", { bookingId: routeOf(intent.metadata)?.bookingId });
        await end(intent, `${intent.id}:duplicate`);
      }
      findings.push(...findingsOfRefunds(refunds.items.filter(hasFailed)));
      return { findings, complete: intents.complete && refunds.complete };
    },
  };
}

/** An intent whose card failed takes no other, and is ended: each try of a buyer is an attempt of its own. */
function closeKeyOf(intent: Intent): string {
  const { bookingId, attempt } = routeOf(intent.metadata) ?? { bookingId: intent.id, attempt: 0 };
  return `${bookingId}:${attempt}:close`;
}

/** One that cannot be ended now costs the others nothing: it is null here, and found again at the next look. */
function cancelsThatMayFail(desk: StripeDesk): (intent: Intent, key: string) => Promise<Intent | null> {
  let unanswered = 0;
  return async (intent, key) => {
    if (unanswered >= MAX_UNANSWERED) return null;
    try {
      return await cancelIntent(desk, intent.id, key);
    } catch (error) {
      const { kind } = troubleOf(error, desk.log);
      if (kind === "unknown" || kind === "busy") unanswered++;
      desk.log.warn("an intent could not be ended", { intent: intent.id, trouble: kind });
      return null;
    }
  };
}

/** The attempt it was made for is paid by another intent: nobody will ever capture this one. */
function isDuplicate(intent: Intent, all: readonly Intent[]): boolean {
  const route = routeOf(intent.metadata);
  if (!route || !isOpen(intent)) return false;
  return all.some((other) => {
    const of = routeOf(other.metadata);
    return other.status === "succeeded" && of?.bookingId === route.bookingId && of.attempt === route.attempt;
  });
}

/** As Stripe writes it: when it was signed, then an HMAC-SHA256 for each secret in use, among those of other schemes. */
const SIGNATURE = /^t=(\d{1,12}),(?:.*,)?v1=[0-9a-f]{64}(?:,|$)/;

function isSignedOfLate(signature: string | null, nowMs: number): boolean {
  const signedAtSeconds = SIGNATURE.exec(signature ?? "")?.[1];
  return signedAtSeconds !== undefined && Math.floor(nowMs / SECOND) - Number(signedAtSeconds) <= TOLERANCE_SECONDS;
}

async function verify(
  { secretKey, webhookSecrets, log, nowMs = Date.now }: StripeNewsOptions,
  body: Uint8Array,
  signature: string | null,
): Promise<ProviderEvent | "forged" | "wrong-mode"> {
  const delivery = signature === null ? null : await signedBy(webhookSecrets, body, signature, nowMs());
  const parsed = deliverySchema.safeParse(delivery);
  if (!parsed.success) {
    if (delivery !== null) log.error("a signed delivery of Stripe has another form than known");
    return "forged";
  }
  const { id, type, created, livemode, data } = parsed.data;
  if (livemode !== /^[rs]k_live_/.test(secretKey)) return "wrong-mode";
  const { object, payment_intent: owner } = data.object;
  const dispute = object === "dispute" ? disputeSchema.safeParse(data.object).data : undefined;
  return {
    id,
    type,
    createdAtMs: created * SECOND,
    intentId: (object === "payment_intent" ? data.object.id : owner) ?? null,
    dispute: dispute
      ? {
          id: dispute.id,
          status: dispute.status,
          reason: dispute.reason,
          amountMinor: fromStripeAmount(dispute.amount, dispute.currency),
          currency: dispute.currency.toUpperCase(),
        }
      : null,
  };
}

/** The delivery if one of the secrets signed these bytes not long ago, else null. */
async function signedBy(
  secrets: readonly string[],
  body: Uint8Array,
  signature: string,
  nowMs: number,
): Promise<unknown> {
  const { Stripe } = await import("stripe");
  for (const secret of secrets) {
    try {
      return await Stripe.webhooks.constructEventAsync(body, signature, secret, TOLERANCE_SECONDS, undefined, nowMs);
    } catch (error) {
      const isRefused = error instanceof Stripe.errors.StripeSignatureVerificationError || error instanceof SyntaxError;
      if (!isRefused) throw error;
    }
  }
  return null;
}

/** With `end` an intent that failed is ended first; without, and until it is, it is no news yet. */
async function findingsOfIntent(
  intent: Intent,
  end: ((intent: Intent) => Promise<Intent | null>) | null,
): Promise<readonly ProviderFinding[]> {
  const route = routeOf(intent.metadata);
  const bookingId = bookingIn(intent.metadata);
  if (!route || !bookingId) return [];
  const at = { bookingId, n: route.attempt };
  const outcome = outcomeOfIntent(intent);
  if (outcome) return outcome.type === "unanswered" ? [] : [{ ...at, kind: kindOf(outcome.type), outcome }];
  const ended = end && (await end(intent));
  const after = ended && outcomeOfIntent(ended);
  if (!after || after.type === "unanswered") return [];
  if (after.type === "captured" || after.type === "authorised") {
    return [{ ...at, kind: kindOf(after.type), outcome: after }];
  }
  return [{ ...at, kind: "authorise", outcome: { type: "declined", intentId: intent.id, reason: reasonOf(intent) } }];
}

function kindOf(type: string): ProviderFinding["kind"] {
  if (type === "captured") return "capture";
  return type === "voided" ? "void" : "authorise";
}

async function readRefunds(
  stripe: Stripe,
  intentId: string,
): Promise<{ findings: readonly ProviderFinding[]; refundsElsewhere: readonly RefundElsewhere[] }> {
  const refunds = await refundsOf(stripe, intentId);
  const strangers = refunds.filter((refund) => numberOf(refund) === null && !hasFailed(refund));
  const findings = findingsOfRefunds(refunds);
  if (strangers.length === 0) return { findings, refundsElsewhere: [] };
  const intent = await stripe.paymentIntents.retrieve(intentId);
  const bookingId = bookingIn(intent.metadata);
  // Letting go of what was only held counts as a refund at Stripe, too: no money came, and none went.
  if (intent.status !== "succeeded" || !bookingId) return { findings, refundsElsewhere: [] };
  const refundsElsewhere = strangers.map(({ id, amount, currency }) => ({
    refundId: id,
    bookingId,
    amountMinor: fromStripeAmount(amount, currency),
    currency: currency.toUpperCase(),
  }));
  return { findings, refundsElsewhere };
}

/** News of the refunds that the box office numbered. */
function findingsOfRefunds(refunds: readonly Stripe.Refund[]): readonly ProviderFinding[] {
  return refunds.flatMap((refund) => {
    const bookingId = bookingIn(refund.metadata);
    const n = numberOf(refund);
    if (!bookingId || n === null) return [];
    return [{ bookingId, kind: "refund", n, outcome: outcomeOfRefund(refund) } as const];
  });
}

function bookingIn(metadata: Stripe.Metadata | null): BookingId | null {
  return parseId("bkg", metadata?.["bookingId"] ?? "");
}
