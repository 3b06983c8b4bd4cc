// Chooses seats for a buyer who asks for a number of them: together, stranding nobody, near the front and the
// middle. Weaker choices only where there is no better one, and none only where too few seats are free.

import { type Apart, betterApart, findApart, gatherApart } from "./best-apart";
import {
  type Block,
  findSpot,
  listBlocks,
  type Search,
  type Spot,
  seatsOf,
  strandedBy,
  visitBlocks,
} from "./free-blocks";
import { type Geometry, type Run, TIERS, type Tier } from "./seat-map";

/**
 * The best `quantity` free seats (of the tier, if one is given), or null when fewer are free. A choice strands
 * a seat that it leaves free between neighbours that are not, unless it stood so before. What decides, in order:
 *
 * 1. it strands nobody
 * 2. together: neighbours in one row, or places of one standing row
 * 3. of one tier
 * 4. fewest stranded, then fewest pieces
 * 5. fewest accessible and companion places
 * 6. fewest rows from the first piece to the last
 * 7. nearest the front, then the middle of its row, then the lowest index
 */
export function chooseBest(
  geometry: Geometry,
  isFree: (seat: number) => boolean,
  quantity: number,
  tier: Tier | null,
): readonly number[] | null {
  if (!(quantity >= 1)) throw new RangeError(`cannot choose ${quantity} seats`);
  const search: Search = { geometry, isFree, quantity, tier: tier === null ? null : TIERS.indexOf(tier) };
  const together = findTogether(search);
  if (together.clean !== null) return seatsOf(search, together.clean);
  if (together.free < quantity) return null;

  const blocks = listBlocks(search);
  const ofOneTier = findApartInOneTier(search, blocks);
  if (ofOneTier?.clean) return gatherApart(search, ofOneTier);
  const ofAnyTier = tier === null ? findApart(search, blocks) : null;
  if (ofAnyTier?.clean) return gatherApart(search, ofAnyTier);
  if (together.stranding !== null) return seatsOf(search, together.stranding);
  const apart = ofOneTier ?? ofAnyTier;
  if (apart === null) throw new Error(`${together.free} seats are free, but ${quantity} of them were not found`);
  return gatherApart(search, apart);
}

interface Together {
  /** The best that strands nobody. Having one ends the search early, and leaves the rest incomplete. */
  clean: Spot | null;
  stranding: Spot | null;
  free: number;
}

function findTogether(search: Search): Together {
  const { geometry, quantity } = search;
  const found: Together = { clean: null, stranding: null, free: 0 };
  const visit = (run: Run, from: number, free: number, plain: number) => {
    found.free += free;
    if (free < quantity) return;
    const block: Block = { run, from, free, plain };
    const spot = findSpot(geometry, block, quantity);
    const kind = strandedBy(block, quantity) === 0 ? "clean" : "stranding";
    if (isBetter(spot, found[kind])) found[kind] = spot;
  };
  for (const run of geometry.runs) {
    // Nothing further back is better than a choice that needs no accessible place.
    if (found.clean !== null && found.clean.access === 0 && run.row > found.clean.block.run.row) break;
    visitBlocks(search, run, visit);
  }
  return found;
}

/** Spots are found front row first and by index, so a later one must be truly better. */
function isBetter(spot: Spot, best: Spot | null): boolean {
  if (best === null || spot.access !== best.access) return best === null || spot.access < best.access;
  return spot.block.run.row === best.block.run.row && spot.offCentre < best.offCentre;
}

function findApartInOneTier(search: Search, blocks: readonly Block[]): Apart | null {
  let best: Apart | null = null;
  for (const tier of TIERS.keys()) {
    const ofTier = blocks.filter((block) => block.run.tier === tier);
    if (ofTier.length > 0) best = betterApart(best, findApart(search, ofTier));
  }
  return best;
}
