// Whether everything agrees: each box office with itself (its own audit), D1 with the box offices (I8), mails with
// facts (I10). Safe to ask while people buy: what is still under way is left out, and what changed meanwhile too.

import type { Availability, BookingRecord } from "../domain/box-office/commands";
import type { BookingStatus, JournalEntry } from "../domain/box-office/state";
import {
  type BookingId,
  codeOfEvent,
  type EventCode,
  type LockId,
  type NotificationId,
  notificationIdOf,
  parseId,
} from "../domain/ids";
import { accept, type Result, refuse } from "../domain/refusals";
import type { AuditPage, Deps, EventListing, Violation } from "./ports";

/** Events looked at when none is named. */
const MAX_EVENTS = 50;
/** Events looked at side by side. */
const EVENTS_AT_ONCE = 10;
const BOOKINGS_A_PAGE = 500;
const ENTRIES_A_PAGE = 500;
/** Pages of bookings and of journal read in one check, over all its events: a request may make 1 000 calls. */
const MAX_PAGES = 200;
/** More violations than these are not listed: the first few say what is wrong. */
const MAX_VIOLATIONS = 200;

export interface Consistency {
  readonly ok: boolean;
  readonly events: number;
  readonly bookings: Readonly<Partial<Record<BookingStatus, number>>>;
  /** Effects that are owed. */
  readonly outbox: number;
  /** Bookings that have not ended. */
  readonly nonTerminal: number;
  readonly violations: readonly Violation[];
  /** Something was left out: events, or bookings and facts of large ones. */
  readonly truncated: boolean;
}

type CheckDeps = Pick<Deps, "boxOffices" | "bookings" | "events" | "notifications">;
type ReadOrigin = { readonly actor: string; readonly requestId: string };

/** Of one event, or of the most recently active ones. */
export async function checkConsistency(
  deps: CheckDeps,
  eventId: string | null,
  origin: ReadOrigin,
): Promise<Result<Consistency>> {
  const chosen = await chooseEvents(deps, eventId);
  if (!chosen.ok) return chosen;
  const { codes } = chosen.value;
  const maxPages = Math.max(1, Math.floor(MAX_PAGES / Math.max(1, codes.length)));
  const checks: EventCheck[] = [];
  for (let start = 0; start < codes.length; start += EVENTS_AT_ONCE) {
    const together = codes.slice(start, start + EVENTS_AT_ONCE);
    const found = await Promise.all(together.map((code) => checkEvent(deps, code, maxPages, origin)));
    checks.push(...found.filter((check) => check !== null));
  }
  if (eventId !== null && checks.length === 0) return refuse({ code: "EVENT_NOT_FOUND", id: eventId });
  return accept(sumUp(checks, chosen.value.truncated));
}

interface EventCheck {
  readonly bookings: Map<BookingStatus, number>;
  outbox: number;
  readonly violations: Violation[];
  truncated: boolean;
}

async function chooseEvents(
  deps: CheckDeps,
  eventId: string | null,
): Promise<Result<{ readonly codes: readonly EventCode[]; readonly truncated: boolean }>> {
  if (eventId === null) {
    const codes = await deps.events.recentlyActive(MAX_EVENTS + 1);
    return accept({ codes: codes.slice(0, MAX_EVENTS), truncated: codes.length > MAX_EVENTS });
  }
  const id = parseId("evnt", eventId);
  const listing = id && (await deps.events.listingById(id));
  if (!listing) return refuse({ code: "EVENT_NOT_FOUND", id: eventId });
  return accept({ codes: [codeOfEvent(listing.id)], truncated: false });
}

async function checkEvent(
  deps: CheckDeps,
  code: EventCode,
  maxPages: number,
  origin: ReadOrigin,
): Promise<EventCheck | null> {
  const before = await readAvailability(deps, code, origin);
  if (!before) return null;
  const check: EventCheck = { bookings: new Map(), outbox: 0, violations: [], truncated: false };
  const atRest = new Set<BookingId>();
  let after: LockId | null = null;
  for (let page = 0; ; page++) {
    if (page === maxPages) {
      check.truncated = true;
      break;
    }
    const audit: AuditPage | null = await deps.boxOffices.audit(code, after, BOOKINGS_A_PAGE);
    if (!audit) return null;
    await checkPage(deps, audit, check, atRest);
    check.violations.push(...audit.violations);
    check.outbox = audit.outbox;
    after = audit.next;
    if (after === null) break;
  }
  await checkAvailability(deps, code, before, check, origin);
  await checkMails(deps, code, before.seq, atRest, maxPages, check);
  return check;
}

/** I8 of bookings. D1 ahead of this page is news that came meanwhile; behind it, something was lost. */
async function checkPage(deps: CheckDeps, audit: AuditPage, check: EventCheck, atRest: Set<BookingId>): Promise<void> {
  for (const { status } of audit.bookings) check.bookings.set(status, (check.bookings.get(status) ?? 0) + 1);
  const owing = new Set(audit.owing);
  const resting = audit.bookings.filter(({ id }) => !owing.has(id));
  if (resting.length === 0) return;
  const copies = await deps.bookings.versions(resting.map(({ id }) => id));
  for (const booking of resting) {
    atRest.add(booking.id);
    const detail = differenceOf(booking, copies.get(booking.id));
    if (detail) check.violations.push({ invariant: "I8", detail });
  }
}

function differenceOf(
  booking: BookingRecord,
  copy: { readonly version: number; readonly status: BookingStatus } | undefined,
): string | null {
  if (!copy) return `booking ${booking.id} is not in D1`;
  const { version, status } = booking;
  if (copy.version > version || (copy.version === version && copy.status === status)) return null;
  return `booking ${booking.id} is ${status} at version ${version}, in D1 ${copy.status} at ${copy.version}`;
}

/** I8 of the event's row, if nobody bought meanwhile and D1 was told of everything. */
async function checkAvailability(
  deps: CheckDeps,
  code: EventCode,
  before: Availability,
  check: EventCheck,
  origin: ReadOrigin,
): Promise<void> {
  if (check.outbox > 0) return;
  const listing = await deps.events.listingById(before.eventId);
  const now = await readAvailability(deps, code, origin);
  if (!listing || !now || now.seq !== before.seq || isSame(listing, now)) return;
  const detail = `event ${listing.id} has ${now.availableSeats} of ${now.totalSeats} seats free, in D1 ${listing.availableSeats} of ${listing.totalSeats}`;
  check.violations.push({ invariant: "I8", detail });
}

function isSame(listing: EventListing, now: Availability): boolean {
  return listing.availableSeats === now.availableSeats && listing.totalSeats === now.totalSeats;
}

/** I10: every fact that its buyer is told of has its mail, if its booking is at rest. */
async function checkMails(
  deps: CheckDeps,
  code: EventCode,
  lastSeq: number,
  atRest: ReadonlySet<BookingId>,
  maxPages: number,
  check: EventCheck,
): Promise<void> {
  let afterSeq = Math.max(0, lastSeq - maxPages * ENTRIES_A_PAGE);
  if (afterSeq > 0) check.truncated = true;
  const lastNoticeMs = new Map<BookingId, number>();
  while (afterSeq < lastSeq) {
    const journal = await deps.boxOffices.journal(code, afterSeq, ENTRIES_A_PAGE);
    const entries = journal?.entries.filter(({ seq }) => seq <= lastSeq) ?? [];
    const expected = new Map<NotificationId, string>();
    for (const entry of entries) {
      for (const { bookingId, type, id } of mailsOf(entry, lastNoticeMs)) {
        if (atRest.has(bookingId)) expected.set(id, `${type} of booking ${bookingId}`);
      }
    }
    const counts = await deps.notifications.countOf([...expected.keys()]);
    for (const [id, fact] of expected) {
      const mails = counts.get(id) ?? 0;
      if (mails !== 1) check.violations.push({ invariant: "I10", detail: `${fact} has ${mails} mails, not 1` });
    }
    const last = entries.at(-1);
    if (!last || journal?.nextSeq == null) return;
    afterSeq = last.seq;
  }
}

const TOLD_BY_MAIL: ReadonlySet<string> = new Set([
  "booking.confirmed",
  "booking.failed",
  "booking.expired",
  "booking.cancelled",
  "booking.seats-cancelled",
]);

/** The mails that follow from an entry. A buyer who gives a lock back is not told that it ended. */
function mailsOf(entry: JournalEntry, lastNoticeMs: Map<BookingId, number>) {
  const isReleased = entry.facts.some(({ type }) => type === "lock.released");
  const mails: { readonly bookingId: BookingId; readonly type: string; readonly id: NotificationId }[] = [];
  for (const { type, bookingId } of entry.facts) {
    if (!bookingId || !TOLD_BY_MAIL.has(type) || isReleased) continue;
    const atMs = Math.max(entry.atMs, (lastNoticeMs.get(bookingId) ?? 0) + 1);
    lastNoticeMs.set(bookingId, atMs);
    mails.push({ bookingId, type, id: notificationIdOf(bookingId, atMs) });
  }
  return mails;
}

async function readAvailability(
  deps: Pick<Deps, "boxOffices">,
  code: EventCode,
  origin: ReadOrigin,
): Promise<Availability | null> {
  const reply = await deps.boxOffices.send(code, { type: "readEvent", ...origin });
  return reply?.ok ? reply.value.availability : null;
}

function sumUp(checks: readonly EventCheck[], truncated: boolean): Consistency {
  const bookings: Partial<Record<BookingStatus, number>> = {};
  for (const check of checks) {
    for (const [status, count] of check.bookings) bookings[status] = (bookings[status] ?? 0) + count;
  }
  const violations = checks.flatMap((check) => check.violations);
  return {
    ok: violations.length === 0,
    events: checks.length,
    bookings,
    outbox: checks.reduce((sum, check) => sum + check.outbox, 0),
    nonTerminal: (bookings.PENDING ?? 0) + (bookings.PAYMENT_PENDING ?? 0),
    violations: violations.slice(0, MAX_VIOLATIONS),
    truncated: truncated || violations.length > MAX_VIOLATIONS || checks.some((check) => check.truncated),
  };
}
