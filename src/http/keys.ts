// Idempotency keys as requests carry them: in the header, and where the documents have it in the body.

import type { Context } from "hono";
import { type AskedKey, keyScope } from "../app/idempotency";
import { accept, invalid, type Result } from "../domain/refusals";
import type { JsonObject } from "./body";
import type { HonoEnv } from "./honoenv";

export type RequestKey = AskedKey;

/** Visible ASCII, 1–255 characters. */
export const KEY_FORM = /^[\x21-\x7e]{1,255}$/;
const KEY_RULE = "must be 1 to 255 visible ASCII characters";

/**
 * The key of a request, or null if it has none. `user` and `route` ("POST /api/locks") bound where it counts.
 * The fingerprint covers the parsed body without password and keys, and the path's parameters.
 */
export function keyOf(
  c: Context<HonoEnv>,
  user: string,
  route: string,
  body: JsonObject,
): Result<AskedKey | null> | Promise<Result<AskedKey | null>> {
  const inHeader = c.req.header("Idempotency-Key");
  const inBody = body["idempotencyKey"];
  if (inHeader !== undefined && !KEY_FORM.test(inHeader)) return invalid("Idempotency-Key", KEY_RULE);
  if (inBody !== undefined && (typeof inBody !== "string" || !KEY_FORM.test(inBody))) {
    return invalid("idempotencyKey", KEY_RULE);
  }
  if (inHeader !== undefined && inBody !== undefined && inHeader !== inBody) {
    return invalid("idempotencyKey", "must equal the Idempotency-Key header, where both are sent");
  }
  const key = inHeader ?? inBody;
  if (key === undefined) return accept(null);
  return fingerprinted(c, keyScope(user, route, key), body);
}

async function fingerprinted(c: Context<HonoEnv>, scope: string, body: JsonObject): Promise<Result<AskedKey>> {
  const { password: _, idempotencyKey: __, ...said } = body;
  const fingerprint = await c.get("deps").fingerprints.of({ body: said, params: c.req.param() });
  return accept({ scope, fingerprint });
}
