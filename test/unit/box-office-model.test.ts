// The box office against a model that a child could draw: which lock has which seat. fast-check makes up sequences of
// commands and shrinks the ones that fail; a failure prints its seed and path, to be run again with them.

import fc from "fast-check";
import { expect, it } from "vitest";
import { auditState } from "../../src/domain/box-office/audit";
import { admit, emptyBoxOffice, install } from "../../src/domain/box-office/seat-table";
import type { EventDefinition, Hold } from "../../src/domain/box-office/state";
import type { BookingId, LockId, SeatId } from "../../src/domain/ids";
import { SECOND } from "../../src/domain/time";
import {
  anEvent,
  aUser,
  authorisedOutcome,
  CARD,
  capturedOutcome,
  type Office,
  openOffice,
  seatIds,
} from "./box-office-builder";

const SEATS = ["A1", "A2", "A3", "A4", "B1", "B2"] as const;
const USERS = [aUser(), aUser(), aUser()];
const TTL_MS = 300 * SECOND;
const WINDOW_MS = 600 * SECOND;
const COOLDOWN_MS = 60 * SECOND;
const SILENCE_MS = 900 * SECOND;
/** £75 a seat: both rows cost the same, so that a sum is a count. */
const PRICE = 7_500;
const RUNS = Number(process.env["MODEL_RUNS"] ?? 150);

interface Lock {
  readonly id: LockId;
  readonly user: number;
  seats: string[];
  state: "held" | "waiting" | "paying" | "capturing" | "sold" | "over";
  deadlineMs: number;
  /** When somebody first saw that its deadline had passed, and so the provider was asked to call the payment off. */
  askedMs: number | null;
  bookingId: BookingId | null;
  attempts: number;
  /** The provider authorised what it had called dead: until that is voided, no other card is tried. */
  strays: boolean;
  /** The attempts whose money came after all, and goes back: they are beyond any further news. */
  readonly taken: Set<number>;
}

interface Model {
  nowMs: number;
  readonly locks: Lock[];
  /** "user seat" → until when it may not be held again by that user. */
  readonly cooling: Map<string, number>;
}

interface Real {
  readonly office: Office;
  readonly definition: EventDefinition;
  /** What is durable: every hold written so far, in its last version. */
  readonly rows: Map<LockId, Hold>;
}

const ownerOf = (model: Model, seat: string) =>
  model.locks.find(({ state, seats }) => state !== "over" && seats.includes(seat));
const unpaid = (model: Model, user: number) =>
  model.locks
    .filter((lock) => lock.user === user && ["held", "waiting", "paying"].includes(lock.state))
    .flatMap(({ seats }) => seats).length;

function end(model: Model, lock: Lock, cools = true): void {
  if (cools) for (const seat of lock.seats) model.cooling.set(`${lock.user} ${seat}`, model.nowMs + COOLDOWN_MS);
  lock.state = "over";
}

/** Time passes in the model as it must in the product: what is due is over. But whoever pays is asked for first. */
function settleTime(model: Model): void {
  for (const lock of model.locks) {
    if (lock.deadlineMs > model.nowMs) continue;
    if (lock.state === "held" || lock.state === "waiting") end(model, lock);
    if (lock.state !== "paying") continue;
    lock.askedMs ??= model.nowMs;
    if (lock.askedMs + SILENCE_MS <= model.nowMs) end(model, lock);
  }
}

function write(real: Real): void {
  for (const [id, hold] of real.office.changes.holds) real.rows.set(id, hold);
}

/** After every command: the model's seats are the product's, its audit is clean, and rows alone rebuild the same. */
function agree(model: Model, real: Real): void {
  const { office } = real;
  office.ok({ type: "wake" });
  write(real);
  const shown = (status: string) => ({ sold: "R", capturing: "R" })[status as "sold"] ?? "L";
  const expected = SEATS.map((seat) => {
    const owner = ownerOf(model, seat);
    return owner === undefined ? "A" : shown(owner.state);
  });
  expect(SEATS.map((seat) => office.status(seat))).toEqual(expected);
  expect(auditState(office.state, [...real.rows.values()], true, office.nowMs, office.nowMs).violations).toEqual([]);
  const rebuilt = emptyBoxOffice(office.state.policy);
  install(rebuilt, real.definition);
  for (const hold of real.rows.values()) admit(rebuilt, hold, office.nowMs, false);
  expect(rebuilt.statuses).toEqual(office.state.statuses);
  expect(rebuilt.freeByTier).toEqual(office.state.freeByTier);
}

function command(
  name: string,
  run: (model: Model, real: Real) => void,
  check = (_: Model) => true,
): fc.Command<Model, Real> {
  return {
    check: (model) => check(model),
    run(model, real) {
      settleTime(model);
      run(model, real);
      write(real);
      settleTime(model);
      agree(model, real);
    },
    toString: () => name,
  };
}

const seatsArb = fc.uniqueArray(fc.constantFrom(...SEATS), { minLength: 1, maxLength: 3 });
const userArb = fc.nat(USERS.length - 1);
const nth = (model: Model, n: number) => model.locks[n % Math.max(1, model.locks.length)];
const some = (model: Model) => model.locks.length > 0;

function hold(user: number, seats: string[]): fc.Command<Model, Real> {
  return command(`hold(${user}, ${seats})`, (model, { office }) => {
    const lockId = office.lockId();
    const choice = { by: "seats", seatIds: seatIds(...seats) as readonly SeatId[] } as const;
    const userId = USERS[user] as (typeof USERS)[number];
    const reply = office.send({ type: "hold", lockId, userId, choice, clientKey: null, dialect: false });
    const isFree = seats.every((seat) => ownerOf(model, seat) === undefined);
    const cools = seats.some((seat) => (model.cooling.get(`${user} ${seat}`) ?? 0) > model.nowMs);
    expect(reply.ok).toBe(isFree && !cools && unpaid(model, user) + seats.length <= 10);
    if (!reply.ok) return;
    model.locks.push({
      id: lockId,
      user,
      seats: [...seats],
      state: "held",
      deadlineMs: model.nowMs + TTL_MS,
      askedMs: null,
      bookingId: null,
      attempts: 0,
      strays: false,
      taken: new Set(),
    });
  });
}

function release(n: number, user: number): fc.Command<Model, Real> {
  return command(
    `release(${n}, ${user})`,
    (model, { office }) => {
      const lock = nth(model, n) as Lock;
      const reply = office.send({ type: "release", lockId: lock.id, userId: USERS[user] as never });
      const mayEnd = lock.user === user && (lock.state === "held" || lock.state === "waiting");
      // Giving back what is over changes nothing, and is no error; sold is no longer a lock.
      if (mayEnd) end(model, lock);
      else if (lock.user !== user || lock.state !== "over") expect(reply.ok).toBe(false);
    },
    some,
  );
}

function confirm(n: number, user: number): fc.Command<Model, Real> {
  return command(
    `confirm(${n}, ${user})`,
    (model, { office }) => {
      const lock = nth(model, n) as Lock;
      const bookingId = office.bookingId();
      const reply = office.send({ type: "confirm", bookingId, lockId: lock.id, userId: USERS[user] as never });
      expect(reply.ok).toBe(lock.user === user && lock.state === "held");
      if (!reply.ok) return;
      Object.assign(lock, { state: "waiting", bookingId, deadlineMs: model.nowMs + WINDOW_MS });
    },
    some,
  );
}

function pay(n: number): fc.Command<Model, Real> {
  return command(
    `pay(${n})`,
    (model, { office }) => {
      const lock = nth(model, n) as Lock;
      if (lock.bookingId === null) return;
      const reply = office.send({
        type: "pay",
        bookingId: lock.bookingId,
        userId: USERS[lock.user] as never,
        method: CARD,
      });
      expect(reply.ok).toBe(lock.state === "waiting" && lock.attempts < 5 && !lock.strays);
      if (!reply.ok) return;
      lock.attempts += 1;
      lock.state = "paying";
    },
    some,
  );
}

/** `not found`: somebody looked for the attempt at the provider and saw nothing, before or while it was made. */
type News = "authorised" | "captured" | "declined" | "voided" | "not found";

/** News in any order: only what follows from where the booking stands changes anything. */
function hear(n: number, news: News): fc.Command<Model, Real> {
  return command(
    `hear(${n}, ${news})`,
    (model, { office }) => {
      const lock = nth(model, n) as Lock;
      if (lock.bookingId === null || lock.attempts === 0) return;
      const amount = lock.seats.length * PRICE;
      const outcomes = {
        authorised: authorisedOutcome(amount),
        captured: capturedOutcome(amount),
        declined: { type: "declined", intentId: "pi_1", reason: "no" },
        voided: { type: "voided", intentId: "pi_1" },
        "not found": { type: "voided", intentId: null },
      } as const;
      // A late one (after the deadline) finds the booking voiding: what is proven dead ends it, money is kept.
      const isLate = lock.deadlineMs <= model.nowMs;
      office.settle(`${lock.bookingId}:authorise:${lock.attempts}`, outcomes[news]);
      // Whoever found nothing looked before what is known by now was made.
      if (news === "not found" && (lock.state === "capturing" || lock.strays)) return;
      if (lock.state === "waiting" && !lock.taken.has(lock.attempts)) {
        lock.strays = news === "authorised";
        if (news === "captured") lock.taken.add(lock.attempts);
      }
      if (lock.state !== "paying" && lock.state !== "capturing") return;
      if (news === "captured") lock.state = "sold";
      else if (news === "authorised") lock.state = "capturing";
      else if (lock.state === "capturing" || isLate) end(model, lock);
      else lock.state = "waiting";
    },
    (model) => some(model) && model.locks.every((lock) => lock.state !== "sold" || lock.seats.length > 0),
  );
}

function cancel(n: number, onlyOne: boolean): fc.Command<Model, Real> {
  return command(
    `cancel(${n}, ${onlyOne ? "one seat" : "all"})`,
    (model, { office }) => {
      const lock = nth(model, n) as Lock;
      if (lock.bookingId === null || lock.state === "over") return;
      const one = onlyOne && lock.seats.length > 1 ? [lock.seats[0] as string] : null;
      const before = lock.seats.length;
      const reply = office.send({
        type: "cancel",
        bookingId: lock.bookingId,
        userId: USERS[lock.user] as never,
        seatIds: one === null ? null : seatIds(...one),
      });
      expect(reply.ok).toBe(lock.state === "sold");
      if (!reply.ok) return;
      const gone = one?.length ?? before;
      expect(reply.value.cancellation.refundMinor).toBe(gone * PRICE);
      if (one === null) end(model, lock, false);
      else lock.seats = lock.seats.slice(1);
    },
    some,
  );
}

/** Nobody comes and no alarm rings meanwhile, so a long one is an outage too. */
function pass(ms: number): fc.Command<Model, Real> {
  return command(`pass(${ms / SECOND} s)`, (model, { office }) => {
    model.nowMs += ms;
    office.pass(ms);
    settleTime(model);
  });
}

it(`sells as the model does, over ${RUNS} sequences of commands`, () => {
  const commands = fc.commands(
    [
      fc.tuple(userArb, seatsArb).map(([user, seats]) => hold(user, seats)),
      fc.tuple(fc.nat(20), userArb).map(([n, user]) => release(n, user)),
      fc.tuple(fc.nat(20), userArb).map(([n, user]) => confirm(n, user)),
      fc.nat(20).map((n) => confirm(n, n % USERS.length)),
      fc.nat(20).map(pay),
      fc
        .tuple(fc.nat(20), fc.constantFrom<News>("authorised", "captured", "declined", "voided", "not found"))
        .map(([n, news]) => hear(n, news)),
      fc.tuple(fc.nat(20), fc.boolean()).map(([n, onlyOne]) => cancel(n, onlyOne)),
      fc
        .constantFrom(SECOND, 30 * SECOND, 61 * SECOND, 299 * SECOND, 300 * SECOND, 600 * SECOND, 1_500 * SECOND)
        .map(pass),
    ],
    { size: "+1", maxCommands: 60 },
  );
  fc.assert(
    fc.property(commands, (sequence) => {
      const tierInputs = [
        { tier: "VIP", priceMinor: PRICE, capacity: 4 },
        { tier: "GENERAL", priceMinor: PRICE, capacity: 2 },
      ] as const;
      const definition = anEvent({ tierInputs });
      const office = openOffice(definition, { bookingsPerMinute: 1_000 });
      const setup = () => ({
        model: { nowMs: office.nowMs, locks: [], cooling: new Map() } satisfies Model,
        real: { office, definition, rows: new Map() } satisfies Real,
      });
      fc.modelRun(setup, sequence);
    }),
    { numRuns: RUNS },
  );
}, 120_000);
