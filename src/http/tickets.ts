// Tickets over HTTP: a buyer's own, and the public keys that verify every ticket's code.

import { z } from "@hono/zod-openapi";
import { listTickets } from "../app/tickets";
import { addEndpoint, answer } from "./endpoint";
import { collectionOf, page, paginate, perPage } from "./fields";
import { createGroup } from "./honoenv";
import { ticketExample, ticketJson, ticketKeysSchema, ticketSchema } from "./ticket-schemas";

/** A key is new for everybody a few minutes after it was put in. */
const KEYS_MAX_AGE = "public, max-age=300";

export const ticketRoutes = createGroup();

addEndpoint(
  ticketRoutes,
  {
    method: "get",
    path: "/api/bookings/{id}/tickets",
    id: "listTickets",
    service: "Door",
    summary: "Your tickets of a booking, one for each seat",
    description:
      "A booking that is not confirmed has none. The code is for its owner alone: whoever shows it first is let in.",
    access: "user",
    query: z.strictObject({ page, perPage }),
    answers: {
      200: {
        description: "A page of them, in the order of the seats.",
        schema: collectionOf(ticketSchema),
        example: { data: [ticketExample], pagination: { page: 1, perPage: 20, total: 1, totalPages: 1 } },
      },
    },
    refusals: ["BOOKING_NOT_FOUND", "FORBIDDEN"],
  },
  async ({ deps, viewer, params, query, origin }) => {
    const found = await listTickets(deps, viewer, params.id, origin);
    if (!found.ok) return found;
    const start = (query.page - 1) * query.perPage;
    const data = found.value.slice(start, start + query.perPage).map(ticketJson);
    return answer(200, { data, pagination: paginate(query, found.value.length) });
  },
);

addEndpoint(
  ticketRoutes,
  {
    method: "get",
    path: "/.well-known/ticket-keys.json",
    id: "listTicketKeys",
    service: "Door",
    summary: "The public keys of tickets",
    access: "public",
    answers: { 200: { description: "A JWK set.", schema: ticketKeysSchema } },
  },
  async ({ deps }) => answer(200, { keys: [...deps.ticketTokens.keys] }, { "Cache-Control": KEYS_MAX_AGE }),
);
