import { describe, expect, test } from "vitest";
import { type FeedChange, KEPT_CHANGES } from "../../src/domain/box-office/feed";
import type { SeatStatus } from "../../src/domain/box-office/state";
import type { SeatId } from "../../src/domain/ids";
import { deltaFrame, FeedTable } from "../../src/durable/feed-table";

const SEATS = 4;

function hall({ seq = 10, missed = null as readonly FeedChange[] | null, since = 0 } = {}) {
  return new FeedTable({ type: "snapshot", seq, layoutVersion: 3, statuses: "A".repeat(SEATS) }, missed, since);
}

function change(seq: number, place: number, status: SeatStatus): FeedChange {
  return { seq, place, seatId: `seat_A${place + 1}` as SeatId, status };
}

const said = (frame: string) => JSON.parse(frame) as unknown;

describe("a relay's table", () => {
  test("gives the whole hall to who stands nowhere, and before what it knows", () => {
    const table = hall();
    const whole = { type: "snapshot", seq: 10, layoutVersion: 3, statuses: "AAAA" };
    expect(said(table.wholeFrame())).toEqual(whole);
    expect(said(table.frameSince(9, "seats"))).toEqual(whole);
  });

  test("gives who stands within what it knows each seat once, as it is now", () => {
    const table = hall();
    table.apply([change(11, 0, "L"), change(11, 1, "L")], 11);
    table.apply([change(12, 0, "A"), change(13, 2, "B")], 13);
    expect(said(table.frameSince(10, "seats"))).toEqual({
      type: "delta",
      prev: 10,
      seq: 13,
      changes: [
        ["seat_A2", "L"],
        ["seat_A1", "A"],
        ["seat_A3", "B"],
      ],
    });
    expect(said(table.frameSince(12, "seats"))).toEqual({
      type: "delta",
      prev: 12,
      seq: 13,
      changes: [["seat_A3", "B"]],
    });
    expect(said(table.wholeFrame())).toMatchObject({ seq: 13, statuses: "ALBA" });
  });

  test("tells the places of all that are now in a state to who wants them so", () => {
    const table = hall();
    table.apply([change(11, 0, "L"), change(11, 1, "L"), change(12, 3, "L")], 12);
    table.apply([change(13, 1, "B")], 13);
    expect(said(table.frameSince(10, "places"))).toEqual({
      type: "delta",
      prev: 10,
      seq: 13,
      places: { L: [0, 3], B: [1] },
    });
    expect(said(table.frameSince(12, "places"))).toMatchObject({ prev: 12, places: { B: [1] } });
    expect(said(table.frameSince(9, "places"))).toMatchObject({ type: "snapshot", statuses: "LBAL" });
    expect(said(table.frameSince(10, "seats"))).toMatchObject({ changes: expect.arrayContaining([["seat_A2", "B"]]) });
  });

  test("tells who comes back every change in order, or where each place is at the end", () => {
    const missed = [change(11, 0, "L"), change(12, 1, "L"), change(13, 0, "A")];
    expect(said(deltaFrame(10, 13, missed, "seats"))).toMatchObject({
      changes: [
        ["seat_A1", "L"],
        ["seat_A2", "L"],
        ["seat_A1", "A"],
      ],
    });
    expect(said(deltaFrame(10, 13, missed, "places"))).toMatchObject({ places: { L: [1], A: [0] } });
    expect(said(deltaFrame(10, 10, [], "places"))).toEqual({ type: "delta", prev: 10, seq: 10, places: {} });
  });

  test("makes a new frame when something came, and goes forward when nothing changed", () => {
    const table = hall();
    expect(said(table.frameSince(10, "seats"))).toMatchObject({ seq: 10, changes: [] });
    table.apply([], 14);
    expect(table.seq).toBe(14);
    expect(said(table.frameSince(10, "seats"))).toMatchObject({ prev: 10, seq: 14, changes: [] });
    table.apply([change(15, 3, "B")], 15);
    expect(said(table.frameSince(10, "seats"))).toMatchObject({ seq: 15, changes: [["seat_A4", "B"]] });
  });

  test("is told nothing new by what it knows already", () => {
    const table = hall();
    table.apply([change(11, 0, "L")], 11);
    table.apply([change(11, 0, "B")], 11);
    table.apply([change(10, 1, "B"), change(12, 2, "B")], 12);
    expect(said(table.wholeFrame())).toMatchObject({ seq: 12, statuses: "LABA" });
    expect(table.changesAfter(10).map(({ seq }) => seq)).toEqual([11, 12]);
  });

  test("reaches back to where what was missed begins", () => {
    const missed = [change(8, 0, "L"), change(9, 0, "A")];
    const table = hall({ missed, since: 7 });
    expect([table.reaches(6), table.reaches(7)]).toEqual([false, true]);
    expect(table.changesAfter(7)).toEqual(missed);
    expect(table.changesAfter(8)).toEqual(missed.slice(1));
  });

  test(`keeps the latest ${KEPT_CHANGES} changes and says so`, () => {
    const table = hall();
    const changes = Array.from({ length: KEPT_CHANGES + 2 }, (_, n) => change(11 + n, n % SEATS, "L"));
    table.apply(changes.slice(0, KEPT_CHANGES), 10 + KEPT_CHANGES);
    expect(table.reaches(10)).toBe(true);
    table.apply(changes.slice(KEPT_CHANGES), 12 + KEPT_CHANGES);
    expect([table.reaches(11), table.reaches(12)]).toEqual([false, true]);
    expect(table.changesAfter(12)).toHaveLength(KEPT_CHANGES);
    expect(said(table.frameSince(11, "seats"))).toMatchObject({ type: "snapshot" });
  });
});
