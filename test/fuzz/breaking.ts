// Good requests made wrong on purpose, in one way or several; and requests to where nothing is.

import type { Random } from "../sim/random";
import { addressFor, type FuzzRequest, type Operation, type Pool } from "./requests";
import { type Body, broken, brokenId, brokenText, odd, oddQuery } from "./values";

/** The same request, wrong in one way, or in a few. */
export function brokenRequest(good: FuzzRequest, operation: Operation, pool: Pool, random: Random): FuzzRequest {
  let request = good;
  const times = random.pick([1, 1, 1, 2, 3]);
  for (let i = 0; i < times; i++) request = breakOnce(request, operation, pool, random);
  return request;
}

const MAX_CHANGED_CHARS = 30_000;

type Breaking = (request: FuzzRequest, operation: Operation, pool: Pool, random: Random) => FuzzRequest;

function breakOnce(request: FuzzRequest, operation: Operation, pool: Pool, random: Random): FuzzRequest {
  const ways: Breaking[] = [breakQuery, breakHeader, breakToken, breakHeader];
  if (operation.bodySchema) ways.push(breakBody, breakBody, breakBody, breakBody, breakBody, breakText, breakType);
  if (operation.path.includes("{")) ways.push(breakPath, breakPath, breakPath);
  if (operation.parameters.some((parameter) => parameter.in === "query")) ways.push(breakQuery, breakQuery);
  if (random.chance(0.04)) ways.splice(0, ways.length, breakMethod);
  return random.pick(ways)(request, operation, pool, random);
}

function breakBody(request: FuzzRequest, _: Operation, __: Pool, random: Random): FuzzRequest {
  // One that is deep already cannot be copied.
  if (typeof request.body !== "string" || request.body.length > MAX_CHANGED_CHARS) return request;
  let parsed: unknown;
  try {
    parsed = JSON.parse(request.body);
  } catch {
    return request;
  }
  if (typeof parsed !== "object" || parsed === null || Array.isArray(parsed)) return request;
  const { body, how } = broken(parsed as Body, random);
  return { ...request, body: JSON.stringify(body), how: [...request.how, how] };
}

function breakText(request: FuzzRequest, _: Operation, __: Pool, random: Random): FuzzRequest {
  if (typeof request.body !== "string") return request;
  return { ...request, body: brokenText(request.body, random), how: [...request.how, "with other bytes"] };
}

function breakType(request: FuzzRequest, _: Operation, __: Pool, random: Random): FuzzRequest {
  const types = ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "", "json"];
  const type = random.pick([
    ...types,
    "application/jsonp",
    "application/json, text/html",
    "application/json;charset=utf-16",
  ]);
  return { ...request, headers: { ...request.headers, "Content-Type": type }, how: [...request.how, `as “${type}”`] };
}

function breakPath(request: FuzzRequest, operation: Operation, _: Pool, random: Random): FuzzRequest {
  const [path = "", query] = request.path.split(/\?(.*)/s, 2);
  const parts = path.split("/");
  const template = operation.path.split("/");
  const places = template.flatMap((part, i) => (part.startsWith("{") ? [i] : []));
  const place = random.pick(places);
  parts[place] = brokenId(parts[place] ?? "", random);
  const whole = query === undefined ? parts.join("/") : `${parts.join("/")}?${query}`;
  return { ...request, path: whole, how: [...request.how, "at another id"] };
}

function breakQuery(request: FuzzRequest, operation: Operation, _: Pool, random: Random): FuzzRequest {
  const names = operation.parameters.filter((parameter) => parameter.in === "query").map(({ name }) => name);
  const query = oddQuery(random.pick([...names, "page", "__proto__", "x"]), random);
  const glue = request.path.includes("?") ? "&" : "?";
  return { ...request, path: `${request.path}${glue}${query}`, how: [...request.how, "with another query"] };
}

function breakHeader(request: FuzzRequest, _: Operation, pool: Pool, random: Random): FuzzRequest {
  const keys = ["", " ", "a\tb", "a b", "x".repeat(256), "x".repeat(255), ...pool.keys.slice(-3)];
  const [name, value] = random.pick<readonly [string, string]>([
    ["Idempotency-Key", random.pick(keys)],
    ["Idempotency-Key", random.pick(keys)],
    ["Accept", random.pick(["text/html", "", "application/xml", "*/*;q=0"])],
    ["Accept-Encoding", "br;q=0, identity;q=0"],
    ["If-None-Match", random.pick(["*", 'W/"1-1"', '"', ",,,", `"${"x".repeat(5_000)}"`])],
    ["Origin", random.pick(["null", "https://evil.example", "http://localhost:3000", "not an origin"])],
    ["CF-Connecting-IP", random.pick(["", "::1", "2001:db8::1", "999.1.1.1", "unknown", "1.2.3.4, 5.6.7.8", "%"])],
    ["X-Forwarded-For", "127.0.0.1"],
    ["X-HTTP-Method-Override", "DELETE"],
    ["X-Request-Id", "req_<script>"],
    ["Host", "evil.example"],
    ["Range", "bytes=0-1"],
    ["Cookie", "a=b; __Host-x=1"],
    ["Upgrade", random.pick(["h2c", "WebSocket2", ""])],
    ["Stripe-Signature", random.pick(["t=1,v1=x", "t=99999999999999999999,v1=", ",,,"])],
    ["Content-Encoding", "gzip"],
  ]);
  return {
    ...request,
    headers: { ...request.headers, [name]: value },
    how: [...request.how, `with ${name}: ${value.slice(0, 30)}`],
  };
}

function breakToken(request: FuzzRequest, operation: Operation, pool: Pool, random: Random): FuzzRequest {
  const { Authorization: _, ...headers } = request.headers as Record<string, string>;
  if (random.chance(0.3)) return { ...request, headers, how: [...request.how, "without a token"] };
  const other = random.pick(["owner", "other", "admin", "gate"] as const);
  const wanted =
    random.chance(0.4) || operation.access === "public" ? `Bearer ${pool.tokens[other]}` : random.pick(pool.badTokens);
  return { ...request, headers: { ...headers, Authorization: wanted }, how: [...request.how, "with another token"] };
}

function breakMethod(request: FuzzRequest, _: Operation, __: Pool, random: Random): FuzzRequest {
  const method = random.pick(["GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "PROPFIND"]);
  const body = method === "GET" || method === "HEAD" ? null : request.body;
  return { ...request, method, body, how: [...request.how, `as ${method}`] };
}

/** Any text as a path: what no route was made for. */
export function strayRequest(pool: Pool, random: Random): FuzzRequest {
  const path = random.pick([
    "/",
    "/api",
    "/api/",
    "//",
    "/api//events",
    "/API/events",
    "/api/events/",
    "/api/users/me/x",
    "/dev",
    "/%",
    "/\\",
    "/.env",
  ]);
  const more = random.pick([
    "",
    "",
    `/${brokenId(random.pick(pool.ids.event) ?? "x", random)}`,
    `?${oddQuery("x", random)}`,
  ]);
  const method = random.pick(["GET", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "HEAD"]);
  const isPlain = method === "GET" || method === "HEAD";
  const body = isPlain ? null : JSON.stringify(odd(random) ?? null);
  return { method, path: path + more, headers: { "CF-Connecting-IP": addressFor(random) }, body, how: ["nowhere"] };
}
