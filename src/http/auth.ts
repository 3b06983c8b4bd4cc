// Who asks: the bearer token's user, and for organisers the role that the database has; or a gate's scanner.

import type { Context } from "hono";
import { authenticateGate } from "../app/gates";
import type { Gate } from "../app/ports";
import { authenticate, requireAdmin, type Viewer } from "../app/users";
import type { Result } from "../domain/refusals";
import type { HonoEnv } from "./honoenv";

const BEARER = /^Bearer +([^\s]+) *$/i;

/** Of the header: longer than any token of ours, a user's or a gate's; longer ones are not even looked at. */
const MAX_BEARER_CHARS = 4_096;

/** The signed-in user, who is in the context from then on. */
export function viewerOf(c: Context<HonoEnv>): Result<Viewer> {
  const found = authenticate(c.get("deps"), bearerToken(c.req.header("Authorization")));
  if (found.ok) c.set("viewer", found.value);
  return found;
}

/** The signed-in user, if the database says that it is an admin. */
export async function adminOf(c: Context<HonoEnv>): Promise<Result<Viewer>> {
  const found = viewerOf(c);
  if (!found.ok) return found;
  const allowed = await requireAdmin(c.get("deps"), found.value);
  return allowed.ok ? found : allowed;
}

/** The gate whose scanner asks. */
export async function gateOf(c: Context<HonoEnv>): Promise<Result<Gate>> {
  return await authenticateGate(c.get("deps"), bearerToken(c.req.header("Authorization")));
}

function bearerToken(header: string | undefined): string | null {
  if (header === undefined || header.length > MAX_BEARER_CHARS) return null;
  return BEARER.exec(header)?.[1] ?? null;
}
