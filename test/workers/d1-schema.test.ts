// The migrations and drizzle's description of them say the same.

import { env } from "cloudflare:workers";
import { is } from "drizzle-orm";
import { getTableConfig, SQLiteTable } from "drizzle-orm/sqlite-core";
import { describe, expect, it } from "vitest";
import * as schema from "../../src/adapters/d1/schema";

interface Column {
  readonly name: string;
  readonly type: string;
  readonly notNull: boolean;
  readonly primary: boolean;
}

const tables = Object.values(schema).filter((table) => is(table, SQLiteTable));

async function columnsInD1(table: string): Promise<readonly Column[]> {
  const { results } = await env.DB.prepare('SELECT name, type, "notnull", pk FROM pragma_table_info(?1) ORDER BY cid')
    .bind(table)
    .all<{ name: string; type: string; notnull: number; pk: number }>();
  return results.map(({ name, type, notnull, pk }) => ({ name, type, notNull: notnull === 1, primary: pk > 0 }));
}

function columnsInDrizzle(table: SQLiteTable): readonly Column[] {
  return getTableConfig(table).columns.map((column) => ({
    name: column.name,
    type: column.getSQLType().toUpperCase(),
    notNull: column.notNull,
    primary: column.primary,
  }));
}

describe("the schema of D1", () => {
  it("has the tables that drizzle knows, and no others", async () => {
    const { results } = await env.DB.prepare(
      "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' AND name NOT IN ('d1_migrations', '_cf_METADATA', '_cf_KV') ORDER BY name",
    ).all<{ name: string }>();
    expect(results.map(({ name }) => name)).toEqual(tables.map((table) => getTableConfig(table).name).sort());
  });

  it.each(tables.map((table) => [getTableConfig(table).name, table] as const))(
    "describes the columns of %s as the migration made them",
    async (name, table) => {
      expect(columnsInDrizzle(table)).toEqual(await columnsInD1(name));
    },
  );

  it("has only STRICT tables", async () => {
    const { results } = await env.DB.prepare("PRAGMA table_list").all<{ name: string; type: string; strict: number }>();
    const ours = results.filter(({ name }) => tables.some((table) => getTableConfig(table).name === name));
    expect(ours.filter(({ strict }) => strict !== 1)).toEqual([]);
    expect(ours).toHaveLength(tables.length);
  });
});
