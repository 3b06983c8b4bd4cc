// Who may call what: one row a route. A route without a row fails the test, as does a row without a route.

import { createExecutionContext, waitOnExecutionContext } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { createGate } from "../../src/app/gates";
import { compose, configProblems } from "../../src/compose";
import type { EventId } from "../../src/domain/ids";
import { createApp } from "../../src/http/app";
import { openApiOf } from "../../src/http/openapi";
import { type Caller, call, deps, type EventOnSale, type Json, newCaller, newConfirmed, newEvent } from "./sale-client";

export interface Scene {
  readonly owner: Caller;
  readonly other: Caller;
  readonly admin: Caller;
  readonly event: EventOnSale;
  readonly gateId: string;
  readonly gateToken: string;
  /** The owner's: a live lock, and a confirmed booking with its payment and ticket. */
  readonly lockId: string;
  readonly bookingId: string;
  readonly paymentId: string;
  readonly ticketId: string;
}

export interface Row {
  /** Who gets past the door. `owner`: the resource's owner alone; `owner or admin`: admins may look too. */
  readonly for: "everybody" | "users" | "owner" | "owner or admin" | "admins" | "gates";
  readonly path?: (scene: Scene) => string;
  readonly body?: (scene: Scene) => unknown;
}

const NOWHERE = "00000000000000000000000000";

/** By "METHOD /path" as the OpenAPI document has it. A path with parameters needs `path`. */
export const ROWS: Readonly<Record<string, Row>> = {
  "GET /health": { for: "everybody" },
  "GET /.well-known/ticket-keys.json": { for: "everybody" },
  "GET /api/config": { for: "everybody" },
  "POST /api/users/register": { for: "everybody", body: () => ({}) },
  "POST /api/users/login": { for: "everybody", body: () => ({}) },
  "GET /api/users/me": { for: "users" },
  "GET /api/users/{id}": { for: "owner or admin", path: ({ owner }) => `/api/users/${owner.id}` },
  "GET /api/events": { for: "everybody" },
  "GET /api/events/{id}": { for: "everybody", path: ({ event }) => `/api/events/${event.id}` },
  "POST /api/events": { for: "admins", body: () => ({}) },
  "PUT /api/events/{id}": { for: "admins", path: ({ event }) => `/api/events/${event.id}`, body: () => ({}) },
  "GET /api/venues": { for: "everybody" },
  "GET /api/venues/{id}": { for: "everybody", path: () => `/api/venues/ven_${NOWHERE}` },
  "POST /api/venues": { for: "admins", body: () => ({}) },
  "GET /api/inventory/events/{eventId}/seats": {
    for: "everybody",
    path: ({ event }) => `/api/inventory/events/${event.id}/seats`,
  },
  "GET /api/inventory/events/{eventId}/layout": {
    for: "everybody",
    path: ({ event }) => `/api/inventory/events/${event.id}/layout`,
  },
  "GET /api/inventory/events/{eventId}/statuses": {
    for: "everybody",
    path: ({ event }) => `/api/inventory/events/${event.id}/statuses`,
  },
  "GET /api/inventory/events/{eventId}/feed": {
    for: "everybody",
    path: ({ event }) => `/api/inventory/events/${event.id}/feed`,
  },
  "POST /api/locks": { for: "users", body: ({ event }) => ({ eventId: event.id, seats: 1 }) },
  "GET /api/locks/{id}": { for: "owner or admin", path: ({ lockId }) => `/api/locks/${lockId}` },
  "POST /api/locks/{id}/renew": { for: "owner", path: ({ lockId }) => `/api/locks/${lockId}/renew`, body: () => ({}) },
  "DELETE /api/locks/{id}": { for: "owner", path: ({ lockId }) => `/api/locks/${lockId}` },
  "POST /api/bookings": { for: "users", body: () => ({}) },
  "POST /api/bookings/confirm": { for: "owner", body: ({ lockId }) => ({ lockId }) },
  "GET /api/bookings/my": { for: "users" },
  "GET /api/bookings/{id}": { for: "owner or admin", path: ({ bookingId }) => `/api/bookings/${bookingId}` },
  "GET /api/bookings/{id}/tickets": { for: "owner", path: ({ bookingId }) => `/api/bookings/${bookingId}/tickets` },
  "POST /api/bookings/{id}/cancel": {
    for: "owner",
    path: ({ bookingId }) => `/api/bookings/${bookingId}/cancel`,
    body: () => ({}),
  },
  "POST /api/payments/intent": {
    for: "owner",
    body: ({ bookingId }) => ({ bookingId, paymentMethod: { type: "card", token: "pm_card_visa" } }),
  },
  "GET /api/payments/{id}": { for: "owner or admin", path: ({ paymentId }) => `/api/payments/${paymentId}` },
  "GET /api/payments/booking/{bookingId}": {
    for: "owner or admin",
    path: ({ bookingId }) => `/api/payments/booking/${bookingId}`,
  },
  "POST /api/webhooks/stripe": { for: "everybody", body: () => ({}) },
  "GET /api/notifications/recent": { for: "users" },
  "GET /api/notifications/health": { for: "everybody" },
  "GET /api/admin/consistency": { for: "admins", path: ({ event }) => `/api/admin/consistency?eventId=${event.id}` },
  "GET /api/admin/dead-letters": { for: "admins" },
  "POST /api/admin/dead-letters/{id}/replay": {
    for: "admins",
    path: () => "/api/admin/dead-letters/none/replay",
    body: () => ({}),
  },
  "POST /api/admin/dead-letters/{id}/close": {
    for: "admins",
    path: () => "/api/admin/dead-letters/none/close",
    body: () => ({}),
  },
  "GET /api/admin/events": { for: "admins" },
  "GET /api/admin/events/{id}/journal": { for: "admins", path: ({ event }) => `/api/admin/events/${event.id}/journal` },
  "GET /api/admin/events/{id}/report": { for: "admins", path: ({ event }) => `/api/admin/events/${event.id}/report` },
  "GET /api/admin/events/{id}/gates": { for: "admins", path: ({ event }) => `/api/admin/events/${event.id}/gates` },
  "POST /api/admin/events/{id}/gates": {
    for: "admins",
    path: ({ event }) => `/api/admin/events/${event.id}/gates`,
    body: () => ({}),
  },
  "POST /api/admin/events/{id}/gates/{gateId}/revoke": {
    for: "admins",
    path: ({ event }) => `/api/admin/events/${event.id}/gates/gate_${NOWHERE}/revoke`,
    body: () => ({}),
  },
  "POST /api/admin/tickets/{id}/undo-check-in": {
    for: "admins",
    path: ({ ticketId }) => `/api/admin/tickets/${ticketId}/undo-check-in`,
    body: () => ({}),
  },
  "GET /api/gate/bundle": { for: "gates" },
  "POST /api/gate/check-ins": { for: "gates", body: () => ({}) },
  "POST /api/gate/check-ins/batch": { for: "gates", body: () => ({}) },
};

const app = createApp(compose, configProblems);
export const document: Json = JSON.parse(JSON.stringify(openApiOf(app, { publicUrl: "", version: "0" })));

export function operations(): readonly { readonly name: string; readonly operation: Json }[] {
  return Object.entries(document.paths).flatMap(([path, item]) =>
    Object.entries(item as Json).map(([method, operation]) => ({ name: `${method.toUpperCase()} ${path}`, operation })),
  );
}

export async function newScene(): Promise<Scene> {
  const [owner, other, admin] = [await newCaller(), await newCaller(), await newCaller("ADMIN")];
  const event = await newEvent();
  const made = await createGate(deps(), event.id as EventId, { name: "North" } as never, {
    actor: admin.id,
    requestId: "test",
  });
  if (!made.ok) throw new Error(`the gate was refused: ${JSON.stringify(made)}`);
  const bookingId = await newConfirmed(owner, event, ["seat_A1"]);
  const lock = await call("POST", "/api/locks", { as: owner, body: { eventId: event.id, seatIds: ["seat_B1"] } });
  const { body: booking } = await call("GET", `/api/bookings/${bookingId}`, { as: owner });
  const gate = made.value as Json;
  return {
    owner,
    other,
    admin,
    event,
    gateId: gate.gate?.id ?? gate.id,
    gateToken: gate.token,
    lockId: lock.body.id,
    bookingId,
    paymentId: booking.paymentId,
    ticketId: `tkt_${bookingId.slice(4)}`,
  };
}

/** The status that this Authorization header gets; the body is read so that nothing dangles. */
export async function statusOf(name: string, scene: Scene, authorisation: string | null): Promise<number> {
  const [method = "", template = ""] = name.split(" ");
  const row = ROWS[name];
  const path = row?.path?.(scene) ?? template;
  const headers = new Headers({ "Content-Type": "application/json" });
  if (authorisation !== null) headers.set("Authorization", authorisation);
  const body = row?.body ? JSON.stringify(row.body(scene)) : null;
  return (await ask(method, path, headers, body)).status;
}

/** The app itself, without the test runner's door, which grows slower with every request. */
export async function ask(
  method: string,
  path: string,
  headers: Headers,
  body: string | null,
): Promise<{ readonly status: number; readonly text: string }> {
  const context = createExecutionContext();
  const answer = await app.fetch(new Request(`http://localhost:3000${path}`, { method, headers, body }), env, context);
  const text = await answer.text();
  await waitOnExecutionContext(context);
  return { status: answer.status, text };
}
