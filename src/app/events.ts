// Events: an organiser makes and changes them, everybody looks at them. D1 has an event first, its box office
// decides every change from then on; D1 follows before the answer.

import type { Availability, EventChange, Origin } from "../domain/box-office/commands";
import type { EventDefinition } from "../domain/box-office/state";
import { readMap } from "../domain/drawn-map";
import { geometryOf, seatCountsByTier } from "../domain/geometry";
import { codeOfEvent, type EventId, parseId } from "../domain/ids";
import { sumMinor } from "../domain/money";
import { accept, invalid, type Result, refuse } from "../domain/refusals";
import { TIERS } from "../domain/seat-map";
import { isOver } from "../domain/time";
import { carryOut, type EffectDeps } from "./effects";
import { checkRoom, givenHall, type Hall, type HallRequest, wholeVenue } from "./halls";
import { type AskedKey, withKeptKey } from "./idempotency";
import type { Deps, EventListing, Page, Venue } from "./ports";
import { checkChargeable } from "./prices";

export interface NewEvent extends HallRequest {
  readonly name: string;
  readonly description: string | null;
  /** Null in the dialect, whose events have none. */
  readonly venueId: string | null;
  readonly startsAtMs: number;
  /** Null in the dialect, whose events end as they start. */
  readonly endsAtMs: number | null;
  readonly currency: string | null;
}

/** Absent fields stay. */
export type EventChangeRequest = Omit<EventChange, "venueId" | "venueCapacity"> & { readonly venueId?: string };

/** An event as its box office has it at this moment, and the same as lists show it. */
export interface EventReading {
  readonly definition: EventDefinition;
  readonly availability: Availability;
  readonly listing: EventListing;
}

/** Of the upcoming events: what starts within the bounds, at one venue or any. */
export interface EventSearch {
  /** Words that all occur in the event's name, or in its venue's name or city. */
  readonly text?: string | null;
  readonly venueId: string | null;
  readonly fromMs: number | null;
  readonly toMs: number | null;
  readonly page: number;
  readonly perPage: number;
}

/** Of an event whose organiser names no price. */
const DEFAULT_CURRENCY = "GBP";
/** Two events share a code once in a million million: more tries than these are a fault. */
const MAX_CODE_TRIES = 5;

type CreateDeps = Pick<
  Deps,
  "clock" | "ids" | "log" | "venues" | "events" | "boxOffices" | "payments" | "idempotencyKeys"
>;

/** Puts an event on sale. Its box office is told at once; one that was not is told when somebody first asks it. */
export async function createEvent(deps: CreateDeps, request: NewEvent, origin: Origin): Promise<Result<EventListing>> {
  const nowMs = deps.clock.nowMs();
  return await withKeptKey(deps, origin.key ?? null, nowMs, {
    make: (key) => insertEvent(deps, request, nowMs, key, origin),
    async rebuild(resultId) {
      const read = await readEvent(deps, resultId, { ...origin, key: null });
      return read.ok ? accept(read.value.listing) : read;
    },
  });
}

async function insertEvent(
  deps: CreateDeps,
  request: NewEvent,
  nowMs: number,
  key: AskedKey | null,
  origin: Origin,
): Promise<Result<EventListing> | "key-taken"> {
  const timed = checkTimes(request, nowMs);
  if (!timed.ok) return timed;
  const priced = checkChargeable(deps, request.currency ?? DEFAULT_CURRENCY, request.tiers ?? []);
  if (!priced.ok) return priced;
  const placed = await placeOf(deps, request);
  if (!placed.ok) return placed;
  const { venue, hall } = placed.value;
  for (let tries = 0; tries < MAX_CODE_TRIES; tries++) {
    const id = deps.ids.event(nowMs);
    const definition = definitionOf(id, request, venue, hall, nowMs);
    const availability = availabilityOfNew(definition);
    const kept = key && { ...key, resultId: id, atMs: nowMs };
    const outcome = await deps.events.insert(definition, availability, kept);
    if (outcome === "key-taken") return outcome;
    if (outcome === "code-taken") continue;
    await defineBoxOffice(deps, definition, origin);
    return accept(readingOf(definition, availability, venue).listing);
  }
  throw new Error(`${MAX_CODE_TRIES} event codes in a row were taken`);
}

/** The event exists once D1 has it, so failing here does not undo it. */
async function defineBoxOffice(deps: CreateDeps, definition: EventDefinition, origin: Origin): Promise<void> {
  try {
    await deps.boxOffices.send(definition.code, { type: "define", definition, ...origin, key: null });
  } catch (fault) {
    deps.log.warn("a new event's box office was not told of it yet", { eventId: definition.id, fault });
  }
}

/** The list reads D1, about 2 s behind the box offices at most. */
export async function listEvents(
  deps: Pick<Deps, "clock" | "events">,
  search: EventSearch,
): Promise<Page<EventListing>> {
  const { page, perPage, toMs } = search;
  const venueId = search.venueId === null ? null : parseId("ven", search.venueId);
  if (search.venueId !== null && venueId === null) return { items: [], total: 0 };
  const fromMs = Math.max(deps.clock.nowMs(), search.fromMs ?? 0);
  return deps.events.list({ text: search.text ?? null, venueId, fromMs, toMs, page, perPage });
}

/** Every event there is, past ones too, the latest start first: an organiser's list. */
export async function listAllEvents(
  deps: Pick<Deps, "events">,
  search: Pick<EventSearch, "text" | "page" | "perPage">,
): Promise<Page<EventListing>> {
  const { text = null, page, perPage } = search;
  return await deps.events.list({ text, venueId: null, fromMs: 0, toMs: null, latestFirst: true, page, perPage });
}

/** An event, exact: its box office is asked. */
export async function readEvent(
  deps: Pick<Deps, "boxOffices" | "venues">,
  eventId: string,
  origin: Origin,
): Promise<Result<EventReading>> {
  const id = parseId("evnt", eventId);
  const reply = id && (await deps.boxOffices.send(codeOfEvent(id), { type: "readEvent", ...origin }));
  if (!reply) return refuse({ code: "EVENT_NOT_FOUND", id: eventId });
  if (!reply.ok) return reply;
  const { definition, availability } = reply.value;
  if (definition.id !== id) return refuse({ code: "EVENT_NOT_FOUND", id: eventId });
  const venue = definition.venueId && (await deps.venues.byId(definition.venueId));
  return accept(readingOf(definition, availability, venue || null));
}

/** Changes what is given. The box office decides by what is sold and held; D1 has it before the answer. */
export async function changeEvent(
  deps: Pick<Deps, "clock" | "boxOffices" | "venues" | "events"> & EffectDeps,
  eventId: string,
  request: EventChangeRequest,
  origin: Origin,
): Promise<Result<EventReading>> {
  if (Object.keys(request).length === 0) return readEvent(deps, eventId, origin);
  const sound = checkChange(request);
  if (!sound.ok) return sound;
  const id = parseId("evnt", eventId);
  const listing = id && (await deps.events.listingById(id));
  if (!listing) return refuse({ code: "EVENT_NOT_FOUND", id: eventId });
  const { startsAtMs = listing.startsAtMs } = request;
  if (startsAtMs !== listing.startsAtMs && isOver(startsAtMs, deps.clock.nowMs())) {
    return invalid("startsAt", "must be in the future");
  }
  // Prices that stay are not judged again: by newer rules they may be too much, and the event must still be movable.
  const priced = checkChargeable(deps, request.currency ?? listing.currency, request.tiers ?? []);
  if (!priced.ok) return priced;
  const found = await venueOf(deps, request.venueId ?? listing.venue?.id ?? null);
  if (!found.ok) return found;
  const { venueId: _, ...fields } = request;
  const change: EventChange = {
    ...fields,
    ...(request.venueId !== undefined && found.value && { venueId: found.value.id }),
    venueCapacity: found.value?.capacity ?? null,
  };
  const code = codeOfEvent(listing.id);
  const reply = await deps.boxOffices.send(code, { type: "amend", change, ...origin });
  if (!reply) return refuse({ code: "EVENT_NOT_FOUND", id: eventId });
  if (!reply.ok) return reply;
  await carryOut(deps, code, reply.value.work);
  return readEvent(deps, eventId, origin);
}

function checkTimes({ startsAtMs, endsAtMs }: NewEvent, nowMs: number): Result<void> {
  if (isOver(startsAtMs, nowMs)) return invalid("startsAt", "must be in the future");
  if (endsAtMs !== null && endsAtMs <= startsAtMs) return invalid("endsAt", "must be after startsAt");
  return accept(undefined);
}

/** What of a change is wrong whatever the event. */
function checkChange({ startsAtMs, endsAtMs, seatMap }: EventChangeRequest): Result<unknown> {
  if (startsAtMs !== undefined && endsAtMs !== undefined && endsAtMs <= startsAtMs) {
    return invalid("endsAt", "must be after startsAt");
  }
  return seatMap === undefined ? accept(undefined) : readMap(seatMap);
}

async function venueOf(deps: Pick<Deps, "venues">, venueId: string | null): Promise<Result<Venue | null>> {
  if (venueId === null) return accept(null);
  const id = parseId("ven", venueId);
  const venue = id && (await deps.venues.byId(id));
  return venue ? accept(venue) : refuse({ code: "VENUE_NOT_FOUND", id: venueId });
}

/** Where it is and in which hall. What needs no venue is judged before one is looked for. */
async function placeOf(
  deps: Pick<Deps, "venues">,
  request: NewEvent,
): Promise<Result<{ readonly venue: Venue | null; readonly hall: Hall }>> {
  const given = givenHall(request);
  if (given?.ok === false) return given;
  const found = await venueOf(deps, request.venueId);
  if (!found.ok) return found;
  const venue = found.value;
  const hall = given ?? wholeVenue(request, venue);
  if (!hall.ok) return hall;
  const room = checkRoom(hall.value, venue);
  return room.ok ? accept({ venue, hall: hall.value }) : room;
}

function definitionOf(
  id: EventId,
  request: NewEvent,
  venue: Venue | null,
  { layout, tiers }: Hall,
  nowMs: number,
): EventDefinition {
  return {
    id,
    code: codeOfEvent(id),
    version: 1,
    name: request.name,
    description: request.description,
    venueId: venue?.id ?? null,
    startsAtMs: request.startsAtMs,
    endsAtMs: request.endsAtMs ?? request.startsAtMs,
    currency: request.currency ?? DEFAULT_CURRENCY,
    tiers: tiers.map(({ tier, priceMinor }) => ({ tier, priceMinor })),
    layout,
    createdAtMs: nowMs,
    updatedAtMs: nowMs,
  };
}

/** Before the first sale every seat is free that is not kept off sale. */
function availabilityOfNew({ id, tiers, layout }: EventDefinition): Availability {
  const geometry = geometryOf(layout);
  const totals = seatCountsByTier(geometry);
  const blocked = TIERS.map(() => 0);
  for (let seat = 0; seat < geometry.size; seat++) {
    const tier = geometry.tiers[seat] ?? 0;
    if (geometry.blocked[seat]) blocked[tier] = (blocked[tier] ?? 0) + 1;
  }
  const byTier = tiers.map(({ tier, priceMinor }) => {
    const place = TIERS.indexOf(tier);
    const total = totals[place] ?? 0;
    return { tier, priceMinor, available: total - (blocked[place] ?? 0), total };
  });
  return {
    eventId: id,
    seq: 0,
    totalSeats: sumMinor(totals),
    availableSeats: sumMinor(byTier.map(({ available }) => available)),
    tiers: byTier,
    nextDueMs: null,
  };
}

function readingOf(definition: EventDefinition, availability: Availability, venue: Venue | null): EventReading {
  const { id, name, description, startsAtMs, endsAtMs, currency, version, createdAtMs, updatedAtMs } = definition;
  const { availableSeats, totalSeats, tiers } = availability;
  const listing: EventListing = {
    id,
    name,
    description,
    venue: venue && { id: venue.id, name: venue.name, city: venue.city },
    startsAtMs,
    endsAtMs,
    currency,
    availableSeats,
    totalSeats,
    tiers,
    version,
    createdAtMs,
    updatedAtMs,
  };
  return { definition, availability, listing };
}
