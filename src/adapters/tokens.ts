// Tokens: signed JSON Web Tokens (RFC 7519, HS256) that say who asks for 24 hours. Verifying checks everything that
// issuing wrote: type, algorithm, issuer, audience, expiry, and every claim's form.

import { errors, jwtVerify, SignJWT } from "jose";
import { z } from "zod";
import type { Tokens } from "../app/ports";
import { parseId, type UserId } from "../domain/ids";
import { DAY, SECOND } from "../domain/time";

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
});

export function jwtTokens({
  secret,
  issuer,
  audience,
}: Readonly<Record<"secret" | "issuer" | "audience", string>>): Tokens {
  let imported: CryptoKey | null = null;
  /** Kept as a key and not as a promise, which would belong to the request that made it. */
  async function signingKey(): Promise<CryptoKey> {
    imported ??= await crypto.subtle.importKey(
      "raw",
      new TextEncoder().encode(secret),
      { name: "HMAC", hash: "SHA-256" },
      false,
      ["sign", "verify"],
    );
    return imported;
  }

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
        .sign(await signingKey());
      return { token, expiresAtMs: expiresAtS * SECOND };
    },

    async verify(token, nowMs) {
      try {
        const { payload } = await jwtVerify(token, await signingKey(), {
          algorithms: [ALGORITHM],
          typ: TYPE,
          issuer,
          audience,
          currentDate: new Date(nowMs),
          requiredClaims: ["sub", "name", "email", "role", "iat", "exp"],
        });
        const claims = Claims.safeParse(payload);
        if (!claims.success) return null;
        const { sub, name, email, role } = claims.data;
        return { sub, name, email, role };
      } catch (fault) {
        if (fault instanceof errors.JOSEError) return null;
        throw fault;
      }
    },
  };
}
