// The official SDK, loaded when it is first needed, and its errors sorted by what they prove. It never retries by
// itself: whoever asked knows under which key, and for how long, a question may be repeated.

import type { Stripe } from "stripe";
import type { Log } from "../app/ports";
import { SECOND } from "../domain/time";

export interface StripeOptions {
  readonly secretKey: string;
  /** Empty for Stripe itself; a stand-in's origin in tests. */
  readonly apiBase: string;
  readonly log: Log;
  readonly nowMs?: () => number;
  readonly timeoutMs?: number;
}

/** The SDK with what every question to it needs. */
export interface StripeDesk {
  readonly stripe: Stripe;
  readonly log: Log;
  readonly nowMs: () => number;
}

export type Client = () => Promise<StripeDesk>;

const TIMEOUT_MS = 10 * SECOND;
/** Another request works on the same key or object: it is done in a moment. */
const CONFLICT_PAUSE_MS = 2 * SECOND;
const RATE_LIMIT_PAUSE_MS = 5 * SECOND;
/** Keys that are refused are put right by a person. */
const UNAUTHORISED_PAUSE_MS = 30 * SECOND;

/** What a failed request proves. */
export type Trouble =
  /** The issuer refused. `intent` is the one that carries the refusal. */
  | { readonly kind: "declined"; readonly reason: string; readonly intent: Stripe.PaymentIntent | null }
  /** Stripe refused, and did nothing. */
  | { readonly kind: "refused"; readonly reason: string; readonly intent: Stripe.PaymentIntent | null }
  /** Nothing was done, and it may be asked again then. */
  | { readonly kind: "busy"; readonly afterMs: number }
  /** The key was used for another request before: only a look can tell what became of it. */
  | { readonly kind: "key-misused" }
  /**
   * Anything may have happened. `remembered`: Stripe gave this answer before and will always give it under this
   * key, so asking again tells nothing more; a look does.
   */
  | { readonly kind: "unknown"; readonly reason: string; readonly remembered: boolean };

export function stripeClient(options: StripeOptions): Client {
  const { log, nowMs = Date.now } = options;
  /** Kept as it is and not as a promise, which would belong to the request that made it. */
  let desk: StripeDesk | null = null;
  return async () => {
    desk ??= { stripe: await load(options), log, nowMs };
    return desk;
  };
}

async function load({ secretKey, apiBase, timeoutMs = TIMEOUT_MS }: StripeOptions): Promise<Stripe> {
  const { Stripe } = await import("stripe");
  return new Stripe(secretKey, {
    httpClient: Stripe.createFetchHttpClient(),
    maxNetworkRetries: 0,
    timeout: timeoutMs,
    telemetry: false,
    appInfo: { name: "TicketFlow" },
    ...(apiBase && addressOf(apiBase)),
  });
}

function addressOf(apiBase: string): { host: string; port: string; protocol: "http" | "https" } {
  const url = new URL(apiBase);
  const protocol = url.protocol === "http:" ? "http" : "https";
  return { host: url.hostname, port: url.port || (protocol === "http" ? "80" : "443"), protocol };
}

/** Whether Stripe answered from its memory of the key: then the answer may be older than the object is. */
export function isRemembered(answer: object): boolean {
  const { lastResponse } = answer as { lastResponse?: { headers?: HeadersInit } };
  return new Headers(lastResponse?.headers).get(REPLAYED_HEADER) === "true";
}

const REPLAYED_HEADER = "idempotent-replayed";

/** Sorts an error of the SDK. Anything else is a bug of ours, and thrown on. */
export function troubleOf(error: unknown, log: Log): Trouble {
  if (!isStripeError(error)) throw error;
  const { statusCode, code } = error;
  const intent = error.payment_intent ?? null;
  const reason = error.decline_code ?? code ?? error.type;
  if (statusCode === 401 || statusCode === 403) {
    log.error("Stripe refuses our key", { status: statusCode, code, stripeRequestId: error.requestId });
    return { kind: "busy", afterMs: UNAUTHORISED_PAUSE_MS };
  }
  if (statusCode === 409) return { kind: "busy", afterMs: CONFLICT_PAUSE_MS };
  if (statusCode === 429 || code === "rate_limit" || code === "lock_timeout") {
    return { kind: "busy", afterMs: code === "lock_timeout" ? CONFLICT_PAUSE_MS : RATE_LIMIT_PAUSE_MS };
  }
  if (error.rawType === "idempotency_error") return { kind: "key-misused" };
  if (statusCode === 402) return { kind: "declined", reason, intent };
  if (statusCode !== undefined && statusCode >= 400 && statusCode < 500) return { kind: "refused", reason, intent };
  const remembered = error.headers?.[REPLAYED_HEADER] === "true";
  return { kind: "unknown", reason: statusCode === undefined ? "no answer" : `status ${statusCode}`, remembered };
}

/** By shape: the class would have to be loaded to be asked. */
function isStripeError(error: unknown): error is Stripe.errors.StripeError {
  return error instanceof Error && "rawType" in error && "type" in error;
}
