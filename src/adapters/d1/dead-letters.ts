// The ledger of messages that a queue gave up, newest first, until somebody replays them.

import { count, desc, eq, isNotNull } from "drizzle-orm";
import type { DeadLetters } from "../../app/ports";
import { onlyRow, openDatabase } from "./database";
import { deadLetters } from "./schema";

export function d1DeadLetters(db: D1Database): DeadLetters {
  const orm = openDatabase(db);
  return {
    async note(letter) {
      const { reason, attempts, notedAtMs } = letter;
      const written = await orm
        .insert(deadLetters)
        .values(letter)
        .onConflictDoUpdate({
          target: deadLetters.id,
          set: { reason, attempts, notedAtMs, replayedAtMs: null },
          setWhere: isNotNull(deadLetters.replayedAtMs),
        })
        .returning({ id: deadLetters.id });
      return written.length > 0;
    },

    async list(page, perPage) {
      const [items, totals] = await orm.batch([
        orm
          .select()
          .from(deadLetters)
          .orderBy(desc(deadLetters.notedAtMs), desc(deadLetters.id))
          .limit(perPage)
          .offset((page - 1) * perPage),
        orm.select({ total: count() }).from(deadLetters),
      ]);
      return { items, total: onlyRow(totals).total };
    },

    async byId(id) {
      const [row] = await orm.select().from(deadLetters).where(eq(deadLetters.id, id)).limit(1);
      return row ?? null;
    },

    async markReplayed(id, nowMs) {
      await orm.update(deadLetters).set({ replayedAtMs: nowMs }).where(eq(deadLetters.id, id));
    },
  };
}
