// The event behind the sale: taken once, changed here first, and shown as it is.

import { describe, expect, it } from "vitest";
import { auditState } from "../../src/domain/box-office/audit";
import type { EventChange } from "../../src/domain/box-office/commands";
import { execute, noChanges } from "../../src/domain/box-office/execute";
import { changesHall, coalesce, feedChanges, gatesOf, snapshotOf } from "../../src/domain/box-office/feed";
import { emptyBoxOffice } from "../../src/domain/box-office/seat-table";
import type { JournalEntry } from "../../src/domain/box-office/state";
import { layoutFromTiers } from "../../src/domain/seat-map";
import { DAY, HOUR, SECOND } from "../../src/domain/time";
import { anEvent, anId, aUser, type Office, openOffice, START_MS } from "./box-office-builder";

const amend = (office: Office, change: Partial<EventChange>) =>
  office.ok({ type: "amend", change: { venueCapacity: null, ...change } }).definition;

function refusalOf(office: Office, change: Partial<EventChange>) {
  const reply = office.send({ type: "amend", change: { venueCapacity: null, ...change } });
  if (reply.ok || "notDefined" in reply) throw new Error(`not refused: ${JSON.stringify(reply)}`);
  return reply.refusal;
}

describe("the definition", () => {
  it("is asked for before anything else, and nothing is done without it", () => {
    const state = emptyBoxOffice({ holdTtlMs: 1, paymentWindowMs: 1, bookingsPerMinute: 1 });
    const changes = noChanges();
    const wake = { type: "wake", actor: "test", requestId: "req_1" } as const;
    expect(execute(state, wake, START_MS, changes)).toEqual({ ok: false, notDefined: true });
    expect(changes).toEqual(noChanges());
  });

  it("comes from D1 once: the first is journalled, and D1 need not be told of it", () => {
    const definition = anEvent({ version: 3 });
    const office = openOffice(definition);
    expect(office.changes.definition).toBe(definition);
    expect(office.changes.journal.flatMap(({ facts }) => facts)).toEqual([
      {
        type: "event.created",
        tiers: [
          { tier: "VIP", priceMinor: 25_000, seats: 10 },
          { tier: "GENERAL", priceMinor: 7_500, seats: 20 },
        ],
        detail: {
          name: "Coldplay",
          version: 3,
          venueId: null,
          startsAtMs: definition.startsAtMs,
          currency: "GBP",
        },
      },
    ]);
    expect(office.state.definitionToldVersion).toBe(3);
    expect(office.ok({ type: "define", definition: { ...definition, name: "Older", version: 1 } })).toEqual({
      version: 3,
    });
    expect(office.changes.journal).toEqual([]);
    expect(office.state.definition?.name).toBe("Coldplay");
  });

  it("changes only where it is asked to, as its next version", () => {
    const office = openOffice();
    const before = office.state.definition;
    office.pass(HOUR);
    const venueId = anId("ven");
    const change = { name: "Coldplay II", description: "Live", venueId, startsAtMs: START_MS + 40 * DAY };
    const moved = { ...change, endsAtMs: START_MS + 41 * DAY };
    expect(amend(office, moved)).toEqual({ ...before, ...moved, version: 2, updatedAtMs: office.nowMs });
    expect(office.changes.journal.flatMap(({ facts }) => facts)).toEqual([
      { type: "event.updated", detail: { version: 2 } },
    ]);
    expect(amend(office, {})).toMatchObject({ ...moved, version: 3 });
    expect(amend(office, { description: null }).description).toBeNull();
    expect(office.state.definition).toEqual(office.changes.definition);
  });

  it("must end after it starts, but one whose times stay may be changed whatever they are", () => {
    const office = openOffice(anEvent({ endsAtMs: START_MS + 30 * DAY }));
    expect(amend(office, { name: "No length" }).name).toBe("No length");
    expect(refusalOf(office, { startsAtMs: START_MS + 30 * DAY })).toMatchObject({ problems: [{ field: "endsAt" }] });
    expect(refusalOf(office, { endsAtMs: START_MS + 30 * DAY })).toMatchObject({ problems: [{ field: "endsAt" }] });
    expect(refusalOf(office, { endsAtMs: START_MS })).toMatchObject({ problems: [{ field: "endsAt" }] });
    expect(amend(office, { endsAtMs: START_MS + 30 * DAY + 1 }).endsAtMs).toBe(START_MS + 30 * DAY + 1);
    expect(amend(office, { startsAtMs: START_MS + 29 * DAY }).startsAtMs).toBe(START_MS + 29 * DAY);
  });

  it("takes a new price for new bookings only", () => {
    const office = openOffice();
    const user = aUser();
    const old = office.book(user, ["A1"], null);
    const tiers = [
      { tier: "VIP", priceMinor: 30_000, capacity: 10 },
      { tier: "GENERAL", priceMinor: 9_000, capacity: 20 },
    ] as const;
    expect(amend(office, { tiers }).tiers).toEqual(tiers.map(({ tier, priceMinor }) => ({ tier, priceMinor })));
    expect(office.booking(old).prices).toEqual([25_000]);
    expect(office.booking(office.book(user, ["A2"], null)).prices).toEqual([30_000]);
  });

  it("takes another currency while no seat is anybody's, and else names the tier that is in use", () => {
    const office = openOffice();
    expect(amend(office, { currency: "EUR" }).currency).toBe("EUR");
    const user = aUser();
    const lockId = office.hold(user, "B1");
    expect(amend(office, { currency: "EUR" }).currency).toBe("EUR");
    expect(refusalOf(office, { currency: "USD" })).toEqual({ code: "TIER_IN_USE", tier: "GENERAL" });
    office.ok({ type: "release", lockId, userId: user });
    expect(amend(office, { currency: "USD" }).currency).toBe("USD");
    office.hold(aUser(), "A1");
    expect(refusalOf(office, { currency: "GBP" })).toEqual({ code: "TIER_IN_USE", tier: "VIP" });
  });

  it("has no more seats than its venue", () => {
    const office = openOffice();
    expect(amend(office, { venueCapacity: 30 }).version).toBe(2);
    expect(refusalOf(office, { venueCapacity: 29 })).toEqual({
      code: "CAPACITY_EXCEEDS_VENUE",
      capacity: 30,
      venueCapacity: 29,
    });
  });

  it("grows by new seats, loses free ones, keeps those that are held, and D1 hears how many are free", () => {
    const office = openOffice();
    office.hold(aUser(), "A1", "C10");
    const tiers = (vip: number, general: number) => ({
      tiers: [
        { tier: "VIP", priceMinor: 25_000, capacity: vip },
        { tier: "GENERAL", priceMinor: 7_500, capacity: general },
      ] as const,
    });
    amend(office, tiers(10, 15));
    expect([office.status("C9"), office.status("C10"), office.status("B10")]).toEqual(["X", "L", "A"]);
    expect(office.ok({ type: "readEvent" }).availability).toMatchObject({
      totalSeats: 25,
      availableSeats: 23,
      tiers: [
        { tier: "VIP", available: 9, total: 10 },
        { tier: "GENERAL", available: 14, total: 15 },
      ],
    });
    expect(office.state.availabilitySeq).toBe(office.state.seq);
    expect(refusalOf(office, { ...tiers(10, 15), venueCapacity: 24 })).toMatchObject({ capacity: 25 });
    amend(office, tiers(12, 15));
    expect(office.ok({ type: "readEvent" }).availability).toMatchObject({ totalSeats: 27, availableSeats: 25 });
    expect(refusalOf(office, tiers(10, 0))).toMatchObject({ code: expect.any(String) });
    expect(
      office.send({
        type: "hold",
        lockId: office.lockId(),
        userId: aUser(),
        choice: { by: "seats", seatIds: ["seat_C9" as never] },
        clientKey: null,
        dialect: false,
      }),
    ).toMatchObject({ refusal: { code: "VALIDATION_ERROR" } });
  });

  it("that is drawn anew has the new seats, and none of a tier without a price", () => {
    const office = openOffice(anEvent({ tierInputs: [{ tier: "GENERAL", priceMinor: 100, capacity: 3 }] }));
    const row = { row: "A", tier: "GENERAL", seats: 4 } as const;
    const drawn = (...rows: (typeof row)[]) => ({ seatMap: { sections: [{ name: "Stalls", rows }] } });
    amend(office, drawn(row));
    expect(office.ok({ type: "readSeats" }).statuses).toBe("AAAA");
    const vip = { row: "B", tier: "VIP", seats: 2 } as never;
    expect(refusalOf(office, drawn(row, vip))).toMatchObject({ problems: [{ field: "ticketTiers" }] });
  });

  it("that gives a tier no price is refused", () => {
    const office = openOffice();
    const tiers = [{ tier: "VIP", priceMinor: 1, capacity: 10 }] as const;
    expect(refusalOf(office, { tiers, seatMap: { sections: [] } }).code).toBe("VALIDATION_ERROR");
  });
});

describe("seats kept off sale", () => {
  it("are nobody's, count in the hall and not among the free ones", () => {
    const layout = layoutFromTiers([{ tier: "GENERAL", priceMinor: 100, capacity: 5 }], 5);
    const [segment] = layout.segments;
    const blocked = { ...layout, segments: [{ ...(segment as NonNullable<typeof segment>), blocked: [2] }] };
    const tiers = [{ tier: "GENERAL", priceMinor: 100 }] as const;
    const office = openOffice(anEvent({ tiers, layout: blocked }));
    expect(office.ok({ type: "readSeats" }).statuses).toBe("ABAAA");
    expect(office.ok({ type: "readEvent" }).availability).toMatchObject({ totalSeats: 5, availableSeats: 4 });
    const id = office.book(aUser(), ["A2"]);
    expect(auditState(office.state, [], true, office.nowMs, office.nowMs).violations).toEqual([]);
    expect(office.booking(id).status).toBe("FAILED");
    expect(office.status("A2")).toBe("B");
  });
});

describe("reading", () => {
  it("the seats gives the definition unless the caller has it", () => {
    const office = openOffice();
    office.hold(aUser(), "A2");
    const { definition } = office.state;
    const statuses = `AL${"A".repeat(28)}`;
    expect(office.ok({ type: "readSeats" })).toEqual({ version: 1, definition, statuses, seq: 2 });
    expect(office.ok({ type: "readSeats", knownVersion: 1 }).definition).toBeNull();
    expect(office.ok({ type: "readSeats", knownVersion: 2 }).definition).toEqual(definition);
  });

  it("the seats gives their statuses unless nothing happened since the caller read them", () => {
    const office = openOffice();
    const { seq } = office.hold(aUser(), "A2") && office.ok({ type: "readSeats" });
    expect(office.ok({ type: "readSeats", knownSeq: seq })).toMatchObject({ statuses: null, seq });
    office.hold(aUser(), "A3");
    const statuses = `ALL${"A".repeat(27)}`;
    expect(office.ok({ type: "readSeats", knownSeq: seq })).toMatchObject({ statuses, seq: seq + 1 });
    expect(office.ok({ type: "readSeats", knownSeq: seq + 2 })).toMatchObject({ statuses });
  });

  it("the event says what is free and when the box office must act next", () => {
    const office = openOffice();
    expect(office.ok({ type: "readEvent" })).toMatchObject({
      definition: office.state.definition,
      availability: { nextDueMs: null, seq: 1 },
    });
    office.hold(aUser(), "A1");
    office.pass(SECOND);
    office.hold(aUser(), "A2");
    expect(office.ok({ type: "wake" })).toEqual({ nextDueMs: office.nowMs - SECOND + 300 * SECOND });
  });
});

describe("the feed", () => {
  const shrink = { tiers: [{ tier: "GENERAL", priceMinor: 100, capacity: 4 }] } as const;
  const made = () => openOffice(anEvent({ tierInputs: [{ tier: "GENERAL", priceMinor: 100, capacity: 6 }] }));

  it("shows every seat of the hall, and leaves out those that left it", () => {
    const office = made();
    office.hold(aUser(), "A2");
    expect(snapshotOf(office.state)).toEqual({ type: "snapshot", seq: 2, layoutVersion: 1, statuses: "ALAAAA" });
    amend(office, shrink);
    expect(snapshotOf(office.state)).toEqual({ type: "snapshot", seq: 3, layoutVersion: 2, statuses: "ALAA" });
    const nothing = emptyBoxOffice(office.state.policy);
    expect(snapshotOf(nothing)).toEqual({ type: "snapshot", seq: 0, layoutVersion: 0, statuses: "" });
  });

  it("tells changes by the place a seat is shown at, in order, and says when the hall itself changed", () => {
    const office = made();
    const entries: JournalEntry[] = [];
    office.hold(aUser(), "A1", "A6");
    entries.push(...office.changes.journal);
    expect(changesHall(entries)).toBe(false);
    expect(feedChanges(office.state, entries)).toEqual([
      { seq: 2, place: 0, seatId: "seat_A1", status: "L" },
      { seq: 2, place: 5, seatId: "seat_A6", status: "L" },
    ]);
    amend(office, shrink);
    entries.push(...office.changes.journal);
    expect(changesHall(entries)).toBe(true);
    office.pass(300 * SECOND);
    office.ok({ type: "wake" });
    expect(feedChanges(office.state, office.changes.journal)).toEqual([
      { seq: 4, place: 0, seatId: "seat_A1", status: "A" },
      { seq: 4, place: office.status("A5") === "X" ? 3 : 4, seatId: "seat_A6", status: "A" },
    ]);
    expect(feedChanges(office.state, [])).toEqual([]);
    const [amended] = entries.slice(-1) as [JournalEntry];
    const alongside = { ...amended, facts: [{ type: "lock.expired" }, ...amended.facts] } as const;
    expect(changesHall([alongside])).toBe(true);
  });

  it("leaves out changes of seats that are shown no more", () => {
    const office = made();
    const user = aUser();
    const lockId = office.hold(user, "A6");
    const old = office.changes.journal;
    office.ok({ type: "release", lockId, userId: user });
    amend(office, shrink);
    expect(feedChanges(office.state, old)).toEqual([]);
  });

  it("puts several changes of a seat into its last, at the place of that one", () => {
    const change = (seq: number, place: number, status: "A" | "L") => ({
      seq,
      place,
      seatId: "seat_A1" as never,
      status,
    });
    expect(coalesce([change(1, 0, "L"), change(2, 1, "L"), change(3, 0, "A")])).toEqual([
      change(2, 1, "L"),
      change(3, 0, "A"),
    ]);
  });

  it("tells of gates where somebody was", () => {
    const office = made();
    expect(gatesOf(office.state)).toEqual({ type: "gates", seq: 1, gates: [] });
    const id = "gate_1" as never;
    office.state.gateCounts.set(id, { checkedIn: 2, conflicts: 1 });
    expect(gatesOf(office.state)).toEqual({ type: "gates", seq: 1, gates: [{ id, checkedIn: 2, conflicts: 1 }] });
  });
});
