// What the simulation found, each as the smallest case that shows it.

import { describe, expect, it } from "vitest";
import { sweep } from "../../src/app/sweeps";
import { auditState } from "../../src/domain/box-office/audit";
import { nextDueMs } from "../../src/domain/box-office/deadlines";
import { recover, takeOutgoing } from "../../src/domain/box-office/effects";
import { emptyBoxOffice, install, replaceHold } from "../../src/domain/box-office/seat-table";
import type { Hold } from "../../src/domain/box-office/state";
import { MINUTE, SECOND } from "../../src/domain/time";
import { anEvent, aUser, openOffice, START_MS } from "./box-office-builder";

/** Sweeps with ports that note what was asked of them and have nothing to tell. */
async function asked(): Promise<readonly string[]> {
  const { code } = anEvent();
  const calls: string[] = [];
  const note =
    <T>(name: string, value: T) =>
    async () => {
      calls.push(name);
      return value;
    };
  const deps = {
    clock: { nowMs: () => START_MS },
    log: {
      info() {},
      warn() {},
      error: (_: string, fields: unknown) => calls.push(`failed ${JSON.stringify(fields)}`),
    },
    events: {
      overdue: note("overdue", []),
      recentlyActive: note("recently active", [code]),
      noteNextDue: note("next due", undefined),
    },
    boxOffices: {
      send: async (_: string, { type }: { type: string }) => {
        calls.push(type);
        return { ok: true, value: { nextDueMs: null } };
      },
      audit: note("audit", { violations: [], bookings: [], owing: [], outbox: 0, next: null }),
    },
    bookings: { versions: note("versions", new Map()) },
    notifications: { unsent: note("unsent", []) },
    providerNews: { between: note("between", { findings: [], complete: true }) },
    providerInbox: { unsettled: note("unsettled", []), purge: note("purge deliveries", undefined) },
    idempotencyKeys: { purge: note("purge keys", undefined) },
    throttles: { purge: note("purge throttles", undefined) },
  };
  await sweep(deps as unknown as Parameters<typeof sweep>[0]);
  return calls;
}

describe("the cron sweep", () => {
  it("takes up deliveries that nobody settled, and asks the provider what it holds", async () => {
    const calls = await asked();
    expect(calls).toContain("unsettled");
    expect(calls.filter((call) => call === "between")).toHaveLength(3);
    expect(calls.filter((call) => call.startsWith("failed"))).toEqual([]);
  });

  it("wakes an event whose alarm was lost though D1 knows of nothing due", async () => {
    const calls = await asked();
    expect(calls).toContain("wake");
    expect(calls).toContain("next due");
  });
});

it("an alarm that was lost and is set anew for now is no violation", () => {
  const office = openOffice();
  office.hold(aUser(), "A1");
  const dueMs = nextDueMs(office.state) as number;
  const nowMs = dueMs + 10 * MINUTE;
  const found = (alarmMs: number | null) => auditState(office.state, [], true, nowMs, alarmMs).violations;
  expect(found(nowMs + 50)).toEqual([]);
  expect(found(nowMs + 5 * MINUTE)).toMatchObject([{ invariant: "I14" }]);
  expect(found(null)).toMatchObject([{ invariant: "I14" }]);
});

it("memory that was rebuilt hands over what is owed a second later, not with every command: no storm in a crash loop", () => {
  const definition = anEvent();
  const office = openOffice(definition);
  const id = office.book(aUser(), ["A1"]);
  const hold = [...office.changes.holds.values()].find(({ booking }) => booking?.id === id) as Hold;
  const rebuilt = emptyBoxOffice(office.state.policy);
  install(rebuilt, definition);
  replaceHold(rebuilt, hold, START_MS);
  recover(rebuilt, START_MS);
  expect(takeOutgoing(rebuilt, START_MS, false).now).toEqual([]);
  expect(takeOutgoing(rebuilt, START_MS, true).now).toEqual([]);
  expect(nextDueMs(rebuilt)).toBe(START_MS + SECOND);
  expect(takeOutgoing(rebuilt, START_MS + SECOND, true).now).toEqual(
    expect.arrayContaining([`${id}:authorise:1`, `${id}:project`]),
  );
});
