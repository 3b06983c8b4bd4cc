// The scenarios, in the order in which they run: each measures in short rounds that alternate between the contestants,
// and gives the medians over its rounds.

import { readdirSync } from "node:fs";
import { medians } from "./figures.mjs";
import { HOLDS_A_ROUND, holdsOverHttp, holdsOverSockets } from "./holds.mjs";
import { reads } from "./inventory.mjs";
import { cpuMsOf, startAnswering, stop } from "./processes.mjs";
import { untilAtRest } from "./rest.mjs";
import { bookingsToConfirmed, sellOut } from "./sales.mjs";
import { wakeCpu, warmHalls } from "./wake.mjs";
import { startWatchers } from "./watchers.mjs";

/** @typedef {import("./stage.mjs").Stage} Stage */

const ROUND_MS = 8_000;
/** Connections at which holds are judged: twice as many rounds, because two contestants differ less than two rounds. */
const JUDGED_AT = 128;
const HALL_SEATS = 20_000;

/** @param {Stage} stage @param {readonly number[]} connectionCounts */
export async function holds(stage, connectionCounts) {
  const contestants = await stage.contestants();
  const rows = [];
  for (const connections of connectionCounts) {
    const size = { connections, holds: stage.scaled(HOLDS_A_ROUND.get(connections) ?? 4_000), maxMs: ROUND_MS };
    /** @type {Map<string, any[]>} */
    const rounds = new Map();
    const count = connections === JUDGED_AT ? 2 * stage.rounds : stage.rounds;
    for (let round = 0; round < count; round++) {
      for (const contestant of contestants) {
        if (contestant.onlyAt !== undefined && contestant.onlyAt !== connections) continue;
        const measured = await holdsOverHttp(contestant, stage.tokensFor(contestant), size);
        note(rounds, contestant.name, measured, stage, `${contestant.label}, ${connections} connections`);
      }
      if (connections > 1) {
        const product = await stage.product();
        const measured = await holdsOverSockets(product, stage.tokensFor(product), size);
        note(rounds, "product-socket", measured, stage, `TicketFlow over the live socket, ${connections} sockets`);
      }
    }
    for (const [name, measured] of rounds) {
      const each = measured.map(({ perSecond, cpuMsEach }) => ({ perSecond, cpuMsEach }));
      rows.push({ name, connections, ...medians(measured), rounds: each });
    }
  }
  return rows;
}

/** @param {Stage} stage */
export async function bookings(stage) {
  const product = await stage.whole();
  const size = { buyers: 32, bookings: stage.scaled(1_000), maxMs: 4 * ROUND_MS };
  const measured = [];
  for (let round = 0; round < stage.rounds; round++) {
    measured.push(await bookingsToConfirmed(product, size));
    stage.say("bookings to CONFIRMED", measured.at(-1));
  }
  return medians(measured);
}

/** @param {Stage} stage */
export async function soldOut(stage) {
  const product = await stage.whole();
  const sold = await sellOut(product, { seats: stage.scaled(HALL_SEATS), buyers: 256, maxMs: 120_000 });
  stage.say("sell-out", sold);
  stage.soldOutEvent = sold.eventId;
  // What follows is not to be measured with the tens of thousands of tickets that D1 and the buyers are still told of.
  await untilAtRest(product, sold.eventId);
  return sold;
}

/** After the sell-out: the same state, started again. @param {Stage} stage */
export async function wake(stage) {
  if (stage.soldOutEvent === null) await soldOut(stage);
  const halls = await warmHalls(await stage.whole());
  const measured = [];
  for (let round = 0; round < stage.rounds; round++) {
    await stage.restartWhole();
    measured.push(await wakeCpu(await stage.whole(), halls, /** @type {string} */ (stage.soldOutEvent)));
    stage.say("wake", measured.at(-1));
  }
  return medians(measured);
}

/** @param {Stage} stage */
export async function inventory(stage) {
  const product = await stage.product();
  const eventId = await product.addHall(HALL_SEATS);
  const maxMs = stage.scaled(2_000);
  const path = `/api/inventory/events/${eventId}`;
  const compact = await (await fetch(`${product.url}${path}/statuses`)).text();
  const files = await startAnswering(process.execPath, [
    new URL("inventory.mjs", import.meta.url).pathname,
    stage.folder,
    compact,
  ]);
  const filesCpuMs = () => cpuMsOf([/** @type {number} */ (files.child.pid)]);
  const peer = await stage.peer("pg-one-statement");
  const peerHall = peer === null ? "" : await peer.addHall(HALL_SEATS);
  /** @type {Map<string, any[]>} */
  const rounds = new Map();
  const read = async (
    /** @type {string} */ name,
    /** @type {number} */ port,
    /** @type {string} */ at,
    /** @type {() => number} */ cpuMs,
  ) => note(rounds, name, await reads(port, at, cpuMs, maxMs), stage, name);
  for (let round = 0; round < stage.rounds; round++) {
    await read("full", product.port, `${path}/seats`, product.cpuMs);
    if (peer !== null)
      await read("full, from PostgreSQL rows", peer.port, `/api/inventory/events/${peerHall}/seats`, peer.cpuMs);
    await read("compact", product.port, `${path}/statuses`, product.cpuMs);
    await read("static file of the same size", files.said.port, "/", filesCpuMs);
  }
  await stop(files.child);
  return [...rounds].map(([name, measured]) => ({ name, ...medians(measured) }));
}

/** Holds of a few buyers in a hall that nobody watches, and in one that thousands do, in turn. @param {Stage} stage */
export async function watched(stage) {
  const product = await stage.product();
  const sockets = stage.scaled(2_000);
  const size = { connections: 4, holds: stage.scaled(3_000), maxMs: 2 * ROUND_MS };
  /** @type {Map<string, any[]>} */
  const rounds = new Map();
  for (let round = 0; round < stage.rounds; round++) {
    for (const crowd of [0, sockets]) {
      let watchers = null;
      const hall = {
        ...product,
        label: "",
        name: "",
        addHall: async (/** @type {number} */ seats) => {
          const eventId = await product.addHall(seats);
          if (crowd > 0) watchers = await startWatchers({ port: product.socketPort, eventId, sockets: crowd });
          return eventId;
        },
      };
      const measured = await holdsOverHttp(hall, stage.tokensFor(product), size);
      const seen = watchers === null ? { frames: 0, closed: 0 } : await /** @type {any} */ (watchers).stop();
      note(rounds, crowd === 0 ? "unwatched" : "watched", { ...measured, ...seen }, stage, `${crowd} watch`);
    }
  }
  return [...rounds].map(([name, measured]) => ({
    name,
    sockets: name === "watched" ? sockets : 0,
    ...medians(measured),
  }));
}

/** @param {Map<string, any[]>} rounds @param {string} name @param {any} measured @param {Stage} stage @param {string} what */
function note(rounds, name, measured, stage, what) {
  rounds.set(name, [...(rounds.get(name) ?? []), measured]);
  stage.say(what, measured);
}

/** Of the bundle that would be deployed. @param {Stage} stage */
export async function bundle(stage) {
  const { gzipSync } = await import("node:zlib");
  const { readFileSync } = await import("node:fs");
  const { join } = await import("node:path");
  const product = await stage.product();
  const folder = join(product.state, "bundle");
  const file = readdirSync(folder).find((name) => name === "index.js") ?? "";
  const bytes = readFileSync(join(folder, file));
  return { kilobytes: bytes.length / 1024, gzippedKilobytes: gzipSync(bytes).length / 1024 };
}
