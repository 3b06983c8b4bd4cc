// What the shapes and colours of a hall mean, with what each price has left.

import type { Tier } from "../api/types";
import { type Hall, leftByTier } from "../hall/hall";
import { count, priceWords, TIER_NAMES } from "../words";

export function Legend({ hall }: { readonly hall: Hall }) {
  const left = leftByTier(hall);
  const hasAccessible = hall.seats.some(({ accessible }) => accessible);
  return (
    <div class="legend">
      <ul aria-label="Prices">
        {[...hall.prices].map(([tier, price]) => (
          <li key={tier}>
            <Sign kind="free" tier={tier} />
            <span>
              {TIER_NAMES[tier]} <strong>{priceWords(price, hall.currency)}</strong> {leftWords(left.get(tier) ?? 0)}
            </span>
          </li>
        ))}
      </ul>
      <ul aria-label="Signs">
        <li>
          <Sign kind="mine" /> Yours
        </li>
        <li>
          <Sign kind="held" /> Held by somebody
        </li>
        <li>
          <Sign kind="sold" /> Sold
        </li>
        {hasAccessible && (
          <li>
            <Sign kind="square" /> Wheelchair place
          </li>
        )}
      </ul>
    </div>
  );
}

function leftWords(left: number): string {
  return left === 0 ? "sold out" : `${count(left)} left`;
}

type Kind = "free" | "mine" | "held" | "sold" | "square";

function Sign({ kind, tier = "GENERAL" }: { readonly kind: Kind; readonly tier?: Tier }) {
  return (
    <svg
      class={`sign ${kind} tier-${tier.toLowerCase()}`}
      viewBox="0 0 20 20"
      width="16"
      height="16"
      aria-hidden="true"
    >
      {kind === "square" ? <rect x="2.5" y="2.5" width="15" height="15" rx="3" /> : <circle cx="10" cy="10" r="7.5" />}
      {kind === "mine" && <path d="M6 10.2 9 13l5-6" />}
    </svg>
  );
}
