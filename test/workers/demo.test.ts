// The demo seed on the real database: put in once, gone on with after it was cut off anywhere, and renewed when its
// events are over.

import { expect, it } from "vitest";
import { seedDemo } from "../../src/app/demo";
import { DEMO_ACCOUNTS, DEMO_EVENTS, DEMO_VENUES } from "../../src/app/demo-data";
import type { Demo, Deps } from "../../src/app/ports";
import { DAY } from "../../src/domain/time";
import { deps as composeDeps } from "./sale-client";

const LIMIT = 100;
const deps = composeDeps();

async function upcoming(nowMs = Date.now()) {
  const filter = { venueId: null, fromMs: nowMs, toMs: null, page: 1, perPage: LIMIT };
  return (await deps.events.list(filter)).items;
}

function demoOf(real: Deps): Demo {
  if (!real.demo) throw new Error("development has demo data");
  return real.demo;
}

/** Dependencies whose seed dies when it would note its n-th event as done: the event is there, the note is not. */
function dyingAt(n: number): Deps {
  const demo = demoOf(deps);
  let marks = 0;
  return {
    ...deps,
    demo: {
      ...demo,
      async mark(name, nowMs) {
        marks += 1;
        if (marks === n) throw new Error("cut off");
        await demo.mark(name, nowMs);
      },
    },
  };
}

it("is not ready while it was cut off, goes on where it stopped, and then does nothing more", async () => {
  await expect(seedDemo(dyingAt(1))).rejects.toThrow("cut off");
  // Each time one event further.
  for (let n = 1; n < DEMO_EVENTS.length; n++) await expect(seedDemo(dyingAt(2))).rejects.toThrow("cut off");
  expect(await demoOf(deps).ready()).toBe(false);
  expect(await seedDemo(deps)).toMatchObject({ ok: true });
  expect(await demoOf(deps).ready()).toBe(true);
  await Promise.all([seedDemo(deps), seedDemo(deps)]);

  const events = await upcoming();
  expect(events.map(({ name }) => name)).toEqual(DEMO_EVENTS.map(({ name }) => name));
  expect(new Set(events.map(({ venue }) => venue?.name)).size).toBe(Object.keys(DEMO_VENUES).length);
  const roles = await Promise.all(DEMO_ACCOUNTS.map(async ({ email }) => (await deps.users.byEmail(email))?.role));
  expect(roles).toEqual(DEMO_ACCOUNTS.map(({ role }) => role));
});

it("follows events that are over with new ones, at the same venues", async () => {
  await seedDemo(deps);
  const before = await upcoming();
  const laterMs = Date.now() + 20 * DAY;
  const later = { ...deps, clock: { nowMs: () => laterMs } };
  expect(await seedDemo(later)).toMatchObject({ ok: true });
  const over = before.filter(({ startsAtMs }) => startsAtMs <= laterMs);
  const after = await upcoming(laterMs);
  expect(over.length).toBeGreaterThan(0);
  expect(after.map(({ name }) => name).sort()).toEqual(DEMO_EVENTS.map(({ name }) => name).sort());
  const venueOf = (name: string) => [before, after].map((list) => list.find((one) => one.name === name)?.venue?.id);
  for (const { name } of over) {
    const [first, second] = venueOf(name);
    expect(second).toBe(first);
  }
});

it("is nothing where there is no demo", async () => {
  expect(await seedDemo({ ...deps, demo: null })).toMatchObject({ ok: false, refusal: { code: "NOT_FOUND" } });
});
