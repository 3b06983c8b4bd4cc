// What a consumer does for a box office, over a real one in memory: an answer is told where it must be before the
// box office forgets that it waits for it, so no death in between loses money.

import { describe, expect, it } from "vitest";
import { replayDeadLetter } from "../../src/app/admin";
import { doEffects, type EffectDeps } from "../../src/app/effects";
import type { DeadLetter, NewDeadLetter } from "../../src/app/ports";
import type { Command, Outcome } from "../../src/domain/box-office/commands";
import { takeOutgoing } from "../../src/domain/box-office/effects";
import { MINUTE } from "../../src/domain/time";
import { consumeSaga } from "../../src/queues/booking-saga";
import { recordingLog } from "../stripe/asking";
import { anEvent, aUser, authorisedOutcome, capturedOutcome, type Office, openOffice } from "./box-office-builder";

/** Consumers of one office. What a call is to do first stands in `before`: nothing, fail, or never come back. */
function consumers(office: Office, answers: Partial<Record<"refund", Outcome>> = {}) {
  const letters = new Map<string, DeadLetter>();
  const log = recordingLog();
  const before: Record<string, () => Promise<void> | void> = {};
  const call = async <T>(port: string, effect: () => T): Promise<T> => {
    await before[port]?.();
    return effect();
  };
  const deps = {
    log,
    clock: { nowMs: () => office.nowMs },
    boxOffices: { send: (_: string, command: Command) => call(command.type, () => office.send(command)) },
    payments: { refund: () => call("refund", () => answers.refund) },
    bookings: { project: async () => [] },
    events: { saveAvailability: async () => {} },
    deadLetters: {
      byId: (id: string) => call("byId", () => letters.get(id) ?? null),
      note: (letter: NewDeadLetter) =>
        call("note", () => {
          const isNew = letters.get(letter.id)?.replayedAtMs !== null;
          if (isNew) letters.set(letter.id, { ...letter, replayedAtMs: null, closedAtMs: null });
          return isNew;
        }),
      markReplayed: (id: string, replayedAtMs: number) =>
        call("markReplayed", () => void letters.set(id, { ...(letters.get(id) as DeadLetter), replayedAtMs })),
    },
    queues: { notify: async () => {} },
  } as unknown as EffectDeps & Parameters<typeof replayDeadLetter>[0];
  return { deps, letters, before, log };
}

const fails = () => Promise.reject(new Error("no answer"));
const dies = () => new Promise<void>(() => {});

/** A booking that was paid and cancelled, its refund under way. */
function cancelled() {
  const office = openOffice();
  const user = aUser();
  const id = office.book(user, ["A1"]);
  office.settle(`${id}:capture:1`, capturedOutcome(25_000));
  office.ok({ type: "cancel", bookingId: id, userId: user, seatIds: null });
  return { office, id, effect: `${id}:refund:1` };
}

const REFUSED: Outcome = { type: "refund-failed", refundId: null, reason: "charge_disputed" };

describe("a refund that the provider refuses", () => {
  const refundOf = ({ office, id }: ReturnType<typeof cancelled>) => office.booking(id).payment?.refunds[0]?.state;

  it("is told, then settled", async () => {
    const sale = cancelled();
    const { deps, letters, log } = consumers(sale.office, { refund: REFUSED });
    await doEffects(deps, sale.office.code, [sale.effect]);
    expect([...letters.values()]).toMatchObject([{ reason: "the refund failed: charge_disputed" }]);
    expect(refundOf(sale)).toBe("failed");
    expect(log.lines.filter(({ level }) => level === "error")).toHaveLength(1);
  });

  it("stays due while nobody can be told of it", async () => {
    const sale = cancelled();
    const { deps, letters, before } = consumers(sale.office, { refund: REFUSED });
    before["note"] = fails;
    await doEffects(deps, sale.office.code, [sale.effect]);
    expect([letters.size, refundOf(sale)]).toEqual([0, "due"]);
    sale.office.pass(MINUTE);
    expect(takeOutgoing(sale.office.state, sale.office.nowMs, true).now).toContain(sale.effect);
    delete before["note"];
    await doEffects(deps, sale.office.code, [sale.effect]);
    expect([letters.size, refundOf(sale)]).toEqual([1, "failed"]);
  });

  it.each(["note", "settle"])("is not forgotten when its consumer dies before it asked for %s", async (port) => {
    const sale = cancelled();
    const { deps, letters, before } = consumers(sale.office, { refund: REFUSED });
    before[port] = dies;
    void doEffects(deps, sale.office.code, [sale.effect]);
    await new Promise((resolve) => setImmediate(resolve));
    expect(refundOf(sale)).toBe("due");
    delete before[port];
    sale.office.pass(MINUTE);
    await doEffects(deps, sale.office.code, [sale.effect]);
    expect([letters.size, refundOf(sale)]).toEqual([1, "failed"]);
  });
});

describe("a batch of messages", () => {
  const AT_ONCE = 5;
  const TAKES_MS = 300;

  /** As many bookings as make these messages, a provider that takes its time, and what became of each message. */
  function crowd(messages: number, effectsEach: number, takesMs = TAKES_MS) {
    const capacity = messages * effectsEach;
    const definition = anEvent({ tierInputs: [{ tier: "GENERAL", priceMinor: 1_000, capacity }] });
    const office = openOffice(definition, { bookingsPerMinute: 1_000 });
    const seats = [...office.state.geometry.ids].map((id) => id.slice("seat_".length));
    const ids = seats.map((seat) => office.book(aUser(), [seat]));
    const { deps, before, log } = consumers(office);
    const asked: string[] = [];
    let under = 0;
    let most = 0;
    const ask = (outcome: (id: string) => Outcome) => async (question: { bookingId: string }) => {
      asked.push(question.bookingId);
      most = Math.max(most, ++under);
      await new Promise((resolve) => setImmediate(resolve));
      office.nowMs += takesMs / AT_ONCE;
      under -= 1;
      return outcome(question.bookingId);
    };
    Object.assign(deps, {
      payments: { authorise: ask(() => authorisedOutcome(1_000)), capture: ask(() => capturedOutcome(1_000)) },
    });
    const fates = Array.from({ length: messages }, () => "open");
    const batch = {
      messages: Array.from({ length: messages }, (_, n) => ({
        body: {
          code: office.code,
          effects: ids.slice(n * effectsEach, (n + 1) * effectsEach).map((id) => `${id}:authorise:1`),
        },
        attempts: 1,
        ack: () => fates.splice(n, 1, "acknowledged"),
        retry: () => fates.splice(n, 1, "retried"),
      })),
    } as unknown as MessageBatch<unknown>;
    const status = (id: (typeof ids)[number]) => office.booking(id).status;
    return { office, ids, deps, before, log, asked, fates, batch, status, most: () => most };
  }

  it("asks the provider no more at once than the platform lets through, and each message in turn", async () => {
    const { ids, deps, asked, fates, batch, status, most } = crowd(4, 10);
    await consumeSaga(batch, deps);
    expect(most()).toBe(AT_ONCE);
    expect(asked.slice(0, 12).map((id) => Math.floor(ids.indexOf(id as never) / 10))).toEqual(
      expect.arrayContaining([0, 1, 2, 3]),
    );
    expect(new Set(ids.map(status))).toEqual(new Set(["CONFIRMED"]));
    expect(fates).toEqual(["acknowledged", "acknowledged", "acknowledged", "acknowledged"]);
  });

  it("hands back what would be asked after its lease, and it is due at once", async () => {
    const { office, ids, deps, asked, fates, batch } = crowd(20, 10, 1_000);
    await consumeSaga(batch, deps);
    const begun = new Set(asked);
    expect(begun.size).toBeGreaterThan(AT_ONCE);
    expect(begun.size).toBeLessThan(200);
    const waiting = ids.filter((id) => !begun.has(id)).map((id) => `${id}:authorise:1`);
    expect(takeOutgoing(office.state, office.nowMs, true).now).toEqual(expect.arrayContaining(waiting));
    expect(new Set(fates)).toEqual(new Set(["acknowledged"]));
  });

  it("retries the one that the box office did not take, and no other", async () => {
    const { deps, before, fates, batch } = crowd(3, 2);
    let claims = 0;
    before["claim"] = () => (++claims === 2 ? fails() : undefined);
    await consumeSaga(batch, deps);
    expect(fates).toEqual(["acknowledged", "retried", "acknowledged"]);
  });
});

describe("a replay", () => {
  const ORIGIN = { actor: "usr_admin", requestId: "req_replay" };
  const waiting = () => new Promise((resolve) => setImmediate(resolve));

  async function given(answers?: { readonly refund: Outcome }) {
    const sale = cancelled();
    const world = consumers(sale.office, answers ?? { refund: REFUSED });
    await doEffects(world.deps, sale.office.code, [sale.effect]);
    const [letter] = [...world.letters.values()] as [DeadLetter];
    const open = () => [...world.letters.values()].filter(({ replayedAtMs }) => replayedAtMs === null);
    const replay = (requestId = "req_1") => replayDeadLetter(world.deps, letter.id, { ...ORIGIN, requestId });
    return { ...sale, ...world, letter, open, replay };
  }

  it("of a refund that failed asks for it again, and its next failure is another letter", async () => {
    const { deps, office, id, replay, open } = await given();
    expect(await replay()).toMatchObject({ ok: true });
    expect(open()).toEqual([]);
    await doEffects(deps, office.code, [`${id}:refund:2`]);
    expect(open()).toMatchObject([{ id: `refund-failed:${id}:refund:2` }]);
  });

  it("of what is owed no more is refused, and leaves the letter as it is", async () => {
    const { office, id, replay, open, letter } = await given();
    office.ok({ type: "redrive", effects: [`${id}:refund:1`] });
    expect(await replay()).toMatchObject({ ok: false, refusal: { code: "NOTHING_TO_REPLAY" } });
    expect(open()).toEqual([letter]);
  });

  it("that a box office in trouble refuses is no replay", async () => {
    const { deps, replay, open, letter } = await given();
    const { send } = deps.boxOffices;
    const busy = async () => ({ ok: false, refusal: { code: "OVERLOADED", retryAfterMs: 1_000 } });
    Object.assign(deps.boxOffices, { send: busy });
    expect(await replay()).toMatchObject({ ok: false, refusal: { code: "OVERLOADED" } });
    Object.assign(deps.boxOffices, { send: async () => null });
    expect(await replay()).toMatchObject({ ok: false, refusal: { code: "EVENT_NOT_FOUND" } });
    expect(open()).toEqual([letter]);
    Object.assign(deps.boxOffices, { send });
    expect(await replay()).toMatchObject({ ok: true });
  });

  it("whose first answer was lost is known for what it began", async () => {
    const { before, replay, open } = await given();
    before["markReplayed"] = fails;
    await expect(replay()).rejects.toThrow();
    delete before["markReplayed"];
    expect(await replay()).toMatchObject({ ok: true });
    expect(open()).toEqual([]);
  });

  it("in vain opens the letter anew, so that somebody is told again", async () => {
    const sale = cancelled();
    const { deps, letters, before, log } = consumers(sale.office, { refund: REFUSED });
    before["settle"] = dies;
    void doEffects(deps, sale.office.code, [sale.effect]);
    await waiting();
    delete before["settle"];
    const [letter] = [...letters.values()] as [DeadLetter];
    sale.office.pass(MINUTE);
    expect(await replayDeadLetter(deps, letter.id, ORIGIN)).toMatchObject({ ok: true });
    await doEffects(deps, sale.office.code, [sale.effect]);
    expect([...letters.values()]).toEqual([{ ...letter, notedAtMs: sale.office.nowMs }]);
    expect(log.lines.filter(({ message }) => message === "a refund failed")).toHaveLength(2);
  });
});
