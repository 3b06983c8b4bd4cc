// Venues: where events take place. D1 decides them; they never change once made.

import type { Origin } from "../domain/box-office/commands";
import { parseId, type VenueId } from "../domain/ids";
import { accept, type Result, refuse } from "../domain/refusals";
import { withKeptKey } from "./idempotency";
import type { Deps, EventListing, Page, Venue } from "./ports";

export type NewVenue = Pick<Venue, "name" | "address" | "city" | "country" | "capacity">;

export interface VenueReading {
  readonly venue: Venue;
  /** By date, past ones too where upcoming ones leave room. */
  readonly events: readonly EventListing[];
}

/** Events that a venue shows; the event list, filtered by venue, has them all. */
const MAX_VENUE_EVENTS = 100;

export async function createVenue(
  deps: Pick<Deps, "clock" | "ids" | "venues" | "idempotencyKeys">,
  request: NewVenue,
  origin: Origin,
): Promise<Result<Venue>> {
  const nowMs = deps.clock.nowMs();
  return await withKeptKey(deps, origin.key ?? null, nowMs, {
    async make(key) {
      const venue: Venue = { ...request, id: deps.ids.venue(nowMs), createdAtMs: nowMs };
      const outcome = await deps.venues.insert(venue, key && { ...key, resultId: venue.id, atMs: nowMs });
      return outcome === "key-taken" ? outcome : accept(venue);
    },
    async rebuild(resultId) {
      const venue = await deps.venues.byId(resultId as VenueId);
      return venue ? accept(venue) : refuse({ code: "VENUE_NOT_FOUND", id: resultId });
    },
  });
}

export async function listVenues(
  deps: Pick<Deps, "venues">,
  search: { readonly text: string | null; readonly page: number; readonly perPage: number },
): Promise<Page<Venue>> {
  return await deps.venues.list(search);
}

/** A venue with the events scheduled there. */
export async function readVenue(
  deps: Pick<Deps, "clock" | "venues" | "events">,
  venueId: string,
): Promise<Result<VenueReading>> {
  const id = parseId("ven", venueId);
  const venue = id && (await deps.venues.byId(id));
  if (!venue) return refuse({ code: "VENUE_NOT_FOUND", id: venueId });
  return accept({ venue, events: await deps.events.ofVenue(venue, deps.clock.nowMs(), MAX_VENUE_EVENTS) });
}
