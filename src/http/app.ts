// The whole HTTP surface: one list of route groups, behind one pipeline. What is not in the list is not served.

import type { OpenAPIHono } from "@hono/zod-openapi";
import type { Context, MiddlewareHandler } from "hono";
import { adminRoutes } from "./admin";
import { bookingRoutes } from "./bookings";
import { devRoutes } from "./dev";
import { devMailboxRoutes } from "./dev-mailbox";
import { documentRoutes } from "./documents";
import { eventBookingRoutes } from "./event-booking/routes";
import { eventRoutes } from "./events";
import { healthRoutes } from "./health";
import { createGroup, type HonoEnv } from "./honoenv";
import { inventoryRoutes } from "./inventory";
import { lockRoutes } from "./locks";
import { notificationRoutes } from "./notifications";
import { documentShared } from "./openapi";
import { paymentRoutes } from "./payments";
import { accompany, allowOrigins, answerFault, type Compose, type ConfigProblems, limitAddress } from "./pipeline";
import { refusedResponse } from "./problem";
import { userRoutes } from "./users";
import { venueRoutes } from "./venues";

const GROUPS: readonly OpenAPIHono<HonoEnv>[] = [
  healthRoutes,
  userRoutes,
  eventRoutes,
  venueRoutes,
  inventoryRoutes,
  lockRoutes,
  bookingRoutes,
  paymentRoutes,
  notificationRoutes,
  adminRoutes,
  eventBookingRoutes,
  devRoutes,
  devMailboxRoutes,
];

/** `compose` makes the dependencies from an isolate's bindings; `configProblems` says what forbids to serve at all. */
export function createApp(compose: Compose, configProblems: ConfigProblems = () => []): OpenAPIHono<HonoEnv> {
  const app = createGroup();
  app.onError(answerFault);
  app.use(accompany(compose, configProblems));
  app.use(allowOrigins);
  app.use(limitAddress((path) => path.startsWith("/api/webhooks/")));
  app.use("/dev/*", developmentOnly);
  documentShared(app.openAPIRegistry);
  for (const group of GROUPS) app.route("/", group);
  app.route("/", documentRoutes(app));
  app.notFound(answerUnrouted(app));
  return app;
}

/** Elsewhere these paths do not exist, under any method. */
const developmentOnly: MiddlewareHandler<HonoEnv> = async (c, next) => {
  if (c.get("deps").settings.environment === "development") return next();
  return refusedResponse({ code: "NOT_FOUND" }, c.get("requestId"));
};

/** A known path under another method is 405 (OPTIONS: 204), anything else 404. */
function answerUnrouted(app: OpenAPIHono<HonoEnv>): (c: Context<HonoEnv>) => Response {
  let patterns: readonly { readonly method: string; readonly form: RegExp }[] | null = null;
  return (c) => {
    patterns ??= app.routes
      .filter(({ method }) => method !== "ALL")
      .map(({ method, path }) => ({ method, form: formOf(path) }));
    const methods = patterns.filter(({ form }) => form.test(c.req.path)).map(({ method }) => method);
    if (methods.length === 0) return refusedResponse({ code: "NOT_FOUND" }, c.get("requestId"));
    const allow = [...new Set([...methods, ...(methods.includes("GET") ? ["HEAD"] : []), "OPTIONS"])];
    if (c.req.method === "OPTIONS") return new Response(null, { status: 204, headers: { Allow: allow.join(", ") } });
    return refusedResponse({ code: "METHOD_NOT_ALLOWED", allow }, c.get("requestId"));
  };
}

function formOf(path: string): RegExp {
  return new RegExp(`^${path.replaceAll(".", "\\.").replaceAll(/:[^/]+/g, "[^/]+")}$`);
}
