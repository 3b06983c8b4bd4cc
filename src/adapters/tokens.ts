// Tokens: signed JSON Web Tokens (RFC 7519, HS256) that say who asks for 24 hours. Verifying checks everything that
// issuing wrote: type, algorithm, issuer, audience, expiry, and every claim's form.

import { SignJWT } from "jose";
import { z } from "zod";
import type { Tokens } from "../app/ports";
import { parseId, type UserId } from "../domain/ids";
import { DAY, SECOND } from "../domain/time";
import { hs256Key, verifiedPayload } from "./hs256";

/** `exp − iat` of the contract: 86 400 s. */
const TOKEN_LIFE_MS = DAY;
const ALGORITHM = "HS256";
const TYPE = "JWT";

const Claims = z.object({
  sub: z.string().transform((text, check): UserId => {
    const id = parseId("usr", text);
    if (id) return id;
    check.addIssue("not a user id");
    return z.NEVER;
  }),
  name: z.string(),
  email: z.string(),
  role: z.enum(["USER", "ADMIN"]),
  iat: z.number(),
  exp: z.number(),
  nbf: z.number().optional(),
});

function isCurrent({ exp, nbf }: z.output<typeof Claims>, nowS: number): boolean {
  return exp > nowS && (nbf === undefined || nbf <= nowS);
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

    async verify(token, nowMs) {
      const payload = key === null ? null : verifiedPayload(token, key);
      if (payload === null || payload["iss"] !== issuer || payload["aud"] !== audience) return null;
      const claims = Claims.safeParse(payload);
      if (!claims.success || !isCurrent(claims.data, Math.floor(nowMs / SECOND))) return null;
      const { sub, name, email, role, exp } = claims.data;
      return { sub, name, email, role, expiresAtMs: exp * SECOND };
    },
  };
}
