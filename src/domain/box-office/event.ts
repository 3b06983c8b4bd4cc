// The event behind a box office: its definition, taken once from D1 and changed here first ever after.

import { geometryOf } from "../geometry";
import { accept, invalid, type Result, refuse } from "../refusals";
import { checkTierPrices, type Layout, TIERS, type TierPrice } from "../seat-map";
import { countSeats, growLayout } from "../seat-map-growth";
import type { Availability, Command, EventChange, SeatsReading } from "./commands";
import { answered, type Decision, refused } from "./decision";
import type { BoxOfficeState, EventDefinition, Fact } from "./state";
import { availabilityOf, definitionOf } from "./views";

type Of<T extends Command["type"]> = Extract<Command, { type: T }>;

/** Takes D1's definition; one that is known already, or older, changes nothing. */
export function decideDefine(state: BoxOfficeState, command: Of<"define">): Decision<{ readonly version: number }> {
  const { definition } = command;
  if (state.definition !== null) return answered({ version: state.definition.version });
  return { ...answered({ version: definition.version }), definition, facts: [createdFact(definition)] };
}

function createdFact({ name, version, venueId, startsAtMs, currency, tiers, layout }: EventDefinition): Fact {
  return {
    type: "event.created",
    tiers: tiers.map((priced) => ({ ...priced, seats: countSeats(layout, priced.tier) })),
    detail: { name, version, venueId, startsAtMs, currency },
  };
}

/** Changes the event as its next version. What is sold or held stays as it is. */
export function decideAmend(
  state: BoxOfficeState,
  command: Of<"amend">,
  nowMs: number,
): Decision<{ readonly definition: EventDefinition }> {
  const next = amended(state, definitionOf(state), command.change, nowMs);
  if (!next.ok) return refused(next.refusal);
  const definition = next.value;
  const facts: Fact[] = [{ type: "event.updated", detail: { version: definition.version } }];
  return { ...answered({ definition }), definition, facts, lease: ["definition"] };
}

export function decideReadEvent(
  state: BoxOfficeState,
): Decision<{ readonly definition: EventDefinition; readonly availability: Availability }> {
  const definition = definitionOf(state);
  return answered({ definition, availability: availabilityOf(state, definition) });
}

export function decideReadSeats(state: BoxOfficeState, command: Of<"readSeats">): Decision<SeatsReading> {
  const definition = definitionOf(state);
  return answered({
    version: definition.version,
    definition: command.knownVersion === definition.version ? null : definition,
    statuses: command.knownSeq === state.seq ? null : state.statuses.join(""),
    seq: state.seq,
  });
}

function amended(
  state: BoxOfficeState,
  definition: EventDefinition,
  change: EventChange,
  nowMs: number,
): Result<EventDefinition> {
  const startsAtMs = change.startsAtMs ?? definition.startsAtMs;
  const endsAtMs = change.endsAtMs ?? definition.endsAtMs;
  const movesTime = change.startsAtMs !== undefined || change.endsAtMs !== undefined;
  if (movesTime && endsAtMs <= startsAtMs) return invalid("endsAt", "must be after startsAt");
  const grown = layoutAfter(state, definition, change);
  if (!grown.ok) return grown;
  const layout = grown.value;
  const tiers = tiersAfter(definition, change);
  const priced = checkTierPrices(layout, tiers);
  if (!priced.ok) return priced;
  const currency = change.currency ?? definition.currency;
  const used = firstUsedTier(state);
  if (currency !== definition.currency && used !== null) return refuse({ code: "TIER_IN_USE", tier: used });
  const geometry = geometryOf(layout);
  const capacity = geometry.size - geometry.removed.filter(Boolean).length;
  if (change.venueCapacity !== null && capacity > change.venueCapacity) {
    return refuse({ code: "CAPACITY_EXCEEDS_VENUE", capacity, venueCapacity: change.venueCapacity });
  }
  return accept({
    ...definition,
    version: definition.version + 1,
    name: change.name ?? definition.name,
    description: change.description === undefined ? definition.description : change.description,
    venueId: change.venueId ?? definition.venueId,
    startsAtMs,
    endsAtMs,
    currency,
    tiers,
    layout,
    updatedAtMs: nowMs,
  });
}

function layoutAfter(state: BoxOfficeState, definition: EventDefinition, change: EventChange): Result<Layout> {
  const { tiers, seatMap, seatsPerRow } = change;
  if (tiers === undefined && seatMap === undefined) return accept(definition.layout);
  const isTaken = (seat: number) => state.owners[seat] != null;
  return growLayout(definition.layout, { tiers, seatMap, seatsPerRow }, isTaken);
}

function tiersAfter(definition: EventDefinition, change: EventChange): readonly TierPrice[] {
  return change.tiers?.map(({ tier, priceMinor }) => ({ tier, priceMinor })) ?? definition.tiers;
}

/** A tier with a seat that somebody owns, or null. */
function firstUsedTier(state: BoxOfficeState): string | null {
  const seat = state.owners.findIndex((owner) => owner !== null);
  return seat < 0 ? null : (TIERS[state.geometry.tiers[seat] as number] as string);
}
