// What the box office keeps in memory: deadlines in order, rows that come and go, and nothing longer than it is needed.

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { nextDueMs, noteDeadline, takeDue } from "../../src/domain/box-office/deadlines";
import { noChanges, owedEffects } from "../../src/domain/box-office/execute";
import { admit, admitSold, emptyBoxOffice, forget, install, isResident } from "../../src/domain/box-office/seat-table";
import type { BoxOfficeState, Hold } from "../../src/domain/box-office/state";
import { type LockId, type TicketId, ticketIdOf } from "../../src/domain/ids";
import { MINUTE, SECOND } from "../../src/domain/time";
import { anEvent, aUser, capturedOutcome, type Office, openOffice, seatIds } from "./box-office-builder";
import { runs } from "./hall-arbitraries";

function rebuiltFrom(office: Office, holds: readonly Hold[], counted = false): BoxOfficeState {
  const state = emptyBoxOffice(office.state.policy);
  install(state, office.state.definition as NonNullable<BoxOfficeState["definition"]>);
  for (const hold of holds) admit(state, hold, office.nowMs, counted);
  return state;
}

describe("deadlines", () => {
  it("come in the order of their moments, whatever the order in which they were noted", () => {
    const office = openOffice();
    const [template] = [office.hold(aUser(), "A1")].map((id) => office.state.holds.get(id) as Hold);
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 30 }), { maxLength: 40 }), (moments) => {
        const state = emptyBoxOffice(office.state.policy);
        for (const [i, expiresAtMs] of moments.entries()) {
          const hold: Hold = { ...(template as Hold), id: `lock_${i}` as LockId, expiresAtMs };
          state.holds.set(hold.id, hold);
          noteDeadline(state, hold);
        }
        const earliest = moments.length === 0 ? null : Math.min(...moments);
        expect(nextDueMs(state)).toBe(earliest);
        const taken: number[] = [];
        for (let nowMs = 0; nowMs <= 30; nowMs += 10) {
          for (let hold = takeDue(state, nowMs); hold !== null; hold = takeDue(state, nowMs)) {
            expect(hold.expiresAtMs).toBeGreaterThan(nowMs - 10);
            taken.push(hold.expiresAtMs);
          }
        }
        expect(taken).toEqual([...moments].sort((a, b) => a - b));
        expect(nextDueMs(state)).toBeNull();
      }),
      runs(400),
    );
  });

  it("that were moved, or whose hold is gone, count no more", () => {
    const office = openOffice();
    const user = aUser();
    const first = office.hold(user, "A1");
    office.pass(100 * SECOND);
    office.hold(user, "A2");
    office.pass(100 * SECOND);
    const { expiresAtMs } = office.ok({ type: "renew", lockId: first, userId: user });
    expect(office.ok({ type: "wake" }).nextDueMs).toBe(office.nowMs + 200 * SECOND);
    office.pass(200 * SECOND);
    office.ok({ type: "wake" });
    expect([office.status("A1"), office.status("A2")]).toEqual(["L", "A"]);
    expect(office.ok({ type: "wake" }).nextDueMs).toBe(expiresAtMs);
    office.ok({ type: "release", lockId: first, userId: user });
    expect(office.ok({ type: "wake" }).nextDueMs).toBeNull();
  });
});

describe("rows read back", () => {
  it("count a booking against its user's rate once, however often they are read", () => {
    const office = openOffice();
    const user = aUser();
    office.book(user, ["A1"]);
    const [hold] = [...office.state.holds.values()] as [Hold];
    for (let read = 0; read < 3; read++) {
      office.state.holds.delete(hold.id);
      admit(office.state, hold, office.nowMs, false);
    }
    expect(office.state.recentBookings.get(user)?.size).toBe(1);
  });

  it("rebuild the same memory, and reading one twice changes nothing", () => {
    const office = openOffice();
    const user = aUser();
    const lockId = office.hold(user, "A1", "A2");
    const id = office.book(user, ["B1"]);
    const holds = [...office.state.holds.values()];
    const state = rebuiltFrom(office, [...holds, ...holds]);
    expect(state.statuses).toEqual(office.state.statuses);
    expect(state.owners).toEqual(office.state.owners);
    expect(state.unpaidSeats).toEqual(office.state.unpaidSeats);
    expect(state.unpaidSeats.get(user)).toBe(3);
    expect([...(state.recentBookings.get(user)?.values() ?? [])]).toEqual([office.nowMs]);
    expect(state.lockOfBooking.get(id)).toBe(office.state.lockOfBooking.get(id));
    const owedOf = (one: BoxOfficeState) => owedEffects(one).filter((effect) => effect.startsWith(id));
    expect(owedOf(state)).toEqual(owedOf(office.state));
    expect(state.holds.has(lockId)).toBe(true);
  });

  it("of what is sold are counted once: their seats are in the table already", () => {
    const office = openOffice();
    const user = aUser();
    const id = office.book(user, ["A1"]);
    office.settle(`${id}:capture:1`, capturedOutcome(25_000));
    const [row] = [...office.state.holds.values()] as [Hold];
    const state = rebuiltFrom(office, []);
    admitSold(state, row.id, row.seats);
    expect(state.statuses[0]).toBe("R");
    expect(state.freeByTier).toEqual(office.state.freeByTier);
    const free = [...state.freeByTier];
    admit(state, row, office.nowMs, true);
    expect(state.freeByTier).toEqual(free);
    expect(state.lockOfBooking.get(id)).toBe(row.id);
    expect(owedEffects(state)).toContain(`${id}:project`);
    expect(state.outbox.waiting.project.has(`${id}:project`)).toBe(true);
    expect(state.recentBookings.size).toBe(0);
  });

  it("never take the place of what memory knows better", () => {
    const office = openOffice();
    const user = aUser();
    const lockId = office.hold(user, "A1");
    const old = office.state.holds.get(lockId) as Hold;
    office.ok({ type: "confirm", bookingId: office.bookingId(), lockId, userId: user });
    const known = office.state.holds.get(lockId);
    admit(office.state, old, office.nowMs, false);
    expect(office.state.holds.get(lockId)).toBe(known);
  });

  it("remember a cool-down and a booking of the last minute, and not older ones", () => {
    const office = openOffice();
    const user = aUser();
    office.ok({ type: "release", lockId: office.hold(user, "A1"), userId: user });
    const [released] = [...office.changes.holds.values()] as [Hold];
    office.book(user, ["A2"], null);
    const [booked] = [...office.changes.holds.values()] as [Hold];
    const young = rebuiltFrom(office, [released, booked]);
    expect([young.cooldowns.size, young.recentBookings.size]).toEqual([1, 1]);
    office.pass(MINUTE);
    const old = rebuiltFrom(office, [released, booked]);
    expect([old.cooldowns.size, old.recentBookings.size]).toEqual([0, 0]);
  });

  it("tell which tickets were revoked", () => {
    const office = openOffice();
    const user = aUser();
    const id = office.book(user, ["A1", "A2"]);
    office.settle(`${id}:capture:1`, capturedOutcome(50_000));
    office.ok({ type: "cancel", bookingId: id, userId: user, seatIds: seatIds("A2") });
    const [row] = [...office.changes.holds.values()] as [Hold];
    expect(rebuiltFrom(office, [row]).revoked).toEqual(new Set<TicketId>([ticketIdOf(id, 1)]));
    const failed = office.book(user, ["A1"]);
    expect(office.booking(failed).status).toBe("FAILED");
    expect([...office.state.revoked]).toEqual([ticketIdOf(id, 1)]);
    office.ok({ type: "cancel", bookingId: id, userId: user, seatIds: null });
    expect([...office.state.revoked]).toEqual([ticketIdOf(id, 1), ticketIdOf(id, 0)]);
    const whole = office.book(user, ["B1", "B2"]);
    office.settle(`${whole}:capture:1`, capturedOutcome(15_000));
    office.ok({ type: "cancel", bookingId: whole, userId: user, seatIds: null });
    expect([0, 1].map((place) => office.state.revoked.has(ticketIdOf(whole, place)))).toEqual([true, true]);
  });
});

describe("memory", () => {
  it("lets a hold go once it is over and owes nothing, and never before", () => {
    const office = openOffice();
    const user = aUser();
    const lockId = office.hold(user, "A1");
    const held = office.state.holds.get(lockId) as Hold;
    expect(isResident(held)).toBe(true);
    forget(office.state, held);
    expect(office.state.holds.has(lockId)).toBe(true);
    const id = office.bookingId();
    office.ok({ type: "confirm", bookingId: id, lockId, userId: user });
    office.pass(600 * SECOND);
    office.ok({ type: "wake" });
    // Over, but D1 does not know.
    expect(office.state.holds.has(lockId)).toBe(true);
    const over = office.state.holds.get(lockId) as Hold;
    expect(isResident(over)).toBe(true);
    expect(isResident({ ...over, projectedVersion: over.version })).toBe(false);
    const { version } = office.ok({ type: "readBooking", bookingId: id }).record;
    office.settle(`${id}:project`, { type: "projected", version });
    expect(office.state.holds.has(lockId)).toBe(false);
    expect(office.state.lockOfBooking.has(id)).toBe(false);
  });

  it("forgets cool-downs and counts of bookings when their minute is over, the oldest first", () => {
    const office = openOffice();
    const [one, two] = [aUser(), aUser()];
    office.ok({ type: "release", lockId: office.hold(one, "A1"), userId: one });
    office.book(one, ["A2"], null);
    office.pass(30 * SECOND);
    office.ok({ type: "release", lockId: office.hold(two, "A3"), userId: two });
    office.book(two, ["A4"], null);
    office.pass(30 * SECOND - 1);
    office.ok({ type: "wake" });
    expect([office.state.cooldowns.size, office.state.recentBookings.size]).toEqual([2, 2]);
    office.pass(1);
    office.ok({ type: "wake" });
    expect([office.state.cooldowns.size, office.state.recentBookings.size]).toEqual([1, 1]);
    expect(office.state.recentBookings.has(two)).toBe(true);
    office.pass(30 * SECOND);
    office.ok({ type: "wake" });
    expect([office.state.cooldowns.size, office.state.recentBookings.size]).toEqual([0, 0]);
  });

  it("keeps a user's later booking or cool-down when an earlier one of the same is over", () => {
    const office = openOffice(anEvent());
    const [one, two] = [aUser(), aUser()];
    office.book(one, ["A1"], null);
    office.pass(10 * SECOND);
    office.book(two, ["A2"], null);
    office.pass(10 * SECOND);
    office.book(one, ["A3"], null);
    expect([...(office.state.recentBookings.get(one)?.values() ?? [])]).toEqual([
      office.nowMs - 20 * SECOND,
      office.nowMs,
    ]);
    office.pass(50 * SECOND);
    office.ok({ type: "wake" });
    expect([...office.state.recentBookings.keys()]).toEqual([one]);
    office.book(one, ["A4"], null);
    expect([...(office.state.recentBookings.get(one)?.values() ?? [])]).toEqual([
      office.nowMs - 50 * SECOND,
      office.nowMs,
    ]);
  });

  it("counts a user's unpaid seats until they are paid for or given back", () => {
    const office = openOffice();
    const user = aUser();
    const unpaid = () => office.state.unpaidSeats.get(user) ?? 0;
    const lockId = office.hold(user, "A1", "A2");
    expect(unpaid()).toBe(2);
    const id = office.book(user, ["B1"]);
    expect(unpaid()).toBe(3);
    office.settle(`${id}:capture:1`, capturedOutcome(7_500));
    expect(unpaid()).toBe(2);
    office.ok({ type: "release", lockId, userId: user });
    expect(unpaid()).toBe(0);
    expect(office.state.unpaidSeats.size).toBe(0);
  });
});

describe("the journal", () => {
  it("lists the seats that changed in index order, and only those", () => {
    const office = openOffice();
    const user = aUser();
    const lockId = office.hold(user, "B1", "A3", "A1");
    const L = [
      [0, "L"],
      [2, "L"],
      [10, "L"],
    ];
    expect(office.changes.journal).toMatchObject([{ seq: 2, atMs: office.nowMs, actor: "test", seatChanges: L }]);
    office.ok({ type: "renew", lockId, userId: user });
    expect(office.changes.journal).toMatchObject([{ seq: 3, seatChanges: [] }]);
  });

  it("has no entry for what changed nothing", () => {
    const office = openOffice();
    for (const command of [{ type: "wake" }, { type: "readEvent" }, { type: "readSeats" }] as const) office.ok(command);
    expect(office.state.seq).toBe(1);
  });

  it("has no entry for what was refused", () => {
    const office = openOffice();
    office.hold(aUser(), "A1");
    const choice = { by: "seats", seatIds: seatIds("A1") } as const;
    const asked = { lockId: office.lockId(), userId: aUser(), choice, clientKey: null, dialect: false };
    expect(office.refusal({ type: "release", lockId: office.lockId(), userId: aUser() })).toBe("LOCK_NOT_FOUND");
    expect(office.changes).toEqual(noChanges());
    expect(office.refusal({ type: "hold", ...asked })).toBe("SEATS_UNAVAILABLE");
    expect(office.changes).toEqual(noChanges());
    expect(office.state.seq).toBe(2);
  });
});
