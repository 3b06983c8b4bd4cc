// A layout expanded: every seat by its index, the rows as they stand in the hall, and where neighbours are parted.

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { layoutFromMap } from "../../src/domain/drawn-map";
import { geometryOf, seatCountsByTier } from "../../src/domain/geometry";
import { plainSegment, type Segment, type Tier } from "../../src/domain/seat-map";
import { LABELS, plainRows, runs, seatMaps, smallLayouts } from "./hall-arbitraries";

const part = (row: string, firstNumber: number, seats: number, rest: Partial<Segment> = {}): Segment => ({
  ...plainSegment("Stalls", row, "GENERAL", firstNumber, seats),
  ...rest,
});
const expand = (...segments: readonly Segment[]) => geometryOf({ source: "map", segments });

describe("the geometry of a hall", () => {
  it("says of each seat what the layout says of it", () => {
    fc.assert(
      fc.property(smallLayouts(), (layout) => {
        const geometry = geometryOf(layout);
        const seats = plainRows(layout).flat();
        expect(geometry.size).toBe(seats.length);
        for (const seat of seats) {
          expect(geometry.ids[seat.index]).toBe(seat.id);
          expect(geometry.indexOf.get(seat.id as never)).toBe(seat.index);
          expect(`seat_${geometry.rows[seat.index]}${geometry.numbers[seat.index]}`).toBe(seat.id);
          expect(geometry.removed[seat.index]).toBe(seat.removed);
          expect(geometry.blocked[seat.index]).toBe(seat.blocked);
          expect(geometry.accessible[seat.index] || geometry.companion[seat.index]).toBe(seat.access);
          expect(["GENERAL", "VIP", "STANDING"][geometry.tiers[seat.index] ?? -1]).toBe(seat.tier);
          expect(geometry.sections[seat.index]).toBe("Stalls");
        }
      }),
      runs(200),
    );
  });

  it("cuts rows into runs of neighbours: at aisles, at seats that left, never among the standing", () => {
    fc.assert(
      fc.property(smallLayouts(), (layout) => {
        const geometry = geometryOf(layout);
        const expected: number[][] = [];
        for (const row of plainRows(layout)) {
          let run: number[] = [];
          for (const seat of row) {
            if (!seat.removed) run.push(seat.index);
            if (seat.tier !== "STANDING" && (seat.removed || seat.aisle)) {
              expected.push(run);
              run = [];
            }
          }
          expected.push(run);
        }
        const found = geometry.runs.map((run) => geometry.order.slice(run.from, run.to));
        expect(found).toEqual(expected.filter((run) => run.length > 0));
      }),
      runs(200),
    );
  });

  it("numbers each part of a row from its first number, and places it by that number, not by when it was added", () => {
    const geometry = expand(part("A", 4, 2), part("B", 11, 1), part("A", 1, 3));
    expect(geometry.numbers).toEqual([4, 5, 11, 1, 2, 3]);
    expect(geometry.positions).toEqual([3, 4, 0, 0, 1, 2]);
    expect(geometry.order).toEqual([3, 4, 5, 0, 1, 2]);
    expect(geometry.runs.map(({ from, to, middle }) => [from, to, middle])).toEqual([
      [0, 5, 2],
      [5, 6, 0],
    ]);
  });

  it("has the middle of a row between the first and the last of its seats that are left", () => {
    expect(expand(part("A", 1, 5, { removed: [1, 2] })).runs.map(({ middle }) => middle)).toEqual([3]);
    expect(expand(part("A", 1, 5, { removed: [3] })).runs.map(({ middle }) => middle)).toEqual([2, 2]);
    expect(expand(part("A", 1, 1), part("B", 1, 2, { removed: [1, 2] }), part("C", 1, 2)).runs).toMatchObject([
      { from: 0, to: 1, row: 0, middle: 0 },
      { from: 1, to: 3, row: 2, middle: 0.5 },
    ]);
  });

  it("says which runs have accessible or companion places", () => {
    const flags = (rest: Partial<Segment>) =>
      expand(part("A", 1, 6, { gapsAfter: [2, 4], ...rest })).runs.map(({ hasAccessPlaces }) => hasAccessPlaces);
    expect(flags({})).toEqual([false, false, false]);
    expect(flags({ accessible: [3] })).toEqual([false, true, false]);
    expect(flags({ accessible: [1, 2] })).toEqual([true, false, false]);
    expect(flags({ companion: [6] })).toEqual([false, false, true]);
    expect(flags({ accessible: [5], companion: [4] })).toEqual([false, true, true]);
  });

  it("counts the seats of each tier, blocked ones too, but not those that left", () => {
    fc.assert(
      fc.property(smallLayouts(), (layout) => {
        const here = plainRows(layout)
          .flat()
          .filter((seat) => !seat.removed);
        const count = (name: Tier) => here.filter((seat) => seat.tier === name).length;
        expect(seatCountsByTier(geometryOf(layout))).toEqual([count("GENERAL"), count("VIP"), count("STANDING")]);
      }),
      runs(100),
    );
  });

  it("has an id for every seat of every map that is accepted, and none twice", () => {
    fc.assert(
      fc.property(seatMaps(LABELS, 12), (drawn) => {
        const layout = layoutFromMap(drawn);
        if (!layout.ok) return;
        const geometry = geometryOf(layout.value);
        expect(new Set(geometry.ids).size).toBe(geometry.size);
        expect(geometry.indexOf.size).toBe(geometry.size);
      }),
      runs(200),
    );
  });
});
