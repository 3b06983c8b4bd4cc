// Exact counters of offences in D1: counting and judging are one statement, so parallel tries cannot slip through.
// A refused try writes nothing, so an attacker cannot make us pay for rows.

import { asc, eq, inArray, lte, sql } from "drizzle-orm";
import type { Throttles } from "../../app/ports";
import { openDatabase } from "./database";
import { throttles } from "./schema";

export function d1Throttles(db: D1Database): Throttles {
  const orm = openDatabase(db);
  return {
    async take(key, limit, windowMs, nowMs) {
      const windowOver = sql`${throttles.resetsAtMs} <= ${nowMs}`;
      const [counted, windows] = await orm.batch([
        orm
          .insert(throttles)
          .values({ key, taken: 1, resetsAtMs: nowMs + windowMs })
          .onConflictDoUpdate({
            target: throttles.key,
            set: {
              taken: sql`CASE WHEN ${windowOver} THEN 1 ELSE ${throttles.taken} + 1 END`,
              resetsAtMs: sql`CASE WHEN ${windowOver} THEN excluded.resets_at_ms ELSE ${throttles.resetsAtMs} END`,
            },
            setWhere: sql`${windowOver} OR ${throttles.taken} < ${limit}`,
          })
          .returning({ taken: throttles.taken }),
        orm.select({ resetsAtMs: throttles.resetsAtMs }).from(throttles).where(eq(throttles.key, key)).limit(1),
      ]);
      if (counted.length > 0) return { allowed: true, retryAfterMs: 0 };
      const resetsAtMs = windows[0]?.resetsAtMs ?? nowMs;
      return { allowed: false, retryAfterMs: Math.max(0, resetsAtMs - nowMs) };
    },

    async giveBack(key) {
      await orm
        .update(throttles)
        .set({ taken: sql`${throttles.taken} - 1` })
        .where(sql`${throttles.key} = ${key} AND ${throttles.taken} > 0`);
    },

    async forget(key) {
      await orm.delete(throttles).where(eq(throttles.key, key));
    },

    async purge(beforeMs, limit) {
      const over = orm
        .select({ key: throttles.key })
        .from(throttles)
        .where(lte(throttles.resetsAtMs, beforeMs))
        .orderBy(asc(throttles.resetsAtMs))
        .limit(limit);
      await orm.delete(throttles).where(inArray(throttles.key, over));
    },
  };
}
