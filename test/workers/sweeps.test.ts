// Each sweep of cron, after the thing it mends was broken.

import { evictDurableObject, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { projectAgain, sweep, wakeOverdue } from "../../src/app/sweeps";
import { MINUTE, SECOND } from "../../src/domain/time";
import {
  type Caller,
  call,
  deps,
  type EventOnSale,
  HOLD_TTL_MS,
  newCaller,
  newConfirmed,
  newEvent,
  PAYMENT_WINDOW_MS,
  seatsOf,
} from "./sale-client";

let buyer: Caller;

beforeAll(async () => {
  buyer = await newCaller();
});

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["Date"] });
});

afterEach(() => {
  vi.useRealTimers();
});

function stubOf(event: EventOnSale) {
  return env.BOX_OFFICE.get(env.BOX_OFFICE.idFromName(event.code));
}

/** The object forgets that it wanted to be woken, and sleeps. */
async function loseAlarm(event: EventOnSale): Promise<void> {
  await runInDurableObject(stubOf(event), (_, { storage }) => storage.deleteAlarm());
  await evictDurableObject(stubOf(event));
}

async function alarmOf(event: EventOnSale): Promise<number | null> {
  return runInDurableObject(stubOf(event), (_, { storage }) => storage.getAlarm());
}

/** D1 knows when the event's box office must act: the consumer has written its availability. */
async function untilD1Knows(event: EventOnSale): Promise<void> {
  await vi.waitFor(
    async () => {
      const row = await env.DB.prepare("SELECT next_due_ms FROM events WHERE id = ?").bind(event.id).first();
      expect(row?.next_due_ms).toEqual(expect.any(Number));
    },
    { timeout: 10_000, interval: 50 },
  );
}

async function statusInD1(bookingId: string): Promise<unknown> {
  return (await env.DB.prepare("SELECT status FROM bookings WHERE id = ?").bind(bookingId).first())?.status;
}

describe("the sweep over overdue box offices", () => {
  it("wakes one whose alarm was lost: its expired hold ends, and it has an alarm for the next", async () => {
    const event = await newEvent();
    await call("POST", "/api/locks", { as: buyer, body: { eventId: event.id, seatIds: ["seat_A1"] } });
    await untilD1Knows(event);
    vi.setSystemTime(Date.now() + MINUTE);
    const later = await newCaller();
    await call("POST", "/api/locks", { as: later, body: { eventId: event.id, seatIds: ["seat_A2"] } });
    await loseAlarm(event);
    vi.setSystemTime(Date.now() + HOLD_TTL_MS - MINUTE + 11 * SECOND);
    expect(await wakeOverdue(deps(), Date.now())).toContain(event.code);
    const rows = await runInDurableObject(stubOf(event), (_, { storage }) =>
      storage.sql.exec<{ body: string }>("SELECT body FROM holds ORDER BY id").toArray(),
    );
    const [first, second] = rows.map(({ body }) => JSON.parse(body));
    expect(first.endedAtMs).toBe(Date.now());
    expect(second.endedAtMs).toBe(null);
    expect(await alarmOf(event)).toEqual(expect.any(Number));
  });

  it("asks for a payment nobody answered, and ends it once its window is over", async () => {
    const event = await newEvent();
    const lock = await call("POST", "/api/locks", { as: buyer, body: { eventId: event.id, seatIds: ["seat_A1"] } });
    const { body } = await call("POST", "/api/bookings/confirm", { as: buyer, body: { lockId: lock.body.id } });
    await call("POST", "/api/payments/intent", { as: buyer, body: { bookingId: body.id, force: "timeout" } });
    await untilD1Knows(event);
    await loseAlarm(event);
    vi.setSystemTime(Date.now() + PAYMENT_WINDOW_MS + 11 * SECOND);
    await wakeOverdue(deps(), Date.now());
    await vi.waitFor(async () => expect(await statusInD1(body.id)).toBe("EXPIRED"), { timeout: 10_000, interval: 50 });
    expect((await seatsOf(event)).of.seat_A1).toBe("AVAILABLE");
  });

  it("leaves alone what is not due", async () => {
    const event = await newEvent();
    await call("POST", "/api/locks", { as: buyer, body: { eventId: event.id, seatIds: ["seat_A1"] } });
    await untilD1Knows(event);
    expect(await wakeOverdue(deps(), Date.now())).not.toContain(event.code);
  });
});

describe("the sweep that compares D1 with the box offices", () => {
  it("projects a booking again that D1 lost, and one that D1 has in an older version", async () => {
    const event = await newEvent();
    const lost = await newConfirmed(buyer, event, ["seat_A1"]);
    const old = await newConfirmed(buyer, event, ["seat_A2"]);
    await env.DB.batch([
      env.DB.prepare("DELETE FROM payments WHERE id = ?").bind(lost.replace("bkg", "pay")),
      env.DB.prepare("DELETE FROM bookings WHERE id = ?").bind(lost),
      env.DB.prepare("UPDATE bookings SET version = 1, status = 'PENDING' WHERE id = ?").bind(old),
    ]);
    await vi.waitFor(async () => expect(await projectAgain(deps(), event.code)).toBeGreaterThanOrEqual(1));
    await vi.waitFor(
      async () => {
        expect(await statusInD1(lost)).toBe("CONFIRMED");
        expect(await statusInD1(old)).toBe("CONFIRMED");
      },
      { timeout: 10_000, interval: 50 },
    );
    expect(await projectAgain(deps(), event.code)).toBe(0);
  });
});

it("the sweep that compares asks for bookings alone: a hot sale's journal is not read every minute", async () => {
  const event = await newEvent();
  await newConfirmed(buyer, event, ["seat_A1"]);
  // Whoever reads what it tells of seats meets this.
  await runInDurableObject(stubOf(event), (_, { storage }) =>
    storage.sql.exec("UPDATE journal SET seat_changes = 'unreadable' WHERE seat_changes <> '[]'"),
  );
  await vi.waitFor(async () => expect(await projectAgain(deps(), event.code)).toBe(0));
});

describe("the sweep over mails", () => {
  it("sends what no message announced", async () => {
    const user = await newCaller();
    vi.setSystemTime(Date.now() + MINUTE);
    await sweep(deps());
    const { body } = await call("GET", "/api/notifications/recent", { as: user });
    expect(body.data).toMatchObject([{ type: "WELCOME" }]);
  });
});

it("a sweep that fails does not stop the others", async () => {
  const user = await newCaller();
  vi.setSystemTime(Date.now() + MINUTE);
  const broken = { ...deps().events, overdue: () => Promise.reject(new Error("D1 is down")) };
  await sweep({ ...deps(), events: broken });
  const { body } = await call("GET", "/api/notifications/recent", { as: user });
  expect(body.data).toHaveLength(1);
});
