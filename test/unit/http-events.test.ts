// Events, venues and inventory over HTTP, against dependencies in memory: what is accepted, what is refused and how.

import { beforeEach, describe, expect, it } from "vitest";
import { simulatorPayments } from "../../src/adapters/payments-simulator";
import type { User, Venue } from "../../src/app/ports";
import type { EventDefinition } from "../../src/domain/box-office/state";
import { type Ask, addUser, addVenue, askerOf, emptyWorld, errorOf, eventBody, type World } from "./http-fakes";

const TIER = { tier: "GENERAL", price: 7_500, currency: "GBP", capacity: 10 };
const MAP = { sections: [{ name: "S", rows: [{ row: "A", tier: "GENERAL", seats: 3 }] }] };
const PRICED = [{ tier: "VIP", price: 1, currency: "GBP" }];

let world: World;
let ask: Ask;
let admin: User;
let buyer: User;
let venue: Venue;

beforeEach(() => {
  world = emptyWorld();
  ask = askerOf(world);
  admin = addUser(world, "ADMIN");
  buyer = addUser(world, "USER");
  venue = addVenue(world);
});

async function createEvent(changes: Record<string, unknown> = {}): Promise<string> {
  const response = await ask("/api/events", { as: admin, json: eventBody(venue, changes) });
  expect(response.status).toBe(201);
  return ((await response.json()) as { id: string }).id;
}

function definitionOf(id: string): EventDefinition {
  return world.definitions.get(id) as EventDefinition;
}

describe("POST /api/events", () => {
  it("puts an event on sale and answers exactly the documented fields", async () => {
    const response = await ask("/api/events", { as: admin, json: eventBody(venue) });
    expect(response.status).toBe(201);
    const body = (await response.json()) as { id: string };
    expect(body).toEqual({
      id: expect.stringMatching(/^evnt_/),
      name: "A night out",
      createdAt: "2027-01-15T12:00:00.000Z",
    });
    expect(response.headers.get("Location")).toBe(`/api/events/${body.id}`);
    const definition = definitionOf(body.id);
    expect(definition.startsAtMs).toBe(Date.parse("2027-06-01T18:30:00Z"));
    expect(definition.tiers).toEqual([
      { tier: "VIP", priceMinor: 25_000 },
      { tier: "GENERAL", priceMinor: 7_500 },
    ]);
    expect(world.commands.map(({ type }) => type)).toEqual(["define"]);
  });

  it("makes one free GENERAL tier of the venue's capacity when nothing is said of seats", async () => {
    const id = await createEvent({ ticketTiers: undefined });
    expect(definitionOf(id).currency).toBe("GBP");
    expect(world.availabilities.get(id)).toMatchObject({
      totalSeats: 1_000,
      availableSeats: 1_000,
      tiers: [{ tier: "GENERAL", priceMinor: 0, available: 1_000, total: 1_000 }],
    });
  });

  it("takes a seat map, and the tiers' prices beside it", async () => {
    const seatMap = { sections: [{ name: "Stalls", rows: [{ row: "A", tier: "VIP", seats: 20, gapsAfter: [10] }] }] };
    const id = await createEvent({ seatMap, ticketTiers: [{ tier: "VIP", price: 100, currency: "EUR" }] });
    expect(definitionOf(id)).toMatchObject({ currency: "EUR", layout: { source: "map" } });
    const shown = (await (await ask(`/api/events/${id}`)).json()) as { seatMap: unknown };
    expect(shown.seatMap).toEqual(seatMap);
  });

  it("refuses more seats than the venue holds", async () => {
    const tiers = [{ tier: "GENERAL", price: 1, currency: "GBP", capacity: 1_001 }];
    const response = await ask("/api/events", { as: admin, json: eventBody(venue, { ticketTiers: tiers }) });
    expect(response.status).toBe(422);
    expect(await errorOf(response)).toMatchObject({ code: "CAPACITY_EXCEEDS_VENUE" });
  });

  it("does not find a venue that is unknown, or whose id is malformed", async () => {
    for (const venueId of ["ven_01HX2DEFAAAAAAAAAAAAAAAAAA", "ven_1", "DROP TABLE", "evnt_\u{1F3AB}"]) {
      const response = await ask("/api/events", { as: admin, json: eventBody(venue, { venueId }) });
      expect(response.status).toBe(404);
      expect((await errorOf(response)).code).toBe("VENUE_NOT_FOUND");
    }
  });

  it("answers a repeated key with the first event, and refuses the key for another body", async () => {
    const headers = { "Idempotency-Key": "once" };
    const first = await ask("/api/events", { as: admin, json: eventBody(venue), headers });
    world.nowMs = Date.parse("2027-06-02T00:00:00Z"); // after the start, when a new one would be refused
    const again = await ask("/api/events", { as: admin, json: eventBody(venue), headers });
    expect(again.status).toBe(201);
    expect(await again.json()).toEqual(await first.json());
    expect(world.definitions.size).toBe(1);
    const other = await ask("/api/events", { as: admin, json: eventBody(venue, { name: "Other" }), headers });
    expect(other.status).toBe(422);
    expect((await errorOf(other)).code).toBe("IDEMPOTENCY_KEY_REUSED");
  });

  it("keeps keys of different admins apart", async () => {
    const headers = { "Idempotency-Key": "shared" };
    const other = addUser(world, "ADMIN");
    await ask("/api/events", { as: admin, json: eventBody(venue), headers });
    const response = await ask("/api/events", { as: other, json: eventBody(venue, { name: "Other" }), headers });
    expect(response.status).toBe(201);
    expect(world.definitions.size).toBe(2);
  });

  it("says yes although the box office could not be told, because D1 has the event", async () => {
    const boxOffices = { send: () => Promise.reject(new Error("gone")) } as never;
    const response = await askerOf(world, { boxOffices })("/api/events", { as: admin, json: eventBody(venue) });
    expect(response.status).toBe(201);
    expect(world.logged.some(({ level }) => level === "warn")).toBe(true);
  });

  const wrong: readonly (readonly [string, Record<string, unknown>, string])[] = [
    ["no name", { name: undefined }, "name"],
    ["a blank name", { name: "   " }, "name"],
    ["a name of 201 characters", { name: "x".repeat(201) }, "name"],
    ["a number as name", { name: 7 }, "name"],
    ["a NUL in the name", { name: "a\u0000b" }, "name"],
    ["half a character in the name", { name: "a\ud800" }, "name"],
    ["a long description", { description: "x".repeat(5_001) }, "description"],
    ["no venue", { venueId: undefined }, "venueId"],
    ["a venue that is a list", { venueId: ["ven_1"] }, "venueId"],
    ["no start", { startsAt: undefined }, "startsAt"],
    ["a start without offset", { startsAt: "2027-06-01T19:30:00" }, "startsAt"],
    ["30 February", { startsAt: "2028-02-30T19:30:00Z" }, "startsAt"],
    ["hour 24", { startsAt: "2027-06-01T24:00:00Z" }, "startsAt"],
    ["words as start", { startsAt: "tomorrow" }, "startsAt"],
    ["a number as start", { startsAt: 1_811_877_000_000 }, "startsAt"],
    ["a start in the past", { startsAt: "2026-06-01T19:30:00Z" }, "startsAt"],
    ["a start that is now", { startsAt: "2027-01-15T12:00:00Z" }, "startsAt"],
    ["an end before the start", { endsAt: "2027-06-01T18:00:00Z" }, "endsAt"],
    ["an end at the start", { endsAt: "2027-06-01T18:30:00Z" }, "endsAt"],
    ["an empty list of tiers", { ticketTiers: [] }, "ticketTiers"],
    ["tiers that are no list", { ticketTiers: {} }, "ticketTiers"],
    ["a tier that is null", { ticketTiers: [null] }, "ticketTiers[0]"],
    ["an unknown tier", { ticketTiers: [{ ...TIER, tier: "BALCONY" }] }, "ticketTiers[0].tier"],
    ["a tier twice", { ticketTiers: [TIER, TIER] }, "ticketTiers[1].tier"],
    ["a negative price", { ticketTiers: [{ ...TIER, price: -1 }] }, "ticketTiers[0].price"],
    ["a broken price", { ticketTiers: [{ ...TIER, price: 1.5 }] }, "ticketTiers[0].price"],
    ["a huge price", { ticketTiers: [{ ...TIER, price: 100_000_000 }] }, "ticketTiers[0].price"],
    ["a price as text", { ticketTiers: [{ ...TIER, price: "100" }] }, "ticketTiers[0].price"],
    ["no capacity", { ticketTiers: [{ ...TIER, capacity: undefined }] }, "ticketTiers[0].capacity"],
    ["a capacity of 0", { ticketTiers: [{ ...TIER, capacity: 0 }] }, "ticketTiers[0].capacity"],
    ["a capacity of 50 001", { ticketTiers: [{ ...TIER, capacity: 50_001 }] }, "ticketTiers[0].capacity"],
    ["an unreal currency", { ticketTiers: [{ ...TIER, currency: "ZZZ" }] }, "ticketTiers[0].currency"],
    ["a currency in lower case", { ticketTiers: [{ ...TIER, currency: "gbp" }] }, "ticketTiers[0].currency"],
    ["two currencies", { ticketTiers: [TIER, { ...TIER, tier: "VIP", currency: "EUR" }] }, "ticketTiers[1].currency"],
    ["an unknown field of a tier", { ticketTiers: [{ ...TIER, colour: "red" }] }, "ticketTiers[0].colour"],
    ["an unknown field", { organiser: "me" }, "organiser"],
    ["an id", { id: "evnt_1" }, "id"],
    ["rows of 0 seats", { seatsPerRow: 0 }, "seatsPerRow"],
    ["rows of 201 seats", { seatsPerRow: 201 }, "seatsPerRow"],
    ["a map of no sections", { seatMap: { sections: [] } }, "seatMap.sections"],
    ["a capacity beside a map", { seatMap: MAP }, "ticketTiers[0].capacity"],
    ["a row length beside a map", { seatMap: MAP, ticketTiers: undefined, seatsPerRow: 10 }, "seatsPerRow"],
    ["a map without a price", { seatMap: MAP, ticketTiers: undefined }, "ticketTiers"],
    [
      "a row label in lower case",
      { seatMap: { sections: [{ name: "S", rows: [{ row: "a", tier: "VIP", seats: 1 }] }] }, ticketTiers: PRICED },
      "seatMap.sections[0].rows[0].row",
    ],
    [
      "a gap after the last seat",
      {
        seatMap: { sections: [{ name: "S", rows: [{ row: "A", tier: "VIP", seats: 2, gapsAfter: [2] }] }] },
        ticketTiers: PRICED,
      },
      "seatMap.sections[0].rows[0].gapsAfter[0]",
    ],
  ];
  it.each(wrong)("refuses %s, naming the field", async (_what, changes, field) => {
    const response = await ask("/api/events", { as: admin, json: eventBody(venue, changes) });
    expect(response.status).toBe(400);
    const error = await errorOf(response);
    expect(error.code).toBe("VALIDATION_ERROR");
    expect(error.fields?.map((problem) => problem.field)).toContain(field);
    expect(error.message).toContain(field);
    expect(world.definitions.size).toBe(0);
  });

  it("looks for the venue only once what needs none is right", async () => {
    const venueId = "ven_01HX2DEFAAAAAAAAAAAAAAAAAA";
    const rows = [{ row: "a", tier: "VIP", seats: 1 }];
    for (const [changes, field] of [
      [{ ticketTiers: [{ ...TIER, capacity: undefined }] }, "ticketTiers[0].capacity"],
      [{ seatMap: MAP, ticketTiers: PRICED }, "ticketTiers"],
      [{ seatMap: { sections: [{ name: "S", rows }] }, ticketTiers: PRICED }, "seatMap.sections[0].rows[0].row"],
    ] as const) {
      const response = await ask("/api/events", { as: admin, json: eventBody(venue, { venueId, ...changes }) });
      expect([response.status, (await errorOf(response)).field]).toEqual([400, field]);
    }
  });

  it("makes no hall of a venue that is larger than any, and says what to change", async () => {
    venue = addVenue(world, 50_001);
    const whole = await ask("/api/events", { as: admin, json: eventBody(venue, { ticketTiers: undefined }) });
    expect(whole.status).toBe(400);
    expect(await errorOf(whole)).toMatchObject({
      field: "venueId",
      message: expect.stringMatching(/a venue for 50001.*ticketTiers or a seatMap/),
    });
    await createEvent({ ticketTiers: [{ ...TIER, capacity: 50_000 }] });
    venue = addVenue(world, 50_000);
    await createEvent({ ticketTiers: undefined });
  });

  it("takes tiers and rows at their limits", async () => {
    venue = addVenue(world, 50_000);
    const ticketTiers = [{ tier: "STANDING", price: 99_999_999, currency: "JPY", capacity: 50_000 }];
    await createEvent({ ticketTiers, seatsPerRow: 200, name: "x".repeat(200), description: "line\nline" });
  });

  it("is closed to strangers and to buyers, before anything else is looked at", async () => {
    const stranger = await ask("/api/events", { method: "POST", body: "not json" });
    expect(stranger.status).toBe(401);
    expect(stranger.headers.get("WWW-Authenticate")).toBe("Bearer");
    const notAdmin = await ask("/api/events", { method: "POST", as: buyer, body: "not json" });
    expect(notAdmin.status).toBe(403);
    expect((await errorOf(notAdmin)).code).toBe("FORBIDDEN");
  });

  it("reads the role from the database, not from the token", async () => {
    world.users.set(admin.id, { ...admin, role: "USER" });
    expect((await ask("/api/events", { as: admin, json: eventBody(venue) })).status).toBe(403);
  });
});

describe("PUT /api/events/:id", () => {
  it("changes what is given and answers the updated event", async () => {
    const id = await createEvent();
    const change = { name: "Renamed", startsAt: "2027-06-01T20:00:00Z" };
    const response = await ask(`/api/events/${id}`, { method: "PUT", as: admin, json: change });
    expect(response.status).toBe(200);
    const body = (await response.json()) as Record<string, unknown>;
    expect(body).toMatchObject({ id, name: "Renamed", startsAt: "2027-06-01T20:00:00.000Z" });
    expect(body).toHaveProperty("seatMap");
    const amend = world.commands.find(({ type }) => type === "amend");
    expect(amend).toMatchObject({
      actor: admin.id,
      change: { name: "Renamed", startsAtMs: Date.parse("2027-06-01T20:00:00Z"), venueCapacity: 1_000 },
    });
  });

  it("does not judge prices again that stay, whatever the provider takes by now", async () => {
    const id = await createEvent();
    const payments = { ...simulatorPayments(), limitsOf: () => ({ stepMinor: 1, maxMinor: 10 }) };
    const put = (json: unknown) =>
      askerOf(world, { payments })(`/api/events/${id}`, { method: "PUT", as: admin, json });
    expect((await put({ name: "Renamed" })).status).toBe(200);
    const response = await put({ ticketTiers: [TIER] });
    expect(response.status).toBe(400);
    expect(await errorOf(response)).toMatchObject({ field: "ticketTiers[0].price" });
  });

  it("passes tiers on with their currency, and the capacity of a new venue", async () => {
    const id = await createEvent();
    const larger = addVenue(world, 5_000);
    const ticketTiers = [{ tier: "VIP", price: 9, currency: "EUR", capacity: 8 }];
    await ask(`/api/events/${id}`, { method: "PUT", as: admin, json: { venueId: larger.id, ticketTiers } });
    expect(world.commands.find(({ type }) => type === "amend")).toMatchObject({
      change: {
        venueId: larger.id,
        venueCapacity: 5_000,
        currency: "EUR",
        tiers: [{ tier: "VIP", priceMinor: 9, capacity: 8 }],
      },
    });
  });

  it("changes nothing with an empty body, and answers the event", async () => {
    const id = await createEvent();
    for (const sent of [{ json: {} }, {}]) {
      const response = await ask(`/api/events/${id}`, { method: "PUT", as: admin, ...sent });
      expect(response.status).toBe(200);
      expect(await response.json()).toMatchObject({ id, name: "A night out" });
    }
    expect(world.commands.some(({ type }) => type === "amend")).toBe(false);
    expect(definitionOf(id).version).toBe(1);
  });

  it("refuses what POST refuses, naming the field", async () => {
    const id = await createEvent();
    const wrong: readonly (readonly [Record<string, unknown>, string])[] = [
      [{ name: "" }, "name"],
      [{ name: null }, "name"],
      [{ startsAt: "soon" }, "startsAt"],
      [{ ticketTiers: [] }, "ticketTiers"],
      [{ ticketTiers: [{ ...TIER, price: -1 }] }, "ticketTiers[0].price"],
      [{ availableSeats: 5 }, "availableSeats"],
    ];
    for (const [json, field] of wrong) {
      const response = await ask(`/api/events/${id}`, { method: "PUT", as: admin, json });
      expect(response.status).toBe(400);
      expect(await errorOf(response)).toMatchObject({ field });
    }
  });

  it("does not move an event into the past, but takes the start it has", async () => {
    const id = await createEvent();
    const put = (json: unknown) => ask(`/api/events/${id}`, { method: "PUT", as: admin, json });
    const past = await put({ startsAt: "2026-01-01T00:00:00Z" });
    expect(past.status).toBe(400);
    expect(await errorOf(past)).toMatchObject({ field: "startsAt" });
    world.nowMs = Date.parse("2027-06-02T00:00:00Z");
    expect((await put({ name: "Over", startsAt: "2027-06-01T18:30:00Z" })).status).toBe(200);
  });

  it("does not find unknown events and venues", async () => {
    const id = await createEvent();
    const unknown = await ask("/api/events/evnt_1", { method: "PUT", as: admin, json: { name: "x" } });
    expect((await errorOf(unknown)).code).toBe("EVENT_NOT_FOUND");
    const empty = await ask("/api/events/evnt_1", { method: "PUT", as: admin, json: {} });
    expect((await errorOf(empty)).code).toBe("EVENT_NOT_FOUND");
    const nowhere = await ask(`/api/events/${id}`, { method: "PUT", as: admin, json: { venueId: "ven_1" } });
    expect((await errorOf(nowhere)).code).toBe("VENUE_NOT_FOUND");
  });

  it("looks for event and venue only once what needs neither is right", async () => {
    const rows = [{ row: "a", tier: "VIP", seats: 1 }];
    for (const [json, field] of [
      [{ seatMap: { sections: [{ name: "S", rows }] } }, "seatMap.sections[0].rows[0].row"],
      [{ startsAt: "2027-06-01T18:30:00Z", endsAt: "2027-06-01T18:30:00Z" }, "endsAt"],
    ] as const) {
      const response = await ask("/api/events/evnt_1", { method: "PUT", as: admin, json });
      expect([response.status, (await errorOf(response)).field]).toEqual([400, field]);
    }
  });

  it("is closed to buyers and strangers", async () => {
    const id = await createEvent();
    expect((await ask(`/api/events/${id}`, { method: "PUT", json: { name: "x" } })).status).toBe(401);
    expect((await ask(`/api/events/${id}`, { method: "PUT", as: buyer, json: { name: "x" } })).status).toBe(403);
  });
});

describe("GET /api/events", () => {
  it("lists upcoming events by date with exactly the documented fields", async () => {
    const later = await createEvent({
      name: "Later",
      startsAt: "2027-07-01T10:00:00Z",
      endsAt: "2027-07-01T11:00:00Z",
    });
    const sooner = await createEvent({ name: "Sooner", startsAt: "2027-05-01T10:00:00Z", description: "Ours" });
    const response = await ask("/api/events");
    expect(response.status).toBe(200);
    const { data, pagination } = (await response.json()) as { data: { id: string }[]; pagination: unknown };
    expect(data.map(({ id }) => id)).toEqual([sooner, later]);
    expect(pagination).toEqual({ page: 1, perPage: 20, total: 2, totalPages: 1 });
    expect(data[0]).toEqual({
      id: sooner,
      name: "Sooner",
      description: "Ours",
      venue: { id: venue.id, name: venue.name, city: venue.city },
      startsAt: "2027-05-01T10:00:00.000Z",
      endsAt: "2027-06-01T22:00:00.000Z",
      availableSeats: 10,
      totalSeats: 10,
      ticketTiers: [
        { tier: "VIP", price: 25_000, currency: "GBP", available: 4 },
        { tier: "GENERAL", price: 7_500, currency: "GBP", available: 6 },
      ],
    });
  });

  it("leaves out what has started", async () => {
    await createEvent();
    world.nowMs = Date.parse("2027-06-01T18:30:01Z");
    expect(await (await ask("/api/events?from=2020-01-01")).json()).toMatchObject({ data: [] });
  });

  it("filters by venue and by dates: from is included, to is not", async () => {
    await createEvent({ startsAt: "2027-06-01T00:00:00Z" });
    const count = async (query: string) => {
      const { pagination } = (await (await ask(`/api/events?${query}`)).json()) as { pagination: { total: number } };
      return pagination.total;
    };
    expect(await count("from=2027-06-01")).toBe(1);
    expect(await count("from=2027-06-01T00:00:01Z")).toBe(0);
    expect(await count("to=2027-06-01")).toBe(0);
    expect(await count("to=2027-06-02T00:00:00%2B02:00")).toBe(1);
    expect(await count("from=2027-06-01T02:00:00+02:00")).toBe(1); // an unencoded "+"
    expect(await count(`venueId=${venue.id}`)).toBe(1);
    expect(await count(`venueId=${addVenue(world).id}`)).toBe(0);
    expect(await count("venueId=nonsense")).toBe(0);
  });

  it("pages, and says so beyond the last page", async () => {
    for (let i = 0; i < 3; i++) await createEvent();
    expect(await (await ask("/api/events?page=2&perPage=2")).json()).toMatchObject({
      data: [expect.anything()],
      pagination: { page: 2, perPage: 2, total: 3, totalPages: 2 },
    });
    expect(await (await ask("/api/events?page=9&perPage=2")).json()).toMatchObject({ data: [] });
  });

  it.each([
    ["page=0", "page"],
    ["page=-1", "page"],
    ["page=1.5", "page"],
    ["page=", "page"],
    ["page=x", "page"],
    ["page=99999999999999999999", "page"],
    ["page=1&page=2", "page"],
    ["perPage=0", "perPage"],
    ["perPage=101", "perPage"],
    ["perPage=1e1", "perPage"],
    ["from=yesterday", "from"],
    ["from=2027-02-30", "from"],
    ["from=2027-06-01T00:00:00", "from"],
    ["to=", "to"],
    ["limit=5", "limit"],
    ["__proto__=5", "__proto__"],
    ["constructor=5", "constructor"],
  ])("refuses ?%s, naming the field", async (query, field) => {
    const response = await ask(`/api/events?${query}`);
    expect(response.status).toBe(400);
    expect(await errorOf(response)).toMatchObject({ code: "VALIDATION_ERROR", field });
  });
});

describe("GET /api/events/:id", () => {
  it("is an item of the list plus its seat map, whoever asks", async () => {
    const id = await createEvent();
    const { data } = (await (await ask("/api/events")).json()) as { data: Record<string, unknown>[] };
    const seatMap = {
      sections: [
        { name: "VIP", rows: [{ row: "A", tier: "VIP", seats: 4 }] },
        { name: "General", rows: [{ row: "B", tier: "GENERAL", seats: 6 }] },
      ],
    };
    for (const as of [null, buyer]) {
      expect(await (await ask(`/api/events/${id}`, { as })).json()).toEqual({ ...data[0], seatMap });
    }
  });

  it("does not find an id whose code is an event's but which is not that event's", async () => {
    const id = await createEvent();
    const foreign = `evnt_${"0".repeat(18)}${id.slice(-8)}`;
    expect((await errorOf(await ask(`/api/events/${foreign}`))).code).toBe("EVENT_NOT_FOUND");
    const put = await ask(`/api/events/${foreign}`, { method: "PUT", as: admin, json: { name: "x" } });
    expect((await errorOf(put)).code).toBe("EVENT_NOT_FOUND");
  });

  it("does not find unknown and malformed ids", async () => {
    for (const id of ["evnt_01HX1ABC", "ven_01HX2DEFAAAAAAAAAAAAAAAAAA", "1%27%20OR%201=1", "%00", "..%2f..", "%ff"]) {
      const response = await ask(`/api/events/${id}`);
      expect(response.status).toBe(404);
      expect((await errorOf(response)).code).toBe("EVENT_NOT_FOUND");
    }
  });
});
