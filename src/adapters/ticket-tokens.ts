// Signs and verifies what is in a ticket's code: EdDSA over Ed25519 (RFC 8037) with the keys of TICKET_SIGNING_KEYS. The
// last key of the set signs, all verify; a key that is taken out of the set is retired.

import { CompactSign, importJWK } from "jose";
import type { TicketKey, TicketTokens } from "../app/ports";
import type { TicketId } from "../domain/ids";
import { checkFrom, numberSigned, readToken, TICKET_VERSION, writeClaims, writeNumber } from "../domain/ticket-token";

/** A private key as configuration has it: `env.ts` checked its form. */
export interface TicketSigningKey {
  readonly kty: "OKP";
  readonly crv: "Ed25519";
  readonly kid: string;
  readonly x: string;
  readonly d: string;
}

const ALGORITHM = "EdDSA";

export function ed25519TicketTokens(signingKeys: readonly TicketSigningKey[]): TicketTokens {
  /** Kept as keys and not as promises, which would belong to the request that made them. */
  const imported = new Map<string, CryptoKey>();
  const keys = signingKeys.map(publicHalf);

  async function keyOf(jwk: TicketKey | TicketSigningKey, use: "sign" | "verify"): Promise<CryptoKey> {
    const name = `${use} ${jwk.kid}`;
    const known = imported.get(name);
    if (known) return known;
    const key = (await importJWK({ ...jwk, key_ops: [use], use: undefined }, ALGORITHM)) as CryptoKey;
    imported.set(name, key);
    return key;
  }

  function newestKey(): TicketSigningKey {
    const newest = signingKeys.at(-1);
    if (!newest) throw new Error("there is no key to sign tickets with");
    return newest;
  }

  /** Ed25519 signs alike each time (RFC 8032), so the check is made anew instead of kept. */
  async function checkBy(jwk: TicketSigningKey, ticketId: TicketId): Promise<string> {
    const signed = new TextEncoder().encode(numberSigned(ticketId));
    return checkFrom(new Uint8Array(await crypto.subtle.sign("Ed25519", await keyOf(jwk, "sign"), signed)));
  }

  return {
    keys,
    async numberOf(ticketId) {
      return writeNumber(ticketId, await checkBy(newestKey(), ticketId));
    },
    async verifyNumber({ ticketId, check }) {
      if (check === null) return { ok: false, reason: "unverified" };
      const checks = await Promise.all(signingKeys.map((jwk) => checkBy(jwk, ticketId)));
      return checks.includes(check) ? { ok: true } : { ok: false, reason: "bad_signature" };
    },
    async sign(claims) {
      const newest = newestKey();
      return await new CompactSign(new TextEncoder().encode(writeClaims(claims)))
        .setProtectedHeader({ alg: ALGORITHM, kid: newest.kid })
        .sign(await keyOf(newest, "sign"));
    },
    async verify(token) {
      const read = readToken(token);
      if (read === null) return { ok: false, reason: "malformed" };
      const jwk = keys.find(({ kid }) => kid === read.kid);
      if (!jwk) return { ok: false, reason: "unknown_key" };
      // The strict reading left exactly one text for these bytes, so they are verified as they are.
      const signed = new TextEncoder().encode(read.signed);
      const isOurs = await crypto.subtle.verify("Ed25519", await keyOf(jwk, "verify"), read.signature, signed);
      if (!isOurs) return { ok: false, reason: "bad_signature" };
      if (read.claims.version !== TICKET_VERSION) return { ok: false, reason: "unknown_ticket" };
      return { ok: true, claims: read.claims };
    },
  };
}

function publicHalf({ kty, crv, x, kid }: TicketSigningKey): TicketKey {
  return { kty, crv, x, kid, alg: ALGORITHM, use: "sig" };
}
