// The databases that peers need, from Debian's packages, on sockets in a folder of their own. Where one is not
// installed, its peers are skipped.

import { spawnSync } from "node:child_process";
import { chownSync, existsSync, mkdirSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import pg from "pg";
import { SEATS_PER_ROW, seatId } from "./buyers.mjs";
import { startProgram, stop } from "./processes.mjs";

const POSTGRES_HOME = "/usr/lib/postgresql";
const READY_POLL_MS = 50;
const READY_POLLS = 200;

/** Durable as PostgreSQL comes, with memory and log enough that no checkpoint falls into a round. */
const POSTGRES_SETTINGS = {
  listen_addresses: "",
  fsync: "on",
  synchronous_commit: "on",
  shared_buffers: "512MB",
  max_wal_size: "4GB",
  checkpoint_timeout: "30min",
  max_connections: "200",
  jit: "off",
};

const TABLES = `
  CREATE TABLE seats (
    event_id text NOT NULL, seat_id text NOT NULL, place int NOT NULL, row_label text NOT NULL, number int NOT NULL,
    lock_id text, held_until timestamptz, PRIMARY KEY (event_id, seat_id)
  ) WITH (fillfactor = 70);
  CREATE TABLE holds (
    id text PRIMARY KEY, event_id text NOT NULL, user_id text NOT NULL, seat_ids text[] NOT NULL,
    expires_at timestamptz NOT NULL, created_at timestamptz NOT NULL DEFAULT now()
  )`;

/** @typedef {NonNullable<Awaited<ReturnType<typeof startPostgres>>>} Postgres */

/** @param {string} folder */
export async function startPostgres(folder) {
  const bin = postgresBinaries();
  if (bin === null) return null;
  const data = join(folder, "postgres");
  mkdirSync(data, { mode: 0o700 });
  const owner = ownerFor(data);
  run(join(bin, "initdb"), ["-D", data, "-A", "trust", "-U", "bench", "--no-sync", "-E", "UTF8", "--locale=C"], owner);
  const settings = Object.entries({ ...POSTGRES_SETTINGS, unix_socket_directories: data });
  const args = ["-D", data, ...settings.flatMap(([name, value]) => ["-c", `${name}=${value}`])];
  const child = startProgram(join(bin, "postgres"), args, { stdio: "ignore", ...owner });
  const database = `postgresql://bench@/postgres?host=${encodeURIComponent(data)}`;
  const client = await connected(database);
  await client.query(TABLES);
  return {
    database,
    pid: /** @type {number} */ (child.pid),
    /** A hall of its own for a round. @param {string} eventId @param {number} seats */
    async addHall(eventId, seats) {
      const places = Array.from({ length: seats }, (_, place) => place);
      await client.query(
        `INSERT INTO seats (event_id, seat_id, place, row_label, number)
         SELECT $1, s.id, s.place, s.row_label, s.place % $5 + 1
         FROM unnest($2::text[], $3::text[], $4::int[]) AS s (id, row_label, place)`,
        [
          eventId,
          places.map(seatId),
          places.map((n) => (seatId(n).match(/_([A-Z]+)/) ?? [])[1]),
          places,
          SEATS_PER_ROW,
        ],
      );
      await client.query("VACUUM ANALYZE seats");
    },
    /** @param {string} eventId */
    async holdsOf(eventId) {
      const { rows } = await client.query("SELECT count(*)::int AS n FROM holds WHERE event_id = $1", [eventId]);
      return Number(rows[0].n);
    },
    async stop() {
      await client.end();
      await stop(child, "SIGQUIT");
    },
  };
}

/** @typedef {NonNullable<Awaited<ReturnType<typeof startRedis>>>} Redis */

/** @param {string} folder */
export async function startRedis(folder) {
  if (spawnSync("redis-server", ["--version"]).status !== 0) return null;
  const path = join(folder, "redis.sock");
  const args = ["--port", "0", "--unixsocket", path, "--dir", folder, "--save", "", "--appendonly", "no"];
  const child = startProgram("redis-server", args, { stdio: "ignore" });
  for (let poll = 0; !existsSync(path); poll++) {
    if (poll >= READY_POLLS) throw new Error("redis-server did not start");
    await wait(READY_POLL_MS);
  }
  return { path, pid: /** @type {number} */ (child.pid), stop: () => stop(child) };
}

function postgresBinaries() {
  if (!existsSync(POSTGRES_HOME)) return null;
  const versions = readdirSync(POSTGRES_HOME).sort((one, other) => Number(other) - Number(one));
  const homes = versions.map((version) => join(POSTGRES_HOME, version, "bin"));
  return homes.find((bin) => existsSync(join(bin, "initdb"))) ?? null;
}

/** PostgreSQL refuses to run as root: then it is its own user's. @param {string} data */
function ownerFor(data) {
  if (process.getuid?.() !== 0) return {};
  const ask = (/** @type {string} */ flag) => Number(spawnSync("id", [flag, "postgres"], { encoding: "utf8" }).stdout);
  const owner = { uid: ask("-u"), gid: ask("-g") };
  chownSync(data, owner.uid, owner.gid);
  return owner;
}

/** @param {string} command @param {readonly string[]} args @param {{ uid?: number, gid?: number }} owner */
function run(command, args, owner) {
  const { status, stderr } = spawnSync(command, args, { ...owner, encoding: "utf8" });
  if (status !== 0) throw new Error(`${command} failed: ${stderr}`);
}

/** @param {string} database */
async function connected(database) {
  for (let poll = 0; ; poll++) {
    const client = new pg.Client({ connectionString: database });
    try {
      await client.connect();
      return client;
    } catch (fault) {
      if (poll >= READY_POLLS) throw fault;
      await wait(READY_POLL_MS);
    }
  }
}
