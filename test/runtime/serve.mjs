// The product in its own runtime, without the dev command in front: the bundle that would be deployed, the bindings of
// wrangler.toml, state in a folder. The dev command's proxy ends when one of its kept-alive connections does, which
// happens when dozens of situations use it at once. Prints {"port":N} when it answers; ends with its standard input,
// whose lines are Durable Objects to evict: {"evict":"BoxOffice","name":"…"}.
// `direct` is a port of the runtime itself, with nothing of the local stand-in for Cloudflare in between.
//
// node serve.mjs --state FOLDER --port 0 --sweep-ms 30000 --var NAME:VALUE …

import { spawnSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { enableCompileCache } from "node:module";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { parseArgs } from "node:util";
import { newTicketKeySet } from "../../scripts/ticket-keys.mjs";

const ROOT = join(import.meta.dirname, "../..");
const QUIET = { WRANGLER_SEND_METRICS: "false", WRANGLER_SEND_ERROR_REPORTS: "false", WRANGLER_HIDE_BANNER: "true" };
/** What `npm run dev` passes. */
const DEVELOPMENT = { ENVIRONMENT: "development", EVENT_BOOKING_API: "on" };

const { values: options } = parseArgs({
  options: {
    state: { type: "string" },
    port: { type: "string", default: "0" },
    "sweep-ms": { type: "string", default: "30000" },
    /** For a profile: where the runtime's inspector listens. */
    "inspector-port": { type: "string" },
    /** With the pages of web/, as they are built at the start. */
    pages: { type: "boolean", default: false },
    /** Of runtimes that find each other in `registry`, "sale" has the box offices, "feed" the relays, "edge" neither. */
    part: { type: "string", default: "whole" },
    registry: { type: "string" },
    var: { type: "string", multiple: true, default: [] },
  },
});
const { state } = options;
mkdirSync(state, { recursive: true });
// What a restart spends its time on.
enableCompileCache(join(state, "compiled"));
const { convertV4MiniflareOptions, Log, LogLevel, Miniflare } = await import("miniflare");

const NAMES = { whole: "ticketflow", sale: "ticketflow", feed: "ticketflow-feed", edge: "ticketflow-edge" };
const name = NAMES[options.part];
/** Its data and its messages are the whole product's. */
const isMain = name === NAMES.whole;
const worker = apart(await workerOptions());
const given = Object.fromEntries(options.var.map((text) => text.split(/:(.*)/s, 2)));
const miniflare = new Miniflare(
  convertV4MiniflareOptions({
    host: "127.0.0.1",
    port: Number(options.port),
    log: new Log(LogLevel.ERROR),
    unsafeTriggerHandlers: true,
    cf: false,
    ...(options["inspector-port"] === undefined ? {} : { inspectorPort: Number(options["inspector-port"]) }),
    resourcePersistencePath: state,
    ...(options.registry === undefined ? {} : { unsafeDevRegistryPath: options.registry }),
    workers: [
      {
        ...worker,
        name,
        rootPath: state,
        unsafeDirectSockets: [{ host: "127.0.0.1", port: 0 }],
        modules: [{ type: "ESModule", path: bundle() }],
        bindings: { ...worker.bindings, ...DEVELOPMENT, ...secrets(), ...given },
      },
    ],
  }),
);
const url = await miniflare.ready;
if (isMain) {
  await migrate(await miniflare.getD1Database("DB"));
  await seed();
}
const direct = await miniflare.unsafeGetDirectURL(name);
console.log(JSON.stringify({ port: Number(url.port), direct: Number(direct.port) }));
if (isMain) setInterval(() => void sweep(), Number(options["sweep-ms"]));
createInterface({ input: process.stdin })
  .on("line", (line) => void evict(JSON.parse(line)))
  .on("close", () => process.exit());

/** Its sockets hibernate. One that is not in memory needs no eviction, and says so by throwing. */
async function evict({ evict: className, name }) {
  await miniflare.unsafeEvictDurableObject("ticketflow", className, { name }).catch(() => undefined);
  console.log(JSON.stringify({ evicted: name }));
}

/** Local cron does not fire by itself. One that fails is made up for by the next. */
async function sweep() {
  try {
    const answer = await fetch(new URL("/cdn-cgi/local/scheduled?cron=*+*+*+*+*", url));
    if (!answer.ok) throw new Error(`${answer.status} ${await answer.text()}`);
  } catch (fault) {
    console.error(`a sweep failed: ${fault}`);
  }
}

/** Objects that another runtime has are reached there; messages are consumed by one. */
function apart({ durableObjects, queueConsumers, ...worker }) {
  if (options.part === "whole") return { ...worker, durableObjects, queueConsumers };
  const at = (binding, part) => (part === options.part ? binding : { ...binding, scriptName: NAMES[part] });
  const objects = {
    BOX_OFFICE: at(durableObjects.BOX_OFFICE, "sale"),
    SEAT_FEED: at(durableObjects.SEAT_FEED, "feed"),
  };
  return { ...worker, durableObjects: objects, ...(isMain ? { queueConsumers } : {}) };
}

/** Read once for a state folder: loading wrangler takes longer than everything else of a restart. */
async function workerOptions() {
  const file = join(state, "worker-options.json");
  if (!existsSync(file)) {
    const { unstable_getMiniflareWorkerOptions } = await import("wrangler");
    const { assets, ...worker } = unstable_getMiniflareWorkerOptions(join(ROOT, "wrangler.toml")).workerOptions;
    writeFileSync(file, JSON.stringify(options.pages ? { ...worker, assets: await pages(assets) } : worker));
  }
  return JSON.parse(readFileSync(file, "utf8"));
}

/** A copy of its own: what is edited and built meanwhile is for the next start. */
async function pages(assets) {
  const { buildWeb } = await import("../../scripts/build-web.mjs");
  await buildWeb();
  const directory = join(state, "pages");
  cpSync(assets.directory, directory, { recursive: true });
  return { ...assets, directory };
}

/** Made once for a state folder: a restart runs what was started. */
function bundle() {
  const folder = join(state, "bundle");
  const file = join(folder, "index.js");
  if (existsSync(file)) return file;
  const wrangler = join(ROOT, "node_modules/wrangler/bin/wrangler.js");
  const noPages = join(state, "no-pages");
  mkdirSync(noPages);
  const args = [wrangler, "deploy", "--dry-run", "--outdir", folder, "--assets", noPages];
  const made = spawnSync(process.execPath, args, { cwd: ROOT, env: { ...process.env, ...QUIET }, encoding: "utf8" });
  if (made.status !== 0) throw new Error(`the bundle was not made: ${made.stdout}${made.stderr}`);
  return file;
}

/** Kept, so that tokens and tickets outlive a restart. */
function secrets() {
  const file = join(state, "secrets.json");
  if (!existsSync(file)) {
    const made = { JWT_SECRET: randomBytes(48).toString("base64url"), TICKET_SIGNING_KEYS: newTicketKeySet() };
    writeFileSync(file, JSON.stringify(made));
  }
  return JSON.parse(readFileSync(file, "utf8"));
}

async function seed() {
  const note = join(state, "seeded");
  if (existsSync(note)) return;
  const seeded = await fetch(new URL("/dev/seed", url), {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: "{}",
  });
  if (!seeded.ok) throw new Error(`the demo data was not put in: ${await seeded.text()}`);
  writeFileSync(note, "");
}

async function migrate(database) {
  const note = join(state, "migrated");
  if (existsSync(note)) return;
  const folder = join(ROOT, "migrations");
  for (const file of readdirSync(folder)
    .filter((name) => name.endsWith(".sql"))
    .sort()) {
    const text = readFileSync(join(folder, file), "utf8").replaceAll(/^\s*--.*$/gm, "");
    const statements = text.split(/;\s*$/m).filter((statement) => statement.trim() !== "");
    await database.batch(statements.map((statement) => database.prepare(statement)));
  }
  writeFileSync(note, "");
}
