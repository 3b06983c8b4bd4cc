// Password hashes and tokens as the platform makes them.

import { createHmac, scryptSync } from "node:crypto";
import { SignJWT } from "jose";
import { describe, expect, it } from "vitest";
import { randomIds } from "../../src/adapters/ids";
import { scryptPasswords } from "../../src/adapters/passwords";
import { jwtTokens } from "../../src/adapters/tokens";
import type { TokenClaims } from "../../src/app/ports";
import { NOW } from "./d1-builders";

/** Hashing is slow by intent, and slower on a busy machine. */
const PATIENCE_MS = 60_000;

describe("a password's hash", { timeout: PATIENCE_MS }, () => {
  const passwords = scryptPasswords();

  it("is scrypt with the parameters that it names, and a salt of its own", async () => {
    const [first, second] = [await passwords.hash("Test1234!"), await passwords.hash("Test1234!")];
    const [scheme, n, r, p, salt, hash] = first.split("$");
    expect([scheme, n, r, p]).toEqual(["scrypt", "16384", "8", "5"]);
    const again = scryptSync("Test1234!", Buffer.from(salt ?? "", "base64url"), 32, {
      N: 16_384,
      r: 8,
      p: 5,
      maxmem: 64 * 1024 * 1024,
    });
    expect(hash).toBe(again.toString("base64url"));
    expect(second).not.toBe(first);
  });

  it("verifies its password and no other", async () => {
    const hash = await passwords.hash("Pässwort1");
    expect(await passwords.verify("Pässwort1", hash)).toBe(true);
    expect(await passwords.verify("Pa\u0308sswort1", hash)).toBe(true);
    expect(await passwords.verify("pässwort1", hash)).toBe(false);
  });

  it("is made with the parameters it was stored with, so they can change", async () => {
    const weak = scryptSync("Test1234!", Buffer.from("salt"), 32, { N: 1_024, r: 8, p: 1 });
    const stored = `scrypt$1024$8$1$${Buffer.from("salt").toString("base64url")}$${weak.toString("base64url")}`;
    expect(await passwords.verify("Test1234!", stored)).toBe(true);
    expect(await passwords.verify("Test1234?", stored)).toBe(false);
  });

  it("costs the same where there is no account, and never matches there", async () => {
    const costs: unknown[] = [];
    const watched = scryptPasswords(async (_password, _salt, bytes, cost) => {
      costs.push([bytes, cost]);
      return Buffer.alloc(bytes);
    });
    // Zeros are what the dummy holds, so even a match of the dummy must not log anybody in.
    expect(await watched.verify("anything", null)).toBe(false);
    const stored = await watched.hash("Test1234!");
    if (stored === "busy") throw new Error("busy");
    expect(await watched.verify("anything", stored)).toBe(true);
    expect(costs).toEqual(Array(3).fill([32, { n: 16_384, r: 8, p: 5 }]));
  });

  it("of a form that nobody wrote is a fault, not a wrong password", async () => {
    await expect(passwords.verify("Test1234!", "$2b$10$abcdefghijklmnopqrstuv")).rejects.toThrow("form");
  });

  it("is refused as busy beyond four at once and sixteen waiting", async () => {
    const answers = await Promise.all(Array.from({ length: 25 }, () => passwords.hash("Test1234!")));
    expect(answers.filter((answer) => answer === "busy").length).toBeGreaterThanOrEqual(5);
    expect(answers.filter((answer) => answer !== "busy").length).toBeGreaterThanOrEqual(4);
    expect(await passwords.hash("Test1234!")).not.toBe("busy");
  });
});

describe("a token", () => {
  const options = { secret: "one secret that is long enough.", issuer: "ticketflow", audience: "ticketflow-api" };
  const tokens = jwtTokens(options);
  const claims: TokenClaims = { sub: randomIds().user(NOW), name: "Zoë", email: "zoe@example.com", role: "ADMIN" };

  interface Forgery {
    readonly header?: { alg: string; typ?: string };
    readonly payload?: Record<string, unknown>;
    readonly secret?: string;
  }
  function forge({ header = { alg: "HS256", typ: "JWT" }, payload = {}, secret = options.secret }: Forgery) {
    const iat = NOW / 1_000;
    const standard = { ...claims, iss: options.issuer, aud: options.audience, iat, exp: iat + 86_400 };
    return new SignJWT({ ...standard, ...payload })
      .setProtectedHeader(header)
      .sign(new TextEncoder().encode(secret.padEnd(64, "\0").slice(0, header.alg === "HS512" ? 64 : secret.length)));
  }

  function partOf(token: string, part: number): unknown {
    return JSON.parse(Buffer.from(token.split(".")[part] ?? "", "base64url").toString());
  }

  it("says who, for whom and for exactly 24 hours", async () => {
    const { token, expiresAtMs } = await tokens.issue(claims, NOW + 999);
    expect(partOf(token, 0)).toEqual({ alg: "HS256", typ: "JWT" });
    expect(partOf(token, 1)).toEqual({
      ...claims,
      iss: "ticketflow",
      aud: "ticketflow-api",
      iat: NOW / 1_000,
      exp: NOW / 1_000 + 86_400,
    });
    expect(expiresAtMs).toBe(NOW + 86_400_000);
  });

  it("is in force until it expires", async () => {
    const { token, expiresAtMs } = await tokens.issue(claims, NOW);
    expect(await tokens.verify(token, NOW)).toEqual({ ...claims, expiresAtMs });
    expect(await tokens.verify(token, NOW + 86_399_999)).toEqual({ ...claims, expiresAtMs });
    expect(await tokens.verify(token, NOW + 86_400_000)).toBeNull();
  });

  it("that is well made by the rules is taken, so the refusals below are for their own reason", async () => {
    expect(await tokens.verify(await forge({}), NOW)).toEqual({ ...claims, expiresAtMs: NOW + 86_400_000 });
  });

  it("signed with no secret is not taken, even where there is none", async () => {
    const token = await forge({});
    const bare = jwtTokens({ ...options, secret: "" });
    const unsigned = token.slice(0, token.lastIndexOf("."));
    const signature = createHmac("sha256", "").update(unsigned).digest("base64url");
    expect(await bare.verify(`${unsigned}.${signature}`, NOW)).toBeNull();
  });

  it("of more than 4 096 characters is not looked at, though we signed it", async () => {
    const lengths = await Promise.all(
      [2_700, 2_900].map(async (chars) => {
        const { token } = await tokens.issue({ ...claims, name: "x".repeat(chars) }, NOW);
        expect(tokens.verify(token, NOW) !== null).toBe(token.length <= 4_096);
        return token.length;
      }),
    );
    expect(lengths.map((length) => length > 4_096)).toEqual([false, true]);
  });

  it.each<[string, Forgery]>([
    ["another secret", { secret: "another secret, as long as it is" }],
    ["another algorithm", { header: { alg: "HS512", typ: "JWT" } }],
    ["another type", { header: { alg: "HS256", typ: "at+jwt" } }],
    ["no type", { header: { alg: "HS256" } }],
    ["another issuer", { payload: { iss: "somebody" } }],
    ["no issuer", { payload: { iss: undefined } }],
    ["another audience", { payload: { aud: "somebody" } }],
    ["no expiry", { payload: { exp: undefined } }],
    ["no time of issue", { payload: { iat: undefined } }],
    ["no subject", { payload: { sub: undefined } }],
    ["a subject that is no user", { payload: { sub: "evnt_00000000000000000000000000" } }],
    ["no name", { payload: { name: undefined } }],
    ["no e-mail", { payload: { email: undefined } }],
    ["an unknown role", { payload: { role: "ROOT" } }],
    ["a time before which it is not valid", { payload: { nbf: NOW / 1_000 + 60 } }],
  ])("with %s is not taken", async (_what, forgery) => {
    expect(await tokens.verify(await forge(forgery), NOW)).toBeNull();
  });

  it("without a signature, or of another form, is not taken", async () => {
    const { token } = await tokens.issue(claims, NOW);
    const [, payload] = token.split(".");
    const unsigned = `${Buffer.from('{"alg":"none","typ":"JWT"}').toString("base64url")}.${payload}.`;
    for (const text of [unsigned, "", "a.b", "a.b.c", `${token}x`, token.slice(0, -2)]) {
      expect(await tokens.verify(text, NOW)).toBeNull();
    }
  });
});
