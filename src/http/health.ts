// Whether the product answers. In development it is not well until its demo data is there.

import { z } from "@hono/zod-openapi";
import { SECOND } from "../domain/time";
import { addEndpoint, answer } from "./endpoint";
import { createGroup } from "./honoenv";

const DEMO_RETRY_MS = SECOND;

export const healthRoutes = createGroup();

addEndpoint(
  healthRoutes,
  {
    method: "get",
    path: "/health",
    id: "getHealth",
    service: "Gateway",
    summary: "Whether the product answers",
    access: "public",
    answers: {
      200: {
        description: "It does.",
        schema: z
          .object({
            status: z.literal("ok"),
            version: z.string(),
            uptime: z.int().openapi({ description: "Whole seconds since this instance's first request." }),
          })
          .openapi("Health"),
        example: { status: "ok", version: "1.0.0", uptime: 3600 },
      },
    },
    refusals: ["NOT_READY"],
  },
  async ({ c, deps, nowMs }) => {
    if (deps.demo && !(await deps.demo.ready())) {
      return { ok: false, refusal: { code: "NOT_READY", retryAfterMs: DEMO_RETRY_MS } };
    }
    const uptime = Math.floor((nowMs - c.get("isolateSinceMs")) / SECOND);
    return answer(200, { status: "ok" as const, version: deps.settings.version, uptime });
  },
);
