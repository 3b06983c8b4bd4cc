// Fields that requests and answers of several services share: text, moments, money, pages.

import { z } from "@hono/zod-openapi";
import { CURRENCIES } from "../domain/money";
import { TIERS } from "../domain/seat-map";
import { DAY } from "../domain/time";

export const MAX_PRICE_MINOR = 99_999_999;
export const DEFAULT_PER_PAGE = 20;
export const MAX_PER_PAGE = 100;
/** Beyond it no list of ours can reach; a page number stays a safe SQL offset. */
const MAX_PAGE = 1_000_000;

/** Text of one line, trimmed: no control characters, no half characters. At most so long as it is sent. */
export function lineOf(minChars: number, maxChars: number) {
  return z
    .string()
    .max(maxChars)
    .trim()
    .min(minChars)
    .refine((text) => text.isWellFormed() && !CONTROL.test(text), "must not contain control characters");
}

/** Text of several lines, likewise. */
export function proseOf(maxChars: number) {
  return z
    .string()
    .max(maxChars)
    .trim()
    .refine((text) => text.isWellFormed() && !CONTROL_BUT_BREAKS.test(text), "must not contain control characters");
}

const CONTROL = /\p{Cc}/u;
const CONTROL_BUT_BREAKS = /[^\P{Cc}\n\r\t]/u;

/** What follows from a moment, a gate's last hour for one, must still have a year of four digits (RFC 3339). */
export const YEAR_9999_MS = Date.UTC(9999, 0, 1);

/** A moment as a caller writes it, ISO-8601 with its offset; milliseconds inside. */
export const moment = z
  .string()
  .transform((text, context) => {
    const ms = parseMoment(text);
    if (ms !== null && ms < YEAR_9999_MS) return ms;
    const message =
      ms === null ? "must be an ISO-8601 date and time with an offset, such as Z" : "must be before the year 9999";
    context.addIssue({ code: "custom", message });
    return z.NEVER;
  })
  .openapi({ type: "string", format: "date-time", example: "2027-09-15T19:30:00Z" });

/** The same in a query, or a date alone: the start of that day in UTC. */
export const dayOrMoment = z
  .string()
  .transform((text, context) => {
    // An unencoded "+" of an offset arrives as a space.
    const ms = parseMoment(text.replace(/ (?=\d{2}:?\d{2}$)/, "+")) ?? parseMoment(`${text}T00:00:00Z`);
    if (ms !== null) return ms;
    context.addIssue({ code: "custom", message: "must be an ISO-8601 date, or a date and time with an offset" });
    return z.NEVER;
  })
  .openapi({ type: "string", example: "2027-09-15" });

const MOMENT =
  /^(\d{4})-(\d{2})-(\d{2})T([01]\d|2[0-3]):[0-5]\d(?::[0-5]\d(?:\.\d{1,9})?)?(?:Z|[+-](?:[01]\d|2[0-3]):?[0-5]\d)$/;

/** `Date.parse` would take 30 February for 1 March. */
function parseMoment(text: string): number | null {
  const parts = MOMENT.exec(text);
  if (!parts) return null;
  const [, year, month, day] = parts.map(Number) as [number, number, number, number];
  const ms = Date.parse(text);
  const midnight = Date.UTC(year, month - 1, day);
  const isRealDay = new Date(midnight).getUTCDate() === day && month >= 1 && month <= 12;
  return isRealDay && Math.abs(ms - midnight) < 2 * DAY ? ms : null;
}

/** A moment as we answer it. */
export const timestamp = z.string().openapi({ format: "date-time", example: "2027-09-15T19:30:00.000Z" });

export function isoOf(ms: number): string {
  return new Date(ms).toISOString();
}

export const tier = z.enum(TIERS);
/** An integer of the currency's minor unit: 7500 is £75.00. */
export const price = z.int().min(0).max(MAX_PRICE_MINOR);
export const currency = z
  .string()
  .refine((code) => CURRENCIES.has(code), "must be an ISO 4217 code, such as GBP")
  .openapi({ example: "GBP", minLength: 3, maxLength: 3 });

/** A whole number in a query. */
export function countOf(min: number, max: number) {
  const rule = `must be a whole number from ${min} to ${max}`;
  return z
    .string()
    .regex(/^\d{1,9}$/, rule)
    .transform(Number)
    .refine((count) => count >= min && count <= max, rule)
    .openapi({ type: "integer", minimum: min, maximum: max });
}

export const page = countOf(1, MAX_PAGE).default(1).openapi({ default: 1 });
export const perPage = countOf(1, MAX_PER_PAGE).default(DEFAULT_PER_PAGE).openapi({ default: DEFAULT_PER_PAGE });

export const pagination = z
  .object({ page: z.int(), perPage: z.int(), total: z.int(), totalPages: z.int() })
  .openapi("Pagination", { example: { page: 1, perPage: 20, total: 142, totalPages: 8 } });

export function collectionOf<S extends z.ZodType>(item: S) {
  return z.object({ data: z.array(item), pagination });
}

export function paginate(asked: { readonly page: number; readonly perPage: number }, total: number) {
  return { page: asked.page, perPage: asked.perPage, total, totalPages: Math.ceil(total / asked.perPage) };
}
