// What scenarios share: the servers, each started when it is first wanted, and everything's end.

import { randomBytes } from "node:crypto";
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startPostgres, startRedis } from "./databases.mjs";
import { startDevServer } from "./dev-server.mjs";
import { startFloor } from "./floor.mjs";
import { tokensOf } from "./holds.mjs";
import { PEERS, startPeer } from "./peers.mjs";
import { startProduct, startWholeProduct } from "./product.mjs";

/** Tokens of different buyers: as many as holds in a round. */
const TOKENS = 10_000;
const LOG_TAIL_CHARS = 2_000;
/** A smoke run does this part of the work. */
const QUICK = 1 / 20;

/** @typedef {Awaited<ReturnType<typeof createStage>>} Stage */
/**
 * `onlyAt`: for reference, at this number of connections.
 * @typedef {import("./holds.mjs").Contestant & { onlyAt?: number, secret?: string }} Contestant
 */

/** @param {{ rounds: number, isQuick: boolean, withDevServer: boolean }} how */
export async function createStage({ rounds, isQuick, withDevServer }) {
  const folder = mkdtempSync(join(tmpdir(), "ticketflow-bench-"));
  // The database's own user must be able to pass through.
  chmodSync(folder, 0o755);
  const peerSecret = randomBytes(48).toString("base64url");
  /** @type {Map<string, readonly string[]>} */
  const tokens = new Map();
  /** @type {(() => unknown)[]} */
  const ends = [];
  const product = once(async () => {
    const started = await startProduct(folder);
    ends.unshift(started.stop);
    return { ...started, name: "product", label: "TicketFlow" };
  });
  /** @type {Awaited<ReturnType<typeof startWholeProduct>> | null} */
  let running = null;
  const whole = async () => {
    running ??= await startWholeProduct(folder);
    return { ...running, name: "whole", label: "TicketFlow on one thread", onlyAt: 128 };
  };
  const databases = once(async () => {
    const postgres = await startPostgres(folder);
    const redis = await startRedis(folder);
    if (postgres === null)
      console.log("PostgreSQL is not installed (apt-get install postgresql): its peers are skipped.");
    else ends.push(postgres.stop);
    if (redis === null)
      console.log("redis-server is not installed (apt-get install redis-server): its peer is skipped.");
    else ends.push(redis.stop);
    return { postgres, redis };
  });
  /** @type {Map<string, Awaited<ReturnType<typeof startPeer>>>} */
  const peers = new Map();
  /** Null where what it needs is not installed. @param {import("./peers.mjs").PeerName} name */
  async function peer(name) {
    const known = peers.get(name);
    if (known !== undefined) return known;
    const { postgres, redis } = await databases();
    if (postgres === null || (PEERS[name].redis && redis === null)) return null;
    const started = await startPeer(name, postgres, PEERS[name].redis ? redis : null, peerSecret);
    ends.unshift(started.stop);
    peers.set(name, started);
    return started;
  }
  const devServer = once(async () => {
    const dev = await startDevServer(folder);
    ends.push(dev.stop);
    return { ...dev, name: "dev-server", label: "TicketFlow behind the development server", onlyAt: 16 };
  });

  const floor = once(async () => {
    const started = await startFloor(folder);
    ends.unshift(started.stop);
    return started;
  });

  return {
    rounds,
    folder,
    /** Set by the sell-out: an event whose hall is sold. @type {string | null} */
    soldOutEvent: null,
    /** Apart, as production has it. */
    product,
    /** In one runtime: for sales that reach D1, whose local stand-in is a file of one process. */
    whole,
    peer,
    /** Everybody who sells seats over HTTP. @returns {Promise<Contestant[]>} */
    async contestants() {
      const names = /** @type {(keyof typeof PEERS)[]} */ (Object.keys(PEERS));
      const others = await Promise.all(names.map(peer));
      const there = others.flatMap((other) => (other === null ? [] : [other]));
      return [await product(), ...there, await whole(), await floor(), ...(withDevServer ? [await devServer()] : [])];
    },
    /** The end of what the runtime complained of. */
    productLog() {
      const file = join(folder, "workerd.log");
      return existsSync(file) ? readFileSync(file, "utf8").slice(-LOG_TAIL_CHARS) : "";
    },
    async restartWhole() {
      await running?.stop();
      running = null;
      await whole();
    },
    /** @param {{ name: string, secret?: string }} contestant */
    tokensFor({ name, secret = peerSecret }) {
      const known = tokens.get(name) ?? tokensOf(secret, TOKENS);
      tokens.set(name, known);
      return known;
    },
    /** @param {number} amount */
    scaled: (amount) => (isQuick ? Math.max(2, 2 * Math.round((amount * QUICK) / 2)) : amount),
    /** @param {string} what @param {any} measured */
    say(what, measured) {
      const { perSecond, p50Ms, p99Ms, p999Ms, slowestOverMedian, cpuMsEach, statuses: _, ...rest } = measured;
      if (perSecond === undefined) return console.log(`${what}: ${JSON.stringify(rest)}`);
      const ms = [p50Ms, p99Ms, p999Ms].map((each) => each.toFixed(1)).join(" / ");
      const line = `${Math.round(perSecond)}/s, p50 / p99 / p99.9 ${ms} ms, slowest ×${slowestOverMedian.toFixed(2)}`;
      console.log(`${what}: ${line}, CPU ${cpuMsEach.toFixed(3)} ms`);
    },
    async end() {
      await running?.stop();
      for (const end of ends) await end();
      rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}

/** @template T @param {() => Promise<T>} make @returns {() => Promise<T>} */
function once(make) {
  /** @type {Promise<T> | null} */
  let made = null;
  return () => (made ??= make());
}
