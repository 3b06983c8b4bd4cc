// Durations, in milliseconds. Inside the product every moment is an integer of epoch milliseconds (`…Ms`).

export const SECOND = 1_000;
export const MINUTE = 60 * SECOND;
export const HOUR = 60 * MINUTE;
export const DAY = 24 * HOUR;

/** The one rule of expiry: what ends at a moment is over at that moment. */
export function isOver(endsAtMs: number, nowMs: number): boolean {
  return endsAtMs <= nowMs;
}
