// What the event-booking document asks of a request body: its own validations with its own sentences, and no
// others. Nothing is cast ("2" is not a number), unknown fields are ignored.

import { z } from "@hono/zod-openapi";
import { MAX_DIALECT_SEATS } from "../../app/locks";
import type { Force } from "../../domain/box-office/state";
import { MAX_SEATS } from "../../domain/seat-map";
import type { JsonObject } from "../body";
import { YEAR_9999_MS } from "../fields";

/** `message` is the sentence of the 400. */
export type Parsed<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly message: string };

export interface Registration {
  readonly name: string;
  readonly email: string;
  readonly password: string;
}

export interface NewEvent {
  readonly name: string;
  readonly description: string | null;
  readonly eventDateMs: number;
  readonly totalSeats: number;
  readonly availableSeats: number;
}

export interface LockBody {
  readonly eventId: string;
  readonly userId: string;
  readonly seats: number;
  readonly idempotencyKey: string;
}

export interface IntentBody {
  readonly bookingId: string;
  readonly force: Force;
}

/** A forgotten zone means UTC. */
const eventDateForm = z.union([z.iso.datetime({ offset: true, local: true }), z.iso.date()]);
const ZONE = /(?:Z|[+-]\d{2}:?\d{2})$/;
const DATE_CHARS = 10;

export function parseRegistration(body: JsonObject): Parsed<Registration> {
  if (anyMissing(body, ["name", "email", "password"])) return no("name, email, and password are required");
  const { name, email, password } = body;
  if (typeof name !== "string") return no("name must be a string");
  if (typeof email !== "string") return no("email must be a string");
  if (typeof password !== "string") return no("password must be a string");
  return { ok: true, value: { name, email, password } };
}

export function parseNewEvent(body: JsonObject, nowMs: number): Parsed<NewEvent> {
  if (anyMissing(body, ["name", "eventDate", "totalSeats", "availableSeats"])) {
    return no("name, eventDate, totalSeats, and availableSeats are required");
  }
  const { name, eventDate, totalSeats, availableSeats } = body;
  const description = body["description"] ?? null;
  if (typeof name !== "string") return no("name must be a string");
  if (description !== null && typeof description !== "string") return no("description must be a string");
  if (!isWhole(totalSeats)) return no("totalSeats must be a whole number");
  if (!isWhole(availableSeats)) return no("availableSeats must be a whole number");
  if (totalSeats < 1) return no("totalSeats must be ≥ 1");
  if (totalSeats > MAX_SEATS) return no(`totalSeats must be ≤ ${MAX_SEATS}`);
  if (availableSeats < 0) return no("availableSeats must be ≥ 0");
  if (availableSeats > totalSeats) return no("availableSeats must be ≤ totalSeats");
  const eventDateMs = parseEventDate(eventDate);
  if (eventDateMs === null) return no("eventDate must be an ISO date");
  if (eventDateMs <= nowMs) return no("eventDate must be in future");
  return { ok: true, value: { name, description, eventDateMs, totalSeats, availableSeats } };
}

export function parseLock(body: JsonObject): Parsed<LockBody> {
  if (anyMissing(body, ["eventId", "userId", "seats", "idempotencyKey"])) {
    return no("eventId, userId, seats, and idempotencyKey are required");
  }
  const { eventId, userId, seats, idempotencyKey } = body;
  if (typeof eventId !== "string") return no("eventId must be a string");
  if (typeof userId !== "string") return no("userId must be a string");
  if (!isWhole(seats) || seats < 1 || seats > MAX_DIALECT_SEATS) return no(SEATS_RULE);
  if (typeof idempotencyKey !== "string") return no("idempotencyKey must be a string");
  return { ok: true, value: { eventId, userId, seats, idempotencyKey } };
}

export const SEATS_RULE = `seats must be a whole number between 1 and ${MAX_DIALECT_SEATS}`;

export function parseConfirm(body: JsonObject): Parsed<{ readonly lockId: string }> {
  if (anyMissing(body, ["lockId"])) return no("lockId is required");
  const { lockId } = body;
  return typeof lockId === "string" ? { ok: true, value: { lockId } } : no("lockId must be a string");
}

export function parseIntent(body: JsonObject): Parsed<IntentBody> {
  if (anyMissing(body, ["bookingId"])) return no("bookingId is required");
  const { bookingId, force } = body;
  if (typeof bookingId !== "string") return no("bookingId must be a string");
  if (force !== "success" && force !== "failure" && force !== "timeout") {
    return no("force must be success | failure | timeout");
  }
  return { ok: true, value: { bookingId, force } };
}

function parseEventDate(value: unknown): number | null {
  if (typeof value !== "string" || !eventDateForm.safeParse(value).success) return null;
  const isDate = value.length === DATE_CHARS;
  const ms = Date.parse(isDate || ZONE.test(value) ? value : `${value}Z`);
  return Number.isNaN(ms) || ms >= YEAR_9999_MS ? null : ms;
}

function anyMissing(body: JsonObject, fields: readonly string[]): boolean {
  return fields.some((field) => body[field] === undefined || body[field] === null || body[field] === "");
}

function isWhole(value: unknown): value is number {
  return typeof value === "number" && Number.isSafeInteger(value);
}

function no(message: string): { readonly ok: false; readonly message: string } {
  return { ok: false, message };
}
