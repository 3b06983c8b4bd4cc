// Venues, events and inventory through the whole product: HTTP, D1 and the event's box office.

import { beforeAll, describe, expect, it } from "vitest";
import { DAY, HOUR } from "../../src/domain/time";
import { type Caller, call, deps, type Json, newCaller, seatsOf } from "./sale-client";

let admin: Caller;
let buyer: Caller;

beforeAll(async () => {
  [admin, buyer] = await Promise.all([newCaller("ADMIN"), newCaller()]);
});

async function newVenue(capacity = 1_000): Promise<string> {
  const body = { name: "O2 Arena", address: "Peninsula Square", city: "London", country: "GB", capacity };
  const made = await call("POST", "/api/venues", { as: admin, body });
  expect(made.status).toBe(201);
  return made.body.id;
}

function eventBody(venueId: string, changes: Json = {}): Json {
  const startsAtMs = Date.now() + 30 * DAY;
  return {
    name: "Coldplay",
    venueId,
    startsAt: new Date(startsAtMs).toISOString(),
    endsAt: new Date(startsAtMs + 3 * HOUR).toISOString(),
    ticketTiers: [
      { tier: "VIP", price: 25_000, currency: "GBP", capacity: 4 },
      { tier: "GENERAL", price: 7_500, currency: "GBP", capacity: 6 },
    ],
    ...changes,
  };
}

async function newEvent(changes: Json = {}): Promise<Json> {
  const made = await call("POST", "/api/events", { as: admin, body: eventBody(await newVenue(), changes) });
  expect(made.status).toBe(201);
  return made.body;
}

function put(id: string, body: Json) {
  return call("PUT", `/api/events/${id}`, { as: admin, body });
}

function lock(eventId: string, seatIds: readonly string[]) {
  return call("POST", "/api/locks", { as: buyer, body: { eventId, seatIds } });
}

describe("an event", () => {
  it("is listed, shown at its venue, and shown by itself as soon as it is made", async () => {
    const venueId = await newVenue();
    const { id } = (await call("POST", "/api/events", { as: admin, body: eventBody(venueId) })).body;
    const list = await call("GET", `/api/events?venueId=${venueId}`);
    expect(list.body).toMatchObject({
      data: [{ id, venue: { id: venueId, name: "O2 Arena", city: "London" }, availableSeats: 10, totalSeats: 10 }],
      pagination: { page: 1, perPage: 20, total: 1, totalPages: 1 },
    });
    const venue = await call("GET", `/api/venues/${venueId}`);
    expect(venue.body.events).toEqual(list.body.data);
    const shown = await call("GET", `/api/events/${id}`);
    const { seatMap, ...item } = shown.body;
    expect(item).toEqual(list.body.data[0]);
    expect(seatMap.sections.map(({ name }: Json) => name)).toEqual(["VIP", "General"]);
  });

  it("is sold at once: a lock shows in the event and in its inventory, exactly", async () => {
    const { id } = await newEvent();
    expect((await lock(id, ["seat_A1", "seat_B6"])).status).toBe(201);
    const shown = await call("GET", `/api/events/${id}`);
    expect(shown.body).toMatchObject({ availableSeats: 8, totalSeats: 10 });
    expect(shown.body.ticketTiers.map(({ available }: Json) => available)).toEqual([3, 5]);
    const seats = await seatsOf({ id } as Json);
    expect(seats.of).toMatchObject({ seat_A1: "LOCKED", seat_A2: "AVAILABLE", seat_B6: "LOCKED" });
    expect(seats.summary).toEqual({ total: 10, available: 8, locked: 2, reserved: 0 });
  });

  it("may be drawn, and shows its map as it was drawn", async () => {
    const rows = [
      { row: "A", tier: "VIP", seats: 20, gapsAfter: [10], accessible: [1, 20], companion: [2, 19] },
      { row: "B", tier: "GENERAL", seats: 30 },
    ];
    const seatMap = { sections: [{ name: "Stalls", rows }] };
    const ticketTiers = [
      { tier: "GENERAL", price: 0, currency: "JPY" },
      { tier: "VIP", price: 1_000, currency: "JPY" },
    ];
    const { id } = await newEvent({ seatMap, ticketTiers });
    const shown = await call("GET", `/api/events/${id}`);
    expect(shown.body.seatMap).toEqual(seatMap);
    expect(shown.body.ticketTiers).toEqual([
      { tier: "GENERAL", price: 0, currency: "JPY", available: 30 },
      { tier: "VIP", price: 1_000, currency: "JPY", available: 20 },
    ]);
  });

  it("made under one key by many requests at once is one event", async () => {
    const venueId = await newVenue();
    const body = eventBody(venueId);
    const ask = () => call("POST", "/api/events", { as: admin, body, key: "same" });
    const answers = await Promise.all(Array.from({ length: 8 }, ask));
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([201]));
    expect(new Set(answers.map((answer) => JSON.stringify(answer.body))).size).toBe(1);
    expect((await call("GET", `/api/events?venueId=${venueId}`)).body.pagination.total).toBe(1);
    const reused = await call("POST", "/api/events", { as: admin, body: { ...body, name: "Other" }, key: "same" });
    expect(reused).toMatchObject({ status: 422, body: { error: { code: "IDEMPOTENCY_KEY_REUSED" } } });
  });
});

describe("changing an event", () => {
  it("shows in its own answer, in the list and in the next read", async () => {
    const { id } = await newEvent();
    const changed = await put(id, { name: "Renamed", description: "Now with fireworks" });
    expect(changed).toMatchObject({ status: 200, body: { id, name: "Renamed", description: "Now with fireworks" } });
    expect((await call("GET", `/api/events/${id}`)).body).toEqual(changed.body);
    expect((await deps().events.listingById(id))?.name).toBe("Renamed");
  });

  it("grows the hall after its last row, and keeps seat ids and locks", async () => {
    const { id } = await newEvent();
    await lock(id, ["seat_A1"]);
    const grown = await put(id, {
      ticketTiers: [
        { tier: "VIP", price: 25_000, currency: "GBP", capacity: 6 },
        { tier: "GENERAL", price: 8_000, currency: "GBP", capacity: 6 },
      ],
    });
    expect(grown.body).toMatchObject({ totalSeats: 12, availableSeats: 11 });
    const seats = await seatsOf({ id } as Json);
    expect(seats.of).toMatchObject({
      seat_A1: "LOCKED",
      seat_B6: "AVAILABLE",
      seat_C1: "AVAILABLE",
      seat_C2: "AVAILABLE",
    });
    const [layout, statuses] = await Promise.all([
      call("GET", `/api/inventory/events/${id}/layout?v=2`),
      call("GET", `/api/inventory/events/${id}/statuses`),
    ]);
    expect(layout.body.segments.map(({ row, tier }: Json) => [row, tier])).toEqual([
      ["A", "VIP"],
      ["B", "GENERAL"],
      ["C", "VIP"],
    ]);
    expect(statuses.body).toMatchObject({ layoutVersion: 2, statuses: "LAAAAAAAAAAA" });
  });

  it("shrinks by free seats only, which leave inventory and totals", async () => {
    const { id } = await newEvent();
    await lock(id, ["seat_A4"]);
    const vip = (capacity: number) => ({ tier: "VIP", price: 25_000, currency: "GBP", capacity });
    const general = { tier: "GENERAL", price: 7_500, currency: "GBP", capacity: 6 };
    const smaller = await put(id, { ticketTiers: [vip(1), general] });
    expect(smaller.body).toMatchObject({ totalSeats: 7, availableSeats: 6 });
    const seats = await seatsOf({ id } as Json);
    expect(Object.keys(seats.of)).toEqual([
      "seat_A4",
      "seat_B1",
      "seat_B2",
      "seat_B3",
      "seat_B4",
      "seat_B5",
      "seat_B6",
    ]);
    const gone = await lock(id, ["seat_A1"]);
    expect(gone.status).toBe(400);
    const tooSmall = await put(id, { ticketTiers: [general] });
    expect(tooSmall).toMatchObject({ status: 422, body: { error: { code: "TIER_IN_USE" } } });
  });

  it("is refused beyond the venue's capacity, and at a smaller venue", async () => {
    const { id } = await newEvent();
    const ticketTiers = [
      { tier: "VIP", price: 1, currency: "GBP", capacity: 995 },
      { tier: "GENERAL", price: 1, currency: "GBP", capacity: 6 },
    ];
    expect(await put(id, { ticketTiers })).toMatchObject({
      status: 422,
      body: { error: { code: "CAPACITY_EXCEEDS_VENUE" } },
    });
    const moved = await put(id, { venueId: await newVenue(9) });
    expect(moved).toMatchObject({ status: 422, body: { error: { code: "CAPACITY_EXCEEDS_VENUE" } } });
    const larger = await newVenue(2_000);
    expect((await put(id, { venueId: larger })).body.venue.id).toBe(larger);
  });

  it("is refused when it would end before it starts, naming the field", async () => {
    const { id } = await newEvent();
    const refused = await put(id, { endsAt: new Date(Date.now() + DAY).toISOString() });
    expect(refused).toMatchObject({ status: 400, body: { error: { code: "VALIDATION_ERROR", field: "endsAt" } } });
  });
});

describe("the compact inventory", () => {
  it("has a new ETag after every change, and 304 until then", async () => {
    const { id } = await newEvent();
    const path = `/api/inventory/events/${id}/statuses`;
    const first = await call("GET", path);
    const etag = first.headers.get("ETag");
    expect(first.body.statuses).toBe("AAAAAAAAAA");
    await lock(id, ["seat_A2"]);
    await expect
      .poll(async () => (await call("GET", path)).headers.get("ETag"), { timeout: 3_000, interval: 100 })
      .not.toBe(etag);
    expect((await call("GET", path)).body.statuses).toBe("ALAAAAAAAA");
  });
});

describe("text that means something to a database or a page", () => {
  it("is kept as it is", async () => {
    const name = `Robert'); DROP TABLE events;-- <script>alert(1)</script> “ÆØÅ” 🎫`;
    const { id } = await newEvent({ name });
    expect((await call("GET", `/api/events/${id}`)).body.name).toBe(name);
  });
});
