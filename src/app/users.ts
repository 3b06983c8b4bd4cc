// People: registering, logging in, and who is asking. Whoever guesses passwords or makes accounts in bulk is slowed
// down before a password is hashed, and never in a way that keeps the owner of an account out of it.

import { parseId, type UserId } from "../domain/ids";
import { accept, type Result, refuse } from "../domain/refusals";
import { HOUR, MINUTE, SECOND } from "../domain/time";
import { type AskedKey, withKeptKey } from "./idempotency";
import type { Deps, KeptKey, Role, User, UserWithPassword } from "./ports";

/** Failed logins of one account from one site. Elsewhere its owner is not affected. */
export const FAILED_LOGINS_PER_ACCOUNT = 10;
/** Failed logins from one address, whatever the accounts: bounds the trying of one password on many. */
export const FAILED_LOGINS_PER_ADDRESS = 100;
export const FAILED_LOGINS_WINDOW_MS = 15 * MINUTE;
/** Registrations from one address, in production only: tests and demonstrations make many. */
export const REGISTRATIONS_PER_ADDRESS = 20;
export const REGISTRATIONS_WINDOW_MS = HOUR;
/** When to come back after "too many passwords are being hashed". */
const BUSY_RETRY_MS = 2 * SECOND;

/** Who asks, as the token says. The token's role is a hint for showing things; rights are read from the database. */
export interface Viewer {
  readonly id: UserId;
  readonly name: string;
  readonly email: string;
  readonly role: Role;
}

export interface Registration {
  readonly name: string;
  readonly email: string;
  readonly password: string;
  /** The network address that asks. */
  readonly address: string;
  readonly key: AskedKey | null;
}

type RegisterDeps = Pick<
  Deps,
  | "clock"
  | "ids"
  | "log"
  | "settings"
  | "users"
  | "passwords"
  | "throttles"
  | "fingerprints"
  | "queues"
  | "idempotencyKeys"
>;

/** A new account of role USER; its welcome mail is committed with it. */
export async function registerUser(deps: RegisterDeps, input: Registration): Promise<Result<User>> {
  const nowMs = deps.clock.nowMs();
  return await withKeptKey(deps, input.key, nowMs, {
    make: (key) => insertUser(deps, { ...input, email: input.email.toLowerCase(), key }, nowMs),
    async rebuild(resultId) {
      const user = await deps.users.byId(resultId as UserId);
      return user ? accept(user) : refuse({ code: "USER_NOT_FOUND", id: resultId });
    },
  });
}

async function insertUser(
  deps: RegisterDeps,
  { name, email, password, address, key }: Registration,
  nowMs: number,
): Promise<Result<User> | "key-taken"> {
  const allowed = await takeRegistration(deps, address, nowMs);
  if (!allowed.ok) return allowed;
  if (await deps.users.byEmail(email)) return refuse({ code: "EMAIL_ALREADY_EXISTS" });
  const passwordHash = await deps.passwords.hash(password);
  if (passwordHash === "busy") return refuse({ code: "OVERLOADED", retryAfterMs: BUSY_RETRY_MS });

  const user: User = {
    id: deps.ids.user(nowMs),
    name,
    email,
    role: "USER",
    createdAtMs: nowMs,
    updatedAtMs: nowMs,
  };
  const welcome = {
    id: deps.ids.notification(nowMs),
    userId: user.id,
    type: "WELCOME" as const,
    bookingId: null,
    detail: {},
    createdAtMs: nowMs,
  };
  const kept: KeptKey | null = key && { ...key, resultId: user.id, atMs: nowMs };
  const outcome = await deps.users.insert({ ...user, passwordHash }, welcome, kept);
  if (outcome === "key-taken") return "key-taken";
  if (outcome === "email-taken") return refuse({ code: "EMAIL_ALREADY_EXISTS" });
  try {
    await deps.queues.notify([welcome.id]);
  } catch (fault) {
    // The row is committed: a sweep sends what the queue did not get.
    deps.log.warn("a welcome mail was not queued", { notificationId: welcome.id, fault });
  }
  return accept(user);
}

async function takeRegistration(deps: RegisterDeps, address: string, nowMs: number): Promise<Result<void>> {
  if (deps.settings.environment !== "production") return accept(undefined);
  const key = `registrations ${await deps.fingerprints.of(networkOf(address))}`;
  const { allowed, retryAfterMs } = await deps.throttles.take(
    key,
    REGISTRATIONS_PER_ADDRESS,
    REGISTRATIONS_WINDOW_MS,
    nowMs,
  );
  return allowed ? accept(undefined) : refuse({ code: "RATE_LIMITED", retryAfterMs });
}

export interface Login {
  readonly email: string;
  readonly password: string;
  readonly address: string;
}

export interface Session {
  readonly token: string;
  readonly expiresAtMs: number;
  readonly user: User;
}

type LoginDeps = Pick<Deps, "clock" | "users" | "passwords" | "tokens" | "throttles" | "fingerprints">;

/** Takes the same time whether or not the account exists. Every try counts as failed until the password is right. */
export async function logIn(deps: LoginDeps, input: Login): Promise<Result<Session>> {
  const nowMs = deps.clock.nowMs();
  const email = input.email.toLowerCase();
  const counters = await countersOf(deps, email, input.address);
  const allowed = await takeLogin(deps, counters, nowMs);
  if (!allowed.ok) return allowed;

  const user = await deps.users.byEmail(email);
  const verdict = await deps.passwords.verify(input.password, user?.passwordHash ?? null);
  if (verdict === "busy") {
    await Promise.all([deps.throttles.giveBack(counters.account), deps.throttles.giveBack(counters.address)]);
    return refuse({ code: "OVERLOADED", retryAfterMs: BUSY_RETRY_MS });
  }
  if (!user || !verdict) return refuse({ code: "INVALID_CREDENTIALS" });
  await Promise.all([deps.throttles.forget(counters.account), deps.throttles.giveBack(counters.address)]);
  const { id, name, role } = user;
  const { token, expiresAtMs } = await deps.tokens.issue({ sub: id, name, email: user.email, role }, nowMs);
  return accept({ token, expiresAtMs, user: withoutPassword(user) });
}

interface LoginCounters {
  readonly account: string;
  readonly address: string;
}

/** Hashed, so that the counters' table does not say who tried to log in from where. */
async function countersOf(deps: LoginDeps, email: string, address: string): Promise<LoginCounters> {
  return {
    account: `logins of an account ${await deps.fingerprints.of([email, siteOf(address)])}`,
    address: `logins from an address ${await deps.fingerprints.of(networkOf(address))}`,
  };
}

/** One after the other: a try that is refused by one counter is not held against the other. */
async function takeLogin(deps: LoginDeps, counters: LoginCounters, nowMs: number): Promise<Result<void>> {
  const { throttles } = deps;
  const ofAccount = await throttles.take(counters.account, FAILED_LOGINS_PER_ACCOUNT, FAILED_LOGINS_WINDOW_MS, nowMs);
  if (!ofAccount.allowed) return refuse({ code: "RATE_LIMITED", retryAfterMs: ofAccount.retryAfterMs });
  const ofAddress = await throttles.take(counters.address, FAILED_LOGINS_PER_ADDRESS, FAILED_LOGINS_WINDOW_MS, nowMs);
  if (ofAddress.allowed) return accept(undefined);
  await throttles.giveBack(counters.account);
  return refuse({ code: "RATE_LIMITED", retryAfterMs: ofAddress.retryAfterMs });
}

/** Who holds the token, if it is one of ours and in force. */
export function authenticate(deps: Pick<Deps, "clock" | "tokens">, bearerToken: string | null): Result<Viewer> {
  const claims = bearerToken === null ? null : deps.tokens.verify(bearerToken, deps.clock.nowMs());
  if (!claims) return refuse({ code: "UNAUTHENTICATED" });
  const { sub, name, email, role } = claims;
  return accept({ id: sub, name, email, role });
}

/** By the database, so a role that was given or taken counts at once, whatever the token says. */
export async function requireAdmin(deps: Pick<Deps, "users">, viewer: Viewer): Promise<Result<void>> {
  const user = await deps.users.byId(viewer.id);
  return user?.role === "ADMIN" ? accept(undefined) : refuse({ code: "FORBIDDEN" });
}

/** What belongs to a user is for that user, and for admins. The one place where ownership is judged for reading. */
export async function requireOwner(deps: Pick<Deps, "users">, viewer: Viewer, ownerId: UserId): Promise<Result<void>> {
  return ownerId === viewer.id ? accept(undefined) : requireAdmin(deps, viewer);
}

/** The viewer's own account. A token that outlived its account is worth nothing. */
export async function readMe(deps: Pick<Deps, "users">, viewer: Viewer): Promise<Result<User>> {
  const user = await deps.users.byId(viewer.id);
  return user ? accept(user) : refuse({ code: "UNAUTHENTICATED" });
}

/** Anybody's account for an admin, one's own for everybody; to others it is not said whether an id exists. */
export async function readUser(deps: Pick<Deps, "users">, viewer: Viewer, id: string): Promise<Result<User>> {
  if (id === viewer.id) return await readMe(deps, viewer);
  const allowed = await requireAdmin(deps, viewer);
  if (!allowed.ok) return allowed;
  return await findUser(deps, id);
}

/** An account, whoever asks: for the dialect, which knows no tokens. A malformed id is simply not found. */
export async function findUser(deps: Pick<Deps, "users">, id: string): Promise<Result<User>> {
  const userId = parseId("usr", id);
  const user = userId && (await deps.users.byId(userId));
  return user ? accept(user) : refuse({ code: "USER_NOT_FOUND", id });
}

function withoutPassword({ id, name, email, role, createdAtMs, updatedAtMs }: UserWithPassword): User {
  return { id, name, email, role, createdAtMs, updatedAtMs };
}

/** Groups of an IPv6 address that name a network: a subscriber has all addresses of a /64 … */
const IPV6_NETWORK_GROUPS = 4;
/** … and a site up to a /48 (RFC 6177): whoever rents one has 65 536 networks. */
const IPV6_SITE_GROUPS = 3;
const IPV6_GROUPS = 8;

/** What of an address counts as one origin: an IPv4 address, or an IPv6 network of 64 bits. */
export function networkOf(address: string): string {
  return prefixOf(address, IPV6_NETWORK_GROUPS);
}

/** What of an address counts as one guesser of one account's password: an IPv4 address, or an IPv6 site of 48 bits. */
export function siteOf(address: string): string {
  return prefixOf(address, IPV6_SITE_GROUPS);
}

function prefixOf(address: string, length: number): string {
  if (!address.includes(":") || address.includes(".")) return address;
  const [head = "", tail] = address.toLowerCase().split("::");
  const first = head === "" ? [] : head.split(":");
  const last = !tail ? [] : tail.split(":");
  const skipped = tail === undefined ? 0 : Math.max(0, IPV6_GROUPS - first.length - last.length);
  const groups = [...first, ...Array<string>(skipped).fill("0"), ...last];
  return groups
    .slice(0, length)
    .map((group) => group.replace(/^0+(?=.)/, ""))
    .join(":");
}
