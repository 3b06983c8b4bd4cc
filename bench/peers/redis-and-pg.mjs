// Seats as keys of Redis with a time to live, taken all or none by one script; the hold is then written to PostgreSQL.
// What was taken is given back when that write fails.

import { createClient } from "@redis/client";
import pg from "pg";

const TAKE = `
  for i = 1, #KEYS do if redis.call('EXISTS', KEYS[i]) == 1 then return 0 end end
  for i = 1, #KEYS do redis.call('SET', KEYS[i], ARGV[1], 'NX', 'PX', ARGV[2]) end
  return 1`;
const NOTE = {
  name: "note",
  text: "INSERT INTO holds (id, event_id, user_id, seat_ids, expires_at) VALUES ($1, $2, $3, $4, $5)",
};

/** @param {{ database: string, redis: string, pool: number }} at @returns {Promise<import("./peer.mjs").HoldSeats>} */
export async function redisAndPg({ database, redis, pool }) {
  const connections = new pg.Pool({ connectionString: database, max: pool });
  const locks = createClient({ socket: { path: redis, tls: false } });
  await locks.connect();
  const take = await locks.scriptLoad(TAKE);
  return async ({ id, eventId, userId, seatIds, expiresAtMs }) => {
    const keys = seatIds.map((seatId) => `${eventId}:${seatId}`);
    const taken = await locks.evalSha(take, { keys, arguments: [id, String(expiresAtMs - Date.now())] });
    if (taken !== 1) return false;
    try {
      await connections.query({ ...NOTE, values: [id, eventId, userId, seatIds, new Date(expiresAtMs)] });
      return true;
    } catch (fault) {
      await locks.del(keys);
      throw fault;
    }
  };
}
