// How mails and calendar entries say money, times, seats and names. Words of buyers and organisers are cleaned
// here: one line, no control characters, no direction overrides, a bounded length.

import { currencyDigits, type Money } from "../domain/money";
import type { BookingListing } from "./ports";

/** Longest name of an event, a venue or a person that a mail shows. */
const MAX_NAME_CHARS = 200;

const LINE_BREAKS_AND_CONTROLS = /[\p{Cc}\u2028\u2029]+/gu;
/** They can turn the words around them; names need none of them. */
const DIRECTION_OVERRIDES = /[\u202A-\u202E\u2066-\u2069]/gu;
/** Mail programs make links of these, and whoever signs up somebody else chooses the name. */
const LOOKS_LIKE_LINK = /[:/\\@]|\w\.\w{2,}/u;

/** Somebody's own words as one line of text. Not escaped: what it is put into does that. */
export function cleanLine(text: string, maxChars: number = MAX_NAME_CHARS): string {
  const line = text
    .toWellFormed()
    .replace(LINE_BREAKS_AND_CONTROLS, " ")
    .replace(DIRECTION_OVERRIDES, "")
    .replace(/\s+/gu, " ")
    .trim();
  const chars = [...line];
  return chars.length > maxChars ? `${chars.slice(0, maxChars - 1).join("")}…` : line;
}

/** By name, unless the name could be taken for a link. */
export function greet(name: string): string {
  const line = cleanLine(name, 100);
  return line === "" || LOOKS_LIKE_LINK.test(line) ? "Hello," : `Hello ${line},`;
}

/** `£150.00`, with as many digits as the currency has. */
export function sayMoney({ amountMinor, currency }: Money): string {
  const digits = currencyDigits(currency);
  const format = new Intl.NumberFormat("en-GB", {
    style: "currency",
    currency,
    minimumFractionDigits: digits,
    maximumFractionDigits: digits,
  });
  return format.format(amountMinor / 10 ** digits);
}

/** `Sunday, 15 September 2024, 19:30 UTC`, with the time kept on one line. */
export function sayMoment(ms: number): string {
  return `${sayDay(ms)}, ${sayTime(ms)}\u00a0UTC`;
}

/** From when to when; only the start of an event that has no length. */
export function sayPeriod(startsAtMs: number, endsAtMs: number): string {
  if (endsAtMs <= startsAtMs) return sayMoment(startsAtMs);
  const sameDay = sayDay(startsAtMs) === sayDay(endsAtMs);
  if (!sameDay) return `${sayMoment(startsAtMs)} to ${sayMoment(endsAtMs)}`;
  return `${sayDay(startsAtMs)}, ${sayTime(startsAtMs)}\u00a0to\u00a0${sayTime(endsAtMs)}\u00a0UTC`;
}

/** `seat_A1` is A1 on the ticket and in the hall. */
export function saySeats(seatIds: readonly string[]): string {
  return seatIds.map((id) => cleanLine(id.replace(/^seat_/, ""))).join(", ");
}

/** What an event is called, when and where it is. */
export function sayEvent(booking: BookingListing): {
  readonly name: string;
  readonly when: string;
  readonly venue: string | null;
} {
  return {
    name: cleanLine(booking.eventName) || "Your event",
    when: sayPeriod(booking.eventStartsAtMs, booking.eventEndsAtMs),
    venue: (booking.venueName && cleanLine(booking.venueName)) || null,
  };
}

function sayDay(ms: number): string {
  const format = new Intl.DateTimeFormat("en-GB", {
    weekday: "long",
    day: "numeric",
    month: "long",
    year: "numeric",
    timeZone: "UTC",
  });
  return format.format(ms);
}

function sayTime(ms: number): string {
  return new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit", timeZone: "UTC" }).format(ms);
}
