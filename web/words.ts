// Money, days, counts and seats in words, by the reader's own locale. The API's times are UTC, and are named so.

import type { EventItem, Tier } from "./api/types";

const LOCALES = navigator.languages;
const ZONE = "UTC";
const MINUTE = 60_000;
const digits = new Map<string, Intl.NumberFormat>();

/** 7500 GBP is £75.00; 6500 JPY is ¥6,500. */
export function money(amountMinor: number, currency: string): string {
  const format = digits.get(currency) ?? new Intl.NumberFormat(LOCALES, { style: "currency", currency });
  digits.set(currency, format);
  const { maximumFractionDigits = 2 } = format.resolvedOptions();
  return format.format(amountMinor / 10 ** maximumFractionDigits);
}

/** As a price is asked for: nothing to pay is “Free”. */
export function priceWords(amountMinor: number, currency: string): string {
  return amountMinor === 0 ? "Free" : money(amountMinor, currency);
}

/** How a price is typed: 75.00 is 7500. Null for what is no such price. */
export function minorOf(text: string, currency: string): number | null {
  const places =
    new Intl.NumberFormat("en", { style: "currency", currency }).resolvedOptions().maximumFractionDigits ?? 2;
  const sound = new RegExp(places === 0 ? "^\\d{1,8}$" : `^\\d{1,7}([.,]\\d{1,${places}})?$`);
  if (!sound.test(text.trim())) return null;
  return Math.round(Number(text.trim().replace(",", ".")) * 10 ** places);
}

export function typedPrice(amountMinor: number, currency: string): string {
  const places =
    new Intl.NumberFormat("en", { style: "currency", currency }).resolvedOptions().maximumFractionDigits ?? 2;
  return (amountMinor / 10 ** places).toFixed(places);
}

export function count(n: number): string {
  return new Intl.NumberFormat(LOCALES).format(n);
}

export function plural(n: number, one: string, many = `${one}s`): string {
  return `${count(n)} ${n === 1 ? one : many}`;
}

const dayFormat = new Intl.DateTimeFormat(LOCALES, {
  weekday: "long",
  day: "numeric",
  month: "long",
  year: "numeric",
  timeZone: ZONE,
});
const timeFormat = new Intl.DateTimeFormat(LOCALES, { hour: "2-digit", minute: "2-digit", timeZone: ZONE });
const shortFormat = new Intl.DateTimeFormat(LOCALES, {
  day: "numeric",
  month: "short",
  hour: "2-digit",
  minute: "2-digit",
  timeZone: ZONE,
});
const secondFormat = new Intl.DateTimeFormat(LOCALES, {
  day: "numeric",
  month: "short",
  hour: "2-digit",
  minute: "2-digit",
  second: "2-digit",
  timeZone: ZONE,
});
const localFormat = new Intl.DateTimeFormat(LOCALES, {
  weekday: "short",
  hour: "2-digit",
  minute: "2-digit",
  timeZoneName: "short",
});

export function day(iso: string): string {
  return dayFormat.format(new Date(iso));
}

export function time(iso: string): string {
  return `${timeFormat.format(new Date(iso))} UTC`;
}

/** "3 Dec, 19:00 UTC". */
export function shortMoment(iso: string): string {
  return `${shortFormat.format(new Date(iso))} UTC`;
}

export function exactMoment(iso: string): string {
  return `${secondFormat.format(new Date(iso))} UTC`;
}

/** The same moment on the reader's own clock; null where that is the event's. */
export function localTime(iso: string): string | null {
  const moment = new Date(iso);
  return moment.getTimezoneOffset() === 0 ? null : localFormat.format(moment);
}

/** "from 19:00 to 22:00 UTC", with the second day where there is one. */
export function span({ startsAt, endsAt }: Pick<EventItem, "startsAt" | "endsAt">): string {
  if (startsAt === endsAt) return time(startsAt);
  const sameDay = startsAt.slice(0, 10) === endsAt.slice(0, 10);
  return sameDay
    ? `${timeFormat.format(new Date(startsAt))} – ${time(endsAt)}`
    : `${time(startsAt)} until ${shortMoment(endsAt)}`;
}

export function dateParts(iso: string): { readonly day: string; readonly month: string; readonly weekday: string } {
  const moment = new Date(iso);
  const part = (options: Intl.DateTimeFormatOptions) =>
    new Intl.DateTimeFormat(LOCALES, { ...options, timeZone: ZONE }).format(moment);
  return { day: part({ day: "numeric" }), month: part({ month: "short" }), weekday: part({ weekday: "short" }) };
}

/** "4 minutes 30 seconds"; in the last minute by the second. */
export function duration(ms: number): string {
  const seconds = Math.max(0, Math.ceil(ms / 1_000));
  const minutes = Math.floor(seconds / 60);
  if (minutes === 0) return plural(seconds, "second");
  const rest = seconds % 60;
  return rest === 0 ? plural(minutes, "minute") : `${plural(minutes, "minute")} ${plural(rest, "second")}`;
}

/** The same for a clock that is glanced at: 4:30. */
export function clock(ms: number): string {
  const seconds = Math.max(0, Math.ceil(ms / 1_000));
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
}

/** "in 10 days", "tomorrow", "in 3 hours". */
export function fromNow(iso: string, nowMs = Date.now()): string {
  const format = new Intl.RelativeTimeFormat(LOCALES, { numeric: "auto" });
  const ms = Date.parse(iso) - nowMs;
  if (Math.abs(ms) < 60 * MINUTE) return format.format(Math.round(ms / MINUTE), "minute");
  if (Math.abs(ms) < 24 * 60 * MINUTE) return format.format(Math.round(ms / (60 * MINUTE)), "hour");
  return format.format(Math.round(ms / (24 * 60 * MINUTE)), "day");
}

export const TIER_NAMES: Readonly<Record<Tier, string>> = { VIP: "VIP", GENERAL: "General", STANDING: "Standing" };

const SEAT_ID = /^seat_([A-Z0-9]*?[A-Z]|[A-Z0-9]{1,6}?)(\d+)$/;
export const STANDING_ROW = "ST";

/** What an id says of its seat where no hall is at hand: "Row A, seat 12". */
export function seatWords(id: string): string {
  const [, row, number] = SEAT_ID.exec(id) ?? [];
  if (row === undefined || number === undefined) return id;
  return row === STANDING_ROW ? `Standing place ${number}` : `Row ${row}, seat ${number}`;
}

/** Several seats, neighbours drawn together: "Row A, seats 3–5; row B, seat 1". */
export function seatList(ids: readonly string[]): string {
  const rows = new Map<string, number[]>();
  for (const id of ids) {
    const [, row, number] = SEAT_ID.exec(id) ?? [];
    if (row === undefined) return ids.join(", ");
    rows.set(row, [...(rows.get(row) ?? []), Number(number)]);
  }
  const parts = [...rows].map(([row, numbers]) => {
    const sorted = numbers.toSorted((a, b) => a - b);
    const word = row === STANDING_ROW ? "Standing place" : `Row ${row}, seat`;
    return `${word}${sorted.length === 1 ? "" : "s"} ${runs(sorted)}`;
  });
  return parts.map((part, i) => (i === 0 ? part : part.replace(/^Row/, "row"))).join("; ");
}

function runs(numbers: readonly number[]): string {
  const parts: [number, number][] = [];
  for (const number of numbers) {
    const last = parts.at(-1);
    if (last && last[1] === number - 1) last[1] = number;
    else parts.push([number, number]);
  }
  return parts.map(([from, to]) => (from === to ? `${from}` : `${from}–${to}`)).join(", ");
}
