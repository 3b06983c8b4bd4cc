// Everything that the product keeps, as text by table: two readings that are equal mean that nothing was changed.

import { listDurableObjectIds, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";

export type Digest = ReadonlyMap<string, string>;

/** Counting refused logins and registrations is what this table is for. */
const COUNTERS = new Set(["throttles"]);
const NOT_OURS = /^(sqlite_|_cf_|d1_)/;

export async function digestOf(eventCodes: readonly string[]): Promise<Digest> {
  const digest = new Map<string, string>();
  const names = (await tableNames()).filter((name) => !COUNTERS.has(name));
  const found = await env.DB.batch(names.map((name) => env.DB.prepare(`SELECT * FROM ${name} ORDER BY 1, 2`)));
  names.forEach((name, i) => void digest.set(`D1 ${name}`, rowsText(found[i]?.results ?? [])));
  for (const code of eventCodes) {
    const stub = env.BOX_OFFICE.get(env.BOX_OFFICE.idFromName(code));
    const tables = await runInDurableObject(stub, (_, { storage }) =>
      [...storage.sql.exec("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name")]
        .map(({ name }) => String(name))
        .filter((name) => !NOT_OURS.test(name))
        .map((name) => [name, rowsText([...storage.sql.exec(`SELECT * FROM ${name} ORDER BY 1`)])] as const),
    );
    for (const [name, text] of tables) digest.set(`${code} ${name}`, text);
  }
  digest.set("objects", String((await listDurableObjectIds(env.BOX_OFFICE)).length));
  return digest;
}

/** What differs, in words; empty where nothing does. */
export function differences(before: Digest, after: Digest): readonly string[] {
  const names = new Set([...before.keys(), ...after.keys()]);
  return [...names]
    .filter((name) => before.get(name) !== after.get(name))
    .map((name) => {
      const known = new Set(before.get(name)?.split("\n"));
      const rows = (after.get(name) ?? "").split("\n").filter((row) => !known.has(row));
      return `${name}: ${rows.slice(0, 3).join(" ; ").slice(0, 400)}`;
    });
}

/** Empties D1, so that no run is slowed by what the runs before it left. */
export async function emptyDatabase(): Promise<void> {
  await env.DB.batch((await tableNames()).map((name) => env.DB.prepare(`DELETE FROM ${name}`)));
}

async function tableNames(): Promise<readonly string[]> {
  const { results } = await env.DB.prepare("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name").all();
  return results.map(({ name }) => String(name)).filter((name) => !NOT_OURS.test(name));
}

function rowsText(rows: readonly unknown[]): string {
  return rows.map((row) => JSON.stringify(row)).join("\n");
}
