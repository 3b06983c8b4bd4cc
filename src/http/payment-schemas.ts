// Payments on the wire. The client secret appears only where its owner must authenticate.

import { z } from "@hono/zod-openapi";
import type { PaymentReading } from "../app/payments";
import { bookingSchema, paymentMethod } from "./booking-schemas";
import { isoOf, timestamp } from "./fields";
import { idText } from "./lock-schemas";

export const intentBody = z
  .strictObject({
    bookingId: idText.openapi({ example: "bkg_01HZ3ABC" }),
    paymentMethod: paymentMethod.optional(),
    force: z
      .enum(["success", "failure", "timeout"])
      .openapi({ description: "Instead of `paymentMethod`, with the payment simulator only." })
      .optional(),
  })
  .superRefine(({ paymentMethod: method, force }, context) => {
    const problem = (path: string, message: string) => context.addIssue({ code: "custom", path: [path], message });
    if (method === undefined && force === undefined) problem("paymentMethod", "is required");
    if (method !== undefined && force !== undefined) problem("force", "must not stand beside paymentMethod");
  });

const clientSecret = z.string().openapi({ description: "Finishes the authentication; for the buyer alone." });

export const intentSchema = z
  .object({
    paymentStatus: z.enum(["SUCCESS", "FAILED", "TIMEOUT", "REQUIRES_ACTION"]),
    booking: bookingSchema,
    clientSecret: clientSecret.optional(),
  })
  .openapi("PaidIntent");

export const paymentSchema = z
  .object({
    id: z.string(),
    bookingId: z.string(),
    userId: z.string(),
    amount: z.int(),
    currency: z.string(),
    status: z.enum([
      "PENDING",
      "REQUIRES_ACTION",
      "AUTHORISED",
      "SUCCESS",
      "FAILED",
      "CANCELLED",
      "REFUND_PENDING",
      "PARTIALLY_REFUNDED",
      "REFUNDED",
      "REFUND_FAILED",
    ]),
    providerTransactionId: z.string().nullable(),
    processedAt: timestamp.nullable(),
    clientSecret: clientSecret.optional(),
  })
  .openapi("Payment");

export function paymentJson(reading: PaymentReading): z.input<typeof paymentSchema> {
  const { booking, payment } = reading;
  return {
    id: payment.id,
    bookingId: booking.id,
    userId: booking.userId,
    amount: payment.amountMinor,
    currency: payment.currency,
    status: payment.status,
    providerTransactionId: payment.transactionId,
    processedAt: payment.processedAtMs === null ? null : isoOf(payment.processedAtMs),
    ...(reading.clientSecret !== null && { clientSecret: reading.clientSecret }),
  };
}

export const paymentExample: z.input<typeof paymentSchema> = {
  id: "pay_01HZ5DEF",
  bookingId: "bkg_01HZ3ABC",
  userId: "usr_01HX9ABC456",
  amount: 15_000,
  currency: "GBP",
  status: "SUCCESS",
  providerTransactionId: "ch_3PQR7sSt8uVwXyZ9",
  processedAt: "2027-06-15T14:22:03.000Z",
};
