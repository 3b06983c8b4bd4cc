// Seats in rows of PostgreSQL, held by one statement: the rows are locked in order, changed if all are free, and the
// hold is written with them.

import pg from "pg";

const HOLD = {
  name: "hold",
  text: `
    WITH free AS MATERIALIZED (
      SELECT seat_id FROM seats
      WHERE event_id = $2 AND seat_id = ANY($4) AND (lock_id IS NULL OR held_until < now())
      ORDER BY seat_id FOR UPDATE
    ), held AS (
      UPDATE seats SET lock_id = $1, held_until = $5 FROM free
      WHERE seats.event_id = $2 AND seats.seat_id = free.seat_id
        AND (SELECT count(*) FROM free) = cardinality($4::text[])
      RETURNING 1
    )
    INSERT INTO holds (id, event_id, user_id, seat_ids, expires_at)
    SELECT $1, $2, $3, $4, $5 WHERE (SELECT count(*) FROM held) = cardinality($4::text[])`,
};

/** @param {{ database: string, pool: number }} at @returns {Promise<import("./peer.mjs").HoldSeats>} */
export async function pgOneStatement({ database, pool }) {
  const connections = new pg.Pool({ connectionString: database, max: pool });
  return async ({ id, eventId, userId, seatIds, expiresAtMs }) => {
    const { rowCount } = await connections.query({
      ...HOLD,
      values: [id, eventId, userId, seatIds, new Date(expiresAtMs)],
    });
    return rowCount === 1;
  };
}
