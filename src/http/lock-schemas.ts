// Locks on the wire: what a hold is asked for with, and what it looks like.

import { z } from "@hono/zod-openapi";
import { MAX_SEATS } from "../app/locks";
import type { HoldView } from "../domain/box-office/commands";
import { isoOf, tier, timestamp } from "./fields";

/** Text that names something of ours; whether it does is found out later. */
export const idText = z.string();
/** Counted by the use-case, whose refusal has a code of its own. */
export const seatIdList = z
  .array(z.string())
  .openapi({ minItems: 1, maxItems: MAX_SEATS, example: ["seat_A1", "seat_A2"] });

export const lockBody = z
  .strictObject({
    eventId: idText.openapi({ example: "evnt_01HX1ABC" }),
    seatIds: seatIdList.optional(),
    seats: z
      .int()
      .openapi({ description: "How many: the best available are chosen.", minimum: 1, maximum: MAX_SEATS, example: 2 })
      .optional(),
    tier: tier.openapi({ description: "Of these seats only; together with `seats`." }).optional(),
    idempotencyKey: z
      .string()
      .openapi({ description: "The same as the header `Idempotency-Key`.", minLength: 1, maxLength: 255 })
      .optional(),
  })
  .superRefine(({ seatIds, seats, tier }, context) => {
    const problem = (path: string, message: string) => context.addIssue({ code: "custom", path: [path], message });
    if (seatIds === undefined && seats === undefined) problem("seatIds", "or seats is required");
    if (seatIds !== undefined && seats !== undefined) problem("seats", "must not stand beside seatIds");
    if (seatIds !== undefined && tier !== undefined) problem("tier", "must not stand beside seatIds");
  });

export const lockSchema = z
  .object({
    id: z.string(),
    eventId: z.string(),
    userId: z.string(),
    seatIds: z.array(z.string()),
    seats: z.int().openapi({ description: "How many seats." }),
    status: z.enum(["ACTIVE", "CONSUMED", "EXPIRED"]),
    expiresAt: timestamp.openapi({ description: "Of a confirmed lock: until when its booking must be paid." }),
    idempotencyKey: z.string().nullable(),
    bookingId: z.string().nullable(),
    createdAt: timestamp,
    updatedAt: timestamp,
  })
  .openapi("Lock");

export function lockJson(hold: HoldView): z.input<typeof lockSchema> {
  return {
    id: hold.id,
    eventId: hold.eventId,
    userId: hold.userId,
    seatIds: [...hold.seatIds],
    seats: hold.seatIds.length,
    status: hold.status,
    expiresAt: isoOf(hold.expiresAtMs),
    idempotencyKey: hold.clientKey,
    bookingId: hold.bookingId,
    createdAt: isoOf(hold.createdAtMs),
    updatedAt: isoOf(hold.updatedAtMs),
  };
}

export const lockExample: z.input<typeof lockSchema> = {
  id: "lock_01HZ3KQ8R5ABCD1234WXYZ5678",
  eventId: "evnt_01HX1ABC",
  userId: "usr_01HX9ABC456",
  seatIds: ["seat_A1", "seat_A2"],
  seats: 2,
  status: "ACTIVE",
  expiresAt: "2027-06-01T10:05:00.000Z",
  idempotencyKey: "lock-001",
  bookingId: null,
  createdAt: "2027-06-01T10:00:00.000Z",
  updatedAt: "2027-06-01T10:00:00.000Z",
};
