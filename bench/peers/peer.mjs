// What people would build instead, as small and as fast as it can honestly be: Node's own HTTP server, the same token
// checked, the same body validated, two seats held durably, an answer. `--kind` says how the seats are held.
// Prints {"port":N} when it answers; ends with its standard input.

import cluster from "node:cluster";
import { createHmac, randomUUID, timingSafeEqual } from "node:crypto";
import { createServer } from "node:http";
import { parseArgs } from "node:util";
import { z } from "zod";
import { pgForUpdate } from "./pg-for-update.mjs";
import { pgInventory } from "./pg-inventory.mjs";
import { pgOneStatement } from "./pg-one-statement.mjs";
import { redisAndPg } from "./redis-and-pg.mjs";

const { values: options } = parseArgs({
  options: {
    kind: { type: "string", default: "" },
    processes: { type: "string", default: "1" },
    database: { type: "string", default: "" },
    redis: { type: "string", default: "" },
    secret: { type: "string", default: "" },
    pool: { type: "string", default: "16" },
  },
});

const MAX_BODY_BYTES = 64 * 1024;
const HOLD_TTL_MS = 300_000;

/**
 * @typedef {object} Wanted
 * @property {string} id @property {string} eventId @property {string} userId
 * @property {readonly string[]} seatIds @property {number} expiresAtMs
 */
/** @typedef {(wanted: Wanted) => Promise<boolean>} HoldSeats all of them or none */

const HOLDING = { "redis-pg": redisAndPg, "pg-for-update": pgForUpdate, "pg-one-statement": pgOneStatement };

/** The same fields with the same limits as the product's. */
const Body = z.strictObject({
  eventId: z.string(),
  seatIds: z.array(z.string().max(32)).min(1).max(10),
  idempotencyKey: z.string().min(1).max(255).optional(),
});

const Claims = z.object({
  iss: z.literal("ticketflow"),
  aud: z.literal("ticketflow-api"),
  sub: z.string(),
  name: z.string(),
  email: z.string(),
  role: z.enum(["USER", "ADMIN"]),
  iat: z.number(),
  exp: z.number(),
});

if (cluster.isPrimary && options.processes !== "1") {
  let ready = 0;
  cluster.on("listening", (_worker, { port }) => {
    ready += 1;
    if (ready === Number(options.processes)) console.log(JSON.stringify({ port }));
  });
  for (let n = 0; n < Number(options.processes); n++) cluster.fork();
  process.stdin.on("end", () => process.exit()).resume();
} else {
  await serve();
}

async function serve() {
  const inventory = await pgInventory(options.database);
  const start = HOLDING[/** @type {keyof typeof HOLDING} */ (options.kind)];
  const hold = await start({ database: options.database, redis: options.redis, pool: Number(options.pool) });
  const server = createServer((request, response) => {
    if (request.method === "GET") {
      const eventId = (request.url ?? "").slice("/api/inventory/events/".length).split("/", 1)[0] ?? "";
      return void inventory(eventId).then(
        (json) => reply(response, 200, json),
        (fault) => reply(response, 500, JSON.stringify({ error: String(fault) })),
      );
    }
    /** @type {Buffer[]} */
    const chunks = [];
    let size = 0;
    request.on("data", (chunk) => {
      size += chunk.length;
      if (size <= MAX_BODY_BYTES) chunks.push(chunk);
    });
    request.on("end", () => {
      const text = chunks.length === 1 ? String(chunks[0]) : Buffer.concat(chunks).toString();
      createLock(request.headers.authorization, text, hold).then(
        ({ status, body }) => reply(response, status, JSON.stringify(body)),
        (fault) => reply(response, 500, JSON.stringify({ error: String(fault) })),
      );
    });
  });
  server.listen(0, "127.0.0.1", () => {
    const address = server.address();
    if (cluster.isPrimary && typeof address === "object") console.log(JSON.stringify({ port: address?.port }));
  });
  if (cluster.isPrimary) process.stdin.on("end", () => process.exit()).resume();
}

/** @param {import("node:http").ServerResponse} response @param {number} status @param {string} json */
function reply(response, status, json) {
  response.writeHead(status, { "content-type": "application/json", "content-length": Buffer.byteLength(json) });
  response.end(json);
}

/** @param {string | undefined} authorization @param {string} text @param {HoldSeats} hold */
async function createLock(authorization, text, hold) {
  const userId = userOf(authorization);
  if (userId === null) return { status: 401, body: { error: { code: "UNAUTHENTICATED" } } };
  const parsed = Body.safeParse(JSON.parse(text));
  if (!parsed.success) return { status: 400, body: { error: { code: "VALIDATION_ERROR" } } };
  const { eventId, seatIds, idempotencyKey = null } = parsed.data;
  const nowMs = Date.now();
  const wanted = { id: `lock_${randomUUID()}`, eventId, userId, seatIds, expiresAtMs: nowMs + HOLD_TTL_MS };
  if (!(await hold(wanted))) return { status: 409, body: { error: { code: "SEATS_UNAVAILABLE", seatIds } } };
  const at = new Date(nowMs).toISOString();
  return {
    status: 201,
    body: {
      id: wanted.id,
      eventId,
      userId,
      seatIds,
      seats: seatIds.length,
      status: "ACTIVE",
      expiresAt: new Date(wanted.expiresAtMs).toISOString(),
      idempotencyKey,
      bookingId: null,
      createdAt: at,
      updatedAt: at,
    },
  };
}

/** HS256 (RFC 7519), with every claim checked. @param {string | undefined} authorization */
function userOf(authorization) {
  const [head, payload, signature] = authorization?.replace(/^Bearer /, "").split(".") ?? [];
  if (head === undefined || payload === undefined || signature === undefined) return null;
  const expected = createHmac("sha256", options.secret).update(`${head}.${payload}`).digest();
  const given = Buffer.from(signature, "base64url");
  if (given.length !== expected.length || !timingSafeEqual(given, expected)) return null;
  const { alg, typ } = JSON.parse(Buffer.from(head, "base64url").toString());
  if (alg !== "HS256" || typ !== "JWT") return null;
  const claims = Claims.safeParse(JSON.parse(Buffer.from(payload, "base64url").toString()));
  return claims.success && claims.data.exp * 1000 > Date.now() ? claims.data.sub : null;
}
