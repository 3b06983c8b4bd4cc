// Buying: accept a booking, confirm a hold as one, show it, list a user's, cancel. The event's box office
// decides; D1's copy answers reads, unless it is missing or time has overtaken it.

import type { BookingRecord, Cancellation, Origin, PaymentMethod, Replies } from "../domain/box-office/commands";
import { projectionEffectOf } from "../domain/box-office/effects";
import type { BookingStatus } from "../domain/box-office/state";
import {
  type BookingId,
  codeOfEvent,
  codeOfSaleId,
  type EventCode,
  parseId,
  type SeatId,
  type UserId,
} from "../domain/ids";
import { accept, invalid, type Result, refuse } from "../domain/refusals";
import { isOver } from "../domain/time";
import { carryOut, type EffectDeps } from "./effects";
import { MAX_SEATS, parseSeatIds } from "./locks";
import type { BookingListing, Deps, Page } from "./ports";
import { requireOwner, type Viewer } from "./users";

/** Seats of an event, or a lock that has them already; then the event's id may be left out. */
export type BookingSource =
  | { readonly eventId: string; readonly seatIds: readonly string[] }
  | { readonly eventId: string | null; readonly lockId: string };

export interface BookingRequest {
  readonly source: BookingSource;
  /** Null: the buyer pays later, by an intent. */
  readonly method: PaymentMethod | null;
}

/** How many overdue rows of one list are read from their box offices; the others show what D1 has. */
const MAX_REFRESHED = 20;

type ReadingDeps = Pick<Deps, "clock" | "boxOffices" | "bookings" | "events">;

type CreateDeps = Pick<Deps, "clock" | "ids" | "boxOffices">;

/** Accepts a booking durably; the saga does the rest. */
export async function createBooking(
  deps: CreateDeps,
  viewer: Viewer,
  { source, method }: BookingRequest,
  origin: Origin,
): Promise<Result<Replies["book"]>> {
  const buyer = { userId: viewer.id, method, ...origin };
  return "seatIds" in source ? await bookSeats(deps, source, buyer) : await bookLock(deps, source, buyer);
}

type Buyer = Origin & { readonly userId: UserId; readonly method: PaymentMethod | null };

async function bookSeats(
  deps: CreateDeps,
  source: { readonly eventId: string; readonly seatIds: readonly string[] },
  buyer: Buyer,
): Promise<Result<Replies["book"]>> {
  const seatIds = parseSeatIds(source.seatIds, MAX_SEATS);
  if (!seatIds.ok) return seatIds;
  const eventId = parseId("evnt", source.eventId);
  if (!eventId) return refuse({ code: "EVENT_NOT_FOUND", id: source.eventId });
  const code = codeOfEvent(eventId);
  const bookingId = deps.ids.ofSale("bkg", code, deps.clock.nowMs());
  const command = { type: "book", eventId, bookingId, from: { seatIds: seatIds.value }, ...buyer } as const;
  return (await deps.boxOffices.send(code, command)) ?? refuse({ code: "EVENT_NOT_FOUND", id: eventId });
}

/** The lock knows its event; one that is named beside it must be that. */
async function bookLock(
  deps: CreateDeps,
  source: { readonly eventId: string | null; readonly lockId: string },
  buyer: Buyer,
): Promise<Result<Replies["book"]>> {
  const lockId = parseId("lock", source.lockId);
  if (!lockId) return refuse({ code: "LOCK_NOT_FOUND", id: source.lockId });
  const code = codeOfSaleId(lockId);
  const named = source.eventId === null ? null : parseId("evnt", source.eventId);
  if (source.eventId !== null && (!named || codeOfEvent(named) !== code)) {
    return invalid("eventId", "is not the event of this lock");
  }
  const bookingId = deps.ids.ofSale("bkg", code, deps.clock.nowMs());
  const event = named ? { eventId: named } : {};
  const command = { type: "book", ...event, bookingId, from: { lockId }, ...buyer } as const;
  return (await deps.boxOffices.send(code, command)) ?? refuse({ code: "LOCK_NOT_FOUND", id: lockId });
}

/** Makes a booking of a hold, waiting for its payment. With `userId` null whoever knows the lock may. */
export async function confirmBooking(
  deps: Pick<Deps, "clock" | "ids" | "boxOffices" | "events"> & EffectDeps,
  userId: UserId | null,
  lockId: string,
  origin: Origin,
): Promise<Result<BookingListing>> {
  const id = parseId("lock", lockId);
  if (!id) return refuse({ code: "LOCK_NOT_FOUND", id: lockId });
  const code = codeOfSaleId(id);
  const bookingId = deps.ids.ofSale("bkg", code, deps.clock.nowMs());
  const reply = await deps.boxOffices.send(code, { type: "confirm", bookingId, lockId: id, userId, ...origin });
  if (!reply) return refuse({ code: "LOCK_NOT_FOUND", id });
  if (!reply.ok) return reply;
  const [listing] = await Promise.all([
    listingOf(deps, reply.value.booking),
    // A remembered answer brings no work.
    reply.replayed ? null : carryOut(deps, code, reply.value.work),
  ]);
  return accept(listing);
}

/** A booking for its owner, or for an admin. */
export async function readBooking(
  deps: ReadingDeps & Pick<Deps, "users">,
  viewer: Viewer,
  bookingId: string,
  origin: Origin,
): Promise<Result<BookingListing>> {
  const found = await findBooking(deps, bookingId, origin);
  if (!found.ok) return found;
  const allowed = await requireOwner(deps, viewer, found.value.record.userId);
  return allowed.ok ? found : allowed;
}

/** A booking, whoever asks: D1's copy, or the box office's if that is missing or its time is over. */
export async function findBooking(
  deps: ReadingDeps,
  bookingId: string,
  origin: Origin,
): Promise<Result<BookingListing>> {
  const id = parseId("bkg", bookingId);
  if (!id) return refuse({ code: "BOOKING_NOT_FOUND", id: bookingId });
  const listing = await deps.bookings.byId(id);
  if (listing && !isOvertaken(listing.record, deps.clock.nowMs())) return accept(listing);
  return await readFromBoxOffice(deps, id, listing, origin);
}

/** A user's bookings, newest first. */
export async function listMyBookings(
  deps: ReadingDeps,
  viewer: Viewer,
  filter: { readonly status: BookingStatus | null; readonly page: number; readonly perPage: number },
  origin: Origin,
): Promise<Page<BookingListing>> {
  const page = await deps.bookings.ofUser(viewer.id, filter);
  const nowMs = deps.clock.nowMs();
  const overtaken = page.items.filter(({ record }) => isOvertaken(record, nowMs)).slice(0, MAX_REFRESHED);
  if (overtaken.length === 0) return page;
  const fresh = await Promise.all(
    overtaken.map((listing) => readFromBoxOffice(deps, listing.record.id, listing, origin)),
  );
  const byId = new Map(fresh.flatMap((read) => (read.ok ? [[read.value.record.id, read.value] as const] : [])));
  return { total: page.total, items: page.items.map((listing) => byId.get(listing.record.id) ?? listing) };
}

/** Gives a confirmed booking back, or some of its seats, for all they cost. */
export async function cancelBooking(
  deps: Pick<Deps, "boxOffices"> & EffectDeps,
  viewer: Viewer,
  bookingId: string,
  seatIds: readonly string[] | null,
  origin: Origin,
): Promise<Result<Cancellation>> {
  let seats: readonly SeatId[] | null = null;
  if (seatIds) {
    const parsed = parseSeatIds(seatIds, MAX_SEATS);
    if (!parsed.ok) return parsed;
    seats = parsed.value;
  }
  const id = parseId("bkg", bookingId);
  if (!id) return refuse({ code: "BOOKING_NOT_FOUND", id: bookingId });
  const code = codeOfSaleId(id);
  const command = { type: "cancel", bookingId: id, userId: viewer.id, seatIds: seats, ...origin } as const;
  const reply = await deps.boxOffices.send(code, command);
  if (!reply) return refuse({ code: "BOOKING_NOT_FOUND", id });
  if (!reply.ok) return reply;
  const { cancellation, work } = reply.value;
  if (!reply.replayed) await carryOut(deps, code, work);
  await writeListing(deps, code, cancellation.booking);
  return accept(cancellation);
}

/** What the event's row adds to a booking. Throws for an event that D1 has not: it is written there first. */
export async function listingOf(deps: Pick<Deps, "events">, record: BookingRecord): Promise<BookingListing> {
  const event = await deps.events.listingById(record.eventId);
  if (!event) throw new Error(`booking ${record.id} is of an event that D1 does not have`);
  return {
    record,
    eventName: event.name,
    eventStartsAtMs: event.startsAtMs,
    eventEndsAtMs: event.endsAtMs,
    venueName: event.venue?.name ?? null,
  };
}

/**
 * The same, once D1 has the booking in this version, so that whoever lists bookings next sees it. Mostly it was
 * written already; but a consumer may have been at work on an older version meanwhile.
 */
export async function writeListing(
  deps: Pick<Deps, "bookings" | "events"> & EffectDeps,
  code: EventCode,
  record: BookingRecord,
): Promise<BookingListing> {
  const copy = await deps.bookings.byId(record.id);
  if (copy && copy.record.version >= record.version) return { ...copy, record };
  await carryOut(deps, code, [{ kind: "project", effect: projectionEffectOf(record.id), booking: record }]);
  return copy ? { ...copy, record } : await listingOf(deps, record);
}

/** Whether a copy from before its deadline is asked for after it: what is due counts as over, in reads too. */
export function isOvertaken(record: BookingRecord, nowMs: number): boolean {
  const waits = record.status === "PENDING" || record.status === "PAYMENT_PENDING";
  return waits && isOver(record.paymentExpiresAtMs, nowMs);
}

async function readFromBoxOffice(
  deps: ReadingDeps,
  id: BookingId,
  copy: BookingListing | null,
  origin: Origin,
): Promise<Result<BookingListing>> {
  const reply = await deps.boxOffices.send(codeOfSaleId(id), { type: "readBooking", bookingId: id, ...origin });
  if (!reply) return refuse({ code: "BOOKING_NOT_FOUND", id });
  if (!reply.ok) return reply;
  const { record } = reply.value;
  return accept(copy ? { ...copy, record } : await listingOf(deps, record));
}
