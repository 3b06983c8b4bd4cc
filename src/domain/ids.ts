// Ids: a prefix that names the kind, then 26 Crockford base32 characters, sortable by creation time.
// Ids of a sale carry their event's code, so each finds its event's box office without a lookup.

declare const brand: unique symbol;
type Id<Kind extends string> = string & { readonly [brand]: Kind };

export type UserId = Id<"usr">;
export type EventId = Id<"evnt">;
export type VenueId = Id<"ven">;
export type LockId = Id<"lock">;
export type BookingId = Id<"bkg">;
export type PaymentId = Id<"pay">;
export type TicketId = Id<"tkt">;
export type GateId = Id<"gate">;
export type NotificationId = Id<"notif">;
export type RequestId = Id<"req">;
export type FactId = Id<"evt">;
/** The last 8 characters of an event id, unique among events; names the event's box office. */
export type EventCode = Id<"code">;
/** `seat_` + row label + number, unique within an event. */
export type SeatId = Id<"seat">;

interface Ids {
  usr: UserId;
  evnt: EventId;
  ven: VenueId;
  lock: LockId;
  bkg: BookingId;
  pay: PaymentId;
  tkt: TicketId;
  gate: GateId;
  notif: NotificationId;
  req: RequestId;
  evt: FactId;
}
export type Prefix = keyof Ids;
/** Kinds whose id carries the event code. */
export type SalePrefix = "lock" | "bkg" | "pay" | "tkt";

const ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
const TIME_CHARS = 10;
export const CODE_CHARS = 8;
const BODY_CHARS = 26;
const BODY = /^[0-9A-HJKMNP-TV-Z]{26}$/;
const CODE = /^[0-9A-HJKMNP-TV-Z]{8}$/;
/** Random bytes an id may need; more are ignored. */
export const ID_RANDOM_BYTES = BODY_CHARS - TIME_CHARS;

/** A new id. `random` holds at least `ID_RANDOM_BYTES` uniformly random bytes from `start`. */
export function makeId<P extends Prefix>(prefix: P, nowMs: number, random: Uint8Array, start = 0): Ids[P] {
  return `${prefix}_${encodeTime(nowMs)}${encodeRandom(random, start, BODY_CHARS - TIME_CHARS)}` as unknown as Ids[P];
}

/** A new id of a sale: 10 characters of time, the event's code, 8 random ones. */
export function makeSaleId<P extends SalePrefix>(
  prefix: P,
  code: EventCode,
  nowMs: number,
  random: Uint8Array,
  start = 0,
): Ids[P] {
  return `${prefix}_${encodeTime(nowMs)}${code}${encodeRandom(random, start, CODE_CHARS)}` as unknown as Ids[P];
}

/** The id if the text has its form, else null: a malformed id is simply not found. */
export function parseId<P extends Prefix>(prefix: P, text: string): Ids[P] | null {
  if (!text.startsWith(`${prefix}_`)) return null;
  return BODY.test(text.slice(prefix.length + 1)) ? (text as unknown as Ids[P]) : null;
}

export function parseEventCode(text: string): EventCode | null {
  return CODE.test(text) ? (text as EventCode) : null;
}

export function codeOfEvent(id: EventId): EventCode {
  return id.slice(-CODE_CHARS) as EventCode;
}

export function codeOfSaleId(id: LockId | BookingId | PaymentId | TicketId): EventCode {
  const start = id.indexOf("_") + 1 + TIME_CHARS;
  return id.slice(start, start + CODE_CHARS) as EventCode;
}

/** A booking has one payment, so the payment's id is the booking's under another prefix: no index finds it. */
export function paymentIdOf(booking: BookingId): PaymentId {
  return `pay_${booking.slice(4)}` as PaymentId;
}

export function bookingIdOf(payment: PaymentId): BookingId {
  return `bkg_${payment.slice(4)}` as BookingId;
}

/** The hold of a booking made without one: the booking's id under another prefix. */
export function lockIdOf(booking: BookingId): LockId {
  return `lock_${booking.slice(4)}` as LockId;
}

/** Places a booking's ticket ids have room for; no hold has more seats than 100. */
export const MAX_PLACES = 128;

/**
 * The ticket of a booking's n-th seat. Its moment is counted in 128ths of the booking's millisecond, and the place is the
 * fraction: so booking and place follow from the id, two seats never share one, and no row is needed to find either.
 * Ten characters have room for this until the year 2248.
 */
export function ticketIdOf(booking: BookingId, place: number): TicketId {
  if (place < 0 || place >= MAX_PLACES) throw new RangeError(`a booking has no seat ${place}`);
  return `tkt_${encodeTime(timeOfId(booking) * MAX_PLACES + place)}${booking.slice(4 + TIME_CHARS)}` as TicketId;
}

export function bookingIdOfTicket(ticket: TicketId): BookingId {
  const ms = Math.floor(timeOfId(ticket) / MAX_PLACES);
  return `bkg_${encodeTime(ms)}${ticket.slice(4 + TIME_CHARS)}` as BookingId;
}

/** Which of its booking's seats a ticket is for, from 0. */
export function placeOfTicket(ticket: TicketId): number {
  return timeOfId(ticket) % MAX_PLACES;
}

/** One mail a fact: the same booking and moment always give the same id, so a repeated insert is ignored. */
export function notificationIdOf(booking: BookingId, atMs: number): NotificationId {
  return `notif_${encodeTime(atMs)}${booking.slice(4 + TIME_CHARS)}` as NotificationId;
}

/** The id of a journal entry's n-th fact; derived, because a journal is read far less often than written. */
export function factIdOf(code: EventCode, atMs: number, seq: number, n: number): FactId {
  return `evt_${encodeTime(atMs)}${code}${encodeNumber(seq * 32 + n, CODE_CHARS)}` as FactId;
}

/** Milliseconds at which an id was made; of a ticket, 128ths of one. */
export function timeOfId(id: string): number {
  const start = id.indexOf("_") + 1;
  let ms = 0;
  for (const char of id.slice(start, start + TIME_CHARS)) ms = ms * 32 + ALPHABET.indexOf(char);
  return ms;
}

/** Sorts before every id of that kind made at `ms` or later, and after those made before. */
export function idsSince(prefix: Prefix, ms: number): string {
  return `${prefix}_${encodeTime(ms)}`;
}

function encodeTime(ms: number): string {
  return encodeNumber(ms, TIME_CHARS);
}

/** Characters that a 32-bit number has for sure: whatever is larger is divided once and not once a character. */
const BITS_CHARS = 5;

function encodeNumber(value: number, chars: number): string {
  if (chars <= BITS_CHARS) return encodeBits(value, chars);
  const rest = Math.floor(value / 32 ** BITS_CHARS);
  return encodeBits(rest, chars - BITS_CHARS) + encodeBits(value - rest * 32 ** BITS_CHARS, BITS_CHARS);
}

function encodeBits(value: number, chars: number): string {
  let text = "";
  for (let shift = 5 * (chars - 1); shift >= 0; shift -= 5) text += ALPHABET[(value >>> shift) & 31];
  return text;
}

export function encodeRandom(bytes: Uint8Array, start: number, chars: number): string {
  let text = "";
  for (let i = start; i < start + chars; i++) text += ALPHABET[(bytes[i] ?? 0) & 31];
  return text;
}
