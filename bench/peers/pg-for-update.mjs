// Seats in rows of PostgreSQL, held by the textbook transaction: SELECT … FOR UPDATE, look, UPDATE, INSERT, COMMIT.

import pg from "pg";

const LOOK = {
  name: "look",
  text: `SELECT (lock_id IS NULL OR held_until < now()) AS free FROM seats
         WHERE event_id = $1 AND seat_id = ANY($2) ORDER BY seat_id FOR UPDATE`,
};
const TAKE = {
  name: "take",
  text: "UPDATE seats SET lock_id = $1, held_until = $2 WHERE event_id = $3 AND seat_id = ANY($4)",
};
const NOTE = {
  name: "note",
  text: "INSERT INTO holds (id, event_id, user_id, seat_ids, expires_at) VALUES ($1, $2, $3, $4, $5)",
};

/** @param {{ database: string, pool: number }} at @returns {Promise<import("./peer.mjs").HoldSeats>} */
export async function pgForUpdate({ database, pool }) {
  const connections = new pg.Pool({ connectionString: database, max: pool });
  return async ({ id, eventId, userId, seatIds, expiresAtMs }) => {
    const client = await connections.connect();
    const until = new Date(expiresAtMs);
    try {
      await client.query("BEGIN");
      const { rows } = await client.query({ ...LOOK, values: [eventId, seatIds] });
      const free = rows.length === seatIds.length && rows.every((row) => row.free);
      if (free) {
        await client.query({ ...TAKE, values: [id, until, eventId, seatIds] });
        await client.query({ ...NOTE, values: [id, eventId, userId, seatIds, until] });
      }
      await client.query(free ? "COMMIT" : "ROLLBACK");
      return free;
    } catch (fault) {
      await client.query("ROLLBACK");
      throw fault;
    } finally {
      client.release();
    }
  };
}
