// The live seat feed: a WebSocket, handed to a relay of the event once it was checked.

import { z } from "@hono/zod-openapi";
import { openFeed } from "../app/feed";
import { networkOf } from "../app/users";
import { addEndpoint } from "./endpoint";
import { countOf } from "./fields";
import { createGroup } from "./honoenv";
import { addressOf } from "./pipeline";
import { refusedResponse } from "./problem";

export const feedRoutes = createGroup();

addEndpoint(
  feedRoutes,
  {
    method: "get",
    path: "/api/inventory/events/{eventId}/feed",
    id: "followSeats",
    service: "Inventory",
    summary: "Follow the seats, live",
    description:
      "A WebSocket. The first frame is a snapshot (or, with `since`, exactly the changes after that number), then come " +
      'deltas: `"changes":[["seat_A1","L"]]`, in order, or with `changes=places`, which is a third as long, ' +
      '`"places":{"L":[0]}`: in the order of the layout, the places of all that are now in that state. Apply a delta whose ' +
      "`prev` is at most the number you have; a greater `prev` is a gap: connect again. Acknowledge with " +
      '`{"type":"ack","seq":M}`, which is for every frame before it too; 512 frames without one close the socket (4008). ' +
      "`ping` is answered `pong`. " +
      'After `{"type":"auth","token":"…"}` a buyer may also send `{"type":"hold","id":1,"seatIds":["seat_A1"]}` (or ' +
      '`"seats":2,"tier":"VIP"`) and `{"type":"release","id":2,"lockId":"lock_…"}`, answered by `id`, a number or at ' +
      'most 60 characters. An admin may send `{"type":"gates","id":3}` and is told how many came in at each gate, now ' +
      "and whenever it changes: " +
      '`{"type":"gates","seq":N,"gates":[{"id":"gate_…","checkedIn":812,"conflicts":1}]}`, without the gates where nobody ' +
      "was yet; of two such frames the one with the smaller `seq` is the older. Anybody else is answered FORBIDDEN. " +
      "A socket may send 100 messages at once and 20 a second for long; a hold that is made counts for nothing, with one " +
      "message more, and so does an acknowledgement of something new. Beyond that, and where an address has too many " +
      'sockets, it is told `{"type":"closed","reason":"too many messages"}` (or `connections`) and closed (4029). Of its ' +
      "commands 8 may wait for their answer, of its `gates` one; further ones are answered OVERLOADED.",
    access: "public",
    query: z.strictObject({
      since: countOf(0, Number.MAX_SAFE_INTEGER).optional(),
      changes: z.enum(["seats", "places"]).optional(),
    }),
    answers: { 101: { description: "The socket is open.", schema: z.unknown() } },
    refusals: ["EVENT_NOT_FOUND", "FORBIDDEN", "UPGRADE_REQUIRED"],
  },
  async ({ c, deps, params, query, requestId }) => {
    if (c.req.header("Upgrade")?.toLowerCase() !== "websocket") {
      return refusedResponse({ code: "UPGRADE_REQUIRED" }, requestId);
    }
    const request = {
      eventId: params.eventId,
      upgrade: c.req.raw,
      since: query.since ?? null,
      changes: query.changes ?? "seats",
      address: networkOf(addressOf(c)),
      origin: c.req.header("Origin") ?? null,
    };
    const opened = await openFeed(deps, request, new URL(c.req.url).origin);
    return opened.ok ? opened.value : opened;
  },
);
