// The layout of a hall: run-length segments that only grow, and the geometry expanded from them.
// A seat is an index into the layout; an index, once given, means the same seat for ever.

import type { SeatId } from "./ids";
import { accept, invalid, type Result } from "./refusals";

export const TIERS = ["GENERAL", "VIP", "STANDING"] as const;
export type Tier = (typeof TIERS)[number];

/** Which way a row's numbers run, seen from the hall. It changes where seats are drawn, and nothing else. */
export const NUMBERINGS = ["left-to-right", "right-to-left"] as const;
export type Numbering = (typeof NUMBERINGS)[number];

/** A price class of an event. `priceMinor` is in minor units of the event's one currency. */
export interface TierPrice {
  readonly tier: Tier;
  readonly priceMinor: number;
}

/** A run of consecutively numbered seats of one row. Several segments of one label are one physical row. */
export interface Segment {
  readonly section: string;
  readonly row: string;
  readonly tier: Tier;
  /** Number of the first seat; the others follow by one. */
  readonly firstNumber: number;
  readonly seats: number;
  /** Seat numbers after which an aisle parts the row. */
  readonly gapsAfter: readonly number[];
  readonly accessible: readonly number[];
  readonly companion: readonly number[];
  /** Numbers taken out of the hall for good: they keep their index and leave inventory and totals. */
  readonly removed: readonly number[];
  /** Numbers the organiser keeps off sale. */
  readonly blocked: readonly number[];
  /** Absent: left to right. */
  readonly numbered?: Numbering;
}

export interface Layout {
  /** Whether the tiers made it, so that a capacity can change it, or a seat map did. */
  readonly source: "tiers" | "map";
  readonly segments: readonly Segment[];
}

/** A tier as an organiser gives it; without a seat map `capacity` is how many seats it generates. */
export interface TierInput {
  readonly tier: Tier;
  readonly priceMinor: number;
  readonly capacity: number | null;
}

/** A hall as an organiser draws it and as the API shows it: sections of rows, run-length. */
export interface SeatMap {
  readonly sections: readonly SeatMapSection[];
}

export interface SeatMapSection {
  readonly name: string;
  readonly rows: readonly SeatMapRow[];
}

export interface SeatMapRow {
  readonly row: string;
  readonly tier: Tier;
  readonly seats: number;
  /** Absent: 1. The others follow by one. */
  readonly firstNumber?: number;
  /** Absent: left to right. */
  readonly numbered?: Numbering;
  readonly gapsAfter?: readonly number[];
  readonly accessible?: readonly number[];
  readonly companion?: readonly number[];
  /** Numbers that left the hall; shown, never accepted. */
  readonly removed?: readonly number[];
}

/** A layout expanded: everything about seat `i` at index `i`, and in which order the seats stand in the hall. */
export interface Geometry {
  readonly size: number;
  readonly ids: readonly SeatId[];
  readonly rows: readonly string[];
  readonly numbers: readonly number[];
  readonly sections: readonly string[];
  /** The tier's place in `TIERS`. */
  readonly tiers: readonly number[];
  readonly accessible: readonly boolean[];
  readonly companion: readonly boolean[];
  readonly removed: readonly boolean[];
  readonly blocked: readonly boolean[];
  readonly indexOf: ReadonlyMap<SeatId, number>;
  /** Of each seat: its position in its whole physical row, from 0. */
  readonly positions: readonly number[];
  /** The seats that are in the hall, front row first, each row from its first seat to its last. */
  readonly order: readonly number[];
  /** `order` cut where a row, an aisle or a removed seat parts neighbours. A standing row is one run. */
  readonly runs: readonly Run[];
}

/** A stretch of `Geometry.order`, up to but without `to`, in which every seat is next to the one before. */
export interface Run {
  readonly from: number;
  readonly to: number;
  /** The row's place from the front, from 0. */
  readonly row: number;
  /** The middle of the whole row, as a position; it may lie between two seats. */
  readonly middle: number;
  /** The tier's place in `TIERS`. */
  readonly tier: number;
  /** Its places have no order and no neighbours. */
  readonly standing: boolean;
  /** It has accessible or companion places, which are given away last. */
  readonly hasAccessPlaces: boolean;
}

/** Seats in a hall. It bounds every loop over seats. */
export const MAX_SEATS = 50_000;
/** Seats in a row; a standing area is one row and may have `MAX_SEATS`. */
export const MAX_ROW_SEATS = 500;
/** Where a row's numbers may begin. */
export const MAX_FIRST_NUMBER = 1_000;
/** Indices of a layout, seats that left the hall included: a hall changed for ever must not grow for ever. */
export const MAX_INDICES = 2 * MAX_SEATS;
export const DEFAULT_SEATS_PER_ROW = 40;

const STANDING_ROW = "ST";
const SECTION_NAMES: Readonly<Record<Tier, string>> = { GENERAL: "General", VIP: "VIP", STANDING: "Standing" };

/** A row of which nothing is said but where it is. */
export function plainSegment(section: string, row: string, tier: Tier, firstNumber: number, seats: number): Segment {
  const none: readonly number[] = [];
  return {
    section,
    row,
    tier,
    firstNumber,
    seats,
    gapsAfter: none,
    accessible: none,
    companion: none,
    removed: none,
    blocked: none,
  };
}

/**
 * The hall that tiers make: rows A, B, … of `seatsPerRow`, a tier starting a new one; standing is one row.
 * The last `blockedSeats` are kept off sale. Capacities are checked before, with `checkTierCapacities`.
 */
export function layoutFromTiers(tiers: readonly TierInput[], seatsPerRow: number, blockedSeats = 0): Layout {
  let segments: readonly Segment[] = [];
  for (const { tier, capacity } of tiers) {
    if (capacity === null) throw new Error(`tier ${tier} has no capacity to make seats from`);
    segments = appendTierRows(segments, tier, capacity, seatsPerRow);
  }
  return { source: "tiers", segments: blockLast(segments, blockedSeats) };
}

/** Adds `seats` of a tier to a hall that tiers made: new rows after the last, or more places in the standing row. */
export function appendTierRows(
  segments: readonly Segment[],
  tier: Tier,
  seats: number,
  seatsPerRow: number,
): readonly Segment[] {
  if (seats > MAX_SEATS) throw new RangeError(`${seats} seats of tier ${tier} are more than a hall may have`);
  if (!(seatsPerRow >= 1)) throw new RangeError(`a row of ${seatsPerRow} seats`);
  if (seats <= 0) return segments;
  const section = SECTION_NAMES[tier];
  if (tier === "STANDING") {
    let last = 0;
    for (const segment of segments) if (segment.row === STANDING_ROW) last = Math.max(last, lastNumberOf(segment));
    return [...segments, plainSegment(section, STANDING_ROW, tier, last + 1, seats)];
  }
  const grown = [...segments];
  let rows = segments.filter((segment) => segment.row !== STANDING_ROW).length;
  for (let left = seats; left > 0; left -= seatsPerRow) {
    grown.push(plainSegment(section, rowLabel(rows), tier, 1, Math.min(left, seatsPerRow)));
    rows += 1;
  }
  return grown;
}

/** What tiers that make a hall must obey: none twice, each with a capacity, all together a hall. */
export function checkTierCapacities(tiers: readonly TierInput[]): Result<void> {
  const repeated = repeatedTier(tiers);
  if (repeated !== null) return invalid("ticketTiers", `tier ${repeated} is given twice`);
  let total = 0;
  for (const [i, { capacity }] of tiers.entries()) {
    if (capacity === null) return invalid(`ticketTiers[${i}].capacity`, "is required without a seat map");
    total += capacity;
  }
  return checkHallSize(total, "ticketTiers");
}

/** What the prices of a hall must obey: none twice, and every tier that has seats is priced. */
export function checkTierPrices(layout: Layout, tiers: readonly TierPrice[]): Result<void> {
  const repeated = repeatedTier(tiers);
  if (repeated !== null) return invalid("ticketTiers", `tier ${repeated} is given twice`);
  for (const tier of tiersOf(layout)) {
    if (!tiers.some((priced) => priced.tier === tier)) {
      return invalid("ticketTiers", `tier ${tier} has seats but no price`);
    }
  }
  return accept(undefined);
}

export function checkHallSize(seats: number, field: string): Result<void> {
  if (seats >= 1 && seats <= MAX_SEATS) return accept(undefined);
  return invalid(field, `a hall has 1 to ${MAX_SEATS} seats, this would have ${seats}`);
}

export function repeatedTier(tiers: readonly { readonly tier: Tier }[]): Tier | null {
  const seen = new Set<Tier>();
  for (const { tier } of tiers) {
    if (seen.has(tier)) return tier;
    seen.add(tier);
  }
  return null;
}

/** Tiers that have seats in the hall, in the order of `TIERS`. */
export function tiersOf(layout: Layout): readonly Tier[] {
  const used = new Set<Tier>();
  for (const segment of layout.segments) if (segment.removed.length < segment.seats) used.add(segment.tier);
  return TIERS.filter((tier) => used.has(tier));
}

export function lastNumberOf(segment: Segment): number {
  return segment.firstNumber + segment.seats - 1;
}

/** The hall as the API shows it. A row of which nothing is left is not shown. */
export function seatMapOf(layout: Layout): SeatMap {
  const rows = new Map<string, Segment[]>();
  for (const segment of layout.segments) {
    const parts = rows.get(segment.row);
    if (parts === undefined) rows.set(segment.row, [segment]);
    else parts.push(segment);
  }
  const sections = new Map<string, SeatMapRow[]>();
  for (const parts of rows.values()) {
    const row = shownRow(parts);
    const section = parts[0]?.section ?? "";
    if (row === null) continue;
    const shown = sections.get(section);
    if (shown === undefined) sections.set(section, [row]);
    else shown.push(row);
  }
  return { sections: [...sections].map(([name, shown]) => ({ name, rows: shown })) };
}

function shownRow(parts: readonly Segment[]): SeatMapRow | null {
  const [first] = parts;
  const removed = merged(parts, "removed");
  const firstNumber = Math.min(...parts.map((part) => part.firstNumber));
  const seats = Math.max(...parts.map(lastNumberOf)) - firstNumber + 1;
  if (first === undefined || removed.length === seats) return null;
  const gapsAfter = merged(parts, "gapsAfter");
  const accessible = merged(parts, "accessible");
  const companion = merged(parts, "companion");
  return {
    row: first.row,
    tier: first.tier,
    seats,
    ...(firstNumber !== 1 && { firstNumber }),
    ...(first.numbered !== undefined && { numbered: first.numbered }),
    ...(gapsAfter.length > 0 && { gapsAfter }),
    ...(accessible.length > 0 && { accessible }),
    ...(companion.length > 0 && { companion }),
    ...(removed.length > 0 && { removed }),
  };
}

function merged(
  parts: readonly Segment[],
  list: "gapsAfter" | "accessible" | "companion" | "removed",
): readonly number[] {
  return parts.flatMap((part) => part[list]).sort((a, b) => a - b);
}

function blockLast(segments: readonly Segment[], count: number): readonly Segment[] {
  const blocked = [...segments];
  let left = count;
  for (let i = blocked.length - 1; i >= 0 && left > 0; i--) {
    const segment = blocked[i] as Segment;
    const here = Math.min(left, segment.seats);
    const first = lastNumberOf(segment) - here + 1;
    blocked[i] = { ...segment, blocked: Array.from({ length: here }, (_, n) => first + n) };
    left -= here;
  }
  return blocked;
}

/** A, B, … Z, AA, … for 0, 1, …; the label of the standing row is left out. */
function rowLabel(index: number): string {
  let label = "";
  for (let rest = index < STANDING_ORDINAL ? index : index + 1; rest >= 0; rest = Math.floor(rest / 26) - 1) {
    label = String.fromCharCode(65 + (rest % 26)) + label;
  }
  return label;
}

/** Where `ST` would come in A, B, …: S is the 19th letter, T the 20th. */
const STANDING_ORDINAL = 19 * 26 + 20 - 1;
