// The inbox of Stripe's deliveries: each event is one row by its id, noted before it is worked on, and due until it is
// settled. Rows hold ids and states only, no card or buyer.

import { and, asc, eq, inArray, isNotNull, isNull, lte, sql } from "drizzle-orm";
import type { ProviderInbox } from "../../app/ports";
import { openDatabase } from "./database";
import { stripeEvents } from "./schema";

export function d1StripeEvents(db: D1Database): ProviderInbox {
  const orm = openDatabase(db);
  return {
    async note(event, nowMs, dueAtMs) {
      const [inserted, rows] = await orm.batch([
        orm
          .insert(stripeEvents)
          .values({ id: event.id, type: event.type, body: event, receivedAtMs: nowMs, nextTryMs: dueAtMs })
          .onConflictDoNothing()
          .returning({ id: stripeEvents.id }),
        orm
          .select({ settledAtMs: stripeEvents.settledAtMs })
          .from(stripeEvents)
          .where(eq(stripeEvents.id, event.id))
          .limit(1),
      ]);
      return inserted.length === 0 && rows[0]?.settledAtMs != null ? "settled" : "due";
    },

    async markSettled(id, nowMs) {
      const open = and(eq(stripeEvents.id, id), isNull(stripeEvents.settledAtMs));
      await orm.update(stripeEvents).set({ settledAtMs: nowMs }).where(open);
    },

    async postpone(id, retryAtMs) {
      const open = and(eq(stripeEvents.id, id), isNull(stripeEvents.settledAtMs));
      const tries = sql`${stripeEvents.tries} + 1`;
      await orm.update(stripeEvents).set({ tries, nextTryMs: retryAtMs }).where(open);
    },

    async reopen(id, nowMs) {
      const anew = { settledAtMs: null, tries: 0, nextTryMs: nowMs };
      const reopened = await orm
        .update(stripeEvents)
        .set(anew)
        .where(eq(stripeEvents.id, id))
        .returning({ id: stripeEvents.id });
      return reopened.length > 0;
    },

    async unsettled(nowMs, limit) {
      const rows = await orm
        .select({ body: stripeEvents.body, tries: stripeEvents.tries })
        .from(stripeEvents)
        .where(and(isNull(stripeEvents.settledAtMs), lte(stripeEvents.nextTryMs, nowMs)))
        .orderBy(asc(stripeEvents.nextTryMs))
        .limit(limit);
      return rows.map(({ body, tries }) => ({ ...body, tries }));
    },

    async purge(beforeMs, limit) {
      const old = orm
        .select({ id: stripeEvents.id })
        .from(stripeEvents)
        .where(and(isNotNull(stripeEvents.settledAtMs), lte(stripeEvents.receivedAtMs, beforeMs)))
        .orderBy(asc(stripeEvents.receivedAtMs))
        .limit(limit);
      await orm.delete(stripeEvents).where(inArray(stripeEvents.id, old));
    },
  };
}
