// Small halls for property tests, and a reading of them that shares no code with the product's geometry.
// A failure prints its seed; FAST_CHECK_SEED=… runs it again. PROPERTY_SHARE=0.1 makes a tenth of the examples, where the
// same tests run thousands of times.

import fc from "fast-check";
import type { Layout, SeatMap, SeatMapRow, Segment, Tier } from "../../src/domain/seat-map";

const seed = process.env["FAST_CHECK_SEED"];
const share = Number(process.env["PROPERTY_SHARE"] ?? 1);

export function runs(examples: number): { numRuns: number; seed?: number } {
  const numRuns = Math.ceil(examples * share);
  return seed === undefined ? { numRuns } : { numRuns, seed: Number(seed) };
}

/** Labels that tempt ids to clash: seat 1 of A1 and seat 11 of A. */
export const LABELS = ["A", "B", "A1", "C", "1", "11", "A0"];

export function seatMaps(labels: readonly string[], maxSeats: number): fc.Arbitrary<SeatMap> {
  const row = (label: string): fc.Arbitrary<SeatMapRow> =>
    fc
      .record({
        tier: fc.constantFrom<Tier>("GENERAL", "GENERAL", "VIP", "STANDING"),
        seats: fc.integer({ min: 1, max: maxSeats }),
        gaps: fc.array(fc.integer({ min: 1, max: maxSeats }), { maxLength: 2 }),
        accessible: fc.array(fc.integer({ min: 1, max: maxSeats }), { maxLength: 2 }),
        companion: fc.array(fc.integer({ min: 1, max: maxSeats }), { maxLength: 1 }),
      })
      .map(({ tier, seats, gaps, accessible, companion }) => ({
        row: label,
        tier,
        seats,
        gapsAfter: tier === "STANDING" ? [] : gaps.filter((n) => n < seats),
        accessible: accessible.filter((n) => n <= seats),
        companion: companion.filter((n) => n <= seats),
      }));
  return fc
    .shuffledSubarray([...labels], { minLength: 1, maxLength: 4 })
    .chain((chosen) => fc.tuple(...chosen.map(row)))
    .map((rows) => ({ sections: [{ name: "Stalls", rows }] }));
}

/** Halls of a few rows, some grown by a further segment, with seats that left them and seats kept off sale. */
export function smallLayouts(): fc.Arbitrary<Layout> {
  const numbers = fc.array(fc.integer({ min: 1, max: 6 }), { maxLength: 2 });
  const segment = fc.record({
    seats: fc.integer({ min: 1, max: 6 }),
    gapsAfter: numbers,
    accessible: numbers,
    companion: numbers,
    removed: numbers,
    blocked: numbers,
  });
  const label = fc.constantFrom("A", "B", "C", "D");
  const tiers = fc.tuple(...[0, 1, 2, 3].map(() => fc.constantFrom<Tier>("GENERAL", "GENERAL", "VIP", "STANDING")));
  return fc.tuple(tiers, fc.array(fc.tuple(label, segment), { minLength: 1, maxLength: 5 })).map(([tierOf, drawn]) => {
    const segments: Segment[] = [];
    let total = 0;
    for (const [row, part] of drawn) {
      const seats = Math.min(part.seats, 12 - total);
      if (seats === 0) break;
      total += seats;
      const firstNumber = 1 + segments.reduce((last, s) => (s.row === row ? last + s.seats : last), 0);
      const here = (list: readonly number[]) =>
        [...new Set(list)]
          .filter((n) => n <= seats)
          .map((n) => n + firstNumber - 1)
          .sort((a, b) => a - b);
      const tier = tierOf["ABCD".indexOf(row)] ?? "GENERAL";
      const removed = here(part.removed);
      segments.push({
        section: "Stalls",
        row,
        tier,
        firstNumber,
        seats,
        gapsAfter: tier === "STANDING" ? [] : here(part.gapsAfter),
        accessible: here(part.accessible),
        companion: here(part.companion),
        removed,
        blocked: here(part.blocked).filter((n) => !removed.includes(n)),
      });
    }
    return { source: "map", segments };
  });
}

export interface PlainSeat {
  readonly index: number;
  readonly id: string;
  readonly tier: Tier;
  readonly access: boolean;
  readonly removed: boolean;
  readonly blocked: boolean;
  /** An aisle parts it from the seat after it. */
  readonly aisle: boolean;
}

/** The physical rows of a layout, front row first, each from its first seat to its last. */
export function plainRows(layout: Layout): readonly (readonly PlainSeat[])[] {
  const rows = new Map<string, [number: number, seat: PlainSeat][]>();
  let index = 0;
  for (const segment of layout.segments) {
    const row = rows.get(segment.row) ?? [];
    rows.set(segment.row, row);
    for (let number = segment.firstNumber; number < segment.firstNumber + segment.seats; number++) {
      const seat: PlainSeat = {
        index: index++,
        id: `seat_${segment.row}${number}`,
        tier: segment.tier,
        access: segment.accessible.includes(number) || segment.companion.includes(number),
        removed: segment.removed.includes(number),
        blocked: segment.blocked.includes(number),
        aisle: segment.gapsAfter.includes(number),
      };
      row.push([number, seat]);
    }
  }
  return [...rows.values()].map((row) => row.sort(([a], [b]) => a - b).map(([, seat]) => seat));
}
