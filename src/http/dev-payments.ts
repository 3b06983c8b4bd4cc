// Development's bank: POST /dev/payments/:id/authentication says whether the buyer passed a simulated challenge.

import { z } from "@hono/zod-openapi";
import { authenticateSimulated } from "../app/simulated-authentication";
import { BODY_LIMIT, readJsonObject } from "./body";
import { createGroup } from "./honoenv";
import { refusedResponse } from "./problem";
import { parseWith } from "./validation";

export const devPaymentRoutes = createGroup();

const authenticationBody = z.strictObject({ result: z.enum(["success", "failure"]) });

devPaymentRoutes.post("/dev/payments/:id/authentication", async (c) => {
  const requestId = c.get("requestId");
  const said = await readJsonObject(c, BODY_LIMIT);
  if (!said.ok) return refusedResponse(said.refusal, requestId);
  const body = parseWith(authenticationBody, said.value);
  if (!body.ok) return refusedResponse(body.refusal, requestId);
  const passed = body.value.result === "success";
  const done = await authenticateSimulated(c.get("deps"), c.req.param("id"), passed, requestId);
  return done.ok ? c.json(done.value) : refusedResponse(done.refusal, requestId);
});
