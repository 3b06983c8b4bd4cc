// The judge of seat histories must accept what can be explained, and refuse what cannot.

import { describe, expect, it } from "vitest";
import { explain, type Operation } from "../chaos/history";

const take = (who: string, from: number, to: number, maybe = false): Operation => ({
  effect: { type: "take", who },
  from,
  to,
  maybe,
});
const free = (who: string, from: number, to: number, maybe = false): Operation => ({
  effect: { type: "free", who },
  from,
  to,
  maybe,
});
const see = (isFree: boolean, from: number, to: number): Operation => ({
  effect: { type: "see", free: isFree },
  from,
  to,
});
const FOR_EVER = Number.POSITIVE_INFINITY;

describe("histories that can be explained", () => {
  it.each<readonly [string, readonly Operation[], string | null | undefined]>([
    ["nothing at all", [], null],
    ["one after the other", [take("a", 0, 1), free("a", 2, 3), take("b", 4, 5)], "b"],
    ["a take that overlaps the release before it", [take("a", 0, 1), take("b", 2, 9), free("a", 3, 8)], "b"],
    ["a look at the old state while it changes", [take("a", 0, 10), see(true, 2, 3), see(false, 4, 5)], "a"],
    ["an unknown take that happened", [take("a", 0, FOR_EVER, true), see(false, 5, 6)], "a"],
    ["an unknown take that did not", [take("a", 0, FOR_EVER, true), take("b", 5, 6)], "b"],
    ["an unknown take that came late", [take("a", 0, FOR_EVER, true), see(true, 5, 6), see(false, 7, 8)], undefined],
    ["an end that somebody noticed much later", [take("a", 0, 1), free("a", 5, 100), take("b", 6, 7)], "b"],
    [
      "many in turn, with an end each that nobody saw",
      Array.from({ length: 400 }, (_, i) => [
        take(`${i}`, 10 * i, 10 * i + 1),
        free(`${i}`, 10 * i + 2, FOR_EVER),
      ]).flat(),
      null,
    ],
  ])("%s", (_, operations, owner) => {
    expect(explain(operations, owner)).toEqual({ ok: true });
  });
});

describe("histories that cannot", () => {
  it.each<readonly [string, readonly Operation[], string | null | undefined]>([
    ["two takes without a release", [take("a", 0, 1), take("b", 2, 3)], undefined],
    ["two takes at once", [take("a", 0, 10), take("b", 0, 10)], undefined],
    ["a release before which nobody had it", [free("a", 0, 1)], undefined],
    ["a take that was over before the release began", [take("a", 0, 1), take("b", 2, 3), free("a", 4, 5)], undefined],
    ["a look that sees the past", [take("a", 0, 1), see(true, 2, 3)], undefined],
    ["a look that sees the future", [see(false, 0, 1), take("a", 2, 3)], undefined],
    ["looks that go back", [take("a", 0, 10), see(false, 2, 3), see(true, 4, 5)], undefined],
    [
      "an unknown take that is seen and then not",
      [take("a", 0, FOR_EVER, true), see(false, 1, 2), see(true, 3, 4)],
      undefined,
    ],
    ["another owner at the end", [take("a", 0, 1)], "b"],
    ["an acknowledged take that is nowhere at the end", [take("a", 0, 1)], null],
    ["a release that must have happened", [take("a", 0, 1), free("a", 2, FOR_EVER)], "a"],
    ["somebody else's release", [take("a", 0, 1), free("b", 2, 3), take("b", 4, 5)], undefined],
  ])("%s", (_, operations, owner) => {
    const judged = explain(operations, owner);
    expect(judged).toMatchObject({ ok: false, exhausted: false });
  });

  it("names the operations that no order gets past", () => {
    const judged = explain([take("a", 0, 1), free("a", 2, 3), take("b", 4, 5), take("c", 6, 7)]);
    expect(judged).toMatchObject({ ok: false, stuck: [{ effect: { who: "c" } }] });
  });
});
