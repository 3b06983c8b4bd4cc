// Password hashes: scrypt, slow by intent and bounded in number, so that logins cannot starve everything else.
// A stored hash describes itself (`scrypt$N$r$p$salt$hash`), so stronger parameters can come without a migration.

import { randomBytes, scrypt, timingSafeEqual } from "node:crypto";
import type { Passwords } from "../app/ports";
import { SECOND } from "../domain/time";
import { admissionQueue, type QueueLimits } from "./admission-queue";

interface Cost {
  readonly n: number;
  readonly r: number;
  readonly p: number;
}

/** A set of OWASP's Password Storage Cheat Sheet: 16 MiB and about 0.2 s. */
const COST: Cost = { n: 2 ** 14, r: 8, p: 5 };
const SALT_BYTES = 16;
const HASH_BYTES = 32;
/** scrypt needs 128 · N · r bytes; anything beyond twice ours is not a hash we wrote. */
const MAX_MEMORY_BYTES = 2 * 128 * COST.n * COST.r;

/** Four hashes take 64 MiB of an isolate's 128; sixteen more waiting are about 2 s of work. */
const LIMITS: QueueLimits = { atOnce: 4, waiting: 16, maxWaitMs: 2 * SECOND, maxRunMs: 10 * SECOND };

/** What an unknown user's password is compared with: well-formed, and the hash of nothing anybody knows. */
const DUMMY = `scrypt$${COST.n}$${COST.r}$${COST.p}$${"A".repeat(22)}$${"A".repeat(43)}`;

type Derive = (password: string, salt: Buffer, bytes: number, cost: Cost) => Promise<Buffer>;

export function scryptPasswords(derive: Derive = deriveKey, limits: QueueLimits = LIMITS): Passwords {
  const queue = admissionQueue(limits);
  return {
    async hash(password) {
      const salt = randomBytes(SALT_BYTES);
      const hash = await queue.run(() => derive(password, salt, HASH_BYTES, COST));
      if (hash === "busy") return "busy";
      return ["scrypt", COST.n, COST.r, COST.p, salt.toString("base64url"), hash.toString("base64url")].join("$");
    },

    async verify(password, stored) {
      const { cost, salt, hash } = parseHash(stored ?? DUMMY);
      const given = await queue.run(() => derive(password, salt, hash.length, cost));
      if (given === "busy") return "busy";
      const same = timingSafeEqual(given, hash);
      return stored !== null && same;
    },
  };
}

function parseHash(stored: string): { readonly cost: Cost; readonly salt: Buffer; readonly hash: Buffer } {
  const [scheme, n, r, p, salt, hash, ...rest] = stored.split("$");
  if (scheme !== "scrypt" || !n || !r || !p || !salt || !hash || rest.length > 0) {
    throw new Error("a stored password hash has a form this version does not know");
  }
  return {
    cost: { n: Number(n), r: Number(r), p: Number(p) },
    salt: Buffer.from(salt, "base64url"),
    hash: Buffer.from(hash, "base64url"),
  };
}

/** One spelling of a password, however the keyboard composed its accents (NIST SP 800-63B, 3.1.1.2). */
function deriveKey(password: string, salt: Buffer, bytes: number, { n, r, p }: Cost): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    scrypt(password.normalize("NFKC"), salt, bytes, { N: n, r, p, maxmem: MAX_MEMORY_BYTES }, (fault, key) => {
      if (fault) reject(fault);
      else resolve(key);
    });
  });
}
