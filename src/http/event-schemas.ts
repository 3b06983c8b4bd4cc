// Events on the wire: what organisers send, and how an event looks in lists and by itself.

import { z } from "@hono/zod-openapi";
import { MAX_FIRST_NUMBER, MAX_SEATS, NUMBERINGS, TIERS } from "../domain/seat-map";
import {
  collectionOf,
  currency,
  dayOrMoment,
  lineOf,
  moment,
  page,
  perPage,
  price,
  proseOf,
  tier,
  timestamp,
} from "./fields";

export const MAX_NAME_CHARS = 200;
const MAX_DESCRIPTION_CHARS = 5_000;
const MAX_SEATS_PER_ROW = 200;
const MAX_SECTIONS = 200;
const MAX_ROWS = 2_000;
const MAX_SECTION_NAME_CHARS = 100;
/** Longer than any id: what is longer is no id of ours, and not worth reading. */
export const MAX_ID_CHARS = 100;

const tierInput = z.strictObject({
  tier,
  price: price.openapi({
    description: "In minor units: 7500 is £75.00. With Stripe, ten seats must be no more than one charge can be.",
  }),
  currency: currency.openapi({ description: "ISO 4217; the same for every tier of an event." }),
  capacity: z
    .int()
    .min(1)
    .max(MAX_SEATS)
    .optional()
    .openapi({ description: "How many seats it makes. Left out beside a `seatMap`, which says how many there are." }),
});

const tierInputs = z
  .array(tierInput)
  .min(1)
  .max(TIERS.length)
  .superRefine((tiers, context) => {
    for (const [i, given] of tiers.entries()) {
      if (tiers.findIndex(({ tier }) => tier === given.tier) < i) {
        context.addIssue({ code: "custom", path: [i, "tier"], message: `names ${given.tier} a second time` });
      }
      if (given.currency !== tiers[0]?.currency) {
        context.addIssue({ code: "custom", path: [i, "currency"], message: "must be the same in every tier" });
      }
    }
  });

const seatNumbers = z.array(z.int().min(1).max(MAX_SEATS)).max(MAX_SEATS);

const seatMapRow = {
  row: z.string().openapi({ description: "1 to 6 letters A-Z and digits, unique within the event.", example: "A" }),
  tier,
  seats: z.int().min(1).max(MAX_SEATS),
  firstNumber: z.int().min(1).max(MAX_FIRST_NUMBER).optional().openapi({
    description: "Of its first seat, 1 if left out; the others follow by one. A row that is on sale grows at its end.",
  }),
  numbered: z.enum(NUMBERINGS).optional().openapi({
    description: "Which way its numbers run, seen from the hall: `left-to-right` if left out. For drawing only.",
  }),
  gapsAfter: seatNumbers.optional().openapi({ description: "Seat numbers after which an aisle parts the row." }),
  accessible: seatNumbers.optional(),
  companion: seatNumbers.optional(),
};

const SEAT_MAP_EXAMPLE = {
  sections: [
    {
      name: "Stalls",
      rows: [{ row: "A", tier: "VIP", seats: 20, gapsAfter: [10], accessible: [1, 20], companion: [2, 19] }],
    },
  ],
};

const seatMapInput = z
  .strictObject({
    sections: z
      .array(
        z.strictObject({
          name: lineOf(1, MAX_SECTION_NAME_CHARS),
          rows: z.array(z.strictObject(seatMapRow)).min(1).max(MAX_ROWS),
        }),
      )
      .min(1)
      .max(MAX_SECTIONS),
  })
  .openapi("SeatMapInput", { example: SEAT_MAP_EXAMPLE });

const venueId = z.string().min(1).max(MAX_ID_CHARS).openapi({ example: "ven_01HX2DEF" });

const optionalFields = {
  description: proseOf(MAX_DESCRIPTION_CHARS).nullable().optional(),
  ticketTiers: tierInputs.optional().openapi({
    description:
      "Neither tiers nor a map, in a new event: one free GENERAL tier of the venue's capacity, " +
      `which may be ${MAX_SEATS} then at most.`,
  }),
  seatMap: seatMapInput.optional(),
  seatsPerRow: z
    .int()
    .min(1)
    .max(MAX_SEATS_PER_ROW)
    .optional()
    .openapi({ description: "Of rows that tiers make; 40 where nothing is said." }),
};

export const newEventBody = z
  .strictObject({
    name: lineOf(1, MAX_NAME_CHARS),
    venueId,
    startsAt: moment,
    endsAt: moment,
    ...optionalFields,
  })
  .superRefine(checkHallFields)
  .openapi("NewEvent");

export const eventChangeBody = z
  .strictObject({
    name: lineOf(1, MAX_NAME_CHARS).optional(),
    venueId: venueId.optional(),
    startsAt: moment.optional(),
    endsAt: moment.optional(),
    ...optionalFields,
  })
  .superRefine(checkHallFields)
  .openapi("EventChange");

export type TierBody = z.output<typeof tierInput>;

/** A map says how many seats there are and where: beside one, neither a capacity nor a row length has a meaning. */
function checkHallFields(
  body: { readonly seatMap?: unknown; readonly seatsPerRow?: number; readonly ticketTiers?: readonly TierBody[] },
  context: z.RefinementCtx,
): void {
  if (body.seatMap === undefined) return;
  if (body.seatsPerRow !== undefined) {
    context.addIssue({ code: "custom", path: ["seatsPerRow"], message: "has no meaning beside a seatMap" });
  }
  for (const [i, { capacity }] of (body.ticketTiers ?? []).entries()) {
    if (capacity === undefined) continue;
    const path = ["ticketTiers", i, "capacity"];
    context.addIssue({ code: "custom", path, message: "has no meaning beside a seatMap" });
  }
}

export const newEventExample = {
  name: "New Event",
  description: "World tour",
  venueId: "ven_01HX2DEF",
  startsAt: "2027-09-15T19:30:00Z",
  endsAt: "2027-09-15T23:00:00Z",
  ticketTiers: [
    { tier: "VIP", price: 25000, currency: "GBP", capacity: 200 },
    { tier: "GENERAL", price: 7500, currency: "GBP", capacity: 1800 },
  ],
};

const MAX_SEARCH_CHARS = 100;

/** Words to look for, in a query. */
export const searchText = lineOf(0, MAX_SEARCH_CHARS).optional();

export const eventQuery = z.strictObject({
  page,
  perPage,
  q: searchText.openapi({
    description: "Words that all occur in the event's name, or in its venue's name or city.",
    example: "jazz kyoto",
  }),
  venueId: z.string().max(MAX_ID_CHARS).optional(),
  from: dayOrMoment.optional().openapi({ description: "Starting on or after." }),
  to: dayOrMoment.optional().openapi({ description: "Starting before." }),
});

const eventFields = {
  id: z.string(),
  name: z.string(),
  description: z.string().nullable(),
  venue: z
    .object({ id: z.string(), name: z.string(), city: z.string() })
    .nullable()
    .openapi({ description: "Null for an event that was made without one." }),
  startsAt: timestamp,
  endsAt: timestamp,
  availableSeats: z.int(),
  totalSeats: z.int(),
  ticketTiers: z.array(
    z.object({ tier, price: z.int(), currency: z.string(), available: z.int() }).openapi("TicketTier"),
  ),
};

export const eventItem = z.object(eventFields).openapi("EventItem");
export const eventCollection = collectionOf(eventItem).openapi("EventCollection");

const seatMap = z
  .object({
    sections: z.array(
      z.object({
        name: z.string(),
        rows: z.array(
          z.object({
            ...seatMapRow,
            removed: seatNumbers.optional().openapi({ description: "Numbers that left the hall for good." }),
          }),
        ),
      }),
    ),
  })
  .openapi("SeatMap", { example: SEAT_MAP_EXAMPLE });

export const eventWithMap = z.object({ ...eventFields, seatMap }).openapi("Event");

export const eventItemExample = {
  id: "evnt_01HX1ABC",
  name: "Coldplay: Music of the Spheres",
  description: "World tour 2024",
  venue: { id: "ven_01HX2DEF", name: "O2 Arena", city: "London" },
  startsAt: "2024-09-15T19:30:00.000Z",
  endsAt: "2024-09-15T23:00:00.000Z",
  availableSeats: 14320,
  totalSeats: 20000,
  ticketTiers: [
    { tier: "GENERAL", price: 7500, currency: "GBP", available: 12000 },
    { tier: "VIP", price: 25000, currency: "GBP", available: 2320 },
  ],
};
