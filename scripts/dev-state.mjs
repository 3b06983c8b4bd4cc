// What `npm run dev` keeps in its state folder beside wrangler's own files: the development secrets, which migrations
// the database has, and where the running server answers. Deleting the folder starts anew.

import { createHash, randomBytes } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { newTicketKeySet } from "./ticket-keys.mjs";
import { DATABASE, ROOT, runWrangler, wranglerVersion } from "./wrangler.mjs";

const SECRETS_FILE = "ticketflow-dev-secrets.env";
const SERVER_FILE = "ticketflow-dev-server.json";
/** Lies beside the database, so that it is gone when the database is. */
const MIGRATIONS_FILE = "v3/d1/ticketflow-dev-migrations.json";
const SECRET_BYTES = 48;
const MIGRATIONS = join(ROOT, "migrations");

/**
 * The file with the secrets, made at the first start and kept, so that tokens and tickets outlive a restart.
 * @param {string} stateDir
 */
export function developmentSecrets(stateDir) {
  const path = join(stateDir, SECRETS_FILE);
  const kept = existsSync(path) ? readFileSync(path, "utf8") : "";
  let text = kept;
  if (!kept.includes("JWT_SECRET=")) text += `JWT_SECRET=${randomBytes(SECRET_BYTES).toString("base64url")}\n`;
  if (!kept.includes("TICKET_SIGNING_KEYS=")) text += `TICKET_SIGNING_KEYS='${newTicketKeySet()}'\n`;
  if (text !== kept) writeWhole(path, text);
  return path;
}

/**
 * Brings the local database up to date. A database that is known to have every migration is left alone, which
 * saves seconds at every start but the first.
 * @param {string} stateDir
 */
export async function migrate(stateDir) {
  const wanted = migrationSet();
  const marker = join(stateDir, MIGRATIONS_FILE);
  if (existsSync(marker) && readFileSync(marker, "utf8") === wanted) return;
  const args = ["d1", "migrations", "apply", DATABASE, "--local", "--persist-to", stateDir];
  const { code, output, errors } = await runWrangler(args, { local: true });
  if (code !== 0) throw new Error(`The database could not be migrated.\n${output}${errors}`);
  writeWhole(marker, wanted);
}

/** Makes the next start apply migrations again, whatever is noted. @param {string} stateDir */
export function forgetMigrations(stateDir) {
  rmSync(join(stateDir, MIGRATIONS_FILE), { force: true });
}

/**
 * Where a dev server on this state answers, if one does.
 * @param {string} stateDir
 * @returns {Promise<string | null>}
 */
export async function runningServer(stateDir) {
  const path = join(stateDir, SERVER_FILE);
  if (!existsSync(path)) return null;
  const { pid, url } = JSON.parse(readFileSync(path, "utf8"));
  return isAlive(pid) && (await answers(url)) ? url : null;
}

/**
 * @param {string} stateDir
 * @param {string} url
 */
export function noteServer(stateDir, url) {
  writeWhole(join(stateDir, SERVER_FILE), JSON.stringify({ pid: process.pid, url }));
}

/** @param {string} stateDir */
export function forgetServer(stateDir) {
  rmSync(join(stateDir, SERVER_FILE), { force: true });
}

/** The migrations there are and what is in them, and who applies them where. */
function migrationSet() {
  const files = readdirSync(MIGRATIONS)
    .filter((name) => name.endsWith(".sql"))
    .sort()
    .map((name) => [
      name,
      createHash("sha256")
        .update(readFileSync(join(MIGRATIONS, name)))
        .digest("hex"),
    ]);
  return JSON.stringify({ wrangler: wranglerVersion(), files });
}

/** All or nothing, so that a kill never leaves half a file. @param {string} path @param {string} text */
function writeWhole(path, text) {
  mkdirSync(dirname(path), { recursive: true });
  const partial = `${path}.${process.pid}`;
  writeFileSync(partial, text, { mode: 0o600 });
  renameSync(partial, path);
}

/** @param {number} pid */
function isAlive(pid) {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

/** @param {string} url */
async function answers(url) {
  try {
    return (await fetch(`${url}/health`, { signal: AbortSignal.timeout(2_000) })).status < 600;
  } catch {
    return false;
  }
}
