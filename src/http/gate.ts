// A scanner's API: what it needs to judge tickets by itself, and where it hands in what it scanned. Its token is a gate's.

import { z } from "@hono/zod-openapi";
import { checkIn, checkInBatch, readBundle } from "../app/check-ins";
import { addEndpoint, answer } from "./endpoint";
import { createGroup } from "./honoenv";
import { matches } from "./inventory";
import {
  batchAnswerJson,
  batchAnswerSchema,
  batchBody,
  bundleJson,
  bundleSchema,
  checkInBody,
  scanAnswerExample,
  scanAnswerJson,
  scanAnswerSchema,
} from "./ticket-schemas";

/** For this scanner alone, which asks each time whether it is still so. */
const REVALIDATE = "private, no-cache";

export const scannerRoutes = createGroup();

addEndpoint(
  scannerRoutes,
  {
    method: "get",
    path: "/api/gate/bundle",
    id: "getGateBundle",
    service: "Door",
    summary: "Everything a scanner needs to verify tickets offline",
    description: "Send the ETag back as If-None-Match: it changes with the event, the keys and every revoked ticket.",
    access: "gate",
    answers: {
      200: { description: "The bundle.", schema: bundleSchema, headers: { ETag: "Names this content." } },
      304: { description: "Still as you have it.", schema: z.undefined() },
    },
  },
  async ({ c, deps, gate, origin }) => {
    const read = await readBundle(deps, gate, origin);
    if (!read.ok) return read;
    const etag = `"${read.value.digest}"`;
    const headers = { ETag: etag, "Cache-Control": REVALIDATE };
    if (matches(c.req.header("If-None-Match"), etag)) return new Response(null, { status: 304, headers });
    return answer(200, bundleJson(read.value.bundle), headers);
  },
);

addEndpoint(
  scannerRoutes,
  {
    method: "post",
    path: "/api/gate/check-ins",
    id: "checkIn",
    service: "Door",
    summary: "A ticket is shown",
    description:
      "The first scan of all gates lets in. Every ticket gets an answer with status 200; only `ok` opens the door. " +
      "The same nonce again is the same scan.",
    access: "gate",
    body: checkInBody,
    bodyExample: { ticket: scanAnswerExample.ticketId, nonce: scanAnswerExample.nonce },
    answers: { 200: { description: "What to do.", schema: scanAnswerSchema, example: scanAnswerExample } },
  },
  async ({ deps, gate, body, origin }) => {
    const shown = { ticket: body.ticket, nonce: body.nonce, scannedAtMs: body.scannedAt ?? null };
    const answered = await checkIn(deps, gate, shown, origin);
    return answered.ok ? answer(200, scanAnswerJson(answered.value)) : answered;
  },
);

addEndpoint(
  scannerRoutes,
  {
    method: "post",
    path: "/api/gate/check-ins/batch",
    id: "checkInBatch",
    service: "Door",
    summary: "Hand in what was scanned offline",
    description: "In any order and as often as need be: of several scans of a ticket the earliest counts.",
    access: "gate",
    body: batchBody,
    bodyExample: {
      scans: [
        { ticket: scanAnswerExample.ticketId, nonce: scanAnswerExample.nonce, scannedAt: "2027-09-15T18:03:59.000Z" },
      ],
    },
    answers: { 200: { description: "An answer for each, and the conflicts.", schema: batchAnswerSchema } },
  },
  async ({ deps, gate, body, nowMs, origin }) => {
    const shown = body.scans.map(({ ticket, nonce, scannedAt }) => ({ ticket, nonce, scannedAtMs: scannedAt }));
    const clockAheadMs = body.sentAt === undefined ? 0 : body.sentAt - nowMs;
    const answered = await checkInBatch(deps, gate, shown, clockAheadMs, origin);
    return answered.ok ? answer(200, batchAnswerJson(answered.value)) : answered;
  },
);
