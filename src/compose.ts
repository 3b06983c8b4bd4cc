// From bindings to dependencies: the only file that sees ports and adapters together.

import { waitUntil } from "cloudflare:workers";
import { boxOffices } from "./adapters/box-offices";
import { systemClock } from "./adapters/clock";
import { d1Bookings } from "./adapters/d1/bookings";
import { d1Database } from "./adapters/d1/database";
import { d1DeadLetters } from "./adapters/d1/dead-letters";
import { d1Demo } from "./adapters/d1/demo";
import { d1Events } from "./adapters/d1/events";
import { d1Gates } from "./adapters/d1/gates";
import { d1IdempotencyKeys } from "./adapters/d1/idempotency-keys";
import { d1Notifications } from "./adapters/d1/notifications";
import { d1StripeEvents } from "./adapters/d1/stripe-events";
import { d1Throttles } from "./adapters/d1/throttles";
import { d1Users } from "./adapters/d1/users";
import { d1Venues } from "./adapters/d1/venues";
import { cloudflareMailer, d1Mailbox, mailboxMailer } from "./adapters/email";
import { hmacFingerprints } from "./adapters/fingerprints";
import { hmacGateTokens } from "./adapters/gate-tokens";
import { randomIds } from "./adapters/ids";
import { jsonLog } from "./adapters/log";
import { scryptPasswords } from "./adapters/passwords";
import { simulatorPayments } from "./adapters/payments-simulator";
import { stripePayments } from "./adapters/payments-stripe";
import { qrCodes } from "./adapters/qr-codes";
import { cloudflareQueues } from "./adapters/queues";
import { DEVELOPMENT_REQUESTS_PER_SECOND, isolateRequestLimit, platformRequestLimit } from "./adapters/rate-limits";
import { seatFeeds } from "./adapters/seat-feeds";
import { stripeNews } from "./adapters/stripe-news";
import { ed25519TicketTokens } from "./adapters/ticket-tokens";
import { jwtTokens } from "./adapters/tokens";
import type { Deps, Log } from "./app/ports";
import { type Config, readConfig, VERSION } from "./env";

export { configProblems } from "./env";

/** Live-feed sockets of one address and one event in development. */
const DEVELOPMENT_SOCKETS = { perAddress: 5_000, perEvent: 5_000 } as const;

/** Dependencies live as long as their isolate: they hold its caches, its imported keys and its password queue. */
const composed = new WeakMap<Env, Deps>();

/** Throws when the configuration is refused: `configProblems` says why. */
export function compose(env: Env): Deps {
  const known = composed.get(env);
  if (known !== undefined) return known;
  const deps = assemble(env, readConfig(env));
  composed.set(env, deps);
  return deps;
}

function assemble(env: Env, config: Config): Deps {
  const clock = systemClock();
  const log = jsonLog();
  const events = d1Events(env.DB);
  const isDevelopment = config.environment === "development";
  return {
    clock,
    ids: randomIds(),
    log,
    background: { keep: waitUntil },
    settings: {
      environment: config.environment,
      version: VERSION,
      publicUrl: config.publicUrl,
      emailFrom: config.emailFrom,
      eventBookingApi: config.eventBookingApi,
      corsOrigins: config.corsOrigins,
      holdTtlMs: config.holdTtlMs,
      paymentWindowMs: config.paymentWindowMs,
      publishableKey: (config.payments === "stripe" && config.stripe.publishableKey) || null,
    },
    boxOffices: boxOffices({ namespace: env.BOX_OFFICE, events, log, nowMs: clock.nowMs, ...sharedCalls() }),
    seatFeeds: seatFeeds(env.SEAT_FEED, isDevelopment ? { ...config.feed, ...DEVELOPMENT_SOCKETS } : config.feed),
    users: d1Users(env.DB),
    passwords: scryptPasswords(),
    tokens: jwtTokens(config.jwt),
    venues: d1Venues(env.DB),
    events,
    bookings: d1Bookings(env.DB),
    notifications: d1Notifications(env.DB),
    mailer: isDevelopment ? mailboxMailer(env.DB) : cloudflareMailer(env.EMAIL, config.emailFrom),
    mailbox: isDevelopment ? d1Mailbox(env.DB) : null,
    ...paymentsOf(config, log),
    providerInbox: d1StripeEvents(env.DB),
    queues: cloudflareQueues(env.NOTIFICATIONS_QUEUE),
    deadLetters: d1DeadLetters(env.DB),
    throttles: d1Throttles(env.DB),
    requestLimit: isDevelopment
      ? isolateRequestLimit(DEVELOPMENT_REQUESTS_PER_SECOND)
      : platformRequestLimit(env.REQUEST_LIMIT),
    demo: isDevelopment ? d1Demo(env.DB) : null,
    idempotencyKeys: d1IdempotencyKeys(env.DB),
    fingerprints: hmacFingerprints(config.jwt.secret),
    gates: d1Gates(env.DB),
    gateTokens: hmacGateTokens(config.jwt.secret),
    ticketTokens: ed25519TicketTokens(config.ticketSigningKeys),
    qrCodes: qrCodes(),
    database: d1Database(env.DB),
  };
}

/** Requests share a call where the platform lets one settle what another awaits; the test runner's does not. */
function sharedCalls(): { readonly keepAlive?: typeof waitUntil } {
  return Cloudflare.compatibilityFlags["handle_cross_request_promise_resolution"] ? { keepAlive: waitUntil } : {};
}

function paymentsOf(config: Config, log: Log): Pick<Deps, "payments" | "providerNews"> {
  if (config.payments === "simulator") return { payments: simulatorPayments(), providerNews: null };
  const options = { ...config.stripe, log };
  return { payments: stripePayments(options), providerNews: stripeNews(options) };
}
