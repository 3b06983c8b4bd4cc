// Who is signed in. The token lives in this browser's storage, so that a hold survives a reload and is the same in
// every tab; docs/web.md says why that is sound here. It is sent as a header only, never in an address.

import type { Account, SignedIn } from "./api/types";
import { createKeptStore, createStore } from "./store";

export const session = createKeptStore<SignedIn | null>("ticketflow.session", null, isSession);

/** A stranger was asked to sign in for a reason; `done` says whether somebody now is. */
export interface SignInAsk {
  readonly reason: string;
  readonly done: (signedIn: boolean) => void;
}
export const signInAsk = createStore<SignInAsk | null>(null);

/** Resolves to the account, asking for it in place if need be; null when the stranger would rather not. */
export async function requireAccount(reason: string): Promise<Account | null> {
  const known = session.get();
  if (known && Date.parse(known.expiresAt) > Date.now()) return known.user;
  const signedIn = await new Promise<boolean>((done) => signInAsk.set({ reason, done }));
  signInAsk.set(null);
  return signedIn ? (session.get()?.user ?? null) : null;
}

function isSession(value: unknown): value is SignedIn | null {
  if (value === null) return true;
  const { token, expiresAt, user } = value as Partial<SignedIn>;
  if (typeof token !== "string" || typeof expiresAt !== "string" || typeof user?.id !== "string") return false;
  return Date.parse(expiresAt) > Date.now();
}
