// What a consumer does for a box office, over a real one in memory: an answer is told where it must be before the
// box office forgets that it waits for it, so no death in between loses money.

import { describe, expect, it } from "vitest";
import { doEffects, type EffectDeps } from "../../src/app/effects";
import type { DeadLetter } from "../../src/app/ports";
import type { Command, Outcome } from "../../src/domain/box-office/commands";
import { takeOutgoing } from "../../src/domain/box-office/effects";
import { MINUTE } from "../../src/domain/time";
import { recordingLog } from "../stripe/asking";
import { aUser, capturedOutcome, type Office, openOffice } from "./box-office-builder";

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
      note: (letter: DeadLetter) => call("note", () => void letters.set(letter.id, letter)),
    },
  } as unknown as EffectDeps;
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

  it.each(["byId", "note"])("stays due while nobody can be told of it (%s fails)", async (port) => {
    const sale = cancelled();
    const { deps, letters, before } = consumers(sale.office, { refund: REFUSED });
    before[port] = fails;
    await doEffects(deps, sale.office.code, [sale.effect]);
    expect([letters.size, refundOf(sale)]).toEqual([0, "due"]);
    sale.office.pass(MINUTE);
    expect(takeOutgoing(sale.office.state, sale.office.nowMs, true).now).toContain(sale.effect);
    delete before[port];
    await doEffects(deps, sale.office.code, [sale.effect]);
    expect([letters.size, refundOf(sale)]).toEqual([1, "failed"]);
  });

  it.each(["byId", "note", "settle"])(
    "is not forgotten when its consumer dies before it asked for %s",
    async (port) => {
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
    },
  );
});
