// The inbox of Stripe's deliveries in D1: each event one row, due until it is settled, found without reading the table.

import { env } from "cloudflare:workers";
import { beforeEach, describe, expect, it } from "vitest";
import { d1StripeEvents } from "../../src/adapters/d1/stripe-events";
import type { ProviderEvent } from "../../src/app/ports";
import { countingDatabase, NOW } from "./d1-builders";

const inbox = d1StripeEvents(env.DB);

function anEvent(id: string, change: Partial<ProviderEvent> = {}): ProviderEvent {
  return { id, type: "payment_intent.succeeded", createdAtMs: NOW, intentId: "pi_1", dispute: null, ...change };
}

const idsDue = async (nowMs: number, limit = 10) => (await inbox.unsettled(nowMs, limit)).map(({ id }) => id);

beforeEach(async () => {
  await env.DB.prepare("DELETE FROM stripe_events").run();
});

describe("a note", () => {
  it("is due until it is settled, however often it comes", async () => {
    expect(await inbox.note(anEvent("evt_1"), NOW, NOW)).toBe("due");
    expect(await inbox.note(anEvent("evt_1"), NOW + 1, NOW + 1)).toBe("due");
    await inbox.markSettled("evt_1", NOW + 2);
    expect(await inbox.note(anEvent("evt_1"), NOW + 3, NOW + 3)).toBe("settled");
    expect(await idsDue(NOW + 4)).toEqual([]);
  });

  it("of parallel deliveries is one row", async () => {
    const noted = await Promise.all([1, 2, 3, 4].map(() => inbox.note(anEvent("evt_1"), NOW, NOW)));
    expect(noted).toEqual(["due", "due", "due", "due"]);
    expect(await idsDue(NOW)).toEqual(["evt_1"]);
  });

  it("comes back as it was noted, with how often it was tried", async () => {
    const dispute = { id: "du_1", status: "lost", reason: "fraudulent", amountMinor: 5, currency: "GBP" };
    await inbox.note(anEvent("evt_1", { dispute }), NOW, NOW);
    await inbox.postpone("evt_1", NOW + 10);
    await inbox.postpone("evt_1", NOW + 20);
    expect(await inbox.unsettled(NOW + 20, 10)).toEqual([{ ...anEvent("evt_1", { dispute }), tries: 2 }]);
  });

  it("that was settled stays settled, whoever comes late with a failure", async () => {
    await inbox.note(anEvent("evt_1"), NOW, NOW);
    await inbox.markSettled("evt_1", NOW);
    await inbox.postpone("evt_1", NOW);
    expect(await idsDue(NOW + 1)).toEqual([]);
  });
});

describe("what is due", () => {
  it("begins at its moment and comes the longest waiting first, at most so many", async () => {
    await inbox.note(anEvent("evt_3"), NOW, NOW + 30);
    await inbox.note(anEvent("evt_1"), NOW, NOW + 10);
    await inbox.note(anEvent("evt_2"), NOW, NOW + 20);
    expect(await idsDue(NOW + 9)).toEqual([]);
    expect(await idsDue(NOW + 20)).toEqual(["evt_1", "evt_2"]);
    expect(await idsDue(NOW + 30, 2)).toEqual(["evt_1", "evt_2"]);
  });

  it("is what was given up, when it is reopened, as if it had never been tried", async () => {
    await inbox.note(anEvent("evt_1"), NOW, NOW);
    await inbox.postpone("evt_1", NOW);
    await inbox.markSettled("evt_1", NOW);
    expect(await inbox.reopen("evt_1", NOW + 5)).toBe(true);
    expect(await inbox.unsettled(NOW + 5, 10)).toEqual([{ ...anEvent("evt_1"), tries: 0 }]);
    expect(await inbox.reopen("evt_forgotten", NOW)).toBe(false);
  });

  it.each([
    ["what is due", "stripe_events_unsettled", (db: D1Database) => d1StripeEvents(db).unsettled(NOW, 10)],
    ["what is forgotten", "stripe_events_settled", (db: D1Database) => d1StripeEvents(db).purge(NOW, 10)],
  ])("%s is found by an index, without a sort", async (_what, index, ask) => {
    const { db, bill } = countingDatabase(env.DB);
    await ask(db);
    expect(bill.queries).toHaveLength(1);
    for (const { sql, values } of bill.queries) {
      const plan = await env.DB.prepare(`EXPLAIN QUERY PLAN ${sql}`)
        .bind(...values)
        .all<{ detail: string }>();
      const details = plan.results.map(({ detail }) => detail).join("; ");
      expect(details).toContain(index);
      expect(details).not.toContain("TEMP B-TREE");
    }
  });
});

describe("forgetting", () => {
  it("takes settled notes of long ago, a bounded number of them, and never one that is due", async () => {
    for (const id of ["evt_1", "evt_2", "evt_3"]) {
      await inbox.note(anEvent(id), NOW, NOW);
      await inbox.markSettled(id, NOW);
    }
    await inbox.note(anEvent("evt_due"), NOW, NOW);
    await inbox.note(anEvent("evt_young"), NOW + 2, NOW);
    await inbox.markSettled("evt_young", NOW + 2);
    const left = async () =>
      (await env.DB.prepare("SELECT count(*) AS n FROM stripe_events").first<{ n: number }>())?.n;
    await inbox.purge(NOW + 1, 2);
    expect(await left()).toBe(3);
    await inbox.purge(NOW + 1, 2);
    expect(await left()).toBe(2);
    expect(await idsDue(NOW + 1)).toEqual(["evt_due"]);
    expect(await inbox.note(anEvent("evt_young"), NOW + 3, NOW)).toBe("settled");
  });
});
