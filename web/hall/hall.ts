// A hall as the page works with it: every seat by its place in the inventory, its neighbours, and what it costs.
// Statuses change in place, everything else never does within a version.

import type { Layout, LayoutSegment, Tier } from "../api/types";
import { priceWords, TIER_NAMES } from "../words";

/** Available, Locked, Reserved, Blocked. */
export type Status = "A" | "L" | "R" | "B";

export interface Hall {
  readonly version: number;
  readonly currency: string;
  readonly prices: ReadonlyMap<Tier, number>;
  /** In the order of the inventory. */
  readonly seats: readonly Seat[];
  readonly indexOf: ReadonlyMap<string, number>;
  /** Front to back. */
  readonly rows: readonly Row[];
  readonly sections: readonly string[];
  /** By seat index. */
  readonly statuses: Status[];
}

export interface Seat {
  readonly index: number;
  readonly id: string;
  readonly number: number;
  readonly row: Row;
  readonly tier: Tier;
  readonly price: number;
  readonly accessible: boolean;
  readonly companion: boolean;
  /** Places from the row's leftmost seat, aisles and missing seats counted. */
  readonly column: number;
  /** Which stretch of neighbours it is in: two seats of a row sit together only within one. */
  readonly run: number;
}

export interface Row {
  readonly label: string;
  readonly section: string;
  readonly tier: Tier;
  readonly standing: boolean;
  /** Numbers run from right to left, seen from the hall. */
  readonly fromRight: boolean;
  /** By number. */
  readonly seats: Seat[];
  columns: number;
}

export function hallOf(layout: Layout, statuses: string): Hall {
  const prices = new Map(layout.tiers.map(({ tier, price }) => [tier, price]));
  const rows = new Map<string, Row>();
  const drafts = new Map<Row, Draft>();
  const seats: Seat[] = [];
  for (const segment of layout.segments) {
    const row = rows.get(segment.row) ?? newRow(segment);
    rows.set(segment.row, row);
    const draft = drafts.get(row) ?? { gaps: new Set(), found: [] };
    drafts.set(row, draft);
    for (const number of segment.gapsAfter) draft.gaps.add(number);
    const accessible = new Set(segment.accessible);
    const companion = new Set(segment.companion);
    const removed = new Set(segment.removed);
    for (let number = segment.firstNumber; number < segment.firstNumber + segment.seats; number++) {
      if (removed.has(number)) continue;
      const seat = {
        index: seats.length,
        id: `seat_${segment.row}${number}`,
        number,
        row,
        tier: segment.tier,
        price: prices.get(segment.tier) ?? 0,
        accessible: accessible.has(number),
        companion: companion.has(number),
        column: 0,
        run: 0,
      };
      seats.push(seat);
      draft.found.push(seat);
    }
  }
  for (const [row, draft] of drafts) standInRow(row, draft);
  const standing = [...rows.values()].filter((row) => row.seats.length > 0);
  return {
    version: layout.layoutVersion,
    currency: layout.currency,
    prices,
    seats,
    indexOf: new Map(seats.map((seat) => [seat.id, seat.index])),
    rows: standing,
    sections: [...new Set(standing.map((row) => row.section))],
    statuses: Array.from(seats, (_, i) => statusOf(statuses.charAt(i))),
  };
}

interface Draft {
  readonly gaps: Set<number>;
  readonly found: { -readonly [K in keyof Seat]: Seat[K] }[];
}

function newRow({ row, section, tier, numbered }: LayoutSegment): Row {
  const fromRight = numbered === "right-to-left";
  return { label: row, section, tier, standing: tier === "STANDING", fromRight, seats: [], columns: 0 };
}

/** Numbers that are missing leave their place empty; an aisle is a place wide. */
function standInRow(row: Row, { gaps, found }: Draft): void {
  found.sort((a, b) => a.number - b.number);
  let column = -1;
  let run = 0;
  let previous: (typeof found)[number] | null = null;
  for (const seat of found) {
    if (previous) {
      const aisle = gaps.has(previous.number) ? 1 : 0;
      const missing = seat.number - previous.number - 1;
      if (aisle || missing || previous.tier !== seat.tier) run += 1;
      column += 1 + aisle + missing;
    } else column = 0;
    seat.column = column;
    seat.run = run;
    row.seats.push(seat);
    previous = seat;
  }
  row.columns = column + 1;
  if (row.fromRight) for (const seat of found) seat.column = column - seat.column;
}

export function statusOf(letter: string): Status {
  return letter === "A" || letter === "L" || letter === "R" ? letter : "B";
}

const STATUS_WORDS: Readonly<Record<Status, string>> = {
  A: "free",
  L: "held by somebody",
  R: "sold",
  B: "not on sale",
};

/** Where a seat is: "Row C, seat 14". */
export function seatPlace({ row, number }: Seat): string {
  return row.standing ? `Standing place ${number}` : `Row ${row.label}, seat ${number}`;
}

/** The whole name of a seat: "Row C, seat 14, VIP, £250.00, free". */
export function seatName(
  hall: Hall,
  seat: Seat,
  state: string = STATUS_WORDS[hall.statuses[seat.index] ?? "B"],
): string {
  const extras = [seat.accessible && "wheelchair place", seat.companion && "companion seat"].filter(Boolean);
  const tier = seat.row.standing ? [] : [TIER_NAMES[seat.tier]];
  return [seatPlace(seat), ...tier, ...extras, priceWords(seat.price, hall.currency), state].join(", ");
}

export function freeSeats(hall: Hall, seats: readonly Seat[]): readonly Seat[] {
  return seats.filter((seat) => hall.statuses[seat.index] === "A");
}

/** What is left, by tier. */
export function leftByTier(hall: Hall): ReadonlyMap<Tier, number> {
  const left = new Map<Tier, number>([...hall.prices.keys()].map((tier) => [tier, 0]));
  for (const { tier } of freeSeats(hall, hall.seats)) left.set(tier, (left.get(tier) ?? 0) + 1);
  return left;
}
