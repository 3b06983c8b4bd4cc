// Stripe's deliveries. Verified over the raw bytes, durably noted, settled at once for as long as Stripe may wait, and
// answered 200; what is not settled by then is settled behind the answer, or by the sweep.

import { z } from "@hono/zod-openapi";
import type { Context } from "hono";
import type { ProviderEvent } from "../app/ports";
import { expectDelivery, noteDelivery, settleDelivery } from "../app/provider-news";
import { SECOND } from "../domain/time";
import { LARGE_BODY_LIMIT, readBytes } from "./body";
import { addEndpoint, answer } from "./endpoint";
import { createGroup, type HonoEnv } from "./honoenv";
import { limitAddress } from "./pipeline";
import type { HttpResult } from "./problem";

/** Stripe gives up on an answer after some 10 s, and delivers again. */
const ANSWER_WITHIN_MS = 8 * SECOND;

export const STRIPE_PATH = "/api/webhooks/stripe";

export const webhookRoutes = createGroup();

addEndpoint(
  webhookRoutes,
  {
    method: "post",
    path: STRIPE_PATH,
    id: "receiveStripeEvent",
    service: "Payments",
    summary: "For Stripe: news of a payment",
    description:
      "Takes events signed with the endpoint's secret (Stripe-Signature, at most 300 s old) in any order and number. " +
      "Types that concern no payment of ours are accepted and ignored. What bears no such signature is not read, and " +
      "whatever is refused counts against its address's limit.",
    access: "public",
    answers: {
      200: { description: "Noted.", schema: z.object({ received: z.literal(true) }), example: { received: true } },
    },
    refusals: ["NOT_FOUND", "PAYLOAD_TOO_LARGE", "VALIDATION_ERROR", "WEBHOOK_SIGNATURE_INVALID"],
  },
  async ({ c, deps }) => {
    const noted = await note(c);
    // Whatever Stripe did not sign counts like any request. What it signed never does.
    if (!noted.ok) return (await limitAddress(c)) ?? noted;
    if (noted.value) {
      const settling = settleDelivery(deps, noted.value, 0);
      c.executionCtx.waitUntil(settling);
      await Promise.race([settling, new Promise((resolve) => setTimeout(resolve, ANSWER_WITHIN_MS))]);
    }
    return answer(200, { received: true as const });
  },
);

async function note(c: Context<HonoEnv>): Promise<HttpResult<ProviderEvent | null>> {
  const deps = c.get("deps");
  const signature = c.req.header("Stripe-Signature") ?? null;
  const expected = expectDelivery(deps, signature);
  if (!expected.ok) return expected;
  const body = await readBytes(c, LARGE_BODY_LIMIT);
  return body.ok ? await noteDelivery(deps, body.value, signature, c.get("nowMs")) : body;
}
