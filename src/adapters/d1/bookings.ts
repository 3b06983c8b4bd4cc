// D1's projection of bookings and payments: what box offices committed, in any order and any number of times, with
// the mails that follow. A row is overwritten by a higher version only.

import { and, count, desc, eq, gte, type SQL, sql } from "drizzle-orm";
import type { BookingListing, Bookings } from "../../app/ports";
import type { BookingRecord, PaymentRecord } from "../../domain/box-office/commands";
import { type BookingId, bookingIdOf, type EventId, type NotificationId, type SeatId } from "../../domain/ids";
import { keptQuery, type Orm, onlyRow, openDatabase } from "./database";
import { bookings, events, payments, venues } from "./schema";

/** Bookings that travel in one JSON parameter: well below D1's 2 MB, at 100 seats a booking too. */
const RECORDS_A_STATEMENT = 200;

const BOOKING_UPSERT = `
INSERT INTO bookings (
  id, event_id, lock_id, user_id, version, status, seat_ids, cancelled_seat_ids, total_minor, currency,
  failure_reason, failure_detail, payment_expires_at_ms, created_at_ms, updated_at_ms, confirmed_at_ms, cancelled_at_ms
)
SELECT
  value ->> 'id', value ->> 'eventId', value ->> 'lockId', value ->> 'userId', value ->> 'version',
  value ->> 'status', value -> 'seatIds', value -> 'cancelledSeatIds', value ->> 'totalMinor', value ->> 'currency',
  value ->> '$.failure.reason', value ->> '$.failure.detail', value ->> 'paymentExpiresAtMs',
  value ->> 'createdAtMs', value ->> 'updatedAtMs', value ->> 'confirmedAtMs', value ->> 'cancelledAtMs'
FROM json_each(?1)
WHERE true
ON CONFLICT (id) DO UPDATE SET
  version = excluded.version,
  status = excluded.status,
  seat_ids = excluded.seat_ids,
  cancelled_seat_ids = excluded.cancelled_seat_ids,
  total_minor = excluded.total_minor,
  failure_reason = excluded.failure_reason,
  failure_detail = excluded.failure_detail,
  payment_expires_at_ms = excluded.payment_expires_at_ms,
  updated_at_ms = excluded.updated_at_ms,
  confirmed_at_ms = excluded.confirmed_at_ms,
  cancelled_at_ms = excluded.cancelled_at_ms
WHERE excluded.version > bookings.version`;

const PAYMENT_UPSERT = `
INSERT INTO payments (
  id, version, status, amount_minor, currency, refunded_minor, transaction_id, processed_at_ms, attempts, failure
)
SELECT
  value ->> '$.payment.id', value ->> 'version', value ->> '$.payment.status', value ->> '$.payment.amountMinor',
  value ->> '$.payment.currency', value ->> '$.payment.refundedMinor', value ->> '$.payment.transactionId',
  value ->> '$.payment.processedAtMs', value ->> '$.payment.attempts', value ->> '$.payment.failure'
FROM json_each(?1)
WHERE value ->> '$.payment.id' IS NOT NULL
ON CONFLICT (id) DO UPDATE SET
  version = excluded.version,
  status = excluded.status,
  amount_minor = excluded.amount_minor,
  currency = excluded.currency,
  refunded_minor = excluded.refunded_minor,
  transaction_id = excluded.transaction_id,
  processed_at_ms = excluded.processed_at_ms,
  attempts = excluded.attempts,
  failure = excluded.failure
WHERE excluded.version > payments.version`;

const NOTICE_INSERT = `
INSERT INTO notifications (id, user_id, type, booking_id, detail, state, next_try_ms, created_at_ms)
SELECT
  notice.value ->> 'id', booking.value ->> 'userId', notice.value ->> 'type', booking.value ->> 'id',
  json_object('refundMinor', notice.value -> 'refundMinor', 'seatIds', notice.value -> 'seatIds'),
  'PENDING', ?2, notice.value ->> 'atMs'
FROM json_each(?1) AS booking, json_each(booking.value, '$.notices') AS notice
WHERE true
ON CONFLICT DO NOTHING
RETURNING id`;

export function d1Bookings(db: D1Database): Bookings {
  const orm = openDatabase(db);
  // A buyer who waits asks several times a second.
  const oneById = keptQuery(() =>
    bookingListings(orm)
      .where(eq(bookings.id, sql.placeholder("id")))
      .limit(1)
      .prepare(),
  );
  return {
    async project(records, nowMs) {
      const batches = inParts(records, RECORDS_A_STATEMENT).map((part) => statementsFor(db, part, nowMs));
      if (batches.length === 0) return [];
      const results = await db.batch<{ id: NotificationId }>(batches.flat());
      return results.flatMap((result) => result.results.map((row) => row.id));
    },

    async byId(id) {
      return found(await oneById().execute({ id }));
    },

    async byPaymentId(id) {
      const booking = found(await oneById().execute({ id: bookingIdOf(id) }));
      return booking?.record.payment ? booking : null;
    },

    async ofUser(userId, { status, page, perPage }) {
      const wanted = and(eq(bookings.userId, userId), status ? eq(bookings.status, status) : undefined);
      const [rows, totals] = await Promise.all([
        bookingListings(orm)
          .where(wanted)
          .orderBy(desc(bookings.id))
          .limit(perPage)
          .offset((page - 1) * perPage),
        orm.select({ total: count() }).from(bookings).where(wanted),
      ]);
      return { items: rows.map(listingOf), total: onlyRow(totals).total };
    },

    async versions(ids) {
      const asked = sql`(SELECT value FROM json_each(${JSON.stringify(ids)}))`;
      const rows = await orm
        .select({ id: bookings.id, version: bookings.version, status: bookings.status })
        .from(bookings)
        .where(sql`${bookings.id} IN ${asked}`)
        .limit(ids.length);
      return new Map(rows.map(({ id, version, status }) => [id, { version, status }]));
    },

    async countByStatus(eventId) {
      const rows = await orm
        .select({ status: bookings.status, total: count() })
        .from(bookings)
        .where(eventId ? ofEvent(eventId) : undefined)
        .groupBy(bookings.status);
      return Object.fromEntries(rows.map(({ status, total }) => [status, total]));
    },

    async sales(eventId, limit) {
      const rows = await orm
        .select({
          confirmedAtMs: bookings.confirmedAtMs,
          seatIds: bookings.seatIds,
          totalMinor: bookings.totalMinor,
        })
        .from(bookings)
        .where(and(ofEvent(eventId), eq(bookings.status, "CONFIRMED")))
        .orderBy(bookings.id)
        .limit(limit);
      return rows
        .map(({ confirmedAtMs, ...sale }) => ({ ...sale, confirmedAtMs: confirmedAtMs ?? 0 }))
        .sort((a, b) => a.confirmedAtMs - b.confirmedAtMs);
    },
  };
}

/** A notice is inserted even where its booking's row is newer already: the fact stands, whatever came after it. */
function statementsFor(db: D1Database, records: readonly BookingRecord[], nowMs: number): D1PreparedStatement[] {
  const json = JSON.stringify(records);
  const statements = [db.prepare(BOOKING_UPSERT).bind(json)];
  if (records.some((record) => record.payment)) statements.push(db.prepare(PAYMENT_UPSERT).bind(json));
  if (records.some((record) => record.notices.length > 0)) {
    statements.push(db.prepare(NOTICE_INSERT).bind(json, nowMs));
  }
  return statements;
}

function inParts<T>(items: readonly T[], size: number): readonly (readonly T[])[] {
  const parts: T[][] = [];
  for (let start = 0; start < items.length; start += size) parts.push(items.slice(start, start + size));
  return parts;
}

/**
 * An index by event would cost a billed write a booking, for one check of operators. Instead: no booking is older
 * than its event, and keys sort by creation, so the event's own time bounds the scan.
 */
function ofEvent(eventId: EventId): SQL | undefined {
  const oldest = `bkg_${eventId.slice("evnt_".length, "evnt_".length + TIME_CHARS)}` as BookingId;
  return and(gte(bookings.id, oldest), eq(bookings.eventId, eventId));
}
const TIME_CHARS = 10;

/**
 * Bookings with their payment and with what the event's row adds. A payment's key is the booking's, re-prefixed.
 * Never in a `batch`: D1 returns its rows as objects, where columns of one name fall together.
 */
export function bookingListings(orm: Orm) {
  return orm
    .select({
      booking: bookings,
      payment: payments,
      eventName: events.name,
      eventStartsAtMs: events.startsAtMs,
      eventEndsAtMs: events.endsAtMs,
      venueName: venues.name,
    })
    .from(bookings)
    .innerJoin(events, eq(events.id, bookings.eventId))
    .leftJoin(venues, eq(venues.id, events.venueId))
    .leftJoin(payments, eq(payments.id, sql`'pay_' || substr(${bookings.id}, 5)`));
}

function found([row]: readonly ListingRow[]): BookingListing | null {
  return row ? listingOf(row) : null;
}

type ListingRow = Awaited<ReturnType<typeof bookingListings>>[number];

export function listingOf(row: ListingRow): BookingListing {
  const { booking, payment, eventName, eventStartsAtMs, eventEndsAtMs, venueName } = row;
  const { failureReason, failureDetail, ...kept } = booking;
  const record: BookingRecord = {
    ...kept,
    seatIds: kept.seatIds as readonly SeatId[],
    cancelledSeatIds: kept.cancelledSeatIds as readonly SeatId[],
    failure: failureReason ? { reason: failureReason, detail: failureDetail ?? "" } : null,
    payment: payment ? paymentOf(payment) : null,
    // Mails that D1 had not taken over when the box office said so: here it has.
    notices: [],
  };
  return { record, eventName, eventStartsAtMs, eventEndsAtMs, venueName };
}

function paymentOf({ version: _, ...payment }: typeof payments.$inferSelect): PaymentRecord {
  return payment;
}
