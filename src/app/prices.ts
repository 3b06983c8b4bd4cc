// Whether tickets can be sold at a price at all: some currencies have amounts that a payment provider cannot move, and
// a buyer must not be the first to find out.

import { accept, invalid, type Result } from "../domain/refusals";
import { MAX_SEATS } from "./locks";
import type { Deps } from "./ports";

/** Every seat may be given back alone, and as many as an order may have are one charge: every price must allow both. */
export function checkChargeable(
  { payments }: Pick<Deps, "payments">,
  currency: string,
  tiers: readonly { readonly priceMinor: number }[],
): Result<void> {
  const { stepMinor, maxMinor } = payments.limitsOf(currency);
  const seatMinor = Math.floor(maxMinor / MAX_SEATS);
  const mostMinor = seatMinor - (seatMinor % stepMinor);
  for (const [i, { priceMinor }] of tiers.entries()) {
    const field = `ticketTiers[${i}].price`;
    if (priceMinor % stepMinor !== 0) {
      return invalid(field, `must be a multiple of ${stepMinor}: ${payments.name} charges nothing else in ${currency}`);
    }
    if (priceMinor > mostMinor) {
      const reason = `an order of ${MAX_SEATS} seats is one charge, and ${payments.name} takes no more in ${currency}`;
      return invalid(field, `must be at most ${mostMinor}: ${reason}`);
    }
  }
  return accept(undefined);
}
