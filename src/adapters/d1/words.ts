// Searching by words: each must occur in one of the columns. SQLite knows the case of ASCII letters only, so other
// letters are found as they are typed. A scan, of tables that stay small.

import { or, type SQL, sql } from "drizzle-orm";
import type { SQLiteColumn } from "drizzle-orm/sqlite-core";

/** More words than these make no search narrower that means anything. */
const MAX_WORDS = 8;

export function wordsOf(text: string | null): readonly string[] {
  return (text ?? "").split(/\s+/).filter(Boolean).slice(0, MAX_WORDS);
}

/** Not by LIKE: D1 takes no pattern of more than 50 bytes, and a word has up to 100 characters. */
export function anyHas(columns: readonly SQLiteColumn[], word: string): SQL | undefined {
  return or(...columns.map((column) => sql`instr(lower(${column}), lower(${word})) > 0`));
}
