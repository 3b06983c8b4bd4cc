// Configuration: what the bindings say, checked once and typed. `wrangler.toml` is safe for production as it stands, so
// what only development may have is refused there, each with a sentence for the log.

import { z } from "zod";
import { SECOND } from "./domain/time";

/** Set with `wrangler secret put`, so `wrangler types` does not know them. */
export interface Secrets {
  /** Signs tokens; 32 random characters or more. */
  readonly JWT_SECRET?: string;
  readonly STRIPE_SECRET_KEY?: string;
  /** Two, comma-separated, while one replaces the other. */
  readonly STRIPE_WEBHOOK_SECRET?: string;
  /** A JWK set of Ed25519 keys. The last one signs tickets, all verify them. */
  readonly TICKET_SIGNING_KEYS?: string;
}

/** The version of the product, as package.json has it. */
export const VERSION = "1.0.0";

const MIN_SECRET_CHARS = 32;
/** A random text of 32 characters has more, even in hexadecimal. */
const MIN_SECRET_DISTINCT_CHARS = 8;
/** Of a hold from its first grab, renewals included: a longer time to live would mean nothing. */
const MAX_HOLD_TTL_SECONDS = 900;
const MAX_PAYMENT_WINDOW_SECONDS = 3_600;
const MAX_BOOKINGS_PER_MINUTE = 10_000;
const MAX_FEED_RELAYS = 64;
/** A Durable Object holds at most 32 768 sockets; several relays share an event's. */
const MAX_FEED_SOCKETS = 1_000_000;
const MAX_WEBHOOK_SECRETS = 2;
/** Every scanner downloads them. */
const MAX_TICKET_KEYS = 16;
/** 32 bytes in base64url. */
const BYTES_32 = /^[A-Za-z0-9_-]{43}$/;

/** Development needs nothing set but its secrets. */
const DEVELOPMENT_URL = "http://localhost:3000";
const DEVELOPMENT_SENDER = "tickets@ticketflow.dev";

function whole(min: number, max: number) {
  return z.coerce.number(`must be a whole number from ${min} to ${max}`).int().min(min).max(max);
}

const isUrl = (text: string) => URL.canParse(text) && /^https?:$/.test(new URL(text).protocol);
const url = z.string().refine((text) => text === "" || isUrl(text), "must be an http or https URL");
const commaSeparated = z.string().transform((text) => text.split(",").flatMap((part) => part.trim() || []));

/** Of a ticket's code every character counts: `npm run ticket-keys` makes kids of four. */
const TicketKey = z.object({
  kty: z.literal("OKP"),
  crv: z.literal("Ed25519"),
  kid: z.string().regex(/^[A-Za-z0-9_-]{1,32}$/),
  x: z.string().regex(BYTES_32),
  d: z.string().regex(BYTES_32),
});
type TicketKey = z.infer<typeof TicketKey>;

/** A JWK set (RFC 7517) of private Ed25519 keys. Its text is a secret, so no message quotes it. */
const ticketKeySet = z
  .string()
  .default("")
  .transform((text, context): readonly TicketKey[] => {
    if (text === "") return [];
    const set = TicketKeySet.safeParse(parseJson(text));
    const kids = set.data?.keys.map(({ kid }) => kid) ?? [];
    if (set.success && new Set(kids).size === kids.length) return set.data.keys;
    context.addIssue({ code: "custom", message: "must be a JWK set of private Ed25519 keys, each with its own kid" });
    return z.NEVER;
  });

const TicketKeySet = z.object({ keys: z.array(TicketKey).min(1).max(MAX_TICKET_KEYS) });

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

const Bindings = z.object({
  ENVIRONMENT: z.enum(["production", "development"]),
  PAYMENTS: z.enum(["stripe", "simulator"]),
  PUBLIC_URL: url.default(""),
  EMAIL_FROM: z
    .string()
    .regex(/^$|^[^\s@]+@[^\s@]+$/, "must be an e-mail address")
    .default(""),
  HOLD_TTL_SECONDS: whole(1, MAX_HOLD_TTL_SECONDS),
  PAYMENT_WINDOW_SECONDS: whole(1, MAX_PAYMENT_WINDOW_SECONDS),
  BOOKINGS_PER_MINUTE: whole(1, MAX_BOOKINGS_PER_MINUTE),
  EVENT_BOOKING_API: z.enum(["on", "off"]).default("off"),
  STRIPE_API_BASE: url.default(""),
  STRIPE_PUBLISHABLE_KEY: z.string().default(""),
  JWT_ISSUER: z.string().min(1),
  JWT_AUDIENCE: z.string().min(1),
  CORS_ORIGINS: commaSeparated.default([]),
  FEED_RELAYS: whole(1, MAX_FEED_RELAYS),
  FEED_SOCKETS_PER_ADDRESS: whole(1, MAX_FEED_SOCKETS),
  FEED_SOCKETS_PER_EVENT: whole(1, MAX_FEED_SOCKETS),
  JWT_SECRET: z.string().default(""),
  STRIPE_SECRET_KEY: z.string().default(""),
  STRIPE_WEBHOOK_SECRET: commaSeparated.default([]),
  TICKET_SIGNING_KEYS: ticketKeySet,
});
type Bindings = z.infer<typeof Bindings>;

export interface Config {
  readonly environment: "production" | "development";
  readonly payments: "stripe" | "simulator";
  /** Without a slash at its end. */
  readonly publicUrl: string;
  readonly emailFrom: string;
  readonly holdTtlMs: number;
  readonly paymentWindowMs: number;
  readonly bookingsPerMinute: number;
  readonly eventBookingApi: boolean;
  readonly corsOrigins: readonly string[];
  readonly feed: { readonly relays: number; readonly perAddress: number; readonly perEvent: number };
  readonly jwt: { readonly secret: string; readonly issuer: string; readonly audience: string };
  readonly stripe: {
    /** Empty for Stripe itself. */
    readonly apiBase: string;
    readonly publishableKey: string;
    readonly secretKey: string;
    readonly webhookSecrets: readonly string[];
  };
  /** The newest last; there is one. */
  readonly ticketSigningKeys: readonly TicketKey[];
}

interface Reading {
  readonly config: Config | null;
  readonly problems: readonly string[];
}

/** An isolate's bindings are one object that never changes. */
const readings = new WeakMap<object, Reading>();

/** Why this configuration must not serve anybody, a sentence each; empty when it may. Secrets are not quoted. */
export function configProblems(env: Env): readonly string[] {
  return readingOf(env).problems;
}

/** The configuration. Throws when there are problems: ask `configProblems` first. */
export function readConfig(env: Env): Config {
  const { config, problems } = readingOf(env);
  if (!config) throw new Error(`the configuration is refused: ${problems.join(" ")}`);
  return config;
}

function readingOf(env: Env): Reading {
  const known = readings.get(env);
  if (known) return known;
  const reading = read(env);
  readings.set(env, reading);
  return reading;
}

function read(env: Env & Secrets): Reading {
  const parsed = Bindings.safeParse(env);
  if (!parsed.success) {
    const problems = parsed.error.issues.map((issue) => `${issue.path.join(".")} is not valid: ${issue.message}.`);
    return { config: null, problems };
  }
  const problems = problemsOf(parsed.data);
  return { config: problems.length > 0 ? null : toConfig(parsed.data), problems };
}

function toConfig(bindings: Bindings): Config {
  return {
    environment: bindings.ENVIRONMENT,
    payments: bindings.PAYMENTS,
    publicUrl: (bindings.PUBLIC_URL || DEVELOPMENT_URL).replace(/\/+$/, ""),
    emailFrom: bindings.EMAIL_FROM || DEVELOPMENT_SENDER,
    holdTtlMs: bindings.HOLD_TTL_SECONDS * SECOND,
    paymentWindowMs: bindings.PAYMENT_WINDOW_SECONDS * SECOND,
    bookingsPerMinute: bindings.BOOKINGS_PER_MINUTE,
    eventBookingApi: bindings.EVENT_BOOKING_API === "on",
    corsOrigins: bindings.CORS_ORIGINS,
    feed: {
      relays: bindings.FEED_RELAYS,
      perAddress: bindings.FEED_SOCKETS_PER_ADDRESS,
      perEvent: bindings.FEED_SOCKETS_PER_EVENT,
    },
    jwt: { secret: bindings.JWT_SECRET, issuer: bindings.JWT_ISSUER, audience: bindings.JWT_AUDIENCE },
    stripe: {
      apiBase: bindings.STRIPE_API_BASE,
      publishableKey: bindings.STRIPE_PUBLISHABLE_KEY,
      secretKey: bindings.STRIPE_SECRET_KEY,
      webhookSecrets: bindings.STRIPE_WEBHOOK_SECRET,
    },
    ticketSigningKeys: bindings.TICKET_SIGNING_KEYS,
  };
}

function problemsOf(bindings: Bindings): readonly string[] {
  const everywhere = [
    ...secretProblems(bindings.JWT_SECRET),
    ...(bindings.TICKET_SIGNING_KEYS.length > 0 ? [] : [NO_TICKET_KEYS]),
    ...stripeProblems(bindings),
  ];
  return bindings.ENVIRONMENT === "production" ? [...everywhere, ...productionProblems(bindings)] : everywhere;
}

const NO_TICKET_KEYS =
  "TICKET_SIGNING_KEYS is missing: set it to what `npm run ticket-keys` prints (`npm run dev` makes its own).";

function secretProblems(secret: string): readonly string[] {
  if (secret === "") {
    return ["JWT_SECRET is missing: set it with `wrangler secret put JWT_SECRET` (`npm run dev` makes its own)."];
  }
  if (secret.length >= MIN_SECRET_CHARS) return [];
  return [`JWT_SECRET is too short: it needs ${MIN_SECRET_CHARS} characters or more, made at random.`];
}

function stripeProblems({
  ENVIRONMENT,
  PAYMENTS,
  STRIPE_SECRET_KEY,
  STRIPE_WEBHOOK_SECRET,
}: Bindings): readonly string[] {
  if (PAYMENTS !== "stripe") return [];
  const problems: string[] = [];
  if (STRIPE_SECRET_KEY === "") problems.push("STRIPE_SECRET_KEY is missing, and PAYMENTS is stripe.");
  // Development may do without: a sweep asks Stripe for what no webhook tells.
  if (STRIPE_WEBHOOK_SECRET.length === 0 && ENVIRONMENT === "production") {
    problems.push("STRIPE_WEBHOOK_SECRET is missing, and PAYMENTS is stripe.");
  }
  if (STRIPE_WEBHOOK_SECRET.length > MAX_WEBHOOK_SECRETS) {
    problems.push(`STRIPE_WEBHOOK_SECRET holds more than ${MAX_WEBHOOK_SECRETS} secrets.`);
  }
  return problems;
}

function productionProblems(bindings: Bindings): readonly string[] {
  const rules: readonly (readonly [broken: boolean, sentence: string])[] = [
    [bindings.PAYMENTS === "simulator", "PAYMENTS is simulator, which sells tickets for no money."],
    [bindings.EVENT_BOOKING_API === "on", "EVENT_BOOKING_API is on, which lets anybody act as anybody."],
    [bindings.STRIPE_API_BASE !== "", "STRIPE_API_BASE is set, so card data and money would not go to Stripe."],
    [
      isGuessable(bindings.JWT_SECRET),
      "JWT_SECRET is a test secret, a published one or a pattern: make one at random.",
    ],
    [isTestKey(bindings.STRIPE_SECRET_KEY), "STRIPE_SECRET_KEY is not a live key (sk_live_… or rk_live_…)."],
    [
      bindings.STRIPE_PUBLISHABLE_KEY.startsWith("pk_test_"),
      "STRIPE_PUBLISHABLE_KEY is a test key, which Stripe refuses beside a live one.",
    ],
    [
      bindings.STRIPE_WEBHOOK_SECRET.some(isTestWebhookSecret),
      "STRIPE_WEBHOOK_SECRET is not one of Stripe's (whsec_…).",
    ],
    [bindings.EMAIL_FROM === "", "EMAIL_FROM is missing: mails need a sender of an onboarded domain."],
    [
      !bindings.PUBLIC_URL.startsWith("https://"),
      "PUBLIC_URL is missing or not https: links in mails need the product's own address.",
    ],
  ];
  return rules.filter(([broken]) => broken).map(([, sentence]) => sentence);
}

/** Words that people write and a random text of this length practically never holds: the longest odds are 1 in 10⁵. */
const TELLING_WORDS =
  /secret|password|passw0rd|changeme|change[-_ ]|replace|your[-_ ]|example|sample|develop|ticketflow|testing|test[-_ ]|demo[-_ ]|insecure|qwerty|abcdef|123456/i;

function isGuessable(secret: string): boolean {
  if (secret === "") return false;
  if (TELLING_WORDS.test(secret)) return true;
  if (new Set(secret).size < MIN_SECRET_DISTINCT_CHARS) return true;
  return isRepetition(secret);
}

/** Whether a text is a shorter one several times over: then it occurs in its own double before the end. */
function isRepetition(text: string): boolean {
  return (text + text).indexOf(text, 1) < text.length;
}

function isTestKey(key: string): boolean {
  return key !== "" && !/^(sk|rk)_live_/.test(key);
}

/** Stripe's are `whsec_` and 32 random characters. */
function isTestWebhookSecret(secret: string): boolean {
  return !/^whsec_.{16,}$/.test(secret) || isGuessable(secret.slice("whsec_".length));
}
