// Events: their definition as the box office committed it, and what the lists show, at most about 2 s behind.

import { and, asc, count, desc, eq, gte, isNotNull, lt, type SQL, sql } from "drizzle-orm";
import type { EventListing, Events } from "../../app/ports";
import type { EventDefinition } from "../../domain/box-office/state";
import { keptQuery, type Orm, onlyRow, openDatabase, unexpectedClash } from "./database";
import { KEY_TAKEN, writeWithKey } from "./idempotency-keys";
import { events, venues } from "./schema";
import { anyHas, wordsOf } from "./words";

/** Either says that the code is in use: an id ends in its code. */
const CODE_TAKEN: readonly string[] = ["events.code", "events.id"];

export function d1Events(db: D1Database): Events {
  const orm = openDatabase(db);
  // The page of an event is asked for far more often than everything else.
  const oneById = keptQuery(() =>
    eventListings(orm)
      .where(eq(events.id, sql.placeholder("id")))
      .limit(1)
      .prepare(),
  );
  return {
    async insert(definition, availability, key) {
      const row = {
        id: definition.id,
        code: definition.code,
        createdAtMs: definition.createdAtMs,
        activeAtMs: definition.createdAtMs,
        totalSeats: availability.totalSeats,
        availableSeats: availability.availableSeats,
        availabilitySeq: availability.seq,
        nextDueMs: availability.nextDueMs,
        tiers: availability.tiers,
        ...definitionColumns(definition),
      };
      const clash = await writeWithKey(orm, key, [orm.insert(events).values(row)]);
      if (clash === null) return "inserted";
      if (clash === KEY_TAKEN) return "key-taken";
      if (CODE_TAKEN.includes(clash)) return "code-taken";
      throw unexpectedClash(clash);
    },

    async saveDefinition(definition) {
      await orm
        .update(events)
        .set({ ...definitionColumns(definition), activeAtMs: definition.updatedAtMs })
        .where(and(eq(events.id, definition.id), lt(events.version, definition.version)));
    },

    async saveAvailability({ eventId, seq, totalSeats, availableSeats, tiers, nextDueMs }, nowMs) {
      await orm
        .update(events)
        .set({ totalSeats, availableSeats, tiers, nextDueMs, availabilitySeq: seq, activeAtMs: nowMs })
        .where(and(eq(events.id, eventId), lt(events.availabilitySeq, seq)));
    },

    async idByCode(code) {
      const [row] = await orm.select({ id: events.id }).from(events).where(eq(events.code, code)).limit(1);
      return row?.id ?? null;
    },

    async definitionByCode(code) {
      const [row] = await orm
        .select({ definition: events.definition })
        .from(events)
        .where(eq(events.code, code))
        .limit(1);
      return row?.definition ?? null;
    },

    async listingById(id) {
      const [row] = await oneById().execute({ id });
      return row ? toListing(row) : null;
    },

    async list({ text = null, venueId, fromMs, toMs, latestFirst = false, page, perPage }) {
      const words = wordsOf(text);
      const wanted: SQL | undefined = and(
        ...words.map((word) => anyHas([events.name, venues.name, venues.city], word)),
        gte(events.startsAtMs, fromMs),
        toMs === null ? undefined : lt(events.startsAtMs, toMs),
        venueId === null ? undefined : eq(events.venueId, venueId),
      );
      const [rows, totals] = await Promise.all([
        eventListings(orm)
          .where(wanted)
          .orderBy(
            ...(latestFirst ? [desc(events.startsAtMs), desc(events.id)] : [asc(events.startsAtMs), asc(events.id)]),
          )
          .limit(perPage)
          .offset((page - 1) * perPage),
        words.length > 0
          ? orm.select({ total: count() }).from(events).leftJoin(venues, eq(venues.id, events.venueId)).where(wanted)
          : orm.select({ total: count() }).from(events).where(wanted),
      ]);
      return { items: rows.map(toListing), total: onlyRow(totals).total };
    },

    async ofVenue({ id, name, city }, nowMs, limit) {
      const here = eq(events.venueId, id);
      const [upcoming, past] = await orm.batch([
        orm
          .select(LISTED)
          .from(events)
          .where(and(here, gte(events.startsAtMs, nowMs)))
          .orderBy(asc(events.startsAtMs), asc(events.id))
          .limit(limit),
        orm
          .select(LISTED)
          .from(events)
          .where(and(here, lt(events.startsAtMs, nowMs)))
          .orderBy(desc(events.startsAtMs), desc(events.id))
          .limit(limit),
      ]);
      const shown = [...past.slice(0, limit - upcoming.length).reverse(), ...upcoming];
      return shown.map((row) => ({ ...row, venue: { id, name, city } }));
    },

    async overdue(beforeMs, limit) {
      const rows = await orm
        .select({ code: events.code })
        .from(events)
        .where(and(isNotNull(events.nextDueMs), lt(events.nextDueMs, beforeMs)))
        .orderBy(asc(events.nextDueMs))
        .limit(limit);
      return rows.map((row) => row.code);
    },

    async noteNextDue(code, nextDueMs) {
      await orm.update(events).set({ nextDueMs }).where(eq(events.code, code));
    },

    async recentlyActive(limit) {
      const rows = await orm
        .select({ code: events.code })
        .from(events)
        .orderBy(desc(events.activeAtMs), desc(events.id))
        .limit(limit);
      return rows.map((row) => row.code);
    },
  };
}

function definitionColumns(definition: EventDefinition) {
  const { version, name, description, venueId, startsAtMs, endsAtMs, currency, updatedAtMs } = definition;
  return { version, name, description, venueId, startsAtMs, endsAtMs, currency, updatedAtMs, definition };
}

/** Of an event, what lists show: not its definition, which is large. */
const LISTED = {
  id: events.id,
  name: events.name,
  description: events.description,
  startsAtMs: events.startsAtMs,
  endsAtMs: events.endsAtMs,
  currency: events.currency,
  availableSeats: events.availableSeats,
  totalSeats: events.totalSeats,
  tiers: events.tiers,
  version: events.version,
  createdAtMs: events.createdAtMs,
  updatedAtMs: events.updatedAtMs,
};

/**
 * Events with their venue. Never in a `batch`: D1 returns its rows as objects, where columns of one name fall together.
 */
function eventListings(orm: Orm) {
  return orm
    .select({ ...LISTED, venue: { id: venues.id, name: venues.name, city: venues.city } })
    .from(events)
    .leftJoin(venues, eq(venues.id, events.venueId));
}

type ListingRow = Awaited<ReturnType<typeof eventListings>>[number];

/** An explicit type: what drizzle infers for a joined group is wider than it says. */
function toListing(row: ListingRow): EventListing {
  return row;
}
