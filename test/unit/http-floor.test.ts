// What holds for every route, whatever it does: ids, headers, the order of checks, tokens, keys, methods, origins, limits, faults.

import { beforeEach, describe, expect, it, vi } from "vitest";
import type { Deps, User } from "../../src/app/ports";
import { createApp } from "../../src/http/app";
import { samples } from "../../src/http/error-samples";
import { problemOf } from "../../src/http/problem";
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

describe("every response", () => {
  it("names its request by an id of ours, never by the caller's", async () => {
    const asked = [
      ask("/health", { headers: { "X-Request-Id": "req_01HZ3KQ8R5V9T2W7X4Y6ABCDEF" } }),
      ask("/nowhere"),
      ask("/health", { method: "DELETE" }),
      ask("/api/events?page=0"),
      ask("/docs"),
    ];
    const ids = (await Promise.all(asked)).map((response) => response.headers.get("X-Request-Id"));
    for (const id of ids) expect(id).toMatch(/^req_[0-9A-HJKMNP-TV-Z]{26}$/);
    expect(new Set(ids).size).toBe(ids.length);
    expect(ids).not.toContain("req_01HZ3KQ8R5V9T2W7X4Y6ABCDEF");
  });

  it("says the same id in an error's body", async () => {
    const response = await ask("/nowhere");
    expect((await errorOf(response)).requestId).toBe(response.headers.get("X-Request-Id"));
  });

  it("keeps browsers careful, and caches away unless a route says otherwise", async () => {
    for (const path of ["/health", "/nowhere", "/api/users/me"]) {
      const { headers } = await ask(path);
      expect(headers.get("X-Content-Type-Options")).toBe("nosniff");
      expect(headers.get("Cache-Control")).toBe("no-store");
      expect(headers.get("Content-Security-Policy")).toContain("default-src 'none'");
      expect(headers.get("X-Frame-Options")).toBe("DENY");
    }
  });

  it("is logged in one line, by its route and without personal data", async () => {
    await ask(`/api/users/${admin.id}?secret=1`, { as: admin });
    expect(world.logged).toEqual([
      {
        level: "info",
        message: "request",
        fields: { requestId: expect.any(String), method: "GET", route: "/api/users/:id", status: 400, ms: 0 },
      },
    ]);
  });
});

it("the log names the route that answered, also where another would fit", async () => {
  await ask("/api/users/me", { as: admin });
  await ask("/nowhere");
  expect(world.logged.map(({ fields }) => fields?.["route"])).toEqual(["/api/users/me", "/*"]);
});

it("production keeps browsers on https", async () => {
  const settings = { ...depsOf(world).settings, environment: "production" as const };
  const { headers } = await askerOf(world, { settings })("/api/events");
  expect(headers.get("Strict-Transport-Security")).toBe("max-age=31536000");
  expect((await ask("/api/events")).headers.get("Strict-Transport-Security")).toBeNull();
});

describe("GET /health", () => {
  it("answers exactly the documented fields, with seconds since the first request", async () => {
    expect(await (await ask("/health")).json()).toEqual({ status: "ok", version: "1.0.0", uptime: 0 });
    world.nowMs += 3_600_999;
    expect(await (await ask("/health")).json()).toEqual({ status: "ok", version: "1.0.0", uptime: 3_600 });
  });

  it("is not well before the demo data is in", async () => {
    world.demoReady = false;
    const response = await ask("/health");
    expect(response.status).toBe(503);
    expect(response.headers.get("Retry-After")).toBe("1");
    expect((await errorOf(response)).code).toBe("NOT_READY");
  });
});

describe("the order of checks", () => {
  const wrongInEveryWay = { method: "POST", body: "{", headers: { "Content-Type": "text/plain" } };

  it("is 401, 403, 415, 413, 400, 404", async () => {
    const path = "/api/events?nonsense=1";
    const status = async (init: Parameters<Ask>[1]) => (await ask(path, init)).status;
    expect(await status(wrongInEveryWay)).toBe(401);
    expect(await status({ ...wrongInEveryWay, as: addUser(world, "USER") })).toBe(403);
    expect(await status({ ...wrongInEveryWay, as: admin })).toBe(415);
    const tooLong = { method: "POST", as: admin, body: "x".repeat(300_000) };
    expect(await status({ ...tooLong, headers: { "Content-Type": "text/plain" } })).toBe(415);
    expect(await status({ ...tooLong, headers: { "Content-Type": "application/json" } })).toBe(413);
    expect(await status({ as: admin, json: eventBody(addVenue(world), { venueId: "ven_1" }) })).toBe(400);
    const found = await ask("/api/events", { as: admin, json: eventBody(addVenue(world), { venueId: "ven_1" }) });
    expect(found.status).toBe(404);
  });
});

describe("a token", () => {
  it.each([
    ["none", undefined],
    ["an empty one", "Bearer "],
    ["another scheme", "Basic YTpi"],
    ["one that is not ours", "Bearer eyJhbGciOiJub25lIn0.e30."],
    ["two words", "Bearer a b"],
    ["one that is far too long", `Bearer ${"x".repeat(5_000)}`],
  ])("is refused when it is %s", async (_what, header) => {
    const response = await ask("/api/users/me", { headers: header === undefined ? {} : { Authorization: header } });
    expect(response.status).toBe(401);
    expect((await errorOf(response)).code).toBe("UNAUTHENTICATED");
    expect(response.headers.get("WWW-Authenticate")).toBe("Bearer");
  });

  it("may be named in any case, and is not looked at where none is needed", async () => {
    const lower = await ask("/api/users/me", { headers: { Authorization: `bearer token-of-${admin.id}` } });
    expect(lower.status).toBe(200);
    expect((await ask("/api/events", { headers: { Authorization: "Bearer nonsense" } })).status).toBe(200);
  });
});

describe("an Idempotency-Key", () => {
  const send = (key: string) => ask("/api/venues", { as: admin, json: VENUE, headers: { "Idempotency-Key": key } });

  it.each([
    ["empty", ""],
    ["with a space", "a b"],
    ["256 characters long", "k".repeat(256)],
    ["of other letters", "schl\u00fcssel"],
  ])("is refused when it is %s", async (_what, key) => {
    const response = await send(key);
    expect(response.status).toBe(400);
    expect(await errorOf(response)).toMatchObject({ field: "Idempotency-Key" });
  });

  it("may be 255 characters long", async () => {
    expect((await send("k".repeat(255))).status).toBe(201);
  });

  it("of a refused request may be used again", async () => {
    const headers = { "Idempotency-Key": "again" };
    expect((await ask("/api/venues", { as: admin, json: {}, headers })).status).toBe(400);
    expect((await ask("/api/venues", { as: admin, json: VENUE, headers })).status).toBe(201);
  });
});

describe("an address", () => {
  it("that is unknown is 404, under any method", async () => {
    for (const [method, path] of [
      ["GET", "/"],
      ["GET", "/api"],
      ["POST", "/api/nothing"],
      ["OPTIONS", "/api/nothing"],
      ["GET", "/api/events/"],
      ["GET", "/API/events"],
      ["GET", "/api/events/evnt_1/more"],
      ["GET", "/openapiXjson"],
    ]) {
      const response = await ask(path ?? "", { method });
      expect([path, response.status]).toEqual([path, 404]);
      expect((await errorOf(response)).code).toBe("NOT_FOUND");
    }
  });

  it("that is known under another method is 405 and says which", async () => {
    const response = await ask("/api/events/evnt_1", { method: "PATCH" });
    expect(response.status).toBe(405);
    expect(response.headers.get("Allow")).toBe("GET, PUT, HEAD, OPTIONS");
    expect((await errorOf(response)).code).toBe("METHOD_NOT_ALLOWED");
    expect((await ask("/api/users/login")).headers.get("Allow")).toBe("POST, OPTIONS");
  });

  it("answers OPTIONS with what it allows", async () => {
    const response = await ask("/api/users/login", { method: "OPTIONS" });
    expect(response.status).toBe(204);
    expect(response.headers.get("Allow")).toBe("POST, OPTIONS");
  });

  it("answers HEAD as GET, without a body", async () => {
    const response = await ask("/api/events", { method: "HEAD" });
    expect(response.status).toBe(200);
    expect(response.headers.get("Content-Type")).toBe("application/json");
    expect(await response.text()).toBe("");
    expect((await ask("/api/events/evnt_1", { method: "HEAD" })).status).toBe(404);
  });
});

describe("browsers of other origins", () => {
  const preflight = { "Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "authorization" };

  it("are let in when they are listed", async () => {
    const Origin = "https://shop.example";
    const asked = await ask("/api/bookings", { method: "OPTIONS", headers: { Origin, ...preflight } });
    expect(asked.status).toBe(204);
    expect(asked.headers.get("Access-Control-Allow-Origin")).toBe(Origin);
    expect(asked.headers.get("Access-Control-Allow-Headers")).toContain("Idempotency-Key");
    expect(asked.headers.get("X-Request-Id")).toMatch(/^req_/);
    for (const path of ["/health", "/nowhere", "/api/users/me"]) {
      const { headers } = await ask(path, { headers: { Origin } });
      expect(headers.get("Access-Control-Allow-Origin")).toBe(Origin);
      expect(headers.get("Access-Control-Expose-Headers")).toContain("X-Request-Id");
      expect(headers.get("Vary")).toContain("Origin");
    }
  });

  it("are told nothing when they are not", async () => {
    for (const Origin of ["https://evil.example", "null", "https://shop.example.evil.example"]) {
      const asked = await ask("/api/bookings", { method: "OPTIONS", headers: { Origin, ...preflight } });
      const answered = await ask("/health", { headers: { Origin } });
      for (const { headers } of [asked, answered]) {
        expect([...headers.keys()].filter((name) => name.startsWith("access-control"))).toEqual([]);
      }
      expect(answered.headers.get("Vary")).toBe("Origin");
    }
  });
});

describe("limits and faults", () => {
  it("an address that asks too often is told when to come back", async () => {
    world.requestsLeft = 1;
    expect((await ask("/health")).status).toBe(200);
    const response = await ask("/health");
    expect(response.status).toBe(429);
    expect(response.headers.get("Retry-After")).toBe("1");
    expect((await errorOf(response)).code).toBe("RATE_LIMITED");
  });

  it("a fault says nothing but its request id, and the log says what it was", async () => {
    const deps = { venues: { byId: () => Promise.reject(new Error("secret detail")) } as never };
    const response = await askerOf(world, deps)("/api/venues/ven_01HX2DEFAAAAAAAAAAAAAAAAAA");
    expect(response.status).toBe(500);
    const text = await response.text();
    expect(JSON.parse(text)).toEqual({
      error: { code: "INTERNAL_ERROR", message: expect.any(String), requestId: response.headers.get("X-Request-Id") },
    });
    expect(text).not.toContain("secret");
    const logged = world.logged.find(({ level }) => level === "error");
    expect(logged?.fields).toMatchObject({ requestId: response.headers.get("X-Request-Id"), fault: expect.any(Error) });
  });

  it("too much load is 503 with a time to come back", async () => {
    const overloaded = Object.assign(new Error("Durable Object is overloaded."), { overloaded: true });
    const deps = { venues: { byId: () => Promise.reject(overloaded) } as never };
    const response = await askerOf(world, deps)("/api/venues/ven_01HX2DEFAAAAAAAAAAAAAAAAAA");
    expect(response.status).toBe(503);
    expect(response.headers.get("Retry-After")).toBe("1");
  });

  describe("in the event-booking dialect are told in its form", () => {
    const USER = "/event-booking/api/users/usr_01HX2DEFAAAAAAAAAAAAAAAAAA";
    const served = (deps: Partial<Deps> = {}) =>
      askerOf(world, { settings: { ...depsOf(world).settings, eventBookingApi: true }, ...deps });
    const failing = (fault: Error) => served({ users: { byId: () => Promise.reject(fault) } as never });

    it.each(["/event-booking/health", USER, "/event-booking", "/event-booking/nothing"])(
      "429, at %s, with a time to come back",
      async (path) => {
        world.requestsLeft = 0;
        const response = await served()(path);
        expect([response.status, response.headers.get("Retry-After")]).toEqual([429, "1"]);
        expect(await response.json()).toEqual({ success: false, message: problemOf(samples.RATE_LIMITED).message });
        expect(response.headers.get("X-Request-Id")).toMatch(/^req_/);
        expect(response.headers.get("X-Content-Type-Options")).toBe("nosniff");
      },
    );

    it("503 for too much load, with a time to come back", async () => {
      const response = await failing(Object.assign(new Error("busy"), { overloaded: true }))(USER);
      expect([response.status, response.headers.get("Retry-After")]).toEqual([503, "1"]);
      expect(await response.json()).toEqual({ success: false, message: problemOf(samples.OVERLOADED).message });
    });

    it("500 for any other fault, of which the log says what it was", async () => {
      const response = await failing(new Error("secret detail"))(USER);
      expect(response.status).toBe(500);
      expect(await response.json()).toEqual({ success: false, message: "Internal server error" });
      const logged = world.logged.find(({ level }) => level === "error");
      expect(logged?.fields).toMatchObject({ requestId: response.headers.get("X-Request-Id") });
    });

    it("503 for a configuration that must not serve", async () => {
      const logged = vi.spyOn(console, "error").mockImplementation(() => {});
      const app = createApp(vi.fn(), () => ["JWT_SECRET is missing."]);
      const response = await app.request(USER, {}, {} as Env);
      expect([response.status, response.headers.get("Retry-After")]).toEqual([503, "60"]);
      expect(await response.json()).toEqual({ success: false, message: problemOf(samples.NOT_READY).message });
      logged.mockRestore();
    });

    it("and nowhere else, however like it a path is", async () => {
      world.requestsLeft = 0;
      for (const path of ["/event-bookings/health", "/api/event-booking/health", "/EVENT-BOOKING/health"]) {
        expect((await errorOf(await served()(path))).code).toBe("RATE_LIMITED");
      }
    });
  });

  it("a configuration that must not serve refuses every request, with one line in the log", async () => {
    const logged = vi.spyOn(console, "error").mockImplementation(() => {});
    const compose = vi.fn();
    const app = createApp(compose, () => ["JWT_SECRET is missing."]);
    for (const path of ["/health", "/api/events", "/nowhere", "/docs"]) {
      logged.mockClear();
      const response = await app.request(path, {}, {} as Env);
      expect(response.status).toBe(503);
      expect(response.headers.get("Retry-After")).toBe("60");
      expect(response.headers.get("X-Request-Id")).toMatch(/^req_/);
      const text = await response.text();
      expect(JSON.parse(text)).toMatchObject({ error: { code: "NOT_READY" } });
      expect(text).not.toContain("JWT_SECRET");
      expect(logged).toHaveBeenCalledTimes(1);
      expect(logged.mock.calls[0]?.[0]).toContain("JWT_SECRET is missing.");
    }
    expect(compose).not.toHaveBeenCalled();
    logged.mockRestore();
  });

  it("dependencies that cannot be made are a fault like any other", async () => {
    const logged = vi.spyOn(console, "error").mockImplementation(() => {});
    const app = createApp(() => {
      throw new Error("no binding");
    });
    const response = await app.request("/health", {}, {} as Env);
    expect(response.status).toBe(500);
    expect((await errorOf(response)).requestId).toBe(response.headers.get("X-Request-Id"));
    logged.mockRestore();
  });

  it("paths of development are not there in production, under any method", async () => {
    const settings = { ...depsOf(world).settings, environment: "production" as const };
    const inProduction = askerOf(world, { settings });
    for (const method of ["GET", "POST", "DELETE", "OPTIONS"]) {
      expect((await inProduction("/dev/seed", { method })).status).toBe(404);
      expect((await inProduction("/event-booking/health", { method })).status).toBe(404);
    }
  });
});

it("every code has a status and a sentence", () => {
  for (const refusal of Object.values(samples)) {
    const { status, message } = problemOf(refusal);
    expect(status).toBeGreaterThanOrEqual(400);
    expect(message.length).toBeGreaterThan(10);
    expect(message).not.toMatch(/undefined|null|\[object/);
  }
});

it("refusals have the statuses that were agreed", () => {
  const statuses = Object.fromEntries(
    Object.entries(samples).map(([code, refusal]) => [code, problemOf(refusal).status]),
  );
  expect(statuses).toEqual({
    VALIDATION_ERROR: 400,
    INVALID_SEAT_COUNT: 400,
    WEBHOOK_SIGNATURE_INVALID: 400,
    UNAUTHENTICATED: 401,
    INVALID_CREDENTIALS: 401,
    FORBIDDEN: 403,
    NOT_FOUND: 404,
    EVENT_NOT_FOUND: 404,
    VENUE_NOT_FOUND: 404,
    USER_NOT_FOUND: 404,
    LOCK_NOT_FOUND: 404,
    BOOKING_NOT_FOUND: 404,
    PAYMENT_NOT_FOUND: 404,
    DEAD_LETTER_NOT_FOUND: 404,
    NOTHING_TO_REPLAY: 409,
    METHOD_NOT_ALLOWED: 405,
    EMAIL_ALREADY_EXISTS: 409,
    SEATS_UNAVAILABLE: 409,
    LOCK_ALREADY_CONFIRMED: 409,
    PAYMENT_IN_PROGRESS: 409,
    UPGRADE_REQUIRED: 426,
    GATE_NOT_FOUND: 404,
    TICKET_NOT_FOUND: 404,
    TICKET_NOT_CHECKED_IN: 409,
    PAYLOAD_TOO_LARGE: 413,
    UNSUPPORTED_MEDIA_TYPE: 415,
    HOLD_LIMIT: 422,
    HOLD_EXPIRED: 422,
    PAYMENT_NOT_ALLOWED: 422,
    BOOKING_NOT_CANCELLABLE: 422,
    CANCELLATION_WINDOW_EXPIRED: 422,
    SALES_CLOSED: 422,
    TIER_IN_USE: 422,
    CAPACITY_EXCEEDS_VENUE: 422,
    IDEMPOTENCY_KEY_REUSED: 422,
    RATE_LIMITED: 429,
    INTERNAL_ERROR: 500,
    OVERLOADED: 503,
    NOT_READY: 503,
  });
});
