// How a hall changes while it is on sale: it only grows. A seat keeps its index and its id for ever; one that
// is no longer wanted is marked removed, and none that is held or sold is ever removed or given another tier.

import { checkSeatIds, type DrawnRow, directionOf, marksWithin, readMap, segmentOf } from "./drawn-map";
import { accept, invalid, type Result, refuse } from "./refusals";
import {
  appendTierRows,
  checkHallSize,
  checkTierPrices,
  DEFAULT_SEATS_PER_ROW,
  type Layout,
  lastNumberOf,
  MAX_INDICES,
  repeatedTier,
  type SeatMap,
  type Segment,
  TIERS,
  type Tier,
  type TierInput,
} from "./seat-map";

/** What an organiser changes of a hall; what is absent stays. */
export interface LayoutChange {
  readonly tiers?: readonly TierInput[];
  readonly seatMap?: SeatMap;
  readonly seatsPerRow?: number;
}

/**
 * The layout after a change. `isTaken` says by index whether a seat is held or sold; a blocked seat is neither.
 * Refuses `TIER_IN_USE` when a taken seat would leave the hall or change its tier.
 */
export function growLayout(layout: Layout, change: LayoutChange, isTaken: (seat: number) => boolean): Result<Layout> {
  if (change.seatMap !== undefined) {
    const redrawn = growByMap(layout, change.seatMap, isTaken);
    if (!redrawn.ok || change.tiers === undefined) return redrawn;
    return priceOnly(redrawn.value, change.tiers);
  }
  if (change.tiers === undefined) return accept(layout);
  if (layout.source === "map") return priceOnly(layout, change.tiers);
  return growByTiers(layout, change.tiers, change.seatsPerRow ?? DEFAULT_SEATS_PER_ROW, isTaken);
}

/** A drawn hall's tiers carry prices; their seats come from the map alone. */
function priceOnly(layout: Layout, tiers: readonly TierInput[]): Result<Layout> {
  const withCapacity = tiers.findIndex((tier) => tier.capacity !== null);
  if (withCapacity >= 0) return invalid(`ticketTiers[${withCapacity}].capacity`, "the seat map says how many seats");
  const priced = checkTierPrices(layout, tiers);
  return priced.ok ? accept(layout) : priced;
}

function growByTiers(
  layout: Layout,
  tiers: readonly TierInput[],
  seatsPerRow: number,
  isTaken: (seat: number) => boolean,
): Result<Layout> {
  const repeated = repeatedTier(tiers);
  if (repeated !== null) return invalid("ticketTiers", `tier ${repeated} is given twice`);
  const extra = new Map<Tier, number>();
  for (const tier of TIERS) extra.set(tier, -countSeats(layout, tier));
  let total = 0;
  for (const [i, { tier, capacity }] of tiers.entries()) {
    const seats = countSeats(layout, tier);
    if (capacity === null && seats === 0) return invalid(`ticketTiers[${i}].capacity`, "is required for a new tier");
    total += capacity ?? seats;
    extra.set(tier, (capacity ?? seats) - seats);
  }
  const size = checkHallSize(total, "ticketTiers");
  if (!size.ok) return size;
  let { segments } = layout;
  for (const [tier, seats] of extra) {
    const left: readonly Segment[] | null = seats < 0 ? removeLastFree(segments, tier, -seats, isTaken) : segments;
    if (left === null) return refuse({ code: "TIER_IN_USE", tier });
    segments = left;
  }
  for (const { tier } of tiers) segments = appendTierRows(segments, tier, extra.get(tier) ?? 0, seatsPerRow);
  return withinIndices({ source: "tiers", segments }, "ticketTiers");
}

/** The tier's seats that are in the hall. */
export function countSeats(layout: Layout, tier: Tier): number {
  let seats = 0;
  for (const segment of layout.segments) if (segment.tier === tier) seats += segment.seats - segment.removed.length;
  return seats;
}

/** Null when the tier has fewer than `count` seats that are not taken. */
function removeLastFree(
  segments: readonly Segment[],
  tier: Tier,
  count: number,
  isTaken: (seat: number) => boolean,
): readonly Segment[] | null {
  const result = [...segments];
  let left = count;
  let end = countIndices(segments);
  for (let i = segments.length - 1; i >= 0 && left > 0; i--) {
    const segment = segments[i] as Segment;
    const base = end - segment.seats;
    end = base;
    if (segment.tier !== tier) continue;
    const removed = new Set(segment.removed);
    for (let n = segment.seats - 1; n >= 0 && left > 0; n--) {
      const number = segment.firstNumber + n;
      if (removed.has(number) || isTaken(base + n)) continue;
      removed.add(number);
      left -= 1;
    }
    result[i] = withRemoved(segment, removed);
  }
  return left > 0 ? null : result;
}

function withRemoved(segment: Segment, removed: ReadonlySet<number>): Segment {
  return {
    ...segment,
    removed: [...removed].sort((a, b) => a - b),
    blocked: segment.blocked.filter((number) => !removed.has(number)),
  };
}

function growByMap(layout: Layout, map: SeatMap, isTaken: (seat: number) => boolean): Result<Layout> {
  const drawn = readMap(map);
  if (!drawn.ok) return drawn;
  const firstNumbers = new Map<string, number>();
  const lastNumbers = new Map<string, number>();
  for (const segment of layout.segments) {
    const first = firstNumbers.get(segment.row) ?? segment.firstNumber;
    firstNumbers.set(segment.row, Math.min(segment.firstNumber, first));
    lastNumbers.set(segment.row, Math.max(lastNumberOf(segment), lastNumbers.get(segment.row) ?? 0));
  }
  const unique = checkSeatIds(drawn.value, lastNumbers);
  if (!unique.ok) return unique;
  const rows = new Map(drawn.value.map((row) => [row.row, row]));
  const misplaced = drawn.value.find(({ row, firstNumber }) => {
    const known = firstNumbers.get(row);
    // Numbers of a row are one run, and new ones come after its last.
    return known !== undefined && (firstNumber < known || firstNumber > (lastNumbers.get(row) ?? 0) + 1);
  });
  if (misplaced !== undefined) {
    return invalid(`${misplaced.path}.firstNumber`, "a row that is on sale grows at its end");
  }
  const segments: Segment[] = [];
  let base = 0;
  for (const segment of layout.segments) {
    const redrawn = redraw(segment, base, rows.get(segment.row), isTaken);
    if (redrawn === null) return refuse({ code: "TIER_IN_USE", tier: segment.tier });
    segments.push(redrawn);
    base += segment.seats;
  }
  for (const row of drawn.value) {
    const last = lastNumbers.get(row.row) ?? 0;
    if (row.lastNumber > last) segments.push(segmentOf(row, Math.max(row.firstNumber, last + 1)));
  }
  return withinIndices({ source: "map", segments }, "seatMap");
}

/** A segment as the new map has it; null when a taken seat would leave the hall or change its tier. */
function redraw(
  segment: Segment,
  base: number,
  row: DrawnRow | undefined,
  isTaken: (seat: number) => boolean,
): Segment | null {
  const was = new Set(segment.removed);
  const removed = new Set<number>();
  const keepsTier = row?.tier === segment.tier;
  for (let n = 0; n < segment.seats; n++) {
    const number = segment.firstNumber + n;
    const stays = row !== undefined && number >= row.firstNumber && number <= row.lastNumber;
    if (!stays) removed.add(number);
    if (!(stays && keepsTier) && !was.has(number) && isTaken(base + n)) return null;
  }
  const left = withRemoved(segment, removed);
  if (row === undefined) return left;
  const { numbered: _, ...rest } = left;
  return { ...rest, section: row.section, tier: row.tier, ...marksWithin(row, segment), ...directionOf(row) };
}

function countIndices(segments: readonly Segment[]): number {
  let indices = 0;
  for (const segment of segments) indices += segment.seats;
  return indices;
}

function withinIndices(layout: Layout, field: string): Result<Layout> {
  if (countIndices(layout.segments) <= MAX_INDICES) return accept(layout);
  return invalid(
    field,
    `this hall has been rebuilt too often: ${MAX_INDICES} seats, past ones included, are the limit`,
  );
}
