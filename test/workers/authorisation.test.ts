// Each route against each kind of caller; tokens that are nearly ours; bodies that name columns.

import { env } from "cloudflare:workers";
import { SignJWT } from "jose";
import { beforeAll, describe, expect, it, vi } from "vitest";
import { ask, document, newScene, operations, ROWS, type Scene, statusOf } from "./authorisation-scene";
import { type Caller, call, deps, type Json, newCaller, seatsOf } from "./sale-client";

const SECRET = new TextEncoder().encode((env as unknown as { readonly JWT_SECRET: string }).JWT_SECRET);
const ISSUER = "ticketflow";
const AUDIENCE = "ticketflow-api";
const HOUR_S = 3_600;

let scene: Scene;
beforeAll(async () => {
  // A line a request, thousands of times, would take longer than the requests.
  vi.spyOn(console, "log").mockImplementation(() => {});
  scene = await newScene();
});

const bearer = (caller: Caller) => `Bearer ${caller.token}`;
const claimsOf = ({ id, name, email }: Caller) => ({ sub: id, name, email, role: "USER" as const });

async function expired(caller: Caller): Promise<string> {
  const { token } = await deps().tokens.issue(claimsOf(caller), Date.now() - 25 * HOUR_S * 1_000);
  return `Bearer ${token}`;
}

async function forged(caller: Caller): Promise<string> {
  return `Bearer ${await sign(caller, { key: new TextEncoder().encode("another secret, long enough to sign with") })}`;
}

/** Past the door (/health is 503 without demo data): whatever the use-case says of an empty request, it is not about who asks. */
const PAST = expect.toSatisfy((status: number) => status !== 401 && status !== 403 && status !== 500, "past the door");

describe("every route", () => {
  it("has a row, and every row a route", () => {
    expect(Object.keys(ROWS).sort()).toEqual(
      operations()
        .map(({ name }) => name)
        .sort(),
    );
  });

  it("says in the document what its row says", () => {
    for (const { name, operation } of operations()) {
      const expected = { everybody: "public", admins: "admin", gates: "gate" }[ROWS[name]?.for as "admins"] ?? "user";
      expect([name, operation["x-access"]]).toEqual([name, expected]);
    }
  });

  it.each(Object.keys(ROWS))("%s lets in whom it should, and nobody else", async (name) => {
    const row = ROWS[name]?.for;
    const seen = {
      anonymous: await statusOf(name, scene, null),
      expired: await statusOf(name, scene, await expired(scene.owner)),
      forged: await statusOf(name, scene, await forged(scene.owner)),
      other: await statusOf(name, scene, bearer(scene.other)),
      admin: await statusOf(name, scene, bearer(scene.admin)),
      gate: await statusOf(name, scene, `Bearer ${scene.gateToken}`),
    };
    const before = await stateOf();
    const nobody = { anonymous: 401, expired: 401, forged: 401 };
    switch (row) {
      case "everybody":
        // A webhook is proven by its signature, not by a token.
        return expect(seen).toEqual({
          anonymous: PAST,
          expired: PAST,
          forged: PAST,
          other: PAST,
          admin: PAST,
          gate: PAST,
        });
      case "users":
        return expect(seen).toEqual({ ...nobody, other: PAST, admin: PAST, gate: 401 });
      case "owner":
        expect(seen).toEqual({ ...nobody, other: 403, admin: 403, gate: 401 });
        expect(await stateOf()).toEqual(before);
        return;
      case "owner or admin":
        return expect(seen).toEqual({ ...nobody, other: 403, admin: 200, gate: 401 });
      case "admins":
        return expect(seen).toEqual({ ...nobody, other: 403, admin: PAST, gate: 401 });
      case "gates":
        return expect(seen).toEqual({ ...nobody, other: 401, admin: 401, gate: PAST });
      default:
        throw new Error(`no row for ${name}`);
    }
  });

  it("lets the owner do what is the owner's, when everybody else was refused", async () => {
    const its = await newScene();
    const names = Object.keys(ROWS).filter((name) => ROWS[name]?.for.startsWith("owner"));
    for (const name of names) expect([name, await statusOf(name, its, bearer(its.owner))]).toEqual([name, PAST]);
  });

  it("takes admin rights from the database, not from the token", async () => {
    const pretender = await newCaller();
    const { token } = await deps().tokens.issue({ ...claimsOf(pretender), role: "ADMIN" }, Date.now());
    const names = Object.keys(ROWS).filter((one) => ROWS[one]?.for === "admins");
    const seen = await Promise.all(names.map(async (name) => [name, await statusOf(name, scene, `Bearer ${token}`)]));
    expect(seen).toEqual(names.map((name) => [name, 403]));
    expect(await statusOf("GET /api/bookings/{id}", scene, `Bearer ${token}`)).toBe(403);
  });
});

async function stateOf(): Promise<Json> {
  const paths = [`/api/locks/${scene.lockId}`, `/api/bookings/${scene.bookingId}`, `/api/payments/${scene.paymentId}`];
  const read = await Promise.all(paths.map((path) => call("GET", path, { as: scene.owner })));
  return read.map(({ status, body }) => [status, body]);
}

interface Forgery {
  readonly key?: Uint8Array;
  readonly header?: Record<string, unknown>;
  readonly without?: readonly string[];
  readonly claims?: Record<string, unknown>;
}

async function sign(
  caller: Caller,
  { key = SECRET, header = {}, without = [], claims = {} }: Forgery,
): Promise<string> {
  const nowS = Math.floor(Date.now() / 1_000);
  const sound: Record<string, unknown> = {
    ...claimsOf(caller),
    iss: ISSUER,
    aud: AUDIENCE,
    iat: nowS,
    exp: nowS + HOUR_S,
    ...claims,
  };
  for (const name of without) delete sound[name];
  return await new SignJWT(sound).setProtectedHeader({ alg: "HS256", typ: "JWT", ...header }).sign(key);
}

const text = (value: unknown) => base64url(JSON.stringify(value));
function base64url(value: string): string {
  return btoa(value).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

/** Tokens that are ours but for one thing. */
async function forgeries(caller: Caller): Promise<Readonly<Record<string, string>>> {
  const sound = await sign(caller, {});
  const [head = "", payload = "", signature = ""] = sound.split(".");
  const claims = JSON.parse(atob(payload.replaceAll("-", "+").replaceAll("_", "/"))) as Record<string, unknown>;
  const admin = text({ ...claims, role: "ADMIN" });
  const nowS = Math.floor(Date.now() / 1_000);
  const tokens: Record<string, string> = {};
  for (const alg of [
    "none",
    "None",
    "NONE",
    "nOnE",
    "",
    "HS256 ",
    "hs256",
    "RS256",
    "ES256",
    "EdDSA",
    "PS256",
    "A128KW",
  ]) {
    tokens[`alg ${alg}, unsigned`] = `${text({ alg, typ: "JWT" })}.${payload}.`;
    tokens[`alg ${alg}, our signature`] = `${text({ alg, typ: "JWT" })}.${payload}.${signature}`;
  }
  for (const alg of ["HS384", "HS512"]) {
    tokens[`${alg} with our secret`] = await sign(caller, {
      header: { alg },
      key: new Uint8Array(64).map((_, i) => SECRET[i] ?? 0),
    });
  }
  for (const name of ["sub", "name", "email", "role", "iat", "exp", "iss", "aud"]) {
    tokens[`without ${name}`] = await sign(caller, { without: [name] });
  }
  const wrong: Readonly<Record<string, unknown>> = {
    "another issuer": { iss: "somebody" },
    "another audience": { aud: "another-api" },
    "a list of other audiences": { aud: ["a", "b"] },
    "expired a second ago": { exp: nowS - 1 },
    "expires at the epoch": { exp: 0 },
    "expires as text": { exp: String(nowS + HOUR_S) },
    "expires never": { exp: null },
    "not yet valid": { nbf: nowS + HOUR_S },
    "issued as text": { iat: String(nowS) },
    "an unknown role": { role: "ROOT" },
    "a role in lower case": { role: "user" },
    "a list of roles": { role: ["USER"] },
    "no user's id": { sub: "somebody" },
    "a booking's id as user": { sub: `bkg_${"0".repeat(26)}` },
    "a user that does not exist": { sub: `usr_${"0".repeat(26)}` },
    "an empty user": { sub: "" },
    "a number as user": { sub: 1 },
    "a number as name": { name: 1 },
    "a list as e-mail": { email: ["a@b.c"] },
  };
  for (const [name, change] of Object.entries(wrong)) {
    const token = await sign(caller, { claims: change as Record<string, unknown> }).catch(
      () => `${head}.${text({ ...claims, ...(change as object) })}.${signature}`,
    );
    tokens[name] = token;
  }
  for (const typ of ["JWE", "at+jwt", "", "jws"]) tokens[`typ ${typ}`] = await sign(caller, { header: { typ } });
  const otherKeys: Readonly<Record<string, string>> = {
    "another secret": "another secret, long enough to sign with",
    "an empty-looking secret": " ".repeat(32),
  };
  for (const [name, secret] of Object.entries(otherKeys))
    tokens[name] = await sign(caller, { key: new TextEncoder().encode(secret) });
  return {
    ...tokens,
    "a payload that was changed": `${head}.${admin}.${signature}`,
    "a header that was changed": `${text({ alg: "HS256", typ: "JWT", kid: "../../key" })}.${payload}.${signature}`,
    "a critical extension": `${text({ alg: "HS256", typ: "JWT", crit: ["x"], x: 1 })}.${payload}.${signature}`,
    "an embedded key": `${text({ alg: "HS256", typ: "JWT", jwk: { kty: "oct", k: base64url("k") } })}.${payload}.${signature}`,
    "a key by address": `${text({ alg: "HS256", typ: "JWT", jku: "http://localhost:1/keys" })}.${payload}.${signature}`,
    "no signature": `${head}.${payload}`,
    "an empty signature": `${head}.${payload}.`,
    "half a signature": `${head}.${payload}.${signature.slice(0, 20)}`,
    "a signature turned around": `${head}.${payload}.${[...signature].reverse().join("")}`,
    "five parts": `${sound}.a.b`,
    "one part": head,
    "only dots": "..",
    "no base64": "a.b.c",
    "two tokens": `${sound},${sound}`,
    "a token in quotes": `"${sound}"`,
    "another case of its letters": sound.toLowerCase(),
    "very long": "a".repeat(5_000),
  };
}

describe("a token", () => {
  it("of ours is taken, in any case of the scheme", async () => {
    const token = await sign(scene.owner, {});
    for (const scheme of ["Bearer", "bearer", "BEARER"]) {
      expect(await statusOf("GET /api/users/me", scene, `${scheme} ${token}`)).toBe(200);
    }
  });

  it("that is nearly ours is refused, in more than sixty ways", async () => {
    const tokens = await forgeries(scene.owner);
    expect(Object.keys(tokens).length).toBeGreaterThan(60);
    const names = Object.keys(tokens);
    const seen = await Promise.all(
      names.map(async (name) => [name, await statusOf("GET /api/users/me", scene, `Bearer ${tokens[name]}`)]),
    );
    expect(seen).toEqual(names.map((name) => [name, 401]));
  });

  it("under another scheme is refused", async () => {
    const token = await sign(scene.owner, {});
    for (const header of [
      token,
      `Basic ${token}`,
      `Token ${token}`,
      `Bearer${token}`,
      `Bearer: ${token}`,
      "Bearer",
      "Bearer ",
    ]) {
      expect([header.slice(0, 8), await statusOf("GET /api/users/me", scene, header)]).toEqual([
        header.slice(0, 8),
        401,
      ]);
    }
  });
});

describe("a body that names a column", () => {
  it("is refused by every route, for every column that is no field of its own", async () => {
    const columns = await columnNames();
    expect(columns.length).toBeGreaterThan(60);
    const seats = await seatsOf(scene.event);
    let asked = 0;
    for (const { name, operation } of operations()) {
      const schema = operation.requestBody?.content?.["application/json"]?.schema;
      if (schema === undefined) continue;
      const known = new Set(fieldsOf(schema));
      const foreign = columns.filter((column) => !known.has(column));
      const [method = "", template = ""] = name.split(" ");
      const path = ROWS[name]?.path?.(scene) ?? template;
      const as =
        ROWS[name]?.for === "admins"
          ? scene.admin
          : ROWS[name]?.for === "gates"
            ? { ...scene.admin, token: scene.gateToken }
            : scene.owner;
      const headers = new Headers({
        "Content-Type": "application/json",
        Authorization: bearer(as),
        // Requests are counted by address: each route is asked from one of its own.
        "CF-Connecting-IP": `route ${name}`,
      });
      const answers = await Promise.all(
        foreign.map(
          async (column) => [column, await ask(method, path, headers, JSON.stringify({ [column]: 1 }))] as const,
        ),
      );
      for (const [column, answer] of answers) {
        const fields = (JSON.parse(answer.text).error?.fields ?? []).map(({ field }: Json) => field);
        expect([name, column, answer.status, fields]).toEqual([name, column, 400, expect.arrayContaining([column])]);
        asked += 1;
      }
    }
    expect(asked).toBeGreaterThan(800);
    expect(await seatsOf(scene.event)).toEqual(seats);
  });
});

/** Every column of every table in D1, as the API would spell it, and as SQL does. */
async function columnNames(): Promise<readonly string[]> {
  const { results } = await env.DB.prepare(
    `SELECT DISTINCT columns.name FROM sqlite_master AS tables, pragma_table_info(tables.name) AS columns
     WHERE tables.type = 'table' AND tables.name NOT LIKE '\\_%' ESCAPE '\\' AND tables.name NOT LIKE 'sqlite%' AND tables.name NOT LIKE 'd1%'
     ORDER BY columns.name`,
  ).all<{ name: string }>();
  const camel = (name: string) => name.replaceAll(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());
  return [...new Set(results.flatMap(({ name }) => [name, camel(name)]))];
}

function fieldsOf(schema: Json): readonly string[] {
  if (schema.$ref) return fieldsOf(document.components.schemas[schema.$ref.split("/").at(-1)]);
  const parts = [...(schema.anyOf ?? []), ...(schema.oneOf ?? []), ...(schema.allOf ?? [])];
  return [...Object.keys(schema.properties ?? {}), ...parts.flatMap(fieldsOf)];
}
