// The rows of the doors: a check-in for each ticket that was shown, and the tickets that were revoked. Both tables are made
// when the first of them is needed, so that a sale that never gets there pays for nothing.

import type { BoxOfficeState, CheckIn, Hold, Scan } from "../domain/box-office/state";
import { revokedTicketsOf } from "../domain/box-office/tickets";
import type { GateId, TicketId } from "../domain/ids";

const SCHEMA = [
  `CREATE TABLE IF NOT EXISTS check_ins (ticket_id TEXT PRIMARY KEY, scans TEXT NOT NULL) STRICT, WITHOUT ROWID`,
  `CREATE TABLE IF NOT EXISTS revoked_tickets (ticket_id TEXT PRIMARY KEY) STRICT, WITHOUT ROWID`,
] as const;

export interface CheckInRows {
  /** What must be known without being named: which tickets are revoked, and how many each gate let in. */
  load(state: BoxOfficeState): void;
  checkIn(id: TicketId): CheckIn | null;
  /** Inside a transaction. `revoked` are holds some of whose tickets were revoked since they were last written. */
  write(checkIns: readonly CheckIn[], revoked: readonly Hold[]): void;
}

export function checkInRows(sql: SqlStorage): CheckInRows {
  let hasSchema: boolean | null = null;

  function isReady(): boolean {
    hasSchema ??= sql.exec("SELECT 1 FROM sqlite_master WHERE name = 'check_ins'").toArray().length > 0;
    return hasSchema;
  }

  return {
    load(state) {
      hasSchema = null;
      if (!isReady()) return;
      for (const { id } of sql.exec<{ id: TicketId }>("SELECT ticket_id AS id FROM revoked_tickets")) {
        state.revoked.add(id);
      }
      const counts = sql.exec<{ gate: GateId; state: Scan["state"]; scans: number }>(
        `SELECT scan.value->>'gateId' AS gate, scan.value->>'state' AS state, count(*) AS scans
         FROM check_ins, json_each(check_ins.scans) AS scan GROUP BY 1, 2`,
      );
      for (const { gate, state: how, scans } of counts) {
        const { checkedIn, conflicts } = state.gateCounts.get(gate) ?? { checkedIn: 0, conflicts: 0 };
        state.gateCounts.set(gate, {
          checkedIn: checkedIn + (how === "in" ? scans : 0),
          conflicts: conflicts + (how === "lost" || how === "displaced" ? scans : 0),
        });
      }
    },
    checkIn(id) {
      if (!isReady()) return null;
      const query = "SELECT scans FROM check_ins WHERE ticket_id = ? LIMIT 1";
      const row = sql.exec<{ scans: string }>(query, id).toArray()[0];
      return row === undefined ? null : { ticketId: id, scans: JSON.parse(row.scans) as CheckIn["scans"] };
    },
    write(checkIns, revoked) {
      if (checkIns.length === 0 && revoked.length === 0) return;
      if (!isReady()) for (const statement of SCHEMA) sql.exec(statement);
      if (checkIns.length > 0) {
        sql.exec(
          `INSERT INTO check_ins (ticket_id, scans) SELECT value->>0, value->>1 FROM json_each(?) WHERE true
           ON CONFLICT (ticket_id) DO UPDATE SET scans = excluded.scans`,
          JSON.stringify(checkIns.map(({ ticketId, scans }) => [ticketId, JSON.stringify(scans)])),
        );
      }
      const tickets = revoked.flatMap(revokedTicketsOf);
      if (tickets.length > 0) {
        sql.exec(
          `INSERT INTO revoked_tickets (ticket_id) SELECT value FROM json_each(?) WHERE true
           ON CONFLICT (ticket_id) DO NOTHING`,
          JSON.stringify(tickets),
        );
      }
      // Made inside a transaction that may be rolled back: looked for again.
      hasSchema = null;
    },
  };
}
