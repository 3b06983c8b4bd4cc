// What every request passes before a route sees it, and every response before a caller does: an id, one log line,
// the general limit of an address, CORS by allow-list, and the headers that keep browsers careful.

import type { Context, MiddlewareHandler } from "hono";
import { cors } from "hono/cors";
import { routePath } from "hono/route";
import type { Deps } from "../app/ports";
import { networkOf } from "../app/users";
import { ID_RANDOM_BYTES, makeId, type RequestId } from "../domain/ids";
import { MINUTE, SECOND } from "../domain/time";
import { dialectRefusal, isDialect } from "./event-booking/refusals";
import { CAREFUL, HTTPS_ONLY } from "./headers";
import type { HonoEnv } from "./honoenv";
import { type AnyRefusal, refusedResponse } from "./problem";

/** Asked at every request: it remembers what it made of an isolate's `env`. */
export type Compose = (env: Env) => Deps;
/** Likewise. What is wrong with a configuration, in sentences without secrets; nothing for a sound one. */
export type ConfigProblems = (env: Env) => readonly string[];

/** A broken configuration is not mended in seconds. */
const CONFIG_RETRY_MS = MINUTE;
const OVERLOAD_RETRY_MS = SECOND;
const PREFLIGHT_MAX_AGE_SECONDS = 600;

/** Gives the request its id, time and dependencies, and the response its headers and log line. */
export function accompany(compose: Compose, configProblems: ConfigProblems): MiddlewareHandler<HonoEnv> {
  let firstRequestAtMs: number | null = null;
  return async (c, next) => {
    const problems = configProblems(c.env);
    if (problems.length > 0) {
      const requestId = newRequestId();
      c.set("requestId", requestId);
      console.error(JSON.stringify({ level: "error", message: "configuration refused", requestId, problems }));
      return withHeaders(refusedAt(c, { code: "NOT_READY", retryAfterMs: CONFIG_RETRY_MS }, requestId), requestId);
    }
    const deps = compose(c.env);
    const nowMs = deps.clock.nowMs();
    firstRequestAtMs ??= nowMs;
    const requestId = deps.ids.request(nowMs);
    c.set("requestId", requestId);
    c.set("deps", deps);
    c.set("nowMs", nowMs);
    c.set("isolateSinceMs", firstRequestAtMs);
    await next();
    // A socket's response cannot be copied, and nobody reads headers of one.
    if (c.res.status !== 101 && c.get("dressed") !== c.res) {
      const answer = withHeaders(c.res, requestId);
      if (deps.settings.environment === "production") answer.headers.set("Strict-Transport-Security", HTTPS_ONLY);
      if (answer !== c.res) c.res = answer;
    }
    deps.log.info("request", {
      requestId,
      method: c.req.method,
      route: routePath(c),
      status: c.res.status,
      ms: deps.clock.nowMs() - nowMs,
    });
  };
}

/** Turns a request away with its answer, or lets it pass. */
export type Guard = (c: Context<HonoEnv>) => Response | null | Promise<Response | null>;

/**
 * Lets the browsers of `CORS_ORIGINS` in, to all others nothing is said; then asks each guard in turn. All in one
 * middleware: each of its own would cost every request two promises more.
 */
export function guarded(guards: readonly Guard[]): MiddlewareHandler<HonoEnv> {
  async function pass(c: Context<HonoEnv>, next: () => Promise<void>): Promise<void> {
    for (const guard of guards) {
      const asked = guard(c);
      const refusal = asked instanceof Promise ? await asked : asked;
      if (refusal === null) continue;
      c.res = refusal;
      return;
    }
    await next();
  }
  async function passCors(c: Context<HonoEnv>, next: () => Promise<void>, allowed: readonly string[]) {
    const origin = c.req.header("Origin");
    if (origin !== undefined && allowed.includes(origin)) return await allowListed(c, () => pass(c, next));
    await pass(c, next);
    c.header("Vary", "Origin", { append: true });
  }
  return (c, next) => {
    const allowed = c.get("deps").settings.corsOrigins;
    // CORS does not concern sockets, whose response must not be copied.
    const isFree = allowed.length === 0 || c.req.header("Upgrade") !== undefined;
    return isFree ? pass(c, next) : passCors(c, next, allowed);
  };
}

const allowListed = cors({
  origin: (origin) => origin,
  allowMethods: ["GET", "HEAD", "POST", "PUT", "DELETE"],
  allowHeaders: ["Authorization", "Content-Type", "Idempotency-Key", "If-None-Match"],
  exposeHeaders: ["X-Request-Id", "Retry-After", "Location", "ETag"],
  maxAge: PREFLIGHT_MAX_AGE_SECONDS,
});

/** The general limit of one address. */
export async function limitAddress(c: Context<HonoEnv>): Promise<Response | null> {
  const { allowed, retryAfterMs } = await c.get("deps").requestLimit.take(networkOf(addressOf(c)), c.get("nowMs"));
  return allowed ? null : refusedAt(c, { code: "RATE_LIMITED", retryAfterMs }, c.get("requestId"));
}

/** The network address that asks, as the platform says: no other header is believed. */
export function addressOf(c: Context<HonoEnv>): string {
  return c.req.header("CF-Connecting-IP") ?? "unknown";
}

/** A fault: the log says what, the caller gets the request id. One of too much load may be tried again. */
export function answerFault(fault: Error, c: Context<HonoEnv>): Response {
  const requestId = c.get("requestId") ?? newRequestId();
  const fields = { requestId, method: c.req.method, route: routePath(c) };
  const log = c.get("deps")?.log;
  if (log) log.error("fault", { ...fields, fault });
  else console.error(JSON.stringify({ level: "error", message: "fault", ...fields, fault: fault.message }));
  const refusal = isOverload(fault)
    ? ({ code: "OVERLOADED", retryAfterMs: OVERLOAD_RETRY_MS } as const)
    : ({ code: "INTERNAL_ERROR" } as const);
  return withHeaders(refusedAt(c, refusal, requestId), requestId);
}

/** What is refused before a route is asked, or because it failed, sounds as that route's own refusals do. */
function refusedAt(c: Context<HonoEnv>, refusal: AnyRefusal, requestId: string): Response {
  return isDialect(c.req.path) ? dialectRefusal(refusal) : refusedResponse(refusal, requestId);
}

/** As Durable Objects and D1 say it. */
function isOverload(fault: Error & { readonly overloaded?: unknown }): boolean {
  return fault.overloaded === true || /\boverloaded\b/i.test(fault.message);
}

/** Where there are no dependencies to ask. */
function newRequestId(): RequestId {
  return makeId("req", Date.now(), crypto.getRandomValues(new Uint8Array(ID_RANDOM_BYTES)));
}

/** Adds what every response carries, unless its route chose otherwise. */
function withHeaders(response: Response, requestId: string): Response {
  const answer = isMutable(response) ? response : new Response(response.body, response);
  answer.headers.set("X-Request-Id", requestId);
  for (const [name, value] of Object.entries(CAREFUL)) if (!answer.headers.has(name)) answer.headers.set(name, value);
  return answer;
}

/** Responses that came from elsewhere (a fetch, a Durable Object) refuse new headers. */
function isMutable(response: Response): boolean {
  try {
    response.headers.set("X-Request-Id", "");
    return true;
  } catch {
    return false;
  }
}
