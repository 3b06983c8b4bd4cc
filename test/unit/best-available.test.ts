import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { chooseBest } from "../../src/domain/best-available";
import { geometryOf } from "../../src/domain/geometry";
import { type Layout, layoutFromTiers, type Tier } from "../../src/domain/seat-map";
import { hall } from "./drawn-hall";
import { type PlainSeat, plainRows, runs, smallLayouts } from "./hall-arbitraries";

describe("the best available seats", () => {
  it("are in the middle of the front row", () => {
    expect(hall({ free: "........." }, { free: "........." }).best(3)).toBe("A4 A5 A6");
  });

  it("are by the row's own middle, also where part of the row is sold", () => {
    expect(hall({ free: "xxxx......" }).best(2)).toBe("A5 A6");
    expect(hall({ free: "..x..x.." }).best(2)).toBe("A4 A5");
    expect(hall({ free: ".........", gapsAfter: [3, 6] }).best(3)).toBe("A4 A5 A6");
  });

  it("begin at the lower number where two are as near the middle", () => {
    expect(hall({ free: "......." }).best(2)).toBe("A3 A4");
  });

  it("are in a row further back when the front row has too few together", () => {
    expect(hall({ free: ".x.x.x." }, { free: "......." }).best(2)).toBe("B3 B4");
  });

  it("are in the front row, though another is as good and its free seats are nearer the middle", () => {
    expect(hall({ free: "..xxx" }, { free: "x..xx" }).best(1)).toBe("A2");
    const front = { free: "..xxx", accessible: [1, 2] };
    expect(hall(front, { free: "x..xx", accessible: [2, 3] }).best(2)).toBe("A1 A2");
  });

  it("never straddle an aisle while seats together are left", () => {
    expect(hall({ free: "......", gapsAfter: [3] }, { free: "......" }).best(4)).toBe("B1 B2 B3 B4");
  });

  it("never straddle the hole of a seat that left the hall", () => {
    const [segment] = layoutFromTiers([{ tier: "VIP", priceMinor: 1, capacity: 5 }], 5).segments;
    if (segment === undefined) throw new Error("no row");
    const geometry = geometryOf({ source: "tiers", segments: [{ ...segment, removed: [2] }] });
    expect(chooseBest(geometry, (seat) => seat !== 1, 3, null)).toEqual([2, 3, 4]);
  });

  it("leave no single seat, though another choice is nearer the middle", () => {
    expect(hall({ free: "xx....xx" }).best(2)).toBe("A3 A4");
    expect(hall({ free: "...." }).best(1)).toBe("A1");
  });

  it("leave no single seat, though another choice is nearer the front", () => {
    expect(hall({ free: "xx...xx" }, { free: "xx..xxx" }).best(2)).toBe("B3 B4");
  });

  it("do not mind a seat that was single before", () => {
    expect(hall({ free: ".x..x.." }).best(2)).toBe("A3 A4");
    expect(hall({ free: ".x.." }).best(1)).toBe("A1");
  });

  it("are apart rather than strand a seat", () => {
    expect(hall({ free: "...xx." }, { free: "xxx..." }).best(2)).toBe("A3 A6");
  });

  it("strand a seat rather than be refused", () => {
    expect(hall({ free: "xx...xx" }).best(2)).toBe("A3 A4");
    expect(hall({ free: ".." }, { free: ".." }).best(1)).toBe("A1");
    expect(hall({ free: "..x..x.." }).best(1)).toBe("A4");
    expect(hall({ free: "..x.." }, { free: "..x.." }).best(7)).toBe("A1 A2 A4 A5 B1 B2 B4");
  });

  it("leave accessible and companion places for last", () => {
    const row = { free: "........", accessible: [4], companion: [5] };
    expect(hall(row, { free: "........" }).best(4)).toBe("B3 B4 B5 B6");
    expect(hall(row).best(3)).toBe("A1 A2 A3");
    expect(hall({ ...row, free: "xxx..xxx" }).best(2)).toBe("A4 A5");
    expect(hall({ free: "......", gapsAfter: [3], accessible: [5] }).best(3)).toBe("A1 A2 A3");
    expect(hall({ free: "....", gapsAfter: [2], accessible: [1, 2] }).best(2)).toBe("A3 A4");
    expect(hall({ free: "....", accessible: [1] }).best(2)).toBe("A3 A4");
    expect(hall({ free: "....", accessible: [3] }, { free: "...." }).best(2)).toBe("A1 A2");
  });

  it("are in as few pieces as possible, and those near each other", () => {
    expect(hall({ free: "..x.x" }, { free: "....x" }, { free: "....." }).best(9)).toBe("B1 B2 B3 B4 C1 C2 C3 C4 C5");
    expect(hall({ free: ".x.x.x." }, { free: "..xx..x" }).best(4)).toBe("B1 B2 B5 B6");
    expect(hall({ free: "..xxx" }, { free: "xx..x" }, { free: "..x.." }).best(4)).toBe("C1 C2 C4 C5");
  });

  it("are every free seat when exactly so many are left", () => {
    expect(hall({ free: ".x.x." }, { free: "xx..x" }).best(5)).toBe("A1 A3 A5 B3 B4");
  });

  it("do not exist when fewer are free", () => {
    expect(hall({ free: ".x.x." }, { free: "xx..x" }).best(6)).toBeNull();
    expect(hall({ free: "x" }).best(1)).toBeNull();
  });

  it("are of the tier that was asked for", () => {
    const rows = hall({ tier: "VIP", free: "...." }, { free: "..x.." });
    expect(rows.best(2, "GENERAL")).toBe("B1 B2");
    expect(rows.best(4, "GENERAL")).toBe("B1 B2 B4 B5");
    expect(rows.best(5, "GENERAL")).toBeNull();
    expect(rows.best(1, "STANDING")).toBeNull();
  });

  it("are of one tier if they can be, else of several", () => {
    const rows = hall({ tier: "VIP", free: "..x.." }, { free: ".x.x." });
    expect(rows.best(3)).toBe("B1 B3 B5");
    expect(rows.best(6)).toBe("A1 A2 A4 A5 B1 B3");
    const pairs = hall({ tier: "VIP", free: ".." }, { free: ".." }, { tier: "VIP", free: ".." });
    expect(pairs.best(3)).toBe("A1 A2 C1");
  });

  it("are of the tier in which they are nearer each other", () => {
    const [vip, full, general] = [{ tier: "VIP" as const, free: "..x" }, { free: "xxx" }, { free: "..x.." }];
    expect(hall(vip, full, vip, general).best(4)).toBe("D1 D2 D4 D5");
  });

  it("are any places of a standing row, for nobody is stranded there", () => {
    const pit = hall({ tier: "STANDING", free: "x.xx.x..", accessible: [2] });
    expect(pit.best(3)).toBe("A5 A7 A8");
    expect(pit.best(4)).toBe("A2 A5 A7 A8");
  });

  it("are in physical order, not in that of the layout: a row that grew goes on where it ended", () => {
    const part = (row: string, firstNumber: number, seats: number) => ({
      section: "Stalls",
      row,
      tier: "GENERAL" as const,
      firstNumber,
      seats,
      gapsAfter: [],
      accessible: [],
      companion: [],
      removed: [],
      blocked: [],
    });
    const geometry = geometryOf({ source: "map", segments: [part("A", 1, 2), part("B", 1, 3), part("A", 3, 2)] });
    expect(chooseBest(geometry, () => true, 4, null)).toEqual([0, 1, 5, 6]);
  });

  it("cannot be none", () => {
    expect(() => hall({ free: "." }).best(0)).toThrow(RangeError);
  });
});

/** What decides between two choices, the earlier before the later; the lower is better. */
function verdict(rows: readonly (readonly PlainSeat[])[], isFree: (seat: PlainSeat) => boolean, chosen: Set<number>) {
  let stranded = 0;
  let pieces = 0;
  let access = 0;
  let offCentre = 0;
  const tiers = new Set<Tier>();
  const usedRows = new Set<number>();
  for (const [r, row] of rows.entries()) {
    const standing = row[0]?.tier === "STANDING";
    const here = row.filter((seat) => chosen.has(seat.index));
    if (standing && here.length > 0) pieces += 1;
    for (const seat of here) {
      usedRows.add(r);
      tiers.add(seat.tier);
      if (seat.access) access += 1;
    }
    if (standing) continue;
    for (const [i, seat] of row.entries()) {
      const before = row[i - 1]?.aisle ? undefined : row[i - 1];
      const after = seat.aisle ? undefined : row[i + 1];
      const isAlone = (still: (s: PlainSeat) => boolean) => ![before, after].some((s) => s && still(s));
      const stays = (s: PlainSeat) => isFree(s) && !chosen.has(s.index);
      if (stays(seat) && isAlone(stays) && !isAlone(isFree)) stranded += 1;
      if (chosen.has(seat.index) && !(before && chosen.has(before.index))) pieces += 1;
    }
    const present = row.flatMap((seat, i) => (seat.removed ? [] : [i]));
    const places = row.flatMap((seat, i) => (chosen.has(seat.index) ? [i] : []));
    const middleOf = (at: readonly number[]) => (at[0] ?? 0) + (at[at.length - 1] ?? 0);
    if (places.length > 0) offCentre = Math.abs(middleOf(places) - middleOf(present));
  }
  const together = pieces === 1;
  const used = [...usedRows];
  return [
    stranded > 0,
    !together,
    tiers.size > 1,
    stranded,
    pieces,
    access,
    Math.max(...used) - Math.min(...used),
    Math.min(...used),
    together ? offCentre : 0,
    together ? Math.min(...chosen) : 0,
  ].map(Number);
}

function compare(a: readonly number[], b: readonly number[]): number {
  for (const [i, value] of a.entries()) if (value !== b[i]) return value - (b[i] ?? 0);
  return 0;
}

function* choicesOf(seats: readonly number[], quantity: number): Generator<Set<number>> {
  for (let bits = 0; bits < 1 << seats.length; bits++) {
    const chosen = seats.filter((_, i) => (bits >> i) & 1);
    if (chosen.length === quantity) yield new Set(chosen);
  }
}

describe("against every possible choice in small halls, the best available seats", () => {
  const cases = fc.record({
    layout: smallLayouts(),
    sold: fc.array(fc.boolean(), { minLength: 12, maxLength: 12 }),
    soldAtAll: fc.boolean(),
    quantity: fc.integer({ min: 1, max: 7 }),
    tier: fc.option(fc.constantFrom<Tier>("GENERAL", "VIP", "STANDING"), { freq: 3 }),
  });

  function freeIn(layout: Layout, sold: readonly boolean[]) {
    const rows = plainRows(layout);
    const isFree = (seat: PlainSeat) => !seat.removed && !seat.blocked && !sold[seat.index];
    const free = new Map(rows.flatMap((row) => row.filter(isFree).map((seat) => [seat.index, seat] as const)));
    return { rows, isFree, free };
  }

  it("are none of the worse ones", () => {
    fc.assert(
      fc.property(cases, ({ layout, sold, soldAtAll, quantity, tier }) => {
        const { rows, isFree, free } = freeIn(layout, soldAtAll ? sold : []);
        const wanted = [...free.values()].filter((seat) => tier === null || seat.tier === tier);
        const seats = chooseBest(geometryOf(layout), (seat) => free.has(seat), quantity, tier);
        if (wanted.length < quantity) {
          expect(seats).toBeNull();
          return;
        }
        const chosen = new Set(seats);
        expect([...chosen].every((seat) => wanted.some((w) => w.index === seat))).toBe(true);
        expect([chosen.size, seats?.length]).toEqual([quantity, quantity]);
        const got = verdict(rows, isFree, chosen);
        let best = got;
        const indices = wanted.map((seat) => seat.index);
        for (const choice of choicesOf(indices, quantity)) {
          const rival = verdict(rows, isFree, choice);
          if (compare(rival, best) < 0) best = rival;
        }
        expect(got).toEqual(best);
      }),
      runs(1500),
    );
  });

  it("sell a hall to its last seat, whatever is asked for", () => {
    const asked = fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 12, maxLength: 12 });
    fc.assert(
      fc.property(smallLayouts(), asked, (layout, quantities) => {
        const { free } = freeIn(layout, []);
        const geometry = geometryOf(layout);
        for (const quantity of quantities) {
          const seats = chooseBest(geometry, (seat) => free.has(seat), Math.min(quantity, free.size || 1), null);
          if (free.size === 0) expect(seats).toBeNull();
          for (const seat of seats ?? []) expect(free.delete(seat)).toBe(true);
        }
        expect(free.size).toBe(0);
      }),
      runs(300),
    );
  });
});
