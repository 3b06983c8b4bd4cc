// Tickets and the door on the wire.

import { z } from "@hono/zod-openapi";
import { type BatchAnswer, type GateBundle, MAX_BATCH, type ShownAnswer } from "../app/check-ins";
import { type CountedGate, MAX_GATES } from "../app/gates";
import type { Gate } from "../app/ports";
import type { TicketView } from "../app/tickets";
import type { ScanConflict } from "../domain/box-office/commands";
import type { Scan } from "../domain/box-office/state";
import { MAX_TOKEN_CHARS } from "../domain/ticket-token";
import { isoOf, lineOf, moment, timestamp } from "./fields";

const MAX_GATE_NAME_CHARS = 60;
const MAX_REASON_CHARS = 200;
const MAX_NONCE_CHARS = 64;
const TICKET_ID = "tkt_01HZ3KQ8R5ABCD1234WXYZ5678";
const TICKET_NUMBER = "01HZ 3KQ8 R5AB CD12 34WX YZ56 78K7 P2QR";

export const ticketSchema = z
  .object({
    id: z.string(),
    bookingId: z.string(),
    eventId: z.string(),
    seatId: z.string(),
    status: z.enum(["VALID", "REVOKED"]).openapi({ description: "`REVOKED` once its seat was cancelled or refunded." }),
    price: z.int().openapi({ description: "As it was booked: what comes back if it is cancelled in time." }),
    currency: z.string(),
    token: z.string().nullable().openapi({ description: "What its code says; null once it is revoked." }),
    number: z
      .string()
      .nullable()
      .openapi({ description: "Printed under the code, to be typed in where it cannot be scanned." }),
    qr: z.string().nullable().openapi({ description: "The code as an SVG image, to be shown as it is." }),
    checkedInAt: timestamp.nullable(),
    gate: z.string().nullable().openapi({ description: "Where its guest came in." }),
  })
  .openapi("Ticket");

export const ticketExample = {
  id: TICKET_ID,
  bookingId: "bkg_01HZ3ABC",
  eventId: "evnt_01HX1ABC",
  seatId: "seat_A1",
  status: "VALID" as const,
  price: 25_000,
  currency: "GBP",
  token: "eyJhbGciOiJFZERTQSIsImtpZCI6ImF…",
  number: TICKET_NUMBER,
  qr: "data:image/svg+xml,%3Csvg…",
  checkedInAt: null,
  gate: null,
};

export function ticketJson({ code, entry, ...ticket }: TicketView): z.input<typeof ticketSchema> {
  return {
    id: ticket.id,
    bookingId: ticket.bookingId,
    eventId: ticket.eventId,
    seatId: ticket.seatId,
    status: ticket.status,
    price: ticket.price.amountMinor,
    currency: ticket.price.currency,
    token: code?.token ?? null,
    number: code?.number ?? null,
    qr: code && `data:image/svg+xml,${encodeURIComponent(code.svg)}`,
    checkedInAt: entry && isoOf(entry.atMs),
    gate: entry?.gate ?? null,
  };
}

const ticketKey = z
  .object({
    kty: z.literal("OKP"),
    crv: z.literal("Ed25519"),
    x: z.string(),
    kid: z.string(),
    alg: z.literal("EdDSA"),
    use: z.literal("sig"),
  })
  .openapi("TicketKey");

export const ticketKeysSchema = z.object({ keys: z.array(ticketKey) }).openapi("TicketKeys", {
  description: "A JWK set (RFC 7517). The last key signs, all verify.",
});

export const gateBody = z
  .strictObject({
    name: lineOf(1, MAX_GATE_NAME_CHARS),
    opensAt: moment
      .optional()
      .openapi({ description: "When tickets are taken here; otherwise 4 hours before the start." }),
    expiresAt: moment
      .optional()
      .openapi({ description: "Until when the token is good; otherwise a day after the doors close." }),
  })
  .openapi("NewGate");

const gateFields = {
  id: z.string(),
  eventId: z.string(),
  name: z.string(),
  opensAt: timestamp.nullable(),
  expiresAt: timestamp,
  revokedAt: timestamp.nullable(),
  createdAt: timestamp,
};

export const gateSchema = z.object(gateFields).openapi("Gate");

export const createdGateSchema = z
  .object({
    ...gateFields,
    token: z.string().openapi({ description: "Said here and never again." }),
    scannerUrl: z
      .string()
      .openapi({ description: "Opens the gate page with the token; show it to the scanner as a code." }),
  })
  .openapi("CreatedGate");

export const countedGateSchema = z
  .object({
    ...gateFields,
    checkedIn: z.int(),
    conflicts: z.int().openapi({ description: "Scans made offline with a ticket that was used or revoked already." }),
  })
  .openapi("CountedGate", { description: `An event has at most ${MAX_GATES}.` });

export const gateExample = {
  id: "gate_01HX7GAT",
  eventId: "evnt_01HX1ABC",
  name: "North door",
  opensAt: null,
  expiresAt: "2027-09-17T01:30:00.000Z",
  revokedAt: null,
  createdAt: "2027-09-01T09:00:00.000Z",
};

export function gateJson(gate: Gate): z.input<typeof gateSchema> {
  return {
    id: gate.id,
    eventId: gate.eventId,
    name: gate.name,
    opensAt: gate.opensAtMs === null ? null : isoOf(gate.opensAtMs),
    expiresAt: isoOf(gate.expiresAtMs),
    revokedAt: gate.revokedAtMs === null ? null : isoOf(gate.revokedAtMs),
    createdAt: isoOf(gate.createdAtMs),
  };
}

export function countedGateJson({ gate, checkedIn, conflicts }: CountedGate): z.input<typeof countedGateSchema> {
  return { ...gateJson(gate), checkedIn, conflicts };
}

export const bundleSchema = z
  .object({
    event: z.object({ id: z.string(), name: z.string(), startsAt: timestamp, endsAt: timestamp }),
    gate: z.object({ id: z.string(), name: z.string(), expiresAt: timestamp }),
    window: z.object({ opensAt: timestamp, closesAt: timestamp }),
    keys: z.array(ticketKey),
    revoked: z.object({
      version: z.int().openapi({ description: "Grows whenever a ticket is revoked." }),
      tickets: z.array(z.string()),
    }),
  })
  .openapi("GateBundle");

export function bundleJson({ event, gate, window, keys, revoked }: GateBundle): z.input<typeof bundleSchema> {
  return {
    event: { id: event.id, name: event.name, startsAt: isoOf(event.startsAtMs), endsAt: isoOf(event.endsAtMs) },
    gate: { id: gate.id, name: gate.name, expiresAt: isoOf(gate.expiresAtMs) },
    window: { opensAt: isoOf(window.opensAtMs), closesAt: isoOf(window.closesAtMs) },
    keys: [...keys],
    // The list only grows, so its length is its version.
    revoked: { version: revoked.length, tickets: [...revoked] },
  };
}

const ticketText = z.string().min(1).max(MAX_TOKEN_CHARS).openapi({
  description: "The text of the ticket's code, or its number as somebody typed it in.",
  example: TICKET_NUMBER,
});
const nonce = z
  .string()
  .min(8)
  .max(MAX_NONCE_CHARS)
  .regex(/^[\x21-\x7e]+$/, "must be visible ASCII")
  .openapi({ description: "Made by the scanner for this scan: a repeat of it is known, and answered alike." });

export const checkInBody = z
  .strictObject({ ticket: ticketText, nonce, scannedAt: moment.optional() })
  .openapi("CheckIn");

export const batchBody = z
  .strictObject({
    scans: z
      .array(z.strictObject({ ticket: ticketText, nonce, scannedAt: moment }))
      .min(1)
      .max(MAX_BATCH),
    sentAt: moment
      .optional()
      .openapi({ description: "What the scanner's clock says now: scans of one that is wrong are put right." }),
  })
  .openapi("CheckInBatch");

const scanSchema = z.object({ gateId: z.string(), gate: z.string(), scannedAt: timestamp, nonce: z.string() });

export const scanAnswerSchema = z
  .object({
    nonce: z.string(),
    result: z
      .enum(["ok", "already_used", "revoked", "wrong_event", "too_early", "expired", "invalid"])
      .openapi({ description: "Only `ok` lets somebody in. `expired`: the event is over." }),
    reason: z
      .enum(["malformed", "unknown_key", "bad_signature", "unknown_ticket", "unverified"])
      .nullable()
      .openapi({ description: "Of `invalid`: why." }),
    ticketId: z.string().nullable(),
    seatId: z.string().nullable(),
    entry: scanSchema
      .nullable()
      .openapi({ description: "The scan that let its guest in: this one if `ok`, another if `already_used`." }),
  })
  .openapi("ScanAnswer");

export const scanAnswerExample = {
  nonce: "0f8fad5b-d9cb-469f-a165-70867728950e",
  result: "already_used" as const,
  reason: null,
  ticketId: TICKET_ID,
  seatId: "seat_A1",
  entry: {
    gateId: "gate_01HX7GAT",
    gate: "North door",
    scannedAt: "2027-09-15T18:04:11.000Z",
    nonce: "7c9e6679-7425-40de-944b-e07fc1f90ae7",
  },
};

const conflictSchema = z
  .object({ ticketId: z.string(), seatId: z.string().nullable(), winner: scanSchema, others: z.array(scanSchema) })
  .openapi("ScanConflict");

export const batchAnswerSchema = z
  .object({
    answers: z.array(scanAnswerSchema).openapi({ description: "In the order of the scans." }),
    conflicts: z.array(conflictSchema).openapi({
      description:
        "Tickets of this batch that were used more than once: the earliest scan counts, the others are here.",
    }),
  })
  .openapi("BatchAnswer");

export function scanAnswerJson(answer: ShownAnswer): z.input<typeof scanAnswerSchema> {
  const { nonce, result, reason, ticketId, seatId, entry } = answer;
  return { nonce, result, reason, ticketId, seatId, entry: entry && scanJson(entry) };
}

export function batchAnswerJson({ answers, conflicts }: BatchAnswer): z.input<typeof batchAnswerSchema> {
  return { answers: answers.map(scanAnswerJson), conflicts: conflicts.map(conflictJson) };
}

function conflictJson({ ticketId, seatId, winner, others }: ScanConflict): z.input<typeof conflictSchema> {
  return { ticketId, seatId, winner: scanJson(winner), others: others.map(scanJson) };
}

export function scanJson({ gateId, gate, atMs, nonce }: Scan): z.input<typeof scanSchema> {
  return { gateId, gate, scannedAt: isoOf(atMs), nonce };
}

export const undoBody = z
  .strictObject({ reason: lineOf(1, MAX_REASON_CHARS).openapi({ description: "Kept in the event's journal." }) })
  .openapi("UndoCheckIn");

export const undoneSchema = z
  .object({ ticketId: z.string(), seatId: z.string(), undone: scanSchema })
  .openapi("UndoneCheckIn");
