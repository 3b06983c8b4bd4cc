// Ways of speaking to D1 that every store shares: the connection, the constraint that refused a batch, and the health
// check's one query.

import type { BatchItem } from "drizzle-orm/batch";
import { type DrizzleD1Database, drizzle } from "drizzle-orm/d1";
import type { Database } from "../../app/ports";

export type Orm = DrizzleD1Database & { $client: D1Database };
export type Statement = BatchItem<"sqlite">;

export function openDatabase(db: D1Database): Orm {
  return drizzle(db);
}

/** A query that is written when it is first asked, and kept: to write it costs a quarter of the whole answer. */
export function keptQuery<Q>(write: () => Q): () => Q {
  let query: Q | null = null;
  return () => {
    query ??= write();
    return query;
  };
}

export function d1Database(db: D1Database): Database {
  return {
    async ping() {
      await db.prepare("SELECT 1").run();
    },
  };
}

/** Errors wrap each other: drizzle's hold D1's, which holds SQLite's. */
const MAX_CAUSES = 5;
const UNIQUE = /UNIQUE constraint failed: ([a-z_]+\.[a-z_]+)/;

/**
 * The `table.column` whose uniqueness a statement would have broken, or null for any other fault. Of a batch it is
 * the first such statement's, and nothing of the batch was written.
 */
export function brokenUniqueness(fault: unknown): string | null {
  let cause = fault;
  for (let depth = 0; depth < MAX_CAUSES && cause instanceof Error; depth++) {
    const column = UNIQUE.exec(cause.message)?.[1];
    if (column) return column;
    cause = cause.cause;
  }
  return null;
}

export function unexpectedClash(column: string): Error {
  return new Error(`D1 already has a row with this ${column}`);
}

/** The row of a statement that always has one: an aggregate. */
export function onlyRow<T>(rows: readonly T[]): T {
  const row = rows[0];
  if (!row) throw new Error("D1 answered with no row where there is always one");
  return row;
}
