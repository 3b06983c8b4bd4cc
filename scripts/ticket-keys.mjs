// Keys that sign tickets. `npm run ticket-keys` prints a set with one new key, for `wrangler secret put
// TICKET_SIGNING_KEYS`; with `-- --add` it reads the present set from its standard input and prints that with a new key at its
// end, which signs from then on while the others still verify. A key that is taken out of the set is retired.

import { generateKeyPairSync, randomBytes } from "node:crypto";
import { resolve } from "node:path";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";

/** Four characters of a ticket's code name its key. */
const KID_BYTES = 3;

/** As many as src/env.ts takes: every scanner downloads them. */
const MAX_KEYS = 16;

/** @param {readonly unknown[]} older keys that go on verifying */
export function newTicketKeySet(older = []) {
  const { kty, crv, x, d } = generateKeyPairSync("ed25519").privateKey.export({ format: "jwk" });
  return JSON.stringify({ keys: [...older, { kty, crv, kid: randomBytes(KID_BYTES).toString("base64url"), x, d }] });
}

/**
 * @param {string} set as the standard input has it
 * @returns {readonly unknown[]}
 */
function keysOf(set) {
  const keys = parseJson(set)?.keys;
  if (!Array.isArray(keys)) throw new Error("No key set came in: give the present one, `-- --add < ticket-keys.json`.");
  if (keys.length >= MAX_KEYS)
    throw new Error(`A set holds ${MAX_KEYS} keys: take out the first, whose tickets are over.`);
  return keys;
}

/** @param {string} json */
function parseJson(json) {
  try {
    return JSON.parse(json);
  } catch {
    return null;
  }
}

if (process.argv[1] && resolve(process.argv[1]) === fileURLToPath(import.meta.url)) {
  try {
    const adds = process.argv.includes("--add");
    console.log(newTicketKeySet(adds ? keysOf(await text(process.stdin)) : []));
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
    process.exitCode = 1;
  }
}
