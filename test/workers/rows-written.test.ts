// What a booking writes, as Cloudflare bills it: every row of every index, deletes and alarms included. bench/price.mjs
// makes the price of a million tickets from it.

import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { describe, expect, it, vi } from "vitest";
import { ROWS_A_BOOKING } from "../../bench/price.mjs";
import { call, type EventOnSale, newCaller, newEvent, untilBooking, withCard } from "./sale-client";

interface Bill {
  sqlRows: number;
  alarms: number;
}

/** Counts what the box office writes from now on. */
async function billOf(event: EventOnSale): Promise<Bill> {
  const bill: Bill = { sqlRows: 0, alarms: 0 };
  const stub = env.BOX_OFFICE.get(env.BOX_OFFICE.idFromName(event.code));
  await runInDurableObject(stub, (_, { storage }) => {
    const exec = storage.sql.exec.bind(storage.sql);
    storage.sql.exec = ((query: string, ...values: unknown[]) => {
      const cursor = exec(query, ...values);
      // A write has run by the time its cursor is there; what a read finds is not billed as written.
      bill.sqlRows += cursor.rowsWritten;
      return cursor;
    }) as typeof storage.sql.exec;
    const setAlarm = storage.setAlarm.bind(storage);
    storage.setAlarm = (...given) => {
      bill.alarms += 1;
      return setAlarm(...given);
    };
    const deleteAlarm = storage.deleteAlarm.bind(storage);
    storage.deleteAlarm = (...given) => {
      bill.alarms += 1;
      return deleteAlarm(...given);
    };
  });
  return bill;
}

async function atRest(event: EventOnSale): Promise<void> {
  const admin = await newCaller("ADMIN");
  await vi.waitFor(
    async () => {
      const { body } = await call("GET", `/api/admin/consistency?eventId=${event.id}`, { as: admin });
      expect(body).toMatchObject({ outbox: 0, nonTerminal: 0, ok: true });
    },
    { timeout: 20_000, interval: 100 },
  );
}

describe("a confirmed booking of two seats", () => {
  it("writes at most 16 rows in its box office: hold, booking, payment, capture, projection and alarms", async () => {
    const event = await newEvent();
    const buyer = await newCaller();
    await atRest(event);
    const bill = await billOf(event);
    const seatIds = ["seat_A1", "seat_A2"];
    const { body: lock } = await call("POST", "/api/locks", { as: buyer, body: { eventId: event.id, seatIds } });
    const booked = await call("POST", "/api/bookings", {
      as: buyer,
      body: { lockId: lock.id, ...withCard("pm_card_visa") },
    });
    await untilBooking(buyer, booked.body.bookingId, "CONFIRMED");
    await atRest(event);
    expect(bill.sqlRows).toBeGreaterThan(4);
    expect(bill.sqlRows + bill.alarms).toBeLessThanOrEqual(ROWS_A_BOOKING.boxOffice);
    expect(ROWS_A_BOOKING.boxOffice).toBeLessThanOrEqual(16);
  });

  it("is priced with the 10 rows of D1 that the projection's own test counts", () => {
    expect(ROWS_A_BOOKING.d1).toBe(10);
  });
});
