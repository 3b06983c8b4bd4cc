// The free seats of a hall in blocks: side by side in one row, or all places of one standing row. Within a
// block it knows the best spot for a number of seats, stranding nobody where that number allows it.

import type { Geometry, Run } from "./seat-map";

export interface Search {
  readonly geometry: Geometry;
  readonly isFree: (seat: number) => boolean;
  readonly quantity: number;
  /** The tier's place in `TIERS`; null for any. */
  readonly tier: number | null;
}

export interface Block {
  readonly run: Run;
  /** Where in `Geometry.order` it begins; of a standing row, where the row begins. */
  readonly from: number;
  readonly free: number;
  /** How many of its free seats are neither accessible nor companion places. */
  readonly plain: number;
}

/** Where in a block to sit. */
export interface Spot {
  readonly block: Block;
  readonly take: number;
  /** Where in `Geometry.order` the first seat is; means nothing in a standing row. */
  readonly from: number;
  /** Accessible and companion places it uses up. */
  readonly access: number;
  /** Twice the distance between its middle and the row's, so that it is whole; 0 in a standing row. */
  readonly offCentre: number;
}

type Visit = (run: Run, from: number, free: number, plain: number) => void;

/** Calls `visit` for the free blocks of one run, in physical order; it allocates nothing, for it runs on every sale. */
export function visitBlocks(search: Search, run: Run, visit: Visit): void {
  const { geometry, isFree } = search;
  if (search.tier !== null && run.tier !== search.tier) return;
  if (run.standing) {
    visitStandingRow(search, run, visit);
    return;
  }
  let from = run.from;
  let plain = 0;
  for (let i = run.from; i < run.to; i++) {
    const seat = geometry.order[i] as number;
    if (!isFree(seat)) {
      if (i > from) visit(run, from, i - from, plain);
      from = i + 1;
      plain = 0;
    } else if (!run.hasAccessPlaces || !isAccessPlace(geometry, seat)) plain += 1;
  }
  if (run.to > from) visit(run, from, run.to - from, plain);
}

/** Stops counting once there are plain places enough for the whole quantity. */
function visitStandingRow(search: Search, run: Run, visit: Visit): void {
  let free = 0;
  let plain = 0;
  for (let i = run.from; i < run.to && plain < search.quantity; i++) {
    const seat = search.geometry.order[i] as number;
    if (!search.isFree(seat)) continue;
    free += 1;
    if (!isAccessPlace(search.geometry, seat)) plain += 1;
  }
  if (free > 0) visit(run, run.from, free, plain);
}

export function listBlocks(search: Search): readonly Block[] {
  const blocks: Block[] = [];
  for (const run of search.geometry.runs) {
    visitBlocks(search, run, (_, from, free, plain) => blocks.push({ run, from, free, plain }));
  }
  return blocks;
}

/** How many seats are stranded by taking `take` from the block: one seat left over has nowhere to go. */
export function strandedBy(block: Block, take: number): number {
  return !block.run.standing && block.free - take === 1 ? 1 : 0;
}

/** The best spot for `take` of the block's seats that strands no more than `strandedBy` says. */
export function findSpot(geometry: Geometry, block: Block, take: number): Spot {
  const { run, from, free, plain } = block;
  if (run.standing) return { block, take, from, access: Math.max(0, take - plain), offCentre: 0 };
  const { order, positions } = geometry;
  const spare = free - take;
  const countsAccess = plain < free;
  let access = 0;
  for (let i = 0; countsAccess && i < take; i++) if (isAccessPlace(geometry, order[from + i] as number)) access += 1;
  let best = from;
  let bestAccess = Number.POSITIVE_INFINITY;
  let bestOffCentre = Number.POSITIVE_INFINITY;
  for (let left = 0; left <= spare; left++) {
    const first = order[from + left] as number;
    const last = order[from + left + take - 1] as number;
    if (countsAccess && left > 0) {
      if (isAccessPlace(geometry, order[from + left - 1] as number)) access -= 1;
      if (isAccessPlace(geometry, last)) access += 1;
    }
    if (spare > 1 && (left === 1 || spare - left === 1)) continue;
    const offCentre = Math.abs((positions[first] as number) + (positions[last] as number) - 2 * run.middle);
    if (access < bestAccess || (access === bestAccess && offCentre < bestOffCentre)) {
      best = from + left;
      bestAccess = access;
      bestOffCentre = offCentre;
    }
  }
  return { block, take, from: best, access: bestAccess, offCentre: bestOffCentre };
}

/** The seats of a spot, in physical order. */
export function seatsOf(search: Search, spot: Spot): readonly number[] {
  const { order } = search.geometry;
  const { run } = spot.block;
  if (!run.standing) return order.slice(spot.from, spot.from + spot.take);
  const seats: number[] = [];
  let access = spot.access;
  for (let i = run.from; i < run.to && seats.length < spot.take; i++) {
    const seat = order[i] as number;
    if (!search.isFree(seat)) continue;
    if (isAccessPlace(search.geometry, seat)) {
      if (access === 0) continue;
      access -= 1;
    }
    seats.push(seat);
  }
  return seats;
}

function isAccessPlace(geometry: Geometry, seat: number): boolean {
  return geometry.accessible[seat] === true || geometry.companion[seat] === true;
}
