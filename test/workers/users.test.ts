// Registering and logging in, against D1.

import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { d1IdempotencyKeys } from "../../src/adapters/d1/idempotency-keys";
import { d1Notifications } from "../../src/adapters/d1/notifications";
import { d1Throttles } from "../../src/adapters/d1/throttles";
import { d1Users } from "../../src/adapters/d1/users";
import { hmacFingerprints } from "../../src/adapters/fingerprints";
import { randomIds } from "../../src/adapters/ids";
import { jwtTokens } from "../../src/adapters/tokens";
import { type AskedKey, keyScope } from "../../src/app/idempotency";
import type { Deps, Passwords, Settings } from "../../src/app/ports";
import {
  authenticate,
  FAILED_LOGINS_PER_ACCOUNT,
  FAILED_LOGINS_PER_ADDRESS,
  FAILED_LOGINS_WINDOW_MS,
  findUser,
  logIn,
  networkOf,
  REGISTRATIONS_PER_ADDRESS,
  REGISTRATIONS_WINDOW_MS,
  readMe,
  readUser,
  registerUser,
  requireAdmin,
  type Viewer,
} from "../../src/app/users";
import type { Result } from "../../src/domain/refusals";
import { NOW } from "./d1-builders";

/** What the use-cases ask of passwords, without the work; counts what was asked. */
function plainPasswords(): Passwords & { verified: (string | null)[]; busy: boolean } {
  const passwords = {
    verified: [] as (string | null)[],
    busy: false,
    hash: async (password: string) => (passwords.busy ? ("busy" as const) : `plain ${password}`),
    async verify(password: string, hash: string | null) {
      passwords.verified.push(hash);
      return passwords.busy ? ("busy" as const) : hash === `plain ${password}`;
    },
  };
  return passwords;
}

function aWorld(change: { environment?: Settings["environment"] } = {}) {
  const passwords = plainPasswords();
  const queued: string[] = [];
  const warnings: string[] = [];
  const clock = { now: NOW, nowMs: () => clock.now };
  const queue = { down: false };
  const deps = {
    clock,
    ids: randomIds(),
    log: { info() {}, error() {}, warn: (message: string) => void warnings.push(message) },
    settings: { environment: change.environment ?? "development" } as Settings,
    users: d1Users(env.DB),
    passwords,
    tokens: jwtTokens({ secret: "x".repeat(32), issuer: "ticketflow", audience: "ticketflow-api" }),
    throttles: d1Throttles(env.DB),
    fingerprints: hmacFingerprints("secret"),
    idempotencyKeys: d1IdempotencyKeys(env.DB),
    queues: {
      ready: true,
      async notify(ids: readonly string[]) {
        if (queue.down) throw new Error("the queue is down");
        queued.push(...ids);
      },
    },
  } satisfies Partial<Deps>;
  return { deps, passwords, queued, warnings, clock, queue };
}

const anEmail = () => `${crypto.randomUUID()}@example.com`;
const anAddress = () => `address ${crypto.randomUUID()}`;
const aKey = (email: string, fingerprint = "f"): AskedKey => ({
  scope: keyScope(email, "POST /api/users/register", crypto.randomUUID()),
  fingerprint,
});

type World = ReturnType<typeof aWorld>;

function register({ deps }: World, change: Partial<Parameters<typeof registerUser>[1]> = {}) {
  const input = { name: "Alice Example", email: anEmail(), password: "Test1234!", address: anAddress(), key: null };
  return registerUser(deps, { ...input, ...change });
}

function codeOf(result: Result<unknown>): string {
  return result.ok ? "ok" : result.refusal.code;
}

function granted<T>(result: Result<T>): T {
  if (!result.ok) throw new Error(`refused: ${result.refusal.code}`);
  return result.value;
}

function many<T>(times: number, act: () => Promise<T>): Promise<T[]> {
  return Promise.all(Array.from({ length: times }, act));
}

async function viewerOf(world: World): Promise<Viewer> {
  const { id, name, email, role } = granted(await register(world));
  return { id, name, email, role };
}

/** Hundreds of queries on a busy machine. */
const PATIENCE_MS = 30_000;

describe("registering", { timeout: PATIENCE_MS }, () => {
  it("makes a USER whose e-mail is in lower case, and says nothing of the password", async () => {
    const world = aWorld();
    const email = anEmail();
    const user = granted(await register(world, { name: "Bob", email: email.toUpperCase() }));
    expect(user).toEqual({
      id: expect.stringMatching(/^usr_[0-9A-Z]{26}$/),
      name: "Bob",
      email,
      role: "USER",
      createdAtMs: NOW,
      updatedAtMs: NOW,
    });
    expect((await world.deps.users.byEmail(email))?.passwordHash).toBe("plain Test1234!");
  });

  it("queues the welcome mail that was committed with the user", async () => {
    const world = aWorld();
    const user = granted(await register(world));
    const [id] = world.queued;
    const mail = await d1Notifications(env.DB).claim(id as never, NOW, 1);
    expect([world.queued.length, mail?.type, mail?.userId]).toEqual([1, "WELCOME", user.id]);
  });

  it("succeeds though the queue is down, because a sweep finds the mail", async () => {
    const world = aWorld();
    world.queue.down = true;
    expect(codeOf(await register(world))).toBe("ok");
    expect(world.warnings).toHaveLength(1);
  });

  it("refuses an e-mail that is taken, however it is written, also in parallel", async () => {
    const world = aWorld();
    const email = anEmail();
    const results = await Promise.all([1, 2, 3, 4].map(() => register(world, { email })));
    expect(results.map(codeOf).sort()).toEqual([
      "EMAIL_ALREADY_EXISTS",
      "EMAIL_ALREADY_EXISTS",
      "EMAIL_ALREADY_EXISTS",
      "ok",
    ]);
    expect(codeOf(await register(world, { email: email.toUpperCase() }))).toBe("EMAIL_ALREADY_EXISTS");
    expect(world.queued).toHaveLength(1);
  });

  it("is OVERLOADED while too many passwords are being hashed", async () => {
    const world = aWorld();
    world.passwords.busy = true;
    expect(codeOf(await register(world))).toBe("OVERLOADED");
  });

  it("gives the first answer again to the same key and body, also in parallel, with one mail", async () => {
    const world = aWorld();
    const email = anEmail();
    const key = aKey(email);
    const results = await Promise.all([1, 2, 3, 4].map(() => register(world, { email, key })));
    const again = await register(world, { email, key });
    const ids = [...results, again].map((result) => granted(result).id);
    expect(new Set(ids).size).toBe(1);
    expect(world.queued).toHaveLength(1);
  });

  it("gives the first answer again when the first request was committed a moment after the key was looked up", async () => {
    const world = aWorld();
    const email = anEmail();
    const key = aKey(email);
    const first = granted(await register(world, { email, key }));
    const { find, purge } = world.deps.idempotencyKeys;
    let looks = 0;
    const late = { find: async (scope: string, nowMs: number) => (looks++ === 0 ? null : find(scope, nowMs)), purge };
    const second = await register({ ...world, deps: { ...world.deps, idempotencyKeys: late } }, { email, key });
    expect(granted(second).id).toBe(first.id);
  });

  it("refuses a key that was used for another body", async () => {
    const world = aWorld();
    const email = anEmail();
    const key = aKey(email);
    await register(world, { email, key });
    const reused = await register(world, { email, key: { ...key, fingerprint: "another" } });
    expect(codeOf(reused)).toBe("IDEMPOTENCY_KEY_REUSED");
  });

  it("does not remember a refusal under its key", async () => {
    const world = aWorld();
    const email = anEmail();
    const key = aKey(email);
    world.passwords.busy = true;
    expect(codeOf(await register(world, { email, key }))).toBe("OVERLOADED");
    world.passwords.busy = false;
    expect(codeOf(await register(world, { email, key }))).toBe("ok");
  });

  it("refuses an e-mail that is taken under another key", async () => {
    const world = aWorld();
    const email = anEmail();
    await register(world, { email, key: aKey(email) });
    expect(codeOf(await register(world, { email, key: aKey(email) }))).toBe("EMAIL_ALREADY_EXISTS");
  });

  it("is limited per address in production, and free again when the window is over", async () => {
    const world = aWorld({ environment: "production" });
    const address = anAddress();
    const all = await many(REGISTRATIONS_PER_ADDRESS, () => register(world, { address }));
    expect(all.filter((result) => result.ok)).toHaveLength(REGISTRATIONS_PER_ADDRESS);
    const refused = await register(world, { address });
    expect(refused).toEqual({
      ok: false,
      refusal: { code: "RATE_LIMITED", retryAfterMs: REGISTRATIONS_WINDOW_MS },
    });
    expect(codeOf(await register(world))).toBe("ok");
    world.clock.now += REGISTRATIONS_WINDOW_MS;
    expect(codeOf(await register(world, { address }))).toBe("ok");
  });

  it("is not limited per address in development", async () => {
    const world = aWorld();
    const address = anAddress();
    const all = await many(REGISTRATIONS_PER_ADDRESS + 1, () => register(world, { address }));
    expect(all.every((result) => result.ok)).toBe(true);
  });
});

describe("logging in", { timeout: PATIENCE_MS }, () => {
  async function anAccount(world: World) {
    const email = anEmail();
    const user = granted(await register(world, { email }));
    return { email, user, right: { email, password: "Test1234!" }, wrong: { email, password: "Wrong1234!" } };
  }

  it("gives a token of 24 hours that authenticates, and the user", async () => {
    const world = aWorld();
    const { user, right } = await anAccount(world);
    const session = granted(
      await logIn(world.deps, { ...right, email: right.email.toUpperCase(), address: anAddress() }),
    );
    expect(session).toEqual({ token: expect.any(String), expiresAtMs: NOW + 86_400_000, user });
    expect(granted(await authenticate(world.deps, session.token))).toEqual({
      id: user.id,
      name: user.name,
      email: user.email,
      role: "USER",
    });
  });

  it("refuses a wrong password and an unknown account alike, and does the same work for both", async () => {
    const world = aWorld();
    const { wrong } = await anAccount(world);
    const address = anAddress();
    expect(codeOf(await logIn(world.deps, { ...wrong, address }))).toBe("INVALID_CREDENTIALS");
    expect(codeOf(await logIn(world.deps, { ...wrong, email: anEmail(), address }))).toBe("INVALID_CREDENTIALS");
    expect(world.passwords.verified).toEqual(["plain Test1234!", null]);
  });

  it("stops exactly after the allowed failures, before a password is hashed, even with the right one", async () => {
    const world = aWorld();
    const { right, wrong } = await anAccount(world);
    const address = anAddress();
    const tries = await Promise.all(
      Array.from({ length: FAILED_LOGINS_PER_ACCOUNT + 5 }, () => logIn(world.deps, { ...wrong, address })),
    );
    expect(tries.filter((result) => codeOf(result) === "INVALID_CREDENTIALS")).toHaveLength(FAILED_LOGINS_PER_ACCOUNT);
    expect(world.passwords.verified).toHaveLength(FAILED_LOGINS_PER_ACCOUNT);
    world.clock.now += 1_000;
    expect(await logIn(world.deps, { ...right, address })).toEqual({
      ok: false,
      refusal: { code: "RATE_LIMITED", retryAfterMs: FAILED_LOGINS_WINDOW_MS - 1_000 },
    });
    world.clock.now += FAILED_LOGINS_WINDOW_MS;
    expect(codeOf(await logIn(world.deps, { ...right, address }))).toBe("ok");
  });

  it("is not in the owner's way when somebody at another address guesses", async () => {
    const world = aWorld();
    const { right, wrong } = await anAccount(world);
    const attacker = anAddress();
    await many(FAILED_LOGINS_PER_ACCOUNT, () => logIn(world.deps, { ...wrong, address: attacker }));
    expect(codeOf(await logIn(world.deps, { ...right, address: attacker }))).toBe("RATE_LIMITED");
    expect(codeOf(await logIn(world.deps, { ...right, address: anAddress() }))).toBe("ok");
  });

  it("counts a whole IPv6 site as one guesser of an account", async () => {
    const world = aWorld();
    const { right, wrong } = await anAccount(world);
    let networks = 0;
    const fromSite = (login: typeof right) => {
      networks += 1;
      return logIn(world.deps, { ...login, address: `2001:db8:77:${networks.toString(16)}::1` });
    };
    await many(FAILED_LOGINS_PER_ACCOUNT, () => fromSite(wrong));
    expect(codeOf(await fromSite(right))).toBe("RATE_LIMITED");
    expect(codeOf(await logIn(world.deps, { ...right, address: "2001:db8:78::1" }))).toBe("ok");
  });

  it("forgets an account's failures once the password is right", async () => {
    const world = aWorld();
    const { right, wrong } = await anAccount(world);
    const address = anAddress();
    const fail = (times: number) => many(times, () => logIn(world.deps, { ...wrong, address }));
    await fail(FAILED_LOGINS_PER_ACCOUNT - 1);
    expect(codeOf(await logIn(world.deps, { ...right, address }))).toBe("ok");
    await fail(FAILED_LOGINS_PER_ACCOUNT - 1);
    expect(codeOf(await logIn(world.deps, { ...right, address }))).toBe("ok");
  });

  it("limits the failures of an address over all accounts, which successes neither raise nor reset", async () => {
    const world = aWorld();
    const { right } = await anAccount(world);
    const address = anAddress();
    const guess = () => logIn(world.deps, { email: anEmail(), password: "Guess1234!", address });
    await many(FAILED_LOGINS_PER_ADDRESS - 1, guess);
    for (let n = 0; n < 3; n++) expect(codeOf(await logIn(world.deps, { ...right, address }))).toBe("ok");
    expect(codeOf(await guess())).toBe("INVALID_CREDENTIALS");
    expect(codeOf(await guess())).toBe("RATE_LIMITED");
    expect(codeOf(await logIn(world.deps, { ...right, address }))).toBe("RATE_LIMITED");
    expect(codeOf(await logIn(world.deps, { ...right, address: anAddress() }))).toBe("ok");
  });

  it("does not hold against an account what its address was refused for", async () => {
    const world = aWorld();
    const { right } = await anAccount(world);
    const address = anAddress();
    const guess = () => logIn(world.deps, { email: anEmail(), password: "Guess1234!", address });
    await many(FAILED_LOGINS_PER_ADDRESS, guess);
    world.clock.now += FAILED_LOGINS_WINDOW_MS - 1;
    const refused = await many(FAILED_LOGINS_PER_ACCOUNT, () => logIn(world.deps, { ...right, address }));
    expect(refused.every((result) => codeOf(result) === "RATE_LIMITED")).toBe(true);
    world.clock.now += 1;
    expect(codeOf(await logIn(world.deps, { ...right, address }))).toBe("ok");
  });

  it("is OVERLOADED while too many passwords are being hashed, and does not count that", async () => {
    const world = aWorld();
    const { right } = await anAccount(world);
    const address = anAddress();
    world.passwords.busy = true;
    for (let n = 0; n < 2; n++) {
      const all = await many(FAILED_LOGINS_PER_ACCOUNT, () => logIn(world.deps, { ...right, address }));
      expect(all.every((result) => codeOf(result) === "OVERLOADED")).toBe(true);
    }
    world.passwords.busy = false;
    expect(codeOf(await logIn(world.deps, { ...right, address }))).toBe("ok");
  });

  it("keeps neither e-mail nor address in its counters", async () => {
    const world = aWorld();
    const { wrong, email } = await anAccount(world);
    await logIn(world.deps, { ...wrong, address: "203.0.113.77" });
    const { results } = await env.DB.prepare("SELECT key FROM throttles").all<{ key: string }>();
    expect(results.length).toBeGreaterThan(0);
    expect(results.filter(({ key }) => key.includes(email) || key.includes("203.0.113.77"))).toEqual([]);
  });
});

describe("an origin", () => {
  it.each([
    ["203.0.113.7", "203.0.113.7"],
    ["2001:db8:1:2:aaaa:bbbb:cccc:dddd", "2001:db8:1:2"],
    ["2001:0DB8:0001:0002::1", "2001:db8:1:2"],
    ["2001:db8::1", "2001:db8:0:0"],
    ["::1", "0:0:0:0"],
    ["::ffff:203.0.113.7", "::ffff:203.0.113.7"],
    ["local", "local"],
  ])("of %s is %s", (address, network) => {
    expect(networkOf(address)).toBe(network);
  });
});

describe("who is asking", () => {
  it("is nobody without a token of ours", async () => {
    const { deps } = aWorld();
    expect(codeOf(await authenticate(deps, null))).toBe("UNAUTHENTICATED");
    expect(codeOf(await authenticate(deps, "not.a.token"))).toBe("UNAUTHENTICATED");
  });

  it("is an admin when the database says so, whatever the token says", async () => {
    const world = aWorld();
    const viewer = await viewerOf(world);
    expect(codeOf(await requireAdmin(world.deps, { ...viewer, role: "ADMIN" }))).toBe("FORBIDDEN");
    await world.deps.users.grantRole(viewer.email, "ADMIN");
    expect(codeOf(await requireAdmin(world.deps, viewer))).toBe("ok");
    await world.deps.users.grantRole(viewer.email, "USER");
    expect(codeOf(await requireAdmin(world.deps, viewer))).toBe("FORBIDDEN");
  });

  it("may read their own account, and nobody else's, known or not", async () => {
    const world = aWorld();
    const viewer = await viewerOf(world);
    const other = await viewerOf(world);
    const unknown = world.deps.ids.user(NOW);
    expect(granted(await readMe(world.deps, viewer)).email).toBe(viewer.email);
    expect(granted(await readUser(world.deps, viewer, viewer.id)).id).toBe(viewer.id);
    for (const id of [other.id, unknown, "nonsense"]) {
      expect(codeOf(await readUser(world.deps, { ...viewer, role: "ADMIN" }, id))).toBe("FORBIDDEN");
    }
  });

  it("may read anybody's account as an admin, and learns what does not exist", async () => {
    const world = aWorld();
    const admin = await viewerOf(world);
    const other = await viewerOf(world);
    await world.deps.users.grantRole(admin.email, "ADMIN");
    expect(granted(await readUser(world.deps, admin, other.id)).email).toBe(other.email);
    expect(codeOf(await readUser(world.deps, admin, world.deps.ids.user(NOW)))).toBe("USER_NOT_FOUND");
    expect(codeOf(await readUser(world.deps, admin, "nonsense"))).toBe("USER_NOT_FOUND");
  });

  it("is nobody when their account is gone", async () => {
    const world = aWorld();
    const viewer = await viewerOf(world);
    const gone = { ...viewer, id: world.deps.ids.user(NOW) };
    expect(codeOf(await readMe(world.deps, gone))).toBe("UNAUTHENTICATED");
    expect(codeOf(await readUser(world.deps, gone, gone.id))).toBe("UNAUTHENTICATED");
  });

  it("does not matter to the dialect, which knows no tokens", async () => {
    const world = aWorld();
    const { id } = await viewerOf(world);
    expect(granted(await findUser(world.deps, id)).id).toBe(id);
    expect(codeOf(await findUser(world.deps, "697a00af215688d2a9fca5c8"))).toBe("USER_NOT_FOUND");
  });
});
