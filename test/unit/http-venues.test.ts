// Venues over HTTP, against dependencies in memory.

import { beforeEach, describe, expect, it } from "vitest";
import type { User } from "../../src/app/ports";
import { type Ask, addUser, addVenue, askerOf, emptyWorld, errorOf, eventBody, type World } from "./http-fakes";

const SOUND = { name: "Garden", address: "4 Plaza", city: "New York", country: "US", capacity: 20_789 };

let world: World;
let ask: Ask;
let admin: User;

beforeEach(() => {
  world = emptyWorld();
  ask = askerOf(world);
  admin = addUser(world, "ADMIN");
});

describe("POST /api/venues", () => {
  it("adds a venue and answers exactly the documented fields", async () => {
    const response = await ask("/api/venues", { as: admin, json: { ...SOUND, name: "  Garden  " } });
    expect(response.status).toBe(201);
    const body = (await response.json()) as { id: string };
    const { address: _, ...shown } = SOUND;
    expect(body).toEqual({ ...shown, id: expect.stringMatching(/^ven_/) });
    expect(response.headers.get("Location")).toBe(`/api/venues/${body.id}`);
  });

  it("answers a repeated key with the first venue, also when both come at once", async () => {
    const headers = { "Idempotency-Key": "once" };
    const asked = [1, 2].map(() => ask("/api/venues", { as: admin, json: SOUND, headers }));
    const [first, second] = await Promise.all(asked.map(async (response) => (await response).json()));
    expect(second).toEqual(first);
    expect(world.venues.size).toBe(1);
  });

  const wrong: readonly (readonly [string, Record<string, unknown>, string])[] = [
    ["no name", { name: undefined }, "name"],
    ["a name of 201 characters", { name: "x".repeat(201) }, "name"],
    ["no address", { address: undefined }, "address"],
    ["an address of control characters", { address: "a\u0007b" }, "address"],
    ["a blank city", { city: " " }, "city"],
    ["a country that is none", { country: "XX" }, "country"],
    ["a country in lower case", { country: "us" }, "country"],
    ["a country of three letters", { country: "USA" }, "country"],
    ["a country that is a number", { country: 1 }, "country"],
    ["no capacity", { capacity: undefined }, "capacity"],
    ["a capacity of 0", { capacity: 0 }, "capacity"],
    ["a negative capacity", { capacity: -5 }, "capacity"],
    ["a broken capacity", { capacity: 1.5 }, "capacity"],
    ["a capacity as text", { capacity: "100" }, "capacity"],
    ["a capacity over 200 000", { capacity: 200_001 }, "capacity"],
    ["a capacity beyond all numbers", { capacity: 1e308 }, "capacity"],
    ["an unknown field", { owner: "me" }, "owner"],
  ];
  it.each(wrong)("refuses %s, naming the field", async (_what, changes, field) => {
    const response = await ask("/api/venues", { as: admin, json: { ...SOUND, ...changes } });
    expect(response.status).toBe(400);
    const error = await errorOf(response);
    expect(error).toMatchObject({ code: "VALIDATION_ERROR", field });
    expect(error.message.startsWith(`${field} `)).toBe(true);
    expect(world.venues.size).toBe(0);
  });

  it("names every field that is wrong at once", async () => {
    const error = await errorOf(await ask("/api/venues", { as: admin, json: {} }));
    expect(error.fields).toEqual(
      ["name", "address", "city", "country", "capacity"].map((field) => ({ field, message: "is required" })),
    );
  });

  it("is closed to buyers and strangers", async () => {
    expect((await ask("/api/venues", { json: SOUND })).status).toBe(401);
    expect((await ask("/api/venues", { as: addUser(world, "USER"), json: SOUND })).status).toBe(403);
  });
});

describe("GET /api/venues/:id", () => {
  it("shows the venue with its events as items of the event list", async () => {
    const venue = addVenue(world);
    await ask("/api/events", { as: admin, json: eventBody(venue) });
    const { data } = (await (await ask("/api/events")).json()) as { data: unknown[] };
    const response = await ask(`/api/venues/${venue.id}`);
    expect(response.status).toBe(200);
    const { createdAtMs: _, ...shown } = venue;
    expect(await response.json()).toEqual({ ...shown, events: data });
    expect(data).toHaveLength(1);
  });

  it("does not find unknown and malformed ids", async () => {
    for (const id of ["ven_01HX2DEFAAAAAAAAAAAAAAAAAA", "ven_1", "%00", "%E0%A4%A", "__proto__", "x".repeat(5_000)]) {
      const response = await ask(`/api/venues/${id}`);
      expect(response.status).toBe(404);
      const error = await errorOf(response);
      expect(error.code).toBe("VENUE_NOT_FOUND");
      expect(error.message.length).toBeLessThan(120);
    }
  });
});
