// What the pages of the web app read beside the sale: the report of an event, the organiser's list, venues, and the
// search by words.

import { beforeAll, describe, expect, it, vi } from "vitest";
import { type Caller, call, type Json, newCaller, newConfirmed, newEvent } from "./sale-client";

let alice: Caller;
let admin: Caller;

beforeAll(async () => {
  [alice, admin] = await Promise.all([newCaller(), newCaller("ADMIN")]);
});

const SEATS = { ticketTiers: [{ tier: "GENERAL", price: 2_000, currency: "EUR", capacity: 6 }] };

async function newVenue(name: string, city: string): Promise<string> {
  const body = { name, address: "1 Street", city, country: "GB", capacity: 100 };
  return (await call("POST", "/api/venues", { as: admin, body })).body.id;
}

async function newNamedEvent(name: string, venueId: string, startsInDays = 30): Promise<string> {
  const startsAt = new Date(Date.now() + startsInDays * 86_400_000).toISOString();
  const endsAt = new Date(Date.now() + (startsInDays + 1) * 86_400_000).toISOString();
  return (await call("POST", "/api/events", { as: admin, body: { name, venueId, startsAt, endsAt, ...SEATS } })).body
    .id;
}

function namesOf(list: Json): readonly string[] {
  return list.body.data.map(({ name }: { name: string }) => name);
}

describe("GET /api/admin/events/:id/report", () => {
  it("counts what is sold, held and earned, by tier and over time", async () => {
    const event = await newEvent();
    const bookingId = await newConfirmed(alice, event, ["seat_A1", "seat_A2"]);
    await call("POST", "/api/locks", { as: alice, body: { eventId: event.id, seatIds: ["seat_B1"] } });
    const paid = (await call("GET", `/api/bookings/${bookingId}`, { as: alice })).body.totalAmount;
    await vi.waitFor(async () => {
      const { status, body } = await call("GET", `/api/admin/events/${event.id}/report`, { as: admin });
      expect(status).toBe(200);
      expect(body).toMatchObject({ sold: 2, held: 1, revenue: paid, total: body.sold + body.held + body.available });
      expect(body.tiers.reduce((sum: number, { revenue }: { revenue: number }) => sum + revenue, 0)).toBe(paid);
      expect(body.overTime).toEqual([{ from: expect.stringMatching(/Z$/), tickets: 2, revenue: paid }]);
    });
  });

  it("is for admins only, and knows what does not exist", async () => {
    const event = await newEvent();
    expect((await call("GET", `/api/admin/events/${event.id}/report`)).status).toBe(401);
    expect((await call("GET", `/api/admin/events/${event.id}/report`, { as: alice })).status).toBe(403);
    const unknown = await call("GET", `/api/admin/events/evnt_${"0".repeat(26)}/report`, { as: admin });
    expect([unknown.status, unknown.body.error.code]).toEqual([404, "EVENT_NOT_FOUND"]);
  });
});

describe("searching by words", () => {
  it("finds events by words of their name, venue and city, in any order and case, and nothing else", async () => {
    const venue = await newVenue("Quillfeather Rooms", "Zandvoort");
    await newNamedEvent("Harp Night", venue, 30);
    await newNamedEvent("Harp Morning", venue, 20);
    const search = (q: string) => call("GET", `/api/events?q=${encodeURIComponent(q)}`);
    expect(namesOf(await search("zandvoort HARP"))).toEqual(["Harp Morning", "Harp Night"]);
    expect(namesOf(await search("quillfeather night"))).toEqual(["Harp Night"]);
    expect(namesOf(await search("quillfeather drum"))).toEqual([]);
    expect((await search("zandvoort")).body.pagination.total).toBe(2);
  });

  it("takes the signs of a pattern for what they are", async () => {
    const venue = await newVenue("Percent Hall", "Ottersum");
    await newNamedEvent("100% Ottersum", venue);
    await newNamedEvent("1000 Ottersum", venue);
    expect(namesOf(await call("GET", `/api/events?q=${encodeURIComponent("100% ottersum")}`))).toEqual([
      "100% Ottersum",
    ]);
    expect(namesOf(await call("GET", `/api/events?q=${encodeURIComponent("_00 ottersum")}`))).toEqual([]);
  });

  it.each([
    ["a long word", "a".repeat(100)],
    ["a long word of another script", "音".repeat(100)],
    ["many signs of a pattern", "%_".repeat(50)],
  ])("takes %s as it is", async (_, word) => {
    const venue = await newVenue("Wide Hall", word.slice(0, 60));
    await newNamedEvent(word, venue);
    expect(namesOf(await call("GET", `/api/events?q=${encodeURIComponent(word)}`))).toEqual([word]);
    const venues = await call("GET", `/api/venues?q=${encodeURIComponent(word.slice(0, 60))}`);
    expect(namesOf(venues)).toEqual(["Wide Hall"]);
  });

  it("refuses more than a search can mean", async () => {
    const { status, body } = await call("GET", `/api/events?q=${"x".repeat(101)}`);
    expect([status, body.error.field]).toEqual([400, "q"]);
  });
});

describe("GET /api/venues", () => {
  it("lists venues by name, those that match, in pages", async () => {
    await newVenue("Bellwether B", "Nieuwpoort");
    await newVenue("Bellwether A", "Nieuwpoort");
    const found = await call("GET", "/api/venues?q=nieuwpoort&perPage=1");
    expect(namesOf(found)).toEqual(["Bellwether A"]);
    expect(found.body.pagination).toEqual({ page: 1, perPage: 1, total: 2, totalPages: 2 });
  });
});

describe("GET /api/admin/events", () => {
  it("lists the latest first, for admins only", async () => {
    const venue = await newVenue("Lastingham", "Oostkapelle");
    await newNamedEvent("Sooner", venue, 5);
    await newNamedEvent("Later", venue, 50);
    expect(namesOf(await call("GET", "/api/admin/events?q=oostkapelle", { as: admin }))).toEqual(["Later", "Sooner"]);
    expect((await call("GET", "/api/admin/events", { as: alice })).status).toBe(403);
    expect((await call("GET", "/api/admin/events")).status).toBe(401);
  });
});

describe("GET /api/config", () => {
  it("says how payments are taken, and no secret", async () => {
    const { body } = await call("GET", "/api/config");
    expect(body).toEqual({ payments: "simulator", publishableKey: null, development: true });
  });
});
