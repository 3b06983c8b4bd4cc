// What an intent does when its outcome does not come by itself: it looks again, for a while, then says so.

import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { payBooking } from "../../src/app/payments";
import type { BookingListing, Deps } from "../../src/app/ports";
import type { AttemptResult, Command } from "../../src/domain/box-office/commands";
import type { EventCode, UserId } from "../../src/domain/ids";

const CODE = "ABCD1234" as EventCode;
const BOOKING = `bkg_01HZ3KQ8R5${CODE}WXYZ5678`;
const ALICE = "usr_01HX9ABC4560000000000000AB" as UserId;
const ORIGIN = { actor: ALICE, requestId: "req_1", key: { scope: "s", fingerprint: "f" } };
const CARD = { token: "pm_card_visa", force: null };

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

/** A box office whose attempt comes to `results`, one a look; the last stays. */
function aWorld(change: {
  readonly results: readonly AttemptResult[];
  readonly replayed?: boolean;
  readonly provider?: "simulator" | "stripe";
  readonly environment?: "development" | "production";
}) {
  const record = { id: BOOKING, userId: ALICE, version: 3 };
  const sent: Command[] = [];
  let looks = 0;
  const boxOffices = {
    async send(_code: EventCode, command: Command) {
      sent.push(command);
      if (command.type === "pay") {
        const value = { attempt: 1, ...(!change.replayed && { work: [] }) };
        return { ok: true, value, ...(change.replayed && { replayed: true }) };
      }
      if (command.type !== "readAttempt") throw new Error(`not expected: ${command.type}`);
      const result = change.results[Math.min(looks++, change.results.length - 1)];
      return { ok: true, value: { record, clientSecret: "secret", attempt: 1, result } };
    },
  };
  const deps = {
    clock: { nowMs: () => Date.now() },
    boxOffices,
    bookings: { byId: async () => ({ record }) as unknown as BookingListing },
    payments: { name: change.provider ?? "simulator" },
    settings: { environment: change.environment ?? "development" },
  } as unknown as Deps;
  return { deps, sent, looks: () => looks };
}

describe("an intent", () => {
  it("looks again until the outcome is known", async () => {
    const { deps, sent, looks } = aWorld({ results: ["PROCESSING", "PROCESSING", "SUCCESS"], replayed: true });
    const paying = payBooking(deps, ALICE, { bookingId: BOOKING, method: CARD }, ORIGIN);
    await vi.advanceTimersByTimeAsync(1_000);
    expect(await paying).toMatchObject({ ok: true, value: { result: "SUCCESS", clientSecret: null } });
    expect(looks()).toBe(3);
    for (const command of sent.slice(1)) expect(command.key).toBeNull();
  });

  it("says after 20 seconds that it is not done, having looked a bounded number of times", async () => {
    const { deps, looks } = aWorld({ results: ["PROCESSING"] });
    const startedMs = Date.now();
    const paying = payBooking(deps, ALICE, { bookingId: BOOKING, method: CARD }, ORIGIN);
    await vi.advanceTimersByTimeAsync(20_000);
    expect(await paying).toMatchObject({ ok: true, value: { result: "PROCESSING" } });
    expect(Date.now() - startedMs).toBeLessThanOrEqual(20_000);
    expect(looks()).toBeLessThanOrEqual(15);
  });

  it("gives the client secret to the buyer only, and only where it is of use", async () => {
    const secretFor = async (userId: UserId | null, result: AttemptResult) => {
      const paid = await payBooking(
        aWorld({ results: [result] }).deps,
        userId,
        { bookingId: BOOKING, method: CARD },
        ORIGIN,
      );
      return paid.ok ? paid.value.clientSecret : paid.refusal;
    };
    expect(await secretFor(ALICE, "REQUIRES_ACTION")).toBe("secret");
    expect(await secretFor(null, "REQUIRES_ACTION")).toBeNull();
    expect(await secretFor(ALICE, "FAILED")).toBeNull();
  });

  it.each([
    { provider: "stripe", environment: "development" },
    { provider: "simulator", environment: "production" },
  ] as const)("forces nothing with %o, and asks nobody", async (where) => {
    const { deps, sent } = aWorld({ results: ["SUCCESS"], ...where });
    const method = { token: null, force: "success" } as const;
    const refused = await payBooking(deps, ALICE, { bookingId: BOOKING, method }, ORIGIN);
    expect(refused).toMatchObject({ ok: false, refusal: { code: "VALIDATION_ERROR", problems: [{ field: "force" }] } });
    expect(sent).toEqual([]);
  });
});
