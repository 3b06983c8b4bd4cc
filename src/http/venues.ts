// /api/venues: organisers make venues, everybody sees what is on there.

import { z } from "@hono/zod-openapi";
import type { Venue } from "../app/ports";
import { createVenue, listVenues, readVenue } from "../app/venues";
import { COUNTRIES } from "../domain/countries";
import { addEndpoint, answer } from "./endpoint";
import { eventItem, MAX_NAME_CHARS, searchText } from "./event-schemas";
import { eventItemOf } from "./events";
import { collectionOf, lineOf, page, paginate, perPage } from "./fields";
import { createGroup } from "./honoenv";

const MAX_CITY_CHARS = 100;
const MAX_ADDRESS_CHARS = 500;
const MAX_VENUE_CAPACITY = 200_000;

export const venueRoutes = createGroup();

const newVenueBody = z
  .strictObject({
    name: lineOf(1, MAX_NAME_CHARS),
    address: lineOf(1, MAX_ADDRESS_CHARS),
    city: lineOf(1, MAX_CITY_CHARS),
    country: z
      .string()
      .refine((code) => COUNTRIES.has(code), "must be an ISO 3166-1 alpha-2 code, such as GB")
      .openapi({ minLength: 2, maxLength: 2, example: "US" }),
    capacity: z.int().min(1).max(MAX_VENUE_CAPACITY),
  })
  .openapi("NewVenue");

const createdVenue = z
  .object({ id: z.string(), name: z.string(), city: z.string(), country: z.string(), capacity: z.int() })
  .openapi("CreatedVenue");

const venueWithEvents = z
  .object({
    id: z.string(),
    name: z.string(),
    address: z.string(),
    city: z.string(),
    country: z.string(),
    capacity: z.int(),
    events: z.array(eventItem).openapi({
      description: "By date, at most 100: the soonest upcoming ones, and the latest past ones where those leave room.",
    }),
  })
  .openapi("Venue");

addEndpoint(
  venueRoutes,
  {
    method: "post",
    path: "/api/venues",
    id: "createVenue",
    service: "Venues",
    summary: "Add a venue",
    access: "admin",
    body: newVenueBody,
    bodyExample: {
      name: "Madison Square Garden",
      address: "4 Pennsylvania Plaza",
      city: "New York",
      country: "US",
      capacity: 20789,
    },
    keyed: true,
    answers: {
      201: {
        description: "The venue.",
        schema: createdVenue,
        example: {
          id: "ven_02HY3GHI",
          name: "Madison Square Garden",
          city: "New York",
          country: "US",
          capacity: 20789,
        },
        headers: { Location: "Where the venue is." },
      },
    },
  },
  async ({ deps, body, origin }) => {
    const made = await createVenue(deps, body, origin);
    if (!made.ok) return made;
    const { id, name, city, country, capacity } = made.value;
    return answer(201, { id, name, city, country, capacity }, { Location: `/api/venues/${id}` });
  },
);

const venueItem = z
  .object({
    id: z.string(),
    name: z.string(),
    address: z.string(),
    city: z.string(),
    country: z.string(),
    capacity: z.int(),
  })
  .openapi("VenueItem");

addEndpoint(
  venueRoutes,
  {
    method: "get",
    path: "/api/venues",
    id: "listVenues",
    service: "Venues",
    summary: "All venues, by name",
    access: "public",
    query: z.strictObject({
      page,
      perPage,
      q: searchText.openapi({ description: "Words that all occur in the venue's name or city.", example: "london" }),
    }),
    answers: { 200: { description: "A page of venues.", schema: collectionOf(venueItem).openapi("VenueCollection") } },
  },
  async ({ deps, query }) => {
    const { q: text = null, page: asked, perPage: size } = query;
    const { items, total } = await listVenues(deps, { text, page: asked, perPage: size });
    return answer(200, { data: items.map(venueOf), pagination: paginate(query, total) });
  },
);

addEndpoint(
  venueRoutes,
  {
    method: "get",
    path: "/api/venues/{id}",
    id: "getVenue",
    service: "Venues",
    summary: "A venue with its events",
    access: "public",
    answers: { 200: { description: "The venue.", schema: venueWithEvents } },
    refusals: ["VENUE_NOT_FOUND"],
  },
  async ({ deps, params }) => {
    const read = await readVenue(deps, params.id);
    if (!read.ok) return read;
    const { venue, events } = read.value;
    return answer(200, { ...venueOf(venue), events: events.map(eventItemOf) });
  },
);

function venueOf({ id, name, address, city, country, capacity }: Venue) {
  return { id, name, address, city, country, capacity };
}
