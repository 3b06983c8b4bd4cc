// News of money: noted before it is worked on, settled like any other answer, and never lost when settling fails.

import { describe, expect, it } from "vitest";
import { replayDeadLetter } from "../../src/app/admin";
import type {
  DeadLetter,
  ProviderEvent,
  ProviderFinding,
  ProviderInbox,
  ProviderNews,
  RefundElsewhere,
} from "../../src/app/ports";
import {
  expectDelivery,
  type NewsDeps,
  noteDelivery,
  reconcile,
  settleDelivery,
  sweepProviderInbox,
} from "../../src/app/provider-news";
import type { Command, Outcome } from "../../src/domain/box-office/commands";
import type { BookingStatus } from "../../src/domain/box-office/state";
import type { BookingId } from "../../src/domain/ids";
import { DAY, HOUR, MINUTE, SECOND } from "../../src/domain/time";
import { newSale, recordingLog } from "../stripe/asking";

const NOW = Date.parse("2027-01-15T12:34:00Z");
const BODY = new Uint8Array([1]);
const INTENT = "pi_1";

type Settled = Extract<Command, { type: "settle" }>;

interface World {
  readonly deps: NewsDeps;
  readonly settled: Settled[];
  readonly letters: DeadLetter[];
  readonly inbox: Map<string, { event: ProviderEvent; tries: number; dueAtMs: number; settledAtMs: number | null }>;
  readonly spans: (readonly [fromAgoMs: number, toAgoMs: number])[];
  readonly purged: number[];
  readonly lines: ReturnType<typeof recordingLog>["lines"];
}

interface Given {
  readonly verified?: ProviderEvent | "forged" | "wrong-mode";
  readonly findings?: readonly ProviderFinding[];
  readonly refundsElsewhere?: readonly RefundElsewhere[];
  readonly silent?: boolean;
  readonly statuses?: ReadonlyMap<BookingId, BookingStatus>;
  readonly reply?: unknown;
  readonly nowMs?: number;
}

function worldOf(given: Given = {}): World {
  const log = recordingLog();
  const world = { settled: [], letters: [], inbox: new Map(), spans: [], purged: [], lines: log.lines } as Omit<
    World,
    "deps"
  >;
  const nowMs = given.nowMs ?? NOW;
  const deps = {
    log,
    clock: { nowMs: () => nowMs },
    providerNews: newsOf(world, given, nowMs),
    providerInbox: inboxOf(world),
    boxOffices: {
      send: async (_code: string, command: Command) => {
        if (command.type === "settle") world.settled.push(command);
        return given.reply === undefined ? { ok: true, value: { work: [] } } : given.reply;
      },
    },
    bookings: {
      versions: async (ids: readonly BookingId[]) =>
        new Map(
          ids.flatMap((id) => (given.statuses?.has(id) ? [[id, { version: 1, status: given.statuses.get(id) }]] : [])),
        ),
    },
    deadLetters: {
      byId: async (id: string) => world.letters.find((letter) => letter.id === id) ?? null,
      note: async (letter: DeadLetter) => world.letters.push(letter) > 0,
    },
  } as unknown as NewsDeps;
  return { ...world, deps };
}

function newsOf(world: Omit<World, "deps">, given: Given, nowMs: number): ProviderNews {
  const answer = <T>(value: T): T => {
    if (given.silent) throw new Error("no answer");
    return value;
  };
  return {
    mayHaveSigned: (signature) => signature === "signed",
    verify: async () => given.verified ?? anEvent(),
    findingsOf: async () => answer({ findings: given.findings ?? [], refundsElsewhere: given.refundsElsewhere ?? [] }),
    bookingOf: async () => answer(given.findings?.[0]?.bookingId ?? newSale().bookingId),
    between: async (fromMs, toMs) => {
      world.spans.push([nowMs - fromMs, nowMs - toMs]);
      return answer({ findings: world.spans.length === 1 ? (given.findings ?? []) : [], complete: true });
    },
  };
}

function inboxOf(world: Omit<World, "deps">): ProviderInbox {
  const row = (id: string) =>
    world.inbox.get(id) ?? { event: anEvent({ id }), tries: 0, dueAtMs: 0, settledAtMs: null };
  return {
    note: async (event, _nowMs, dueAtMs) => {
      const known = world.inbox.get(event.id);
      if (!known) world.inbox.set(event.id, { event, tries: 0, dueAtMs, settledAtMs: null });
      return known?.settledAtMs == null ? "due" : "settled";
    },
    markSettled: async (id, settledAtMs) => void world.inbox.set(id, { ...row(id), settledAtMs }),
    postpone: async (id, dueAtMs) => void world.inbox.set(id, { ...row(id), tries: row(id).tries + 1, dueAtMs }),
    reopen: async (id, dueAtMs) => {
      if (world.inbox.has(id)) world.inbox.set(id, { ...row(id), tries: 0, dueAtMs, settledAtMs: null });
      return world.inbox.has(id);
    },
    unsettled: async (nowMs) =>
      [...world.inbox.values()]
        .filter(({ settledAtMs, dueAtMs }) => settledAtMs === null && dueAtMs <= nowMs)
        .map(({ event, tries }) => ({ ...event, tries })),
    purge: async (beforeMs) => void world.purged.push(beforeMs),
  };
}

function anEvent(change: Partial<ProviderEvent> = {}): ProviderEvent {
  return {
    id: "evt_1",
    type: "payment_intent.succeeded",
    createdAtMs: NOW,
    intentId: INTENT,
    dispute: null,
    ...change,
  };
}

const CAPTURED: Outcome = {
  type: "captured",
  intentId: INTENT,
  transactionId: "ch_1",
  amountMinor: 1,
  currency: "GBP",
};
const AUTHORISED: Outcome = { type: "authorised", intentId: INTENT, amountMinor: 1, currency: "GBP" };
const REFUND_FAILED: Outcome = { type: "refund-failed", refundId: "re_1", reason: "expired_or_canceled_card" };

function aFinding(outcome: Outcome, kind: ProviderFinding["kind"] = "capture", n = 1): ProviderFinding {
  return { bookingId: newSale().bookingId, kind, n, outcome };
}

describe("a delivery", () => {
  it("is noted before it is worked on, due once whoever noted it has had a turn", async () => {
    const { deps, inbox, settled } = worldOf();
    expect(await noteDelivery(deps, BODY, "signed", NOW)).toEqual({ ok: true, value: anEvent() });
    expect(inbox.get("evt_1")).toMatchObject({ dueAtMs: NOW + 30 * SECOND, settledAtMs: null });
    expect(settled).toEqual([]);
  });

  it.each([
    ["forged", "WEBHOOK_SIGNATURE_INVALID"],
    ["wrong-mode", "VALIDATION_ERROR"],
  ] as const)("that is %s leaves no trace", async (verified, code) => {
    const { deps, inbox } = worldOf({ verified });
    expect(await noteDelivery(deps, BODY, "signed", NOW)).toMatchObject({ ok: false, refusal: { code } });
    expect(inbox.size).toBe(0);
  });

  it("of something that is not ours is accepted without a trace", async () => {
    const { deps, inbox } = worldOf({ verified: anEvent({ type: "customer.created", intentId: null }) });
    expect(await noteDelivery(deps, BODY, "signed", NOW)).toEqual({ ok: true, value: null });
    expect(inbox.size).toBe(0);
  });

  it("under the simulator finds nobody", async () => {
    const { deps } = worldOf();
    const simulated = { ...deps, providerNews: null };
    expect(await noteDelivery(simulated, BODY, "signed", NOW)).toMatchObject({ refusal: { code: "NOT_FOUND" } });
    expect(expectDelivery(simulated, null)).toMatchObject({ refusal: { code: "NOT_FOUND" } });
  });

  it("is read only if its signature may be the provider's", () => {
    const { deps } = worldOf();
    expect(expectDelivery(deps, "signed")).toMatchObject({ ok: true });
    expect(expectDelivery(deps, "forged")).toMatchObject({ refusal: { code: "WEBHOOK_SIGNATURE_INVALID" } });
  });

  it("that comes again after it was settled is not worked on again", async () => {
    const { deps } = worldOf();
    await settleDelivery(deps, anEvent(), 0);
    expect(await noteDelivery(deps, BODY, "signed", NOW)).toEqual({ ok: true, value: null });
  });

  it("that comes again while it is due is worked on again", async () => {
    const { deps } = worldOf();
    await noteDelivery(deps, BODY, "signed", NOW);
    expect(await noteDelivery(deps, BODY, "signed", NOW)).toEqual({ ok: true, value: anEvent() });
  });
});

describe("settling a delivery", () => {
  it("tells the box office what is so, under the effect's own name", async () => {
    const finding = aFinding(AUTHORISED, "authorise", 3);
    const { deps, settled, inbox } = worldOf({ findings: [finding] });
    await settleDelivery(deps, anEvent(), 0);
    expect(settled).toMatchObject([
      { effect: `${finding.bookingId}:authorise:3`, outcome: AUTHORISED, actor: "provider" },
    ]);
    expect(inbox.get("evt_1")).toMatchObject({ settledAtMs: NOW });
  });

  it.each([
    [0, 10 * SECOND],
    [1, 20 * SECOND],
    [20, HOUR],
  ])("that fails for the %i. time leaves it due again", async (tries, afterMs) => {
    const { deps, inbox, lines } = worldOf({ silent: true });
    await settleDelivery(deps, anEvent(), tries);
    expect(inbox.get("evt_1")).toMatchObject({ settledAtMs: null, dueAtMs: NOW + afterMs });
    expect(lines).toMatchObject([{ level: "warn" }]);
  });

  it("of an event of another product does nothing, silently", async () => {
    const { deps, inbox, lines } = worldOf({ findings: [aFinding(CAPTURED)], reply: null });
    await settleDelivery(deps, anEvent(), 0);
    expect(inbox.get("evt_1")).toMatchObject({ settledAtMs: NOW });
    expect(lines).toEqual([]);
  });

  it("of a booking that its own event does not know is alarmed", async () => {
    const reply = { ok: false, refusal: { code: "BOOKING_NOT_FOUND", id: "bkg" } };
    const { deps, lines } = worldOf({ findings: [aFinding(CAPTURED)], reply });
    await settleDelivery(deps, anEvent(), 0);
    expect(lines).toMatchObject([{ level: "error", message: "money of a booking nobody knows" }]);
  });
});

describe("a box office that did not take the news", () => {
  const reply = { ok: false, refusal: { code: "OVERLOADED", retryAfterMs: SECOND } };

  it("said nothing about the booking: the delivery stays open", async () => {
    const { deps, inbox, letters, lines } = worldOf({ findings: [aFinding(REFUND_FAILED, "refund")], reply });
    await settleDelivery(deps, anEvent(), 0);
    expect(inbox.get("evt_1")).toMatchObject({ settledAtMs: null, dueAtMs: NOW + 10 * SECOND });
    expect([letters, lines]).toEqual([[], [{ level: "warn", message: "a delivery was not settled" }]]);
  });

  it("is asked again by the next look", async () => {
    const { deps, lines } = worldOf({ findings: [aFinding(CAPTURED)], reply });
    await reconcile(deps, NOW);
    expect(lines).toEqual([{ level: "warn", message: "a finding was not settled" }]);
  });
});

describe("what people must see to", () => {
  it("a failed refund is told once, as a letter whose replay asks for it again", async () => {
    const finding = aFinding(REFUND_FAILED, "refund", 2);
    const effect = `${finding.bookingId}:refund:2`;
    const { deps, letters, lines } = worldOf({ findings: [finding] });
    await settleDelivery(deps, anEvent({ type: "refund.failed" }), 0);
    await settleDelivery(deps, anEvent({ type: "refund.updated" }), 0);
    expect(letters).toMatchObject([{ queue: "booking-saga", reason: expect.stringContaining("expired_or_canceled") }]);
    expect(JSON.parse(letters[0]?.body ?? "")).toMatchObject({ effects: [effect] });
    expect(lines.filter(({ level }) => level === "error")).toHaveLength(1);
  });

  it("a failed refund that was asked for again since is not opened anew by old news of it", async () => {
    const { deps, letters } = worldOf({ findings: [aFinding(REFUND_FAILED, "refund")] });
    await settleDelivery(deps, anEvent({ type: "refund.failed" }), 0);
    letters[0] = { ...(letters[0] as DeadLetter), replayedAtMs: NOW };
    await settleDelivery(deps, anEvent({ id: "evt_2", type: "refund.updated" }), 0);
    expect(letters).toMatchObject([{ replayedAtMs: NOW }]);
  });

  it("a failed refund that nobody could be told of leaves its delivery open", async () => {
    const { deps, letters, inbox } = worldOf({ findings: [aFinding(REFUND_FAILED, "refund")] });
    const deaf = { ...deps.deadLetters, note: () => Promise.reject(new Error("no answer")) };
    await settleDelivery({ ...deps, deadLetters: deaf }, anEvent({ type: "refund.failed" }), 0);
    expect(inbox.get("evt_1")).toMatchObject({ settledAtMs: null, dueAtMs: NOW + 10 * SECOND });
    await settleDelivery(deps, anEvent({ type: "refund.failed" }), 1);
    expect([letters.length, inbox.get("evt_1")?.settledAtMs]).toEqual([1, NOW]);
  });

  it("a dispute is told when it opens and when it closes", async () => {
    const { deps, letters } = worldOf();
    const dispute = { id: "du_1", reason: "fraudulent", amountMinor: 1, currency: "GBP" };
    for (const status of ["needs_response", "lost"]) {
      await settleDelivery(deps, anEvent({ dispute: { ...dispute, status } }), 0);
    }
    expect(letters.map(({ id, queue }) => [id, queue])).toEqual([
      ["dispute:du_1:needs_response", "provider-disputes"],
      ["dispute:du_1:lost", "provider-disputes"],
    ]);
  });

  it("money that was refunded elsewhere is told", async () => {
    const refund = { refundId: "re_9", bookingId: newSale().bookingId, amountMinor: 5, currency: "GBP" };
    const { deps, letters } = worldOf({ refundsElsewhere: [refund] });
    await settleDelivery(deps, anEvent({ type: "charge.refunded" }), 0);
    expect(letters).toMatchObject([{ id: "refund-elsewhere:re_9", queue: "provider-refunds" }]);
  });
});

describe("the sweep", () => {
  it("settles what nobody settled, and nothing that is not due", async () => {
    const finding = aFinding(CAPTURED);
    const { deps, inbox, settled } = worldOf({ findings: [finding] });
    inbox.set("evt_1", { event: anEvent(), tries: 2, dueAtMs: NOW, settledAtMs: null });
    inbox.set("evt_2", { event: anEvent({ id: "evt_2" }), tries: 0, dueAtMs: NOW + 1, settledAtMs: null });
    await sweepProviderInbox(deps, NOW);
    expect(settled).toHaveLength(1);
    expect([...inbox.values()].map(({ settledAtMs }) => settledAtMs)).toEqual([NOW, null]);
  });

  it("forgets some of what was settled a month ago, every time", async () => {
    const { deps, purged } = worldOf();
    await sweepProviderInbox(deps, NOW);
    await sweepProviderInbox(deps, NOW + MINUTE);
    expect(purged).toEqual([NOW - 30 * DAY, NOW + MINUTE - 30 * DAY]);
  });

  /** Tries it as often as it is due, with nothing between. */
  async function triesUntilOver(world: World): Promise<number> {
    await noteDelivery(world.deps, BODY, "signed", NOW);
    let tries = 0;
    for (; world.inbox.get("evt_1")?.settledAtMs === null && tries < 1_000; tries++) {
      await settleDelivery(world.deps, anEvent(), world.inbox.get("evt_1")?.tries ?? 0);
    }
    return tries;
  }

  it("gives up after about three days what can never be settled, and a person is told", async () => {
    const world = worldOf({ silent: true });
    const tries = await triesUntilOver(world);
    const waitedMs = Array.from({ length: tries - 1 }, (_, n) => Math.min(HOUR, 10 * SECOND * 2 ** Math.min(n, 10)));
    expect(waitedMs.reduce((sum, ms) => sum + ms, 0) / DAY).toBeCloseTo(3, 0);
    expect(world.letters).toMatchObject([{ id: "delivery:evt_1", queue: "provider-news", attempts: tries }]);
    expect(await world.deps.providerInbox.unsettled(NOW + DAY, 10)).toEqual([]);
  });

  it("goes on trying while nobody can be told", async () => {
    const world = worldOf({ silent: true });
    const { note } = world.deps.deadLetters;
    Object.assign(world.deps.deadLetters, { note: () => Promise.reject(new Error("no answer")) });
    expect(await triesUntilOver(world)).toBe(1_000);
    expect(world.inbox.get("evt_1")).toMatchObject({ dueAtMs: NOW + HOUR });
    Object.assign(world.deps.deadLetters, { note });
    await settleDelivery(world.deps, anEvent(), 1_000);
    expect(world.letters).toHaveLength(1);
  });

  it("tries what was given up from the beginning when it is replayed", async () => {
    const world = worldOf({ silent: true });
    await triesUntilOver(world);
    const deps = { ...world.deps, queues: { notify: async () => {} } };
    Object.assign(deps.deadLetters, { markReplayed: async () => {} });
    const origin = { actor: "usr_admin", requestId: "req_1" };
    expect(await replayDeadLetter(deps as never, "delivery:evt_1", origin)).toMatchObject({ ok: true });
    expect(await deps.providerInbox.unsettled(NOW, 10)).toMatchObject([{ id: "evt_1", tries: 0 }]);
    world.inbox.clear();
    const refused = await replayDeadLetter(deps as never, "delivery:evt_1", origin);
    expect(refused).toMatchObject({ refusal: { code: "NOTHING_TO_REPLAY" } });
  });
});

describe("reconciliation", () => {
  it.each<[Outcome, BookingStatus | undefined, boolean]>([
    [CAPTURED, "CONFIRMED", false],
    [CAPTURED, "CANCELLED", false],
    [CAPTURED, "PENDING", true],
    [CAPTURED, "EXPIRED", true],
    [CAPTURED, undefined, true],
    [AUTHORISED, "EXPIRED", true],
    [AUTHORISED, "CONFIRMED", true],
    [{ type: "voided", intentId: INTENT }, "EXPIRED", false],
    [{ type: "voided", intentId: INTENT }, "PAYMENT_PENDING", true],
    [{ type: "declined", intentId: INTENT, reason: "x" }, "FAILED", false],
    [{ type: "declined", intentId: INTENT, reason: "x" }, "PENDING", true],
    [REFUND_FAILED, "CANCELLED", true],
  ])("of %o with a booking that is %s is news: %s", async (outcome, status, isNews) => {
    const finding = aFinding(outcome, outcome.type === "refund-failed" ? "refund" : "capture");
    const statuses = new Map(status ? [[finding.bookingId, status]] : []);
    const { deps, settled } = worldOf({ findings: [finding], statuses });
    await reconcile(deps, NOW);
    expect(settled).toHaveLength(isNews ? 1 : 0);
  });

  it("one that cannot be settled does not stop the others", async () => {
    const findings = [aFinding(CAPTURED), aFinding(CAPTURED)];
    const { deps, settled, lines } = worldOf({ findings });
    const { send } = deps.boxOffices;
    let first = true;
    const failing = async (...args: Parameters<typeof send>) => {
      if (first) {
        first = false;
        throw new Error("overloaded");
      }
      return await send(...args);
    };
    await reconcile({ ...deps, boxOffices: { ...deps.boxOffices, send: failing as typeof send } }, NOW);
    expect(settled).toHaveLength(1);
    expect(lines).toMatchObject([{ level: "warn", message: "a finding was not settled" }]);
  });

  it.each([1, 2, 3])(
    "settles what the other slices hold when the provider does not tell of the %i.",
    async (silent) => {
      const { deps, settled, lines } = worldOf();
      let asked = 0;
      const between: ProviderNews["between"] = async () => {
        asked += 1;
        if (asked === silent) throw new Error("no answer");
        return { findings: [aFinding(CAPTURED)], complete: true };
      };
      await reconcile({ ...deps, providerNews: { ...(deps.providerNews as ProviderNews), between } }, NOW);
      expect(settled).toHaveLength(2);
      expect(lines).toEqual([{ level: "error", message: "a slice of what the provider holds was not compared" }]);
    },
  );

  it("looks at everything of the last two hours within twelve minutes, and of the last month within a day", async () => {
    const recent = new Set<number>();
    const old = new Set<number>();
    for (let minute = 0; minute < 24 * 60; minute++) {
      const { deps, spans } = worldOf({ nowMs: NOW + minute * MINUTE });
      await reconcile(deps, NOW + minute * MINUTE);
      const [fresh, recentSpan, oldSpan] = spans;
      expect(fresh).toEqual([5 * MINUTE, 30 * SECOND]);
      if (minute < 12) recent.add(Math.floor((recentSpan?.[1] ?? 0) / (10 * MINUTE)));
      old.add(Math.floor((oldSpan?.[1] ?? 0) / HOUR));
    }
    expect(recent.size).toBe(12);
    expect(old.size).toBe(30 * 24);
  });

  it("of nothing does nothing under the simulator", async () => {
    const { deps, spans } = worldOf();
    await reconcile({ ...deps, providerNews: null }, NOW);
    await sweepProviderInbox({ ...deps, providerNews: null }, NOW);
    expect(spans).toEqual([]);
  });
});
