// How an event's readers are spread over its relays.

import { expect, it } from "vitest";
import { FILL, seatFeeds } from "../../src/adapters/seat-feeds";
import type { EventCode } from "../../src/domain/ids";

const [CODE, OTHER] = ["AAAAAAAA", "BBBBBBBB"] as EventCode[] as [EventCode, EventCode];
const LIMITS = { relays: 3, perAddress: 50, perEvent: 20_000 };

/** Relays as `durable/seat-feed.ts` has them; `asked` notes every question. */
function scene(limits = LIMITS) {
  const readers = new Map<string, number>();
  const asked: string[] = [];
  const namespace = {
    idFromName: (name: string) => name,
    get: (name: string) => ({
      async fetch(href: string) {
        const { searchParams } = new URL(href);
        expect(searchParams.get("relay")).toBe(name);
        asked.push(name);
        const open = readers.get(name) ?? 0;
        const fill = searchParams.get("fill");
        if (fill !== null && open >= Number(fill)) return { status: 421 };
        readers.set(name, open + 1);
        return { status: 101 };
      },
    }),
  };
  /** An isolate that remembers nothing yet. */
  const isolate = () => seatFeeds(namespace as unknown as Env["SEAT_FEED"], limits);
  const feeds = isolate();
  async function come(count: number, code = CODE, by = feeds): Promise<void> {
    for (let n = 0; n < count; n++) {
      const upgrade = new Request("https://tickets.example/", { headers: { Upgrade: "websocket" } });
      const answer = await by.connect(code, { upgrade, since: null, changes: "seats", address: "192.0.2.1" });
      expect(answer.status).toBe(101);
    }
  }
  return { readers, asked, come, isolate };
}

it("few readers share one relay, so that their commands travel together", async () => {
  const { readers, come } = scene();
  await come(128);
  expect([...readers]).toEqual([[`${CODE}:0`, 128]]);
});

it("the next relay is opened when one has its fill, and the full one is not asked again", async () => {
  const { readers, asked, come } = scene();
  await come(FILL + 20);
  expect([...readers]).toEqual([
    [`${CODE}:0`, FILL],
    [`${CODE}:1`, 20],
  ]);
  expect(asked).toHaveLength(FILL + 21);
});

it("when all have their fill, chance spreads the rest", async () => {
  const { readers, come } = scene();
  await come(3 * FILL + 600);
  const counts = [...readers.values()];
  expect(counts).toHaveLength(3);
  expect(counts.reduce((sum, count) => sum + count)).toBe(3 * FILL + 600);
  for (const count of counts) expect(count).toBeGreaterThan(FILL + 100);
});

it("an isolate that remembers nothing fills what has become free", async () => {
  const { readers, come, isolate } = scene();
  await come(FILL + 20);
  readers.set(`${CODE}:0`, 10);
  await come(30, CODE, isolate());
  expect(readers.get(`${CODE}:0`)).toBe(40);
});

it("what is full is each event's own", async () => {
  const { readers, come } = scene();
  await come(FILL + 1);
  await come(1, OTHER);
  expect(readers.get(`${OTHER}:0`)).toBe(1);
});

it("a relay that may hold few has its fill before it is too full", async () => {
  const { readers, come } = scene({ ...LIMITS, perEvent: 30 });
  await come(25);
  expect([...readers.values()]).toEqual([10, 10, 5]);
});
