// Venues: D1 decides.

import { and, asc, count, eq } from "drizzle-orm";
import type { Venues } from "../../app/ports";
import { onlyRow, openDatabase, unexpectedClash } from "./database";
import { KEY_TAKEN, writeWithKey } from "./idempotency-keys";
import { venues } from "./schema";
import { anyHas, wordsOf } from "./words";

export function d1Venues(db: D1Database): Venues {
  const orm = openDatabase(db);
  return {
    async insert(venue, key) {
      const row = {
        id: venue.id,
        name: venue.name,
        address: venue.address,
        city: venue.city,
        country: venue.country,
        capacity: venue.capacity,
        createdAtMs: venue.createdAtMs,
      };
      const clash = await writeWithKey(orm, key, [orm.insert(venues).values(row)]);
      if (clash === null) return "inserted";
      if (clash === KEY_TAKEN) return "key-taken";
      throw unexpectedClash(clash);
    },

    async byId(id) {
      const [row] = await orm.select().from(venues).where(eq(venues.id, id)).limit(1);
      return row ?? null;
    },

    async list({ text, page, perPage }) {
      const wanted = and(...wordsOf(text).map((word) => anyHas([venues.name, venues.city], word)));
      const [items, totals] = await Promise.all([
        orm
          .select()
          .from(venues)
          .where(wanted)
          .orderBy(asc(venues.name), asc(venues.id))
          .limit(perPage)
          .offset((page - 1) * perPage),
        orm.select({ total: count() }).from(venues).where(wanted),
      ]);
      return { items, total: onlyRow(totals).total };
    },
  };
}
