// Gates: D1 decides who may scan. Asked at every scan, so a token that was revoked is worth nothing a moment later.

import { and, asc, eq, isNull, sql } from "drizzle-orm";
import type { Gate, Gates } from "../../app/ports";
import { keptQuery, openDatabase, unexpectedClash } from "./database";
import { KEY_TAKEN, writeWithKey } from "./idempotency-keys";
import { gates } from "./schema";

const COLUMNS = {
  id: gates.id,
  eventId: gates.eventId,
  name: gates.name,
  opensAtMs: gates.opensAtMs,
  expiresAtMs: gates.expiresAtMs,
  revokedAtMs: gates.revokedAtMs,
  createdAtMs: gates.createdAtMs,
} as const;

export function d1Gates(db: D1Database): Gates {
  const orm = openDatabase(db);
  // Every scan begins with it.
  const oneByTokenHash = keptQuery(() =>
    orm
      .select(COLUMNS)
      .from(gates)
      .where(eq(gates.tokenHash, sql.placeholder("hash")))
      .limit(1)
      .prepare(),
  );
  return {
    async insert({ id, eventId, name, opensAtMs, expiresAtMs, revokedAtMs, createdAtMs }, tokenHash, key) {
      const row = { id, eventId, name, tokenHash, opensAtMs, expiresAtMs, revokedAtMs, createdAtMs };
      const clash = await writeWithKey(orm, key, [orm.insert(gates).values(row)]);
      if (clash === null) return "inserted";
      if (clash === KEY_TAKEN) return "key-taken";
      throw unexpectedClash(clash);
    },
    async byId(id): Promise<Gate | null> {
      const [row] = await orm.select(COLUMNS).from(gates).where(eq(gates.id, id)).limit(1);
      return row ?? null;
    },
    async byTokenHash(hash): Promise<Gate | null> {
      const [row] = await oneByTokenHash().execute({ hash });
      return row ?? null;
    },
    async ofEvent(id, limit): Promise<readonly Gate[]> {
      return await orm.select(COLUMNS).from(gates).where(eq(gates.eventId, id)).orderBy(asc(gates.id)).limit(limit);
    },
    async revoke(id, nowMs) {
      const inForce = and(eq(gates.id, id), isNull(gates.revokedAtMs));
      await orm.update(gates).set({ revokedAtMs: nowMs }).where(inForce);
    },
  };
}
