// A stand-in for Stripe: a plain process on loopback that keeps its books on disk, follows Stripe's rules of keys and
// intents, fails as it is told, sends signed webhooks, and at the end says where the money is.
//
// node stand-in.mjs --port 0 --state FILE [--attached]
// prints {"port":N} when it listens; attached, it ends with whoever holds its standard input

import { createServer } from "node:http";
import { parseArgs } from "node:util";
import { covers, openCourier } from "./courier.mjs";
import { openFaults } from "./faults.mjs";
import { ledgerOf, misusesOf } from "./ledger.mjs";
import { moneyRules, newId, publicIntent, Refused } from "./rules.mjs";
import { openStore } from "./store.mjs";

const MAX_BODY_BYTES = 1024 * 1024;
const DEFAULT_PAGE = 10;
const MAX_PAGE = 100;
const REMEMBERED_REQUESTS = 20_000;

const { values: options } = parseArgs({
  options: {
    port: { type: "string", default: "0" },
    state: { type: "string", default: "stripe-stand-in.log" },
    attached: { type: "boolean", default: false },
  },
});
const store = openStore(options.state);
const courier = openCourier(store);
const faults = openFaults(store);
const money = moneyRules(store, (type, object) => courier.emit(type, object, scopeOf(object)));
/** Keys of requests under way. */
const running = new Set();
const requests = [];

const API = [
  [
    "POST",
    /^\/v1\/payment_intents$/,
    "create",
    (_id, request, met) => {
      const tamper = met.find(({ does }) => does === "tamper")?.tamper;
      return publicIntent(money.create(request.form, tamper));
    },
  ],
  ["GET", /^\/v1\/payment_intents$/, "list", (_id, { query }) => page(store.all("intents").map(publicIntent), query)],
  ["GET", /^\/v1\/payment_intents\/search$/, "search", (_id, { query }) => search(query.query)],
  ["GET", /^\/v1\/payment_intents\/(pi_\w+)$/, "retrieve", (id) => publicIntent(money.intentOf(id))],
  [
    "POST",
    /^\/v1\/payment_intents\/(pi_\w+)\/capture$/,
    "capture",
    (id, { form }) => publicIntent(money.capture(id, form)),
  ],
  [
    "POST",
    /^\/v1\/payment_intents\/(pi_\w+)\/cancel$/,
    "cancel",
    (id, { form }) => publicIntent(money.cancel(id, form.cancellation_reason ?? null)),
  ],
  ["POST", /^\/v1\/refunds$/, "refund", (_id, { form }) => money.refund(form)],
  ["GET", /^\/v1\/refunds$/, "list", (_id, { query }) => page(store.all("refunds"), query)],
  ["GET", /^\/v1\/refunds\/(re_\w+)$/, "retrieve", (id) => store.get("refunds", id)],
];

/** What tests tell it to do; bodies and answers are JSON. */
const CONTROLS = {
  "POST /_faults": (body) => faults.add(body),
  "GET /_faults": () => faults.all(),
  "DELETE /_faults": (body) => faults.clear(body.scope ?? {}),
  "POST /_webhook": (body) => store.put("settings", "webhook", body),
  "POST /_webhook/rules": (body) => courier.setRule(body),
  "POST /_webhook/release": (body) => courier.release(body),
  "GET /_events": (_body, query) => courier.list(query),
  "GET /_requests": (_body, query) => requests.filter(({ scope }) => covers(query, scope)),
  "GET /_ledger": (_body, query) => ledgerOf(store, query),
  "POST /_challenge": ({ intent, result }) => publicIntent(money.authenticate(intent, result)),
  /** The bank lets an authorisation run out, or an operator acts in the dashboard. */
  "POST /_cancel": ({ intent, reason }) => publicIntent(money.cancel(intent, reason ?? "automatic")),
  "POST /_refund": ({ intent, amount }) => money.refund({ payment_intent: intent, amount }),
  "POST /_refund/settle": ({ refund, status }) => money.settleRefund(refund, status),
  "POST /_dispute": ({ intent, reason }) => money.dispute(intent, reason),
  "POST /_dispute/close": ({ dispute, status }) => money.closeDispute(dispute, status),
  "GET /_refunds": (_body, query) => store.all("refunds").filter((refund) => covers(query, refund.metadata)),
  "GET /_disputes": () => store.all("disputes"),
};

const server = createServer(async (incoming, response) => {
  try {
    const request = await readRequest(incoming);
    if (request.path.startsWith("/_")) return answerControl(request, response);
    await answerApi(request, response);
  } catch (fault) {
    console.error(fault);
    send(response, 500, { error: { type: "api_error", message: String(fault) } });
  }
});
// Longer than any client keeps one: otherwise it may be closed in the very moment it is used again.
server.keepAliveTimeout = 120_000;
server.listen(Number(options.port), "127.0.0.1", () => {
  console.log(JSON.stringify({ port: server.address().port }));
  courier.resume();
});

if (options.attached) process.stdin.on("end", () => process.exit()).resume();

function answerControl(request, response) {
  const control = CONTROLS[`${request.method} ${request.path}`];
  if (!control) return send(response, 404, { error: { message: "no such control" } });
  try {
    send(response, 200, control(request.json, request.query) ?? {});
  } catch (refusal) {
    if (!(refusal instanceof Refused)) throw refusal;
    send(response, refusal.status, { error: refusal.error });
  }
}

async function answerApi(request, response) {
  const route = API.find(([method, path]) => method === request.method && path.test(request.path));
  if (!route)
    return send(response, 404, { error: { type: "invalid_request_error", message: "Unrecognized request URL" } });
  const [, path, op, handle] = route;
  const id = path.exec(request.path)?.[1];
  if (!/^Bearer [sr]k_test_/.test(request.headers.authorization ?? "")) {
    return send(response, 401, { error: { type: "invalid_request_error", message: "Invalid API Key provided" } });
  }
  const scope = scopeOfRequest(request, id);
  const key = request.method === "POST" ? request.headers["idempotency-key"] : undefined;
  for (const text of misusesOf(op, request)) store.put("misuses", newId("misuse"), { text, scope });
  const noted = { op, path: request.path, key, scope, atMs: Date.now() };
  if (requests.push(noted) > REMEMBERED_REQUESTS) requests.shift();

  const met = faults.take(op, scope);
  const meets = (kind) => met.find(({ does }) => does === kind);
  if (meets("drop-before")) return response.destroy();
  const remembered = key && store.get("keys", key);
  if (key && running.has(key)) return send(response, 409, inUse(key));
  if (key) running.add(key);
  try {
    if (meets("delay")) await pause(meets("delay").delayMs);
    const answer = remembered ? replayOf(remembered, request) : answerOf(request, id, handle, met, key);
    noted.status = answer.status;
    if (key && meets("forget-key")) store.drop("keys", key);
    if (meets("delay-after")) await pause(meets("delay-after").delayMs);
    if (meets("drop-after")) return response.destroy();
    send(response, answer.status, answer.body, answer.headers);
  } finally {
    if (key) running.delete(key);
  }
}

/** Does it, and remembers the answer under the key unless the endpoint did not begin. */
function answerOf(request, id, handle, met, key) {
  const before = met.find(({ does }) => does === "error-before");
  const after = met.find(({ does }) => does === "error-after");
  let answer;
  if (before) answer = scriptedError(before);
  else answer = attempt(() => handle(id, request, met));
  if (after) answer = scriptedError({ status: 500 });
  if (key && answer.saved)
    store.put("keys", key, { fingerprint: request.fingerprint, status: answer.status, body: answer.body });
  return answer;
}

function attempt(act) {
  try {
    return { status: 200, body: act(), saved: true };
  } catch (refusal) {
    if (!(refusal instanceof Refused)) throw refusal;
    return { status: refusal.status, body: { error: refusal.error }, saved: refusal.saved };
  }
}

function replayOf({ fingerprint, status, body }, request) {
  if (fingerprint === request.fingerprint) return { status, body, headers: { "idempotent-replayed": "true" } };
  const message = "Keys for idempotent requests can only be used with the same parameters they were first used with.";
  return { status: 400, body: { error: { type: "idempotency_error", message } } };
}

function scriptedError({ status, code }) {
  const type = status === 429 || status < 500 ? "invalid_request_error" : "api_error";
  // What an endpoint answers is remembered, also a 500; what the doors in front of it answer is not.
  return { status, body: { error: { type, code, message: "Scripted." } }, saved: status === 500 || status === 402 };
}

function inUse(key) {
  const message = `There is currently another in-progress request using this Idempotent Key: ${key}`;
  return { error: { type: "idempotency_error", code: "idempotency_key_in_use", message } };
}

function page(items, query) {
  const { gte = 0, lte = Number.MAX_SAFE_INTEGER } = query.created ?? {};
  const newestFirst = items
    .filter(({ created }) => created >= Number(gte) && created <= Number(lte))
    .filter((item) => !query.payment_intent || item.payment_intent === query.payment_intent)
    .reverse();
  const start = query.starting_after ? newestFirst.findIndex(({ id }) => id === query.starting_after) + 1 : 0;
  const size = Math.min(Number(query.limit ?? DEFAULT_PAGE), MAX_PAGE);
  const data = newestFirst.slice(start, start + size);
  return { object: "list", data, has_more: start + size < newestFirst.length, url: "/v1" };
}

function search(text) {
  const [, name, value] = /^metadata\["(\w+)"\]:"([^"]+)"$/.exec(text) ?? [];
  const data = store
    .all("intents")
    .map(publicIntent)
    .filter(({ metadata }) => metadata[name] === value);
  return { object: "search_result", data, has_more: false, url: "/v1/payment_intents/search" };
}

/** Whose sale a request or a thing is about. */
function scopeOfRequest({ form, query }, id) {
  if (form.metadata) return scopeOf(form);
  const intent = store.get("intents", id ?? form.payment_intent ?? query.payment_intent);
  return intent ? scopeOf(intent) : {};
}

function scopeOf(object) {
  const own = object.metadata?.eventCode ? object : store.get("intents", object.payment_intent);
  const { eventCode, bookingId } = own?.metadata ?? {};
  return { eventCode, bookingId };
}

async function readRequest(incoming) {
  const url = new URL(incoming.url, "http://127.0.0.1");
  let text = "";
  for await (const chunk of incoming) {
    text += chunk;
    if (text.length > MAX_BODY_BYTES) throw new Error("body too long");
  }
  const isForm = !url.pathname.startsWith("/_");
  const query = nested(url.searchParams);
  return {
    method: incoming.method,
    path: url.pathname,
    headers: incoming.headers,
    query,
    form: isForm ? nested(new URLSearchParams(text)) : {},
    json: !isForm && text !== "" ? JSON.parse(text) : {},
    fingerprint: `${incoming.method} ${url.pathname} ${text}`,
  };
}

/** `metadata[bookingId]=x` as `{ metadata: { bookingId: "x" } }`; `list[0]` as an object with key 0. */
function nested(params) {
  const whole = {};
  for (const [name, value] of params) {
    const path = name.split(/[[\]]+/).filter(Boolean);
    const last = path.pop();
    let place = whole;
    for (const part of path) {
      place[part] ??= {};
      place = place[part];
    }
    place[last] = value;
  }
  return whole;
}

function send(response, status, body, headers = {}) {
  response.writeHead(status, { "content-type": "application/json", "request-id": newId("req"), ...headers });
  response.end(JSON.stringify(body));
}

function pause(ms) {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
