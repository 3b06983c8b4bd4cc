// Bodies, whatever the route: their type, their size, their bytes, and what is in them that nobody knows.

import { beforeEach, describe, expect, it } from "vitest";
import type { User } from "../../src/app/ports";
import { createApp } from "../../src/http/app";
import { type Ask, addUser, addVenue, askerOf, depsOf, emptyWorld, errorOf, eventBody, type World } from "./http-fakes";

const VENUE = { name: "Garden", address: "4 Plaza", city: "New York", country: "US", capacity: 100 };

let world: World;
let ask: Ask;
let admin: User;

beforeEach(() => {
  world = emptyWorld();
  ask = askerOf(world);
  admin = addUser(world, "ADMIN");
});

describe("a body", () => {
  const JSON_TYPE: Record<string, string> = { "Content-Type": "application/json" };
  const send = (body: BodyInit | null, headers = JSON_TYPE) =>
    ask("/api/venues", { method: "POST", as: admin, body: body ?? undefined, headers });

  it.each(["application/json; charset=utf-8", "Application/JSON"])("may be %s", async (type) => {
    expect((await send(JSON.stringify(VENUE), { "Content-Type": type })).status).toBe(201);
  });

  it.each(["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", "application/jsonp", "", "json"])(
    "may not be %j",
    async (type) => {
      const response = await send(JSON.stringify(VENUE), { "Content-Type": type });
      expect(response.status).toBe(415);
      expect((await errorOf(response)).code).toBe("UNSUPPORTED_MEDIA_TYPE");
    },
  );

  it("counts as {} when it is empty, whatever its type", async () => {
    for (const type of [null, "text/plain", "application/json"]) {
      const response = await send(null, type === null ? {} : { "Content-Type": type });
      expect(response.status).toBe(400);
      expect(await errorOf(response)).toMatchObject({ code: "VALIDATION_ERROR", field: "name" });
    }
  });

  it.each([
    ["half of JSON", '{"name":'],
    ["two documents", "{}{}"],
    ["a comment", "{} // no"],
    ["a blank", " "],
    ["a list", "[]"],
    ["null", "null"],
    ["text", '"name"'],
    ["a number", "7"],
    ["nested a thousand times", `${"[".repeat(30_000)}`],
    ["not UTF-8", Uint8Array.from([0x7b, 0x22, 0xff, 0xfe, 0x22, 0x3a, 0x31, 0x7d])],
  ])("is refused when it is %s", async (_what, body) => {
    const response = await send(body);
    expect(response.status).toBe(400);
    expect(await errorOf(response)).toMatchObject({ code: "VALIDATION_ERROR", field: "body" });
  });

  it("cannot smuggle names that mean something to JavaScript", async () => {
    const body = `{"__proto__":{"name":"Garden"},"constructor":{"prototype":{}},${JSON.stringify(VENUE).slice(1)}`;
    const error = await errorOf(await send(body));
    expect(error.fields?.map(({ field }) => field)).toEqual(["__proto__", "constructor"]);
    expect(({} as Record<string, unknown>)["name"]).toBeUndefined();
  });

  it("may be 64 KB long, and an event's 256 KB, whatever Content-Length says", async () => {
    const padded = (bytes: number) => JSON.stringify(VENUE).padEnd(bytes);
    expect((await send(padded(65_536))).status).toBe(201);
    const tooLong = await send(padded(65_537));
    expect(tooLong.status).toBe(413);
    expect((await errorOf(tooLong)).code).toBe("PAYLOAD_TOO_LARGE");
    const liar = await send(padded(65_537), { "Content-Type": "application/json", "Content-Length": "10" });
    expect(liar.status).toBe(413);
    const event = (bytes: number) => ({
      as: admin,
      body: JSON.stringify(eventBody(addVenue(world))).padEnd(bytes),
      headers: { "Content-Type": "application/json" },
    });
    expect((await ask("/api/events", { method: "POST", ...event(262_144) })).status).toBe(201);
    expect((await ask("/api/events", { method: "POST", ...event(262_145) })).status).toBe(413);
  });

  it("that never ends is not read to its end", async () => {
    let sent = 0;
    const endless = new ReadableStream<Uint8Array>({
      pull(controller) {
        sent += 65_536;
        controller.enqueue(new Uint8Array(65_536));
      },
    });
    const init = { method: "POST", body: endless, duplex: "half" };
    const headers = { "Content-Type": "application/json", Authorization: `Bearer token-of-${admin.id}` };
    const app = createApp(() => depsOf(world));
    const response = await app.request("/api/venues", { ...init, headers } as RequestInit, {} as Env);
    expect(response.status).toBe(413);
    expect(sent).toBeLessThan(2_000_000);
  });

  it("lists a bounded number of problems", async () => {
    const unknown = Object.fromEntries(Array.from({ length: 500 }, (_, i) => [`field${i}`, 1]));
    const error = await errorOf(await send(JSON.stringify(unknown)));
    expect(error.fields?.length).toBe(20);
  });
});
