// The seats this buyer holds, one hold an event, known in every tab and after a reload. The server decides what still
// holds; its clock, not this computer's, says for how long.

import { say } from "./announce";
import { type Answer, read, send } from "./api/client";
import type { Lock } from "./api/types";
import { session } from "./session";
import { createKeptStore } from "./store";

export interface HeldSeat {
  readonly id: string;
  readonly name: string;
  readonly price: number;
}

export interface Held {
  readonly lockId: string;
  readonly userId: string;
  readonly eventId: string;
  readonly eventName: string;
  readonly seats: readonly HeldSeat[];
  readonly currency: string;
  /** By this computer's clock. */
  readonly expiresAtMs: number;
  readonly startedAtMs: number;
  /** How long the bar is when full. */
  readonly lastsMs: number;
  /** Once it is being paid for. */
  readonly bookingId: string | null;
}

/** However often it is renewed, counted from the first moment. */
export const LONGEST_HOLD_MS = 900_000;

const ASK_AGAIN_MS = 1_000;
const ASK_UNREACHED_AGAIN_MS = 3_000;

export const basket = createKeptStore<readonly Held[]>("ticketflow.holds", [], isBasket);

export function heldFor(holds: readonly Held[], eventId: string): Held | null {
  const user = session.get()?.user.id;
  return holds.find((held) => held.eventId === eventId && held.userId === user) ?? null;
}

export function isRunning(held: Held, nowMs = Date.now()): boolean {
  return held.expiresAtMs > nowMs;
}

/** Where a hold is paid for: at the checkout, and once it is booked on the booking's own page. */
export function whereToPay({ lockId, bookingId }: Held): string {
  return bookingId ? `/bookings/${bookingId}` : `/checkout/${lockId}`;
}

export function total({ seats }: Pick<Held, "seats">): number {
  return seats.reduce((sum, { price }) => sum + price, 0);
}

export function keepHeld(held: Held): void {
  basket.set((now) => [...now.filter(({ eventId }) => eventId !== held.eventId), held]);
}

export function forgetHeld(lockId: string): void {
  basket.set((now) =>
    now.some((held) => held.lockId === lockId) ? now.filter((held) => held.lockId !== lockId) : now,
  );
}

/** What the server said of a hold just now, on this computer's clock. */
export function timesOf(lock: Lock): Pick<Held, "expiresAtMs" | "startedAtMs" | "lastsMs"> {
  const nowMs = Date.now();
  const serverNow = Date.parse(lock.updatedAt);
  const lastsMs = Date.parse(lock.expiresAt) - serverNow;
  return { expiresAtMs: nowMs + lastsMs, startedAtMs: nowMs - (serverNow - Date.parse(lock.createdAt)), lastsMs };
}

export async function renew(held: Held): Promise<Answer<Lock>> {
  const answer: Answer<Lock> = await send("POST", `/api/locks/${held.lockId}/renew`, { body: {} });
  if (answer.ok) keepHeld({ ...held, ...timesOf(answer.value) });
  else if (answer.problem.code === "HOLD_EXPIRED") await refresh(held);
  return answer;
}

/** Gives the seats back at once. */
export async function release(held: Held): Promise<Answer<Lock>> {
  const answer: Answer<Lock> = await send("DELETE", `/api/locks/${held.lockId}`);
  if (answer.ok || answer.problem.status === 404) forgetHeld(held.lockId);
  return answer;
}

/** Asks the server whether a hold still holds: after a reload, on coming back, when the clock has run down. */
export async function refresh(held: Held): Promise<void> {
  const answer: Answer<Lock> = await read(`/api/locks/${held.lockId}`);
  if (!answer.ok) {
    if (answer.problem.status === 404 || answer.problem.status === 403) forgetHeld(held.lockId);
    // Its time is over and nobody could say so: it is asked until somebody can.
    else if (!isRunning(held)) setTimeout(() => refreshIfKept(held), ASK_UNREACHED_AGAIN_MS);
    return;
  }
  const lock = answer.value;
  if (lock.status === "CONSUMED") return forgetHeld(held.lockId);
  if (lock.status === "EXPIRED") {
    forgetHeld(held.lockId);
    if (held.bookingId === null) {
      say(`Your hold of ${held.seats.length === 1 ? "a seat" : "seats"} for ${held.eventName} has run out.`, "bad");
    }
    return;
  }
  // The server's clock is a little behind this computer's: it is asked again in a moment.
  const expiresAtMs = isRunning(held) ? held.expiresAtMs : Date.now() + ASK_AGAIN_MS;
  if (lock.bookingId !== held.bookingId || expiresAtMs !== held.expiresAtMs) {
    keepHeld({ ...held, bookingId: lock.bookingId, expiresAtMs });
  }
}

function refreshIfKept({ lockId }: Held): void {
  const kept = basket.get().find((held) => held.lockId === lockId);
  if (kept) void refresh(kept);
}

export function startKeepingBasket(): void {
  const refreshAll = () => {
    const user = session.get()?.user.id;
    for (const held of basket.get()) if (held.userId === user) void refresh(held);
  };
  document.addEventListener("visibilitychange", () => document.hidden || refreshAll());
  refreshAll();
}

function isBasket(value: unknown): value is readonly Held[] {
  const isHeld = (held: Partial<Held>) =>
    typeof held?.lockId === "string" && Array.isArray(held.seats) && typeof held.expiresAtMs === "number";
  return Array.isArray(value) && value.every(isHeld);
}
