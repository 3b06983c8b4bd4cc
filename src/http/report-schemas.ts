// The report of an event on the wire.

import { z } from "@hono/zod-openapi";
import type { Counts, Report } from "../app/admin-report";
import { SECOND } from "../domain/time";
import { isoOf, price, tier, timestamp } from "./fields";

const counts = {
  total: z.int(),
  sold: z.int(),
  held: z.int().openapi({ description: "By buyers who have not paid yet." }),
  available: z.int(),
  blocked: z.int(),
  revenue: z.int().openapi({ description: "In minor units." }),
};

export const reportSchema = z
  .object({
    eventId: z.string(),
    currency: z.string(),
    ...counts,
    tiers: z.array(z.object({ tier, price, ...counts })),
    overTime: z
      .array(z.object({ from: timestamp, tickets: z.int(), revenue: z.int() }))
      .openapi({ description: "Spans of `spanSeconds` each, from the first sale to the last." }),
    spanSeconds: z.int(),
  })
  .openapi("Report");

export function reportJson({
  tiers,
  overTime,
  spanMs,
  eventId,
  currency,
  ...all
}: Report): z.input<typeof reportSchema> {
  return {
    eventId,
    currency,
    ...countsJson(all),
    tiers: tiers.map(({ tier, priceMinor, ...counts }) => ({ tier, price: priceMinor, ...countsJson(counts) })),
    overTime: overTime.map(({ fromMs, tickets, revenueMinor }) => ({
      from: isoOf(fromMs),
      tickets,
      revenue: revenueMinor,
    })),
    spanSeconds: spanMs / SECOND,
  };
}

function countsJson({ revenueMinor, ...seats }: Counts) {
  return { ...seats, revenue: revenueMinor };
}

const tierExample = { total: 200, sold: 40, held: 4, available: 156, blocked: 0, revenue: 1_000_000 };

export const reportExample: z.input<typeof reportSchema> = {
  eventId: "evnt_01HX1ABC",
  currency: "GBP",
  ...tierExample,
  tiers: [{ tier: "VIP", price: 25_000, ...tierExample }],
  overTime: [{ from: "2027-06-15T14:00:00.000Z", tickets: 40, revenue: 1_000_000 }],
  spanSeconds: 3_600,
};
