// Amounts as Stripe counts them. Mostly that is ISO 4217's minor unit; where Stripe differs, or takes only some
// amounts, this file knows. Source: docs.stripe.com/currencies, "Zero-decimal", "Three-decimal", "Special cases",
// "Maximum charge amounts".

import type { ChargeLimits } from "../app/ports";
import { currencyDigits, type Money } from "../domain/money";

/** Stripe's digits where they are not ISO's: kroner and shillings with two zeros, ariary without its fifths. */
const STRIPE_DIGITS: ReadonlyMap<string, number> = new Map([
  ["ISK", 2],
  ["UGX", 2],
  ["MGA", 0],
]);
/** The last digit of a three-decimal amount must be 0: card networks settle two. */
const THREE_DECIMAL_STEP = 10;
/** "The amount value supports up to eight digits." */
const MAX_STRIPE_AMOUNT = 99_999_999;
/** Where Stripe says it takes more than eight digits: twelve, ten and nine. Nine of them American Express takes, too. */
const NINE_DIGITS: ReadonlySet<string> = new Set(["IDR", "COP", "INR"]);
const MAX_OF_NINE_DIGITS = 999_999_999;

/** Which amounts of a currency Stripe moves, in our minor unit. */
export function stripeLimits(currency: string): ChargeLimits {
  const shift = shiftOf(currency);
  const ownStep = currencyDigits(currency) === 3 ? THREE_DECIMAL_STEP : 1;
  const stepMinor = shift < 0 ? 10 ** -shift : ownStep;
  const maxMinor = shifted(NINE_DIGITS.has(currency) ? MAX_OF_NINE_DIGITS : MAX_STRIPE_AMOUNT, -shift);
  return { stepMinor, maxMinor: maxMinor - (maxMinor % stepMinor) };
}

/** The amount as Stripe wants it, or null when Stripe cannot move exactly this amount. */
export function toStripeAmount({ amountMinor, currency }: Money): number | null {
  const { stepMinor, maxMinor } = stripeLimits(currency);
  const isMovable = amountMinor > 0 && amountMinor <= maxMinor && amountMinor % stepMinor === 0;
  return isMovable ? shifted(amountMinor, shiftOf(currency)) : null;
}

/** Stripe's amount in our minor unit. Not rounded: what we could not have asked for must not look as if we had. */
export function fromStripeAmount(amount: number, currency: string): number {
  return shifted(amount, -shiftOf(currency.toUpperCase()));
}

/** How many digits Stripe's amount has more than ours. */
function shiftOf(currency: string): number {
  const digits = currencyDigits(currency);
  return (STRIPE_DIGITS.get(currency) ?? digits) - digits;
}

function shifted(amount: number, digits: number): number {
  return digits < 0 ? amount / 10 ** -digits : amount * 10 ** digits;
}
