// The embedded payment provider of development: no account, no money, and no memory. What it answers follows from
// the buyer's token, as with Stripe's public test cards, or from a forced outcome.

import type { Payments, ProviderAsk } from "../app/ports";
import type { Outcome } from "../domain/box-office/commands";

/** Why a test token is declined. Source: https://docs.stripe.com/testing */
const DECLINES: Readonly<Record<string, string>> = {
  chargeDeclined: "Your card was declined.",
  chargeDeclinedInsufficientFunds: "Your card has insufficient funds.",
  visa_chargeDeclinedInsufficientFunds: "Your card has insufficient funds.",
  visa_chargeDeclined: "Your card was declined.",
  visa_chargeDeclinedLostCard: "Your card was declined: it was reported lost.",
  visa_chargeDeclinedStolenCard: "Your card was declined: it was reported stolen.",
  visa_chargeDeclinedFraudulent: "Your card was declined.",
  visa_chargeDeclinedVelocityLimitExceeded: "Your card was declined: it was used too often.",
  chargeDeclinedFraudulent: "Your card was declined.",
  chargeDeclinedExpiredCard: "Your card has expired.",
  chargeDeclinedIncorrectCvc: "Your card's security code is incorrect.",
  chargeDeclinedProcessingError: "An error occurred while processing your card.",
  chargeCustomerFail: "Your card was declined.",
};
/** Tokens that ask the buyer to authenticate first. */
const CHALLENGES: ReadonlySet<string> = new Set([
  "authenticationRequired",
  "authenticationRequiredOnSetup",
  "authenticationRequiredChargeDeclinedInsufficientFunds",
  "threeDSecure2Required",
  "threeDSecureRequired",
]);
const TOKEN = /^(?:pm_card|tok)_(.+)$/;

export function simulatorPayments(): Payments {
  return {
    name: "simulator",
    limitsOf: () => ({ stepMinor: 1, maxMinor: Number.MAX_SAFE_INTEGER }),
    async authorise(ask) {
      if (ask.force === "timeout") return { type: "unanswered", reason: "the simulator stays silent" };
      if (ask.force === "failure") return { type: "declined", intentId: intentOf(ask), reason: "Payment failed" };
      const test = TOKEN.exec(ask.token ?? "")?.[1] ?? "";
      const decline = DECLINES[test];
      if (decline !== undefined) return { type: "declined", intentId: intentOf(ask), reason: decline };
      if (CHALLENGES.has(test)) {
        return { type: "challenged", intentId: intentOf(ask), clientSecret: `${intentOf(ask)}_secret_simulated` };
      }
      return authorised(ask);
    },
    async capture(ask) {
      return captured(ask);
    },
    /** Nothing is kept, so an intent that was not authorised can always be called off. */
    async void(ask) {
      return { type: "voided", intentId: ask.intentId };
    },
    async refund(ask) {
      return { type: "refunded", refundId: `re_sim_${tail(ask)}_${ask.refund}` };
    },
    authenticate(ask, passed) {
      if (passed) return authorised(ask);
      return { type: "declined", intentId: intentOf(ask), reason: "Your bank could not confirm that it was you." };
    },
  };
}

function authorised(ask: Pick<ProviderAsk, "bookingId" | "attempt" | "amountMinor" | "currency">): Outcome {
  return { type: "authorised", intentId: intentOf(ask), amountMinor: ask.amountMinor, currency: ask.currency };
}

function captured(ask: ProviderAsk): Outcome {
  const { amountMinor, currency } = ask;
  return { type: "captured", intentId: intentOf(ask), transactionId: `ch_sim_${tail(ask)}`, amountMinor, currency };
}

function intentOf(ask: Pick<ProviderAsk, "bookingId" | "attempt">): string {
  return `pi_sim_${tail(ask)}`;
}

/** Deterministic: the same attempt always has the same names. */
function tail(ask: Pick<ProviderAsk, "bookingId" | "attempt">): string {
  return `${ask.bookingId.slice(4)}_${ask.attempt}`;
}
