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

it("the simulator moves no money, so it takes any price", () => {
  expect(checkChargeable({ payments: simulatorPayments() }, "KWD", [tier(5_001)])).toMatchObject({ ok: true });
});
