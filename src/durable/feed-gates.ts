// Who may follow the counts of an event's gates: organisers, by what the database says, asked again while they follow.

import { accept, type Result, refuse } from "../domain/refusals";
import { isOver, MINUTE } from "../domain/time";
import type { Attached } from "./seat-feed";

/** How long the database's word on somebody's role is taken. */
const ROLE_LASTS_MS = MINUTE;

/** When the database said last that this socket may be shown the counts. */
export async function gatesAllowed(env: Env, attached: Attached, nowMs: number): Promise<Result<number>> {
  const { userId, signedUntilMs, gatesAskedMs } = attached;
  if (userId === null || isOver(signedUntilMs, nowMs)) return refuse({ code: "UNAUTHENTICATED" });
  if (gatesAskedMs !== null && !isOver(gatesAskedMs + ROLE_LASTS_MS, nowMs)) return accept(gatesAskedMs);
  const query = "SELECT role FROM users WHERE id = ?1 LIMIT 1";
  const role = await env.DB.prepare(query).bind(userId).first<string>("role");
  return role === "ADMIN" ? accept(nowMs) : refuse({ code: "FORBIDDEN" });
}
