// The ledger of messages that were given up, and the health check's query.

import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { d1Database } from "../../src/adapters/d1/database";
import { d1DeadLetters } from "../../src/adapters/d1/dead-letters";
import type { NewDeadLetter } from "../../src/app/ports";
import { NOW } from "./d1-builders";

const ledger = d1DeadLetters(env.DB);

function aLetter(change: Partial<NewDeadLetter> = {}): NewDeadLetter {
  return {
    id: crypto.randomUUID(),
    queue: "booking-saga-dlq",
    body: '{"code":"AAAAAAAA","effects":["project:x"]}',
    reason: "fault",
    attempts: 5,
    notedAtMs: NOW,
    ...change,
  };
}

describe("the dead-letter ledger", () => {
  it("notes a message once, as it first came", async () => {
    const letter = aLetter();
    expect(await ledger.note(letter)).toBe(true);
    expect(await ledger.note({ ...letter, reason: "another" })).toBe(false);
    expect(await ledger.byId(letter.id)).toEqual({ ...letter, replayedAtMs: null, closedAtMs: null });
    expect(await ledger.byId("unknown")).toBeNull();
  });

  it("is listed newest first, in pages that know their total", async () => {
    await env.DB.prepare("DELETE FROM dead_letters").run();
    for (const n of [1, 3, 2]) await ledger.note(aLetter({ id: `letter ${n}`, notedAtMs: NOW + n }));
    const first = await ledger.list({ open: null, page: 1, perPage: 2 });
    const second = await ledger.list({ open: null, page: 2, perPage: 2 });
    expect([...first.items, ...second.items].map(({ id }) => id)).toEqual(["letter 3", "letter 2", "letter 1"]);
    expect([first.total, second.total]).toEqual([3, 3]);
  });

  it("remembers what was replayed", async () => {
    const letter = aLetter();
    await ledger.note(letter);
    await ledger.markReplayed(letter.id, NOW + 1);
    expect((await ledger.byId(letter.id))?.replayedAtMs).toBe(NOW + 1);
  });

  it("opens anew what failed again after it was replayed", async () => {
    const letter = aLetter();
    await ledger.note(letter);
    await ledger.markReplayed(letter.id, NOW + 1);
    await ledger.close(letter.id, NOW + 1);
    const again = { ...letter, reason: "another fault", attempts: 6, notedAtMs: NOW + 2 };
    expect(await ledger.note(again)).toBe(true);
    expect(await ledger.byId(letter.id)).toEqual({ ...again, replayedAtMs: null, closedAtMs: null });
  });
});

describe("the health check's query", () => {
  it("is answered, and throws when D1 does not answer", async () => {
    await expect(d1Database(env.DB).ping()).resolves.toBeUndefined();
    const silent = {
      prepare: () => ({ run: () => Promise.reject(new Error("D1_ERROR: no answer")) }),
    } as unknown as D1Database;
    await expect(d1Database(silent).ping()).rejects.toThrow("no answer");
  });
});
