// D1 as the adapters in src/adapters/d1 use it: each method is one batch, so it happens whole or not at all. What is
// compared there in a WHERE clause is compared here in the same words.

import type {
  BookingListing,
  DeadLetter,
  EventListing,
  NotificationToSend,
  ProviderEvent,
  User,
} from "../../src/app/ports";
import type { Availability, BookingRecord, NoticeRecord } from "../../src/domain/box-office/commands";
import type { EventDefinition } from "../../src/domain/box-office/state";
import type { BookingId, EventCode, EventId, NotificationId, UserId } from "../../src/domain/ids";

export interface EventRow {
  definition: EventDefinition;
  availability: Availability;
  nextDueMs: number | null;
  activeAtMs: number;
}

export interface MailRow {
  readonly notice: NoticeRecord;
  readonly userId: UserId;
  readonly bookingId: BookingId;
  state: "PENDING" | "SENT" | "GIVEN_UP";
  leaseUntilMs: number;
  nextTryMs: number;
  tries: number;
}

export interface InboxRow {
  readonly event: ProviderEvent;
  settledAtMs: number | null;
  nextTryMs: number;
  tries: number;
}

export interface Database {
  readonly events: Map<EventCode, EventRow>;
  readonly bookings: Map<BookingId, BookingRecord>;
  readonly mails: Map<NotificationId, MailRow>;
  readonly inbox: Map<string, InboxRow>;
  readonly letters: Map<string, DeadLetter>;
  readonly users: Map<UserId, User>;
}

export function emptyDatabase(): Database {
  return {
    events: new Map(),
    bookings: new Map(),
    mails: new Map(),
    inbox: new Map(),
    letters: new Map(),
    users: new Map(),
  };
}

export function projectBookings(
  db: Database,
  records: readonly BookingRecord[],
  nowMs: number,
): readonly NotificationId[] {
  const written: NotificationId[] = [];
  for (const record of records) {
    const known = db.bookings.get(record.id);
    if (known === undefined || record.version > known.version) db.bookings.set(record.id, { ...record, notices: [] });
    for (const notice of record.notices) {
      const id = notice.id as NotificationId;
      if (db.mails.has(id)) continue;
      const { userId, id: bookingId } = record;
      db.mails.set(id, { notice, userId, bookingId, state: "PENDING", leaseUntilMs: 0, nextTryMs: nowMs, tries: 0 });
      written.push(id);
    }
  }
  return written;
}

export function bookingListingOf(db: Database, id: BookingId): BookingListing | null {
  const record = db.bookings.get(id);
  if (record === undefined) return null;
  const event = [...db.events.values()].find(({ definition }) => definition.id === record.eventId);
  if (event === undefined) return null;
  const { name, startsAtMs, endsAtMs } = event.definition;
  return { record, eventName: name, eventStartsAtMs: startsAtMs, eventEndsAtMs: endsAtMs, venueName: null };
}

export function eventListingOf(db: Database, id: EventId): EventListing | null {
  const row = [...db.events.values()].find(({ definition }) => definition.id === id);
  if (row === undefined) return null;
  const { name, description, startsAtMs, endsAtMs, currency, version, createdAtMs, updatedAtMs } = row.definition;
  const { availableSeats, totalSeats, tiers } = row.availability;
  const times = { startsAtMs, endsAtMs, createdAtMs, updatedAtMs };
  return { id, name, description, venue: null, ...times, currency, availableSeats, totalSeats, tiers, version };
}

export function saveDefinition(db: Database, definition: EventDefinition): void {
  const row = db.events.get(definition.code);
  if (row === undefined || row.definition.version >= definition.version) return;
  row.definition = definition;
  row.activeAtMs = definition.updatedAtMs;
}

export function saveAvailability(db: Database, code: EventCode, availability: Availability, nowMs: number): void {
  const row = db.events.get(code);
  if (row === undefined || row.availability.seq >= availability.seq) return;
  row.availability = availability;
  row.nextDueMs = availability.nextDueMs;
  row.activeAtMs = nowMs;
}

export function claimMail(db: Database, id: NotificationId, nowMs: number, leaseMs: number): NotificationToSend | null {
  const row = db.mails.get(id);
  if (row === undefined || row.state !== "PENDING" || row.leaseUntilMs > nowMs || row.nextTryMs > nowMs) return null;
  row.leaseUntilMs = nowMs + leaseMs;
  row.tries += 1;
  const { notice, userId, bookingId, tries } = row;
  const user = db.users.get(userId) as User;
  const detail = { refundMinor: notice.refundMinor, seatIds: notice.seatIds };
  const booking = bookingListingOf(db, bookingId);
  return { id, userId, type: notice.type, bookingId, detail, createdAtMs: notice.atMs, user, booking, tries };
}

export function reviveMails(db: Database, ids: readonly NotificationId[], nowMs: number): number {
  const rows = ids.flatMap((id) => db.mails.get(id) ?? []).filter(({ state }) => state !== "SENT");
  for (const row of rows) Object.assign(row, { state: "PENDING", tries: 0, nextTryMs: nowMs });
  return rows.length;
}

export function markMail(db: Database, id: NotificationId, change: Partial<MailRow>): void {
  const row = db.mails.get(id);
  if (row?.state === "PENDING") Object.assign(row, change);
}
