// The peers as contestants: each a Node program beside the databases it uses, which are counted with it.

import { join } from "node:path";
import { cpuMsOf, startAnswering, stop } from "./processes.mjs";

const PROGRAM = join(import.meta.dirname, "peers/peer.mjs");

/** What each holds seats with, in one line, and the pool of connections that was fastest for it here. */
export const PEERS = /** @type {const} */ ({
  "redis-pg": { label: "Node + Redis locks + PostgreSQL", pool: 16, redis: true },
  "pg-for-update": { label: "Node + PostgreSQL FOR UPDATE", pool: 32, redis: false },
  "pg-one-statement": { label: "Node + PostgreSQL, one statement", pool: 32, redis: false },
});
/** @typedef {keyof typeof PEERS} PeerName */

/**
 * @param {PeerName} name @param {import("./databases.mjs").Postgres} postgres
 * @param {import("./databases.mjs").Redis | null} redis @param {string} secret
 */
export async function startPeer(name, postgres, redis, secret) {
  const { pool, label } = PEERS[name];
  const args = ["--kind", name, "--pool", String(pool), "--database", postgres.database, "--secret", secret];
  if (redis !== null) args.push("--redis", redis.path);
  const { child, said } = await startAnswering(process.execPath, [PROGRAM, ...args]);
  const roots = [/** @type {number} */ (child.pid), postgres.pid, ...(redis === null ? [] : [redis.pid])];
  let halls = 0;
  return {
    name,
    label,
    port: said.port,
    cpuMs: () => cpuMsOf(roots),
    /** @param {number} seats */
    async addHall(seats) {
      const eventId = `evnt_${name}_${halls++}`;
      await postgres.addHall(eventId, seats);
      return eventId;
    },
    stop: () => stop(child),
  };
}
