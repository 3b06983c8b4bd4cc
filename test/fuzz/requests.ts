// Good requests for every operation of the OpenAPI document, from its schemas and from what exists.

import type { Random } from "../sim/random";
import type { Schema } from "./json-schema";
import { type Body, fitting, type Hint } from "./values";

export interface Operation {
  readonly method: string;
  /** With `{name}` for a parameter. */
  readonly path: string;
  readonly access: "public" | "user" | "admin" | "gate";
  readonly parameters: readonly { readonly name: string; readonly in: string; readonly schema: Schema }[];
  readonly bodySchema: Schema | null;
  readonly responses: Readonly<Record<string, Response>>;
}

interface Response {
  readonly content?: Readonly<
    Record<string, { readonly schema: Schema; readonly examples?: Readonly<Record<string, unknown>> }>
  >;
}

export interface FuzzRequest {
  readonly method: string;
  /** With its query, as it is sent. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | Uint8Array<ArrayBuffer> | null;
  /** How it was broken, in words; empty for a good one. */
  readonly how: readonly string[];
}

export type Kind = "user" | "event" | "venue" | "lock" | "booking" | "payment" | "ticket" | "gate" | "letter";
export type Role = "owner" | "other" | "admin" | "gate";

/** What exists, for requests to name. */
export interface Pool {
  readonly ids: Readonly<Record<Kind, string[]>>;
  readonly tokens: Readonly<Record<Role, string>>;
  /** Authorization headers that no one may come in with. */
  readonly badTokens: readonly string[];
  /** Idempotency keys that were used. */
  readonly keys: string[];
  /** Addresses that accounts were asked for with. */
  readonly emails: string[];
  readonly seatIds: readonly string[];
  readonly nowMs: number;
}

export function operationsOf(document: { readonly paths: unknown }): readonly Operation[] {
  const paths = document.paths as Readonly<Record<string, Readonly<Record<string, Record<string, unknown>>>>>;
  return Object.entries(paths).flatMap(([path, item]) =>
    Object.entries(item).map(([method, operation]) => {
      const content = (operation["requestBody"] as { content?: Record<string, { schema: Schema }> })?.content;
      return {
        method: method.toUpperCase(),
        path,
        access: operation["x-access"] as Operation["access"],
        parameters: (operation["parameters"] ?? []) as Operation["parameters"],
        bodySchema: content?.["application/json"]?.schema ?? null,
        responses: operation["responses"] as Operation["responses"],
      };
    }),
  );
}

/** A request that should be taken, as far as the document says. */
export function goodRequest(document: unknown, operation: Operation, pool: Pool, random: Random): FuzzRequest {
  const path = operation.path.replaceAll(/\{(.+?)\}/g, (_, name: string) => idFor(operation, name, pool, random));
  const query = operation.parameters
    .filter((parameter) => parameter.in === "query" && random.chance(0.4))
    .map(({ name, schema }) => `${name}=${encodeURIComponent(queryValue(document, name, schema, pool, random))}`);
  const headers: Record<string, string> = { "CF-Connecting-IP": addressFor(random) };
  const token = tokenFor(operation, pool, random);
  if (token !== null) headers["Authorization"] = `Bearer ${token}`;
  if (operation.parameters.some((parameter) => parameter.name === "Idempotency-Key") && random.chance(0.3)) {
    headers["Idempotency-Key"] = keyFor(pool, random);
  }
  if (operation.path.endsWith("/feed") && random.chance(0.5)) headers["Upgrade"] = "websocket";
  let body: string | null = null;
  if (operation.bodySchema) {
    headers["Content-Type"] = random.pick(["application/json", "application/json; charset=utf-8", "Application/JSON"]);
    body = JSON.stringify(bodyFor(document, operation, pool, random));
  }
  return {
    method: operation.method,
    path: query.length > 0 ? `${path}?${query.join("&")}` : path,
    headers,
    body,
    how: [],
  };
}

/** A refusal is cheap; a stranger's address never meets the general limit. */
export function addressFor(random: Random): string {
  return `10.${random.below(256)}.${random.below(256)}.${random.below(256)}`;
}

function keyFor(pool: Pool, random: Random): string {
  const key = pool.keys.length > 0 && random.chance(0.3) ? random.pick(pool.keys) : `key-${random.bits()}`;
  pool.keys.push(key);
  return key;
}

function tokenFor({ access }: Operation, pool: Pool, random: Random): string | null {
  switch (access) {
    case "public":
      return random.chance(0.8) ? null : pool.tokens[random.pick(["owner", "admin", "gate"] as const)];
    case "admin":
      return pool.tokens.admin;
    case "gate":
      return pool.tokens.gate;
    case "user":
      return pool.tokens[random.pick(["owner", "owner", "owner", "owner", "other", "admin"] as const)];
  }
}

const KIND_OF_PARAMETER: readonly (readonly [RegExp, Kind])[] = [
  [/\/api\/users\//, "user"],
  [/gateId$/, "gate"],
  [/bookingId$/, "booking"],
  [/eventId$/, "event"],
  [/\/api\/(admin\/)?events\//, "event"],
  [/^\/api\/venues\//, "venue"],
  [/^\/api\/locks\//, "lock"],
  [/^\/api\/bookings\//, "booking"],
  [/^\/api\/payments\//, "payment"],
  [/^\/api\/admin\/tickets\//, "ticket"],
  [/^\/api\/admin\/dead-letters\//, "letter"],
];

function idFor({ path }: Operation, name: string, pool: Pool, random: Random): string {
  const kind = KIND_OF_PARAMETER.find(([form]) => form.test(`${path} ${name}`))?.[1];
  if (!kind) throw new Error(`what is {${name}} of ${path}?`);
  return pick(pool, kind, random);
}

function pick(pool: Pool, kind: Kind, random: Random): string {
  const ids = pool.ids[kind];
  // Mostly the newest: what is old has ended.
  return random.chance(0.6) ? (ids.at(-1) ?? `${kind}_none`) : ids.length > 0 ? random.pick(ids) : `${kind}_none`;
}

function queryValue(document: unknown, name: string, schema: Schema, pool: Pool, random: Random): string {
  if (name === "venueId") return pick(pool, "venue", random);
  if (name === "eventId") return pick(pool, "event", random);
  if (name === "from" || name === "to") return isoIn(pool, random, 60 * 24);
  if (name === "q") return random.pick(["cold", "London", "o2 arena", "%", "é", "", "x".repeat(100), "音".repeat(100)]);
  return String(fitting(document, schema, random, () => undefined));
}

const isoIn = ({ nowMs }: Pool, random: Random, hours: number) =>
  new Date(nowMs + random.between(1, hours) * 3_600_000).toISOString();

const CARDS = [
  "pm_card_visa",
  "pm_card_visa",
  "tok_visa",
  "pm_card_chargeDeclined",
  "pm_card_authenticationRequired",
  "pm_x",
];

function bodyFor(document: unknown, operation: Operation, pool: Pool, random: Random): Body {
  const start = pool.nowMs + random.between(30, 900) * 3_600_000;
  const seatMap = () => seatMapFor(random);
  const hint: Hint = (name) => {
    switch (name) {
      case "eventId":
        return pick(pool, "event", random);
      case "venueId":
        return pick(pool, "venue", random);
      case "lockId":
        return pick(pool, "lock", random);
      case "bookingId":
        return pick(pool, "booking", random);
      case "seatIds":
        return seatsFor(pool, random);
      case "seats":
        return random.between(1, 4);
      case "startsAt":
        return new Date(start).toISOString();
      case "endsAt":
        return new Date(start + 7_200_000).toISOString();
      case "opensAt":
        return isoIn(pool, random, 20);
      case "expiresAt":
        return isoIn(pool, random, 2_000);
      case "scannedAt":
      case "sentAt":
        return new Date(pool.nowMs - random.below(600_000)).toISOString();
      case "currency":
        return "GBP";
      case "country":
        return random.pick(["GB", "US", "JP"]);
      case "capacity":
        return random.between(1, 40);
      case "seatMap":
        return seatMap();
      case "token":
        return random.pick(CARDS);
      case "ticket":
        return pick(pool, "ticket", random);
      case "userId":
        return pick(pool, "user", random);
      case "eventDate":
        return new Date(start).toISOString();
      case "totalSeats":
        return random.between(20, 40);
      case "availableSeats":
        return random.between(0, 20);
      case "email":
        return pool.emails.length > 0 && random.chance(0.6) ? random.pick(pool.emails) : newEmail(pool, random);
      case "password":
        return random.chance(0.8) ? "Password1" : random.pick(["Zürich2027", "ΑΒΓαβγ٣x"]);
      case "idempotencyKey":
        return keyFor(pool, random);
      default:
        return undefined;
    }
  };
  return agreeing(operation, fitting(document, operation.bodySchema as Schema, random, hint) as Body, random);
}

function newEmail({ emails }: Pool, random: Random): string {
  const email = `fuzz-${random.bits().toString(36)}@example.com`;
  emails.push(email);
  return email;
}

function seatsFor({ seatIds }: Pool, random: Random): string[] {
  const first = random.below(seatIds.length);
  return seatIds.slice(first, first + random.between(1, 3)) as string[];
}

function seatMapFor(random: Random): unknown {
  const seats = random.between(2, 9);
  const rows = Array.from({ length: random.between(1, 3) }, (_, i) => ({
    row: random.pick([`M${i}`, `${i + 1}`, `ROW${i}`]),
    tier: random.pick(["VIP", "GENERAL"]),
    seats,
    ...(random.chance(0.3) && { gapsAfter: [1] }),
    ...(random.chance(0.3) && { accessible: [1], companion: [2] }),
  }));
  return { sections: [{ name: "Stalls", rows: rows.map((row, i) => ({ ...row, row: `${row.row}${i}` })) }] };
}

/** What the document says in words: fields that exclude or need each other. */
function agreeing({ path, method }: Operation, body: Body, random: Random): Body {
  switch (`${method} ${path}`) {
    case "POST /api/locks": {
      const { seatIds, seats, tier, idempotencyKey: _, ...rest } = body;
      return random.chance(0.5)
        ? { ...rest, seatIds: seatIds ?? ["seat_A1"] }
        : { ...rest, seats: seats ?? 1, ...(tier !== undefined && { tier: "GENERAL" }) };
    }
    case "POST /api/bookings": {
      const { seatIds, lockId, ...rest } = body;
      if (lockId !== undefined)
        return { lockId, ...(rest["paymentMethod"] !== undefined && { paymentMethod: rest["paymentMethod"] }) };
      return { eventId: "evnt_none", ...rest, seatIds: seatIds ?? ["seat_A1"] };
    }
    case "POST /api/payments/intent": {
      const { paymentMethod, force, ...rest } = body;
      return force !== undefined && random.chance(0.5)
        ? { ...rest, force }
        : { ...rest, paymentMethod: paymentMethod ?? { type: "card", token: random.pick(CARDS) } };
    }
    case "POST /api/events":
    case "PUT /api/events/{id}":
      return agreeingHall(body);
    default:
      return body;
  }
}

function agreeingHall(body: Body): Body {
  const { seatMap, ticketTiers, seatsPerRow, ...rest } = body;
  const tiers = ((ticketTiers ?? []) as Body[]).map((given, i) => ({
    ...given,
    tier: ["VIP", "GENERAL", "STANDING"][i],
    capacity: given["capacity"] ?? 5,
  }));
  if (seatMap !== undefined) {
    const priced = ["VIP", "GENERAL"].map((tier) => ({ tier, price: 100, currency: "GBP" }));
    return { ...rest, seatMap, ticketTiers: priced };
  }
  return {
    ...rest,
    ...(tiers.length > 0 && { ticketTiers: tiers }),
    ...(seatsPerRow !== undefined && { seatsPerRow }),
  };
}

/** The operation that an address and method belong to, by the document alone. */
export function operationFor(operations: readonly Operation[], method: string, path: string): Operation | null {
  const plain = path.split(/[?#]/)[0] ?? "";
  // A literal path is nobody's parameter.
  const literal = operations.filter((operation) => operation.path === plain);
  const matching = literal.length > 0 ? literal : operations.filter((operation) => formOf(operation).test(plain));
  return matching.find((operation) => operation.method === (method === "HEAD" ? "GET" : method)) ?? null;
}

const forms = new Map<string, RegExp>();
function formOf({ path }: Operation): RegExp {
  const form = forms.get(path) ?? new RegExp(`^${path.replaceAll(".", "\\.").replaceAll(/\{.+?\}/g, "[^/]+")}$`);
  forms.set(path, form);
  return form;
}
