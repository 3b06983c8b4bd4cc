// Paying over HTTP, and what became of a payment.

import { z } from "@hono/zod-openapi";
import { payBooking, readPayment, readPaymentOfBooking } from "../app/payments";
import { bookingExample, bookingJson, bookingSchema } from "./booking-schemas";
import { addEndpoint, answer } from "./endpoint";
import { createGroup } from "./honoenv";
import { intentBody, intentSchema, paymentExample, paymentJson, paymentSchema } from "./payment-schemas";

export const paymentRoutes = createGroup();

addEndpoint(
  paymentRoutes,
  {
    method: "post",
    path: "/api/payments/intent",
    id: "payBooking",
    service: "Payments",
    summary: "Pay for a booking that waits",
    description:
      "A declined card ends this try only; after five the booking runs out. With REQUIRES_ACTION, finish the " +
      "authentication with `clientSecret`, then poll the booking. `force` is the simulator's, in development.",
    access: "user",
    keyed: true,
    body: intentBody,
    bodyExample: { bookingId: "bkg_01HZ3ABC", paymentMethod: { type: "card", token: "pm_card_visa" } },
    answers: {
      200: {
        description: "What it came to.",
        schema: intentSchema,
        example: { paymentStatus: "SUCCESS", booking: bookingExample },
      },
      202: {
        description: "Not known yet: poll the booking.",
        schema: z.object({ paymentStatus: z.literal("PROCESSING"), booking: bookingSchema }),
      },
    },
    refusals: ["BOOKING_NOT_FOUND", "FORBIDDEN", "PAYMENT_IN_PROGRESS", "PAYMENT_NOT_ALLOWED"],
  },
  async ({ deps, viewer, body, origin }) => {
    const method = { token: body.paymentMethod?.token ?? null, force: body.force ?? null };
    const paid = await payBooking(deps, viewer.id, { bookingId: body.bookingId, method }, origin);
    if (!paid.ok) return paid;
    const { result, clientSecret } = paid.value;
    const booking = bookingJson(paid.value.booking);
    if (result === "PROCESSING") return answer(202, { paymentStatus: result, booking });
    return answer(200, { paymentStatus: result, booking, ...(clientSecret !== null && { clientSecret }) });
  },
);

addEndpoint(
  paymentRoutes,
  {
    method: "get",
    path: "/api/payments/{id}",
    id: "getPayment",
    service: "Payments",
    summary: "A payment of yours",
    access: "user",
    answers: { 200: { description: "The payment.", schema: paymentSchema, example: paymentExample } },
    refusals: ["PAYMENT_NOT_FOUND", "FORBIDDEN"],
  },
  async ({ deps, viewer, params, origin }) => {
    const found = await readPayment(deps, viewer, params.id, origin);
    return found.ok ? answer(200, paymentJson(found.value)) : found;
  },
);

addEndpoint(
  paymentRoutes,
  {
    method: "get",
    path: "/api/payments/booking/{bookingId}",
    id: "getPaymentOfBooking",
    service: "Payments",
    summary: "The payment of a booking",
    access: "user",
    answers: { 200: { description: "The payment.", schema: paymentSchema, example: paymentExample } },
    refusals: ["PAYMENT_NOT_FOUND", "FORBIDDEN"],
  },
  async ({ deps, viewer, params, origin }) => {
    const found = await readPaymentOfBooking(deps, viewer, params.bookingId, origin);
    return found.ok ? answer(200, paymentJson(found.value)) : found;
  },
);
