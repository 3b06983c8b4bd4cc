// Expands a layout into the geometry a sale works on: every seat by its index, and the hall as it stands.

import type { SeatId } from "./ids";
import { type Geometry, type Layout, type Run, type Segment, TIERS } from "./seat-map";

/** A segment and the index of its first seat. */
interface Part {
  readonly segment: Segment;
  readonly base: number;
}

export function geometryOf(layout: Layout): Geometry {
  let size = 0;
  for (const segment of layout.segments) size += segment.seats;
  const seats = {
    size,
    rows: new Array<string>(size),
    numbers: new Array<number>(size),
    sections: new Array<string>(size),
    tiers: new Array<number>(size),
    accessible: new Array<boolean>(size).fill(false),
    companion: new Array<boolean>(size).fill(false),
    removed: new Array<boolean>(size).fill(false),
    blocked: new Array<boolean>(size).fill(false),
  };
  let base = 0;
  for (const segment of layout.segments) {
    const end = base + segment.seats;
    for (let seat = base, number = segment.firstNumber; seat < end; seat++, number++) seats.numbers[seat] = number;
    seats.rows.fill(segment.row, base, end);
    seats.sections.fill(segment.section, base, end);
    seats.tiers.fill(TIERS.indexOf(segment.tier), base, end);
    mark(seats.accessible, segment.accessible, segment, base);
    mark(seats.companion, segment.companion, segment, base);
    mark(seats.removed, segment.removed, segment, base);
    mark(seats.blocked, segment.blocked, segment, base);
    base = end;
  }
  return Object.assign(namesOf(seats), seats, standInRows(layout, seats));
}

/** Names are half of the work, and who wakes a box office to look at a sold-out hall asks for none. */
function namesOf({ size, rows, numbers }: Pick<Geometry, "size" | "rows" | "numbers">) {
  let ids: readonly SeatId[] | null = null;
  let indexOf: ReadonlyMap<SeatId, number> | null = null;
  return {
    get ids() {
      ids ??= Array.from({ length: size }, (_, seat) => `seat_${rows[seat]}${numbers[seat]}` as SeatId);
      return ids;
    },
    get indexOf() {
      indexOf ??= new Map(this.ids.map((id, seat) => [id, seat]));
      return indexOf;
    },
  };
}

/** Seats of each tier, by the tier's place in `TIERS`; blocked ones count, those that left the hall do not. */
export function seatCountsByTier(geometry: Geometry): readonly number[] {
  const counts = TIERS.map(() => 0);
  for (const run of geometry.runs) counts[run.tier] = (counts[run.tier] ?? 0) + run.to - run.from;
  return counts;
}

function mark(flags: boolean[], marked: readonly number[], segment: Segment, base: number): void {
  for (const number of marked) flags[base + number - segment.firstNumber] = true;
}

type Flags = Pick<Geometry, "size" | "accessible" | "companion" | "removed">;

function standInRows(layout: Layout, seats: Flags): Pick<Geometry, "positions" | "order" | "runs"> {
  const hall = {
    positions: new Array<number>(seats.size).fill(0),
    order: [] as number[],
    runs: [] as Run[],
  };
  let row = 0;
  for (const parts of physicalRows(layout)) addRow(hall, seats, parts, row++);
  return hall;
}

/** The rows in the order in which their labels first appear, each row's parts by number. */
function physicalRows(layout: Layout): Iterable<readonly Part[]> {
  const rows = new Map<string, Part[]>();
  let base = 0;
  for (const segment of layout.segments) {
    const part = { segment, base };
    const parts = rows.get(segment.row);
    if (parts === undefined) rows.set(segment.row, [part]);
    else parts.push(part);
    base += segment.seats;
  }
  for (const parts of rows.values()) parts.sort((a, b) => a.segment.firstNumber - b.segment.firstNumber);
  return rows.values();
}

function addRow(
  hall: { positions: number[]; order: number[]; runs: Run[] },
  seats: Flags,
  parts: readonly Part[],
  row: number,
): void {
  const { positions, order, runs } = hall;
  const tier = parts[0]?.segment.tier ?? "GENERAL";
  const standing = tier === "STANDING";
  const cuts: number[] = [order.length];
  let position = 0;
  for (const { segment, base } of parts) {
    const gaps = segment.gapsAfter.length > 0 ? new Set(segment.gapsAfter) : null;
    for (let n = 0; n < segment.seats; n++) {
      const seat = base + n;
      positions[seat] = position++;
      const gone = seats.removed[seat] === true;
      if (!gone) order.push(seat);
      if (!standing && (gone || gaps?.has(segment.firstNumber + n))) cuts.push(order.length);
    }
  }
  cuts.push(order.length);
  const first = order[cuts[0] as number];
  const last = order[order.length - 1];
  if (first === undefined || last === undefined) return;
  const middle = ((positions[first] as number) + (positions[last] as number)) / 2;
  const anyAccess = parts.some(({ segment }) => segment.accessible.length + segment.companion.length > 0);
  for (let c = 1; c < cuts.length; c++) {
    const from = cuts[c - 1] as number;
    const to = cuts[c] as number;
    if (from === to) continue;
    const hasAccessPlaces = anyAccess && hasAccessBetween(seats, order, from, to);
    runs.push({ from, to, row, middle, tier: TIERS.indexOf(tier), standing, hasAccessPlaces });
  }
}

function hasAccessBetween(seats: Flags, order: readonly number[], from: number, to: number): boolean {
  for (let i = from; i < to; i++) {
    const seat = order[i] as number;
    if (seats.accessible[seat] === true || seats.companion[seat] === true) return true;
  }
  return false;
}
