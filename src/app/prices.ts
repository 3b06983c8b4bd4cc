// Whether tickets can be sold at a price at all: some currencies have amounts that a payment provider cannot move, and
// a buyer must not be the first to find out.

import { accept, invalid, type Result } from "../domain/refusals";
import type { Deps } from "./ports";

/** Every seat may be paid for or given back alone, so every price must be one that can be charged. */
export function checkChargeable(
  { payments }: Pick<Deps, "payments">,
  currency: string,
  tiers: readonly { readonly priceMinor: number }[],
): Result<void> {
  for (const [i, { priceMinor }] of tiers.entries()) {
    if (priceMinor === 0 || payments.canCharge({ amountMinor: priceMinor, currency })) continue;
    return invalid(`ticketTiers[${i}].price`, `cannot be charged by ${payments.name} in ${currency}`);
  }
  return accept(undefined);
}
