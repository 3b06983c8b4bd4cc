// What operators are shown: the consistency check, journal entries with their facts, dead letters.

import { z } from "@hono/zod-openapi";
import { isReplayable } from "../app/admin";
import type { Consistency } from "../app/admin-consistency";
import type { EntryView } from "../app/admin-journal";
import type { DeadLetter } from "../app/ports";
import { isoOf, timestamp } from "./fields";

export const consistencySchema = z
  .object({
    ok: z.boolean(),
    events: z.int().openapi({ description: "How many were looked at." }),
    bookings: z.record(z.string(), z.int()).openapi({ description: "By status." }),
    outbox: z.int().openapi({ description: "Effects that are owed." }),
    nonTerminal: z.int().openapi({ description: "Bookings that have not ended." }),
    violations: z.array(z.object({ invariant: z.string(), detail: z.string() })),
    truncated: z.literal(true).optional().openapi({ description: "Appears when something was left out." }),
  })
  .openapi("Consistency");

export function consistencyJson({ truncated, ...found }: Consistency): z.input<typeof consistencySchema> {
  const { bookings, violations, ...counts } = found;
  return { ...counts, bookings: { ...bookings }, violations: [...violations], ...(truncated && { truncated }) };
}

export const consistencyExample: z.input<typeof consistencySchema> = {
  ok: true,
  events: 4,
  bookings: { CONFIRMED: 12 },
  outbox: 0,
  nonTerminal: 0,
  violations: [],
};

const factSchema = z
  .object({
    eventId: z.string().openapi({ description: "The fact's own id.", example: "evt_01HX9ABC456" }),
    eventType: z.string(),
    occurredAt: timestamp,
    payload: z.record(z.string(), z.unknown()),
  })
  .openapi("Fact");

const seatStatus = z.enum(["AVAILABLE", "LOCKED", "RESERVED", "BLOCKED", "REMOVED"]);

export const entrySchema = z
  .object({
    seq: z.int(),
    occurredAt: timestamp,
    actor: z.string().openapi({ description: "A user id, `system` for time passing, `provider` for news of money." }),
    requestId: z.string(),
    facts: z.array(factSchema),
    seatChanges: z.array(z.object({ seatId: z.string(), status: seatStatus })),
  })
  .openapi("JournalEntry");

export function entryJson({ entry, facts, seatChanges }: EntryView): z.input<typeof entrySchema> {
  return {
    seq: entry.seq,
    occurredAt: isoOf(entry.atMs),
    actor: entry.actor,
    requestId: entry.requestId,
    facts: facts.map(({ id, type, atMs, payload }) => ({
      eventId: id,
      eventType: type,
      occurredAt: isoOf(atMs),
      payload: { ...payload },
    })),
    seatChanges: seatChanges.map(({ seatId, status }) => ({ seatId, status: SEAT_STATUSES[status] })),
  };
}

const SEAT_STATUSES = { A: "AVAILABLE", L: "LOCKED", R: "RESERVED", B: "BLOCKED", X: "REMOVED" } as const;

export const entryExample: z.input<typeof entrySchema> = {
  seq: 2,
  occurredAt: "2027-06-01T10:00:00.000Z",
  actor: "usr_01HX9ABC456",
  requestId: "req_01HZ3KQ8R5V9T2W7X4Y6ABCDEF",
  facts: [
    {
      eventId: "evt_01HX9ABC456",
      eventType: "seats.locked",
      occurredAt: "2027-06-01T10:00:00.000Z",
      payload: {
        lockId: "lock_01HZ3KQ8R5ABCD1234WXYZ5678",
        eventId: "evnt_01HX1ABC",
        seatIds: ["seat_A1"],
        lockExpiresAt: "2027-06-01T10:05:00.000Z",
      },
    },
  ],
  seatChanges: [{ seatId: "seat_A1", status: "LOCKED" }],
};

export const deadLetterSchema = z
  .object({
    id: z.string(),
    queue: z.string(),
    reason: z.string(),
    attempts: z.int(),
    payload: z.unknown().openapi({ description: "The original message; as text, if it is no JSON." }),
    notedAt: timestamp,
    replayable: z
      .boolean()
      .openapi({ description: "Whether it can be done again; what only people can see to cannot." }),
    replayedAt: timestamp.nullable(),
    closedAt: timestamp.nullable().openapi({ description: "When somebody saw to it otherwise." }),
  })
  .openapi("DeadLetter");

export const closeBody = z.strictObject({ paidBack: z.boolean().optional() }).openapi("CloseDeadLetter");

export function deadLetterJson(letter: DeadLetter): z.input<typeof deadLetterSchema> {
  const { id, queue, reason, attempts, notedAtMs, replayedAtMs, closedAtMs } = letter;
  return {
    id,
    queue,
    reason,
    attempts,
    payload: payloadOf(letter.body),
    notedAt: isoOf(notedAtMs),
    replayable: isReplayable(letter),
    replayedAt: replayedAtMs === null ? null : isoOf(replayedAtMs),
    closedAt: closedAtMs === null ? null : isoOf(closedAtMs),
  };
}

function payloadOf(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return body;
  }
}
