// A user's latest mails, and whether mails get through at all.

import { z } from "@hono/zod-openapi";
import { recentNotifications } from "../app/notifications";
import { type NotificationsHealth, readNotificationsHealth } from "../app/notifications-health";
import type { Deps } from "../app/ports";
import { isOver, SECOND } from "../domain/time";
import { addEndpoint, answer } from "./endpoint";
import { isoOf, timestamp } from "./fields";
import { createGroup } from "./honoenv";

/** Whoever polls the health costs one look per isolate in this time. */
const HEALTH_TTL_MS = 10 * SECOND;
const LOOKED_AT_AGAIN = String(HEALTH_TTL_MS / SECOND);

export const notificationRoutes = createGroup();

const notification = z
  .object({
    id: z.string(),
    type: z.enum(["WELCOME", "BOOKING_CONFIRMED", "BOOKING_FAILED", "BOOKING_EXPIRED", "BOOKING_CANCELLED"]),
    subject: z.string(),
    sentAt: timestamp,
    bookingId: z.string().nullable().openapi({ description: "Null for a mail that is about no booking." }),
  })
  .openapi("Notification");

addEndpoint(
  notificationRoutes,
  {
    method: "get",
    path: "/api/notifications/recent",
    id: "listRecentNotifications",
    service: "Notifications",
    summary: "Your 20 latest mails",
    description: "Mails that were sent, newest first.",
    access: "user",
    answers: {
      200: {
        description: "The mails.",
        schema: z.object({ data: z.array(notification) }),
        example: {
          data: [
            {
              id: "notif_01HZ7GHIJKMNPQRSTVWXYZ0123",
              type: "BOOKING_CONFIRMED",
              subject: "Your booking is confirmed!",
              sentAt: "2027-06-15T14:22:05.000Z",
              bookingId: "bkg_01HZ3ABCDEFGHJKMNPQRSTVWXY",
            },
          ],
        },
      },
    },
  },
  async ({ deps, viewer }) => {
    const sent = await recentNotifications(deps, viewer.id);
    const data = sent.map(({ id, type, subject, sentAtMs, bookingId }) => ({
      id,
      type,
      subject,
      sentAt: isoOf(sentAtMs),
      bookingId,
    }));
    return answer(200, { data });
  },
);

const health = z
  .object({
    status: z.enum(["ok", "degraded"]),
    queue: z
      .enum(["connected", "stalled", "unreachable"])
      .openapi({ description: "`stalled`: mails have been waiting for more than five minutes." }),
    database: z.enum(["connected", "unreachable"]),
    email: z.enum(["reachable", "unreachable"]).openapi({ description: "By the result of the last send." }),
  })
  .openapi("NotificationsHealth");

const WELL = { status: "ok", queue: "connected", database: "connected", email: "reachable" } as const;

addEndpoint(
  notificationRoutes,
  {
    method: "get",
    path: "/api/notifications/health",
    id: "getNotificationsHealth",
    service: "Notifications",
    summary: "Whether mails get through",
    description: "At most 10 seconds old.",
    access: "public",
    answers: {
      200: { description: "They do.", schema: health, example: WELL },
      503: {
        description: "They do not: one part or more is not well.",
        schema: health,
        example: { ...WELL, status: "degraded", email: "unreachable" },
        headers: { "Retry-After": "Seconds until it is looked at again." },
      },
    },
  },
  async ({ deps, nowMs }) => {
    const found = await cachedHealth(deps, nowMs);
    return found.status === "ok" ? answer(200, found) : answer(503, found, { "Retry-After": LOOKED_AT_AGAIN });
  },
);

/** By the dependencies, which live as long as their isolate. */
const cache = new WeakMap<Deps, { readonly health: NotificationsHealth; readonly untilMs: number }>();

async function cachedHealth(deps: Deps, nowMs: number): Promise<NotificationsHealth> {
  const known = cache.get(deps);
  if (known && !isOver(known.untilMs, nowMs)) return known.health;
  const found = await readNotificationsHealth(deps, nowMs);
  cache.set(deps, { health: found, untilMs: nowMs + HEALTH_TTL_MS });
  return found;
}
