// The product in its own runtime, without the dev command in front: the bundle that would be deployed, the bindings of
// wrangler.toml, state in a folder. The dev command's proxy ends when one of its kept-alive connections does, which
// happens when dozens of situations use it at once. Prints {"port":N} when it answers; ends with its standard input.
//
// node serve.mjs --state FOLDER --port 0 --sweep-ms 30000 --var NAME:VALUE …

import { spawnSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { convertV4MiniflareOptions, Log, LogLevel, Miniflare } from "miniflare";
import { unstable_getMiniflareWorkerOptions } from "wrangler";
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
    var: { type: "string", multiple: true, default: [] },
  },
});
const { state } = options;
mkdirSync(state, { recursive: true });

const { workerOptions } = unstable_getMiniflareWorkerOptions(join(ROOT, "wrangler.toml"));
// The pages are nobody's business here.
const { assets: _, ...worker } = workerOptions;
const given = Object.fromEntries(options.var.map((text) => text.split(/:(.*)/s, 2)));
const miniflare = new Miniflare(
  convertV4MiniflareOptions({
    host: "127.0.0.1",
    port: Number(options.port),
    log: new Log(LogLevel.ERROR),
    unsafeTriggerHandlers: true,
    cf: false,
    resourcePersistencePath: state,
    workers: [
      {
        ...worker,
        name: "ticketflow",
        rootPath: state,
        modules: [{ type: "ESModule", path: bundle() }],
        bindings: { ...worker.bindings, ...DEVELOPMENT, ...secrets(), ...given },
      },
    ],
  }),
);
const url = await miniflare.ready;
await migrate(await miniflare.getD1Database("DB"));
const seeded = await fetch(new URL("/dev/seed", url), {
  method: "POST",
  headers: { "content-type": "application/json" },
  body: "{}",
});
if (!seeded.ok) throw new Error(`the demo data was not put in: ${await seeded.text()}`);
console.log(JSON.stringify({ port: Number(url.port) }));
setInterval(() => void sweep(), Number(options["sweep-ms"]));
process.stdin.on("end", () => process.exit()).resume();

/** Local cron does not fire by itself. One that fails is made up for by the next. */
async function sweep() {
  try {
    const answer = await fetch(new URL("/cdn-cgi/local/scheduled?cron=*+*+*+*+*", url));
    if (!answer.ok) throw new Error(`${answer.status} ${await answer.text()}`);
  } catch (fault) {
    console.error(`a sweep failed: ${fault}`);
  }
}

/** Made once for a state folder: a restart runs what was started. */
function bundle() {
  const folder = join(state, "bundle");
  const file = join(folder, "index.js");
  if (existsSync(file)) return file;
  const wrangler = join(ROOT, "node_modules/wrangler/bin/wrangler.js");
  const args = [wrangler, "deploy", "--dry-run", "--outdir", folder];
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
