// Which seats a tap takes: a party sits together, so it takes as many neighbours as the party has people. And what to
// offer instead of a seat that somebody else was quicker to take.

import type { Hall, Row, Seat } from "./hall";

/** Rows looked at in each direction for a replacement. */
const ROWS_AROUND = 4;
/** A row further away counts as so many places aside. */
const ROW_COSTS_PLACES = 3;

/**
 * `size` free neighbours with the tapped seat among them, as near the tapped seat's right as can be; null where it has
 * too few. Standing places have no order: any free ones do.
 */
export function partyAround(hall: Hall, seat: Seat, size: number, taken: ReadonlySet<number>): readonly Seat[] | null {
  if (seat.row.standing) return standingParty(hall, seat, size, taken);
  const { seats } = seat.row;
  const at = seats.indexOf(seat);
  const isOpen = (other: Seat | undefined) =>
    other !== undefined && other.run === seat.run && isFree(hall, other, taken);
  if (!isOpen(seat)) return null;
  let from = at;
  let to = at;
  while (to - from + 1 < size && isOpen(seats[to + 1])) to += 1;
  while (to - from + 1 < size && isOpen(seats[from - 1])) from -= 1;
  return to - from + 1 === size ? seats.slice(from, to + 1) : null;
}

function standingParty(hall: Hall, seat: Seat, size: number, taken: ReadonlySet<number>): readonly Seat[] | null {
  const { seats } = seat.row;
  const start = seats.indexOf(seat);
  const party: Seat[] = [];
  for (let step = 0; step < seats.length && party.length < size; step++) {
    const other = seats[(start + step) % seats.length];
    if (other && isFree(hall, other, taken)) party.push(other);
  }
  return party.length === size ? party : null;
}

/** The nearest free neighbours of the same price to where these seats were; null when there are none around. */
export function replacementFor(hall: Hall, lost: readonly Seat[]): readonly Seat[] | null {
  const [first] = lost;
  if (!first) return null;
  const size = lost.length;
  if (first.row.standing) return standingParty(hall, first, size, new Set());
  const middle = lost.reduce((sum, { column }) => sum + column, 0) / size;
  const at = hall.rows.indexOf(first.row);
  let best: readonly Seat[] | null = null;
  let bestCost = Number.POSITIVE_INFINITY;
  for (let step = -ROWS_AROUND; step <= ROWS_AROUND; step++) {
    const row = hall.rows[at + step];
    if (!row || row.standing || row.section !== first.row.section) continue;
    // Rows of different lengths stand centred: compare places from the middle.
    const wanted = middle - (first.row.columns - row.columns) / 2;
    for (const party of partiesOf(hall, row, size)) {
      if (party[0]?.price !== first.price) continue;
      const here = party.reduce((sum, { column }) => sum + column, 0) / size;
      const cost = Math.abs(here - wanted) + Math.abs(step) * ROW_COSTS_PLACES;
      if (cost < bestCost) [best, bestCost] = [party, cost];
    }
  }
  return best;
}

/** Every `size` free neighbours of a row. */
function* partiesOf(hall: Hall, row: Row, size: number): Generator<readonly Seat[]> {
  const { seats } = row;
  for (let from = 0; from + size <= seats.length; from++) {
    const party = seats.slice(from, from + size);
    const [first] = party;
    if (party.every((seat) => seat.run === first?.run && isFree(hall, seat, NONE))) yield party;
  }
}

const NONE: ReadonlySet<number> = new Set();

function isFree(hall: Hall, seat: Seat, taken: ReadonlySet<number>): boolean {
  return hall.statuses[seat.index] === "A" && !taken.has(seat.index);
}
