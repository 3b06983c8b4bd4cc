// What an event has sold, as its organiser wants to know it on the day: seats as the box office has them at this
// moment, and the money of confirmed bookings as D1 has it, a few seconds behind at most.

import type { Origin } from "../domain/box-office/commands";
import type { EventDefinition } from "../domain/box-office/state";
import { geometryOf } from "../domain/geometry";
import { codeOfEvent, parseId, type SeatId } from "../domain/ids";
import { sumMinor } from "../domain/money";
import { accept, type Result, refuse } from "../domain/refusals";
import { type Geometry, MAX_SEATS, TIERS, type Tier } from "../domain/seat-map";
import { DAY, HOUR, MINUTE } from "../domain/time";
import type { Deps, Sale } from "./ports";

export interface Counts {
  readonly total: number;
  readonly sold: number;
  readonly held: number;
  readonly available: number;
  readonly blocked: number;
  readonly revenueMinor: number;
}

export interface Report extends Counts {
  readonly eventId: string;
  readonly currency: string;
  readonly tiers: readonly (Counts & { readonly tier: Tier; readonly priceMinor: number })[];
  /** Spans of equal length from the first sale to the last, empty ones too. */
  readonly overTime: readonly SoldSpan[];
  readonly spanMs: number;
}

export interface SoldSpan {
  readonly fromMs: number;
  readonly tickets: number;
  readonly revenueMinor: number;
}

/** A chart of more columns than these is not read any more. */
const MAX_SPANS = 48;
const SPANS_MS = [5 * MINUTE, 15 * MINUTE, HOUR, 6 * HOUR, DAY, 7 * DAY, 28 * DAY] as const;
/** Every booking has a seat of its own. */
const MAX_SALES = MAX_SEATS;

export async function readReport(
  deps: Pick<Deps, "boxOffices" | "bookings">,
  eventId: string,
  origin: Origin,
): Promise<Result<Report>> {
  const id = parseId("evnt", eventId);
  const reply = id && (await deps.boxOffices.send(codeOfEvent(id), { type: "readSeats", ...origin }));
  if (!reply) return refuse({ code: "EVENT_NOT_FOUND", id: eventId });
  if (!reply.ok) return reply;
  const { definition, statuses } = reply.value;
  if (statuses === null || definition?.id !== id) return refuse({ code: "EVENT_NOT_FOUND", id: eventId });
  return accept(reportOf(definition, statuses, await deps.bookings.sales(id, MAX_SALES)));
}

export function reportOf(definition: EventDefinition, statuses: string, sales: readonly Sale[]): Report {
  const geometry = geometryOf(definition.layout);
  const revenues = revenueByTier(definition, geometry, sales);
  const tiers = definition.tiers.map(({ tier, priceMinor }) => ({
    tier,
    priceMinor,
    ...countsOf(geometry, statuses, TIERS.indexOf(tier)),
    revenueMinor: revenues.get(tier) ?? 0,
  }));
  const sum = (name: keyof Counts) => sumMinor(tiers.map((counts) => counts[name]));
  const { spanMs, overTime } = spansOf(sales);
  return {
    eventId: definition.id,
    currency: definition.currency,
    total: sum("total"),
    sold: sum("sold"),
    held: sum("held"),
    available: sum("available"),
    blocked: sum("blocked"),
    revenueMinor: sumMinor(sales.map(({ totalMinor }) => totalMinor)),
    tiers,
    overTime,
    spanMs,
  };
}

function countsOf(geometry: Geometry, statuses: string, tier: number): Omit<Counts, "revenueMinor"> {
  const counts: Record<string, number> = {};
  for (let seat = 0; seat < geometry.size; seat++) {
    if (geometry.tiers[seat] !== tier) continue;
    const status = statuses.charAt(seat);
    counts[status] = (counts[status] ?? 0) + 1;
  }
  const { A: available = 0, L: held = 0, R: sold = 0, B: blocked = 0 } = counts;
  return { total: available + held + sold + blocked, sold, held, available, blocked };
}

/** What a booking over several tiers brought in is shared by its seats' prices in force, the remainder to the last. */
function revenueByTier(
  definition: EventDefinition,
  geometry: Geometry,
  sales: readonly Sale[],
): ReadonlyMap<Tier, number> {
  const prices = new Map(definition.tiers.map(({ tier, priceMinor }) => [tier, priceMinor]));
  const revenues = new Map<Tier, number>();
  for (const { seatIds, totalMinor } of sales) {
    const worth = new Map<Tier, number>();
    for (const id of seatIds) {
      const tier = TIERS[geometry.tiers[geometry.indexOf.get(id as SeatId) ?? -1] ?? -1];
      if (tier) worth.set(tier, (worth.get(tier) ?? 0) + (prices.get(tier) ?? 0));
    }
    const all = sumMinor([...worth.values()]);
    let left = totalMinor;
    for (const [i, [tier, part]] of [...worth].entries()) {
      const isLast = i === worth.size - 1;
      const share = isLast || all === 0 ? left : Math.floor((totalMinor * part) / all);
      left -= share;
      revenues.set(tier, (revenues.get(tier) ?? 0) + share);
    }
  }
  return revenues;
}

function spansOf(sales: readonly Sale[]): { readonly spanMs: number; readonly overTime: readonly SoldSpan[] } {
  const firstMs = sales[0]?.confirmedAtMs;
  const lastMs = sales.at(-1)?.confirmedAtMs;
  if (firstMs === undefined || lastMs === undefined) return { spanMs: SPANS_MS[0], overTime: [] };
  const fits = (spanMs: number) => Math.floor(lastMs / spanMs) - Math.floor(firstMs / spanMs) < MAX_SPANS;
  const spanMs = SPANS_MS.find(fits) ?? Math.ceil((lastMs - firstMs + DAY) / MAX_SPANS / DAY) * DAY;
  const start = Math.floor(firstMs / spanMs);
  const spans = Array.from({ length: Math.floor(lastMs / spanMs) - start + 1 }, (_, i) => ({
    fromMs: (start + i) * spanMs,
    tickets: 0,
    revenueMinor: 0,
  }));
  for (const { confirmedAtMs, seatIds, totalMinor } of sales) {
    const span = spans[Math.floor(confirmedAtMs / spanMs) - start];
    if (!span) continue;
    span.tickets += seatIds.length;
    span.revenueMinor += totalMinor;
  }
  return { spanMs, overTime: spans };
}
