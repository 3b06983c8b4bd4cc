// One endpoint, declared once: who may call it, what it takes, what it answers and refuses. From that come both
// its handler, with the checks in the one order that the API promises, and its entry in the OpenAPI document.

import { type OpenAPIHono, z } from "@hono/zod-openapi";
import type { Context } from "hono";
import type { AskedKey } from "../app/idempotency";
import type { Deps, Gate } from "../app/ports";
import type { Viewer } from "../app/users";
import type { Origin } from "../domain/box-office/commands";
import type { RequestId } from "../domain/ids";
import { adminOf, gateOf, viewerOf } from "./auth";
import { BODY_LIMIT, type JsonObject, readJsonObject } from "./body";
import { dressedJson } from "./headers";
import type { HonoEnv } from "./honoenv";
import { keyOf } from "./keys";
import { documentEndpoint } from "./openapi";
import { type AnyRefusal, type ErrorCode, type HttpResult, refusedAnswer } from "./problem";
import { parseWith, queryOf } from "./validation";

export const SERVICES = [
  "Gateway",
  "Users",
  "Events",
  "Venues",
  "Inventory",
  "Locks",
  "Bookings",
  "Payments",
  "Notifications",
  "Door",
  "Operations",
] as const;
export type Service = (typeof SERVICES)[number];

/** `user` needs a token, `admin` the role in the database too; `gate` needs the token of a gate. */
export type Access = "public" | "user" | "admin" | "gate";

export interface AnswerSpec<S extends z.ZodType = z.ZodType> {
  readonly description: string;
  readonly schema: S;
  readonly example?: unknown;
  /** Headers worth telling of, with what they mean. */
  readonly headers?: Readonly<Record<string, string>>;
}
export type AnswerSpecs = Readonly<Record<number, AnswerSpec>>;

export interface EndpointSpec<
  P extends string = string,
  X extends Access = Access,
  Q extends z.ZodType = z.ZodType,
  B extends z.ZodType = z.ZodType,
  A extends AnswerSpecs = AnswerSpecs,
> {
  readonly method: "get" | "post" | "put" | "delete";
  /** With `{name}` for a parameter. */
  readonly path: P;
  /** Unique; what a generated client calls it. */
  readonly id: string;
  readonly service: Service;
  readonly summary: string;
  readonly description?: string;
  readonly access: X;
  /** A strict object; without one, no query parameter is known. */
  readonly query?: Q;
  /** A strict object; without one, a body is not read. */
  readonly body?: B;
  readonly bodyExample?: unknown;
  readonly bodyLimit?: number;
  /** Takes an Idempotency-Key; a function says whose it is where nobody is signed in. */
  readonly keyed?: true | ((body: z.output<B>) => string);
  readonly answers: A;
  /** Beyond those that follow from the rest: token, role, body, key, limits, faults. */
  readonly refusals?: readonly ErrorCode[];
}

type ParamNames<P extends string> = P extends `${string}{${infer Name}}${infer Rest}` ? Name | ParamNames<Rest> : never;

/** A request that passed every check that needs no use-case. */
export interface Call<P extends string, X extends Access, Q, B> {
  readonly c: Context<HonoEnv>;
  readonly deps: Deps;
  readonly requestId: RequestId;
  readonly nowMs: number;
  readonly viewer: X extends "public" | "gate" ? null : Viewer;
  readonly gate: X extends "gate" ? Gate : null;
  readonly params: { readonly [N in ParamNames<P>]: string };
  readonly query: Q;
  readonly body: B;
  readonly key: AskedKey | null;
  /** The same, as commands want it. */
  readonly origin: Origin;
}

/** Data as it is sent: nobody changes it any more. */
type Sent<T> = T extends readonly (infer Item)[]
  ? readonly Sent<Item>[]
  : T extends object
    ? { readonly [K in keyof T]: Sent<T[K]> }
    : T;

export interface Answer<S, T> {
  readonly status: S;
  readonly body: T;
  readonly headers?: Readonly<Record<string, string>>;
}
type AnswerOf<A extends AnswerSpecs> = {
  [S in keyof A & number]: Answer<S, Sent<z.input<A[S]["schema"]>>>;
}[keyof A & number];

/** A raw Response is for what is not built as an object: a cached text, a 304. */
type Handled<A extends AnswerSpecs> = HttpResult<AnswerOf<A>> | Response;

export function answer<const S extends number, T>(
  status: S,
  body: T,
  headers?: Readonly<Record<string, string>>,
): { readonly ok: true; readonly value: Answer<S, T> } {
  return { ok: true, value: { status, body, headers } };
}

/**
 * Checks run in this order: 401 · 403 by role · 415, 413 · 400 (query, body, key) · then the handler's own:
 * 404 · 403 foreign · 409 · 422.
 */
export function addEndpoint<
  const P extends string,
  const X extends Access,
  A extends AnswerSpecs,
  Q extends z.ZodType = typeof NOTHING,
  B extends z.ZodType = typeof NOTHING,
>(
  group: OpenAPIHono<HonoEnv>,
  spec: EndpointSpec<P, X, Q, B, A>,
  handle: (call: Call<P, X, z.output<Q>, z.output<B>>) => Promise<Handled<A>>,
): void {
  documentEndpoint(group.openAPIRegistry, spec as unknown as EndpointSpec);
  const route = spec.path.replaceAll(/\{(.+?)\}/g, ":$1");
  const name = `${spec.method.toUpperCase()} ${route}`;
  group.on(spec.method, route, async (c) => {
    const call = await checkedCall(c, spec as unknown as EndpointSpec, name);
    if (!call.ok) return refused(c, call.refusal);
    const handled = await handle(call.value as Call<P, X, z.output<Q>, z.output<B>>);
    if (handled instanceof Response) return handled;
    return handled.ok ? dressed(c, handled.value) : refused(c, handled.refusal);
  });
}

function refused(c: Context<HonoEnv>, refusal: AnyRefusal): Response {
  return dressed(c, refusedAnswer(refusal, c.get("requestId")));
}

function dressed(c: Context<HonoEnv>, { status, body, headers }: Answer<number, unknown>): Response {
  const isProduction = c.get("deps").settings.environment === "production";
  const response = dressedJson(body, status, headers, { requestId: c.get("requestId"), isProduction });
  c.set("dressed", response);
  return response;
}

const NOTHING = z.strictObject({});

async function checkedCall(
  c: Context<HonoEnv>,
  spec: EndpointSpec,
  route: string,
): Promise<HttpResult<Call<string, Access, unknown, unknown>>> {
  const viewer = await viewerFor(c, spec.access);
  if (!viewer.ok) return viewer;
  const gate = spec.access === "gate" ? await gateOf(c) : NO_GATE;
  if (!gate.ok) return gate;
  const said = spec.body ? await readJsonObject(c, spec.bodyLimit ?? BODY_LIMIT) : { ok: true as const, value: {} };
  if (!said.ok) return said;
  const query = parseWith(spec.query ?? NOTHING, c.req.url.includes("?") ? queryOf(c.req.queries()) : {});
  if (!query.ok) return query;
  const body = parseWith(spec.body ?? NOTHING, said.value);
  if (!body.ok) return body;
  const key = await keyFor(c, spec, route, viewer.value, said.value, body.value);
  if (!key.ok) return key;
  const requestId = c.get("requestId");
  return {
    ok: true,
    value: {
      c,
      deps: c.get("deps"),
      requestId,
      nowMs: c.get("nowMs"),
      viewer: viewer.value as Viewer,
      gate: gate.value as Gate,
      params: (spec.path.includes("{") ? c.req.param() : NO_PARAMS) as Record<never, string>,
      query: query.value,
      body: body.value,
      key: key.value,
      origin: { actor: viewer.value?.id ?? gate.value?.id ?? ANONYMOUS, requestId, key: key.value },
    },
  };
}

const NO_PARAMS = {};
const NO_GATE = { ok: true, value: null } as const;
/** The actor of a request without a token, in journals and logs. */
const ANONYMOUS = "anonymous";

function viewerFor(
  c: Context<HonoEnv>,
  access: Access,
): HttpResult<Viewer | null> | Promise<HttpResult<Viewer | null>> {
  switch (access) {
    case "public":
    case "gate":
      return { ok: true, value: null };
    case "user":
      return viewerOf(c);
    case "admin":
      return adminOf(c);
  }
}

function keyFor(
  c: Context<HonoEnv>,
  spec: EndpointSpec,
  route: string,
  viewer: Viewer | null,
  said: JsonObject,
  body: unknown,
): HttpResult<AskedKey | null> | Promise<HttpResult<AskedKey | null>> {
  if (!spec.keyed) return { ok: true, value: null };
  const user = spec.keyed === true ? (viewer?.id ?? ANONYMOUS) : spec.keyed(body);
  return keyOf(c, user, route, said);
}
