// Gates for organisers: make one, see how many came through each, revoke its token, take an entry back.

import { z } from "@hono/zod-openapi";
import { undoCheckIn } from "../app/check-ins";
import { createGate, listGates, revokeGate } from "../app/gates";
import { addEndpoint, answer } from "./endpoint";
import { collectionOf, page, paginate, perPage } from "./fields";
import { createGroup } from "./honoenv";
import {
  countedGateJson,
  countedGateSchema,
  createdGateSchema,
  gateBody,
  gateExample,
  gateJson,
  gateSchema,
  scanAnswerExample,
  scanJson,
  undoBody,
  undoneSchema,
} from "./ticket-schemas";

export const gateRoutes = createGroup();

addEndpoint(
  gateRoutes,
  {
    method: "post",
    path: "/api/admin/events/{id}/gates",
    id: "createGate",
    service: "Door",
    summary: "Open a gate, with a token for its scanners",
    description: "The token can take in tickets of this event and nothing else, and is said only in this answer.",
    access: "admin",
    keyed: true,
    body: gateBody,
    bodyExample: { name: "North door" },
    answers: {
      201: {
        description: "The gate.",
        schema: createdGateSchema,
        example: { ...gateExample, token: "gt_…", scannerUrl: "tickets.example/gate#gt_…" },
      },
    },
    refusals: ["EVENT_NOT_FOUND"],
  },
  async ({ deps, params, body, origin }) => {
    const request = { name: body.name, opensAtMs: body.opensAt ?? null, expiresAtMs: body.expiresAt ?? null };
    const made = await createGate(deps, params.id, request, origin);
    if (!made.ok) return made;
    const { gate, token } = made.value;
    // In a fragment, which no server, log or referrer ever sees.
    return answer(201, { ...gateJson(gate), token, scannerUrl: `${deps.settings.publicUrl}/gate#${token}` });
  },
);

addEndpoint(
  gateRoutes,
  {
    method: "get",
    path: "/api/admin/events/{id}/gates",
    id: "listGates",
    service: "Door",
    summary: "The gates of an event, with live counts",
    access: "admin",
    query: z.strictObject({ page, perPage }),
    answers: {
      200: {
        description: "A page of them, in the order they were made.",
        schema: collectionOf(countedGateSchema),
        example: {
          data: [{ ...gateExample, checkedIn: 812, conflicts: 1 }],
          pagination: { page: 1, perPage: 20, total: 1, totalPages: 1 },
        },
      },
    },
    refusals: ["EVENT_NOT_FOUND"],
  },
  async ({ deps, params, query, origin }) => {
    const found = await listGates(deps, params.id, origin);
    if (!found.ok) return found;
    const start = (query.page - 1) * query.perPage;
    const data = found.value.slice(start, start + query.perPage).map(countedGateJson);
    return answer(200, { data, pagination: paginate(query, found.value.length) });
  },
);

addEndpoint(
  gateRoutes,
  {
    method: "post",
    path: "/api/admin/events/{id}/gates/{gateId}/revoke",
    id: "revokeGate",
    service: "Door",
    summary: "Make a gate's token worthless",
    description: "At once and for good. Whoever came in through it stays in.",
    access: "admin",
    answers: {
      200: {
        description: "The gate.",
        schema: gateSchema,
        example: { ...gateExample, revokedAt: "2027-09-15T20:00:00.000Z" },
      },
    },
    refusals: ["GATE_NOT_FOUND"],
  },
  async ({ deps, params }) => {
    const revoked = await revokeGate(deps, params.id, params.gateId);
    return revoked.ok ? answer(200, gateJson(revoked.value)) : revoked;
  },
);

addEndpoint(
  gateRoutes,
  {
    method: "post",
    path: "/api/admin/tickets/{id}/undo-check-in",
    id: "undoCheckIn",
    service: "Door",
    summary: "Take an entry back",
    description: "The ticket is good again. Who did it, and why, is in the event's journal.",
    access: "admin",
    keyed: true,
    body: undoBody,
    bodyExample: { reason: "Scanned by mistake at the wrong door" },
    answers: {
      200: {
        description: "The entry that was taken back.",
        schema: undoneSchema,
        example: {
          ticketId: scanAnswerExample.ticketId,
          seatId: scanAnswerExample.seatId,
          undone: scanAnswerExample.entry,
        },
      },
    },
    refusals: ["TICKET_NOT_FOUND", "TICKET_NOT_CHECKED_IN"],
  },
  async ({ deps, params, body, origin }) => {
    const undone = await undoCheckIn(deps, params.id, body.reason, origin);
    if (!undone.ok) return undone;
    const { ticketId, seatId, undone: scan } = undone.value;
    return answer(200, { ticketId, seatId, undone: scanJson(scan) });
  },
);
