// `npm run admin -- grant <email> [--remote]`: makes a registered user an administrator. Rights are read from the
// database at every request, so they hold at once, without a new token.

import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import { sortArguments } from "./arguments.mjs";
import { DEFAULT_STATE_DIR } from "./dev-arguments.mjs";
import { runningServer } from "./dev-state.mjs";
import { DATABASE, runWrangler } from "./wrangler.mjs";

const USAGE = `Usage: npm run admin -- grant <email> [--remote] [--persist-to DIR]

  grant <email>     makes a registered user an administrator
  --remote          of the deployed product; without it, of the local one
  --persist-to DIR  the state folder that \`npm run dev\` was given, if any`;

/** The addresses that registration accepts; nothing in one can end an SQL text but the quote, which is doubled below. */
const EMAIL = /^[a-z0-9.!#$%&'*+/=?^_`{|}~-]+@[a-z0-9-]+(?:\.[a-z0-9-]+)+$/;
const MAX_EMAIL_CHARS = 254;
const REQUEST_LIMIT_MS = 10_000;

class UsageError extends Error {}

try {
  const { email, remote, stateDir } = parseArguments(process.argv.slice(2));
  const granted = remote ? await grantRemotely(email) : await grantLocally(email, stateDir);
  if (!granted) throw new Error(`Nobody has registered as ${email}. Register first, then grant.`);
  console.log(`${email} is an administrator now.`);
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  if (error instanceof UsageError) console.error(`\n${USAGE}`);
  process.exitCode = 1;
}

/** @param {readonly string[]} argv */
function parseArguments(argv) {
  const { own, rest } = sortArguments(argv, ["--persist-to"]);
  const unknown = rest.find((word) => word.startsWith("-") && word !== "--remote");
  if (unknown) fail(`Unknown option ${unknown}.`);
  const words = rest.filter((word) => !word.startsWith("-"));
  const [command, address, ...more] = words;
  if (command !== "grant" || address === undefined || more.length > 0) fail("One command is known: grant <email>.");
  const email = String(address).toLowerCase();
  if (email.length > MAX_EMAIL_CHARS || !EMAIL.test(email)) fail(`${address} is not an e-mail address.`);
  const stateDir = resolve(own.get("--persist-to") ?? DEFAULT_STATE_DIR);
  return { email, remote: rest.includes("--remote"), stateDir };
}

/** @param {string} message @returns {never} */
function fail(message) {
  throw new UsageError(message);
}

/** @param {string} email */
async function grantRemotely(email) {
  return await update(email, ["--remote", "--yes"], false);
}

/**
 * A database file must not be opened by two processes, so while the dev server runs it is asked to do it.
 * @param {string} email
 * @param {string} stateDir
 */
async function grantLocally(email, stateDir) {
  const server = await runningServer(stateDir);
  if (server) return await askServer(server, email);
  if (!existsSync(join(stateDir, "v3/d1"))) {
    throw new Error(`There is no database in ${stateDir} yet: start \`npm run dev\` and register first.`);
  }
  return await update(email, ["--local", "--persist-to", stateDir], true);
}

/** @param {string} server @param {string} email */
async function askServer(server, email) {
  const answer = await fetch(`${server}/dev/grant`, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ email }),
    signal: AbortSignal.timeout(REQUEST_LIMIT_MS),
  });
  if (answer.ok) return true;
  const body = await answer.text();
  if (body.includes('"USER_NOT_FOUND"')) return false;
  throw new Error(
    `The dev server at ${server} did not do it (${answer.status}): ${body}\nStop it and run this command again.`,
  );
}

/**
 * @param {string} email
 * @param {readonly string[]} where
 * @param {boolean} local
 */
async function update(email, where, local) {
  const value = email.replaceAll("'", "''");
  const sql = `UPDATE users SET role = 'ADMIN', updated_at_ms = ${Date.now()} WHERE email = '${value}' RETURNING id`;
  const { code, output, errors } = await runWrangler(
    ["d1", "execute", DATABASE, ...where, "--json", "--command", sql],
    {
      local,
    },
  );
  if (code !== 0) throw new Error(`The database refused:\n${output}${errors}`.trimEnd());
  /** @type {{ results?: unknown[] }[]} */
  const answers = JSON.parse(output.slice(output.indexOf("[")));
  return answers.some(({ results = [] }) => results.length > 0);
}
