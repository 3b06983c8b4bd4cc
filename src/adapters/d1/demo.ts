// Which steps of the demo seed are done: D1 decides, so that a seed that was cut off goes on where it stopped.

import { asc, eq } from "drizzle-orm";
import type { Demo } from "../../app/ports";
import { openDatabase } from "./database";
import { demoMarks } from "./schema";

const READY = "ready";
/** Far more than the seed has steps. */
const MAX_MARKS = 100;

export function d1Demo(db: D1Database): Demo {
  const orm = openDatabase(db);
  let ready = false;

  async function mark(name: string, nowMs: number): Promise<void> {
    const row = { name, atMs: nowMs };
    await orm
      .insert(demoMarks)
      .values(row)
      .onConflictDoUpdate({ target: demoMarks.name, set: { atMs: nowMs } });
  }

  return {
    async ready() {
      // Once ready, always ready: health checks need not ask again.
      if (ready) return true;
      const rows = await orm.select().from(demoMarks).where(eq(demoMarks.name, READY)).limit(1);
      ready = rows.length > 0;
      return ready;
    },

    async marks() {
      const rows = await orm.select().from(demoMarks).orderBy(asc(demoMarks.name)).limit(MAX_MARKS);
      return new Map(rows.map(({ name, atMs }) => [name, atMs]));
    },

    mark,

    async finish(nowMs) {
      await mark(READY, nowMs);
    },
  };
}
