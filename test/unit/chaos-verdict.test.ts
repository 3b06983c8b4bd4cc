// The judge of a chaos run must find each kind of broken promise in a run that was sound before it was spoilt.

import { describe, expect, it } from "vitest";
import type { Entry, Json, OperationName } from "../chaos/ledger";
import type { Truth } from "../chaos/truth";
import { judge } from "../chaos/verdict";

const EVENT = "evnt_1";
const HALL = { id: EVENT, seatIds: ["seat_A1", "seat_A2", "seat_A3"] };
const FULL = {
  id: "bkg_1",
  lockId: "lock_1",
  eventId: EVENT,
  status: "CONFIRMED",
  seatIds: ["seat_A1"],
  cancelledSeatIds: ["seat_A2"],
  totalAmount: 50,
  paymentId: "pay_1",
  failureReason: null,
};

let clock = 0;
function entry(name: OperationName, path: string, body: Json, status: number, answer: Json): Entry {
  const n = ++clock;
  const at = n * 100;
  return {
    asked: { type: "asked", n, atMs: at, buyer: 0, event: EVENT, name, method: "POST", path, key: `k${n}`, body },
    answered: { type: "answered", n, atMs: at + 50, sentAtMs: at, tries: 1, status, body: answer },
  };
}

const looked = (statuses: readonly string[]) =>
  entry("seats", `/api/inventory/events/${EVENT}/seats`, null, 200, {
    seats: statuses.map((status, i) => ({ id: HALL.seatIds[i], status })),
  });

/** One buyer holds two seats, pays, gives one back; a second hold runs out. */
function soundRun() {
  clock = 0;
  const held = { id: "lock_1", seatIds: ["seat_A1", "seat_A2"], expiresAt: new Date(900).toISOString() };
  const entries: Entry[] = [
    entry("hold", "/api/locks", { eventId: EVENT }, 201, held),
    entry("book", "/api/bookings", { lockId: "lock_1" }, 202, { bookingId: "bkg_1" }),
    looked(["RESERVED", "RESERVED", "AVAILABLE"]),
    entry("look", "/api/bookings/bkg_1", null, 200, { ...FULL, seatIds: ["seat_A1", "seat_A2"], cancelledSeatIds: [] }),
    entry("cancel", "/api/bookings/bkg_1/cancel", { seatIds: ["seat_A2"] }, 200, {
      bookingId: "bkg_1",
      status: "CONFIRMED",
      cancelledSeatIds: ["seat_A2"],
    }),
    entry("hold", "/api/locks", { eventId: EVENT }, 201, {
      id: "lock_2",
      seatIds: ["seat_A3"],
      expiresAt: new Date(700).toISOString(),
    }),
    looked(["RESERVED", "AVAILABLE", "LOCKED"]),
    looked(["RESERVED", "AVAILABLE", "AVAILABLE"]),
  ];
  const facts = [
    { type: "seats.locked", lockId: "lock_1", bookingId: null },
    { type: "seats.locked", lockId: "lock_2", bookingId: null },
    ...["booking.initiated", "booking.confirmed"].map((type) => ({ type, lockId: "lock_1", bookingId: "bkg_1" })),
  ];
  const audit = {
    ok: true,
    outbox: 0,
    nonTerminal: 0,
    bookings: { CONFIRMED: 1 },
    violations: [] as string[],
    truncated: false,
  };
  const seats = {
    summary: {},
    seats: HALL.seatIds.map((id, i) => ({ id, status: i === 0 ? "RESERVED" : "AVAILABLE" })),
  };
  const intent = { id: "pi_1", bookingId: "bkg_1", status: "succeeded", held: 0, captured: 100, refunded: 50 };
  const truth = {
    halls: [{ hall: HALL, audit, seats, facts }],
    listed: new Map([["bkg_1", { ...FULL }]]),
    bookings: new Map<string, Json>([["bkg_1", { ...FULL }]]),
    payments: new Map<string, Json>([["bkg_1", { status: "PARTIALLY_REFUNDED" }]]),
    locks: new Map<string, Json>([
      ["lock_1", { status: "CONSUMED" }],
      ["lock_2", { status: "EXPIRED" }],
    ]),
    books: { intents: [intent], problems: [] as string[] },
  };
  return { entries, truth };
}
type Run = ReturnType<typeof soundRun>;

function problemsOf(spoil: (run: Run) => void): readonly string[] {
  const run = soundRun();
  spoil(run);
  return judge(run.entries, run.truth as unknown as Truth).problems;
}

describe("the verdict on a chaos run", () => {
  it("is clean for a sound one", () => {
    expect(problemsOf(() => {})).toEqual([]);
  });

  it.each<readonly [string, (run: Run) => void, RegExp]>([
    ["an acknowledged booking that is gone", ({ truth }) => void truth.bookings.set("bkg_1", null), /is gone/],
    [
      "an acknowledged lock that is gone",
      ({ truth }) => void truth.locks.set("lock_2", null),
      /lock_2 was acknowledged/,
    ],
    [
      "a lock that still lives",
      ({ truth }) => void truth.locks.set("lock_2", { status: "ACTIVE" }),
      /lock_2 is ACTIVE/,
    ],
    ["a booking missing from its list", ({ truth }) => void truth.listed.delete("bkg_1"), /nobody's list/],
    ["a booking nobody was told of", ({ truth }) => void truth.listed.set("bkg_9", FULL), /bkg_9 is in a list/],
    ["a paid booking that is lost", (run) => change(run, { status: "EXPIRED" }), /was told to be paid/],
    ["a cancelled seat that is not", (run) => change(run, { cancelledSeatIds: [] }), /was cancelled, and is not/],
    [
      "a list that differs",
      ({ truth }) => void truth.listed.set("bkg_1", { ...FULL, status: "PENDING" }),
      /in its list/,
    ],
    [
      "too little refunded",
      ({ truth }) => void Object.assign(truth.books.intents[0] as Json, { refunded: 0 }),
      /is worth 50/,
    ],
    ["a charge without a ticket", ({ truth }) => void truth.books.intents.push(STRAY), /nobody's/],
    ["money still held", ({ truth }) => void Object.assign(truth.books.intents[0] as Json, { held: 5 }), /still held/],
    ["a provider's complaint", ({ truth }) => void truth.books.problems.push("charged twice"), /charged twice/],
    ["a violated invariant", ({ truth }) => void truth.halls[0]?.audit.violations.push("I1"), /the audit/],
    ["a fact told twice", ({ truth }) => void truth.halls[0]?.facts.push(TWICE), /with 2 facts booking.confirmed/],
    [
      "a seat in the wrong state",
      ({ truth }) => void Object.assign(truth.halls[0]?.seats.seats[2] as Json, { status: "LOCKED" }),
      /seat_A3 .* is LOCKED/,
    ],
    ["a seat sold twice", ({ truth }) => void truth.bookings.set("bkg_2", { ...FULL, id: "bkg_2" }), /sold twice/],
    [
      "a look that cannot be explained",
      ({ entries }) => void entries.push(looked(["AVAILABLE", "AVAILABLE", "AVAILABLE"])),
      /cannot be explained/,
    ],
    [
      "an answer that never came",
      ({ entries }) => void entries.push({ ...(entries[0] as Entry), answered: null }),
      /no answer ever came/,
    ],
  ])("names %s", (_, spoil, expected) => {
    expect(problemsOf(spoil)).toContainEqual(expect.stringMatching(expected));
  });
});

const STRAY = { id: "pi_2", bookingId: "bkg_8", status: "succeeded", held: 0, captured: 5, refunded: 0 };
const TWICE = { type: "booking.confirmed", lockId: "lock_1", bookingId: "bkg_1" };

function change({ truth }: Run, by: Json): void {
  truth.bookings.set("bkg_1", { ...FULL, ...by });
}
