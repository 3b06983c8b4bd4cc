// Seats for people who cannot sit together: which free blocks to take how many seats from. Every way to make up
// the number is weighed, so what it finds is the best there is, not the first that fits.

import { type Block, findSpot, type Search, seatsOf, strandedBy } from "./free-blocks";

/** A best way to make up the quantity, without saying yet from which blocks. */
export interface Apart {
  readonly blocks: readonly Block[];
  /** Stranded seats, pieces, accessible places: one number, the earlier deciding before the later. */
  readonly cost: number;
  /** It strands nobody. */
  readonly clean: boolean;
  readonly firstRow: number;
  readonly lastRow: number;
  /** The last block it takes seats from. */
  readonly end: number;
}

/**
 * The way that strands fewest, then needs fewest pieces, then fewest accessible places, then fewest rows from
 * the first piece to the last, then is nearest the front. Null when the blocks have fewer seats than wanted.
 * Asked only when no block alone can give that number without stranding.
 *
 * One piece a block is enough: two pieces of a block never strand fewer than as many seats from one of its ends.
 * So this is a knapsack over blocks, front row first: for each number of seats, its lowest cost so far and, at
 * that cost, the hindmost row it can begin in. A cheapest whole has cheapest parts, so this loses nothing.
 */
export function findApart(search: Search, blocks: readonly Block[]): Apart | null {
  const { quantity } = search;
  const costs = emptyCosts(quantity);
  const firstRows = new Int32Array(quantity + 1);
  const step = new Float64Array(quantity + 1);
  const ideal = idealOf(blocks, quantity);
  let best: Apart | null = null;
  for (const [end, block] of blocks.entries()) {
    const { row } = block.run;
    const most = priceTakes(search, block, step);
    for (let take = 1; take <= most; take++) {
      const cost = (costs[quantity - take] as number) + (step[take] as number);
      const firstRow = take === quantity ? row : (firstRows[quantity - take] as number);
      const fewerRows = best !== null && cost === best.cost && row - firstRow < best.lastRow - best.firstRow;
      if (cost < (best?.cost ?? Number.POSITIVE_INFINITY) || fewerRows) {
        best = { blocks, cost, clean: cost < costOf(quantity, 1, 0, 0), firstRow, lastRow: row, end };
      }
    }
    if (best !== null && best.cost === ideal.cost && best.lastRow - best.firstRow === ideal.rowsBetween) break;
    for (let sum = quantity - 1; sum >= 1; sum--) {
      for (let take = Math.min(most, sum); take >= 1; take--) {
        const cost = (costs[sum - take] as number) + (step[take] as number);
        const firstRow = take === sum ? row : (firstRows[sum - take] as number);
        if (cost < (costs[sum] as number) || (cost === costs[sum] && firstRow > (firstRows[sum] as number))) {
          costs[sum] = cost;
          firstRows[sum] = firstRow;
        }
      }
    }
  }
  return best;
}

/** The better of two, by the same order; the first if they are equal. */
export function betterApart(a: Apart | null, b: Apart | null): Apart | null {
  if (a === null || b === null) return a ?? b;
  if (a.cost !== b.cost) return a.cost < b.cost ? a : b;
  const rows = a.lastRow - a.firstRow - (b.lastRow - b.firstRow);
  if (rows !== 0) return rows < 0 ? a : b;
  return a.firstRow <= b.firstRow ? a : b;
}

/** The seats of it: the same sums once more over the few blocks between its rows, now noting who takes what. */
export function gatherApart(search: Search, apart: Apart): readonly number[] {
  const { quantity } = search;
  const blocks = apart.blocks.slice(0, apart.end + 1).filter((block) => block.run.row >= apart.firstRow);
  const width = quantity + 1;
  const takes = new Uint16Array(blocks.length * width);
  const costs = emptyCosts(quantity);
  const step = new Float64Array(width);
  for (const [b, block] of blocks.entries()) {
    const most = priceTakes(search, block, step);
    for (let sum = quantity; sum >= 1; sum--) {
      for (let take = 1; take <= Math.min(most, sum); take++) {
        const cost = (costs[sum - take] as number) + (step[take] as number);
        if (cost >= (costs[sum] as number)) continue;
        costs[sum] = cost;
        takes[b * width + sum] = take;
      }
    }
  }
  const pieces: (readonly number[])[] = [];
  let left = quantity;
  for (let b = blocks.length - 1; b >= 0 && left > 0; b--) {
    const take = takes[b * width + left] as number;
    if (take === 0) continue;
    pieces.push(seatsOf(search, findSpot(search.geometry, blocks[b] as Block, take)));
    left -= take;
  }
  return pieces.reverse().flat();
}

/**
 * What no choice can better, so that a search that has reached it may stop: nobody stranded, as few pieces as
 * the longest blocks allow, no accessible place, and as few rows as the fullest one allows.
 */
function idealOf(blocks: readonly Block[], quantity: number): { cost: number; rowsBetween: number } {
  const blocksOf = new Int32Array(quantity + 1);
  let fullest = 1;
  let inRow = 0;
  let row = -1;
  for (const { run, free } of blocks) {
    inRow = run.row === row ? inRow + free : free;
    row = run.row;
    fullest = Math.max(fullest, inRow);
    const most = free > quantity ? quantity - 1 : free; // all but one would strand that one
    blocksOf[most] = (blocksOf[most] as number) + 1;
  }
  let pieces = 0;
  for (let most = quantity, left = quantity; most >= 1 && left > 0; most--) {
    const used = Math.min(blocksOf[most] as number, Math.ceil(left / most));
    pieces += used;
    left -= used * most;
  }
  return { cost: costOf(quantity, 0, pieces, 0), rowsBetween: Math.ceil(quantity / fullest) - 1 };
}

function emptyCosts(quantity: number): Float64Array {
  const costs = new Float64Array(quantity + 1).fill(Number.POSITIVE_INFINITY);
  costs[0] = 0;
  return costs;
}

/** Writes the cost of taking 1, 2, … seats from a block into `step` and returns how many can be taken. */
function priceTakes(search: Search, block: Block, step: Float64Array): number {
  const most = Math.min(block.free, search.quantity);
  for (let take = 1; take <= most; take++) {
    const access = block.plain === block.free ? 0 : findSpot(search.geometry, block, take).access;
    step[take] = costOf(search.quantity, strandedBy(block, take), 1, access);
  }
  return most;
}

/** None of the three is ever more than the quantity, so they are the digits of one number. */
function costOf(quantity: number, stranded: number, pieces: number, access: number): number {
  const base = quantity + 1;
  return (stranded * base + pieces) * base + access;
}
