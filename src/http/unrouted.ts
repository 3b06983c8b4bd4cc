// What no route answers: a known path under another method is 405 (OPTIONS: 204), anything else 404.

import type { OpenAPIHono } from "@hono/zod-openapi";
import type { Context } from "hono";
import type { HonoEnv } from "./honoenv";
import type { Guard } from "./pipeline";
import { refusedResponse } from "./problem";

interface Unrouted {
  /** Before the routes: `GET /api/users/login` is not a user whose id is "login". */
  readonly guardLiterals: Guard;
  /** After them. */
  readonly answer: (c: Context<HonoEnv>) => Response;
}

interface Pattern {
  readonly method: string;
  readonly path: string;
  readonly form: RegExp;
}

/** `app` has all its routes by the time of the first request. */
export function unroutedOf(app: OpenAPIHono<HonoEnv>): Unrouted {
  let known: readonly Pattern[] | null = null;
  let literals: ReadonlyMap<string, ReadonlySet<string>> | null = null;
  const patterns = () => {
    known ??= app.routes
      .filter(({ method }) => method !== ANY_METHOD)
      .map(({ method, path }) => ({ method, path, form: formOf(path) }));
    return known;
  };
  return {
    guardLiterals(c) {
      literals ??= literalsOf(patterns());
      const methods = literals.get(c.req.path);
      const method = c.req.method === "HEAD" ? "GET" : c.req.method;
      return methods && !methods.has(method) ? misdirected(c, methods) : null;
    },
    answer(c) {
      const matching = patterns().filter(({ form }) => form.test(c.req.path));
      if (matching.length > 0) return misdirected(c, new Set(matching.map(({ method }) => method)));
      return refusedResponse({ code: "NOT_FOUND" }, c.get("requestId"));
    },
  };
}

/** Elsewhere no literal path looks like another's parameter. */
const GUARDED = "/api/";
/** Middleware, which is no answer by itself. */
const ANY_METHOD = "ALL";

function literalsOf(patterns: readonly Pattern[]): ReadonlyMap<string, ReadonlySet<string>> {
  const literals = new Map<string, Set<string>>();
  for (const { method, path } of patterns) {
    if (!path.startsWith(GUARDED) || /[:*]/.test(path)) continue;
    literals.set(path, (literals.get(path) ?? new Set()).add(method));
  }
  return literals;
}

function misdirected(c: Context<HonoEnv>, methods: ReadonlySet<string>): Response {
  const allow = [...methods, ...(methods.has("GET") ? ["HEAD"] : []), "OPTIONS"];
  if (c.req.method === "OPTIONS") return new Response(null, { status: 204, headers: { Allow: allow.join(", ") } });
  return refusedResponse({ code: "METHOD_NOT_ALLOWED", allow }, c.get("requestId"));
}

function formOf(path: string): RegExp {
  return new RegExp(`^${path.replaceAll(".", "\\.").replaceAll(/:[^/]+/g, "[^/]+")}$`);
}
