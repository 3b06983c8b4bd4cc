// What a socket of the feed may send: a hundred messages at once, twenty a second for long, and what the sale gains free.

import { describe, expect, test } from "vitest";
import { SECOND } from "../../src/domain/time";
import {
  charged,
  FULL_BUCKET_MS,
  isOverdrawn,
  MESSAGES_AT_ONCE,
  reclaimed,
  rewarded,
  uncharged,
} from "../../src/durable/feed-budget";

const NOW = Date.parse("2027-01-15T12:00:00Z");

/** How many of `wanted` messages, one every `everyMs`, are taken before the first that is not. */
function taken(wanted: number, everyMs: number, after: (fullAtMs: number) => number = (same) => same): number {
  let fullAtMs = FULL_BUCKET_MS;
  for (let sent = 0; sent < wanted; sent++) {
    const nowMs = NOW + sent * everyMs;
    fullAtMs = charged(fullAtMs, nowMs);
    if (isOverdrawn(fullAtMs, nowMs)) return sent;
    fullAtMs = after(fullAtMs);
  }
  return wanted;
}

describe("a socket", () => {
  test("may send a hundred messages at once, and no more", () => {
    expect(MESSAGES_AT_ONCE).toBe(100);
    expect(taken(200, 0)).toBe(100);
  });

  test("may send twenty a second for as long as it likes, and twenty-one not", () => {
    expect(taken(100_000, SECOND / 20)).toBe(100_000);
    expect(taken(100_000, SECOND / 21)).toBeLessThan(2_200);
  });

  test("that was quiet may send a hundred again, however long it was", () => {
    let fullAtMs = FULL_BUCKET_MS;
    for (let i = 0; i < 100; i++) fullAtMs = charged(fullAtMs, NOW);
    for (const nowMs of [NOW + 5 * SECOND, NOW + 86_400 * SECOND]) {
      let sent = 0;
      for (let full = charged(fullAtMs, nowMs); !isOverdrawn(full, nowMs); full = charged(full, nowMs)) sent += 1;
      expect(sent).toBe(100);
    }
  });

  test("acknowledges for nothing what it was sent", () => {
    expect(taken(10_000, 0, uncharged)).toBe(10_000);
  });

  test("sells without end: a sign-in and a hold in turn, each hold done", () => {
    let holds = 0;
    expect(taken(10_000, 0, (fullAtMs) => (++holds % 2 === 0 ? rewarded(fullAtMs) : fullAtMs))).toBe(10_000);
  });

  test("may hold and release in turn no faster than it may send anything else", () => {
    let messages = 0;
    const inTurn = (fullAtMs: number) => (++messages % 2 === 0 ? reclaimed(fullAtMs) : rewarded(fullAtMs));
    expect(taken(10_000, 0, inTurn)).toBeLessThanOrEqual(2 * MESSAGES_AT_ONCE);
    messages = 0;
    expect(taken(10_000, SECOND / 40, inTurn)).toBe(10_000);
  });

  test("saves up nothing by selling: beyond a full bucket there is no more", () => {
    let fullAtMs = FULL_BUCKET_MS;
    for (let i = 0; i < 1_000; i++) fullAtMs = rewarded(charged(fullAtMs, NOW));
    let sent = 0;
    for (let full = charged(fullAtMs, NOW); !isOverdrawn(full, NOW); full = charged(full, NOW)) sent += 1;
    expect(sent).toBe(100);
  });
});
