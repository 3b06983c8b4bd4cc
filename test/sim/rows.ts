// The box office's rows without SQL, for speed: the same tables, loaded and written by the same rules as
// src/durable/box-office-rows.ts. `--rows sqlite` runs the real ones instead.

import {
  availabilityEffectOf,
  availabilityOwed,
  definitionEffectOf,
  definitionOwed,
  owe,
  recover,
} from "../../src/domain/box-office/effects";
import { cooldownEndOf, lockStatusOf, ownedSeats } from "../../src/domain/box-office/hold";
import {
  admit,
  admitSold,
  emptyBoxOffice,
  install,
  isResident,
  noteBooking,
} from "../../src/domain/box-office/seat-table";
import type { BoxOfficeState, EventDefinition, Hold, JournalEntry, StoredKey } from "../../src/domain/box-office/state";
import { type BookingId, idsSince, type LockId, lockIdOf } from "../../src/domain/ids";
import { MINUTE } from "../../src/domain/time";
import { type Rows, boxOfficeRows as realRows } from "../../src/durable/box-office-rows";
import type { SimSql } from "./storage";

export interface HoldRow {
  readonly hold: Hold;
  readonly loadedUntilMs: number | null;
  readonly soldSeats: readonly number[] | null;
}

interface Told {
  readonly availabilitySeq: number;
  readonly definitionVersion: number;
}

/** Whom to tell of every row written: the judge. */
export interface RowsWatcher {
  loaded(state: BoxOfficeState): void;
  wrote(state: BoxOfficeState): void;
}
let watcher: RowsWatcher | null = null;
export function watchRows(one: RowsWatcher): void {
  watcher = one;
}

let useReal = false;
export function useRealRows(real: boolean): void {
  useReal = real;
}

export function boxOfficeRows(storage: SqlStorage): Rows {
  const rows = useReal ? realRows(storage) : simulatedRows(storage as unknown as SimSql);
  return {
    ...rows,
    load(policy, nowMs) {
      const state = rows.load(policy, nowMs);
      watcher?.loaded(state);
      return state;
    },
    // No simulated buyer comes to the door.
    admitCheckIn() {},
    write(state, changes) {
      rows.write(state, changes);
      watcher?.wrote(state);
    },
  };
}

function simulatedRows(sql: SimSql): Rows {
  const { holds, meta, journal, keys, relays } = sql.tables as unknown as {
    holds: Map<LockId, HoldRow>;
    meta: Map<string, unknown>;
    journal: JournalEntry[];
    keys: Map<string, StoredKey>;
    relays: Set<string>;
  };

  function put<K, V>(table: Map<K, V>, key: K, value: V): void {
    const old = table.get(key);
    sql.undo(() => (old === undefined ? table.delete(key) : table.set(key, old)));
    table.set(key, value);
  }
  let recentMissingUntilMs: number | null = null;
  let lastGone = "";
  function take(state: BoxOfficeState, row: HoldRow | undefined, nowMs: number): boolean {
    if (row !== undefined) admit(state, row.hold, nowMs, row.soldSeats !== null);
    return row !== undefined;
  }
  function lastSeq(): number {
    return journal.at(-1)?.seq ?? 0;
  }
  return {
    load(policy, nowMs) {
      const state = emptyBoxOffice(policy);
      const definition = meta.get("definition") as EventDefinition | undefined;
      state.seq = lastSeq();
      lastGone = [...holds.keys()].reduce((last, id) => (id > last ? id : last), "");
      if (definition === undefined) return state;
      const told = meta.get("told") as Told;
      install(state, definition);
      for (const { hold, soldSeats } of holds.values()) if (soldSeats !== null) admitSold(state, hold.id, soldSeats);
      for (const row of sorted(holds)) {
        if (row.loadedUntilMs !== null && row.loadedUntilMs > nowMs) take(state, row, nowMs);
      }
      recentMissingUntilMs = nowMs + MINUTE;
      state.definitionToldVersion = told.definitionVersion;
      state.availabilityToldSeq = told.availabilitySeq;
      state.availabilitySeq = state.seq;
      if (availabilityOwed(state)) owe(state, availabilityEffectOf(definition.code));
      if (definitionOwed(state)) owe(state, definitionEffectOf(definition.code));
      recover(state, nowMs);
      return state;
    },
    admitHolds(state, ids, nowMs) {
      for (const id of ids) if (id <= lastGone && !state.holds.has(id)) take(state, holds.get(id), nowMs);
    },
    admitBooking(state, id, nowMs) {
      if (state.lockOfBooking.has(id)) return;
      if (take(state, holds.get(lockIdOf(id)), nowMs) && state.lockOfBooking.has(id)) return;
      take(state, rowOfBooking(holds, id), nowMs);
    },
    admitRecentBookings(state, nowMs) {
      if (recentMissingUntilMs === null || recentMissingUntilMs <= nowMs) return;
      recentMissingUntilMs = null;
      const since = idsSince("lock", nowMs - 2 * MINUTE);
      for (const { hold } of sorted(holds)) if (hold.id > since) noteBooking(state, hold, nowMs);
    },
    admitKeys(state, scopes) {
      for (const scope of scopes) {
        const key = keys.get(scope);
        if (key !== undefined && !state.keys.has(scope)) state.keys.set(scope, key);
      }
    },
    write(state, changes) {
      if (changes.definition !== null) put(meta, "definition", changes.definition);
      if (changes.told || changes.definition !== null) {
        const { availabilityToldSeq: availabilitySeq, definitionToldVersion: definitionVersion } = state;
        put(meta, "told", { availabilitySeq, definitionVersion });
      }
      for (const hold of changes.holds.values()) put(holds, hold.id, rowOf(hold));
      for (const entry of changes.journal) {
        if (entry.seq !== lastSeq() + 1) throw new Error(`journal ${entry.seq} after ${lastSeq()}`);
        sql.undo(() => journal.pop());
        journal.push(entry);
      }
      for (const key of changes.keys) put(keys, key.scope, key);
    },
    lastSeq,
    // Nobody scans tickets here: what the door knows is no part of this simulation.
    admitCheckIn() {},
    noteGone(id) {
      if (id > lastGone) lastGone = id;
    },
    journal(afterSeq, limit) {
      return journal.filter(({ seq }) => seq > afterSeq).slice(0, limit);
    },
    lastSeatChanges() {
      return new Map(
        journal.flatMap(({ seatChanges }) => seatChanges.map(([seat, status]) => [seat, status] as const)),
      );
    },
    booked(after, limit) {
      const page = sorted(holds).filter(({ hold }) => hold.booking !== null && hold.id > (after ?? ""));
      return page.slice(0, limit).map(({ hold }) => hold);
    },
    relays: () => [...relays].sort(),
    addRelay(name) {
      if (relays.has(name)) return;
      sql.undo(() => relays.delete(name));
      relays.add(name);
    },
    removeRelay(name) {
      if (!relays.has(name)) return;
      sql.undo(() => relays.add(name));
      relays.delete(name);
    },
    purgeKeys(beforeMs) {
      for (const [scope, key] of keys) {
        if (key.atMs > beforeMs) continue;
        sql.undo(() => keys.set(scope, key));
        keys.delete(scope);
      }
    },
  };
}

/** Far enough for any clock, as in the real rows. */
const FOREVER_MS = 9_000_000_000_000_000;

function rowOf(hold: Hold): HoldRow {
  const sold = hold.endedAtMs === null && lockStatusOf(hold) === "CONSUMED";
  return {
    hold,
    loadedUntilMs: isResident(hold) ? FOREVER_MS : cooldownEndOf(hold),
    soldSeats: sold ? ownedSeats(hold) : null,
  };
}

function sorted(holds: ReadonlyMap<LockId, HoldRow>): readonly HoldRow[] {
  return [...holds.values()].sort((one, other) => (one.hold.id < other.hold.id ? -1 : 1));
}

function rowOfBooking(holds: ReadonlyMap<LockId, HoldRow>, id: BookingId): HoldRow | undefined {
  for (const row of holds.values()) if (row.hold.booking?.id === id) return row;
  return undefined;
}
