// The real Durable Object against the core it runs: the same commands at the same moments must give the same answers
// and leave the same rows, evictions between or not. Each sequence prints the seed that makes it.

import { evictDurableObject, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, expect, it, vi } from "vitest";
import type { Command, CommandType, Reply } from "../../src/domain/box-office/commands";
import { execute, noChanges } from "../../src/domain/box-office/execute";
import { emptyBoxOffice, forget } from "../../src/domain/box-office/seat-table";
import type { EventDefinition, Hold } from "../../src/domain/box-office/state";
import { type BookingId, type LockId, makeSaleId, type SeatId } from "../../src/domain/ids";
import { DAY, SECOND } from "../../src/domain/time";
import type { BoxOffice } from "../../src/durable/box-office";
import { type Random, randomOf } from "../sim/random";
import { anEvent, aUser, authorisedOutcome, CARD, capturedOutcome, counter } from "../unit/box-office-builder";

const SEEDS = [1, 2, 3, 4, 5, 6];
const STEPS = 60;
const SEATS = ["A1", "A2", "A3", "A4", "B1", "B2", "B3"];
const POLICY = { holdTtlMs: 300 * SECOND, paymentWindowMs: 600 * SECOND, bookingsPerMinute: 30 };
const ORIGIN = { actor: "test", requestId: "req_model" };
const bytes = counter(40_000_000);

afterEach(() => {
  vi.useRealTimers();
});

/** The core with what the shell does around it: rows come in when a command names them, and go out when they are done. */
function coreOf() {
  const state = emptyBoxOffice(POLICY);
  const rows = new Map<LockId, Hold>();
  return {
    rows,
    send(command: Command, nowMs: number): Reply<CommandType> {
      for (const row of rows.values()) {
        if (state.holds.has(row.id)) continue;
        state.holds.set(row.id, row);
        if (row.booking !== null) state.lockOfBooking.set(row.booking.id, row.id);
      }
      const changes = noChanges();
      const reply = execute(state, command, nowMs, changes);
      for (const hold of changes.holds.values()) rows.set(hold.id, hold);
      for (const hold of [...state.holds.values()]) forget(state, hold);
      return reply;
    },
  };
}

interface Known {
  readonly locks: LockId[];
  readonly bookings: BookingId[];
}

function someCommand(random: Random, definition: EventDefinition, users: readonly string[], known: Known): Command {
  const userId = random.pick(users) as never;
  const { code } = definition;
  const seatIds = [
    ...new Set(Array.from({ length: random.between(1, 3) }, () => `seat_${random.pick(SEATS)}`)),
  ] as unknown as SeatId[];
  const lockId = known.locks.length > 0 ? random.pick(known.locks) : makeSaleId("lock", code, Date.now(), bytes.next());
  const bookingId =
    known.bookings.length > 0 ? random.pick(known.bookings) : makeSaleId("bkg", code, Date.now(), bytes.next());
  const roll = random.below(10);
  if (roll < 3) {
    const id = makeSaleId("lock", code, Date.now(), bytes.next());
    known.locks.push(id);
    const choice = random.chance(0.7)
      ? ({ by: "seats", seatIds } as const)
      : ({ by: "quantity", quantity: 2, tier: null } as const);
    return { type: "hold", lockId: id, userId, choice, clientKey: null, dialect: false, ...ORIGIN };
  }
  if (roll < 5) {
    const id = makeSaleId("bkg", code, Date.now(), bytes.next());
    known.bookings.push(id);
    if (random.chance(0.5)) return { type: "confirm", bookingId: id, lockId, userId: null, ...ORIGIN };
    return { type: "book", bookingId: id, userId, from: { seatIds }, method: CARD, ...ORIGIN };
  }
  if (roll === 5) return { type: "release", lockId, userId, ...ORIGIN };
  if (roll === 6)
    return { type: "pay", bookingId, userId: null, method: CARD, ...ORIGIN, requestId: `req_${random.bits()}` };
  if (roll === 7) return { type: "cancel", bookingId, userId, seatIds: random.chance(0.5) ? null : seatIds, ...ORIGIN };
  const amount = random.pick([7_500, 15_000, 25_000, 50_000, 75_000]);
  const outcome = random.pick([
    authorisedOutcome(amount),
    capturedOutcome(amount),
    { type: "declined", intentId: "pi_1", reason: "no" },
    { type: "voided", intentId: "pi_1" },
    { type: "unanswered", reason: "silence" },
    { type: "refunded", refundId: "re_1" },
  ] as const);
  const kind = outcome.type === "refunded" ? "refund" : "authorise";
  return { type: "settle", effect: `${bookingId}:${kind}:1`, outcome, ...ORIGIN };
}

it.each(SEEDS)("answers and writes as its core does, seed %i", async (seed) => {
  const random = randomOf(seed);
  vi.useFakeTimers({ now: Date.now(), toFake: ["Date"] });
  const definition = anEvent({ startsAtMs: Date.now() + 30 * DAY, endsAtMs: Date.now() + 31 * DAY });
  const namespace = env.BOX_OFFICE as unknown as DurableObjectNamespace<BoxOffice>;
  const stub = namespace.get(namespace.idFromName(definition.code));
  const core = coreOf();
  const users = [aUser(), aUser(), aUser()];
  const known: Known = { locks: [], bookings: [] };
  const both = async (command: Command, step: number) => {
    const target = stub as unknown as { execute(commands: readonly Command[]): Promise<Reply<CommandType>[]> };
    const [answer] = await target.execute([command]);
    // What is owed is leased in memory, and an eviction forgets it: the work is not part of what must agree.
    expect([seed, step, command.type, withoutWork(answer)]).toEqual([
      seed,
      step,
      command.type,
      withoutWork(core.send(command, Date.now())),
    ]);
  };
  await both({ type: "define", definition, ...ORIGIN }, -1);
  for (let step = 0; step < STEPS; step++) {
    if (random.chance(0.1)) vi.setSystemTime(Date.now() + random.pick([1, 30, 61, 300, 600]) * SECOND);
    if (random.chance(0.08)) await evictDurableObject(stub);
    await both(someCommand(random, definition, users, known), step);
  }
  await both({ type: "wake", ...ORIGIN }, STEPS);
  const rows = await runInDurableObject(stub, (_, { storage }) =>
    storage.sql.exec<{ id: string; body: string }>("SELECT id, body FROM holds ORDER BY id").toArray(),
  );
  const expected = [...core.rows.values()].sort((one, other) => (one.id < other.id ? -1 : 1));
  expect([seed, rows.map(({ body }) => JSON.parse(body))]).toEqual([seed, JSON.parse(JSON.stringify(expected))]);
});

function withoutWork(reply: Reply<CommandType> | undefined): unknown {
  if (reply === undefined || !reply.ok) return reply;
  const { work: _, nextDueMs: __, ...value } = reply.value as unknown as Record<string, unknown>;
  return JSON.parse(JSON.stringify({ ...reply, value }));
}
