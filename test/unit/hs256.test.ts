import { createHmac } from "node:crypto";
import { jwtVerify } from "jose";
import { describe, expect, it } from "vitest";
import { hs256Key, verifiedPayload } from "../../src/adapters/hs256";

const SECRET = "a secret that is long enough for HS256";
const key = hs256Key(SECRET);
const encode = (value: unknown) => Buffer.from(JSON.stringify(value)).toString("base64url");
const sign = (text: string, secret = SECRET) => createHmac("sha256", secret).update(text).digest("base64url");
function tokenOf(header: unknown, payload: unknown, secret = SECRET): string {
  const signed = `${encode(header)}.${encode(payload)}`;
  return `${signed}.${sign(signed, secret)}`;
}

const OURS = { alg: "HS256", typ: "JWT" };
const CLAIMS = { sub: "somebody", iat: 1, exp: 9_999_999_999 };
const good = tokenOf(OURS, CLAIMS);
const [head = "", body = "", signature = ""] = good.split(".");

const REFUSED: Readonly<Record<string, string>> = {
  "another secret": tokenOf(OURS, CLAIMS, "another secret that is long enough"),
  "another algorithm": tokenOf({ alg: "HS384", typ: "JWT" }, CLAIMS),
  "no algorithm": `${encode({ alg: "none", typ: "JWT" })}.${body}.`,
  "no signature": `${head}.${body}.`,
  "another type": tokenOf({ alg: "HS256", typ: "at+jwt" }, CLAIMS),
  "an extension nobody understands": tokenOf({ ...OURS, crit: ["exp"] }, CLAIMS),
  "another payload": `${head}.${encode({ ...CLAIMS, sub: "else" })}.${signature}`,
  "a shorter signature": good.slice(0, -1),
  "a longer signature": `${good}A`,
  "a part too few": `${head}.${signature}`,
  "a part too many": `${head}.${body}.${body}.${signature}`,
  "a payload that is no object": tokenOf(OURS, [1]),
  "a payload that is no JSON": `${head}.bm90.${sign(`${head}.bm90`)}`,
  "a header that is no JSON": `bm90.${body}.${sign(`bm90.${body}`)}`,
  nothing: "",
};

describe("an HS256 signature", () => {
  it("vouches for its payload", () => {
    expect(verifiedPayload(good, key)).toEqual(CLAIMS);
  });

  it.each(["José Ñandú", "ÿ", "東京 太郎", "🎟", "x".repeat(3_000), "é".repeat(1_500)])(
    "vouches for any name: %s",
    (name) => {
      expect(verifiedPayload(tokenOf(OURS, { ...CLAIMS, name }), key)).toEqual({ ...CLAIMS, name });
    },
  );

  it("counts under the same header written differently", () => {
    expect(verifiedPayload(tokenOf({ typ: "JWT", alg: "HS256" }, CLAIMS), key)).toEqual(CLAIMS);
  });

  it.each(Object.entries(REFUSED))("is refused: %s", async (_, token) => {
    expect(verifiedPayload(token, key)).toBeNull();
    const byJose = jwtVerify(token, new TextEncoder().encode(SECRET), { algorithms: ["HS256"], typ: "JWT" });
    await expect(byJose).rejects.toThrow();
  });

  it("has one spelling only, which is stricter than jose", () => {
    expect(verifiedPayload(`${good}=`, key)).toBeNull();
  });

  it("is refused wherever one character of the token differs", () => {
    for (let place = 0; place < good.length; place++) {
      const other = good[place] === "A" ? "B" : "A";
      expect(verifiedPayload(good.slice(0, place) + other + good.slice(place + 1), key)).toBeNull();
    }
  });
});
