// Buying over HTTP: book at once, or confirm what is held; look, list, cancel.

import { cancelBooking, confirmBooking, createBooking, listMyBookings, readBooking } from "../app/bookings";
import {
  acceptedSchema,
  bookingBody,
  bookingExample,
  bookingItemJson,
  bookingItemSchema,
  bookingJson,
  bookingListExample,
  bookingRequestOf,
  bookingSchema,
  cancelBody,
  cancellationExample,
  cancellationJson,
  cancellationSchema,
  confirmBody,
  myBookingsQuery,
} from "./booking-schemas";
import { addEndpoint, answer } from "./endpoint";
import { collectionOf, paginate } from "./fields";
import { createGroup } from "./honoenv";

export const bookingRoutes = createGroup();

addEndpoint(
  bookingRoutes,
  {
    method: "post",
    path: "/api/bookings",
    id: "createBooking",
    service: "Bookings",
    summary: "Book seats; the rest happens by itself",
    description:
      "Answers as soon as the booking is durably accepted. With a `paymentMethod` the seats are taken and the card " +
      "is charged in the background: poll the booking. Without one it waits for a payment intent.",
    access: "user",
    keyed: true,
    body: bookingBody,
    bodyExample: {
      eventId: "evnt_01HX1ABC",
      seatIds: ["seat_A1", "seat_A2"],
      paymentMethod: { type: "card", token: "pm_card_visa" },
    },
    answers: {
      202: {
        description: "Accepted.",
        schema: acceptedSchema,
        example: {
          bookingId: "bkg_01HZ3ABC",
          status: "PENDING",
          message: "Booking is being processed. Poll GET /api/bookings/bkg_01HZ3ABC for status.",
        },
      },
    },
    refusals: [
      "INVALID_SEAT_COUNT",
      "EVENT_NOT_FOUND",
      "LOCK_NOT_FOUND",
      "FORBIDDEN",
      "LOCK_ALREADY_CONFIRMED",
      "HOLD_EXPIRED",
      "HOLD_LIMIT",
      "SALES_CLOSED",
    ],
  },
  async ({ deps, viewer, body, origin }) => {
    const accepted = await createBooking(deps, viewer, bookingRequestOf(body), origin);
    if (!accepted.ok) return accepted;
    const { bookingId, status } = accepted.value;
    const address = `/api/bookings/${bookingId}`;
    const message =
      status === "PENDING"
        ? `Booking is being processed. Poll GET ${address} for status.`
        : `Booking is waiting for payment. Pay with POST /api/payments/intent, or poll GET ${address} for status.`;
    return answer(202, { bookingId, status, message }, { Location: address });
  },
);

addEndpoint(
  bookingRoutes,
  {
    method: "post",
    path: "/api/bookings/confirm",
    id: "confirmBooking",
    service: "Bookings",
    summary: "Make a booking of a lock",
    description: "The booking waits for its payment until `paymentExpiresAt`, and holds the seats until then.",
    access: "user",
    keyed: true,
    body: confirmBody,
    answers: {
      201: {
        description: "The booking, waiting for its payment.",
        schema: bookingSchema,
        example: { ...bookingExample, status: "PAYMENT_PENDING" as const, confirmedAt: null, paymentId: null },
      },
    },
    refusals: ["LOCK_NOT_FOUND", "FORBIDDEN", "LOCK_ALREADY_CONFIRMED", "HOLD_EXPIRED", "SALES_CLOSED"],
  },
  async ({ deps, viewer, body, origin }) => {
    const confirmed = await confirmBooking(deps, viewer.id, body.lockId, origin);
    if (!confirmed.ok) return confirmed;
    const { id } = confirmed.value.record;
    return answer(201, bookingJson(confirmed.value), { Location: `/api/bookings/${id}` });
  },
);

addEndpoint(
  bookingRoutes,
  {
    method: "get",
    path: "/api/bookings/my",
    id: "listMyBookings",
    service: "Bookings",
    summary: "Your bookings, newest first",
    access: "user",
    query: myBookingsQuery,
    answers: {
      200: { description: "One page.", schema: collectionOf(bookingItemSchema), example: bookingListExample },
    },
  },
  async ({ deps, viewer, query, origin }) => {
    const filter = { status: query.status ?? null, page: query.page, perPage: query.perPage };
    const { items, total } = await listMyBookings(deps, viewer, filter, origin);
    return answer(200, { data: items.map(bookingItemJson), pagination: paginate(query, total) });
  },
);

addEndpoint(
  bookingRoutes,
  {
    method: "get",
    path: "/api/bookings/{id}",
    id: "getBooking",
    service: "Bookings",
    summary: "A booking of yours",
    access: "user",
    answers: { 200: { description: "The booking.", schema: bookingSchema, example: bookingExample } },
    refusals: ["BOOKING_NOT_FOUND", "FORBIDDEN"],
  },
  async ({ deps, viewer, params, origin }) => {
    const found = await readBooking(deps, viewer, params.id, origin);
    return found.ok ? answer(200, bookingJson(found.value)) : found;
  },
);

addEndpoint(
  bookingRoutes,
  {
    method: "post",
    path: "/api/bookings/{id}/cancel",
    id: "cancelBooking",
    service: "Bookings",
    summary: "Cancel a confirmed booking, or some of its seats",
    description: "Until 24 hours before the start. The seats are free at once, the money comes back in full.",
    access: "user",
    keyed: true,
    body: cancelBody,
    bodyExample: {},
    answers: { 200: { description: "Cancelled.", schema: cancellationSchema, example: cancellationExample } },
    refusals: [
      "INVALID_SEAT_COUNT",
      "BOOKING_NOT_FOUND",
      "FORBIDDEN",
      "BOOKING_NOT_CANCELLABLE",
      "CANCELLATION_WINDOW_EXPIRED",
    ],
  },
  async ({ deps, viewer, params, body, origin }) => {
    const cancelled = await cancelBooking(deps, viewer, params.id, body.seatIds ?? null, origin);
    return cancelled.ok ? answer(200, cancellationJson(cancelled.value)) : cancelled;
  },
);
