// Who asks: accounts, passwords, tokens.

import type { UserId } from "../../domain/ids";
import type { NewNotification } from "./mails";
import type { KeptKey } from "./platform";

export type Role = "USER" | "ADMIN";

export interface User {
  readonly id: UserId;
  readonly name: string;
  readonly email: string;
  readonly role: Role;
  readonly createdAtMs: number;
  readonly updatedAtMs: number;
}

export interface UserWithPassword extends User {
  readonly passwordHash: string;
}

export interface Users {
  /** With its welcome mail and key in one batch. `email-taken` and `key-taken` write nothing. */
  insert(
    user: UserWithPassword,
    welcome: NewNotification,
    key: KeptKey | null,
  ): Promise<"inserted" | "email-taken" | "key-taken">;
  byEmail(email: string): Promise<UserWithPassword | null>;
  byId(id: UserId): Promise<User | null>;
  grantRole(email: string, role: Role): Promise<boolean>;
}

/** Hashes slowly (scrypt). At most a few at once: `busy` when none became free in time. */
export interface Passwords {
  hash(password: string): Promise<string | "busy">;
  /** With `null` it takes the same time and is false. */
  verify(password: string, hash: string | null): Promise<boolean | "busy">;
}

export interface TokenClaims {
  readonly sub: UserId;
  readonly name: string;
  readonly email: string;
  readonly role: Role;
}

export interface VerifiedClaims extends TokenClaims {
  readonly expiresAtMs: number;
}

export interface Tokens {
  /** Signs for 24 h. */
  issue(claims: TokenClaims, nowMs: number): Promise<{ readonly token: string; readonly expiresAtMs: number }>;
  /**
   * Null for anything but a token of ours that is in force: algorithm, issuer, audience, expiry, claims. At once: every
   * request begins with it, and each promise costs a part of the check.
   */
  verify(token: string, nowMs: number): VerifiedClaims | null;
}
