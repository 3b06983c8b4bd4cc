// Bookings on the wire: the documented fields, and what the sale adds to them.

import { z } from "@hono/zod-openapi";
import type { BookingRequest } from "../app/bookings";
import type { BookingListing } from "../app/ports";
import type { Cancellation } from "../domain/box-office/commands";
import { isoOf, page, perPage, timestamp } from "./fields";
import { idText, seatIdList } from "./lock-schemas";

export const bookingStatus = z.enum(["PENDING", "PAYMENT_PENDING", "CONFIRMED", "FAILED", "EXPIRED", "CANCELLED"]);

/** A provider's name for a card: visible ASCII, as all of theirs are. */
const TOKEN = /^[\x21-\x7e]{1,255}$/;

export const paymentMethod = z
  .strictObject({
    type: z.literal("card"),
    token: z
      .string()
      .regex(TOKEN, "must be 1 to 255 visible ASCII characters")
      .openapi({ description: "A Stripe payment method token.", example: "pm_card_visa" }),
  })
  .openapi("PaymentMethod");

export const bookingBody = z
  .strictObject({
    eventId: idText.openapi({ example: "evnt_01HX1ABC" }).optional(),
    seatIds: seatIdList.optional(),
    lockId: idText.openapi({ description: "Instead of `seatIds`; then `eventId` may be left out." }).optional(),
    paymentMethod: paymentMethod
      .openapi({ description: "Without one the booking waits for a payment intent." })
      .optional(),
  })
  .superRefine(({ eventId, seatIds, lockId }, context) => {
    const problem = (path: string, message: string) => context.addIssue({ code: "custom", path: [path], message });
    if (lockId !== undefined && seatIds !== undefined) problem("lockId", "must not stand beside seatIds");
    if (lockId === undefined && eventId === undefined) problem("eventId", "is required");
    if (lockId === undefined && seatIds === undefined) problem("seatIds", "is required");
  });

/** What the body asks for. It has exactly one of the two: the schema saw to that. */
export function bookingRequestOf(body: z.output<typeof bookingBody>): BookingRequest {
  const { eventId, lockId, paymentMethod: method } = body;
  return {
    source:
      lockId === undefined
        ? { eventId: eventId ?? "", seatIds: body.seatIds ?? [] }
        : { eventId: eventId ?? null, lockId },
    method: method ? { token: method.token, force: null } : null,
  };
}

export const acceptedSchema = z
  .object({ bookingId: z.string(), status: z.enum(["PENDING", "PAYMENT_PENDING"]), message: z.string() })
  .openapi("AcceptedBooking");

export const confirmBody = z.strictObject({ lockId: idText.openapi({ example: "lock_01HZ3KQ8R5ABCD1234WXYZ5678" }) });

export const cancelBody = z.strictObject({
  seatIds: seatIdList.openapi({ description: "Only these of the booking's seats; without them, all." }).optional(),
});

export const myBookingsQuery = z.strictObject({ status: bookingStatus.optional(), page, perPage });

export const bookingItemSchema = z
  .object({
    id: z.string(),
    eventId: z.string(),
    eventName: z.string(),
    eventDate: timestamp,
    seatIds: z.array(z.string()),
    status: bookingStatus,
    totalAmount: z.int().openapi({ description: "In minor units: 15000 is £150.00." }),
    currency: z.string(),
    createdAt: timestamp,
    confirmedAt: timestamp.nullable(),
  })
  .openapi("BookingItem");

export const bookingSchema = bookingItemSchema
  .extend({
    userId: z.string(),
    venueName: z.string().nullable(),
    paymentId: z.string().nullable().openapi({ description: "From the first try to pay on." }),
    lockId: z.string(),
    paymentExpiresAt: timestamp.openapi({ description: "Until when it must be paid, while it is not." }),
    failureReason: z.enum(["SEATS_UNAVAILABLE", "PAYMENT_FAILED", "INTERNAL_ERROR"]).nullable(),
    failureDetail: z.string().nullable(),
    cancelledSeatIds: z.array(z.string()).openapi({ description: "Seats given back one by one." }),
    cancelledAt: timestamp.nullable(),
  })
  .openapi("Booking");

export function bookingItemJson(listing: BookingListing): z.input<typeof bookingItemSchema> {
  const { record } = listing;
  return {
    id: record.id,
    eventId: record.eventId,
    eventName: listing.eventName,
    eventDate: isoOf(listing.eventStartsAtMs),
    seatIds: [...record.seatIds],
    status: record.status,
    totalAmount: record.totalMinor,
    currency: record.currency,
    createdAt: isoOf(record.createdAtMs),
    confirmedAt: isoOrNull(record.confirmedAtMs),
  };
}

export function bookingJson(listing: BookingListing): z.input<typeof bookingSchema> {
  const { record, venueName } = listing;
  return {
    ...bookingItemJson(listing),
    userId: record.userId,
    venueName,
    paymentId: record.payment?.id ?? null,
    lockId: record.lockId,
    paymentExpiresAt: isoOf(record.paymentExpiresAtMs),
    failureReason: record.failure?.reason ?? null,
    failureDetail: record.failure?.detail ?? null,
    cancelledSeatIds: [...record.cancelledSeatIds],
    cancelledAt: isoOrNull(record.cancelledAtMs),
  };
}

export const cancellationSchema = z
  .object({
    bookingId: z.string(),
    status: z.enum(["CANCELLED", "CONFIRMED"]).openapi({ description: "CONFIRMED while seats are left." }),
    cancelledSeatIds: z.array(z.string()).optional().openapi({ description: "Of a partial cancellation: its seats." }),
    refundAmount: z.int(),
    currency: z.string(),
    cancelledAt: timestamp,
  })
  .openapi("Cancellation");

export function cancellationJson(cancellation: Cancellation): z.input<typeof cancellationSchema> {
  const { booking, cancelledSeatIds, refundMinor, atMs } = cancellation;
  const isWhole = booking.status === "CANCELLED";
  return {
    bookingId: booking.id,
    status: isWhole ? "CANCELLED" : "CONFIRMED",
    ...(!isWhole && { cancelledSeatIds: [...cancelledSeatIds] }),
    refundAmount: refundMinor,
    currency: booking.currency,
    cancelledAt: isoOf(atMs),
  };
}

function isoOrNull(ms: number | null): string | null {
  return ms === null ? null : isoOf(ms);
}

const itemExample: z.input<typeof bookingItemSchema> = {
  id: "bkg_01HZ3ABC",
  eventId: "evnt_01HX1ABC",
  eventName: "Coldplay: Music of the Spheres",
  eventDate: "2027-09-15T19:30:00.000Z",
  seatIds: ["seat_A1", "seat_A2"],
  status: "CONFIRMED",
  totalAmount: 15_000,
  currency: "GBP",
  createdAt: "2027-06-15T14:22:00.000Z",
  confirmedAt: "2027-06-15T14:22:03.000Z",
};

export const bookingListExample = {
  data: [itemExample],
  pagination: { page: 1, perPage: 20, total: 1, totalPages: 1 },
};

export const bookingExample: z.input<typeof bookingSchema> = {
  ...itemExample,
  userId: "usr_01HX9ABC456",
  venueName: "O2 Arena",
  paymentId: "pay_01HZ5DEF",
  lockId: "lock_01HZ3KQ8R5ABCD1234WXYZ5678",
  paymentExpiresAt: "2027-06-15T14:32:00.000Z",
  failureReason: null,
  failureDetail: null,
  cancelledSeatIds: [],
  cancelledAt: null,
};

export const cancellationExample: z.input<typeof cancellationSchema> = {
  bookingId: "bkg_01HZ3ABC",
  status: "CANCELLED",
  refundAmount: 15_000,
  currency: "GBP",
  cancelledAt: "2027-06-16T09:00:00.000Z",
};
