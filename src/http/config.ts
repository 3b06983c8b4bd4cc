// What a browser must know before it can offer anything: how payments are taken here, and whether this is a demo.

import { z } from "@hono/zod-openapi";
import { addEndpoint, answer } from "./endpoint";
import { createGroup } from "./honoenv";

export const configRoutes = createGroup();

const clientConfig = z
  .object({
    payments: z.enum(["simulator", "stripe"]),
    publishableKey: z
      .string()
      .nullable()
      .openapi({ description: "For Stripe.js; null with the simulator, or where none is set." }),
    development: z.boolean().openapi({ description: "Demo accounts and a mailbox exist." }),
  })
  .openapi("ClientConfig");

addEndpoint(
  configRoutes,
  {
    method: "get",
    path: "/api/config",
    id: "getConfig",
    service: "Gateway",
    summary: "What a browser must know",
    access: "public",
    answers: {
      200: {
        description: "It holds nothing secret.",
        schema: clientConfig,
        example: { payments: "simulator", publishableKey: null, development: true },
      },
    },
  },
  async ({ deps }) => {
    const { publishableKey, environment } = deps.settings;
    return answer(200, { payments: deps.payments.name, publishableKey, development: environment === "development" });
  },
);
