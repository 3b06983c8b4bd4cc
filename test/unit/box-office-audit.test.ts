// The judge, judged: a box office that breaks an invariant is found out, and a sound one is not accused.

import { describe, expect, it } from "vitest";
import { auditJournal, auditState } from "../../src/domain/box-office/audit";
import { emptyBoxOffice } from "../../src/domain/box-office/seat-table";
import type { Attempt, Booking, Hold, Refund, SeatStatus } from "../../src/domain/box-office/state";
import type { BookingId, UserId } from "../../src/domain/ids";
import { DAY, HOUR, MINUTE, SECOND } from "../../src/domain/time";
import { aUser, authorisedOutcome, capturedOutcome, type Office, openOffice } from "./box-office-builder";

const PRICE = 25_000;

function found(office: Office, rows?: readonly Hold[], alarmMs: number | null = office.nowMs): readonly string[] {
  const page = rows ?? [...office.state.holds.values()];
  const { violations } = auditState(office.state, page, true, office.nowMs, alarmMs);
  for (const { detail } of violations) expect(detail).not.toBe("");
  return violations.map(({ invariant }) => invariant);
}

function booked(): { office: Office; user: UserId; id: BookingId; hold: () => Hold } {
  const office = openOffice();
  const user = aUser();
  const id = office.book(user, ["A1"]);
  const hold = () => [...office.state.holds.values()].find(({ booking }) => booking?.id === id) as Hold;
  return { office, user, id, hold };
}

/** Sold and told: nothing is owed of it any more. */
function sold() {
  const it = booked();
  it.office.settle(`${it.id}:capture:1`, capturedOutcome(PRICE));
  const hold = it.hold();
  it.office.settle(`${it.id}:project`, { type: "projected", version: hold.version });
  return { ...it, row: { ...hold, projectedVersion: hold.version } };
}

/** The hold of a row with another booking, attempt or refunds in it. */
function rowWith(
  hold: Hold,
  booking: Partial<Booking>,
  attempt: Partial<Attempt> = {},
  refunds?: readonly Refund[],
): Hold {
  const made = hold.booking as Booking;
  const payment = made.payment && {
    ...made.payment,
    attempts: made.payment.attempts.map((one) => ({ ...one, ...attempt })),
    refunds: refunds ?? made.payment.refunds,
  };
  return { ...hold, booking: { ...made, payment, ...booking } };
}

const refund = (changes: Partial<Refund>): Refund => ({
  n: 1,
  attempt: 1,
  amountMinor: PRICE,
  state: "done",
  refundId: "re_1",
  failure: null,
  askedAtMs: 0,
  ...changes,
});

describe("the seat table", () => {
  it("of a sound box office breaks nothing, whatever stands in it", () => {
    const { office, user } = booked();
    office.hold(user, "A2");
    expect(found(office)).toEqual([]);
    expect(found(sold().office)).toEqual([]);
    const empty = emptyBoxOffice(office.state.policy);
    expect(auditState(empty, [], true, office.nowMs, null)).toEqual({
      violations: [],
      bookings: [],
      owing: [],
      outbox: 0,
    });
  });

  it.each<[string, SeatStatus, boolean]>([
    ["free, and somebody's", "A", true],
    ["off sale, and somebody's", "B", true],
    ["locked by nobody", "L", false],
    ["sold to nobody", "R", false],
  ])("with a seat that is %s breaks I1", (_, status, owned) => {
    const office = openOffice();
    office.state.statuses[3] = status;
    office.state.owners[3] = owned ? office.lockId() : null;
    expect(found(office)).toContain("I1");
  });

  it("that counts free seats wrongly breaks I2, and so does one with a seat too few", () => {
    const office = openOffice();
    (office.state.freeByTier[1] as number) += 1;
    expect(found(office)).toEqual(["I2"]);
    const other = openOffice();
    (other.state.totalByTier[0] as number) += 1;
    expect(found(other)).toEqual(["I2"]);
  });

  it("that gave a held seat to another breaks I3, once for each seat", () => {
    const office = openOffice();
    office.hold(aUser(), "A1", "A2");
    const thief = office.lockId();
    office.state.owners[0] = thief;
    office.state.owners[1] = thief;
    expect(found(office, [])).toEqual(["I3", "I3"]);
    const shown = openOffice();
    shown.hold(aUser(), "A1");
    shown.state.statuses[0] = "R";
    expect(found(shown, [])).toEqual(["I3"]);
  });

  it("may forget a sold booking that is judged by its row alone", () => {
    const { office, row } = sold();
    office.state.holds.set(row.id, row);
    office.state.owners[0] = office.lockId();
    expect(found(office, [])).toEqual([]);
    expect(found(office, [row])).toEqual(["I3"]);
  });

  it("is not judged with any page but the first", () => {
    const office = openOffice();
    office.state.statuses[3] = "L";
    expect(auditState(office.state, [], false, office.nowMs, null).violations).toEqual([]);
  });

  it("that forgot the seats of a sold booking breaks I3 by the booking's row", () => {
    const { office, row } = sold();
    office.state.owners[0] = null;
    expect(found(office, [row])).toEqual(["I1", "I3"]);
  });
});

describe("limits", () => {
  it("of unpaid seats are I17, over all of a user's holds, and the dialect's do not count", () => {
    const office = openOffice();
    const user = aUser();
    office.hold(user, "A1", "A2", "A3", "A4", "A5", "A6");
    office.hold(user, "B1", "B2", "B3", "B4");
    const extra = office.hold(aUser(), "C1");
    expect(found(office)).toEqual([]);
    const hold = office.state.holds.get(extra) as Hold;
    office.state.holds.set(extra, { ...hold, userId: user, dialect: true });
    expect(found(office)).toEqual([]);
    office.state.holds.set(extra, { ...hold, userId: user });
    expect(found(office)).toEqual(["I17"]);
    office.state.holds.set(extra, hold);
    // What is authorised is as good as sold, and held no more.
    const id = office.book(aUser(), ["C2"]);
    office.settle(`${id}:authorise:1`, authorisedOutcome(7_500));
    const [paid] = [...office.changes.holds.values()] as [Hold];
    office.state.holds.set(paid.id, { ...paid, userId: user });
    expect(found(office)).toEqual([]);
  });
});

describe("the alarm", () => {
  it("may be missing when nothing is due, or nothing soon", () => {
    expect(found(openOffice(), [], null)).toEqual([]);
    const office = openOffice(undefined, { holdTtlMs: 2 * HOUR });
    office.hold(aUser(), "A1");
    office.settle(`${office.code}:availability`, { type: "projected", version: office.state.seq });
    // The outbox looks again after a while, all the same.
    office.state.outbox.earliestMs = Number.POSITIVE_INFINITY;
    expect(found(office, [], null)).toEqual([]);
    office.pass(HOUR - 1);
    expect(found(office, [], null)).toEqual([]);
    office.pass(1);
    expect(found(office, [], null)).toEqual(["I14"]);
  });

  it("is missed when something is owed, however far the next deadline is", () => {
    const office = openOffice(undefined, { holdTtlMs: 2 * HOUR });
    office.hold(aUser(), "A1");
    expect(found(office, [], null)).toEqual(["I14"]);
    expect(found(office, [], office.nowMs)).toEqual([]);
  });

  it("may be a minute late, and no more", () => {
    const office = openOffice();
    office.hold(aUser(), "A1");
    expect(found(office, [], office.nowMs - MINUTE + 1)).toEqual([]);
    expect(found(office, [], office.nowMs - MINUTE)).toEqual(["I14"]);
    const far = openOffice(undefined, { holdTtlMs: 2 * HOUR });
    far.hold(aUser(), "A1");
    far.settle(`${far.code}:availability`, { type: "projected", version: far.state.seq });
    far.state.outbox.earliestMs = Number.POSITIVE_INFINITY;
    expect(found(far, [], far.nowMs - 2 * MINUTE)).toEqual(["I14"]);
    const dueMs = office.nowMs + 300 * SECOND;
    expect(found(office, [], dueMs + MINUTE)).toEqual([]);
    expect(found(office, [], dueMs + MINUTE + 1)).toEqual(["I14"]);
  });
});

describe("money", () => {
  it("captured twice for one booking breaks I5, but not what was captured unwanted and goes back", () => {
    const { office, row } = sold();
    const payment = (row.booking as Booking).payment as NonNullable<Booking["payment"]>;
    const first = payment.attempts[0] as Attempt;
    const twice = (second: Partial<Attempt>, refunds: readonly Refund[]) =>
      rowWith(row, { payment: { ...payment, attempts: [first, { ...first, n: 2, ...second }], refunds } });
    expect(found(office, [twice({}, [])])).toContain("I5");
    expect(found(office, [twice({ unwanted: true }, [refund({ attempt: 2 })])])).toEqual([]);
    expect(found(office, [twice({ unwanted: true }, [])])).toEqual(["I4"]);
    expect(found(office, [twice({ unwanted: true }, [refund({ attempt: 2, state: "due" })])])).toEqual([]);
  });

  it("asked back beyond what was captured breaks I11, but a refund that failed asks for nothing", () => {
    const { office, row } = sold();
    const more = [refund({}), refund({ n: 2, amountMinor: 1 })];
    expect(found(office, [rowWith(row, {}, {}, more)])).toContain("I11");
    const exact = rowWith(row, { status: "CANCELLED" }, {}, [refund({}), refund({ n: 2, state: "failed" })]);
    expect(found(office, [{ ...exact, endedAtMs: office.nowMs }])).not.toContain("I11");
    const wrong = rowWith(row, {}, { failure: "another amount", unwanted: true }, more);
    expect(found(office, [wrong])).toEqual([]);
  });

  it("charged before the booking or from its deadline on breaks I16", () => {
    const { office, row } = sold();
    const { createdAtMs, deadlineMs } = row.booking as Booking;
    const charged = (startedAtMs: number) => found(office, [rowWith(row, {}, { startedAtMs })]);
    expect(charged(createdAtMs)).toEqual([]);
    expect(charged(deadlineMs - 1)).toEqual([]);
    expect(charged(createdAtMs - 1)).toEqual(["I16"]);
    expect(charged(deadlineMs)).toEqual(["I16"]);
  });

  it("kept for nothing, or missing for what was sold, breaks I4 once the booking is at rest", () => {
    const { office, row } = sold();
    expect(found(office, [row])).toEqual([]);
    expect(found(office, [rowWith(row, {}, {}, [refund({ amountMinor: 1 })])])).toEqual(["I4"]);
    expect(found(office, [rowWith(row, {}, { state: "declined" })])).toEqual(["I4"]);
    const ended = { ...rowWith(row, { status: "CANCELLED" }), endedAtMs: office.nowMs };
    expect(found(office, [ended])).toEqual(["I4"]);
    expect(found(office, [{ ...rowWith(row, { status: "CANCELLED" }, {}, [refund({})]), endedAtMs: 1 }])).toEqual([]);
    const failed = [refund({ state: "failed" })];
    expect(found(office, [{ ...rowWith(row, { status: "CANCELLED" }, {}, failed), endedAtMs: 1 }])).toEqual(["I4"]);
    // Not at rest: what is owed may still put it right.
    expect(found(office, [{ ...ended, projectedVersion: 0 }])).toEqual([]);
    expect(found(office, [{ ...rowWith(row, {}, { state: "declined" }), projectedVersion: 0 }])).toEqual(["I4"]);
  });
});

describe("a booking", () => {
  it("that is confirmed and released breaks I7", () => {
    const { office, row } = sold();
    expect(found(office, [{ ...row, endedAtMs: office.nowMs }])).toContain("I7");
  });

  it("that is over while its saga runs, or runs while it is over, breaks I15", () => {
    const { office, row } = sold();
    expect(found(office, [rowWith(row, { phase: "paying" })])).toContain("I15");
    const running = booked();
    for (const status of ["PENDING", "PAYMENT_PENDING"] as const) {
      expect(found(running.office, [rowWith(running.hold(), { status })])).toEqual([]);
      running.office.state.holds.set(running.hold().id, rowWith(running.hold(), { status, phase: "settled" }));
      expect(found(running.office)).toContain("I15");
      running.office.state.holds.set(running.hold().id, rowWith(running.hold(), { status, phase: "paying" }));
    }
    const ended = { ...running.hold(), endedAtMs: running.office.nowMs };
    running.office.state.holds.delete(ended.id);
    expect(found(running.office, [ended])).toContain("I15");
  });

  it("that waits long after its deadline breaks I6, and one that is being captured a day after", () => {
    const { office, hold } = booked();
    const overdue = (phase: Booking["phase"], afterMs: number) => {
      const row = rowWith(hold(), { phase }, { state: "authorised" });
      office.state.holds.set(row.id, row);
      const { deadlineMs } = row.booking as Booking;
      const { violations } = auditState(office.state, [row], false, deadlineMs + afterMs, null);
      return violations.map(({ invariant }) => invariant);
    };
    expect(overdue("voiding", 900 * SECOND + MINUTE - 1)).toEqual([]);
    expect(overdue("voiding", 900 * SECOND + MINUTE)).toEqual(["I6"]);
    office.state.statuses[0] = "R";
    expect(overdue("capturing", DAY - 1)).toEqual([]);
    expect(overdue("capturing", DAY)).toEqual(["I6"]);
  });

  it("that is over is never overdue", () => {
    const { office, row } = sold();
    expect(auditState(office.state, [row], false, office.nowMs + 2 * DAY, null).violations).toEqual([]);
  });

  it("is judged by memory rather than by its row, which may be older, and counted as owing", () => {
    const { office, id, hold } = booked();
    const stale = rowWith(hold(), { status: "CONFIRMED" });
    const lock: Hold = { ...hold(), id: office.lockId(), booking: null };
    const audit = auditState(office.state, [lock, stale], true, office.nowMs, office.nowMs);
    expect(audit.violations).toEqual([]);
    expect(audit.bookings.map((booking) => [booking.id, booking.status])).toEqual([[id, "PENDING"]]);
    expect(audit.owing).toEqual([id]);
    expect(audit.outbox).toBe(3);
    const rest = sold();
    expect(auditState(rest.office.state, [rest.row], true, 0, null)).toMatchObject({ owing: [], outbox: 1 });
  });
});

describe("the journal", () => {
  it("tells every seat as it is, and a seat it never told of is free", () => {
    const office = openOffice();
    office.hold(aUser(), "A1");
    expect(auditJournal(office.state, new Map([[0, "L"]]))).toEqual([]);
    expect(auditJournal(office.state, new Map())).toMatchObject([{ invariant: "I12" }]);
    expect(auditJournal(office.state, new Map([[0, "R"]]))).toMatchObject([{ invariant: "I12" }]);
    const told = new Map<number, SeatStatus>([
      [0, "L"],
      [1, "L"],
    ]);
    expect(auditJournal(office.state, told)).toMatchObject([{ invariant: "I12" }]);
  });

  it("need not tell of what left the hall or was put off sale: the layout does", () => {
    const office = openOffice();
    office.state.statuses[4] = "X";
    office.state.statuses[5] = "B";
    expect(auditJournal(office.state, new Map([[4, "L"]]))).toEqual([]);
  });
});
