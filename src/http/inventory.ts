// /api/inventory: the seats of an event, as a list, as a hall, and as one character a seat for whoever polls.

import { z } from "@hono/zod-openapi";
import { type HallView, readLayout, readSeats, readStatuses } from "../app/inventory";
import { NUMBERINGS } from "../domain/seat-map";
import { addEndpoint, answer } from "./endpoint";
import { countOf, price, tier } from "./fields";
import { sharedBody } from "./headers";
import { createGroup } from "./honoenv";

const MAX_VERSION = 999_999_999;
const IMMUTABLE = "public, max-age=31536000, immutable";
/** A cache may keep it, and must ask each time whether it is still so. */
const REVALIDATE = "public, no-cache";

export const inventoryRoutes = createGroup();

const seat = z
  .object({
    id: z.string(),
    row: z.string(),
    number: z.int(),
    tier,
    price,
    currency: z.string(),
    status: z.enum(["AVAILABLE", "LOCKED", "RESERVED", "BLOCKED"]).openapi({
      description:
        "`AVAILABLE` can be booked · `LOCKED` is held for somebody who has not paid yet · `RESERVED` is sold · " +
        "`BLOCKED` is kept off sale.",
    }),
  })
  .openapi("Seat");

const seats = z
  .object({
    eventId: z.string(),
    seats: z.array(seat),
    summary: z.object({
      total: z.int(),
      available: z.int(),
      locked: z.int(),
      reserved: z.int(),
      blocked: z.int().optional().openapi({ description: "Only when it is not 0." }),
    }),
  })
  .openapi("Seats");

addEndpoint(
  inventoryRoutes,
  {
    method: "get",
    path: "/api/inventory/events/{eventId}/seats",
    id: "listSeats",
    service: "Inventory",
    summary: "Every seat with its state",
    description: "Exact, and large for a large hall: to draw and follow a map use `layout` and `statuses`.",
    access: "public",
    answers: {
      200: {
        description: "The seats, exact at this moment.",
        schema: seats,
        example: {
          eventId: "evnt_01HX1ABC",
          seats: [
            { id: "seat_A1", row: "A", number: 1, tier: "VIP", price: 25000, currency: "GBP", status: "AVAILABLE" },
            { id: "seat_A2", row: "A", number: 2, tier: "VIP", price: 25000, currency: "GBP", status: "LOCKED" },
            { id: "seat_B1", row: "B", number: 1, tier: "GENERAL", price: 7500, currency: "GBP", status: "RESERVED" },
          ],
          summary: { total: 20000, available: 14320, locked: 150, reserved: 5530 },
        },
      },
    },
    refusals: ["EVENT_NOT_FOUND"],
  },
  async ({ deps, params, origin }) => {
    const read = await readSeats(deps, params.eventId, origin);
    if (!read.ok) return read;
    return new Response(sharedBody(read.value), { headers: { "Content-Type": "application/json" } });
  },
);

const numbers = z.array(z.int());

const layout = z
  .object({
    eventId: z.string(),
    layoutVersion: z.int(),
    currency: z.string(),
    tiers: z.array(z.object({ tier, price })),
    segments: z
      .array(
        z.object({
          section: z.string(),
          row: z.string(),
          tier,
          firstNumber: z.int(),
          seats: z.int(),
          gapsAfter: numbers,
          accessible: numbers,
          companion: numbers,
          removed: numbers,
          numbered: z.enum(NUMBERINGS).optional().openapi({ description: "`left-to-right` where nothing is said." }),
        }),
      )
      .openapi({
        description:
          "Runs of seats, in the order of the inventory. Seat n of row R is `seat_Rn`; `removed` numbers have left " +
          "the hall and appear in no list and in no `statuses`.",
      }),
  })
  .openapi("Layout");

addEndpoint(
  inventoryRoutes,
  {
    method: "get",
    path: "/api/inventory/events/{eventId}/layout",
    id: "getLayout",
    service: "Inventory",
    summary: "The hall of an event, without states",
    description: "With `v`, the version that `statuses` or the feed named, it never changes and may be kept for ever.",
    access: "public",
    query: z.strictObject({ v: countOf(1, MAX_VERSION).optional() }),
    answers: { 200: { description: "The hall.", schema: layout } },
    refusals: ["EVENT_NOT_FOUND", "NOT_FOUND"],
  },
  async ({ deps, params, query, origin }) => {
    const read = await readLayout(deps, params.eventId, query.v ?? null, origin);
    if (!read.ok) return read;
    return answer(200, layoutJson(read.value), { "Cache-Control": query.v === undefined ? REVALIDATE : IMMUTABLE });
  },
);

const statuses = z
  .object({
    layoutVersion: z.int(),
    seq: z.int().openapi({ description: "Grows with every change; the feed continues from it." }),
    statuses: z.string().openapi({
      description:
        "One character a seat, in the order of the inventory's `seats`: Available, Locked, Reserved, Blocked.",
      example: "AALRB",
    }),
  })
  .openapi("Statuses");

addEndpoint(
  inventoryRoutes,
  {
    method: "get",
    path: "/api/inventory/events/{eventId}/statuses",
    id: "getStatuses",
    service: "Inventory",
    summary: "The state of every seat, compact",
    description: "At most a second old. Send the ETag back as If-None-Match and poll as often as you like.",
    access: "public",
    answers: {
      200: { description: "The states.", schema: statuses, headers: { ETag: "Names this state." } },
      304: { description: "Still as you have it.", schema: z.undefined() },
    },
    refusals: ["EVENT_NOT_FOUND"],
  },
  async ({ c, deps, params, origin }) => {
    const read = await readStatuses(deps, params.eventId, origin);
    if (!read.ok) return read;
    const etag = `"${read.value.layoutVersion}-${read.value.seq}"`;
    const headers = { ETag: etag, "Cache-Control": REVALIDATE };
    if (matches(c.req.header("If-None-Match"), etag)) return new Response(null, { status: 304, headers });
    return answer(200, read.value, headers);
  },
);

/** Whether the caller has this state already (RFC 9110, 13.1.2). */
export function matches(ifNoneMatch: string | undefined, etag: string): boolean {
  if (ifNoneMatch === undefined) return false;
  const known = ifNoneMatch.split(",").map((tag) => tag.trim().replace(/^W\//, ""));
  return known.includes(etag) || known.includes("*");
}

function layoutJson({ eventId, layoutVersion, currency, tiers, segments }: HallView) {
  return {
    eventId,
    layoutVersion,
    currency,
    tiers: tiers.map(({ tier, priceMinor }) => ({ tier, price: priceMinor })),
    segments: segments.map(({ blocked: _, ...segment }) => segment),
  };
}
