// How often one address may ask: counted by the isolate in development, by the platform in production.

import { describe, expect, it } from "vitest";
import { isolateRequestLimit, platformRequestLimit } from "../../src/adapters/rate-limits";

const NOW = 1_800_000_000_250;

describe("the isolate's limit", () => {
  it("allows so many requests in a second, then says how long the second still lasts", async () => {
    const limit = isolateRequestLimit(3);
    for (let i = 0; i < 3; i++) expect((await limit.take("a", NOW)).allowed).toBe(true);
    expect(await limit.take("a", NOW + 100)).toEqual({ allowed: false, retryAfterMs: 650 });
    expect((await limit.take("a", NOW + 750)).allowed).toBe(true);
  });

  it("counts addresses apart", async () => {
    const limit = isolateRequestLimit(1);
    expect((await limit.take("a", NOW)).allowed).toBe(true);
    expect((await limit.take("b", NOW)).allowed).toBe(true);
    expect((await limit.take("a", NOW)).allowed).toBe(false);
  });
});

describe("the platform's limit", () => {
  it("is asked by address", async () => {
    const keys: string[] = [];
    const limit = platformRequestLimit({
      async limit({ key }: { key: string }) {
        keys.push(key);
        return { success: key !== "b" };
      },
    } as RateLimit);
    expect(await limit.take("a", NOW)).toEqual({ allowed: true, retryAfterMs: 0 });
    expect(await limit.take("b", NOW)).toEqual({ allowed: false, retryAfterMs: 60_000 });
    expect(keys).toEqual(["a", "b"]);
  });

  it("refuses nobody when it fails", async () => {
    const limit = platformRequestLimit({ limit: () => Promise.reject(new Error("down")) } as unknown as RateLimit);
    expect((await limit.take("a", NOW)).allowed).toBe(true);
  });
});
