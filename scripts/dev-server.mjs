// The server behind `npm run dev`: wrangler, its life tied to ours in both directions, and its output.

import { existsSync } from "node:fs";
import { createServer } from "node:net";
import { constants } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as wait } from "node:timers/promises";
import { developmentSecrets, forgetServer, noteServer } from "./dev-state.mjs";
import { killOrphans } from "./process-group.mjs";
import { ROOT, startWrangler } from "./wrangler.mjs";

/** A server that was killed a moment ago may still be letting go of the port. */
const PORT_PATIENCE_MS = 1_500;
const PORT_POLL_MS = 50;
/** How long wrangler may take to stop before it is made to. */
const STOP_PATIENCE_MS = 4_000;
const PARENT_CHECK_MS = 500;
const STOP_SIGNALS = /** @type {const} */ (["SIGINT", "SIGTERM", "SIGHUP"]);

/** @typedef {import("./dev-arguments.mjs").DevArguments} DevArguments */

/**
 * Starts wrangler. When it ends, so does this process, with its exit code; when this process is told to end, or its
 * parent is gone, so does wrangler. `stop` ends both.
 * @param {DevArguments} asked
 */
export function startServer(asked) {
  const wrangler = startWrangler(wranglerArguments(asked), { local: true, output: "pipe" });
  noteServer(asked.stateDir, asked.url);
  if (wrangler.stdout) relay(wrangler.stdout, process.stdout);
  if (wrangler.stderr) relay(wrangler.stderr, process.stderr);
  /** @type {number | null} */
  let exitCode = null;

  /** @param {number} code */
  const stop = (code) => {
    if (exitCode !== null) return;
    exitCode = code;
    wrangler.kill("SIGTERM");
    setTimeout(() => wrangler.kill("SIGKILL"), STOP_PATIENCE_MS);
  };
  for (const signal of STOP_SIGNALS) process.on(signal, () => stop(exitCodeOf(signal)));
  const parent = process.ppid;
  setInterval(() => process.ppid === parent || stop(exitCodeOf("SIGHUP")), PARENT_CHECK_MS);

  wrangler.on("exit", (code, signal) => {
    exitCode ??= code ?? exitCodeOf(signal ?? "SIGKILL");
    killOrphans();
  });
  wrangler.on("close", () => {
    forgetServer(asked.stateDir);
    process.exit(exitCode ?? 1);
  });
  return { stop, isStopping: () => exitCode !== null };
}

/**
 * Resolves when the port can be had. Throws an error whose message is for the user.
 * @param {number} port
 * @param {string} ip
 */
export async function claimPort(port, ip) {
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
    await wait(PORT_POLL_MS);
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

/** @param {DevArguments} asked */
function wranglerArguments({ stateDir, url, vars, flags }) {
  const secrets = [`--env-file=${developmentSecrets(stateDir)}`];
  // wrangler reads .dev.vars by itself only while no other file is named: a developer's own keys (Stripe's) live there.
  const own = join(ROOT, ".dev.vars");
  if (existsSync(own)) secrets.push(`--env-file=${own}`);
  const defaults = {
    ENVIRONMENT: "development",
    PAYMENTS: "simulator",
    EVENT_BOOKING_API: "on",
    PUBLIC_URL: url,
    EMAIL_FROM: "tickets@ticketflow.dev",
    // Every buyer of a local test or benchmark has the same address.
    FEED_SOCKETS_PER_ADDRESS: "5000",
    FEED_SOCKETS_PER_EVENT: "5000",
  };
  const merged = new Map([...Object.entries(defaults), ...vars]);
  return ["dev", ...secrets, ...[...merged].map(([name, value]) => `--var=${name}:${value}`), ...flags];
}

/**
 * Passes wrangler's output on, without its advice on how to fire cron by hand: the dev command does that.
 * @param {NodeJS.ReadableStream} from
 * @param {NodeJS.WritableStream} to
 */
function relay(from, to) {
  let inAdvice = false;
  createInterface({ input: from }).on("line", (line) => {
    if (line.includes("Scheduled Workers are not automatically triggered")) inAdvice = true;
    if (!inAdvice && line.trim() !== "") to.write(`${line}\n`);
    if (line.includes("test-cron-triggers-locally")) inAdvice = false;
  });
}

/** As a shell counts. @param {NodeJS.Signals} signal */
function exitCodeOf(signal) {
  return 128 + constants.signals[signal];
}
