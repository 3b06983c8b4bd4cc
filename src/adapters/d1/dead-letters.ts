// The ledger of messages that a queue gave up. Nothing leaves it: it says what was replayed or seen to, and when.

import { and, count, desc, eq, isNotNull, isNull, not, type SQL } from "drizzle-orm";
import type { DeadLetters } from "../../app/ports";
import { onlyRow, openDatabase } from "./database";
import { deadLetters } from "./schema";

const isOpen = and(isNull(deadLetters.replayedAtMs), isNull(deadLetters.closedAtMs)) as SQL;

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
          set: { reason, attempts, notedAtMs, replayedAtMs: null, closedAtMs: null },
          setWhere: isNotNull(deadLetters.replayedAtMs),
        })
        .returning({ id: deadLetters.id });
      return written.length > 0;
    },

    async list({ open, page, perPage }) {
      const wanted = open === null ? undefined : open ? isOpen : not(isOpen);
      const [items, totals] = await orm.batch([
        orm
          .select()
          .from(deadLetters)
          .where(wanted)
          .orderBy(desc(deadLetters.notedAtMs), desc(deadLetters.id))
          .limit(perPage)
          .offset((page - 1) * perPage),
        orm.select({ total: count() }).from(deadLetters).where(wanted),
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

    async close(id, nowMs) {
      const wanted = and(eq(deadLetters.id, id), isNull(deadLetters.closedAtMs));
      await orm.update(deadLetters).set({ closedAtMs: nowMs }).where(wanted);
    },
  };
}
