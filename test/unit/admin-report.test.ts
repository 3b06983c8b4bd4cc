// What an event has sold, from the box office's seats and the bookings' money.

import { describe, expect, it } from "vitest";
import { reportOf } from "../../src/app/admin-report";
import type { Sale } from "../../src/app/ports";
import type { EventDefinition } from "../../src/domain/box-office/state";
import { layoutFromTiers } from "../../src/domain/seat-map";
import { DAY, MINUTE } from "../../src/domain/time";

const NOON = Date.UTC(2027, 5, 15, 12);

/** Rows A (4 VIP seats at 250.00) and B (6 general at 75.00). */
const event = {
  id: "evnt_1",
  currency: "GBP",
  tiers: [
    { tier: "VIP", priceMinor: 25_000 },
    { tier: "GENERAL", priceMinor: 7_500 },
  ],
  layout: layoutFromTiers(
    [
      { tier: "VIP", priceMinor: 25_000, capacity: 4 },
      { tier: "GENERAL", priceMinor: 7_500, capacity: 6 },
    ],
    10,
  ),
} as unknown as EventDefinition;

function sale(atMs: number, seatIds: readonly string[], totalMinor: number): Sale {
  return { confirmedAtMs: atMs, seatIds, totalMinor };
}

describe("reportOf", () => {
  it("counts every seat once, by tier and in all, and leaves out those that left the hall", () => {
    const report = reportOf(event, "RRLAXBAAAR", []);
    const [vip, general] = report.tiers;
    expect(vip).toMatchObject({ total: 4, sold: 2, held: 1, available: 1, blocked: 0 });
    expect(general).toMatchObject({ total: 5, sold: 1, held: 0, available: 3, blocked: 1 });
    expect(report).toMatchObject({ total: 9, sold: 3, held: 1, available: 4, blocked: 1 });
  });

  it("shares a booking over two tiers by their prices, to the last penny", () => {
    const report = reportOf(event, "RAAARAAAAA", [sale(NOON, ["seat_A1", "seat_B1"], 10_001)]);
    const revenues = report.tiers.map(({ revenueMinor }) => revenueMinor);
    expect(revenues).toEqual([7_693, 2_308]);
    expect(report.revenueMinor).toBe(10_001);
  });

  it("keeps what was paid when prices have changed since", () => {
    const report = reportOf(event, "RAAAAAAAAA", [sale(NOON, ["seat_A1"], 19_900)]);
    expect(report.tiers[0]?.revenueMinor).toBe(19_900);
  });

  it("sells nothing over time before the first sale", () => {
    expect(reportOf(event, "AAAAAAAAAA", []).overTime).toEqual([]);
  });

  it("cuts time into equal spans, empty ones too, whose sums are the whole", () => {
    const sales = [
      sale(NOON + MINUTE, ["seat_A1"], 25_000),
      sale(NOON + 2 * MINUTE, ["seat_A2"], 25_000),
      sale(NOON + 16 * MINUTE, ["seat_B1"], 7_500),
    ];
    const { overTime, spanMs } = reportOf(event, "RRAARAAAAA", sales);
    expect(spanMs).toBe(5 * MINUTE);
    expect(overTime.map(({ fromMs, tickets, revenueMinor }) => [fromMs - NOON, tickets, revenueMinor])).toEqual([
      [0, 2, 50_000],
      [5 * MINUTE, 0, 0],
      [10 * MINUTE, 0, 0],
      [15 * MINUTE, 1, 7_500],
    ]);
  });

  it("never has more spans than a chart can show, however long the sale lasts", () => {
    for (const days of [1, 30, 400, 4_000]) {
      const sales = [sale(NOON, ["seat_A1"], 1), sale(NOON + days * DAY, ["seat_A2"], 1)];
      const { overTime } = reportOf(event, "RRAAAAAAAA", sales);
      expect(overTime.length).toBeLessThanOrEqual(49);
      expect(overTime.reduce((sum, { tickets }) => sum + tickets, 0)).toBe(2);
    }
  });
});
