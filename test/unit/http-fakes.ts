// The app over dependencies in memory: users by token, venues and events in maps, and a box office that shows an
// event as it is defined. What a test does not hand in is not there, and says so when it is used.

import { simulatorPayments } from "../../src/adapters/payments-simulator";
import type { BoxOffices, Deps, EventListing, KeptKey, Role, User, Venue } from "../../src/app/ports";
import type { Availability, Command } from "../../src/domain/box-office/commands";
import type { EventDefinition } from "../../src/domain/box-office/state";
import { geometryOf } from "../../src/domain/geometry";
import { makeId, type UserId } from "../../src/domain/ids";
import { createApp } from "../../src/http/app";

export const NOW = Date.parse("2027-01-15T12:00:00Z");
export const ORIGIN = "http://localhost:3000";

let made = 0;
/** Bytes that no other call got. */
function bytes(): Uint8Array {
  made += 1;
  return Uint8Array.from({ length: 16 }, (_, i) => Math.floor(made / 32 ** (i % 8)) % 32);
}

export interface World {
  readonly users: Map<string, User>;
  readonly venues: Map<string, Venue>;
  readonly definitions: Map<string, EventDefinition>;
  readonly availabilities: Map<string, Availability>;
  readonly keys: Map<string, KeptKey>;
  /** By event id: one character a seat; free where nothing is said. */
  readonly statuses: Map<string, string>;
  /** Statuses as they were read: whatever is new has the next number. */
  readonly said: string[];
  readonly commands: Command[];
  readonly logged: { readonly level: string; readonly message: string; readonly fields?: Record<string, unknown> }[];
  nowMs: number;
  demoReady: boolean;
  requestsLeft: number;
}

export function emptyWorld(): World {
  return {
    users: new Map(),
    venues: new Map(),
    definitions: new Map(),
    availabilities: new Map(),
    keys: new Map(),
    statuses: new Map(),
    said: [],
    commands: [],
    logged: [],
    nowMs: NOW,
    demoReady: true,
    requestsLeft: Number.POSITIVE_INFINITY,
  };
}

export function addUser(world: World, role: Role): User {
  const id = makeId("usr", NOW, bytes());
  const user = { id, name: "Ada", email: `${id}@example.com`, role, createdAtMs: NOW, updatedAtMs: NOW };
  world.users.set(id, user);
  return user;
}

export function addVenue(world: World, capacity = 1_000): Venue {
  const id = makeId("ven", NOW, bytes());
  const venue = { id, name: "Hall", address: "1 Street", city: "London", country: "GB", capacity, createdAtMs: NOW };
  world.venues.set(id, venue);
  return venue;
}

/** The token that stands for a user in these tests. */
export function tokenOf(user: User): string {
  return `token-of-${user.id}`;
}

export function listingOf(world: World, definition: EventDefinition): EventListing {
  const venue = definition.venueId && world.venues.get(definition.venueId);
  const { availableSeats, totalSeats, tiers } = world.availabilities.get(definition.id) as Availability;
  const place = venue ? { id: venue.id, name: venue.name, city: venue.city } : null;
  return { ...definition, venue: place, availableSeats, totalSeats, tiers };
}

function boxOfficesOf(world: World): BoxOffices {
  const send = async (code: string, command: Command) => {
    world.commands.push(command);
    const definition = [...world.definitions.values()].find((known) => known.code === code);
    if (!definition) return null;
    const availability = world.availabilities.get(definition.id) as Availability;
    switch (command.type) {
      case "define":
        return { ok: true, value: { version: definition.version } };
      case "readEvent":
        return { ok: true, value: { definition, availability } };
      case "readSeats": {
        const { size } = geometryOf(definition.layout);
        const known = command.knownVersion === definition.version;
        const said = world.statuses.get(definition.id) ?? "A".repeat(size);
        if (!world.said.includes(said)) world.said.push(said);
        const seq = 7 + world.said.indexOf(said);
        const statuses = command.knownSeq === seq ? null : said;
        return {
          ok: true,
          value: { version: definition.version, definition: known ? null : definition, statuses, seq },
        };
      }
      case "amend": {
        const { name = definition.name, startsAtMs = definition.startsAtMs } = command.change;
        const changed = { ...definition, name, startsAtMs, version: definition.version + 1 };
        world.definitions.set(definition.id, changed);
        return { ok: true, value: { definition: changed, work: [] } };
      }
      default:
        throw new Error(`the box office of these tests does not know ${command.type}`);
    }
  };
  return { send, journal: unused("journal"), audit: unused("audit") } as unknown as BoxOffices;
}

export function depsOf(world: World, overrides: Partial<Deps> = {}): Deps {
  const keep = (key: KeptKey | null) => {
    if (key && world.keys.has(key.scope)) return false;
    if (key) world.keys.set(key.scope, key);
    return true;
  };
  const given: Partial<Deps> = {
    clock: { nowMs: () => world.nowMs },
    ids: {
      user: (nowMs) => makeId("usr", nowMs, bytes()),
      event: (nowMs) => makeId("evnt", nowMs, bytes()),
      venue: (nowMs) => makeId("ven", nowMs, bytes()),
      gate: (nowMs) => makeId("gate", nowMs, bytes()),
      request: (nowMs) => makeId("req", nowMs, bytes()),
      notification: (nowMs) => makeId("notif", nowMs, bytes()),
      ofSale: unused("ids.ofSale") as never,
    },
    log: {
      info: (message, fields) => world.logged.push({ level: "info", message, fields }),
      warn: (message, fields) => world.logged.push({ level: "warn", message, fields }),
      error: (message, fields) => world.logged.push({ level: "error", message, fields }),
    },
    settings: {
      environment: "development",
      version: "1.0.0",
      publicUrl: ORIGIN,
      emailFrom: "tickets@ticketflow.dev",
      eventBookingApi: false,
      corsOrigins: ["https://shop.example"],
      holdTtlMs: 300_000,
      paymentWindowMs: 600_000,
      publishableKey: null,
    },
    tokens: {
      issue: async ({ sub }) => ({ token: `token-of-${sub}`, expiresAtMs: world.nowMs + 86_400_000 }),
      verify: (token) => {
        const user = world.users.get(token.replace("token-of-", ""));
        if (user === undefined) return null;
        const expiresAtMs = world.nowMs + 86_400_000;
        return { sub: user.id, name: user.name, email: user.email, role: user.role, expiresAtMs };
      },
    },
    users: {
      insert: async (user, _welcome, key) => {
        if (!keep(key)) return "key-taken";
        world.users.set(user.id, user);
        return "inserted";
      },
      byId: async (id: UserId) => world.users.get(id) ?? null,
      byEmail: async (email) => {
        const found = [...world.users.values()].find((user) => user.email === email);
        return found ? { ...found, passwordHash: "hash-of-Secret123" } : null;
      },
      grantRole: unused("users.grantRole") as never,
    },
    passwords: {
      hash: async (password) => `hash-of-${password}`,
      verify: async (password, hash) => hash === `hash-of-${password}`,
    },
    venues: {
      insert: async (venue, key) => {
        if (!keep(key)) return "key-taken";
        world.venues.set(venue.id, venue);
        return "inserted";
      },
      byId: async (id) => world.venues.get(id) ?? null,
      list: async ({ text, page, perPage }) => {
        const found = [...world.venues.values()].filter(({ name, city }) => `${name} ${city}`.includes(text ?? ""));
        return { items: found.slice((page - 1) * perPage, page * perPage), total: found.length };
      },
    },
    events: {
      insert: async (definition, availability, key) => {
        if (!keep(key)) return "key-taken";
        if ([...world.definitions.values()].some(({ code }) => code === definition.code)) return "code-taken";
        world.definitions.set(definition.id, definition);
        world.availabilities.set(definition.id, availability);
        return "inserted";
      },
      listingById: async (id) => {
        const definition = world.definitions.get(id);
        return definition ? listingOf(world, definition) : null;
      },
      list: async ({ venueId, fromMs, toMs, page, perPage }) => {
        const found = [...world.definitions.values()]
          .filter((event) => event.startsAtMs >= fromMs && (toMs === null || event.startsAtMs < toMs))
          .filter((event) => venueId === null || event.venueId === venueId)
          .sort((a, b) => a.startsAtMs - b.startsAtMs);
        const items = found.slice((page - 1) * perPage, page * perPage).map((event) => listingOf(world, event));
        return { items, total: found.length };
      },
      ofVenue: async ({ id }) =>
        [...world.definitions.values()].filter(({ venueId }) => venueId === id).map((event) => listingOf(world, event)),
      saveDefinition: unused("events.saveDefinition"),
      saveAvailability: unused("events.saveAvailability"),
      idByCode: unused("events.idByCode"),
      definitionByCode: unused("events.definitionByCode"),
      noteNextDue: unused("events.noteNextDue"),
      overdue: unused("events.overdue"),
      recentlyActive: unused("events.recentlyActive"),
    },
    boxOffices: boxOfficesOf(world),
    payments: simulatorPayments(),
    queues: { ready: true, notify: async () => {} },
    throttles: {
      take: async () => ({ allowed: true, retryAfterMs: 0 }),
      giveBack: async () => {},
      forget: async () => {},
      purge: async () => {},
    },
    requestLimit: {
      take: async () => {
        world.requestsLeft -= 1;
        return { allowed: world.requestsLeft >= 0, retryAfterMs: 700 };
      },
    },
    demo: { ready: async () => world.demoReady } as Deps["demo"],
    idempotencyKeys: { find: async (scope) => world.keys.get(scope) ?? null, purge: async () => {} },
    fingerprints: { of: async (body) => JSON.stringify(body) },
    ...overrides,
  };
  return new Proxy(given as Deps, {
    get: (deps, name) => Reflect.get(deps, name) ?? unused(String(name)),
  });
}

function unused(name: string): () => never {
  return () => {
    throw new Error(`${name} was not handed to this test`);
  };
}

export type Ask = (path: string, init?: AskInit) => Promise<Response>;
export interface AskInit {
  readonly method?: string;
  readonly as?: User | null;
  /** Sent as JSON. */
  readonly json?: unknown;
  readonly body?: BodyInit;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Asks the app of this world. */
export function askerOf(world: World, overrides: Partial<Deps> = {}): Ask {
  const app = createApp(() => depsOf(world, overrides));
  const env = {} as Env;
  return async (path, { method, as = null, json, body, headers = {} } = {}) => {
    const sent = json === undefined ? body : JSON.stringify(json);
    return await app.request(
      path,
      {
        method: method ?? (sent === undefined ? "GET" : "POST"),
        body: sent,
        headers: {
          ...(json !== undefined && { "Content-Type": "application/json" }),
          ...(as && { Authorization: `Bearer ${tokenOf(as)}` }),
          ...headers,
        },
      },
      env,
    );
  };
}

export interface ErrorAnswer {
  readonly error: {
    readonly code: string;
    readonly message: string;
    readonly requestId: string;
    readonly field?: string;
    readonly fields?: readonly { readonly field: string; readonly message: string }[];
  };
}

export async function errorOf(response: Response): Promise<ErrorAnswer["error"]> {
  return ((await response.json()) as ErrorAnswer).error;
}

/** A sound event at a venue. */
export function eventBody(venue: Venue, changes: Record<string, unknown> = {}): Record<string, unknown> {
  return {
    name: "A night out",
    venueId: venue.id,
    startsAt: "2027-06-01T19:30:00+01:00",
    endsAt: "2027-06-01T23:00:00+01:00",
    ticketTiers: [
      { tier: "VIP", price: 25_000, currency: "GBP", capacity: 4 },
      { tier: "GENERAL", price: 7_500, currency: "GBP", capacity: 6 },
    ],
    ...changes,
  };
}
