// Records for the tests of D1, with defaults, and a database that counts what it is billed for.

import { randomIds } from "../../src/adapters/ids";
import type { KeptKey, NewNotification, UserWithPassword, Venue } from "../../src/app/ports";
import type { Availability, BookingRecord, NoticeRecord, PaymentRecord } from "../../src/domain/box-office/commands";
import type { EventDefinition } from "../../src/domain/box-office/state";
import {
  type BookingId,
  codeOfEvent,
  type EventCode,
  type EventId,
  lockIdOf,
  notificationIdOf,
  paymentIdOf,
  type SeatId,
} from "../../src/domain/ids";

export const NOW = Date.UTC(2030, 0, 2, 10);
const ids = randomIds();

export function aUser(change: Partial<UserWithPassword> = {}): UserWithPassword {
  const id = ids.user(NOW);
  return {
    id,
    name: "Alice Example",
    email: `${id.toLowerCase()}@example.com`,
    role: "USER",
    passwordHash: "scrypt$16384$8$5$AAAA$AAAA",
    createdAtMs: NOW,
    updatedAtMs: NOW,
    ...change,
  };
}

export function aWelcome(user: UserWithPassword, atMs = NOW): NewNotification {
  return {
    id: ids.notification(atMs),
    userId: user.id,
    type: "WELCOME",
    bookingId: null,
    detail: {},
    createdAtMs: atMs,
  };
}

export function aKey(change: Partial<KeptKey> = {}): KeptKey {
  return { scope: `usr POST /x ${crypto.randomUUID()}`, fingerprint: "f", resultId: "r", atMs: NOW, ...change };
}

export function aVenue(change: Partial<Venue> = {}): Venue {
  return {
    id: ids.venue(NOW),
    name: "O2 Arena",
    address: "Peninsula Square",
    city: "London",
    country: "GB",
    capacity: 20_000,
    createdAtMs: NOW,
    ...change,
  };
}

export function aDefinition(change: Partial<EventDefinition> = {}): EventDefinition {
  const id = change.id ?? ids.event(change.createdAtMs ?? NOW);
  return {
    id,
    code: codeOfEvent(id),
    version: 1,
    name: "Music of the Spheres",
    description: "World tour",
    venueId: null,
    startsAtMs: NOW + 86_400_000,
    endsAtMs: NOW + 90_000_000,
    currency: "GBP",
    tiers: [{ tier: "GENERAL", priceMinor: 7_500 }],
    layout: { source: "tiers", segments: [] },
    createdAtMs: NOW,
    updatedAtMs: NOW,
    ...change,
  };
}

export function anAvailability(eventId: EventId, change: Partial<Availability> = {}): Availability {
  return {
    eventId,
    seq: 1,
    totalSeats: 100,
    availableSeats: 100,
    tiers: [{ tier: "GENERAL", priceMinor: 7_500, available: 100, total: 100 }],
    nextDueMs: null,
    ...change,
  };
}

export function aBookingId(code: EventCode, atMs = NOW): BookingId {
  return ids.ofSale("bkg", code, atMs);
}

export function aBooking(event: EventDefinition, change: Partial<BookingRecord> = {}): BookingRecord {
  const id = change.id ?? aBookingId(event.code);
  return {
    id,
    eventId: event.id,
    lockId: lockIdOf(id),
    userId: ids.user(NOW),
    version: 1,
    status: "PENDING",
    seatIds: ["seat_A1", "seat_A2"] as SeatId[],
    cancelledSeatIds: [],
    totalMinor: 15_000,
    currency: "GBP",
    failure: null,
    paymentExpiresAtMs: NOW + 600_000,
    createdAtMs: NOW,
    updatedAtMs: NOW,
    confirmedAtMs: null,
    cancelledAtMs: null,
    payment: null,
    notices: [],
    ...change,
  };
}

export function aPayment(booking: BookingId, change: Partial<PaymentRecord> = {}): PaymentRecord {
  return {
    id: paymentIdOf(booking),
    status: "PENDING",
    amountMinor: 15_000,
    currency: "GBP",
    refundedMinor: 0,
    transactionId: null,
    processedAtMs: null,
    attempts: 1,
    failure: null,
    ...change,
  };
}

export function aNotice(booking: BookingId, change: Partial<NoticeRecord> = {}): NoticeRecord {
  const atMs = change.atMs ?? NOW;
  return {
    id: notificationIdOf(booking, atMs),
    type: "BOOKING_CONFIRMED",
    atMs,
    refundMinor: 0,
    seatIds: [],
    ...change,
  };
}

export interface Bill {
  /** Indexes included, as they are billed. */
  rowsWritten: number;
  /** Round trips. */
  calls: number;
  readonly queries: { readonly sql: string; readonly values: readonly unknown[] }[];
}

/** The same database, noting what it was asked and what that costs. */
export function countingDatabase(db: D1Database): { readonly db: D1Database; readonly bill: Bill } {
  const bill: Bill = { rowsWritten: 0, calls: 0, queries: [] };
  const asked = new WeakMap<object, { statement: D1PreparedStatement; sql: string; values: readonly unknown[] }>();
  const note = <T extends D1Result>(result: T): T => {
    bill.rowsWritten += result.meta.rows_written;
    return result;
  };
  const wrap = (statement: D1PreparedStatement, sql: string, values: readonly unknown[]): D1PreparedStatement => {
    const run = async () => {
      bill.calls++;
      bill.queries.push({ sql, values });
      return note(await statement.all<Record<string, unknown>>());
    };
    const wrapped = {
      bind: (...bound: unknown[]) => wrap(statement.bind(...bound), sql, bound),
      run,
      all: run,
      raw: async () => (await run()).results.map((row) => Object.values(row)),
    } as unknown as D1PreparedStatement;
    asked.set(wrapped, { statement, sql, values });
    return wrapped;
  };
  const counting = {
    prepare: (sql: string) => wrap(db.prepare(sql), sql, []),
    async batch(wrapped: D1PreparedStatement[]) {
      bill.calls++;
      const inside = wrapped.map((statement) => asked.get(statement));
      const statements = inside.map((known) => {
        if (!known) throw new Error("a statement of another database");
        bill.queries.push(known);
        return known.statement;
      });
      return (await db.batch(statements)).map(note);
    },
  };
  return { db: counting as unknown as D1Database, bill };
}
