// Only so much at once, and everybody's turn comes.

import { describe, expect, it } from "vitest";
import { turns } from "../../src/app/turns";

/** Tasks that are under way until they are let go. */
function work() {
  const begun: string[] = [];
  const ends: (() => void)[] = [];
  let most = 0;
  let under = 0;
  const task = (name: string) => async () => {
    begun.push(name);
    under += 1;
    most = Math.max(most, under);
    await new Promise<void>((resolve) => ends.push(resolve));
    under -= 1;
    return name;
  };
  /** Lets go whatever is under way, until nothing is. */
  async function finish(): Promise<void> {
    for (let end = ends.shift(); end; end = ends.shift()) {
      end();
      await new Promise((resolve) => setImmediate(resolve));
    }
  }
  return { begun, task, finish, most: () => most };
}

describe("turns", () => {
  it("lets no more begin than there are places, and all in the end", async () => {
    const { begun, task, finish, most } = work();
    const line = turns(3)();
    const done = Promise.all(["1", "2", "3", "4", "5", "6", "7"].map((name) => line(task(name))));
    expect(begun).toEqual(["1", "2", "3"]);
    await finish();
    expect(await done).toEqual(["1", "2", "3", "4", "5", "6", "7"]);
    expect(most()).toBe(3);
  });

  it("are taken by each line in turn: a long one keeps no short one waiting", async () => {
    const { begun, task, finish } = work();
    const open = turns(1);
    const [long, short, late] = [open(), open(), open()];
    const done = [...["a1", "a2", "a3", "a4"].map((name) => long(task(name))), short(task("b1")), late(task("c1"))];
    await finish();
    await Promise.all(done);
    expect(begun).toEqual(["a1", "a2", "b1", "c1", "a3", "a4"]);
  });

  it("go on after a task that failed, whose own caller hears of it", async () => {
    const line = turns(1)();
    const failed = line(async () => Promise.reject(new Error("no")));
    const next = line(async () => "yes");
    await expect(failed).rejects.toThrow("no");
    expect(await next).toBe("yes");
  });
});
