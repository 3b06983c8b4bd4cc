// Amounts as Stripe counts them. Mostly that is ISO 4217's minor unit; where Stripe differs, or takes only some
// amounts, this file knows. Source: docs.stripe.com/currencies, "Zero-decimal", "Three-decimal", "Special cases".

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

/** The amount as Stripe wants it, or null when Stripe cannot move exactly this amount. */
export function toStripeAmount({ amountMinor, currency }: Money): number | null {
  const amount = amountMinor * factorOf(currency);
  const isWhole = Number.isSafeInteger(amount) && amount % stepOf(currency) === 0;
  return isWhole && amount > 0 && amount <= MAX_STRIPE_AMOUNT ? amount : null;
}

/** Stripe's amount in our minor unit. Not rounded: what we could not have asked for must not look as if we had. */
export function fromStripeAmount(amount: number, currency: string): number {
  return amount / factorOf(currency.toUpperCase());
}

function factorOf(currency: string): number {
  const digits = currencyDigits(currency);
  return 10 ** ((STRIPE_DIGITS.get(currency) ?? digits) - digits);
}

function stepOf(currency: string): number {
  const stripeDigits = STRIPE_DIGITS.get(currency);
  if (stripeDigits === 2) return 100;
  return currencyDigits(currency) === 3 ? THREE_DECIMAL_STEP : 1;
}
