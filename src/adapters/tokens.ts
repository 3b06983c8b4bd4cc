// Tokens: signed JSON Web Tokens (RFC 7519, HS256) that say who asks for 24 hours. Verifying checks everything that
// issuing wrote: type, algorithm, issuer, audience, expiry, and every claim's form.

import { SignJWT } from "jose";
import type { Tokens, VerifiedClaims } from "../app/ports";
import { parseId } from "../domain/ids";
import { DAY, SECOND } from "../domain/time";
import { hs256Key, verifiedPayload } from "./hs256";

/** `exp − iat` of the contract: 86 400 s. */
const TOKEN_LIFE_MS = DAY;
/** No token of ours is as long; longer ones are not even looked at, whether a request or a socket brings them. */
const MAX_TOKEN_CHARS = 4_096;
const ALGORITHM = "HS256";
const TYPE = "JWT";

/** By hand, and not by a schema: this is read before everything else, of every request and every sign-in of a socket. */
function claimsOf(payload: Readonly<Record<string, unknown>>, nowMs: number): VerifiedClaims | null {
  const { sub, name, email, role, iat, exp, nbf } = payload;
  const userId = typeof sub === "string" ? parseId("usr", sub) : null;
  if (userId === null || typeof name !== "string" || typeof email !== "string") return null;
  if ((role !== "USER" && role !== "ADMIN") || !isNumber(iat) || !isNumber(exp)) return null;
  const nowS = Math.floor(nowMs / SECOND);
  if (exp <= nowS || (nbf !== undefined && !(isNumber(nbf) && nbf <= nowS))) return null;
  return { sub: userId, name, email, role, expiresAtMs: exp * SECOND };
}

/** JSON spells infinity too: 1e999. */
function isNumber(value: unknown): value is number {
  return typeof value === "number" && Number.isFinite(value);
}

export function jwtTokens({
  secret,
  issuer,
  audience,
}: Readonly<Record<"secret" | "issuer" | "audience", string>>): Tokens {
  // Nobody signs with no secret.
  const key = secret === "" ? null : hs256Key(secret);

  return {
    async issue({ sub, name, email, role }, nowMs) {
      const issuedAtS = Math.floor(nowMs / SECOND);
      const expiresAtS = issuedAtS + TOKEN_LIFE_MS / SECOND;
      const token = await new SignJWT({ name, email, role })
        .setProtectedHeader({ alg: ALGORITHM, typ: TYPE })
        .setIssuer(issuer)
        .setAudience(audience)
        .setSubject(sub)
        .setIssuedAt(issuedAtS)
        .setExpirationTime(expiresAtS)
        .sign(new TextEncoder().encode(secret));
      return { token, expiresAtMs: expiresAtS * SECOND };
    },

    verify(token, nowMs) {
      if (token.length > MAX_TOKEN_CHARS) return null;
      const payload = key === null ? null : verifiedPayload(token, key);
      if (payload === null || payload["iss"] !== issuer || payload["aud"] !== audience) return null;
      return claimsOf(payload, nowMs);
    },
  };
}
