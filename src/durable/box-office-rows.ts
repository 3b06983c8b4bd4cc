// The box office's rows: what is written of a group of commands, in one transaction, and how memory is rebuilt.
// docs/storage.md says what each table is for and what a row costs.

import {
  availabilityEffectOf,
  availabilityOwed,
  definitionEffectOf,
  definitionOwed,
  owe,
  recover,
} from "../domain/box-office/effects";
import type { Changes } from "../domain/box-office/execute";
import { cooldownEndOf, lockStatusOf, ownedSeats } from "../domain/box-office/hold";
import { admit, admitSold, emptyBoxOffice, install, isResident, noteBookingOf } from "../domain/box-office/seat-table";
import type {
  BoxOfficeState,
  EventDefinition,
  Hold,
  JournalEntry,
  SalePolicy,
  SeatStatus,
  StoredKey,
} from "../domain/box-office/state";
import { revokedTicketsOf } from "../domain/box-office/tickets";
import { type BookingId, idsSince, type LockId, lockIdOf, type TicketId, type UserId } from "../domain/ids";
import { isOver, MINUTE } from "../domain/time";
import { checkInRows } from "./check-in-rows";
import { JOURNAL_SCHEMA, journalRows } from "./journal-rows";
import { inChunks } from "./row-chunks";

const SCHEMA = [
  `CREATE TABLE IF NOT EXISTS meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID`,
  `CREATE TABLE IF NOT EXISTS holds (
     id TEXT PRIMARY KEY,
     booking_id TEXT,
     loaded_until_ms INTEGER,
     sold_seats TEXT,
     body TEXT NOT NULL
   ) STRICT, WITHOUT ROWID`,
  `CREATE UNIQUE INDEX IF NOT EXISTS holds_by_booking ON holds (booking_id) WHERE booking_id IS NOT NULL`,
  `CREATE INDEX IF NOT EXISTS holds_loaded ON holds (loaded_until_ms) WHERE loaded_until_ms IS NOT NULL`,
  JOURNAL_SCHEMA,
  `CREATE TABLE IF NOT EXISTS keys (
     scope TEXT PRIMARY KEY,
     fingerprint TEXT NOT NULL,
     at_ms INTEGER NOT NULL,
     reply TEXT NOT NULL
   ) STRICT, WITHOUT ROWID`,
  `CREATE TABLE IF NOT EXISTS relays (name TEXT PRIMARY KEY) STRICT, WITHOUT ROWID`,
] as const;

/** `loaded_until_ms` of a hold that must be in memory whatever the time. Far enough for any clock. */
const FOREVER_MS = 9_000_000_000_000_000;
/** Read as one value: with ten seats each they are a quarter of what a value may hold. */
const ROWS_A_PAGE = 5_000;

/** More relays than any event is configured with. */
const MAX_RELAYS = 64;

/** What a hold's row says besides its body. Unchanged columns are not written again: each costs an index row. */
interface Mark {
  readonly bookingId: BookingId | null;
  readonly loadedUntilMs: number | null;
  readonly soldSeats: string | null;
  /** How many of its tickets are listed as revoked. */
  readonly revoked: number;
}

export interface Rows {
  /** Memory as the rows say, or an empty box office when there are none. */
  load(policy: SalePolicy, nowMs: number): BoxOfficeState;
  /** Loads finished holds that commands name into memory. */
  admitHolds(state: BoxOfficeState, ids: readonly LockId[], nowMs: number): void;
  admitBooking(state: BoxOfficeState, id: BookingId, nowMs: number): void;
  admitKeys(state: BoxOfficeState, scopes: readonly string[]): void;
  /** Counts the last minute's bookings of every user: only who books in the first minute after a wake needs them. */
  admitRecentBookings(state: BoxOfficeState, nowMs: number): void;
  admitCheckIn(state: BoxOfficeState, id: TicketId): void;
  /** Inside a transaction. */
  write(state: BoxOfficeState, changes: Changes): void;
  /** Touches storage, so that an instance which lost its object cannot answer from memory. */
  lastSeq(): number;
  /** A hold left memory: its mark is not needed any more, and its row is to be read when somebody names it. */
  noteGone(id: LockId): void;
  journal(afterSeq: number, limit: number): readonly JournalEntry[];
  /** The last status that the journal tells of each seat, or null where it is too long to be read at once. */
  lastSeatChanges(): ReadonlyMap<number, SeatStatus> | null;
  /** Holds with a booking, by lock id, after `after`. */
  booked(after: LockId | null, limit: number): readonly Hold[];
  purgeKeys(beforeMs: number): void;
  /** Feed relays that have sockets; rows, so that an eviction forgets nobody. */
  relays(): readonly string[];
  addRelay(name: string): void;
  removeRelay(name: string): void;
}

export function boxOfficeRows(sql: SqlStorage): Rows {
  const marks = new Map<LockId, Mark>();
  const door = checkInRows(sql);
  const journal = journalRows(sql);
  let hasSchema = false;
  /** No hold after this id is in rows alone. Ids sort by time, so a new hold's is seldom looked for. */
  let lastGone = "";
  let relays: readonly string[] | null = null;
  /** Until then, bookings of the last minute may have been made before memory was loaded; null: they are noted. */
  let recentMissingUntilMs: number | null = null;

  function load(policy: SalePolicy, nowMs: number): BoxOfficeState {
    marks.clear();
    relays = null;
    const state = emptyBoxOffice(policy);
    hasSchema = sql.exec("SELECT 1 FROM sqlite_master WHERE name = 'meta'").toArray().length > 0;
    if (!hasSchema) return state;
    const meta = new Map(
      sql
        .exec<{ name: string; value: string }>("SELECT name, value FROM meta")
        .toArray()
        .map(({ name, value }) => [name, value]),
    );
    state.seq = lastSeq();
    lastGone = sql.exec<{ id: string }>("SELECT id FROM holds ORDER BY id DESC LIMIT 1").toArray()[0]?.id ?? "";
    const definition = meta.get("definition");
    if (definition === undefined) return state;
    const told = JSON.parse(meta.get("told") ?? "{}") as { availabilitySeq?: number; definitionVersion?: number };
    install(state, JSON.parse(definition) as EventDefinition);
    admitSoldSeats(state);
    const loaded = sql.exec<HoldRow>(`SELECT ${HOLD_COLUMNS} FROM holds WHERE loaded_until_ms > ?`, nowMs);
    for (const row of loaded) take(state, row, nowMs);
    recentMissingUntilMs = nowMs + MINUTE;
    door.load(state);
    state.definitionToldVersion = told.definitionVersion ?? (state.definition?.version as number);
    state.availabilityToldSeq = told.availabilitySeq ?? 0;
    state.availabilitySeq = state.seq;
    oweWhatD1Lacks(state, state.definition as EventDefinition);
    recover(state, nowMs);
    return state;
  }

  /** In pages of one value each: a row of its own for every hold would cost ten times as much to read. */
  function admitSoldSeats(state: BoxOfficeState): void {
    for (let after: string | undefined = ""; after !== undefined; ) {
      const page: readonly [LockId, number[]][] = inOneValue(
        `SELECT json_group_array(json_array(id, json(sold_seats))) AS value FROM (
           SELECT id, sold_seats FROM holds WHERE sold_seats IS NOT NULL AND id > ? ORDER BY id LIMIT ?
         )`,
        after,
      );
      for (const [id, seats] of page) admitSold(state, id, seats);
      after = page.length < ROWS_A_PAGE ? undefined : page.at(-1)?.[0];
    }
  }

  /** Bookings of the last minute that need no memory otherwise; ids sort by time, so the key finds them. */
  function noteRecentBookings(state: BoxOfficeState, nowMs: number): void {
    for (let after: string | undefined = idsSince("lock", nowMs - 2 * MINUTE); after !== undefined; ) {
      const page: readonly [LockId, UserId, number | null][] = inOneValue(
        `SELECT json_group_array(json_array(id, body->>'$.userId', body->>'$.booking.createdAtMs')) AS value FROM (
           SELECT id, body FROM holds WHERE id > ? ORDER BY id LIMIT ?
         )`,
        after,
      );
      for (const [id, userId, bookedAtMs] of page) {
        if (bookedAtMs !== null) noteBookingOf(state, id, userId, bookedAtMs, nowMs);
      }
      after = page.length < ROWS_A_PAGE ? undefined : page.at(-1)?.[0];
    }
  }

  function inOneValue<T>(query: string, after: string): readonly T[] {
    return JSON.parse(sql.exec<{ value: string }>(query, after, ROWS_A_PAGE).one().value) as readonly T[];
  }

  function take(state: BoxOfficeState, row: HoldRow, nowMs: number): void {
    const hold = JSON.parse(row.body) as Hold;
    marks.set(hold.id, {
      bookingId: row.booking_id as BookingId | null,
      loadedUntilMs: row.loaded_until_ms,
      soldSeats: row.sold_seats,
      revoked: revokedTicketsOf(hold).length,
    });
    admit(state, hold, nowMs, row.sold_seats !== null);
  }

  function takeFirst(state: BoxOfficeState, where: string, value: string, nowMs: number): boolean {
    const row = sql.exec<HoldRow>(`SELECT ${HOLD_COLUMNS} FROM holds WHERE ${where} = ? LIMIT 1`, value).toArray()[0];
    if (row !== undefined) take(state, row, nowMs);
    return row !== undefined;
  }

  function write(state: BoxOfficeState, changes: Changes): void {
    if (!hasSchema) for (const statement of SCHEMA) sql.exec(statement);
    if (changes.definition !== null) writeMeta("definition", JSON.stringify(changes.definition));
    if (changes.told || changes.definition !== null) {
      writeMeta(
        "told",
        JSON.stringify({ availabilitySeq: state.availabilityToldSeq, definitionVersion: state.definitionToldVersion }),
      );
    }
    door.write([...changes.checkIns.values()], newlyRevoked([...changes.holds.values()]));
    writeHolds([...changes.holds.values()]);
    journal.write(changes.journal);
    writeKeys(changes.keys);
    hasSchema = true;
  }

  function writeMeta(name: string, value: string): void {
    sql.exec(
      "INSERT INTO meta (name, value) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value",
      name,
      value,
    );
  }

  function writeHolds(holds: readonly Hold[]): void {
    const put: unknown[] = [];
    const changed = new Map<string, unknown[]>();
    for (const hold of holds) {
      const mark = markOf(hold);
      const written = marks.get(hold.id);
      const row = [hold.id, mark.bookingId, mark.loadedUntilMs, mark.soldSeats, JSON.stringify(hold)];
      if (written === undefined) put.push(row);
      else {
        const columns = ["body", ...columnsThatDiffer(written, mark)].map((name) => `${name} = changed.${name}`).join();
        const rows = changed.get(columns);
        if (rows === undefined) changed.set(columns, [row]);
        else rows.push(row);
      }
      marks.set(hold.id, mark);
    }
    inChunks(put, (json) =>
      sql.exec(
        `INSERT INTO holds (id, booking_id, loaded_until_ms, sold_seats, body)
         SELECT value->>0, value->>1, value->>2, value->>3, value->>4 FROM json_each(?) WHERE true
         ON CONFLICT (id) DO UPDATE SET booking_id = excluded.booking_id, loaded_until_ms = excluded.loaded_until_ms,
           sold_seats = excluded.sold_seats, body = excluded.body`,
        json,
      ),
    );
    for (const [columns, rows] of changed) {
      inChunks(rows, (json) =>
        sql.exec(
          `UPDATE holds SET ${columns} FROM (
             SELECT value->>0 AS id, value->>1 AS booking_id, value->>2 AS loaded_until_ms, value->>3 AS sold_seats,
               value->>4 AS body FROM json_each(?)
           ) AS changed WHERE holds.id = changed.id`,
          json,
        ),
      );
    }
  }

  /** Holds with tickets revoked since their row was written: almost always none. */
  function newlyRevoked(holds: readonly Hold[]): readonly Hold[] {
    return holds.filter((hold) => revokedTicketsOf(hold).length > (marks.get(hold.id)?.revoked ?? 0));
  }

  function writeKeys(keys: readonly StoredKey[]): void {
    const values = keys.map((key) => [key.scope, key.fingerprint, key.atMs, JSON.stringify(key.reply)]);
    inChunks(values, (json) =>
      sql.exec(
        `INSERT INTO keys (scope, fingerprint, at_ms, reply)
         SELECT value->>0, value->>1, value->>2, value->>3 FROM json_each(?) WHERE true
         ON CONFLICT (scope) DO UPDATE SET fingerprint = excluded.fingerprint, at_ms = excluded.at_ms,
           reply = excluded.reply`,
        json,
      ),
    );
  }

  function lastSeq(): number {
    return hasSchema ? journal.lastSeq() : 0;
  }

  return {
    load,
    write,
    lastSeq,
    admitHolds(state, ids, nowMs) {
      const wanted = hasSchema ? ids.filter((id) => id <= lastGone && !state.holds.has(id)) : [];
      if (wanted.length === 0) return;
      const query = `SELECT ${HOLD_COLUMNS} FROM holds WHERE id IN (SELECT value FROM json_each(?))`;
      for (const row of sql.exec<HoldRow>(query, JSON.stringify(wanted))) take(state, row, nowMs);
    },
    admitBooking(state, id, nowMs) {
      if (!hasSchema || state.lockOfBooking.has(id)) return;
      // A booking made without a lock has the lock of its own name; any other is found by the index.
      if (takeFirst(state, "id", lockIdOf(id), nowMs) && state.lockOfBooking.has(id)) return;
      takeFirst(state, "booking_id", id, nowMs);
    },
    admitKeys(state, scopes) {
      const wanted = hasSchema ? scopes.filter((scope) => !state.keys.has(scope)) : [];
      if (wanted.length === 0) return;
      const query = `SELECT scope, fingerprint, at_ms, reply FROM keys
                     WHERE scope IN (SELECT value FROM json_each(?))`;
      for (const { scope, fingerprint, at_ms: atMs, reply } of sql.exec<KeyRow>(query, JSON.stringify(wanted))) {
        state.keys.set(scope, { scope, fingerprint, atMs, reply: JSON.parse(reply) as unknown });
      }
    },
    admitRecentBookings(state, nowMs) {
      const missing = recentMissingUntilMs !== null && !isOver(recentMissingUntilMs, nowMs);
      recentMissingUntilMs = null;
      if (hasSchema && missing) noteRecentBookings(state, nowMs);
    },
    admitCheckIn(state, id) {
      const known = state.checkIns.has(id) ? null : door.checkIn(id);
      if (known !== null) state.checkIns.set(id, known);
    },
    noteGone(id) {
      marks.delete(id);
      if (id > lastGone) lastGone = id;
    },
    journal: (afterSeq, limit) => (hasSchema ? journal.after(afterSeq, limit) : []),
    lastSeatChanges: () => (hasSchema ? journal.lastSeatChanges() : new Map()),
    booked(after, limit) {
      if (!hasSchema) return [];
      const query = `SELECT body FROM holds WHERE id > ? AND body->>'$.booking.id' IS NOT NULL ORDER BY id LIMIT ?`;
      const rows = sql.exec<{ body: string }>(query, after ?? "", limit).toArray();
      return rows.map(({ body }) => JSON.parse(body) as Hold);
    },
    relays() {
      if (!hasSchema) return [];
      relays ??= sql
        .exec<{ name: string }>("SELECT name FROM relays ORDER BY name LIMIT ?", MAX_RELAYS)
        .toArray()
        .map(({ name }) => name);
      return relays;
    },
    addRelay(name) {
      if (!hasSchema || this.relays().includes(name)) return;
      sql.exec("INSERT INTO relays (name) VALUES (?) ON CONFLICT DO NOTHING", name);
      relays = null;
    },
    removeRelay(name) {
      if (!hasSchema || !this.relays().includes(name)) return;
      sql.exec("DELETE FROM relays WHERE name = ?", name);
      relays = null;
    },
    purgeKeys(beforeMs) {
      if (hasSchema) sql.exec("DELETE FROM keys WHERE at_ms <= ?", beforeMs);
    },
  };
}

/** What was on its way to D1 when memory was lost is to be handed over again; bookings saw to theirs themselves. */
function oweWhatD1Lacks(state: BoxOfficeState, { code }: EventDefinition): void {
  if (availabilityOwed(state)) owe(state, availabilityEffectOf(code));
  if (definitionOwed(state)) owe(state, definitionEffectOf(code));
}

const HOLD_COLUMNS = "booking_id, loaded_until_ms, sold_seats, body";

type HoldRow = {
  booking_id: string | null;
  loaded_until_ms: number | null;
  sold_seats: string | null;
  body: string;
};

type KeyRow = { scope: string; fingerprint: string; at_ms: number; reply: string };

function markOf(hold: Hold): Mark {
  const bookingId = hold.booking?.id ?? null;
  const sold = hold.endedAtMs === null && lockStatusOf(hold) === "CONSUMED";
  return {
    bookingId: bookingId === null || lockIdOf(bookingId) === hold.id ? null : bookingId,
    loadedUntilMs: isResident(hold) ? FOREVER_MS : cooldownEndOf(hold),
    soldSeats: sold ? JSON.stringify(ownedSeats(hold)) : null,
    revoked: revokedTicketsOf(hold).length,
  };
}

/** Naming a column in a statement writes its index again, whatever its value. */
function columnsThatDiffer(one: Mark, other: Mark): readonly string[] {
  const columns: string[] = [];
  if (one.bookingId !== other.bookingId) columns.push("booking_id");
  if (one.loadedUntilMs !== other.loadedUntilMs) columns.push("loaded_until_ms");
  if (one.soldSeats !== other.soldSeats) columns.push("sold_seats");
  return columns;
}
