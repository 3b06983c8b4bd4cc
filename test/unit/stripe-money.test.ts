import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { fromStripeAmount, toStripeAmount } from "../../src/adapters/stripe-money";
import { CURRENCIES } from "../../src/domain/money";

describe("amounts at Stripe", () => {
  it.each([
    ["two decimals are minor units", "GBP", 15000, 15000],
    ["a zero-decimal currency is sent as it is", "JPY", 500, 500],
    ["a three-decimal currency is sent in thousandths", "KWD", 5120, 5120],
    ["kroner have no fraction but are sent with two zeros", "ISK", 5, 500],
    ["shillings too", "UGX", 7, 700],
    ["ariary have no fraction at Stripe", "MGA", 500, 5],
    ["a three-decimal amount that ends in anything but 0 cannot be charged", "KWD", 5124, null],
    ["a fraction of an ariary cannot be charged", "MGA", 520, null],
    ["more than eight digits cannot be charged", "GBP", 100_000_000, null],
    ["nine digits can be charged in pesos", "COP", 999_999_999, 999_999_999],
    ["in rupiah", "IDR", 999_999_999, 999_999_999],
    ["and in rupees", "INR", 999_999_999, 999_999_999],
    ["but no more", "COP", 1_000_000_000, null],
    ["the zeros of a króna count among the eight digits", "ISK", 1_000_000, null],
    ["nothing cannot be charged", "GBP", 0, null],
    ["a fraction of a penny cannot be charged", "GBP", 0.5, null],
  ])("%s", (_name, currency, amountMinor, expected) => {
    expect(toStripeAmount({ amountMinor, currency })).toBe(expected);
  });

  it("what can be charged comes back as it went", () => {
    const money = fc.record({
      amountMinor: fc.integer({ min: 1, max: 99_999_999 }),
      currency: fc.constantFrom(...CURRENCIES),
    });
    fc.assert(
      fc.property(money, ({ amountMinor, currency }) => {
        const amount = toStripeAmount({ amountMinor, currency });
        if (amount === null) return;
        expect(Number.isSafeInteger(amount)).toBe(true);
        expect(fromStripeAmount(amount, currency.toLowerCase())).toBe(amountMinor);
      }),
    );
  });

  it("an amount we could not have asked for does not look as if we had", () => {
    expect(fromStripeAmount(550, "isk")).toBe(5.5);
  });
});
