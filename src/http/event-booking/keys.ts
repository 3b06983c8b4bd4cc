// Idempotency keys of the dialect. The document has one in the body of a lock, of any form; the header works here too.

import type { Context } from "hono";
import type { HonoEnv } from "../honoenv";
import type { RequestKey } from "../keys";
import { KEY_FORM } from "../keys";
import type { Parsed } from "./fields";

const MAX_KEY_CHARS = 255;

/** The header's key. */
export function headerKey(c: Context<HonoEnv>): Parsed<string | null> {
  const key = c.req.header("Idempotency-Key");
  if (key === undefined) return { ok: true, value: null };
  if (KEY_FORM.test(key)) return { ok: true, value: key };
  return { ok: false, message: "Idempotency-Key must be 1 to 255 visible ASCII characters" };
}

/** The key of a lock: the body's, which the header may repeat. */
export function lockKey(c: Context<HonoEnv>, inBody: string): Parsed<string> {
  const inHeader = headerKey(c);
  if (!inHeader.ok) return inHeader;
  if (inBody.length > MAX_KEY_CHARS) {
    return { ok: false, message: `idempotencyKey must be at most ${MAX_KEY_CHARS} characters long` };
  }
  if (inHeader.value !== null && inHeader.value !== inBody) {
    return { ok: false, message: "idempotencyKey must equal the Idempotency-Key header" };
  }
  return { ok: true, value: inBody };
}

/** Where the key counts: `owner` is the user it belongs to; `said` is what the document's fields say. */
export async function requestKey(
  c: Context<HonoEnv>,
  owner: string,
  route: string,
  key: string | null,
  said: object,
): Promise<RequestKey | null> {
  if (key === null) return null;
  const fingerprint = await c.get("deps").fingerprints.of(said);
  return { scope: `${owner} ${route} ${key}`, fingerprint };
}
