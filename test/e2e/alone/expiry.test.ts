// Holds and unpaid bookings end on time: while the server runs, by themselves; and at once after a restart when their
// time came while it was down.

import { setTimeout as wait } from "node:timers/promises";
import { afterAll, beforeAll, expect, it } from "vitest";
import { type Caller, type Client, clientOf, type Lock, until } from "../client";
import { type DevServer, startDevServer } from "../dev-server";

const HOLD_TTL_SECONDS = 3;
const PAYMENT_WINDOW_SECONDS = 4;
/** What "on time" allows for. */
const LATE_MS = 1_000;
/** The event list reads D1, which follows a box office within about two seconds. */
const LIST_LATE_MS = 3_000;
const SOON_MS = 15_000;

let server: DevServer;
let api: Client;
let organiser: Caller;

beforeAll(async () => {
  server = await startDevServer({
    args: [
      ...["--var", `HOLD_TTL_SECONDS:${HOLD_TTL_SECONDS}`],
      ...["--var", `PAYMENT_WINDOW_SECONDS:${PAYMENT_WINDOW_SECONDS}`],
    ],
  });
  api = clientOf(server.url);
  organiser = await api.logInAsOrganiser();
});

afterAll(async () => {
  await server?.[Symbol.asyncDispose]();
});

it("a hold is over when its time has come, not before and within a second", async () => {
  const eventId = await api.makeEvent(organiser, { seats: 10 });
  const buyer = await api.signUp();
  const lock = await hold(buyer, eventId);
  const expiresAt = Date.parse(lock.expiresAt);

  let lastSeenLocked = 0;
  const firstSeenFree = await until("the seats to be free", 2 * HOLD_TTL_SECONDS * 1_000, async () => {
    const askedAt = Date.now();
    const { summary } = await api.seats(eventId);
    if (summary.locked === 0) return Date.now();
    lastSeenLocked = askedAt;
    return null;
  });
  expect(lastSeenLocked).toBeGreaterThan(expiresAt - LATE_MS);
  expect(firstSeenFree).toBeGreaterThanOrEqual(expiresAt);
  expect(firstSeenFree).toBeLessThan(expiresAt + LATE_MS);
  expect(await readLock(buyer, lock.id)).toMatchObject({ status: "EXPIRED" });
});

it("a hold ends by itself: the list of events knows, though nobody asked the box office", async () => {
  const eventId = await api.makeEvent(organiser, { seats: 10 });
  const lock = await hold(await api.signUp(), eventId);
  const expiresAt = Date.parse(lock.expiresAt);
  await until("the list to count the held seats", LIST_LATE_MS, async () => (await listedAvailable(eventId)) === 8);
  await until("the list to have them back", SOON_MS, async () => (await listedAvailable(eventId)) === 10);
  expect(Date.now()).toBeLessThan(expiresAt + LIST_LATE_MS);
});

it("a booking that nobody pays expires, its seats are free, and its buyer is told", async () => {
  const eventId = await api.makeEvent(organiser, { seats: 10 });
  const buyer = await api.signUp();
  const lock = await hold(buyer, eventId);
  const booking = await api.expectStatus<{ id: string; status: string; paymentExpiresAt: string }>(
    201,
    "POST",
    "/api/bookings/confirm",
    { caller: buyer, body: { lockId: lock.id } },
  );
  expect(booking.status).toBe("PAYMENT_PENDING");
  expect(await api.ended(buyer, booking.id, 2 * PAYMENT_WINDOW_SECONDS * 1_000)).toMatchObject({ status: "EXPIRED" });
  expect(Date.now()).toBeLessThan(Date.parse(booking.paymentExpiresAt) + LIST_LATE_MS);
  expect((await api.seats(eventId)).summary).toMatchObject({ available: 10, locked: 0 });
  await until("the mail", SOON_MS, async () =>
    (await api.mails(buyer.email)).some(({ subject }) => /expired/i.test(subject)),
  );
});

it("a hold whose time came while the server was down is over at the first look after a restart", async () => {
  const eventId = await api.makeEvent(organiser, { seats: 10 });
  const buyer = await api.signUp();
  const lock = await hold(buyer, eventId);
  expect((await api.seats(eventId)).summary.locked).toBe(2);
  await server.kill();
  await wait(Math.max(0, Date.parse(lock.expiresAt) - Date.now()));
  await server.restart();
  expect((await api.seats(eventId)).summary).toMatchObject({ available: 10, locked: 0 });
  expect(await readLock(buyer, lock.id)).toMatchObject({ status: "EXPIRED" });
});

async function hold(caller: Caller, eventId: string): Promise<Lock> {
  return await api.expectStatus<Lock>(201, "POST", "/api/locks", { caller, body: { eventId, seats: 2 } });
}

async function readLock(caller: Caller, id: string): Promise<Lock> {
  return await api.expectStatus<Lock>(200, "GET", `/api/locks/${id}`, { caller });
}

async function listedAvailable(eventId: string): Promise<number | undefined> {
  const { data } = await api.expectStatus<{ data: { id: string; availableSeats: number }[] }>(
    200,
    "GET",
    "/api/events?perPage=100",
  );
  return data.find(({ id }) => id === eventId)?.availableSeats;
}
