// The storage of one Durable Object: what is written is seen at once and durable at the next flush; a crash loses what
// was not flushed, a transaction that throws leaves nothing. Rows are in memory, or in SQLite for the real ones.

import type { DatabaseSync, SQLInputValue, StatementSync } from "node:sqlite";
import type { World } from "./world";

export interface Image {
  alarmMs: number | null;
}

export interface SimStorage {
  readonly sql: SimSql;
  readonly image: Image;
  transactionSync<T>(work: () => T): T;
  sync(): Promise<void>;
  getAlarm(): Promise<number | null>;
  setAlarm(atMs: number): Promise<void>;
}

/** What the simulated rows need: changes with how to undo them. */
export interface SimSql {
  readonly tables: Tables;
  exec(query: string, ...values: SQLInputValue[]): Iterable<unknown> & { toArray(): unknown[]; one(): unknown };
  /** Notes how the change that was just made is undone. */
  undo(step: () => void): void;
}

export interface Tables {
  readonly holds: Map<string, unknown>;
  readonly meta: Map<string, unknown>;
  readonly journal: unknown[];
  readonly keys: Map<string, unknown>;
  readonly relays: Set<string>;
}

export interface Disk {
  readonly storage: SimStorage;
  readonly database: DatabaseSync | null;
  /** Whether anything waits to be durable. */
  isDirty(): boolean;
  /** Makes everything durable; its waiters go on. */
  flush(): void;
  /** Loses what is not durable. Nobody who waited for it hears anything. */
  lose(): void;
}

/** As the platform has it: a cursor with any other number of rows is a mistake. */
function only(rows: readonly unknown[]): unknown {
  if (rows.length !== 1) throw new Error(`expected exactly one result from SQL query, but got ${rows.length}`);
  return rows[0];
}

export function diskOf(world: World, database: DatabaseSync | null, on: { dirty(): void; alarm(): void }): Disk {
  const tables: Tables = { holds: new Map(), meta: new Map(), journal: [], keys: new Map(), relays: new Set() };
  const image: Image = { alarmMs: null };
  let undone: (() => void)[] = [];
  let waiting: (() => void)[] = [];
  let dirty = false;
  const statements = new Map<string, StatementSync>();

  function touch(): void {
    if (dirty) return;
    dirty = true;
    database?.exec("BEGIN");
    on.dirty();
  }
  function rollBackTo(mark: number): void {
    while (undone.length > mark) (undone.pop() as () => void)();
  }
  const sql: SimSql = {
    tables,
    undo(step) {
      touch();
      undone.push(step);
    },
    exec(query, ...values) {
      if (database === null) throw new Error("these rows are not SQL");
      if (!/^\s*SELECT/i.test(query)) touch();
      let statement = statements.get(query);
      if (statement === undefined) {
        statement = database.prepare(query);
        statements.set(query, statement);
      }
      const rows = statement.all(...values);
      return { toArray: () => rows, one: () => only(rows), [Symbol.iterator]: () => rows[Symbol.iterator]() };
    },
  };
  const storage: SimStorage = {
    sql,
    image,
    transactionSync(work) {
      const mark = undone.length;
      const fails = world.faults.happens(world, "transaction fails");
      if (database !== null) touch();
      database?.exec("SAVEPOINT one");
      try {
        const value = work();
        if (fails) throw new Error("the disk is full");
        database?.exec("RELEASE one");
        return value;
      } catch (error) {
        world.count("a transaction failed");
        rollBackTo(mark);
        database?.exec("ROLLBACK TO one; RELEASE one");
        on.alarm();
        throw error;
      }
    },
    sync: () => (dirty ? new Promise((resolve) => waiting.push(resolve)) : Promise.resolve()),
    getAlarm: async () => image.alarmMs,
    async setAlarm(atMs) {
      const old = image.alarmMs;
      sql.undo(() => {
        image.alarmMs = old;
      });
      image.alarmMs = atMs;
      on.alarm();
    },
  };
  return {
    storage,
    database,
    isDirty: () => dirty,
    flush() {
      if (dirty) database?.exec("COMMIT");
      dirty = false;
      undone = [];
      const resumed = waiting;
      waiting = [];
      for (const resume of resumed) resume();
    },
    lose() {
      rollBackTo(0);
      if (dirty) database?.exec("ROLLBACK");
      dirty = false;
      waiting = [];
      statements.clear();
      on.alarm();
    },
  };
}
