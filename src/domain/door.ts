// What a scanner is told of a ticket, and when the doors are open: one set of rules for the box office, which decides,
// and for the gate page, which judges by itself while it has no network.

import { HOUR, isOver } from "./time";

export type ScanResult = "ok" | "already_used" | "revoked" | "wrong_event" | "too_early" | "expired" | "invalid";

/**
 * Why a ticket is invalid. `malformed`: no text of ours · `unknown_key`: signed with a key this deployment never had, or
 * has retired · `bad_signature`: changed, or forged · `unknown_ticket`: nothing was ever sold under this id, or it is
 * another seat's · `unverified`: typed in, where nothing proves it: offline, or without the end of its number.
 */
export type InvalidReason = "malformed" | "unknown_key" | "bad_signature" | "unknown_ticket" | "unverified";

/** Doors open this long before the start where the organiser says nothing. */
export const OPENS_BEFORE_MS = 4 * HOUR;
/** And they close at the event's end, but never sooner after the start than this: some events name no end. */
export const CLOSES_AFTER_START_MS = 6 * HOUR;

export interface DoorWindow {
  readonly opensAtMs: number;
  readonly closesAtMs: number;
}

/** When tickets of an event are taken; `opensAtMs` is the gate's own word, or null. */
export function doorWindow(
  event: { readonly startsAtMs: number; readonly endsAtMs: number },
  opensAtMs: number | null,
): DoorWindow {
  return {
    opensAtMs: opensAtMs ?? event.startsAtMs - OPENS_BEFORE_MS,
    closesAtMs: Math.max(event.endsAtMs, event.startsAtMs + CLOSES_AFTER_START_MS),
  };
}

/** Null while the doors are open. */
export function outsideWindow(window: DoorWindow, atMs: number): "too_early" | "expired" | null {
  if (atMs < window.opensAtMs) return "too_early";
  return isOver(window.closesAtMs, atMs) ? "expired" : null;
}

/** Which of two scans of one ticket counts: the earlier, and of two at the same moment the same one wherever it is asked. */
export function isEarlier(
  one: { readonly atMs: number; readonly nonce: string },
  other: { readonly atMs: number; readonly nonce: string },
): boolean {
  return one.atMs === other.atMs ? one.nonce < other.nonce : one.atMs < other.atMs;
}
