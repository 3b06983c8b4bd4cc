// Configuration: what production refuses, and what the values become.

import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { newTicketKeySet } from "../../scripts/ticket-keys.mjs";
import { configProblems, readConfig, type Secrets, VERSION } from "../../src/env";

/** The variables of wrangler.toml as they stand. */
function shipped(): Record<string, string> {
  const toml = readFileSync(new URL("../../wrangler.toml", import.meta.url), "utf8");
  const vars = toml.split(/^\[vars\]$/m)[1]?.split(/^\[/m)[0] ?? "";
  return Object.fromEntries([...vars.matchAll(/^(\w+) = "(.*)"$/gm)].map(([, name = "", value = ""]) => [name, value]));
}

const TICKET_KEYS = newTicketKeySet();
const TICKET_KEY = JSON.parse(TICKET_KEYS).keys[0];
const RANDOM = "pX3vK9zTq7LmWc2RbN8sYd4JhGf6AeUt";

function env(change: Partial<Record<keyof Env | keyof Secrets, string | undefined>> = {}): Env {
  return { ...shipped(), ...change } as unknown as Env;
}

function production(change: Parameters<typeof env>[0] = {}): Env {
  return env({
    PUBLIC_URL: "https://tickets.example.org",
    EMAIL_FROM: "tickets@example.org",
    JWT_SECRET: RANDOM,
    STRIPE_SECRET_KEY: "sk_live_51Hq8LkJ2eZvKYlo2C",
    STRIPE_WEBHOOK_SECRET: "whsec_pX3vK9zTq7LmWc2RbN8sYd4JhGf6AeUt",
    TICKET_SIGNING_KEYS: TICKET_KEYS,
    ...change,
  });
}

function development(change: Parameters<typeof env>[0] = {}): Env {
  const secrets = { JWT_SECRET: "x".repeat(32), TICKET_SIGNING_KEYS: TICKET_KEYS };
  return env({ ENVIRONMENT: "development", PAYMENTS: "simulator", ...secrets, ...change });
}

describe("production", () => {
  it("is served when everything is set", () => {
    expect(configProblems(production())).toEqual([]);
  });

  it("is what wrangler.toml says, and refused until its secrets are set", () => {
    expect(shipped()).toMatchObject({ ENVIRONMENT: "production", PAYMENTS: "stripe", EVENT_BOOKING_API: "off" });
    const problems = configProblems(env()).join("\n");
    const needed = ["JWT_SECRET", "STRIPE_SECRET_KEY", "STRIPE_WEBHOOK_SECRET", "TICKET_SIGNING_KEYS"];
    for (const name of [...needed, "EMAIL_FROM", "PUBLIC_URL"]) {
      expect(problems).toContain(`${name} is missing`);
    }
  });

  it.each<[string, Parameters<typeof env>[0]]>([
    ["PAYMENTS", { PAYMENTS: "simulator" }],
    ["EVENT_BOOKING_API", { EVENT_BOOKING_API: "on" }],
    ["STRIPE_API_BASE", { STRIPE_API_BASE: "http://127.0.0.1:12111" }],
    ["JWT_SECRET", { JWT_SECRET: undefined }],
    ["JWT_SECRET", { JWT_SECRET: "" }],
    ["JWT_SECRET", { JWT_SECRET: RANDOM.slice(1) }],
    ["JWT_SECRET", { JWT_SECRET: "a secret of the tests, long enough to be taken" }],
    ["JWT_SECRET", { JWT_SECRET: "a-string-secret-at-least-256-bits-long" }],
    ["JWT_SECRET", { JWT_SECRET: "development pX3vK9zTq7LmWc2RbN8sYd4JhGf6AeUt" }],
    ["JWT_SECRET", { JWT_SECRET: "x".repeat(64) }],
    ["JWT_SECRET", { JWT_SECRET: "0123456789wxyz0123456789wxyz0123456789wxyz" }],
    ["JWT_SECRET", { JWT_SECRET: "01020301020302010302010302010302010302" }],
    ["STRIPE_SECRET_KEY", { STRIPE_SECRET_KEY: "sk_test_51Hq8LkJ2eZvKYlo2C" }],
    ["STRIPE_SECRET_KEY", { STRIPE_SECRET_KEY: "rk_test_51Hq8LkJ2eZvKYlo2C" }],
    ["STRIPE_SECRET_KEY", { STRIPE_SECRET_KEY: undefined }],
    ["STRIPE_PUBLISHABLE_KEY", { STRIPE_PUBLISHABLE_KEY: "pk_test_51Hq8LkJ2eZvKYlo2C" }],
    ["STRIPE_WEBHOOK_SECRET", { STRIPE_WEBHOOK_SECRET: undefined }],
    ["STRIPE_WEBHOOK_SECRET", { STRIPE_WEBHOOK_SECRET: "whsec_test_secret_of_the_stand_in" }],
    ["STRIPE_WEBHOOK_SECRET", { STRIPE_WEBHOOK_SECRET: "a,b,c" }],
    ["EMAIL_FROM", { EMAIL_FROM: "" }],
    ["PUBLIC_URL", { PUBLIC_URL: "" }],
    ["PUBLIC_URL", { PUBLIC_URL: "http://tickets.example.org" }],
  ])("is refused for its %s: %o", (name, change) => {
    const problems = configProblems(production(change));
    expect(problems.length).toBeGreaterThan(0);
    expect(problems.every((problem) => problem.startsWith(name))).toBe(true);
    expect(() => readConfig(production(change))).toThrow(name);
  });

  it("takes restricted keys and two webhook secrets", () => {
    const secret = "whsec_pX3vK9zTq7LmWc2RbN8sYd4JhGf6AeUt";
    const config = readConfig(
      production({ STRIPE_SECRET_KEY: "rk_live_51Hq8LkJ2eZvKYlo2C", STRIPE_WEBHOOK_SECRET: `${secret}, ${secret}2` }),
    );
    expect(config.stripe.webhookSecrets).toEqual([secret, `${secret}2`]);
  });

  it("does not take random secrets for guessable ones", () => {
    const secrets = Array.from({ length: 1_000 }, (_, n) => {
      const hash = createHash("sha256").update(`${n}`);
      return hash.digest(n % 2 === 0 ? "base64" : "hex");
    });
    const refused = secrets.filter((secret) => configProblems(production({ JWT_SECRET: secret })).length > 0);
    expect(refused).toEqual([]);
  });

  it("never quotes a secret in its sentences", () => {
    const secrets = { JWT_SECRET: "hunter2", STRIPE_SECRET_KEY: "sk_test_hunter2", STRIPE_WEBHOOK_SECRET: "hunter2" };
    expect(configProblems(production(secrets)).join("\n")).not.toContain("hunter2");
  });
});

describe("development", () => {
  it("needs nothing but its secrets", () => {
    expect(configProblems(development())).toEqual([]);
    expect(configProblems(development({ JWT_SECRET: undefined }))).toEqual([
      expect.stringMatching(/^JWT_SECRET is missing/),
    ]);
    expect(configProblems(development({ TICKET_SIGNING_KEYS: undefined }))).toEqual([
      expect.stringMatching(/^TICKET_SIGNING_KEYS is missing/),
    ]);
  });

  it("may have the dialect, a stand-in for Stripe and test keys", () => {
    const change = {
      EVENT_BOOKING_API: "on",
      PAYMENTS: "stripe",
      STRIPE_API_BASE: "http://127.0.0.1:12111",
      STRIPE_SECRET_KEY: "sk_test_x",
    };
    expect(readConfig(development(change))).toMatchObject({
      eventBookingApi: true,
      payments: "stripe",
      stripe: { apiBase: "http://127.0.0.1:12111", secretKey: "sk_test_x", webhookSecrets: [] },
    });
  });
});

describe("a configuration", () => {
  it("is typed, in milliseconds, with lists as lists", () => {
    const change = {
      HOLD_TTL_SECONDS: "3",
      PAYMENT_WINDOW_SECONDS: "7",
      CORS_ORIGINS: "https://a.example, https://b.example,",
      PUBLIC_URL: "http://localhost:4000/",
      EMAIL_FROM: "box-office@example.org",
    };
    expect(readConfig(development(change))).toEqual({
      environment: "development",
      payments: "simulator",
      publicUrl: "http://localhost:4000",
      emailFrom: "box-office@example.org",
      holdTtlMs: 3_000,
      paymentWindowMs: 7_000,
      bookingsPerMinute: 30,
      eventBookingApi: false,
      corsOrigins: ["https://a.example", "https://b.example"],
      feed: { relays: 4, perAddress: 50, perEvent: 20_000 },
      jwt: { secret: "x".repeat(32), issuer: "ticketflow", audience: "ticketflow-api" },
      stripe: { apiBase: "", publishableKey: "", secretKey: "", webhookSecrets: [] },
      ticketSigningKeys: [TICKET_KEY],
    });
  });

  it("has development's address and sender where none are given", () => {
    const { publicUrl, emailFrom } = readConfig(development());
    expect([publicUrl, emailFrom]).toEqual(["http://localhost:3000", "tickets@ticketflow.dev"]);
  });

  it.each<[string, string]>([
    ["ENVIRONMENT", "staging"],
    ["PAYMENTS", "cash"],
    ["HOLD_TTL_SECONDS", "soon"],
    ["HOLD_TTL_SECONDS", "0"],
    ["HOLD_TTL_SECONDS", "901"],
    ["PAYMENT_WINDOW_SECONDS", "1.5"],
    ["BOOKINGS_PER_MINUTE", "-1"],
    ["EVENT_BOOKING_API", "maybe"],
    ["PUBLIC_URL", "tickets.example.org"],
    ["STRIPE_API_BASE", "ftp://example.org"],
    ["EMAIL_FROM", "nobody"],
    ["FEED_RELAYS", ""],
    ["JWT_ISSUER", ""],
    ["TICKET_SIGNING_KEYS", "{}"],
    ["TICKET_SIGNING_KEYS", TICKET_KEYS.slice(1)],
    ["TICKET_SIGNING_KEYS", JSON.stringify({ keys: [] })],
    ["TICKET_SIGNING_KEYS", JSON.stringify({ keys: [TICKET_KEY, TICKET_KEY] })],
    ["TICKET_SIGNING_KEYS", JSON.stringify({ keys: [{ ...TICKET_KEY, d: undefined }] })],
  ])("with %s = %o is refused everywhere, by name", (name, value) => {
    expect(configProblems(development({ [name]: value }))).toEqual([expect.stringMatching(`^${name} is not valid`)]);
    expect(configProblems(production({ [name]: value }))).toEqual([expect.stringMatching(`^${name} is not valid`)]);
  });

  it("is read once for the same bindings", () => {
    const bindings = development();
    expect(readConfig(bindings)).toBe(readConfig(bindings));
  });
});

it("the version is package.json's", () => {
  const { version } = JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8"));
  expect(VERSION).toBe(version);
});

describe("npm run ticket-keys -- --add", () => {
  const SCRIPT = fileURLToPath(new URL("../../scripts/ticket-keys.mjs", import.meta.url));
  const add = (present: string) =>
    spawnSync(process.execPath, [SCRIPT, "--add"], { input: present, encoding: "utf8", timeout: 20_000 });
  const keysOf = (set: string): readonly unknown[] => JSON.parse(set).keys;

  it("puts a new key behind the present ones", () => {
    const { status, stdout } = add(TICKET_KEYS);
    expect(status).toBe(0);
    expect(keysOf(stdout)).toEqual([TICKET_KEY, expect.anything()]);
    expect(configProblems(development({ TICKET_SIGNING_KEYS: stdout }))).toEqual([]);
  });

  it("makes no set that is larger than the product takes", () => {
    let full = TICKET_KEYS;
    for (let size = 1; size < 16; size++) full = newTicketKeySet(keysOf(full));
    expect(configProblems(development({ TICKET_SIGNING_KEYS: full }))).toEqual([]);
    const tooMany = JSON.stringify({ keys: [...keysOf(full), ...keysOf(newTicketKeySet())] });
    expect(configProblems(development({ TICKET_SIGNING_KEYS: tooMany }))).toHaveLength(1);
    expect(add(full)).toMatchObject({ status: 1, stdout: "", stderr: expect.stringMatching(/^A set holds 16 keys/) });
  });

  it.each(["", "{}", '{"keys":{}}', "null"])("takes nothing for a set that is none: %s", (present) => {
    expect(add(present)).toMatchObject({ status: 1, stdout: "", stderr: expect.stringMatching(/^No key set/) });
  });
});
