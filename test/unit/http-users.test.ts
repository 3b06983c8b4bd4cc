// Accounts over HTTP, against dependencies in memory.

import { beforeEach, describe, expect, it } from "vitest";
import type { User } from "../../src/app/ports";
import { type Ask, addUser, askerOf, emptyWorld, errorOf, type World } from "./http-fakes";

const ALICE = { name: "Alice Example", email: "Alice@Example.com", password: "Secret123" };

let world: World;
let ask: Ask;

beforeEach(() => {
  world = emptyWorld();
  ask = askerOf(world);
});

describe("POST /api/users/register", () => {
  it("makes an account and answers exactly the documented fields", async () => {
    const response = await ask("/api/users/register", { json: ALICE });
    expect(response.status).toBe(201);
    expect(await response.json()).toEqual({
      id: expect.stringMatching(/^usr_/),
      name: "Alice Example",
      email: "alice@example.com",
      role: "USER",
      createdAt: "2027-01-15T12:00:00.000Z",
    });
  });

  it("refuses an address that has an account, in any case", async () => {
    await ask("/api/users/register", { json: ALICE });
    const response = await ask("/api/users/register", { json: { ...ALICE, email: "ALICE@example.COM" } });
    expect(response.status).toBe(409);
    expect((await errorOf(response)).code).toBe("EMAIL_ALREADY_EXISTS");
  });

  it("answers a repeated key with the first account, and keeps addresses apart", async () => {
    const headers = { "Idempotency-Key": "once" };
    const first = await ask("/api/users/register", { json: ALICE, headers });
    const again = await ask("/api/users/register", { json: ALICE, headers });
    expect(await again.json()).toEqual(await first.json());
    const bob = await ask("/api/users/register", { json: { ...ALICE, email: "bob@example.com" }, headers });
    expect(bob.status).toBe(201);
    const other = await ask("/api/users/register", { json: { ...ALICE, name: "Alias" }, headers });
    expect((await errorOf(other)).code).toBe("IDEMPOTENCY_KEY_REUSED");
  });

  const wrong: readonly (readonly [string, Record<string, unknown>, string])[] = [
    ["no name", { name: undefined }, "name"],
    ["a name of one letter", { name: "A" }, "name"],
    ["a name of 101 letters", { name: "x".repeat(101) }, "name"],
    ["a name that is a list", { name: ["Alice"] }, "name"],
    ["a NUL in the name", { name: "Al\u0000ice" }, "name"],
    ["no address", { email: undefined }, "email"],
    ["an address without host", { email: "alice" }, "email"],
    ["an address with a space", { email: "a lice@example.com" }, "email"],
    ["an address with a break", { email: "alice@example.com\nBcc: x@example.com" }, "email"],
    ["an endless address", { email: `${"a".repeat(250)}@example.com` }, "email"],
    ["no password", { password: undefined }, "password"],
    ["a password of 7 characters", { password: "Secret1" }, "password"],
    ["a password without a capital", { password: "secret123" }, "password"],
    ["a password without a number", { password: "SecretSecret" }, "password"],
    ["a password of 201 characters", { password: `S1${"x".repeat(199)}` }, "password"],
    ["a password that is a number", { password: 12345678 }, "password"],
    ["a role", { role: "ADMIN" }, "role"],
  ];
  it.each(wrong)("refuses %s, naming the field", async (_what, changes, field) => {
    const response = await ask("/api/users/register", { json: { ...ALICE, ...changes } });
    expect(response.status).toBe(400);
    const error = await errorOf(response);
    expect(error).toMatchObject({ code: "VALIDATION_ERROR", field });
    expect(JSON.stringify(error)).not.toContain("ecret123");
    expect(world.users.size).toBe(0);
  });
});

describe("POST /api/users/login", () => {
  it("answers a token, its end and the user", async () => {
    await ask("/api/users/register", { json: ALICE });
    const response = await ask("/api/users/login", { json: { email: "alice@example.com", password: "Secret123" } });
    expect(response.status).toBe(200);
    expect(await response.json()).toEqual({
      token: expect.any(String),
      expiresAt: "2027-01-16T12:00:00.000Z",
      user: { id: expect.stringMatching(/^usr_/), name: "Alice Example", email: "alice@example.com", role: "USER" },
    });
  });

  it("does not say whether the address or the password was wrong", async () => {
    await ask("/api/users/register", { json: ALICE });
    const wrong = [
      { email: "alice@example.com", password: "wrong" },
      { email: "nobody@example.com", password: "Secret123" },
      { email: "not an address", password: "" },
    ];
    const answers = await Promise.all(wrong.map((json) => ask("/api/users/login", { json })));
    const errors = await Promise.all(answers.map(errorOf));
    expect(answers.map(({ status }) => status)).toEqual([401, 401, 401]);
    expect(new Set(errors.map(({ code, message }) => `${code} ${message}`)).size).toBe(1);
    expect(errors[0]?.code).toBe("INVALID_CREDENTIALS");
  });

  it.each([
    [{}, "email"],
    [{ email: "a@example.com" }, "password"],
    [{ email: 5, password: "x" }, "email"],
    [{ email: "a@example.com", password: ["x"] }, "password"],
    [{ email: "a@example.com", password: "x".repeat(201) }, "password"],
    [{ email: "a@example.com", password: "x", remember: true }, "remember"],
  ])("refuses %j, naming the field", async (json, field) => {
    const response = await ask("/api/users/login", { json });
    expect(response.status).toBe(400);
    expect(await errorOf(response)).toMatchObject({ field });
  });
});

describe("GET /api/users/me and /api/users/:id", () => {
  let user: User;
  beforeEach(() => {
    user = addUser(world, "USER");
  });

  it("show one's own account", async () => {
    const { id, name, email, role } = user;
    for (const path of ["me", id]) {
      const response = await ask(`/api/users/${path}`, { as: user });
      expect(response.status).toBe(200);
      expect(await response.json()).toEqual({ id, name, email, role, createdAt: "2027-01-15T12:00:00.000Z" });
    }
  });

  it("show others' accounts to admins only, and to others not whether they exist", async () => {
    const admin = addUser(world, "ADMIN");
    const { id: userId, name, email, role } = user;
    const shown = await ask(`/api/users/${userId}`, { as: admin });
    // When somebody registered: no journal says it.
    expect(await shown.json()).toEqual({ id: userId, name, email, role, createdAt: "2027-01-15T12:00:00.000Z" });
    for (const id of [admin.id, "usr_01HX2DEFAAAAAAAAAAAAAAAAAA", "nobody"]) {
      expect((await ask(`/api/users/${id}`, { as: user })).status).toBe(403);
    }
    const unknown = await ask("/api/users/usr_1", { as: admin });
    expect(unknown.status).toBe(404);
    expect((await errorOf(unknown)).code).toBe("USER_NOT_FOUND");
  });

  it("need a token", async () => {
    expect((await ask("/api/users/me")).status).toBe(401);
    expect((await ask(`/api/users/${user.id}`)).status).toBe(401);
  });

  it("are worth nothing to a token whose account is gone", async () => {
    const byId = async () => null;
    const users = { byId } as never;
    expect((await askerOf(world, { users })("/api/users/me", { as: user })).status).toBe(401);
  });
});
