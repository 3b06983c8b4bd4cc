// The journal's rows: what happened to the sale, entry by entry, with what each did to seats.

import type { JournalEntry, SeatStatus } from "../domain/box-office/state";
import { inChunks } from "./row-chunks";

export const JOURNAL_SCHEMA = `CREATE TABLE IF NOT EXISTS journal (
     seq INTEGER PRIMARY KEY,
     at_ms INTEGER NOT NULL,
     actor TEXT NOT NULL,
     request_id TEXT NOT NULL,
     facts TEXT NOT NULL,
     seat_changes TEXT NOT NULL
   ) STRICT`;

/** Entries that an audit reads: about a second's work. */
const MAX_AUDITED_ENTRIES = 300_000;

type JournalRow = {
  seq: number;
  at_ms: number;
  actor: string;
  request_id: string;
  facts: string;
  seat_changes: string;
};

/** Of a box office that has its tables. */
export interface JournalRows {
  lastSeq(): number;
  /** Entries after `afterSeq`, oldest first. */
  after(afterSeq: number, limit: number): readonly JournalEntry[];
  /** The last status that is told of each seat, or null where the journal is too long to be read at once. */
  lastSeatChanges(): ReadonlyMap<number, SeatStatus> | null;
  /** Inside a transaction. */
  write(entries: readonly JournalEntry[]): void;
}

export function journalRows(sql: SqlStorage): JournalRows {
  function lastSeq(): number {
    const row = sql.exec<{ seq: number }>("SELECT seq FROM journal ORDER BY seq DESC LIMIT 1").toArray()[0];
    return row?.seq ?? 0;
  }

  return {
    lastSeq,
    after(afterSeq, limit) {
      const query = `SELECT seq, at_ms, actor, request_id, facts, seat_changes FROM journal
                     WHERE seq > ? ORDER BY seq LIMIT ?`;
      return sql.exec<JournalRow>(query, afterSeq, limit).toArray().map(entryOf);
    },
    lastSeatChanges() {
      if (lastSeq() > MAX_AUDITED_ENTRIES) return null;
      const last = new Map<number, SeatStatus>();
      const query = "SELECT seat_changes FROM journal WHERE seat_changes <> '[]' ORDER BY seq";
      for (const row of sql.exec<{ seat_changes: string }>(query)) {
        for (const [seat, status] of JSON.parse(row.seat_changes) as JournalEntry["seatChanges"])
          last.set(seat, status);
      }
      return last;
    },
    write(entries) {
      const values = entries.map((entry) => [
        entry.seq,
        entry.atMs,
        entry.actor,
        entry.requestId,
        JSON.stringify(entry.facts),
        JSON.stringify(entry.seatChanges),
      ]);
      inChunks(values, (json) =>
        sql.exec(
          `INSERT INTO journal (seq, at_ms, actor, request_id, facts, seat_changes)
           SELECT value->>0, value->>1, value->>2, value->>3, value->>4, value->>5 FROM json_each(?)`,
          json,
        ),
      );
    },
  };
}

function entryOf(row: JournalRow): JournalEntry {
  return {
    seq: row.seq,
    atMs: row.at_ms,
    actor: row.actor,
    requestId: row.request_id,
    facts: JSON.parse(row.facts) as JournalEntry["facts"],
    seatChanges: JSON.parse(row.seat_changes) as JournalEntry["seatChanges"],
  };
}
