// The inventory over HTTP, against a box office in memory: the list, the hall, and the compact states.

import { beforeEach, describe, expect, it } from "vitest";
import { type Ask, addUser, addVenue, askerOf, emptyWorld, errorOf, eventBody, type World } from "./http-fakes";

let world: World;
let ask: Ask;
let id: string;

beforeEach(async () => {
  world = emptyWorld();
  ask = askerOf(world);
  const json = eventBody(addVenue(world));
  const response = await ask("/api/events", { as: addUser(world, "ADMIN"), json });
  id = ((await response.json()) as { id: string }).id;
});

function at(path: string): string {
  return `/api/inventory/events/${id}/${path}`;
}

/** Takes seats out of the hall, as a smaller capacity would. */
function removeSeats(row: string, numbers: readonly number[]): void {
  const definition = world.definitions.get(id);
  if (!definition) throw new Error("no event");
  const segments = definition.layout.segments.map((segment) =>
    segment.row === row ? { ...segment, removed: numbers } : segment,
  );
  const layout = { ...definition.layout, segments };
  world.definitions.set(id, { ...definition, layout, version: definition.version + 1 });
}

describe("GET /api/inventory/events/:eventId/seats", () => {
  it("lists every seat with its state and sums them up", async () => {
    world.statuses.set(id, "ALRAAAAAAA");
    const response = await ask(at("seats"));
    expect(response.status).toBe(200);
    expect(response.headers.get("Content-Type")).toBe("application/json");
    const body = (await response.json()) as { seats: unknown[] };
    expect(body).toMatchObject({ eventId: id, summary: { total: 10, available: 8, locked: 1, reserved: 1 } });
    expect(body.seats).toHaveLength(10);
    expect(body.seats.slice(0, 3)).toEqual([
      { id: "seat_A1", row: "A", number: 1, tier: "VIP", price: 25_000, currency: "GBP", status: "AVAILABLE" },
      { id: "seat_A2", row: "A", number: 2, tier: "VIP", price: 25_000, currency: "GBP", status: "LOCKED" },
      { id: "seat_A3", row: "A", number: 3, tier: "VIP", price: 25_000, currency: "GBP", status: "RESERVED" },
    ]);
    expect(body.seats[4]).toMatchObject({ id: "seat_B1", tier: "GENERAL", price: 7_500 });
  });

  it("counts blocked seats only where there are some", async () => {
    expect(await (await ask(at("seats"))).json()).toMatchObject({
      summary: expect.not.objectContaining({ blocked: expect.anything() }),
    });
    world.statuses.set(id, "BBAAAAAAAA");
    expect(await (await ask(at("seats"))).json()).toMatchObject({
      summary: { total: 10, available: 8, locked: 0, reserved: 0, blocked: 2 },
    });
  });

  it("is exact: a change shows in the next answer", async () => {
    await ask(at("seats"));
    world.statuses.set(id, "RRRRRRRRRR");
    expect(await (await ask(at("seats"))).json()).toMatchObject({ summary: { available: 0, reserved: 10 } });
  });

  it("does not show seats that left the hall", async () => {
    removeSeats("B", [5, 6]);
    world.statuses.set(id, "AAAAAAAAXX");
    const body = (await (await ask(at("seats"))).json()) as { seats: { id: string }[] };
    expect(body).toMatchObject({ summary: { total: 8, available: 8 } });
    expect(body.seats.map((seat) => seat.id)).not.toContain("seat_B5");
  });

  it("asks for the hall once, and again when it has changed", async () => {
    await ask(at("seats"));
    await ask(at("seats"));
    removeSeats("B", [6]);
    world.statuses.set(id, "AAAAAAAAAX");
    await ask(at("seats"));
    await ask(at("seats"));
    const asked = world.commands.flatMap((command) => (command.type === "readSeats" ? [command.knownVersion] : []));
    expect(asked).toEqual([null, 1, 1, 2]);
  });

  it("asks what it knows only whether it is still so", async () => {
    const first = await (await ask(at("seats"))).text();
    expect(await (await ask(at("seats"))).text()).toBe(first);
    world.statuses.set(id, "RAAAAAAAAA");
    const second = await (await ask(at("seats"))).json();
    expect(second).toMatchObject({ summary: { reserved: 1 } });
    expect(await (await ask(at("seats"))).json()).toEqual(second);
    const asked = world.commands.flatMap((command) => (command.type === "readSeats" ? [command.knownSeq] : []));
    expect(asked).toEqual([null, 7, 7, 8]);
  });

  it("writes a hall of 20 000 seats from what it remembers", async () => {
    const admin = addUser(world, "ADMIN");
    const ticketTiers = [{ tier: "GENERAL", price: 1, currency: "GBP", capacity: 20_000 }];
    const json = eventBody(addVenue(world, 20_000), { ticketTiers });
    id = ((await (await ask("/api/events", { as: admin, json })).json()) as { id: string }).id;
    await ask(at("seats"));
    const startedAt = performance.now();
    const text = await (await ask(at("seats"))).text();
    expect(performance.now() - startedAt).toBeLessThan(1_000); // generous: other tests share the machine
    expect((JSON.parse(text) as { seats: unknown[] }).seats).toHaveLength(20_000);
  });
});

describe("GET /api/inventory/events/:eventId/layout", () => {
  it("shows the hall in runs, in the order of the seats", async () => {
    const response = await ask(at("layout?v=1"));
    expect(response.headers.get("Cache-Control")).toBe("public, max-age=31536000, immutable");
    const run = { firstNumber: 1, gapsAfter: [], accessible: [], companion: [], removed: [] };
    expect(await response.json()).toEqual({
      eventId: id,
      layoutVersion: 1,
      currency: "GBP",
      tiers: [
        { tier: "VIP", price: 25_000 },
        { tier: "GENERAL", price: 7_500 },
      ],
      segments: [
        { section: "VIP", row: "A", tier: "VIP", seats: 4, ...run },
        { section: "General", row: "B", tier: "GENERAL", seats: 6, ...run },
      ],
    });
  });

  it("is kept for ever only under a version", async () => {
    const response = await ask(at("layout"));
    expect(response.status).toBe(200);
    expect(response.headers.get("Cache-Control")).toBe("public, no-cache");
  });

  it("asks the box office for a version it does not know, and not for one it does", async () => {
    await ask(at("layout?v=1"));
    await ask(at("layout?v=1"));
    expect(world.commands.filter(({ type }) => type === "readSeats")).toHaveLength(1);
    removeSeats("B", [6]);
    expect(await (await ask(at("layout?v=2"))).json()).toMatchObject({ layoutVersion: 2 });
  });

  it("does not find a version that is not in force, nor takes one that is no number", async () => {
    expect((await ask(at("layout?v=2"))).status).toBe(404);
    for (const v of ["0", "-1", "x", "1.0", ""]) {
      const response = await ask(at(`layout?v=${v}`));
      expect(response.status).toBe(400);
      expect(await errorOf(response)).toMatchObject({ field: "v" });
    }
  });
});

describe("GET /api/inventory/events/:eventId/statuses", () => {
  it("is one character a seat that is listed", async () => {
    removeSeats("B", [5, 6]);
    world.statuses.set(id, "ALRBAAAAXX");
    const response = await ask(at("statuses"));
    expect(await response.json()).toEqual({ layoutVersion: 2, seq: 7, statuses: "ALRBAAAA" });
    expect(response.headers.get("Cache-Control")).toBe("public, no-cache");
  });

  it("answers 304 to who has it already", async () => {
    const etag = (await ask(at("statuses"))).headers.get("ETag") ?? "";
    for (const known of [etag, `W/${etag}`, `"other", ${etag}`, "*"]) {
      const response = await ask(at("statuses"), { headers: { "If-None-Match": known } });
      expect(response.status).toBe(304);
      expect(response.headers.get("ETag")).toBe(etag);
      expect(await response.text()).toBe("");
    }
    expect((await ask(at("statuses"), { headers: { "If-None-Match": '"0-0"' } })).status).toBe(200);
  });

  it("asks the box office once a second at most, and is never older", async () => {
    const statuses = async () => ((await (await ask(at("statuses"))).json()) as { statuses: string }).statuses;
    await statuses();
    world.statuses.set(id, "RRRRRRRRRR");
    world.nowMs += 999;
    expect(await statuses()).toBe("AAAAAAAAAA");
    world.nowMs += 1;
    expect(await statuses()).toBe("RRRRRRRRRR");
  });
});

it("no inventory is found for unknown and malformed events", async () => {
  for (const unknown of ["evnt_01HX1ABC", `evnt_${"0".repeat(18)}${id.slice(-8)}`, "%00", "seats"]) {
    for (const path of ["seats", "layout", "statuses"]) {
      const response = await ask(`/api/inventory/events/${unknown}/${path}`);
      expect(response.status).toBe(404);
      expect((await errorOf(response)).code).toBe("EVENT_NOT_FOUND");
    }
  }
});
