// A price that Stripe could not charge is refused when it is set, so that no buyer meets it.

import { expect, it } from "vitest";
import { simulatorPayments } from "../../src/adapters/payments-simulator";
import { checkChargeable } from "../../src/app/prices";
import { paymentsAt } from "../stripe/asking";

const stripe = { payments: paymentsAt("http://127.0.0.1:1") };
const tier = (priceMinor: number) => ({ priceMinor });

it("names the tier whose price cannot be charged", () => {
  const checked = checkChargeable(stripe, "KWD", [tier(5_000), tier(5_001)]);
  expect(checked).toMatchObject({
    ok: false,
    refusal: { code: "VALIDATION_ERROR", problems: [{ field: "ticketTiers[1].price" }] },
  });
});

it("takes prices that can be charged, and nothing at all", () => {
  expect(checkChargeable(stripe, "KWD", [tier(5_000), tier(0)])).toMatchObject({ ok: true });
  expect(checkChargeable(stripe, "GBP", [tier(1)])).toMatchObject({ ok: true });
});

it.each([
  ["GBP", 9_999_999, 10_000_000],
  ["JPY", 9_999_999, 10_000_000],
  ["KWD", 9_999_990, 10_000_000],
  ["ISK", 99_999, 100_000],
  ["COP", 99_999_999, 100_000_000],
  ["MGA", 999_999_900, 1_000_000_000],
])("a seat in %s may cost %i at most: ten of them are one charge", (currency, most, tooMuch) => {
  expect(checkChargeable(stripe, currency, [tier(most)])).toMatchObject({ ok: true });
  expect(checkChargeable(stripe, currency, [tier(tooMuch)])).toMatchObject({
    ok: false,
    refusal: {
      problems: [{ field: "ticketTiers[0].price", message: expect.stringContaining(`must be at most ${most}: `) }],
    },
  });
});

it("the simulator moves no money, so it takes any price", () => {
  expect(checkChargeable({ payments: simulatorPayments() }, "KWD", [tier(5_001)])).toMatchObject({ ok: true });
});
