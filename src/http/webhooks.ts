// Stripe's deliveries. Verified over the raw bytes, durably noted, settled at once for as long as Stripe may wait, and
// answered 200; what is not settled by then is settled behind the answer, or by the sweep.

import { z } from "@hono/zod-openapi";
import { noteDelivery, settleDelivery } from "../app/provider-news";
import { SECOND } from "../domain/time";
import { LARGE_BODY_LIMIT, readBytes } from "./body";
import { addEndpoint, answer } from "./endpoint";
import { createGroup } from "./honoenv";

/** Stripe gives up on an answer after some 10 s, and delivers again. */
const ANSWER_WITHIN_MS = 8 * SECOND;

export const webhookRoutes = createGroup();

addEndpoint(
  webhookRoutes,
  {
    method: "post",
    path: "/api/webhooks/stripe",
    id: "receiveStripeEvent",
    service: "Payments",
    summary: "For Stripe: news of a payment",
    description:
      "Takes events signed with the endpoint's secret (Stripe-Signature, at most 300 s old) in any order and number. " +
      "Types that concern no payment of ours are accepted and ignored.",
    access: "public",
    answers: {
      200: { description: "Noted.", schema: z.object({ received: z.literal(true) }), example: { received: true } },
    },
    refusals: ["NOT_FOUND", "PAYLOAD_TOO_LARGE", "VALIDATION_ERROR", "WEBHOOK_SIGNATURE_INVALID"],
  },
  async ({ c, deps, nowMs }) => {
    const body = await readBytes(c, LARGE_BODY_LIMIT);
    if (!body.ok) return body;
    const noted = await noteDelivery(deps, body.value, c.req.header("Stripe-Signature") ?? null, nowMs);
    if (!noted.ok) return noted;
    if (noted.value) {
      const settling = settleDelivery(deps, noted.value, 0);
      c.executionCtx.waitUntil(settling);
      await Promise.race([settling, new Promise((resolve) => setTimeout(resolve, ANSWER_WITHIN_MS))]);
    }
    return answer(200, { received: true as const });
  },
);
