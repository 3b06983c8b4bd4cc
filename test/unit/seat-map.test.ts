import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { layoutFromMap } from "../../src/domain/drawn-map";
import { geometryOf } from "../../src/domain/geometry";
import type { Refusal, Result } from "../../src/domain/refusals";
import {
  checkTierCapacities,
  checkTierPrices,
  DEFAULT_SEATS_PER_ROW,
  type Layout,
  layoutFromTiers,
  MAX_FIRST_NUMBER,
  MAX_ROW_SEATS,
  MAX_SEATS,
  type SeatMap,
  type SeatMapRow,
  seatMapOf,
  type Tier,
  type TierInput,
  tiersOf,
} from "../../src/domain/seat-map";
import { runs } from "./hall-arbitraries";

function tier(name: Tier, capacity: number | null): TierInput {
  return { tier: name, priceMinor: 100, capacity };
}

function map(...rows: (Partial<SeatMapRow> & { row: string })[]): SeatMap {
  return { sections: [{ name: "Stalls", rows: rows.map((row) => ({ tier: "GENERAL", seats: 10, ...row })) }] };
}

function accepted<T>(result: Result<T>): T {
  if (!result.ok) throw new Error(JSON.stringify(result.refusal));
  return result.value;
}

/** The field a validation refuses; the refusal itself if it is another one. */
function refusedField(result: Result<unknown>): string | Refusal | null {
  if (result.ok) return null;
  return result.refusal.code === "VALIDATION_ERROR" ? (result.refusal.problems[0]?.field ?? null) : result.refusal;
}

function idsOf(layout: Layout): readonly string[] {
  return geometryOf(layout).ids;
}

describe("a hall made from tiers", () => {
  it("has rows A, B, … with a tier starting a new row, and one row for standing", () => {
    const layout = layoutFromTiers([tier("VIP", 5), tier("STANDING", 7), tier("GENERAL", 6)], 4);
    const rows = layout.segments.map((s) => [s.section, s.row, s.tier, s.firstNumber, s.seats]);
    expect(rows).toEqual([
      ["VIP", "A", "VIP", 1, 4],
      ["VIP", "B", "VIP", 1, 1],
      ["Standing", "ST", "STANDING", 1, 7],
      ["General", "C", "GENERAL", 1, 4],
      ["General", "D", "GENERAL", 1, 2],
    ]);
    expect(layout.source).toBe("tiers");
  });

  it("has the documents' seat ids", () => {
    expect(idsOf(layoutFromTiers([tier("GENERAL", 3), tier("STANDING", 1)], 2))).toEqual([
      "seat_A1",
      "seat_A2",
      "seat_B1",
      "seat_ST1",
    ]);
  });

  it("goes on with AA after Z and leaves out ST, so that no seat shares an id with a standing place", () => {
    const labels = layoutFromTiers([tier("GENERAL", 30_000)], 1).segments.map((segment) => segment.row);
    expect(labels.slice(24, 28)).toEqual(["Y", "Z", "AA", "AB"]);
    expect([labels[511], labels[512], labels[513]]).toEqual(["SR", "SS", "SU"]);
    expect(labels[26 + 26 * 26 - 1]).toBe("AAA");
    expect(labels.every((label) => /^[A-Z]+$/.test(label) && label !== "ST")).toBe(true);
    expect(new Set(labels).size).toBe(30_000);
    expect([...labels].sort((a, b) => a.length - b.length || (a < b ? -1 : 1))).toEqual(labels);
  });

  it("keeps the last seats off sale when told so", () => {
    const layout = layoutFromTiers([tier("GENERAL", 5), tier("VIP", 3)], DEFAULT_SEATS_PER_ROW, 4);
    expect(layout.segments.map((segment) => segment.blocked)).toEqual([[5], [1, 2, 3]]);
    expect(geometryOf(layout).blocked.map(Number)).toEqual([0, 0, 0, 0, 1, 1, 1, 1]);
  });

  it("is never made from what was not checked", () => {
    expect(() => layoutFromTiers([tier("GENERAL", null)], 40)).toThrow("no capacity");
    expect(() => layoutFromTiers([tier("GENERAL", MAX_SEATS + 1)], 40)).toThrow(RangeError);
    expect(() => layoutFromTiers([tier("GENERAL", 1)], 0)).toThrow(RangeError);
  });

  it("needs tiers that are given once, have capacities, and make a hall", () => {
    expect(refusedField(checkTierCapacities([tier("VIP", 1), tier("VIP", 2)]))).toBe("ticketTiers");
    expect(refusedField(checkTierCapacities([tier("VIP", 1), tier("GENERAL", null)]))).toBe("ticketTiers[1].capacity");
    expect(refusedField(checkTierCapacities([]))).toBe("ticketTiers");
    expect(refusedField(checkTierCapacities([tier("VIP", MAX_SEATS), tier("GENERAL", 1)]))).toBe("ticketTiers");
    expect(checkTierCapacities([tier("VIP", MAX_SEATS - 1), tier("GENERAL", 1)]).ok).toBe(true);
  });
});

describe("a hall drawn as a seat map", () => {
  it("has the map's rows, their lists sorted and without repeats", () => {
    const drawn = map({ row: "A", tier: "VIP", gapsAfter: [7, 3, 7], accessible: [10, 1], companion: [2] });
    const layout = accepted(layoutFromMap(drawn));
    expect(layout).toEqual({
      source: "map",
      segments: [
        {
          section: "Stalls",
          row: "A",
          tier: "VIP",
          firstNumber: 1,
          seats: 10,
          gapsAfter: [3, 7],
          accessible: [1, 10],
          companion: [2],
          removed: [],
          blocked: [],
        },
      ],
    });
  });

  it.each<[string, SeatMap, string]>([
    ["a label in lower case", map({ row: "a" }), "seatMap.sections[0].rows[0].row"],
    ["a label of 7 characters", map({ row: "A" }, { row: "ABCDEFG" }), "seatMap.sections[0].rows[1].row"],
    ["an empty label", map({ row: "" }), "seatMap.sections[0].rows[0].row"],
    ["a label twice", map({ row: "A" }, { row: "B" }, { row: "A" }), "seatMap.sections[0].rows[2].row"],
    ["a row without seats", map({ row: "A", seats: 0 }), "seatMap.sections[0].rows[0].seats"],
    ["half a seat", map({ row: "A", seats: 1.5 }), "seatMap.sections[0].rows[0].seats"],
    ["too long a row", map({ row: "A", seats: MAX_ROW_SEATS + 1 }), "seatMap.sections[0].rows[0].seats"],
    ["too many places", map({ row: "P", tier: "STANDING", seats: 50_001 }), "seatMap.sections[0].rows[0].seats"],
    ["a gap before the row", map({ row: "A", gapsAfter: [0] }), "seatMap.sections[0].rows[0].gapsAfter[0]"],
    ["a gap after its end", map({ row: "A", gapsAfter: [3, 10] }), "seatMap.sections[0].rows[0].gapsAfter[1]"],
    ["a gap in one seat", map({ row: "A", seats: 1, gapsAfter: [1] }), "seatMap.sections[0].rows[0].gapsAfter[0]"],
    ["an accessible seat outside", map({ row: "A", accessible: [11] }), "seatMap.sections[0].rows[0].accessible[0]"],
    ["a companion seat outside", map({ row: "A", companion: [1, 0] }), "seatMap.sections[0].rows[0].companion[1]"],
    [
      "aisles among the standing",
      map({ row: "P", tier: "STANDING", gapsAfter: [2] }),
      "seatMap.sections[0].rows[0].gapsAfter",
    ],
    ["removed seats", map({ row: "A", removed: [1] }), "seatMap.sections[0].rows[0].removed"],
    ["no seats at all", { sections: [] }, "seatMap"],
    [
      "more seats than a hall may have",
      map({ row: "P", tier: "STANDING", seats: MAX_SEATS }, { row: "A", seats: 1 }),
      "seatMap",
    ],
    ["two seats of one id", map({ row: "A1" }, { row: "A", seats: 11 }), "seatMap.sections[0].rows[0].row"],
  ])("is refused for %s, by the field", (_, drawn, field) => {
    expect(refusedField(layoutFromMap(drawn))).toBe(field);
  });

  it("names the section too", () => {
    const [good, bad] = [map({ row: "A" }).sections[0], map({ row: "B" }, { row: "C-" }).sections[0]];
    if (good === undefined || bad === undefined) throw new Error("no sections");
    expect(refusedField(layoutFromMap({ sections: [good, bad] }))).toBe("seatMap.sections[1].rows[1].row");
  });

  it("may have labels that begin alike as long as no two seats share an id", () => {
    expect(layoutFromMap(map({ row: "A1", seats: 10 }, { row: "A", seats: 10 })).ok).toBe(true);
    expect(layoutFromMap(map({ row: "A0", seats: 10 }, { row: "A", seats: 500 })).ok).toBe(true);
  });

  it("is refused exactly when two seats would share an id", () => {
    const digits = fc.string({ unit: fc.constantFrom("A", "1", "2", "0"), minLength: 1, maxLength: 3 });
    const rows = fc.uniqueArray(fc.record({ row: digits, seats: fc.integer({ min: 1, max: MAX_ROW_SEATS }) }), {
      selector: (row) => row.row,
      minLength: 2,
      maxLength: 8,
    });
    fc.assert(
      fc.property(rows, (drawn) => {
        const ids = drawn.flatMap(({ row, seats }) => Array.from({ length: seats }, (_, n) => `${row}${n + 1}`));
        expect(layoutFromMap(map(...drawn)).ok).toBe(new Set(ids).size === ids.length);
      }),
      runs(300),
    );
  });

  it("may begin a row at any number, and count it from the right", () => {
    const row = {
      row: "A",
      seats: 4,
      firstNumber: 101,
      numbered: "right-to-left",
      gapsAfter: [102],
      accessible: [104],
    } as const;
    const layout = accepted(layoutFromMap(map(row, { row: "B", seats: 1, numbered: "left-to-right" })));
    expect(idsOf(layout)).toEqual(["seat_A101", "seat_A102", "seat_A103", "seat_A104", "seat_B1"]);
    expect(geometryOf(layout).runs.map(({ from, to }) => to - from)).toEqual([2, 2, 1]);
    expect(geometryOf(layout).accessible).toEqual([false, false, false, true, false]);
    expect(layout.segments.map(({ numbered }) => numbered)).toEqual(["right-to-left", undefined]);
    expect(seatMapOf(layout).sections[0]?.rows).toEqual([
      { tier: "GENERAL", ...row },
      { row: "B", tier: "GENERAL", seats: 1 },
    ]);
  });

  it("is refused numbers outside of a row that begins later, and a beginning out of bounds", () => {
    const field = (change: Partial<SeatMapRow>) => refusedField(layoutFromMap(map({ row: "A", seats: 4, ...change })));
    const at = "seatMap.sections[0].rows[0]";
    expect(field({ firstNumber: 11, gapsAfter: [10] })).toBe(`${at}.gapsAfter[0]`);
    expect(field({ firstNumber: 11, gapsAfter: [14] })).toBe(`${at}.gapsAfter[0]`);
    expect(field({ firstNumber: 11, accessible: [1] })).toBe(`${at}.accessible[0]`);
    expect(field({ firstNumber: 11, companion: [15] })).toBe(`${at}.companion[0]`);
    expect(field({ firstNumber: 0 })).toBe(`${at}.firstNumber`);
    expect(field({ firstNumber: MAX_FIRST_NUMBER + 1 })).toBe(`${at}.firstNumber`);
    expect(field({ firstNumber: MAX_FIRST_NUMBER, gapsAfter: [MAX_FIRST_NUMBER + 2] })).toBeNull();
  });

  it("is refused a row whose later numbers would have ids of another", () => {
    const clash = layoutFromMap(map({ row: "A1", seats: 5 }, { row: "A", seats: 2, firstNumber: 14 }));
    expect(refusedField(clash)).toBe("seatMap.sections[0].rows[0].row");
  });

  it("is shown as it was drawn", () => {
    const drawn: SeatMap = {
      sections: [
        {
          name: "Stalls",
          rows: [{ row: "A", tier: "VIP", seats: 4, gapsAfter: [2], accessible: [1], companion: [2] }],
        },
        { name: "Pit", rows: [{ row: "P", tier: "STANDING", seats: 300 }] },
      ],
    };
    expect(seatMapOf(accepted(layoutFromMap(drawn)))).toEqual(drawn);
  });
});

describe("the seat map that is shown", () => {
  const part = (row: string, firstNumber: number, seats: number, removed: readonly number[] = []) => ({
    section: "Stalls",
    row,
    tier: "GENERAL" as const,
    firstNumber,
    seats,
    gapsAfter: [firstNumber],
    accessible: [],
    companion: [],
    removed,
    blocked: [],
  });

  it("has one row a label, with the seats that left the hall", () => {
    const layout: Layout = { source: "map", segments: [part("A", 1, 3, [2]), part("B", 1, 2), part("A", 4, 2, [5])] };
    expect(seatMapOf(layout)).toEqual({
      sections: [
        {
          name: "Stalls",
          rows: [
            { row: "A", tier: "GENERAL", seats: 5, gapsAfter: [1, 4], removed: [2, 5] },
            { row: "B", tier: "GENERAL", seats: 2, gapsAfter: [1] },
          ],
        },
      ],
    });
  });

  it("leaves out a row that is wholly gone", () => {
    const layout: Layout = { source: "map", segments: [part("A", 1, 2, [1, 2]), part("B", 1, 2)] };
    expect(seatMapOf(layout).sections.flatMap((section) => section.rows.map((row) => row.row))).toEqual(["B"]);
  });
});

describe("the prices of a hall", () => {
  const layout = accepted(layoutFromMap(map({ row: "A", tier: "VIP" }, { row: "B" })));

  it("cover every tier that has seats, once; others may be priced too", () => {
    const [vip, general, standing] = [tier("VIP", null), tier("GENERAL", null), tier("STANDING", null)];
    expect(checkTierPrices(layout, [vip, general]).ok).toBe(true);
    expect(checkTierPrices(layout, [general, vip, standing]).ok).toBe(true);
    expect(refusedField(checkTierPrices(layout, [general]))).toBe("ticketTiers");
    expect(refusedField(checkTierPrices(layout, [general, vip, vip]))).toBe("ticketTiers");
  });

  it("are not asked of a tier whose seats all left", () => {
    const [a, b] = layout.segments;
    if (a === undefined || b === undefined) throw new Error("no rows");
    const gone: Layout = { ...layout, segments: [{ ...a, removed: [1, 2, 3, 4, 5, 6, 7, 8, 9, 10] }, b] };
    expect(tiersOf(layout)).toEqual(["GENERAL", "VIP"]);
    expect(tiersOf(gone)).toEqual(["GENERAL"]);
    expect(checkTierPrices(gone, [tier("GENERAL", null)]).ok).toBe(true);
  });
});
