// The hall of a new event: drawn, made by its tiers, or as big as its venue.

import { layoutFromMap } from "../domain/drawn-map";
import { geometryOf, seatCountsByTier } from "../domain/geometry";
import { sumMinor } from "../domain/money";
import { accept, invalid, type Result, refuse } from "../domain/refusals";
import {
  checkTierCapacities,
  checkTierPrices,
  DEFAULT_SEATS_PER_ROW,
  type Layout,
  layoutFromTiers,
  MAX_SEATS,
  type SeatMap,
  type TierInput,
} from "../domain/seat-map";
import type { Venue } from "./ports";

export interface HallRequest {
  readonly tiers: readonly TierInput[] | null;
  readonly seatMap: SeatMap | null;
  readonly seatsPerRow: number | null;
  /** The last seats of a hall that tiers make, kept off sale. */
  readonly blockedSeats?: number;
}

export interface Hall {
  readonly layout: Layout;
  readonly tiers: readonly TierInput[];
}

const FREE_TIER = { tier: "GENERAL", priceMinor: 0 } as const;

/** The hall that was drawn, or that tiers make; null where neither was given. */
export function givenHall(request: HallRequest): Result<Hall> | null {
  return request.tiers || request.seatMap ? hallOf(request, request.tiers ?? []) : null;
}

/** One free tier as big as the venue. */
export function wholeVenue(request: HallRequest, venue: Venue | null): Result<Hall> {
  const capacity = venue?.capacity ?? 0;
  if (capacity < 1 || capacity > MAX_SEATS) {
    const rule = `is of a venue for ${capacity}, and a hall has 1 to ${MAX_SEATS} seats: name ticketTiers or a seatMap`;
    return invalid("venueId", rule);
  }
  return hallOf(request, [{ ...FREE_TIER, capacity }]);
}

/** Whether its venue has room for it. */
export function checkRoom({ layout }: Hall, venue: Venue | null): Result<void> {
  const seats = sumMinor(seatCountsByTier(geometryOf(layout)));
  if (venue === null || seats <= venue.capacity) return accept(undefined);
  return refuse({ code: "CAPACITY_EXCEEDS_VENUE", capacity: seats, venueCapacity: venue.capacity });
}

function hallOf(request: HallRequest, tiers: readonly TierInput[]): Result<Hall> {
  const made = request.seatMap ? layoutFromMap(request.seatMap) : layoutOfTiers(tiers, request);
  if (!made.ok) return made;
  const priced = checkTierPrices(made.value, tiers);
  return priced.ok ? accept({ layout: made.value, tiers }) : priced;
}

function layoutOfTiers(tiers: readonly TierInput[], request: HallRequest): Result<Layout> {
  const sound = checkTierCapacities(tiers);
  if (!sound.ok) return sound;
  return accept(layoutFromTiers(tiers, request.seatsPerRow ?? DEFAULT_SEATS_PER_ROW, request.blockedSeats));
}
