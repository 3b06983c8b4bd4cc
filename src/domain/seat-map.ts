// The layout of a hall: run-length segments that only grow, and the geometry expanded from them.
// A seat is an index into the layout; an index, once given, means the same seat for ever.

import type { SeatId } from "./ids";

export const TIERS = ["GENERAL", "VIP", "STANDING"] as const;
export type Tier = (typeof TIERS)[number];

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
  readonly gapsAfter?: readonly number[];
  readonly accessible?: readonly number[];
  readonly companion?: readonly number[];
  /** Numbers that left the hall; shown, never accepted. */
  readonly removed?: readonly number[];
}

/**
 * A layout expanded: everything about seat `i` at index `i`. `runs` are the stretches of physically adjacent
 * seats (an aisle or a removed seat ends one; each standing place is a run of its own), front row first.
 */
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
  readonly runs: readonly (readonly number[])[];
  /** Of each run: the physical row's place from the front, from 0. */
  readonly rowOrder: readonly number[];
  /** Of each run: the middle of its whole row, as a position in seats from the row's first seat. */
  readonly rowMiddle: readonly number[];
  /** Of each seat: its position in its whole physical row, from 0. */
  readonly positions: readonly number[];
}
