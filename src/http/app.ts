// The whole HTTP surface: one list of route groups, behind one pipeline. What is not in the list is not served.

import { OpenAPIHono } from "@hono/zod-openapi";
import { adminRoutes } from "./admin";
import { bookingRoutes } from "./bookings";
import { configRoutes } from "./config";
import { devRoutes } from "./dev";
import { devMailboxRoutes } from "./dev-mailbox";
import { devPaymentRoutes } from "./dev-payments";
import { documentRoutes } from "./documents";
import { eventBookingRoutes } from "./event-booking/routes";
import { eventRoutes } from "./events";
import { feedRoutes } from "./feed";
import { scannerRoutes } from "./gate";
import { gateRoutes } from "./gates";
import { healthRoutes } from "./health";
import type { HonoEnv } from "./honoenv";
import { inventoryRoutes } from "./inventory";
import { LiteralRouter } from "./literal-router";
import { lockRoutes } from "./locks";
import { notificationRoutes } from "./notifications";
import { documentShared } from "./openapi";
import { paymentRoutes } from "./payments";
import {
  accompany,
  answerFault,
  type Compose,
  type ConfigProblems,
  type Guard,
  guarded,
  limitAddress,
} from "./pipeline";
import { refusedResponse } from "./problem";
import { ticketRoutes } from "./tickets";
import { unroutedOf } from "./unrouted";
import { userRoutes } from "./users";
import { venueRoutes } from "./venues";
import { STRIPE_PATH, webhookRoutes } from "./webhooks";

const GROUPS: readonly OpenAPIHono<HonoEnv>[] = [
  healthRoutes,
  configRoutes,
  userRoutes,
  eventRoutes,
  venueRoutes,
  inventoryRoutes,
  feedRoutes,
  lockRoutes,
  bookingRoutes,
  ticketRoutes,
  paymentRoutes,
  webhookRoutes,
  notificationRoutes,
  adminRoutes,
  gateRoutes,
  scannerRoutes,
  eventBookingRoutes,
  devRoutes,
  devMailboxRoutes,
  devPaymentRoutes,
];

/** `compose` makes the dependencies from an isolate's bindings; `configProblems` says what forbids to serve at all. */
export function createApp(compose: Compose, configProblems: ConfigProblems = () => []): OpenAPIHono<HonoEnv> {
  const app = new OpenAPIHono<HonoEnv>({ router: new LiteralRouter() });
  app.onError(answerFault);
  const unrouted = unroutedOf(app);
  app.use(accompany(compose, configProblems));
  app.use(guarded([limited, developmentOnly, unrouted.guardLiterals]));
  documentShared(app.openAPIRegistry);
  for (const group of GROUPS) app.route("/", group);
  app.route("/", documentRoutes(app));
  app.notFound(unrouted.answer);
  return app;
}

/** The provider's deliveries come from few addresses: their route counts those that turn out to be somebody else's. */
const limited: Guard = (c) => {
  const isDelivery = c.req.path === STRIPE_PATH && c.req.method === "POST" && !c.req.url.includes("?");
  return isDelivery ? null : limitAddress(c);
};

const DEVELOPMENT_ONLY = /^\/dev(\/|$)/;

/** Elsewhere these paths do not exist, under any method. */
const developmentOnly: Guard = (c) => {
  if (!DEVELOPMENT_ONLY.test(c.req.path) || c.get("deps").settings.environment === "development") return null;
  return refusedResponse({ code: "NOT_FOUND" }, c.get("requestId"));
};
