// Counters are exact under parallel tries, and a refused try costs nothing.

import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { d1Throttles } from "../../src/adapters/d1/throttles";
import { countingDatabase, NOW } from "./d1-builders";

const throttles = d1Throttles(env.DB);
const WINDOW = 60_000;

function aCounter(): string {
  return `test ${crypto.randomUUID()}`;
}

describe("a throttle", () => {
  it("allows exactly its limit, however many try at once", async () => {
    const key = aCounter();
    const takes = await Promise.all(Array.from({ length: 25 }, () => throttles.take(key, 10, WINDOW, NOW)));
    expect(takes.filter(({ allowed }) => allowed)).toHaveLength(10);
  });

  it("says when its window ends, and starts anew then", async () => {
    const key = aCounter();
    await throttles.take(key, 1, WINDOW, NOW);
    expect(await throttles.take(key, 1, WINDOW, NOW + 20_000)).toEqual({ allowed: false, retryAfterMs: 40_000 });
    expect((await throttles.take(key, 1, WINDOW, NOW + WINDOW - 1)).allowed).toBe(false);
    expect((await throttles.take(key, 1, WINDOW, NOW + WINDOW)).allowed).toBe(true);
    expect(await throttles.take(key, 1, WINDOW, NOW + WINDOW + 1)).toEqual({
      allowed: false,
      retryAfterMs: WINDOW - 1,
    });
  });

  it("writes nothing when it refuses", async () => {
    const key = aCounter();
    await throttles.take(key, 1, WINDOW, NOW);
    const { db, bill } = countingDatabase(env.DB);
    expect((await d1Throttles(db).take(key, 1, WINDOW, NOW)).allowed).toBe(false);
    expect([bill.rowsWritten, bill.calls]).toEqual([0, 1]);
  });

  it("counts one less when a count is given back, and never less than none", async () => {
    const key = aCounter();
    await throttles.take(key, 1, WINDOW, NOW);
    await throttles.giveBack(key);
    await throttles.giveBack(key);
    expect((await throttles.take(key, 1, WINDOW, NOW)).allowed).toBe(true);
    expect((await throttles.take(key, 1, WINDOW, NOW)).allowed).toBe(false);
  });

  it("starts anew when it is forgotten, and others do not", async () => {
    const [key, other] = [aCounter(), aCounter()];
    await throttles.take(key, 1, WINDOW, NOW);
    await throttles.take(other, 1, WINDOW, NOW);
    await throttles.forget(key);
    expect((await throttles.take(key, 1, WINDOW, NOW)).allowed).toBe(true);
    expect((await throttles.take(other, 1, WINDOW, NOW)).allowed).toBe(false);
  });

  it("is purged once its window is over, a limited number at a time", async () => {
    const keys = [aCounter(), aCounter(), aCounter()];
    await throttles.take(keys[0] ?? "", 1, 1, 0);
    await throttles.take(keys[1] ?? "", 1, 2, 0);
    await throttles.take(keys[2] ?? "", 1, 3, 0);
    const left = async () => {
      const { results } = await env.DB.prepare(
        "SELECT key FROM throttles WHERE resets_at_ms < 4 ORDER BY resets_at_ms",
      ).all<{ key: string }>();
      return results.map(({ key }) => keys.indexOf(key));
    };
    await throttles.purge(2, 1);
    expect(await left()).toEqual([1, 2]);
    await throttles.purge(2, 10);
    expect(await left()).toEqual([2]);
  });
});
