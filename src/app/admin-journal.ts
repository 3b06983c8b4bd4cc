// The audit trail of an event as operators read it. The box office keeps facts small, without personal data; here
// each gets the payload of the documents' catalogue. What a fact says of itself, and what never changes in a booking,
// is as it was; names, addresses and the event's date are as they are now. No token is shown.

import type { Origin } from "../domain/box-office/commands";
import type { Fact, FactType, JournalEntry, SeatStatus } from "../domain/box-office/state";
import { geometryOf } from "../domain/geometry";
import {
  type BookingId,
  codeOfEvent,
  type EventId,
  type FactId,
  factIdOf,
  paymentIdOf,
  type SeatId,
  type UserId,
} from "../domain/ids";
import { sumMinor } from "../domain/money";
import { accept, type Result } from "../domain/refusals";
import { findBooking } from "./bookings";
import { type EventReading, readEvent } from "./events";
import type { BookingListing, Deps, Page, User } from "./ports";

/** A fact of the documents' catalogue, or of the same form. */
export interface FactView {
  readonly id: FactId;
  readonly type: FactType;
  readonly atMs: number;
  readonly payload: Readonly<Record<string, unknown>>;
}

export interface EntryView {
  readonly entry: Omit<JournalEntry, "facts" | "seatChanges">;
  readonly facts: readonly FactView[];
  readonly seatChanges: readonly { readonly seatId: SeatId; readonly status: SeatStatus }[];
}

type JournalDeps = Pick<Deps, "clock" | "boxOffices" | "bookings" | "events" | "users" | "venues">;

/** A page of the journal, oldest first. Entries are numbered without gaps, so a page is a range of numbers. */
export async function readJournal(
  deps: JournalDeps,
  eventId: string,
  paging: { readonly page: number; readonly perPage: number },
  origin: Origin,
): Promise<Result<Page<EntryView>>> {
  const read = await readEvent(deps, eventId, origin);
  if (!read.ok) return read;
  const event = read.value;
  const afterSeq = (paging.page - 1) * paging.perPage;
  const journal = await deps.boxOffices.journal(codeOfEvent(event.definition.id), afterSeq, paging.perPage);
  const entries = journal?.entries ?? [];
  const scene = await sceneOf(deps, event, entries, origin);
  return accept({ items: entries.map((entry) => entryView(entry, scene)), total: event.availability.seq });
}

/** What payloads are made from besides the facts themselves. */
interface Scene {
  readonly event: EventReading;
  readonly seatIds: readonly SeatId[];
  readonly bookings: ReadonlyMap<BookingId, BookingListing>;
  readonly users: ReadonlyMap<UserId, User>;
}

async function sceneOf(
  deps: JournalDeps,
  event: EventReading,
  entries: readonly JournalEntry[],
  origin: Origin,
): Promise<Scene> {
  const bookingIds = new Set(entries.flatMap(({ facts }) => facts.flatMap(({ bookingId }) => bookingId ?? [])));
  const found = await Promise.all([...bookingIds].map((id) => findBooking(deps, id, origin)));
  const bookings = found.flatMap((read) => (read.ok ? [read.value] : []));
  const userIds = new Set(bookings.map(({ record }) => record.userId));
  const users = await Promise.all([...userIds].map((id) => deps.users.byId(id)));
  return {
    event,
    seatIds: geometryOf(event.definition.layout).ids,
    bookings: new Map(bookings.map((listing) => [listing.record.id, listing])),
    users: new Map(users.flatMap((user) => (user ? [[user.id, user] as const] : []))),
  };
}

function entryView({ facts, seatChanges, ...entry }: JournalEntry, scene: Scene): EntryView {
  const code = codeOfEvent(scene.event.definition.id);
  return {
    entry,
    facts: facts.map((fact, n) => ({
      id: factIdOf(code, entry.atMs, entry.seq, n),
      type: fact.type,
      atMs: entry.atMs,
      payload: payloadOf(fact, entry.atMs, scene),
    })),
    seatChanges: seatChanges.map(([seat, status]) => ({ seatId: scene.seatIds[seat] as SeatId, status })),
  };
}

function payloadOf(fact: Fact, atMs: number, scene: Scene): Readonly<Record<string, unknown>> {
  const listing = fact.bookingId ? (scene.bookings.get(fact.bookingId) ?? null) : null;
  const ids = {
    ...(fact.bookingId && { bookingId: fact.bookingId }),
    ...(fact.lockId && { lockId: fact.lockId }),
    eventId: scene.event.definition.id,
  };
  const seatIds = fact.seats?.map((seat) => scene.seatIds[seat] as SeatId) ?? [];
  const said = wireDetail(fact);
  switch (fact.type) {
    case "event.created":
      return createdPayload(ids.eventId, fact);
    case "booking.initiated":
      return {
        ...ids,
        userId: listing?.record.userId ?? null,
        seatIds,
        ...said,
        // No journal has them: the token is a secret, the key may be any text. See docs/adr/0009.
        paymentMethodToken: null,
        idempotencyKey: null,
      };
    case "seats.lock-failed": {
      const unavailableSeatIds = String(fact.detail?.["unavailable"] ?? "").split(" ");
      return { ...ids, requestedSeatIds: seatIds, unavailableSeatIds, reason: "SEATS_UNAVAILABLE" };
    }
    case "payment.processed":
      return { ...ids, paymentId: fact.bookingId ? paymentIdOf(fact.bookingId) : null, ...UNSAID_PAYMENT, ...said };
    case "booking.confirmed":
      return { ...ids, ...buyerPayload(listing, scene), ...pricePayload(listing), seatIds, ...said };
    case "booking.failed": {
      const failureDetail = listing?.record.failure?.detail ?? null;
      return { ...ids, ...buyerPayload(listing, scene), ...pricePayload(listing), seatIds, ...said, failureDetail };
    }
    case "booking.cancelled":
    case "booking.seats-cancelled":
      return { ...ids, ...buyerPayload(listing, scene), seatIds, ...said, cancelledAt: isoOf(atMs) };
    default:
      return { ...ids, ...(fact.seats && { seatIds }), ...said };
  }
}

function createdPayload(eventId: EventId, fact: Fact): Readonly<Record<string, unknown>> {
  const { name = null, venueId = null, startsAt = null, currency } = wireDetail(fact);
  const tiers = fact.tiers?.map(({ tier, priceMinor, seats }) => {
    return { tier, price: priceMinor, currency, capacity: seats };
  });
  const totalSeats = tiers ? sumMinor(tiers.map(({ capacity }) => capacity)) : null;
  return { eventId, name, venueId, startsAt, totalSeats, ticketTiers: tiers ?? null };
}

/** What a fact of one outcome does not say of the other's, and what older releases did not keep. */
const UNSAID_PAYMENT = { amount: null, currency: null, providerTransactionId: null, failureReason: null };

function buyerPayload(listing: BookingListing | null, { users, event }: Scene) {
  const user = listing && users.get(listing.record.userId);
  return {
    userId: listing?.record.userId ?? null,
    userEmail: user?.email ?? null,
    userName: user?.name ?? null,
    eventName: event.definition.name,
    eventDate: isoOf(event.definition.startsAtMs),
    venueName: event.listing.venue?.name ?? null,
  };
}

/** The price when it was booked, which is what was asked for: seats given back later take nothing from it. */
function pricePayload(listing: BookingListing | null) {
  if (!listing) return { totalAmount: null, currency: null, paymentId: null };
  const { totalMinor, currency, payment } = listing.record;
  return { totalAmount: payment?.amountMinor ?? totalMinor, currency, paymentId: payment?.id ?? null };
}

/** A fact's own words, renamed as the API writes them: moments as text, amounts without their unit. */
function wireDetail({ detail = {} }: Fact): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(detail).map(([name, value]) => {
      if (typeof value === "number" && name.endsWith("AtMs")) return [name.slice(0, -2), isoOf(value)];
      if (name === "amountMinor") return ["amount", value];
      return name.endsWith("Minor") ? [`${name.slice(0, -5)}Amount`, value] : [name, value];
    }),
  );
}

function isoOf(ms: number): string {
  return new Date(ms).toISOString();
}
