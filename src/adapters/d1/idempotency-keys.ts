// Idempotency keys of the routes whose effect is in D1. A key is written in the batch that does the work, so the two
// exist together or not at all.

import { and, asc, eq, gt, inArray, lte } from "drizzle-orm";
import type { IdempotencyKeys, KeptKey } from "../../app/ports";
import { DAY } from "../../domain/time";
import { brokenUniqueness, type Orm, openDatabase, type Statement } from "./database";
import { idempotencyKeys } from "./schema";

/** For this long a repeat gets the first answer. */
const KEY_LIFE_MS = DAY;

/** What `writeWithKey` answers when the scope has a key in force. */
export const KEY_TAKEN = "idempotency_keys.scope";

export function d1IdempotencyKeys(db: D1Database): IdempotencyKeys {
  const orm = openDatabase(db);
  return {
    async find(scope, nowMs) {
      const inForce = and(eq(idempotencyKeys.scope, scope), gt(idempotencyKeys.atMs, nowMs - KEY_LIFE_MS));
      const [row] = await orm.select().from(idempotencyKeys).where(inForce).limit(1);
      return row ?? null;
    },

    async purge(beforeMs, limit) {
      const old = orm
        .select({ scope: idempotencyKeys.scope })
        .from(idempotencyKeys)
        .where(lte(idempotencyKeys.atMs, beforeMs))
        .orderBy(asc(idempotencyKeys.atMs))
        .limit(limit);
      await orm.delete(idempotencyKeys).where(inArray(idempotencyKeys.scope, old));
    },
  };
}

/**
 * Does `work` and keeps `key` in one batch: all or nothing. Returns null when it is written, else the `table.column`
 * whose uniqueness refused it: `KEY_TAKEN` before any other, so that a parallel repeat is known for what it is.
 */
export async function writeWithKey(
  orm: Orm,
  key: KeptKey | null,
  work: readonly [Statement, ...Statement[]],
): Promise<string | null> {
  try {
    await orm.batch(key ? [...keepKey(orm, key), ...work] : work);
    return null;
  } catch (fault) {
    const column = brokenUniqueness(fault);
    if (column === null) throw fault;
    return column;
  }
}

/** A key that outlived its 24 h makes room for the new one. */
function keepKey(orm: Orm, key: KeptKey) {
  const outlived = and(eq(idempotencyKeys.scope, key.scope), lte(idempotencyKeys.atMs, key.atMs - KEY_LIFE_MS));
  const { scope, fingerprint, resultId, atMs } = key;
  return [
    orm.delete(idempotencyKeys).where(outlived),
    orm.insert(idempotencyKeys).values({ scope, fingerprint, resultId, atMs }),
  ] as const;
}
