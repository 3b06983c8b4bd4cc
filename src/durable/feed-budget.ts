// What a socket of the feed may send: much at once, and little for long. A bucket of tokens, kept as one number: the moment
// at which it is full again, so that nothing counts down and a message costs two additions.

/** One more message in so many milliseconds, for as long as it likes. */
const MESSAGE_MS = 50;
/** From a full bucket. */
export const MESSAGES_AT_ONCE = 100;
/** Of a hold that was made: its own message and another, for the sign-in before it. */
const GIVEN_BACK = 2;

/** Full at any moment from now on: for one who comes. */
export const FULL_BUCKET_MS = 0;

/** When the bucket is full again after one message more. */
export function charged(fullAtMs: number, nowMs: number): number {
  return Math.max(fullAtMs, nowMs) + MESSAGE_MS;
}

/** The last message was to be expected: it acknowledged what the relay had sent. */
export function uncharged(fullAtMs: number): number {
  return fullAtMs - MESSAGE_MS;
}

/**
 * A hold was made. Those are bounded by their answers and by what a buyer may hold; what was refused, or changes nothing
 * when it is repeated, stays charged.
 */
export function rewarded(fullAtMs: number): number {
  return fullAtMs - GIVEN_BACK * MESSAGE_MS;
}

/** A release takes back what its hold was given: holding and releasing in turn sells nothing, and writes rows each time. */
export function reclaimed(fullAtMs: number): number {
  return fullAtMs + MESSAGE_MS;
}

export function isOverdrawn(fullAtMs: number, nowMs: number): boolean {
  return fullAtMs - nowMs > MESSAGES_AT_ONCE * MESSAGE_MS;
}
