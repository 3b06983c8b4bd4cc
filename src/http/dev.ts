// Routes that only development has: the demo seed, and making a user an administrator while the database is in use.
// Elsewhere `createApp` answers 404 for all of /dev, like for any path that does not exist.

import { z } from "@hono/zod-openapi";
import type { Context } from "hono";
import { seedDemo } from "../app/demo";
import { BODY_LIMIT, readJsonObject } from "./body";
import { createGroup, type HonoEnv } from "./honoenv";
import { type AnyRefusal, refusedResponse } from "./problem";
import { parseWith } from "./validation";

export const devRoutes = createGroup();

devRoutes.post("/dev/seed", async (c) => {
  const seeded = await seedDemo(c.get("deps"));
  return seeded.ok ? c.json({ status: "ok" as const }) : refused(c, seeded.refusal);
});

const grantBody = z.strictObject({ email: z.string() });

/** Rights are read from the database at every request: this holds at once. */
devRoutes.post("/dev/grant", async (c) => {
  const said = await readJsonObject(c, BODY_LIMIT);
  if (!said.ok) return refused(c, said.refusal);
  const body = parseWith(grantBody, said.value);
  if (!body.ok) return refused(c, body.refusal);
  const email = body.value.email.toLowerCase();
  const granted = await c.get("deps").users.grantRole(email, "ADMIN");
  return granted ? c.json({ email, role: "ADMIN" as const }) : refused(c, { code: "USER_NOT_FOUND", id: email });
});

function refused(c: Context<HonoEnv>, refusal: AnyRefusal): Response {
  return refusedResponse(refusal, c.get("requestId"));
}
