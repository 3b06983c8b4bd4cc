// The server is killed (SIGKILL, the whole process group) in the middle of sales and started again on the same state:
// what was accepted ends, once; no seat is sold twice; every fact is told once; a key keeps its answer.

import { randomUUID } from "node:crypto";
import { setTimeout as wait } from "node:timers/promises";
import { afterAll, beforeAll, expect, it } from "vitest";
import { type Answer, type Booking, CARD, type Caller, type Client, clientOf, until } from "./client";
import { type DevServer, startDevServer } from "./dev-server";

/** After the first acceptance of a round. */
const KILL_AFTER_MS = [0, 100, 500];
const BUYERS = 12;
const BOOKINGS_PER_BUYER = 3;
const SEATS_PER_BOOKING = 2;
const SEATS = 60;
/** Fewer than the bookings of a round want, so that some want the same. */
const PAIRS_WANTED = 24;
const SEATS_PER_ROW = 10;
const REPEATS = 20;
const END_LIMIT_MS = 60_000;
/** A mail that was being sent when the server died is taken up again once its lease is over. */
const MAIL_LIMIT_MS = 100_000;
const SWEEP_EVERY_MS = 2_000;
/** How long before a kill a mail may have been handed over without its note. */
const UNNOTED_MS = 5_000;

interface Wish {
  readonly buyer: Caller;
  readonly key: string;
  readonly body: unknown;
  readonly seatIds: readonly string[];
}

interface Made extends Wish {
  readonly booking: Booking;
}

let server: DevServer;
let api: Client;
let organiser: Caller;
let buyers: readonly Caller[];
const made: Made[] = [];
const killedAt: number[] = [];
/** Bookings that were accepted before a kill and confirmed after it. */
let survivors = 0;

beforeAll(async () => {
  server = await startDevServer();
  api = clientOf(server.url);
  organiser = await api.logInAsOrganiser();
  buyers = await api.signUpMany(BUYERS);
});

afterAll(async () => {
  await server?.[Symbol.asyncDispose]();
});

it.each(KILL_AFTER_MS)(
  "killed %i ms after the first acceptance, every booking ends once and no seat twice",
  async (afterMs) => {
    const eventId = await api.makeEvent(organiser, { seats: SEATS });
    const wishes = wishesFor(eventId);
    const accepted = await sellUntilKilled(wishes, afterMs);
    const killMs = killedAt.at(-1) ?? 0;
    await server.restart();

    // Every request again, with its key and its old token: what was accepted is the same booking, the rest is made now.
    const repeated = await Promise.all(wishes.map((wish) => book(wish)));
    for (const [n, first] of accepted.entries()) if (first) expect(repeated[n]).toBe(first);
    expect(new Set(repeated).size).toBe(wishes.length);

    const round = await Promise.all(
      wishes.map(async (wish, n) => ({
        ...wish,
        booking: await api.ended(wish.buyer, repeated[n] ?? "", END_LIMIT_MS),
      })),
    );
    made.push(...round);
    survivors += round.filter(({ booking }, n) => accepted[n] && confirmedAtMs(booking) > killMs).length;
    await expectSoldOnce(eventId, round);
  },
);

it("some of those bookings were accepted before a kill and confirmed after it", () => {
  expect(survivors).toBeGreaterThan(0);
});

it("a key keeps its one effect and its one answer, through 20 parallel repeats before a kill and 20 after", async () => {
  const eventId = await api.makeEvent(organiser, { seats: SEATS });
  const buyer = await api.signUp();
  const wish = { caller: buyer, key: randomUUID(), body: { eventId, seatIds: ["seat_C3"], paymentMethod: CARD } };
  const repeat = () =>
    Promise.all(Array.from({ length: REPEATS }, () => api.call<{ bookingId: string }>("POST", "/api/bookings", wish)));
  const told = ({ status, body }: Answer<unknown>) => JSON.stringify({ status, body });

  const before = await repeat();
  await server.kill();
  await server.restart();
  const after = await repeat();

  expect([...before, ...after].map(({ status }) => status)).toEqual(Array(2 * REPEATS).fill(202));
  expect(new Set([...before, ...after].map(told)).size).toBe(1);
  const bookingId = before[0]?.body.bookingId ?? "";
  expect(await api.ended(buyer, bookingId)).toMatchObject({ status: "CONFIRMED" });
  expect((await myBookings(buyer)).map(({ id }) => id)).toEqual([bookingId]);
  expect((await api.seats(eventId)).summary).toMatchObject({ reserved: 1, locked: 0 });
  const other = await api.call<{ error: { code: string } }>("POST", "/api/bookings", {
    ...wish,
    body: { ...wish.body, seatIds: ["seat_C4"] },
  });
  expect({ status: other.status, code: other.body.error.code }).toEqual({
    status: 422,
    code: "IDEMPOTENCY_KEY_REUSED",
  });
});

it("after all these kills every booking has one mail, in its buyer's list and in the mailbox", async () => {
  const expected = made.map(({ booking }) => `${booking.id} ${booking.status}`).sort();
  let told: string[] = [];
  let sweptAt = 0;
  await until("all mails", MAIL_LIMIT_MS, async () => {
    if (Date.now() - sweptAt > SWEEP_EVERY_MS) {
      await api.sweep();
      sweptAt = Date.now();
    }
    told = (await Promise.all(buyers.map(toldBy))).flat().sort();
    return told.length >= expected.length;
  });
  expect(told).toEqual(expected);
  for (const buyer of buyers) await expectSentOnce(buyer);
});

function wishesFor(eventId: string): Wish[] {
  return Array.from({ length: BUYERS * BOOKINGS_PER_BUYER }, (_, n) => {
    const buyer = buyers[n % BUYERS];
    if (!buyer) throw new Error("too few buyers");
    const first = (n % PAIRS_WANTED) * SEATS_PER_BOOKING;
    const seatIds = Array.from({ length: SEATS_PER_BOOKING }, (_, i) => seatId(first + i));
    return { buyer, key: randomUUID(), seatIds, body: { eventId, seatIds, paymentMethod: CARD } };
  });
}

function seatId(index: number): string {
  return `seat_${"ABCDEF".charAt(Math.floor(index / SEATS_PER_ROW))}${(index % SEATS_PER_ROW) + 1}`;
}

/** Sends all wishes at once and kills the server. Of each: the booking that was accepted, or null. */
async function sellUntilKilled(wishes: readonly Wish[], afterMs: number): Promise<(string | null)[]> {
  const tries = wishes.map((wish) => book(wish).catch(() => null));
  await Promise.any(tries.map(async (one) => (await one) ?? Promise.reject(new Error("not accepted"))));
  await wait(afterMs);
  killedAt.push(Date.now());
  await server.kill();
  return await Promise.all(tries);
}

async function book({ buyer, key, body }: Wish): Promise<string> {
  const options = { caller: buyer, key, body };
  return (await api.expectStatus<{ bookingId: string }>(202, "POST", "/api/bookings", options)).bookingId;
}

async function expectSoldOnce(eventId: string, round: readonly Made[]): Promise<void> {
  const confirmed = round.filter(({ booking }) => booking.status === "CONFIRMED");
  const failed = round.filter(({ booking }) => booking.status !== "CONFIRMED");
  // Each wanted pair was free at first and every card is good: the first who asked has it, the others are refused.
  expect(confirmed.length).toBe(PAIRS_WANTED);
  expect(new Set(failed.map(({ booking }) => booking.failureReason))).toEqual(new Set(["SEATS_UNAVAILABLE"]));
  const sold = confirmed.flatMap(({ booking }) => booking.seatIds);
  expect(new Set(sold).size).toBe(sold.length);

  const { seats, summary } = await api.seats(eventId);
  expect(summary).toMatchObject({ total: SEATS, reserved: sold.length, locked: 0, available: SEATS - sold.length });
  expect(seats.filter(({ status }) => status === "RESERVED").map(({ id }) => id)).toEqual(
    seats.map(({ id }) => id).filter((id) => sold.includes(id)),
  );
  for (const buyer of buyers) {
    const mine = round.filter((one) => one.buyer === buyer).map(({ booking }) => `${booking.id} ${booking.status}`);
    const listed = (await myBookings(buyer)).filter((booking) => booking.eventId === eventId);
    expect(listed.map(({ id, status }) => `${id} ${status}`).sort()).toEqual(mine.sort());
  }
  await api.atRest(organiser, eventId, END_LIMIT_MS);
}

async function myBookings(caller: Caller) {
  const path = "/api/bookings/my?perPage=100";
  const { data } = await api.expectStatus<{ data: (Booking & { eventId: string })[] }>(200, "GET", path, { caller });
  return data;
}

function confirmedAtMs(booking: Booking & { confirmedAt?: string | null }): number {
  return booking.confirmedAt ? Date.parse(booking.confirmedAt) : 0;
}

/** What a buyer was told about bookings, as `id STATUS`. */
async function toldBy(caller: Caller): Promise<string[]> {
  const { data } = await api.expectStatus<{ data: { type: string; bookingId: string | null }[] }>(
    200,
    "GET",
    "/api/notifications/recent",
    { caller },
  );
  return data.flatMap(({ type, bookingId }) => (bookingId ? [`${bookingId} ${type.replace("BOOKING_", "")}`] : []));
}

/** Twice only where the server died between handing a mail over and noting it. The part before `:` names the fact. */
async function expectSentOnce(buyer: Caller): Promise<void> {
  const sends = new Map<string, number[]>();
  for (const { id, sentAt } of await api.mails(buyer.email)) {
    const fact = id.split(":")[0] ?? id;
    sends.set(
      fact,
      [...(sends.get(fact) ?? []), Date.parse(sentAt)].sort((a, b) => a - b),
    );
  }
  expect(sends.size).toBe(1 + KILL_AFTER_MS.length * BOOKINGS_PER_BUYER);
  for (const [first = 0, ...again] of sends.values()) {
    if (again.length === 0) continue;
    const diedAfter = killedAt.some((killMs) => first <= killMs && killMs - first < UNNOTED_MS);
    expect({ diedAfter, again: again.length }).toEqual({ diedAfter: true, again: 1 });
  }
}
