// Keys that sign tickets. `npm run ticket-keys` prints a set with one new key, for `wrangler secret put
// TICKET_SIGNING_KEYS`; with `-- --add` it reads the present set from its standard input and prints that with a new key at its
// end, which signs from then on while the others still verify. A key that is taken out of the set is retired.

import { generateKeyPairSync, randomBytes } from "node:crypto";
import { resolve } from "node:path";
import { fileURLToPath } from "node:url";

/** Four characters of a ticket's code name its key. */
const KID_BYTES = 3;

/** @param {readonly unknown[]} older keys that go on verifying */
export function newTicketKeySet(older = []) {
  const { kty, crv, x, d } = generateKeyPairSync("ed25519").privateKey.export({ format: "jwk" });
  return JSON.stringify({ keys: [...older, { kty, crv, kid: randomBytes(KID_BYTES).toString("base64url"), x, d }] });
}

if (process.argv[1] && resolve(process.argv[1]) === fileURLToPath(import.meta.url)) {
  let text = "";
  const adds = process.argv.includes("--add");
  if (adds) for await (const chunk of process.stdin) text += chunk;
  console.log(newTicketKeySet(adds ? JSON.parse(text).keys : []));
}
