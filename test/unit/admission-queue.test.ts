// The queue before slow work: bounded, fair, and healed by itself when somebody vanishes.

import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { type AdmissionQueue, admissionQueue } from "../../src/adapters/admission-queue";

const LIMITS = { atOnce: 2, waiting: 3, maxWaitMs: 1_000, maxRunMs: 5_000 };

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

/** Work that ends when told; notes who runs. */
function aBench(queue: AdmissionQueue) {
  const running: string[] = [];
  const finish = new Map<string, () => void>();
  const start = (name: string) =>
    queue.run(async () => {
      running.push(name);
      await new Promise<void>((resolve) => finish.set(name, resolve));
      running.splice(running.indexOf(name), 1);
      return name;
    });
  return { running, start, end: (name: string) => finish.get(name)?.() };
}

describe("the queue before slow work", () => {
  it("runs a few at once and lets the next in, first come first served", async () => {
    const { running, start, end } = aBench(admissionQueue(LIMITS));
    const all = ["a", "b", "c", "d"].map(start);
    await vi.advanceTimersByTimeAsync(50);
    expect(running).toEqual(["a", "b"]);
    end("b");
    await vi.advanceTimersByTimeAsync(50);
    expect(running).toEqual(["a", "c"]);
    end("a");
    await vi.advanceTimersByTimeAsync(50);
    end("c");
    end("d");
    expect(await Promise.all(all)).toEqual(["a", "b", "c", "d"]);
  });

  it("is busy at once for those beyond its places", async () => {
    const { start } = aBench(admissionQueue(LIMITS));
    for (const name of ["a", "b", "c", "d", "e"]) void start(name);
    expect(await start("f")).toBe("busy");
  });

  it("is busy for those who waited long enough, and their places are free again", async () => {
    const { running, start, end } = aBench(admissionQueue(LIMITS));
    const [a, , ...waiting] = ["a", "b", "c", "d", "e"].map(start);
    await vi.advanceTimersByTimeAsync(1_100);
    expect(await Promise.all(waiting)).toEqual(["busy", "busy", "busy"]);
    const late = start("late");
    end("a");
    await vi.advanceTimersByTimeAsync(50);
    expect([await a, running]).toEqual(["a", ["b", "late"]]);
    end("late");
    expect(await late).toBe("late");
  });

  it("makes room when work fails", async () => {
    const queue = admissionQueue({ ...LIMITS, atOnce: 1, waiting: 0 });
    const failing = queue.run(() => Promise.reject(new Error("no")));
    const caught = expect(failing).rejects.toThrow("no");
    await vi.advanceTimersByTimeAsync(50);
    await caught;
    const next = queue.run(async () => "next");
    await vi.advanceTimersByTimeAsync(50);
    expect(await next).toBe("next");
  });

  it("takes a place back from work that never ends, because its request vanished", async () => {
    const { running, start } = aBench(admissionQueue({ ...LIMITS, atOnce: 1, waiting: 0 }));
    void start("vanished");
    await vi.advanceTimersByTimeAsync(4_900);
    expect(await start("early")).toBe("busy");
    await vi.advanceTimersByTimeAsync(200);
    void start("next");
    await vi.advanceTimersByTimeAsync(50);
    expect(running).toEqual(["vanished", "next"]);
  });
});
