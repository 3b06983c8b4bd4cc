// Fingerprints: a keyed hash of a value, the same for the same content whatever the order of its fields. They reveal
// nothing to who reads the database, so they stand in for request bodies and for whom a counter counts.

import { createHmac } from "node:crypto";
import type { Fingerprints } from "../app/ports";

/** Keeps these hashes apart from everything else that is made with the same secret. */
const PURPOSE = "ticketflow fingerprint\n";

export function hmacFingerprints(secret: string): Fingerprints {
  return {
    async of(body) {
      const text = JSON.stringify(body, sortFields) ?? "undefined";
      return createHmac("sha256", secret).update(PURPOSE).update(text).digest("base64url");
    },
  };
}

/** Integer-like names come first in JavaScript whatever was said, and then these sort alike too. */
function sortFields(_key: string, value: unknown): unknown {
  if (value === null || typeof value !== "object" || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)));
}
