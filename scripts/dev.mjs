// `npm run dev`: the whole product on one port, with its database migrated, demo data in it and the cron sweeps running.
// It asks nothing and needs nothing from the internet. All its processes are in one process group and end with it.

import { existsSync } from "node:fs";
import { createServer } from "node:net";
import { constants } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { parseDevArguments } from "./dev-arguments.mjs";
import {
  developmentSecrets,
  forgetMigrations,
  forgetServer,
  migrate,
  noteServer,
  runningServer,
} from "./dev-state.mjs";
import { killOrphans } from "./process-group.mjs";
import { ROOT, startWrangler } from "./wrangler.mjs";

const START_LIMIT_MS = 60_000;
const POLL_MS = 50;
const REQUEST_LIMIT_MS = 10_000;
/** A server that was killed a moment ago may still be letting go of the port. */
const PORT_PATIENCE_MS = 1_500;
/** Local cron does not fire by itself. The expression is the one in wrangler.toml. */
const SWEEP_PATH = "/cdn-cgi/handler/scheduled?cron=*+*+*+*+*";
const SWEEP_EVERY_MS = 30_000;
/** How long wrangler may take to stop before it is made to. */
const STOP_PATIENCE_MS = 4_000;
const PARENT_CHECK_MS = 500;

/** @typedef {import("./dev-arguments.mjs").DevArguments} DevArguments */

try {
  await run(parseDevArguments(process.argv.slice(2)));
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exit(1);
}

/** @param {DevArguments} asked */
async function run(asked) {
  const elsewhere = await runningServer(asked.stateDir);
  if (elsewhere) {
    throw new Error(
      `A dev server already uses ${asked.stateDir}: it is at ${elsewhere}. Give this one another --persist-to.`,
    );
  }
  await claimPort(asked.port, asked.ip);
  await migrate(asked.stateDir);
  const server = serve(asked);
  noteServer(asked.stateDir, asked.url);
  await seed(asked, server);
  await sweep(asked.url);
  if (server.hasEnded()) return;
  setInterval(() => sweep(asked.url), SWEEP_EVERY_MS);
  console.log(welcome(asked));
}

/**
 * Starts wrangler and ties its life to ours, in both directions.
 * @param {DevArguments} asked
 */
function serve(asked) {
  const wrangler = startWrangler(wranglerArguments(asked), { local: true, output: "pipe" });
  if (wrangler.stdout) relay(wrangler.stdout, process.stdout);
  if (wrangler.stderr) relay(wrangler.stderr, process.stderr);
  let ended = false;
  /** @type {NodeJS.Signals | null} */
  let stoppedBy = null;

  /** @param {NodeJS.Signals} signal */
  const stop = (signal) => {
    if (stoppedBy) return;
    stoppedBy = signal;
    wrangler.kill("SIGTERM");
    setTimeout(() => wrangler.kill("SIGKILL"), STOP_PATIENCE_MS);
  };
  for (const signal of /** @type {const} */ (["SIGINT", "SIGTERM", "SIGHUP"])) process.on(signal, () => stop(signal));
  const parent = process.ppid;
  setInterval(() => process.ppid === parent || stop("SIGHUP"), PARENT_CHECK_MS);
  wrangler.on("error", (error) => {
    throw error;
  });
  wrangler.on("close", (code, signal) => {
    ended = true;
    killOrphans();
    forgetServer(asked.stateDir);
    process.exit(stoppedBy ? exitCodeOf(stoppedBy) : signal ? exitCodeOf(signal) : (code ?? 1));
  });
  wrangler.on("exit", killOrphans);
  return { hasEnded: () => ended };
}

/** @param {DevArguments} asked */
function wranglerArguments({ port, ip, stateDir, url, vars, rest }) {
  const secrets = ["--env-file", developmentSecrets(stateDir)];
  // wrangler reads .dev.vars by itself only while no other file is named: a developer's own keys (Stripe's) live there.
  const own = join(ROOT, ".dev.vars");
  if (existsSync(own)) secrets.push("--env-file", own);
  const defaults = {
    ENVIRONMENT: "development",
    PAYMENTS: "simulator",
    EVENT_BOOKING_API: "on",
    PUBLIC_URL: url,
    EMAIL_FROM: "tickets@ticketflow.dev",
  };
  const merged = new Map([...Object.entries(defaults), ...vars]);
  return [
    "dev",
    ...["--port", String(port), "--ip", ip, "--inspector-port", "0"],
    ...["--persist-to", stateDir, "--log-level", "warn", "--show-interactive-dev-session=false"],
    ...secrets,
    ...[...merged].flatMap(([name, value]) => ["--var", `${name}:${value}`]),
    ...rest,
  ];
}

/**
 * Passes wrangler's output on, without its advice on how to fire cron by hand: this command does that.
 * @param {NodeJS.ReadableStream} from
 * @param {NodeJS.WritableStream} to
 */
function relay(from, to) {
  let inAdvice = false;
  createInterface({ input: from }).on("line", (line) => {
    if (line.includes("Scheduled Workers are not automatically triggered")) inAdvice = true;
    if (!inAdvice) to.write(`${line}\n`);
    if (line.includes("test-cron-triggers-locally")) inAdvice = false;
  });
}

/**
 * Waits for the server and has it put the demo data in. Until that is done, /health does not say ok.
 * @param {DevArguments} asked
 * @param {{ hasEnded(): boolean }} server
 */
async function seed({ url, stateDir }, server) {
  const startedAt = Date.now();
  while (!server.hasEnded()) {
    const answer = await post(`${url}/dev/seed`);
    if (answer?.ok) return;
    // Not there yet is no answer, or one of wrangler's own; a fault of ours stays one however often it is asked.
    if (answer?.status === 500 || Date.now() - startedAt > START_LIMIT_MS) {
      forgetMigrations(stateDir);
      throw new Error(
        `The demo data could not be put in: ${answer ? await answer.text() : "the server does not answer"}`,
      );
    }
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}

/** @param {string} url */
async function post(url) {
  const headers = { "Content-Type": "application/json" };
  try {
    return await fetch(url, { method: "POST", headers, body: "{}", signal: AbortSignal.timeout(REQUEST_LIMIT_MS) });
  } catch {
    return null;
  }
}

/** A sweep that fails while the code is being reloaded is made up for by the next. @param {string} url */
async function sweep(url) {
  try {
    await (await fetch(url + SWEEP_PATH, { signal: AbortSignal.timeout(REQUEST_LIMIT_MS) })).arrayBuffer();
  } catch (error) {
    if (!(error instanceof TypeError || error instanceof DOMException)) throw error;
  }
}

/**
 * @param {number} port
 * @param {string} ip
 */
async function claimPort(port, ip) {
  const startedAt = Date.now();
  for (;;) {
    const code = await listenOnce(port, ip);
    if (code === null) return;
    if (code === "EACCES") throw new Error(`Port ${port} is not open to ordinary users: choose one above 1023.`);
    if (code !== "EADDRINUSE") throw new Error(`Cannot listen on ${ip}, port ${port}: ${code}.`);
    if (Date.now() - startedAt > PORT_PATIENCE_MS) {
      throw new Error(
        `Port ${port} is in use: stop what uses it, or choose another with \`npm run dev -- --port 4000\`.`,
      );
    }
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}

/**
 * @param {number} port
 * @param {string} ip
 * @returns {Promise<string | null>} why not, or null
 */
function listenOnce(port, ip) {
  return new Promise((resolve) => {
    const probe = createServer();
    probe.once("error", (error) => resolve("code" in error ? String(error.code) : error.message));
    probe.listen(port, ip, () => probe.close(() => resolve(null)));
  });
}

/** As a shell counts. @param {NodeJS.Signals} signal */
function exitCodeOf(signal) {
  return 128 + constants.signals[signal];
}

/** @param {DevArguments} asked */
function welcome({ url, stateDir }) {
  const rows = [
    ["Buyer", "test@ticketflow.dev / Test1234!"],
    ["Organiser", "admin@ticketflow.dev / Admin1234!"],
    ["Mailbox", `${url}/dev/mailbox`],
    ["API docs", `${url}/docs`],
    ["Second API", `${url}/event-booking`],
    ["Data", `${stateDir} (delete it to start anew)`],
  ];
  const lines = rows.map(([name, value]) => `  ${name?.padEnd(11)}${value}`);
  return ["", `  TicketFlow is ready: ${url}`, "", ...lines, "", "  Ctrl+C stops it.", ""].join("\n");
}
