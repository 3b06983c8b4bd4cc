// For operators: whether everything agrees, what happened to an event, and the messages that a queue gave up.

import { z } from "@hono/zod-openapi";
import { closeDeadLetter, listDeadLetters, replayDeadLetter } from "../app/admin";
import { checkConsistency } from "../app/admin-consistency";
import { readJournal } from "../app/admin-journal";
import { readReport } from "../app/admin-report";
import { listAllEvents } from "../app/events";
import {
  closeBody,
  consistencyExample,
  consistencyJson,
  consistencySchema,
  deadLetterJson,
  deadLetterSchema,
  entryExample,
  entryJson,
  entrySchema,
} from "./admin-schemas";
import { addEndpoint, answer } from "./endpoint";
import { eventCollection, searchText } from "./event-schemas";
import { eventItemOf } from "./events";
import { collectionOf, page, paginate, perPage } from "./fields";
import { createGroup } from "./honoenv";
import { idText } from "./lock-schemas";
import { reportExample, reportJson, reportSchema } from "./report-schemas";

export const adminRoutes = createGroup();

addEndpoint(
  adminRoutes,
  {
    method: "get",
    path: "/api/admin/consistency",
    id: "checkConsistency",
    service: "Operations",
    summary: "Check every invariant over what is there now",
    description: "Of one event, or of the 50 most recently active; `truncated` says that something was left out.",
    access: "admin",
    query: z.strictObject({ eventId: idText.optional() }),
    answers: {
      200: { description: "What was found.", schema: consistencySchema, example: consistencyExample },
    },
    refusals: ["EVENT_NOT_FOUND"],
  },
  async ({ deps, query, origin }) => {
    const checked = await checkConsistency(deps, query.eventId ?? null, origin);
    return checked.ok ? answer(200, consistencyJson(checked.value)) : checked;
  },
);

addEndpoint(
  adminRoutes,
  {
    method: "get",
    path: "/api/admin/events",
    id: "listAllEvents",
    service: "Operations",
    summary: "Every event, past ones too, the latest first",
    access: "admin",
    query: z.strictObject({ page, perPage, q: searchText }),
    answers: { 200: { description: "A page of events.", schema: eventCollection } },
  },
  async ({ deps, query }) => {
    const { q: text = null, ...paging } = query;
    const { items, total } = await listAllEvents(deps, { text, ...paging });
    return answer(200, { data: items.map(eventItemOf), pagination: paginate(query, total) });
  },
);

addEndpoint(
  adminRoutes,
  {
    method: "get",
    path: "/api/admin/events/{id}/report",
    id: "readReport",
    service: "Operations",
    summary: "What an event has sold: seats, money, by tier and over time",
    description:
      "Seats are exact at this moment; money is what confirmed bookings are worth after cancellations, a few seconds " +
      "behind at most. A booking over several tiers counts for each by its seats' prices in force.",
    access: "admin",
    answers: { 200: { description: "The report.", schema: reportSchema, example: reportExample } },
    refusals: ["EVENT_NOT_FOUND"],
  },
  async ({ deps, params, origin }) => {
    const read = await readReport(deps, params.id, origin);
    return read.ok ? answer(200, reportJson(read.value)) : read;
  },
);

addEndpoint(
  adminRoutes,
  {
    method: "get",
    path: "/api/admin/events/{id}/journal",
    id: "readJournal",
    service: "Operations",
    summary: "Everything that happened to an event, oldest first",
    description:
      "Every command that changed something is one entry, with its facts: amounts, seats and reasons as they were then, " +
      "names, addresses and the event's date as they are now. What an older release did not keep is null. No payment " +
      "token is shown.",
    access: "admin",
    query: z.strictObject({ page, perPage }),
    answers: {
      200: {
        description: "A page of the journal.",
        schema: collectionOf(entrySchema),
        example: { data: [entryExample], pagination: { page: 1, perPage: 20, total: 1, totalPages: 1 } },
      },
    },
    refusals: ["EVENT_NOT_FOUND"],
  },
  async ({ deps, params, query, origin }) => {
    const read = await readJournal(deps, params.id, query, origin);
    if (!read.ok) return read;
    return answer(200, { data: read.value.items.map(entryJson), pagination: paginate(query, read.value.total) });
  },
);

addEndpoint(
  adminRoutes,
  {
    method: "get",
    path: "/api/admin/dead-letters",
    id: "listDeadLetters",
    service: "Operations",
    summary: "Messages that a queue gave up, newest first",
    access: "admin",
    query: z.strictObject({
      page,
      perPage,
      open: z
        .enum(["true", "false"])
        .optional()
        .openapi({ description: "`true`: those that were neither replayed nor closed; `false`: the others." }),
    }),
    answers: { 200: { description: "A page of them.", schema: collectionOf(deadLetterSchema) } },
  },
  async ({ deps, query }) => {
    const { open, ...paging } = query;
    const { items, total } = await listDeadLetters(deps, {
      open: open === undefined ? null : open === "true",
      ...paging,
    });
    return answer(200, { data: items.map(deadLetterJson), pagination: paginate(query, total) });
  },
);

addEndpoint(
  adminRoutes,
  {
    method: "post",
    path: "/api/admin/dead-letters/{id}/replay",
    id: "replayDeadLetter",
    service: "Operations",
    summary: "Have a message done again",
    description:
      "Makes what it asked for due now. Replaying twice does nothing twice: what is not owed any more is " +
      "`NOTHING_TO_REPLAY`, and the message stays open. One that was replayed and fails again is open again.",
    access: "admin",
    answers: { 200: { description: "The message, replayed.", schema: deadLetterSchema } },
    refusals: ["DEAD_LETTER_NOT_FOUND", "EVENT_NOT_FOUND", "NOTHING_TO_REPLAY"],
  },
  async ({ deps, params, origin }) => {
    const replayed = await replayDeadLetter(deps, params.id, origin);
    return replayed.ok ? answer(200, deadLetterJson(replayed.value)) : replayed;
  },
);

addEndpoint(
  adminRoutes,
  {
    method: "post",
    path: "/api/admin/dead-letters/{id}/close",
    id: "closeDeadLetter",
    service: "Operations",
    summary: "Note that a message was seen to",
    description:
      "For what cannot be replayed, or need not be. It stays in the list; closing twice changes nothing. With " +
      "`paidBack`, a refund that failed counts as done: its buyer got the money in another way.",
    access: "admin",
    body: closeBody,
    bodyExample: { paidBack: true },
    answers: { 200: { description: "The message, closed.", schema: deadLetterSchema } },
    refusals: ["DEAD_LETTER_NOT_FOUND", "EVENT_NOT_FOUND"],
  },
  async ({ deps, params, body, origin }) => {
    const closed = await closeDeadLetter(deps, params.id, body.paidBack ?? false, origin);
    return closed.ok ? answer(200, deadLetterJson(closed.value)) : closed;
  },
);
