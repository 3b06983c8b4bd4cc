// A caller of the product's HTTP surface, with accounts and events made beside it, for the tests of the sale.

import { runDurableObjectAlarm, SELF } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { expect, vi } from "vitest";
import { createEvent } from "../../src/app/events";
import type { Deps, Role } from "../../src/app/ports";
import { compose } from "../../src/compose";
import type { EventCode, EventId, UserId } from "../../src/domain/ids";
import { codeOfEvent } from "../../src/domain/ids";
import type { TierInput } from "../../src/domain/seat-map";
import { DAY, HOUR, MINUTE } from "../../src/domain/time";
import { aUser, aVenue, aWelcome } from "./d1-builders";

const ORIGIN = "http://localhost:3000";

/** A purchase passes the queue; a busy machine takes its time. */
vi.setConfig({ testTimeout: 30_000 });

/** What JSON holds: tests say by what they expect of it. */
// biome-ignore lint/suspicious/noExplicitAny: an answer is looked at, not computed with.
export type Json = any;

export interface Answer {
  readonly status: number;
  readonly body: Json;
  readonly headers: Headers;
}

export interface Caller {
  readonly id: UserId;
  readonly name: string;
  readonly email: string;
  readonly token: string;
}

export function deps(): Deps {
  return compose(env);
}

export async function call(
  method: string,
  path: string,
  said: { readonly as?: Caller; readonly body?: unknown; readonly key?: string; readonly type?: string } = {},
): Promise<Answer> {
  const headers = new Headers();
  if (said.as) headers.set("Authorization", `Bearer ${said.as.token}`);
  if (said.key) headers.set("Idempotency-Key", said.key);
  if (said.body !== undefined) headers.set("Content-Type", said.type ?? "application/json");
  const body = typeof said.body === "string" ? said.body : said.body === undefined ? null : JSON.stringify(said.body);
  const response = await SELF.fetch(`${ORIGIN}${path}`, { method, headers, body });
  return { status: response.status, body: await response.json(), headers: response.headers };
}

/** An account without a password, which nothing here needs: hashing one takes a fifth of a second. */
export async function newCaller(role: Role = "USER"): Promise<Caller> {
  const user = aUser({ role });
  await deps().users.insert(user, aWelcome(user, Date.now()), null);
  const { id, name, email } = user;
  const { token } = await deps().tokens.issue({ sub: id, name, email, role }, Date.now());
  return { id, name, email, token };
}

export interface EventOnSale {
  readonly id: EventId;
  readonly code: EventCode;
}

/** An event of two rows: A with 10 VIP seats at £250, B with 10 at £75. It starts in 30 days. */
export async function newEvent(
  change: { readonly tiers?: readonly TierInput[]; readonly startsInMs?: number } = {},
): Promise<EventOnSale> {
  const venue = aVenue({ capacity: 1_000 });
  await deps().venues.insert(venue, null);
  const startsAtMs = Date.now() + (change.startsInMs ?? 30 * DAY);
  const tiers = change.tiers ?? [
    { tier: "VIP", priceMinor: 25_000, capacity: 10 },
    { tier: "GENERAL", priceMinor: 7_500, capacity: 10 },
  ];
  const hall = { tiers, seatMap: null, seatsPerRow: null, currency: "GBP" };
  const times = { startsAtMs, endsAtMs: startsAtMs + 3 * HOUR };
  const event = { name: "Coldplay: Music of the Spheres", description: null, venueId: venue.id, ...times, ...hall };
  const created = await createEvent(deps(), event, { actor: "test", requestId: "test" });
  if (!created.ok) throw new Error(`the event was refused: ${created.refusal.code}`);
  return { id: created.value.id, code: codeOfEvent(created.value.id) };
}

/** Statuses by seat id, and the summary, as everybody sees them. */
export async function seatsOf(event: EventOnSale): Promise<{ of: Record<string, string>; summary: Json }> {
  const { body } = await call("GET", `/api/inventory/events/${event.id}/seats`);
  const of = Object.fromEntries(body.seats.map((seat: Json) => [seat.id, seat.status]));
  return { of, summary: body.summary };
}

export function withCard(token: string) {
  return { paymentMethod: { type: "card", token } };
}

/** Polls a booking as a buyer does, until it has one of these states. */
export async function untilBooking(caller: Caller, bookingId: string, ...states: string[]): Promise<Json> {
  return await vi.waitFor(
    async () => {
      const { body } = await call("GET", `/api/bookings/${bookingId}`, { as: caller });
      expect(states).toContain(body.status);
      return body;
    },
    { timeout: 20_000, interval: 50 },
  );
}

/** A booking that is paid for. */
export async function newConfirmed(caller: Caller, event: EventOnSale, seatIds: readonly string[]): Promise<string> {
  const body = { eventId: event.id, seatIds, ...withCard("pm_card_visa") };
  const booked = await call("POST", "/api/bookings", { as: caller, body });
  expect(booked).toMatchObject({ status: 202 });
  await untilBooking(caller, booked.body.bookingId, "CONFIRMED");
  return booked.body.bookingId;
}

/** Lets time pass for everybody, and rings the event's alarm if it is set. */
export async function passTime(event: EventOnSale, ms: number): Promise<void> {
  vi.setSystemTime(Date.now() + ms);
  await runDurableObjectAlarm(env.BOX_OFFICE.get(env.BOX_OFFICE.idFromName(event.code)));
}

export const PAYMENT_WINDOW_MS = 10 * MINUTE;
export const HOLD_TTL_MS = 5 * MINUTE;
