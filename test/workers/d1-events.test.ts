// Events and venues in D1: what the lists show, and that nothing older overwrites what is newer.

import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { d1Events } from "../../src/adapters/d1/events";
import { d1IdempotencyKeys } from "../../src/adapters/d1/idempotency-keys";
import { d1Venues } from "../../src/adapters/d1/venues";
import type { Venue } from "../../src/app/ports";
import type { EventDefinition } from "../../src/domain/box-office/state";
import type { EventId, VenueId } from "../../src/domain/ids";
import { aDefinition, aKey, anAvailability, aVenue, NOW } from "./d1-builders";

const events = d1Events(env.DB);
const venues = d1Venues(env.DB);
const HOUR = 3_600_000;

async function insert(change: Partial<EventDefinition> = {}, nextDueMs: number | null = null) {
  const definition = aDefinition(change);
  expect(await events.insert(definition, anAvailability(definition.id, { nextDueMs }), null)).toBe("inserted");
  return definition;
}

interface VenueWithEvents {
  readonly venue: Venue;
  readonly venueId: VenueId;
  readonly ids: readonly EventId[];
}

async function venueWithEvents(starts: readonly number[]): Promise<VenueWithEvents> {
  const venue = aVenue();
  await venues.insert(venue, null);
  const ids: EventId[] = [];
  for (const startsAtMs of starts) ids.push((await insert({ venueId: venue.id, startsAtMs })).id);
  return { venue, venueId: venue.id, ids };
}

describe("an event in D1", () => {
  it("is listed with its venue and its tiers, and its definition comes back whole", async () => {
    const venue = aVenue({ name: "Wembley", city: "London" });
    await venues.insert(venue, null);
    const definition = await insert({ venueId: venue.id });
    expect(await events.listingById(definition.id)).toEqual({
      id: definition.id,
      name: definition.name,
      description: "World tour",
      venue: { id: venue.id, name: "Wembley", city: "London" },
      startsAtMs: definition.startsAtMs,
      endsAtMs: definition.endsAtMs,
      currency: "GBP",
      availableSeats: 100,
      totalSeats: 100,
      tiers: [{ tier: "GENERAL", priceMinor: 7_500, available: 100, total: 100 }],
      version: 1,
      createdAtMs: NOW,
      updatedAtMs: NOW,
    });
    expect(await events.definitionByCode(definition.code)).toEqual(definition);
    expect(await events.idByCode(definition.code)).toBe(definition.id);
  });

  it("without a venue has none in the list", async () => {
    const definition = await insert();
    expect((await events.listingById(definition.id))?.venue).toBeNull();
  });

  it("is not found when there is none", async () => {
    const unknown = aDefinition();
    expect(await events.listingById(unknown.id)).toBeNull();
    expect(await events.definitionByCode(unknown.code)).toBeNull();
    expect(await events.idByCode(unknown.code)).toBeNull();
  });

  it("cannot have the code of another", async () => {
    const first = await insert();
    const second = aDefinition({ code: first.code });
    expect(await events.insert(second, anAvailability(second.id), null)).toBe("code-taken");
    expect(await events.insert(first, anAvailability(first.id), null)).toBe("code-taken");
  });

  it("whose key is taken is not written, and neither is a key whose event's code is taken", async () => {
    const key = aKey();
    const first = aDefinition();
    const second = aDefinition();
    expect(await events.insert(first, anAvailability(first.id), key)).toBe("inserted");
    expect(await events.insert(second, anAvailability(second.id), key)).toBe("key-taken");
    expect(await events.listingById(second.id)).toBeNull();
    // A parallel repeat that drew the same code is a repeat first of all.
    expect(await events.insert(first, anAvailability(first.id), key)).toBe("key-taken");
    const otherKey = aKey();
    expect(await events.insert(first, anAvailability(first.id), otherKey)).toBe("code-taken");
    expect(await d1IdempotencyKeys(env.DB).find(otherKey.scope, NOW)).toBeNull();
  });

  it("takes a newer definition, and keeps it from an older or an equal one", async () => {
    const first = await insert();
    const third: EventDefinition = { ...first, version: 3, name: "Third", currency: "EUR", updatedAtMs: NOW + 3 };
    await events.saveDefinition(third);
    await events.saveDefinition({ ...first, version: 2, name: "Second" });
    await events.saveDefinition({ ...first, version: 3, name: "Another third" });
    expect(await events.definitionByCode(first.code)).toEqual(third);
    expect(await events.listingById(first.id)).toMatchObject({ name: "Third", currency: "EUR", version: 3 });
  });

  it("takes a newer availability, and keeps it from an older or an equal one", async () => {
    const { id } = await insert();
    const tiers = [{ tier: "GENERAL", priceMinor: 8_000, available: 90, total: 110 }] as const;
    await events.saveAvailability(anAvailability(id, { seq: 9, availableSeats: 90, totalSeats: 110, tiers }), NOW);
    await events.saveAvailability(anAvailability(id, { seq: 8, availableSeats: 1 }), NOW);
    await events.saveAvailability(anAvailability(id, { seq: 9, availableSeats: 2 }), NOW);
    expect(await events.listingById(id)).toMatchObject({ availableSeats: 90, totalSeats: 110, tiers });
  });
});

describe("the list of events", () => {
  it("is by date, of one venue, from a moment on and before another", async () => {
    const { venueId, ids } = await venueWithEvents([NOW + 3 * HOUR, NOW + HOUR, NOW + 2 * HOUR, NOW]);
    const list = async (fromMs: number, toMs: number | null) =>
      (await events.list({ venueId, fromMs, toMs, page: 1, perPage: 20 })).items.map(({ id }) => ids.indexOf(id));
    expect(await list(NOW, null)).toEqual([3, 1, 2, 0]);
    expect(await list(NOW + HOUR, null)).toEqual([1, 2, 0]);
    expect(await list(NOW + 1, NOW + 3 * HOUR)).toEqual([1, 2]);
  });

  it("is by id where dates are the same, in pages that know their total", async () => {
    const { venueId, ids } = await venueWithEvents([NOW, NOW, NOW]);
    const page = (n: number) => events.list({ venueId, fromMs: NOW, toMs: null, page: n, perPage: 2 });
    const [first, second, third] = [await page(1), await page(2), await page(3)];
    expect([...first.items, ...second.items].map(({ id }) => id)).toEqual([...ids].sort());
    expect([first.total, second.total, third.total]).toEqual([3, 3, 3]);
    expect(third.items).toEqual([]);
  });

  it("of all venues holds events without one", async () => {
    const startsAtMs = NOW + 900_000 * HOUR;
    const { id } = await insert({ startsAtMs });
    const all = await events.list({ venueId: null, fromMs: startsAtMs, toMs: null, page: 1, perPage: 5 });
    expect(all.items.map((item) => item.id)).toEqual([id]);
  });

  it("of a venue's page holds past events too, by date; of too many the soonest, then the latest that are over", async () => {
    const hours = [-5, 3, -1, 2, 0, 1, -2];
    const { venue, ids } = await venueWithEvents(hours.map((hour) => NOW + hour * HOUR));
    const shown = async (limit: number) => {
      const found = await events.ofVenue(venue, NOW, limit);
      return found.map(({ id }) => hours[ids.indexOf(id)]);
    };
    expect(await shown(10)).toEqual([-5, -2, -1, 0, 1, 2, 3]);
    expect(await shown(6)).toEqual([-2, -1, 0, 1, 2, 3]);
    expect(await shown(4)).toEqual([0, 1, 2, 3]);
    expect(await shown(2)).toEqual([0, 1]);
    const [first] = await events.ofVenue(venue, NOW, 1);
    expect(first).toEqual(await events.listingById(ids[4] as EventId));
  });
});

describe("events to look after", () => {
  it("are overdue when their box office should have acted before, the most overdue first", async () => {
    const late = await insert({}, 2_000);
    const later = await insert({}, 1_000);
    const due = await insert({}, 3_000);
    await insert({}, null);
    expect(await events.overdue(3_000, 10)).toEqual([later.code, late.code]);
    expect(await events.overdue(3_001, 10)).toEqual([later.code, late.code, due.code]);
    expect(await events.overdue(3_001, 1)).toEqual([later.code]);
    await events.saveAvailability(anAvailability(later.id, { seq: 2, nextDueMs: null }), NOW);
    expect(await events.overdue(3_000, 10)).toEqual([late.code]);
  });

  it("are active by their latest sale or change", async () => {
    const sold = await insert();
    const changed = await insert();
    await insert();
    const farMs = NOW + 1_000_000 * HOUR;
    await events.saveAvailability(anAvailability(sold.id, { seq: 2 }), farMs + 2);
    await events.saveDefinition({ ...changed, version: 2, updatedAtMs: farMs + 1 });
    expect(await events.recentlyActive(2)).toEqual([sold.code, changed.code]);
  });
});

describe("a venue in D1", () => {
  it("comes back as it was written", async () => {
    const venue = aVenue();
    expect(await venues.insert(venue, null)).toBe("inserted");
    expect(await venues.byId(venue.id)).toEqual(venue);
    expect(await venues.byId(aVenue().id)).toBeNull();
  });

  it("whose key is taken is not written", async () => {
    const key = aKey();
    const second = aVenue();
    expect(await venues.insert(aVenue(), key)).toBe("inserted");
    expect(await venues.insert(second, key)).toBe("key-taken");
    expect(await venues.byId(second.id)).toBeNull();
  });
});
