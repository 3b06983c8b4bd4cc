// The product under measurement: the bundle that would be deployed, on the runtime's own port.

import { chmodSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { addressOf, seatMapOf, tokenOf } from "./buyers.mjs";
import { cpuMsOf, startAnswering, stop } from "./processes.mjs";

export const ROOT = join(import.meta.dirname, "..");
const PROGRAM = join(ROOT, "test/runtime/serve.mjs");
const SWEEP_MS = 600_000;
const DAY_MS = 86_400_000;
/** Sockets and bookings of one machine's load need no exception below these. */
const VARS = {
  FEED_SOCKETS_PER_ADDRESS: "5000",
  FEED_SOCKETS_PER_EVENT: "20000",
  BOOKINGS_PER_MINUTE: "1000",
  PAYMENTS: "simulator",
  PUBLIC_URL: "http://localhost",
};

/** @typedef {Awaited<ReturnType<typeof startProduct>>} Product */

/**
 * Apart, as production has them: one runtime with the box offices, one with the relays, one with the Worker alone. They
 * find each other in a folder, and call each other as the runtime's processes do. What an organiser does goes to the
 * first, sockets go to the second, other load to the third.
 * @param {string} folder @param {Record<string, string>} [vars]
 */
export async function startProduct(folder, vars = {}) {
  const at = { state: join(folder, "product"), log: folder, vars };
  const found = ["--registry", join(folder, "registry")];
  const sale = await startRuntime(at, ["--part", "sale", ...found]);
  const feed = await startRuntime(at, ["--part", "feed", ...found]);
  const edge = await startRuntime(at, ["--part", "edge", ...found]);
  const ports = { organiser: sale.port, sockets: feed.port, requests: edge.port };
  return productOf(at.state, ports, [sale.child, feed.child, edge.child]);
}

/** Everything in one runtime, on one thread. @param {string} folder @param {Record<string, string>} [vars] @param {readonly string[]} [flags] */
export async function startWholeProduct(folder, vars = {}, flags = []) {
  const at = { state: join(folder, "whole"), log: folder, vars };
  const { child, port } = await startRuntime(at, flags);
  return productOf(at.state, { organiser: port, sockets: port, requests: port }, [child]);
}

/** @param {{ state: string, log: string, vars: Record<string, string> }} at @param {readonly string[]} flags */
async function startRuntime({ state, log, vars }, flags) {
  const given = Object.entries({ ...VARS, ...vars }).flatMap(([name, value]) => ["--var", `${name}:${value}`]);
  const args = [PROGRAM, "--state", state, "--sweep-ms", String(SWEEP_MS), ...given, ...flags];
  const env = { ...process.env, MINIFLARE_WORKERD_PATH: quietRuntime(log) };
  const { child, said } = await startAnswering(process.execPath, args, { cwd: ROOT, env });
  return { child, port: Number(said.direct) };
}

/**
 * @param {string} state @param {Record<"organiser" | "sockets" | "requests", number>} ports
 * @param {readonly import("./processes.mjs").ChildProcess[]} children
 */
function productOf(state, ports, children) {
  const { JWT_SECRET: secret } = JSON.parse(readFileSync(join(state, "secrets.json"), "utf8"));
  const pids = children.map(({ pid }) => /** @type {number} */ (pid));
  const organiser = organiserOf(`http://127.0.0.1:${ports.organiser}`);
  return {
    ...organiser,
    /** Known to every Worker before the load. @param {number} seats @param {number} [priceMinor] */
    async addHall(seats, priceMinor) {
      const eventId = await organiser.addHall(seats, priceMinor);
      for (const port of new Set([ports.requests, ports.sockets])) await meet(port, eventId);
      return eventId;
    },
    url: `http://127.0.0.1:${ports.requests}`,
    port: ports.requests,
    socketPort: ports.sockets,
    pids,
    state,
    secret: String(secret),
    /** @param {number} n */
    token: (n) => tokenOf(secret, n),
    /** The runtimes alone: the programs that started them only read their logs. */
    cpuMs: () => cpuMsOf(pids, (name) => name.startsWith("workerd")),
    async stop() {
      for (const child of children) await stop(child);
    },
  };
}

/** The runtimes share the file that stands in for D1, which may be busy when a Worker first asks it. */
const MAX_MEETINGS = 50;
const MEETING_PAUSE_MS = 100;

/** @param {number} port @param {string} eventId */
async function meet(port, eventId) {
  for (let tries = 1; ; tries++) {
    const answer = await fetch(`http://127.0.0.1:${port}/api/inventory/events/${eventId}/statuses`);
    await answer.arrayBuffer();
    if (answer.ok) return;
    if (tries === MAX_MEETINGS) throw new Error(`a Worker does not know the event: ${answer.status}`);
    await new Promise((resolve) => setTimeout(resolve, MEETING_PAUSE_MS));
  }
}

/** What an organiser does before the load. @param {string} url */
export function organiserOf(url) {
  /** @type {string | null} */
  let token = null;
  let venueId = "";
  /** @param {string} method @param {string} path @param {unknown} [body] @param {string} [bearer] */
  async function ask(method, path, body, bearer) {
    const headers = {
      ...(body === undefined ? {} : { "content-type": "application/json" }),
      ...(bearer === undefined ? {} : { authorization: `Bearer ${bearer}` }),
      "cf-connecting-ip": addressOf(1),
    };
    const answer = await fetch(url + path, { method, headers, body: body === undefined ? null : JSON.stringify(body) });
    if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${await answer.text()}`);
    return /** @type {any} */ (await answer.json());
  }
  async function signIn() {
    if (token !== null) return token;
    const credentials = { email: "admin@ticketflow.dev", password: "Admin1234!" };
    token = String((await ask("POST", "/api/users/login", credentials)).token);
    const venue = { name: "Bench Hall", address: "1 Quay", city: "Bristol", country: "GB", capacity: 50_000 };
    venueId = (await ask("POST", "/api/venues", venue, token)).id;
    return token;
  }
  return {
    url,
    ask,
    admin: signIn,
    /** A new event whose seats are all free. @param {number} seats @param {number} [priceMinor] */
    async addHall(seats, priceMinor = 7500) {
      const bearer = await signIn();
      const startsAt = new Date(Date.now() + 100 * DAY_MS).toISOString();
      const endsAt = new Date(Date.now() + 101 * DAY_MS).toISOString();
      const ticketTiers = [{ tier: "GENERAL", price: priceMinor, currency: "GBP" }];
      const event = { name: "Bench", venueId, startsAt, endsAt, ticketTiers, seatMap: seatMapOf(seats) };
      return String((await ask("POST", "/api/events", event, bearer)).id);
    },
  };
}

/**
 * The runtime with its log lines written and thrown away: otherwise the program that started it parses each of them, and
 * the runtime stands still whenever that falls behind. No such pipe exists in production.
 * @param {string} folder
 */
export function quietRuntime(folder) {
  const require = createRequire(import.meta.url);
  const runtime = createRequire(require.resolve("miniflare")).resolve("workerd/bin/workerd");
  const script = join(folder, "workerd.sh");
  mkdirSync(folder, { recursive: true });
  writeFileSync(script, `#!/bin/sh\nexec "${runtime}" "$@" >/dev/null 2>>"${join(folder, "workerd.log")}"\n`);
  chmodSync(script, 0o755);
  return script;
}
