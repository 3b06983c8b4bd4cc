// Runs wrangler the way this project needs it: with a Node it accepts, without prompts, reports or look-ups on the
// internet. Started this way, "ready" takes two seconds instead of five.

import { spawn } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

export const ROOT = dirname(dirname(fileURLToPath(import.meta.url)));
export const DATABASE = "ticketflow";

const require = createRequire(import.meta.url);
/** The oldest Node that wrangler runs on: major, minor. */
const OLDEST_NODE = [22, 12];
const END_WITH_PARENT = join(ROOT, "scripts/end-with-parent.mjs");

const QUIET = {
  WRANGLER_HIDE_BANNER: "true",
  WRANGLER_SEND_METRICS: "false",
  WRANGLER_SEND_ERROR_REPORTS: "false",
};
/** What only a local run may switch off: its own telemetry store, and a look-up of where the machine is. */
const LOCAL = { ...QUIET, X_LOCAL_OBSERVABILITY: "false", CLOUDFLARE_CF_FETCH_ENABLED: "false" };

/** @returns {string} */
export function wranglerVersion() {
  return JSON.parse(readFileSync(require.resolve("wrangler/package.json"), "utf8")).version;
}

/**
 * Starts wrangler in this process group, without a terminal to ask questions in. It ends when this process does.
 * @param {readonly string[]} args
 * @param {{ local: boolean, output: "pipe" | "inherit" }} options
 */
export function startWrangler(args, { local, output }) {
  const node = nodeForWrangler();
  const command = ["--no-warnings", `--import=${END_WITH_PARENT}`, require.resolve("wrangler"), ...args];
  return spawn(node, command, {
    cwd: ROOT,
    env: { ...process.env, ...(local ? LOCAL : QUIET) },
    stdio: ["ignore", output, output],
  });
}

/**
 * Runs a wrangler command to its end and returns what it printed.
 * @param {readonly string[]} args
 * @param {{ local: boolean }} options
 * @returns {Promise<{ code: number, output: string, errors: string }>}
 */
export function runWrangler(args, { local }) {
  return new Promise((resolve, reject) => {
    const child = startWrangler(args, { local, output: "pipe" });
    let output = "";
    let errors = "";
    child.stdout?.setEncoding("utf8").on("data", (chunk) => {
      output += chunk;
    });
    child.stderr?.setEncoding("utf8").on("data", (chunk) => {
      errors += chunk;
    });
    child.on("error", reject);
    child.on("close", (code) => resolve({ code: code ?? 1, output, errors }));
  });
}

/**
 * Runs a wrangler command to its end in the user's terminal.
 * @param {readonly string[]} args
 * @param {{ local: boolean }} options
 * @returns {Promise<number>} its exit code
 */
export function showWrangler(args, { local }) {
  return new Promise((resolve, reject) => {
    const child = startWrangler(args, { local, output: "inherit" });
    child.on("error", reject);
    child.on("close", (code) => resolve(code ?? 1));
  });
}

function nodeForWrangler() {
  const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
  const [oldestMajor = 0, oldestMinor = 0] = OLDEST_NODE;
  if (major > oldestMajor || (major === oldestMajor && minor >= oldestMinor)) return process.execPath;
  const packaged = join(ROOT, "node_modules/.bin/node");
  if (existsSync(packaged)) return packaged;
  throw new Error(
    `wrangler needs Node ${OLDEST_NODE.join(".")} or newer, this is ${process.versions.node}. ` +
      "On Linux `npm ci` brings one along; elsewhere install Node 22 and run the command again.",
  );
}
