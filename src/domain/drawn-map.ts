// The rules a drawn seat map must obey, and the layout it makes. Shapes and types were checked at the edge.

import { accept, invalid, type Result } from "./refusals";
import {
  checkHallSize,
  type Layout,
  MAX_FIRST_NUMBER,
  MAX_ROW_SEATS,
  MAX_SEATS,
  type Numbering,
  plainSegment,
  type SeatMap,
  type SeatMapRow,
  type Segment,
} from "./seat-map";

/** A row that obeys the rules, its lists sorted and without repeats. */
export interface DrawnRow {
  readonly section: string;
  readonly row: string;
  readonly tier: Segment["tier"];
  readonly firstNumber: number;
  readonly lastNumber: number;
  readonly numbered: Numbering;
  readonly gapsAfter: readonly number[];
  readonly accessible: readonly number[];
  readonly companion: readonly number[];
  /** Where it stands in the request. */
  readonly path: string;
}

const ROW_LABEL = /^[A-Z0-9]{1,6}$/;

/** The hall a seat map draws; `VALIDATION_ERROR` names the first field that breaks a rule. */
export function layoutFromMap(map: SeatMap): Result<Layout> {
  const drawn = readMap(map);
  if (!drawn.ok) return drawn;
  const clash = checkSeatIds(drawn.value, new Map());
  if (!clash.ok) return clash;
  return accept({ source: "map", segments: drawn.value.map((row) => segmentOf(row, row.firstNumber)) });
}

/** The rows of a map by their rules, all but that of unique seat ids (`checkSeatIds`). */
export function readMap(map: SeatMap): Result<readonly DrawnRow[]> {
  const rows: DrawnRow[] = [];
  const labels = new Set<string>();
  let total = 0;
  for (const [s, section] of map.sections.entries()) {
    for (const [r, row] of section.rows.entries()) {
      const path = `seatMap.sections[${s}].rows[${r}]`;
      const refused = checkRow(row, path);
      if (refused !== null) return refused;
      if (labels.has(row.row)) return invalid(`${path}.row`, `row ${row.row} is drawn twice`);
      labels.add(row.row);
      total += row.seats;
      const firstNumber = row.firstNumber ?? 1;
      rows.push({
        section: section.name,
        row: row.row,
        tier: row.tier,
        firstNumber,
        lastNumber: firstNumber + row.seats - 1,
        numbered: row.numbered ?? "left-to-right",
        gapsAfter: sortedOnce(row.gapsAfter),
        accessible: sortedOnce(row.accessible),
        companion: sortedOnce(row.companion),
        path,
      });
    }
  }
  const size = checkHallSize(total, "seatMap");
  return size.ok ? accept(rows) : size;
}

/**
 * Two seats may not share an id: seat 1 of row A1 and seat 11 of row A would both be `seat_A11`.
 * `elsewhere` has the rows that are not drawn but keep their ids: the last number of each, by label.
 */
export function checkSeatIds(rows: readonly DrawnRow[], elsewhere: ReadonlyMap<string, number>): Result<void> {
  const lastNumbers = new Map(elsewhere);
  for (const { row, lastNumber } of rows) lastNumbers.set(row, Math.max(lastNumber, elsewhere.get(row) ?? 0));
  const drawn = new Map(rows.map((row) => [row.row, row.path]));
  for (const label of lastNumbers.keys()) {
    const prefix = clashingPrefix(label, lastNumbers);
    const path = drawn.get(label) ?? drawn.get(prefix ?? "");
    if (prefix !== null && path !== undefined) {
      return invalid(`${path}.row`, `rows ${prefix} and ${label} would have seats of the same id`);
    }
  }
  return accept(undefined);
}

/** The part of a drawn row from seat `firstNumber` on, as a segment. */
export function segmentOf(row: DrawnRow, firstNumber: number): Segment {
  const segment = plainSegment(row.section, row.row, row.tier, firstNumber, row.lastNumber - firstNumber + 1);
  return { ...segment, ...marksWithin(row, segment), ...directionOf(row) };
}

/** Said only where it is not the usual one. */
export function directionOf({ numbered }: DrawnRow): Pick<Segment, "numbered"> {
  return numbered === "left-to-right" ? {} : { numbered };
}

/** What a drawn row says of the numbers of one segment. */
export function marksWithin(row: DrawnRow, segment: Segment): Pick<Segment, "gapsAfter" | "accessible" | "companion"> {
  const end = segment.firstNumber + segment.seats;
  const within = (numbers: readonly number[]) => numbers.filter((n) => n >= segment.firstNumber && n < end);
  return {
    gapsAfter: within(row.gapsAfter),
    accessible: within(row.accessible),
    companion: within(row.companion),
  };
}

/**
 * The shorter label whose seats clash with this one's. Equal ids mean that this label is the other one and
 * digits D; the first number the other then shares is D followed by 1, so one comparison a split is enough.
 */
function clashingPrefix(label: string, lastNumbers: ReadonlyMap<string, number>): string | null {
  for (let cut = label.length - 1; cut >= 1 && /[0-9]/.test(label.charAt(cut)); cut--) {
    if (label.charAt(cut) === "0") continue; // numbers have no leading zero
    const prefix = label.slice(0, cut);
    if ((lastNumbers.get(prefix) ?? 0) >= Number(`${label.slice(cut)}1`)) return prefix;
  }
  return null;
}

function checkRow(row: SeatMapRow, path: string) {
  if (!ROW_LABEL.test(row.row)) return invalid(`${path}.row`, "must be 1 to 6 letters A-Z and digits");
  const maxSeats = row.tier === "STANDING" ? MAX_SEATS : MAX_ROW_SEATS;
  if (!isWithin(row.seats, 1, maxSeats)) return invalid(`${path}.seats`, `must be from 1 to ${maxSeats}`);
  if (row.removed !== undefined) return invalid(`${path}.removed`, "is shown, never accepted: draw what remains");
  if (row.tier === "STANDING" && row.gapsAfter !== undefined && row.gapsAfter.length > 0) {
    return invalid(`${path}.gapsAfter`, "standing places have no aisles");
  }
  const first = row.firstNumber ?? 1;
  if (!isWithin(first, 1, MAX_FIRST_NUMBER)) {
    return invalid(`${path}.firstNumber`, `must be from 1 to ${MAX_FIRST_NUMBER}`);
  }
  const last = first + row.seats - 1;
  return (
    checkNumbers(row.gapsAfter, first, last - 1, `${path}.gapsAfter`) ??
    checkNumbers(row.accessible, first, last, `${path}.accessible`) ??
    checkNumbers(row.companion, first, last, `${path}.companion`)
  );
}

function checkNumbers(numbers: readonly number[] | undefined, first: number, last: number, path: string) {
  for (const [i, number] of (numbers ?? []).entries()) {
    if (isWithin(number, first, last)) continue;
    const rule = last < first ? "a row of one seat has no aisle" : `must be from ${first} to ${last}`;
    return invalid(`${path}[${i}]`, rule);
  }
  return null;
}

function isWithin(value: number, first: number, last: number): boolean {
  return Number.isInteger(value) && value >= first && value <= last;
}

function sortedOnce(numbers: readonly number[] | undefined): readonly number[] {
  return [...new Set(numbers)].sort((a, b) => a - b);
}
