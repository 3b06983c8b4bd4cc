import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { layoutFromMap } from "../../src/domain/drawn-map";
import { geometryOf, seatCountsByTier } from "../../src/domain/geometry";
import type { Result } from "../../src/domain/refusals";
import {
  type Layout,
  layoutFromTiers,
  MAX_INDICES,
  MAX_SEATS,
  type SeatMap,
  type SeatMapRow,
  seatMapOf,
  TIERS,
  type Tier,
  type TierInput,
  tiersOf,
} from "../../src/domain/seat-map";
import { growLayout, type LayoutChange } from "../../src/domain/seat-map-growth";
import { LABELS, plainRows, runs, seatMaps } from "./hall-arbitraries";

function tier(name: Tier, capacity: number | null): TierInput {
  return { tier: name, priceMinor: 100, capacity };
}

function map(...rows: (Partial<SeatMapRow> & { row: string })[]): SeatMap {
  return { sections: [{ name: "Stalls", rows: rows.map((row) => ({ tier: "GENERAL", seats: 4, ...row })) }] };
}

function accepted<T>(result: Result<T>): T {
  if (!result.ok) throw new Error(JSON.stringify(result.refusal));
  return result.value;
}

/** What `growLayout` refuses: a tier in use, or the field of a validation. */
function refused(layout: Layout, change: LayoutChange, ...taken: readonly string[]): string | null {
  const result = grow(layout, change, ...taken);
  if (result.ok) return null;
  if (result.refusal.code === "TIER_IN_USE") return `${result.refusal.tier} in use`;
  return result.refusal.code === "VALIDATION_ERROR" ? (result.refusal.problems[0]?.field ?? null) : result.refusal.code;
}

function grow(layout: Layout, change: LayoutChange, ...taken: readonly string[]): Result<Layout> {
  const { ids } = geometryOf(layout);
  return growLayout(layout, change, (seat) => taken.includes(`${ids[seat]}`.slice("seat_".length)));
}

/** The ids of the seats in the hall, in index order, without their prefix. */
function seatsIn(layout: Layout): string {
  const { ids, removed } = geometryOf(layout);
  return ids.flatMap((id, seat) => (removed[seat] ? [] : [id.slice("seat_".length)])).join(" ");
}

describe("a hall made from tiers, changed", () => {
  const hall = layoutFromTiers([tier("GENERAL", 5), tier("STANDING", 2)], 3);
  const tiers = (...inputs: readonly TierInput[]): LayoutChange => ({ tiers: inputs, seatsPerRow: 3 });

  it("gets new rows after the last for more capacity", () => {
    const grown = accepted(grow(hall, tiers(tier("GENERAL", 9), tier("STANDING", 2))));
    expect(seatsIn(grown)).toBe("A1 A2 A3 B1 B2 ST1 ST2 C1 C2 C3 D1");
  });

  it("gets more places in its standing row, under numbers of their own", () => {
    const grown = accepted(grow(hall, tiers(tier("GENERAL", 5), tier("STANDING", 4))));
    expect(seatsIn(grown)).toBe("A1 A2 A3 B1 B2 ST1 ST2 ST3 ST4");
    expect(seatMapOf(grown).sections[1]?.rows).toEqual([{ row: "ST", tier: "STANDING", seats: 4 }]);
  });

  it("loses its last free seats for less capacity", () => {
    const less = accepted(grow(hall, tiers(tier("GENERAL", 3), tier("STANDING", 2)), "B1"));
    expect(seatsIn(less)).toBe("A1 A2 B1 ST1 ST2");
    expect(less.segments.map((segment) => segment.removed)).toEqual([[3], [2], []]);
  });

  it("is refused a capacity below what is taken", () => {
    expect(refused(hall, tiers(tier("GENERAL", 1), tier("STANDING", 2)), "A1", "B2")).toBe("GENERAL in use");
    expect(refused(hall, tiers(tier("GENERAL", 2), tier("STANDING", 2)), "A1", "B2")).toBeNull();
  });

  it("loses a tier that is not given again, unless it is in use", () => {
    expect(seatsIn(accepted(grow(hall, tiers(tier("GENERAL", 5)))))).toBe("A1 A2 A3 B1 B2");
    expect(refused(hall, tiers(tier("GENERAL", 5)), "ST1")).toBe("STANDING in use");
  });

  it("gets rows for a tier that is new", () => {
    const grown = accepted(grow(hall, tiers(tier("VIP", 2), tier("GENERAL", null), tier("STANDING", null))));
    expect(seatsIn(grown)).toBe("A1 A2 A3 B1 B2 ST1 ST2 C1 C2");
    expect(tiersOf(grown)).toEqual([...TIERS]);
  });

  it("stays as it is where only prices change", () => {
    expect(accepted(grow(hall, tiers(tier("GENERAL", null), tier("STANDING", null)), "A1"))).toEqual(hall);
    expect(accepted(grow(hall, {}, "A1"))).toEqual(hall);
  });

  it("never gives a label twice, not even that of a row that left", () => {
    const less = accepted(grow(hall, tiers(tier("GENERAL", 3))));
    const more = accepted(grow(less, tiers(tier("GENERAL", 4), tier("STANDING", 1))));
    expect(seatsIn(more)).toBe("A1 A2 A3 C1 ST3");
  });

  it("removes seats that are kept off sale like free ones, and then no longer blocks them", () => {
    const blocked = layoutFromTiers([tier("GENERAL", 4)], 4, 2);
    const less = accepted(grow(blocked, tiers(tier("GENERAL", 3))));
    expect(less.segments.map(({ removed, blocked: kept }) => [removed, kept])).toEqual([[[4], [3]]]);
  });

  it("is refused tiers that make no hall, by the field", () => {
    expect(refused(hall, tiers(tier("GENERAL", 5), tier("GENERAL", 6)))).toBe("ticketTiers");
    expect(refused(hall, tiers())).toBe("ticketTiers");
    expect(refused(hall, tiers(tier("GENERAL", null), tier("VIP", null)))).toBe("ticketTiers[1].capacity");
    expect(refused(hall, tiers(tier("GENERAL", MAX_SEATS + 1)))).toBe("ticketTiers");
  });

  it("cannot be rebuilt without end", () => {
    let layout = layoutFromTiers([tier("STANDING", MAX_SEATS)], 40);
    let rebuilt = MAX_SEATS;
    while (rebuilt < MAX_INDICES) {
      layout = accepted(growLayout(layout, { tiers: [tier("STANDING", 1)] }, () => false));
      layout = accepted(growLayout(layout, { tiers: [tier("STANDING", 25_001)] }, () => false));
      rebuilt += 25_000;
    }
    expect(refused(layout, { tiers: [tier("STANDING", 25_002)] })).toBe("ticketTiers");
  });
});

describe("a drawn hall, changed", () => {
  const hall = accepted(layoutFromMap(map({ row: "A", tier: "VIP" }, { row: "B", seats: 3 })));

  it("takes the new map's rows, seats and marks, the old seats first", () => {
    const redrawn = map(
      { row: "C", seats: 1 },
      { row: "A", tier: "VIP", seats: 6, gapsAfter: [2, 5], accessible: [6] },
    );
    const grown = accepted(grow(hall, { seatMap: redrawn }));
    expect(seatsIn(grown)).toBe("A1 A2 A3 A4 C1 A5 A6");
    expect(seatMapOf(grown).sections[0]?.rows).toEqual([
      { row: "A", tier: "VIP", seats: 6, gapsAfter: [2, 5], accessible: [6] },
      { row: "C", tier: "GENERAL", seats: 1 },
    ]);
  });

  it("is refused a map without a seat that is taken", () => {
    expect(refused(hall, { seatMap: map({ row: "A", tier: "VIP" }) }, "B1")).toBe("GENERAL in use");
    expect(refused(hall, { seatMap: map({ row: "A", tier: "VIP", seats: 3 }, { row: "B" }) }, "A4")).toBe("VIP in use");
    expect(refused(hall, { seatMap: map({ row: "A", tier: "VIP", seats: 3 }, { row: "B" }) }, "A3", "B3")).toBeNull();
  });

  it("is refused another tier for a seat that is taken", () => {
    expect(refused(hall, { seatMap: map({ row: "A" }, { row: "B" }) }, "A2")).toBe("VIP in use");
    expect(refused(hall, { seatMap: map({ row: "A" }, { row: "B" }) }, "B2")).toBeNull();
  });

  it("gets a seat that left back under its old index", () => {
    const without = accepted(grow(hall, { seatMap: map({ row: "B", seats: 2 }) }));
    expect(seatsIn(without)).toBe("B1 B2");
    const again = accepted(grow(without, { seatMap: map({ row: "B", seats: 3 }, { row: "A", seats: 2 }) }));
    expect(seatsIn(again)).toBe("A1 A2 B1 B2 B3");
    expect(geometryOf(again).ids).toEqual(geometryOf(hall).ids);
    expect(tiersOf(again)).toEqual(["GENERAL"]);
  });

  it("does not ask whether a seat that left is taken", () => {
    const without = accepted(grow(hall, { seatMap: map({ row: "A", tier: "VIP" }) }));
    expect(refused(without, { seatMap: map({ row: "A", tier: "VIP" }) }, "B1", "B2", "B3")).toBeNull();
  });

  it("is refused a seat that has the id of one that left", () => {
    const old = accepted(layoutFromMap(map({ row: "A1" }, { row: "B" })));
    const without = accepted(grow(old, { seatMap: map({ row: "B" }) }));
    const clash = { seatMap: map({ row: "B" }, { row: "A", seats: 11 }) };
    expect(refused(without, clash)).toBe("seatMap.sections[0].rows[1].row");
  });

  it("grows a row that begins at a later number at its end, and may count it the other way", () => {
    const late = accepted(layoutFromMap(map({ row: "A", firstNumber: 11 })));
    const grown = accepted(
      grow(late, { seatMap: map({ row: "A", seats: 6, firstNumber: 11, numbered: "right-to-left" }) }, "A12"),
    );
    expect(seatsIn(grown)).toBe("A11 A12 A13 A14 A15 A16");
    expect(seatMapOf(grown).sections[0]?.rows).toEqual([
      { row: "A", tier: "GENERAL", seats: 6, firstNumber: 11, numbered: "right-to-left" },
    ]);
    const less = accepted(grow(grown, { seatMap: map({ row: "A", seats: 4, firstNumber: 13 }) }));
    expect(seatsIn(less)).toBe("A13 A14 A15 A16");
    expect(less.segments.map(({ numbered }) => numbered)).toEqual([undefined, undefined]);
    expect(refused(grown, { seatMap: map({ row: "A", seats: 4, firstNumber: 13 }) }, "A11")).toBe("GENERAL in use");
  });

  it("is refused numbers before a row's first, or away from its last", () => {
    const late = accepted(layoutFromMap(map({ row: "A", firstNumber: 11 })));
    const at = "seatMap.sections[0].rows[0].firstNumber";
    expect(refused(late, { seatMap: map({ row: "A", firstNumber: 10 }) })).toBe(at);
    expect(refused(late, { seatMap: map({ row: "A", firstNumber: 16 }) })).toBe(at);
    expect(refused(late, { seatMap: map({ row: "A", firstNumber: 15 }) })).toBeNull();
  });

  it("may have been made from tiers", () => {
    const made = layoutFromTiers([tier("GENERAL", 5)], 3);
    const redrawn = accepted(grow(made, { seatMap: map({ row: "A", seats: 4 }) }, "A2"));
    expect(seatsIn(redrawn)).toBe("A1 A2 A3 A4");
    expect(redrawn.source).toBe("map");
  });

  it("takes prices without capacities, one for each tier that has seats", () => {
    const prices = [tier("VIP", null), tier("GENERAL", null)];
    expect(accepted(grow(hall, { tiers: prices }))).toEqual(hall);
    expect(refused(hall, { tiers: [tier("VIP", null), tier("GENERAL", 3)] })).toBe("ticketTiers[1].capacity");
    expect(refused(hall, { tiers: [tier("VIP", null)] })).toBe("ticketTiers");
    expect(refused(hall, { tiers: [tier("VIP", null)], seatMap: map({ row: "A", tier: "VIP" }) })).toBeNull();
    expect(refused(hall, { tiers: prices, seatMap: map({ row: "P", tier: "STANDING" }) })).toBe("ticketTiers");
    expect(refused(hall, { tiers: [tier("VIP", 4)], seatMap: map({ row: "A", tier: "VIP" }) })).toBe(
      "ticketTiers[0].capacity",
    );
  });

  it("is refused a map that breaks a rule, by the field", () => {
    expect(refused(hall, { seatMap: map({ row: "A" }, { row: "?" }) })).toBe("seatMap.sections[0].rows[1].row");
    expect(refused(hall, { seatMap: { sections: [] } })).toBe("seatMap");
  });
});

/** Seats of a layout by id, as far as a sale cares. */
function seatTable(layout: Layout) {
  const seats = plainRows(layout).flat();
  return new Map(seats.map((seat) => [seat.id, seat]));
}

/** Whatever was changed: seats keep their ids and indices, and those that are taken stay as they are. */
function expectGrown(before: Layout, after: Layout, taken: ReadonlySet<string>): void {
  const old = seatTable(before);
  const now = seatTable(after);
  expect([...old.values()].filter((seat) => now.get(seat.id)?.index !== seat.index)).toEqual([]);
  expect(geometryOf(after).indexOf.size).toBe(geometryOf(after).size);
  for (const id of taken) expect([now.get(id)?.removed, now.get(id)?.tier]).toEqual([false, old.get(id)?.tier]);
  expect([...now.values()].some((seat) => seat.removed && seat.blocked)).toBe(false);
}

function takenIn(layout: Layout, dice: readonly number[]): ReadonlySet<string> {
  const here = [...seatTable(layout).values()].filter((seat) => !seat.removed);
  return new Set(here.filter((_, i) => dice[i % dice.length] === 0).map((seat) => seat.id));
}

const dice = fc.array(fc.integer({ min: 0, max: 4 }), { minLength: 1, maxLength: 17 });

describe("through any sequence of changes, a hall", () => {
  it("made from tiers keeps every index and every taken seat, and has the seats that were asked for", () => {
    const inputs = fc
      .tuple(
        fc.shuffledSubarray([...TIERS], { minLength: 1 }),
        fc.array(fc.option(fc.integer({ min: 1, max: 30 }), { freq: 4 }), { minLength: 3, maxLength: 3 }),
      )
      .map(([names, capacities]) => names.map((name, i) => tier(name, capacities[i] ?? null)));
    const changes = fc.array(fc.tuple(inputs, fc.integer({ min: 1, max: 12 }), dice), { minLength: 1, maxLength: 8 });
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 40 }), fc.nat({ max: 5 }), changes, (capacity, blocked, sequence) => {
        let layout = layoutFromTiers([tier("GENERAL", capacity)], 7, blocked);
        for (const [tiers, seatsPerRow, thrown] of sequence) {
          const taken = takenIn(layout, thrown);
          const { ids } = geometryOf(layout);
          const counts = seatCountsByTier(geometryOf(layout));
          const result = growLayout(layout, { tiers, seatsPerRow }, (seat) => taken.has(`${ids[seat]}`));
          const wanted = TIERS.map((name, t) => {
            const input = tiers.find((one) => one.tier === name);
            return input === undefined ? 0 : (input.capacity ?? counts[t] ?? 0);
          });
          const before = seatTable(layout);
          const takenOf = (name: Tier) => [...taken].filter((id) => before.get(id)?.tier === name).length;
          const isInUse = TIERS.some((name, t) => takenOf(name) > (wanted[t] ?? 0));
          const isUnknown = tiers.some((input) => input.capacity === null && counts[TIERS.indexOf(input.tier)] === 0);
          expect(result.ok).toBe(!isInUse && !isUnknown);
          if (!result.ok) continue;
          expectGrown(layout, result.value, taken);
          expect(seatCountsByTier(geometryOf(result.value))).toEqual(wanted);
          expectLastFreeRemoved(layout, result.value, taken);
          layout = result.value;
        }
      }),
      runs(300),
    );
  });

  function expectLastFreeRemoved(before: Layout, after: Layout, taken: ReadonlySet<string>): void {
    const now = seatTable(after);
    for (const name of TIERS) {
      const free = [...seatTable(before).values()]
        .filter((seat) => seat.tier === name && !seat.removed && !taken.has(seat.id))
        .sort((a, b) => a.index - b.index);
      const stayed = free.map((seat) => now.get(seat.id)?.removed === false);
      expect(stayed).toEqual([...stayed].sort((a, b) => Number(b) - Number(a)));
    }
  }

  it("drawn anew keeps every index and every taken seat, and is the hall of the last map", () => {
    const changes = fc.array(fc.tuple(seatMaps(LABELS, 12), dice), { minLength: 1, maxLength: 6 });
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 30 }), changes, (capacity, sequence) => {
        let layout = layoutFromTiers([tier("GENERAL", capacity)], 9, 3);
        for (const [seatMap, thrown] of sequence) {
          const taken = takenIn(layout, thrown);
          const { ids } = geometryOf(layout);
          const result = growLayout(layout, { seatMap }, (seat) => taken.has(`${ids[seat]}`));
          const fresh = layoutFromMap(seatMap);
          const drawn = fresh.ok ? seatTable(fresh.value) : new Map<string, never>();
          const before = seatTable(layout);
          const isInUse = [...taken].some((id) => drawn.get(id)?.tier !== before.get(id)?.tier);
          if (result.ok) {
            expect([fresh.ok, isInUse]).toEqual([true, false]);
            expectGrown(layout, result.value, taken);
            const marks = (seats: Iterable<{ id: string; tier: Tier; access: boolean; aisle: boolean }>) =>
              [...seats].map((s) => `${s.id} ${s.tier} ${s.access} ${s.aisle}`).sort();
            const here = [...seatTable(result.value).values()].filter((seat) => !seat.removed);
            expect(marks(here)).toEqual(marks(drawn.values()));
            layout = result.value;
          } else if (result.refusal.code === "TIER_IN_USE") {
            expect(isInUse).toBe(true);
          } else if (fresh.ok) {
            // A valid map is refused only for an id that some other seat has had.
            const rowOf = (l: Layout) => new Map(plainIds(l));
            const old = rowOf(layout);
            expect([...rowOf(fresh.value)].some(([id, row]) => old.has(id) && old.get(id) !== row)).toBe(true);
          }
        }
      }),
      runs(300),
    );
  });

  function plainIds(layout: Layout): readonly (readonly [id: string, row: string])[] {
    const { ids, rows } = geometryOf(layout);
    return ids.map((id, seat) => [id, rows[seat] ?? ""]);
  }
});
