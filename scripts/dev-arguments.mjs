// What `npm run dev -- …` was asked for. Everything goes on to `wrangler dev`; the port, the state folder and the
// variables are read on the way, because the product's address and its own defaults depend on them.

import { join, resolve } from "node:path";
import { sortArguments } from "./arguments.mjs";
import { ROOT } from "./wrangler.mjs";

export const DEFAULT_STATE_DIR = join(ROOT, ".wrangler/state");
const DEFAULT_PORT = 3000;
/** Not `localhost`: that may be bound as ::1 alone, where 127.0.0.1 does not answer. This way both names do. */
const DEFAULT_IP = "127.0.0.1";
const MAX_PORT = 65_535;
/** wrangler's own, where development wants something else; each may be given once only, so the last one is passed on. */
const WRANGLER_DEFAULTS = {
  "--ip": DEFAULT_IP,
  "--inspector-port": "0",
  "--log-level": "warn",
  "--show-interactive-dev-session": "false",
};
/** Would break what the command promises: everything local, on plain HTTP. */
const REFUSED = ["--remote", "-r", "--tunnel", "--tunnel-name", "--local-protocol"];

/**
 * @typedef {object} DevArguments
 * @property {number} port
 * @property {string} ip
 * @property {string} stateDir
 * @property {string} url
 * @property {ReadonlyMap<string, string>} vars what `--var` gave, later ones winning
 * @property {readonly string[]} flags for wrangler: its own flags and whatever else was given, without variables
 */

/**
 * @param {readonly string[]} argv
 * @returns {DevArguments} Throws an error whose message is for the user.
 */
export function parseDevArguments(argv) {
  const { own, vars, rest } = sortArguments(argv, ["--port", "--persist-to", ...Object.keys(WRANGLER_DEFAULTS)]);
  const refused = rest.find((word) => REFUSED.includes(word.split("=")[0] ?? ""));
  if (refused) throw new Error(`\`npm run dev\` is local and on plain HTTP: it does not take ${refused}.`);
  const port = parsePort(own.get("--port"));
  const stateDir = resolve(own.get("--persist-to") ?? DEFAULT_STATE_DIR);
  const single = { ...WRANGLER_DEFAULTS, ...Object.fromEntries(own), "--port": String(port), "--persist-to": stateDir };
  const flags = [...Object.entries(single).map(([flag, value]) => `${flag}=${value}`), ...rest];
  return { port, ip: single["--ip"], stateDir, url: `http://localhost:${port}`, vars, flags };
}

/** @param {string | undefined} text */
function parsePort(text) {
  if (text === undefined) return DEFAULT_PORT;
  const port = Number(text);
  if (!Number.isInteger(port) || port < 1 || port > MAX_PORT) throw new Error(`--port ${text} is not a port number.`);
  return port;
}
