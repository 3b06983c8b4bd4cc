// /api/events: everybody finds events, organisers make and change them.

import { z } from "@hono/zod-openapi";
import { changeEvent, createEvent, type EventReading, listEvents, readEvent } from "../app/events";
import type { EventListing } from "../app/ports";
import { type SeatMap, seatMapOf, type TierInput } from "../domain/seat-map";
import { LARGE_BODY_LIMIT } from "./body";
import { addEndpoint, answer } from "./endpoint";
import {
  eventChangeBody,
  eventCollection,
  eventItemExample,
  eventQuery,
  eventWithMap,
  newEventBody,
  newEventExample,
  type TierBody,
} from "./event-schemas";
import { isoOf, paginate, timestamp } from "./fields";
import { createGroup } from "./honoenv";

export const eventRoutes = createGroup();

addEndpoint(
  eventRoutes,
  {
    method: "get",
    path: "/api/events",
    id: "listEvents",
    service: "Events",
    summary: "All upcoming events, by date",
    description: "About 2 seconds behind the sale at most; an event by itself is exact.",
    access: "public",
    query: eventQuery,
    answers: {
      200: {
        description: "A page of events.",
        schema: eventCollection,
        example: { data: [eventItemExample], pagination: { page: 1, perPage: 20, total: 4, totalPages: 1 } },
      },
    },
  },
  async ({ deps, query }) => {
    const { q: text = null, venueId = null, from = null, to = null, page, perPage } = query;
    const found = await listEvents(deps, { text, venueId, fromMs: from, toMs: to, page, perPage });
    return answer(200, { data: found.items.map(eventItemOf), pagination: paginate(query, found.total) });
  },
);

addEndpoint(
  eventRoutes,
  {
    method: "get",
    path: "/api/events/{id}",
    id: "getEvent",
    service: "Events",
    summary: "An event with its seat map",
    access: "public",
    answers: { 200: { description: "The event, exact at this moment.", schema: eventWithMap } },
    refusals: ["EVENT_NOT_FOUND"],
  },
  async ({ deps, params, origin }) => {
    const read = await readEvent(deps, params.id, origin);
    return read.ok ? answer(200, eventWithMapOf(read.value)) : read;
  },
);

addEndpoint(
  eventRoutes,
  {
    method: "post",
    path: "/api/events",
    id: "createEvent",
    service: "Events",
    summary: "Put an event on sale",
    access: "admin",
    body: newEventBody,
    bodyExample: newEventExample,
    bodyLimit: LARGE_BODY_LIMIT,
    keyed: true,
    answers: {
      201: {
        description: "The event is on sale.",
        schema: z.object({ id: z.string(), name: z.string(), createdAt: timestamp }).openapi("CreatedEvent"),
        example: { id: "evnt_02HY2DEF", name: "New Event", createdAt: "2024-06-01T12:00:00.000Z" },
        headers: { Location: "Where the event is." },
      },
    },
    refusals: ["VENUE_NOT_FOUND", "CAPACITY_EXCEEDS_VENUE"],
  },
  async ({ deps, body, origin }) => {
    const made = await createEvent(
      deps,
      {
        name: body.name,
        description: body.description ?? null,
        venueId: body.venueId,
        startsAtMs: body.startsAt,
        endsAtMs: body.endsAt,
        currency: body.ticketTiers?.[0]?.currency ?? null,
        tiers: body.ticketTiers?.map(tierInputOf) ?? null,
        seatMap: body.seatMap ?? null,
        seatsPerRow: body.seatsPerRow ?? null,
      },
      origin,
    );
    if (!made.ok) return made;
    const { id, name, createdAtMs } = made.value;
    return answer(201, { id, name, createdAt: isoOf(createdAtMs) }, { Location: `/api/events/${id}` });
  },
);

addEndpoint(
  eventRoutes,
  {
    method: "put",
    path: "/api/events/{id}",
    id: "changeEvent",
    service: "Events",
    summary: "Change an event",
    description: "What is left out stays. Seat ids never change, and existing bookings keep their price.",
    access: "admin",
    body: eventChangeBody,
    bodyExample: { name: "New Event (matinée)" },
    bodyLimit: LARGE_BODY_LIMIT,
    answers: { 200: { description: "The updated event.", schema: eventWithMap } },
    refusals: ["EVENT_NOT_FOUND", "VENUE_NOT_FOUND", "TIER_IN_USE", "CAPACITY_EXCEEDS_VENUE"],
  },
  async ({ deps, params, body, origin }) => {
    const { startsAt, endsAt, ticketTiers, ...others } = body;
    const changed = await changeEvent(
      deps,
      params.id,
      {
        ...others,
        ...(startsAt !== undefined && { startsAtMs: startsAt }),
        ...(endsAt !== undefined && { endsAtMs: endsAt }),
        ...(ticketTiers && { tiers: ticketTiers.map(tierInputOf), currency: ticketTiers[0]?.currency }),
      },
      origin,
    );
    return changed.ok ? answer(200, eventWithMapOf(changed.value)) : changed;
  },
);

function tierInputOf({ tier, price, capacity }: TierBody): TierInput {
  return { tier, priceMinor: price, capacity: capacity ?? null };
}

/** An event as lists show it. */
export function eventItemOf(event: EventListing) {
  return {
    id: event.id,
    name: event.name,
    description: event.description,
    venue: event.venue,
    startsAt: isoOf(event.startsAtMs),
    endsAt: isoOf(event.endsAtMs),
    availableSeats: event.availableSeats,
    totalSeats: event.totalSeats,
    ticketTiers: event.tiers.map(({ tier, priceMinor, available }) => ({
      tier,
      price: priceMinor,
      currency: event.currency,
      available,
    })),
  };
}

function eventWithMapOf({ listing, definition }: EventReading): ReturnType<typeof eventItemOf> & { seatMap: SeatMap } {
  return { ...eventItemOf(listing), seatMap: seatMapOf(definition.layout) };
}
