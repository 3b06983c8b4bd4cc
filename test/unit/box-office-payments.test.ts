// Money, word by word: what each piece of news makes of an attempt, of its booking and of what is told to whom.

import { describe, expect, it } from "vitest";
import type { Outcome, PaymentMethod } from "../../src/domain/box-office/commands";
import { owedEffects } from "../../src/domain/box-office/execute";
import type { Fact } from "../../src/domain/box-office/state";
import { type BookingId, lockIdOf, paymentIdOf, type UserId } from "../../src/domain/ids";
import { MINUTE, SECOND } from "../../src/domain/time";
import {
  anEvent,
  aUser,
  authorisedOutcome,
  CARD,
  capturedOutcome,
  type Office,
  openOffice,
  seatIds,
} from "./box-office-builder";

const PRICE = 25_000;
const DECLINED = { type: "declined", intentId: "pi_1", reason: "no" } as const;
const VOIDED = { type: "voided", intentId: null } as const;
const CHALLENGED = { type: "challenged", intentId: "pi_1", clientSecret: "secret" } as const;
const UNANSWERED = { type: "unanswered", reason: "silence" } as const;

interface Case {
  readonly office: Office;
  readonly id: BookingId;
  readonly user: UserId;
}

function waiting(): Case {
  const office = openOffice();
  const user = aUser();
  return { office, user, id: office.book(user, ["A1"], null) };
}

function paying(method: PaymentMethod = CARD): Case {
  const it = waiting();
  it.office.ok({ type: "pay", bookingId: it.id, userId: it.user, method, requestId: "req_pay" });
  return it;
}

/** Made with its card, which is its only try. */
function booked(): Case {
  const office = openOffice();
  const user = aUser();
  return { office, user, id: office.book(user, ["A1"]) };
}

function factsOf({ office }: Case): readonly Fact[] {
  return office.changes.journal.flatMap(({ facts }) => facts);
}

function refusalOf(office: Office, command: Parameters<Office["send"]>[0]) {
  const reply = office.send(command);
  if (reply.ok || "notDefined" in reply) throw new Error(`not refused: ${JSON.stringify(reply)}`);
  return reply.refusal;
}

const hear = ({ office, id }: Case, outcome: Outcome, n = 1) => office.settle(`${id}:authorise:${n}`, outcome);
const pay = ({ office, id, user }: Case, changes: object = {}) =>
  ({ type: "pay", bookingId: id, userId: user, method: CARD, requestId: office.lockId(), ...changes }) as const;
const attempts = ({ office, id }: Case) => office.booking(id).payment?.attempts ?? [];
const record = ({ office, id }: Case) => office.ok({ type: "readBooking", bookingId: id }).record;
const result = ({ office, id }: Case, attempt = 1) => office.ok({ type: "readAttempt", bookingId: id, attempt }).result;
const moneyOwed = ({ office, id }: Case) =>
  owedEffects(office.state).filter((effect) => effect.startsWith(id) && !effect.endsWith("project"));

describe("paying", () => {
  it("starts an attempt, hands its work to whoever asked, and keeps the token until it is answered", () => {
    const it = waiting();
    const { attempt, work } = it.office.ok(pay(it, { requestId: "req_pay" }));
    expect(attempt).toBe(1);
    expect(work).toEqual([
      {
        kind: "authorise",
        effect: `${it.id}:authorise:1`,
        bookingId: it.id,
        attempt: 1,
        startedAtMs: it.office.nowMs,
        amountMinor: PRICE,
        currency: "GBP",
        token: "pm_card_visa",
        force: null,
      },
      expect.objectContaining({ kind: "project" }),
    ]);
    expect(it.office.booking(it.id).payment).toEqual({
      id: paymentIdOf(it.id),
      attempts: [
        {
          n: 1,
          requestId: "req_pay",
          state: "asked",
          token: "pm_card_visa",
          force: null,
          startedAtMs: it.office.nowMs,
          intentId: null,
          transactionId: null,
          clientSecret: null,
          failure: null,
          unwanted: false,
        },
      ],
      refunds: [],
      processedAtMs: null,
    });
    expect(it.office.booking(it.id).status).toBe("PAYMENT_PENDING");
    expect(factsOf(it)).toEqual([{ type: "payment.started", bookingId: it.id, detail: { attempt: 1 } }]);
  });

  it("is recognised when the same request comes again", () => {
    const it = paying();
    expect(it.office.ok(pay(it, { requestId: "req_pay" }))).toEqual({ attempt: 1, work: [] });
    hear(it, UNANSWERED);
    it.office.ok(pay(it, { requestId: "req_next" }));
    expect(it.office.ok(pay(it, { requestId: "req_next" }))).toEqual({ attempt: 2, work: [] });
    expect(attempts(it)).toHaveLength(1);
  });

  it("is for the buyer, or in the dialect for whoever knows the booking", () => {
    const it = waiting();
    expect(refusalOf(it.office, pay(it, { userId: aUser() }))).toEqual({ code: "FORBIDDEN" });
    const unknown = it.office.bookingId();
    expect(refusalOf(it.office, pay(it, { bookingId: unknown }))).toEqual({ code: "BOOKING_NOT_FOUND", id: unknown });
    expect(it.office.ok(pay(it, { userId: null })).attempt).toBe(1);
  });

  it("of what is over is refused with the booking's status", () => {
    const it = booked();
    hear(it, DECLINED);
    expect(refusalOf(it.office, pay(it))).toEqual({ code: "PAYMENT_NOT_ALLOWED", status: "FAILED" });
  });

  it("may be tried five times, and no more", () => {
    const it = waiting();
    for (let n = 1; n <= 5; n++) {
      expect(it.office.ok(pay(it)).attempt).toBe(n);
      hear(it, DECLINED, n);
    }
    expect(refusalOf(it.office, pay(it))).toEqual({
      code: "PAYMENT_NOT_ALLOWED",
      status: "PAYMENT_PENDING",
      attempts: 5,
    });
  });

  it("waits for the attempt before it, unless that one is not answered: then it is voided first", () => {
    const it = paying();
    expect(refusalOf(it.office, pay(it)).code).toBe("PAYMENT_IN_PROGRESS");
    hear(it, UNANSWERED);
    it.office.pass(MINUTE);
    const method = { token: "pm_other", force: null };
    const { attempt, work } = it.office.ok(pay(it, { requestId: "req_next", method }));
    expect(attempt).toBe(2);
    expect(work.map(({ kind }) => kind)).toEqual(["void", "project"]);
    expect(factsOf(it)).toEqual([{ type: "payment.voiding", bookingId: it.id, detail: { attempt: 1 } }]);
    expect(it.office.booking(it.id)).toMatchObject({ phase: "voiding", nextTry: { ...method, requestId: "req_next" } });
    expect(result(it, 2)).toBe("PROCESSING");
    expect(refusalOf(it.office, pay(it)).code).toBe("PAYMENT_IN_PROGRESS");
    const next = it.office.settle(`${it.id}:void:1`, VOIDED);
    expect(next.map(({ effect }) => effect)).toContain(`${it.id}:authorise:2`);
    expect(attempts(it)[1]).toMatchObject({ n: 2, token: "pm_other", requestId: "req_next", state: "asked" });
    expect(it.office.booking(it.id)).toMatchObject({ phase: "paying", nextTry: null });
  });

  it("drops the card that was to come next when the window closes first, and then lets the provider be silent", () => {
    const it = paying();
    hear(it, UNANSWERED);
    it.office.pass(9 * MINUTE);
    it.office.ok(pay(it));
    it.office.pass(MINUTE);
    it.office.ok({ type: "wake" });
    expect(it.office.changes.journal).toEqual([]);
    expect(it.office.booking(it.id)).toMatchObject({ phase: "voiding", nextTry: null });
    expect(it.office.status("A1")).toBe("L");
    it.office.settle(`${it.id}:void:1`, VOIDED);
    expect(it.office.booking(it.id).status).toBe("EXPIRED");
    expect(attempts(it)).toHaveLength(1);
  });

  it("of nothing succeeds by itself, unless a failure is asked for", () => {
    const office = openOffice(anEvent({ tierInputs: [{ tier: "GENERAL", priceMinor: 0, capacity: 5 }] }));
    const user = aUser();
    const start = (seat: string): Case => {
      const id = office.bookingId();
      office.ok({ type: "confirm", bookingId: id, lockId: office.hold(user, seat), userId: user });
      // Whoever confirmed tells D1 of that first.
      office.pass(MINUTE);
      return { office, user, id };
    };
    const free = start("A1");
    const paidFree = office.ok(pay(free));
    expect(paidFree).toMatchObject({ attempt: 1, work: [{ kind: "project" }] });
    expect(factsOf(free).map(({ type }) => type)).toEqual(["payment.started", "booking.confirmed"]);
    expect(record(free)).toMatchObject({
      status: "CONFIRMED",
      payment: { status: "SUCCESS", amountMinor: 0, processedAtMs: office.nowMs, attempts: 1 },
    });
    expect(attempts(free)[0]).toMatchObject({ state: "captured", token: null });
    const forced = start("A2");
    office.ok(pay(forced, { method: { token: null, force: "success" } }));
    expect(record(forced).status).toBe("CONFIRMED");
    const failing = start("A3");
    const asked = office.ok(pay(failing, { method: { token: null, force: "failure" } }));
    expect(asked.work.map(({ kind }) => kind)).toEqual(["authorise", "project"]);
    expect(record(failing).status).toBe("PAYMENT_PENDING");
  });
});

describe("what the buyer is told of an attempt", () => {
  it.each([
    ["asked", [], "PROCESSING", "PENDING"],
    ["not answered", [UNANSWERED], "TIMEOUT", "PENDING"],
    ["challenged", [CHALLENGED], "REQUIRES_ACTION", "REQUIRES_ACTION"],
    ["authorised", [authorisedOutcome(PRICE)], "PROCESSING", "AUTHORISED"],
    ["captured", [capturedOutcome(PRICE)], "SUCCESS", "SUCCESS"],
    ["declined", [DECLINED], "FAILED", "FAILED"],
    ["voided", [VOIDED], "FAILED", "CANCELLED"],
    ["authorised in another amount", [authorisedOutcome(1)], "FAILED", "CANCELLED"],
    ["captured in another amount", [capturedOutcome(1)], "FAILED", "REFUND_PENDING"],
  ] as const)("that was %s", (_, news, expected, status) => {
    const it = paying();
    for (const outcome of news) hear(it, outcome);
    expect(result(it)).toBe(expected);
    expect(record(it).payment?.status).toBe(status);
  });

  it("is that attempt's, whatever became of a later one", () => {
    const it = paying();
    hear(it, DECLINED);
    it.office.ok(pay(it));
    expect([result(it, 1), result(it, 2)]).toEqual(["FAILED", "PROCESSING"]);
  });

  it("is the latest one's where the one asked for never came to be, and nothing where none was", () => {
    const it = paying();
    hear(it, DECLINED);
    expect(it.office.ok({ type: "readAttempt", bookingId: it.id, attempt: 2 })).toMatchObject({
      attempt: 1,
      result: "FAILED",
    });
    const none = waiting();
    expect(refusalOf(none.office, { type: "readAttempt", bookingId: none.id, attempt: 1 })).toEqual({
      code: "PAYMENT_NOT_FOUND",
      id: none.id,
    });
    const unknown = none.office.bookingId();
    expect(refusalOf(none.office, { type: "readAttempt", bookingId: unknown, attempt: 1 })).toEqual({
      code: "BOOKING_NOT_FOUND",
      id: unknown,
    });
  });

  it("names the client's secret only while the challenge is open", () => {
    const it = paying();
    const secret = () => it.office.ok({ type: "readBooking", bookingId: it.id }).clientSecret;
    expect(secret()).toBeNull();
    hear(it, CHALLENGED);
    expect(secret()).toBe("secret");
    expect(it.office.ok({ type: "readAttempt", bookingId: it.id, attempt: 1 }).clientSecret).toBe("secret");
    it.office.pass(10 * MINUTE);
    expect(secret()).toBeNull();
    hear(it, authorisedOutcome(PRICE));
    expect(attempts(it)[0]).toMatchObject({ clientSecret: null });
  });
});

describe("news of an attempt", () => {
  it("that is authorised: its seats are reserved, its capture is due, the token is gone", () => {
    const it = paying();
    const work = hear(it, authorisedOutcome(PRICE));
    expect(factsOf(it)).toEqual([{ type: "payment.authorised", bookingId: it.id, detail: { attempt: 1 } }]);
    expect(work[0]).toEqual({
      kind: "capture",
      effect: `${it.id}:capture:1`,
      bookingId: it.id,
      attempt: 1,
      startedAtMs: it.office.nowMs,
      amountMinor: PRICE,
      currency: "GBP",
      intentId: "pi_1",
      force: null,
      unwanted: false,
    });
    expect(attempts(it)[0]).toMatchObject({ state: "authorised", token: null, intentId: "pi_1" });
    it.office.ok({ type: "wake" });
    hear(it, authorisedOutcome(PRICE));
    expect(it.office.changes.journal).toEqual([]);
  });

  it("that is captured: the booking is confirmed with its mail, and hearing it again changes nothing", () => {
    const it = paying();
    it.office.pass(SECOND);
    hear(it, capturedOutcome(PRICE));
    expect(factsOf(it)).toEqual([
      {
        type: "payment.processed",
        bookingId: it.id,
        detail: { status: "SUCCESS", attempt: 1, amountMinor: PRICE, currency: "GBP" },
      },
      { type: "booking.confirmed", lockId: lockIdOf(it.id), bookingId: it.id, seats: [0] },
    ]);
    expect(record(it)).toMatchObject({
      status: "CONFIRMED",
      confirmedAtMs: it.office.nowMs,
      payment: {
        id: paymentIdOf(it.id),
        status: "SUCCESS",
        amountMinor: PRICE,
        currency: "GBP",
        refundedMinor: 0,
        transactionId: "ch_1",
        processedAtMs: it.office.nowMs,
        attempts: 1,
        failure: null,
      },
      notices: [{ type: "BOOKING_CONFIRMED", seatIds: ["seat_A1"], refundMinor: 0, atMs: it.office.nowMs }],
    });
    hear(it, capturedOutcome(PRICE));
    expect(it.office.changes.journal).toEqual([]);
  });

  it("in a currency written small is the same currency, and in another it is not the amount", () => {
    const small = paying();
    hear(small, capturedOutcome(PRICE, "gbp"));
    expect(record(small).status).toBe("CONFIRMED");
    const other = paying();
    hear(other, authorisedOutcome(PRICE, "EUR"));
    expect(record(other).status).toBe("FAILED");
  });

  it("that was captured in another amount: returned as captured, and the booking fails openly", () => {
    const it = paying();
    hear(it, capturedOutcome(PRICE + 1));
    expect(factsOf(it).map(({ type }) => type)).toEqual([
      "payment.processed",
      "payment.refund-started",
      "booking.failed",
    ]);
    expect(factsOf(it)[1]).toEqual({
      type: "payment.refund-started",
      bookingId: it.id,
      detail: { amountMinor: PRICE + 1, refund: 1 },
    });
    expect(it.office.booking(it.id)).toMatchObject({
      status: "FAILED",
      failure: { reason: "INTERNAL_ERROR" },
      payment: {
        processedAtMs: it.office.nowMs,
        refunds: [{ n: 1, attempt: 1, amountMinor: PRICE + 1, state: "due" }],
      },
    });
    expect(record(it).payment?.failure).toBe(record(it).failure?.detail);
    expect(it.office.status("A1")).toBe("A");
  });

  it("that was authorised in another amount: called off, and the booking fails openly", () => {
    const it = paying();
    const work = hear(it, authorisedOutcome(PRICE - 1));
    expect(factsOf(it).map(({ type }) => type)).toEqual(["payment.authorised", "booking.failed"]);
    expect(work[0]).toMatchObject({ kind: "void", unwanted: true, intentId: "pi_1" });
    expect(record(it).payment).toMatchObject({ status: "CANCELLED", failure: record(it).failure?.detail });
  });

  it("that was declined in a window still open: another card may be tried, and the reason is shown", () => {
    const it = paying();
    it.office.pass(SECOND);
    hear(it, DECLINED);
    expect(factsOf(it)).toEqual([
      {
        type: "payment.processed",
        bookingId: it.id,
        detail: { status: "FAILED", attempt: 1, failureReason: "no" },
      },
    ]);
    expect(record(it).payment).toMatchObject({ status: "FAILED", failure: "no", processedAtMs: it.office.nowMs });
    expect(attempts(it)[0]).toMatchObject({ state: "declined", token: null, failure: "no" });
    hear(it, VOIDED);
    expect(it.office.changes.journal).toEqual([]);
    expect(attempts(it)[0]).toMatchObject({ state: "declined" });
  });

  it("that was declined, of the only card: the booking fails with the reason", () => {
    const it = booked();
    hear(it, DECLINED);
    expect(factsOf(it).at(-1)).toEqual({
      type: "booking.failed",
      lockId: lockIdOf(it.id),
      bookingId: it.id,
      seats: [0],
      detail: { reason: "PAYMENT_FAILED" },
    });
    expect(record(it)).toMatchObject({
      status: "FAILED",
      failure: { reason: "PAYMENT_FAILED", detail: "no" },
      notices: [{ type: "BOOKING_FAILED", seatIds: ["seat_A1"] }],
    });
  });

  it("that was voided keeps the intent it had", () => {
    const it = paying();
    hear(it, CHALLENGED);
    it.office.settle(`${it.id}:void:1`, VOIDED);
    expect(factsOf(it)).toEqual([{ type: "payment.voided", bookingId: it.id, detail: { attempt: 1 } }]);
    expect(attempts(it)[0]).toMatchObject({ state: "voided", intentId: "pi_1", clientSecret: null, failure: null });
    expect(it.office.booking(it.id)).toMatchObject({ phase: "waiting", status: "PAYMENT_PENDING" });
  });

  it("that died after it was authorised fails the booking, with a reason also where the provider gave none", () => {
    const it = paying();
    hear(it, authorisedOutcome(PRICE));
    it.office.settle(`${it.id}:capture:1`, VOIDED);
    expect(record(it)).toMatchObject({ status: "FAILED", failure: { reason: "PAYMENT_FAILED" } });
    expect(record(it).failure?.detail).not.toBe("");
    expect(it.office.status("A1")).toBe("A");
  });

  it("that needs the buyer: the only card may still be challenged, and the booking then waits for its buyer", () => {
    const it = booked();
    hear(it, CHALLENGED);
    expect(factsOf(it)).toEqual([{ type: "payment.challenged", bookingId: it.id, detail: { attempt: 1 } }]);
    expect(it.office.booking(it.id)).toMatchObject({ status: "PAYMENT_PENDING", phase: "challenged" });
    expect(attempts(it)[0]).toMatchObject({ state: "challenged", token: null, intentId: "pi_1", unwanted: false });
    hear(it, DECLINED);
    expect(it.office.booking(it.id)).toMatchObject({ status: "PAYMENT_PENDING", phase: "waiting" });
  });

  it("that needs the buyer after the window closed is not shown as needing anybody", () => {
    const it = paying();
    it.office.pass(10 * MINUTE);
    it.office.ok({ type: "wake" });
    it.office.pass(15 * MINUTE);
    it.office.ok({ type: "wake" });
    expect(record(it).status).toBe("EXPIRED");
    hear(it, CHALLENGED);
    expect(attempts(it)[0]).toMatchObject({ state: "challenged", clientSecret: null, unwanted: true });
    expect(record(it).payment?.status).toBe("CANCELLED");
    expect(moneyOwed(it)).toEqual([`${it.id}:void:1`]);
  });

  it("that is authorised after it was declined: called off, and no other card is asked before it is dead", () => {
    const it = paying();
    hear(it, DECLINED);
    hear(it, authorisedOutcome(PRICE));
    expect(factsOf(it)).toEqual([{ type: "payment.authorised", bookingId: it.id, detail: { attempt: 1 } }]);
    expect(it.office.booking(it.id)).toMatchObject({ phase: "waiting", status: "PAYMENT_PENDING" });
    expect(it.office.status("A1")).toBe("L");
    expect(attempts(it)[0]?.unwanted).toBe(true);
    expect(moneyOwed(it)).toEqual([`${it.id}:void:1`]);
    expect(refusalOf(it.office, pay(it)).code).toBe("PAYMENT_IN_PROGRESS");
    it.office.settle(`${it.id}:void:1`, VOIDED);
    expect(factsOf(it)).toEqual([{ type: "payment.voided", bookingId: it.id, detail: { attempt: 1 } }]);
    expect(attempts(it)[0]).toMatchObject({ state: "voided", unwanted: false });
    expect(it.office.booking(it.id).phase).toBe("waiting");
    it.office.settle(`${it.id}:void:1`, VOIDED);
    expect(it.office.changes.journal).toEqual([]);
    expect(it.office.ok(pay(it)).attempt).toBe(2);
  });

  it("that is captured after it was declined goes back, each time under a number of its own", () => {
    const it = paying();
    hear(it, DECLINED);
    hear(it, capturedOutcome(PRICE));
    it.office.ok(pay(it));
    hear(it, DECLINED, 2);
    it.office.pass(SECOND);
    hear(it, capturedOutcome(PRICE), 2);
    const base = { amountMinor: PRICE, state: "due", refundId: null, failure: null };
    expect(it.office.booking(it.id).payment?.refunds).toEqual([
      { n: 1, attempt: 1, askedAtMs: it.office.nowMs - SECOND, ...base },
      { n: 2, attempt: 2, askedAtMs: it.office.nowMs, ...base },
    ]);
    const { work } = it.office.ok({ type: "claim", effects: [`${it.id}:refund:2`] });
    expect(work).toMatchObject([{ kind: "refund", refund: 2, attempt: 2 }]);
    // Money that is on its way back pays for nothing: another card may still be tried.
    expect(it.office.ok(pay(it)).attempt).toBe(3);
  });

  it("that did not come while it is called off changes nothing", () => {
    const it = paying();
    it.office.pass(10 * MINUTE);
    it.office.ok({ type: "wake" });
    expect(factsOf(it)).toEqual([{ type: "payment.voiding", bookingId: it.id, detail: { attempt: 1 } }]);
    it.office.settle(`${it.id}:void:1`, UNANSWERED);
    expect(it.office.changes.journal).toEqual([]);
    expect(attempts(it)[0]?.state).toBe("asked");
  });

  it("without an answer is noted once, and asked for again", () => {
    const it = paying();
    hear(it, UNANSWERED);
    expect(factsOf(it)).toEqual([{ type: "payment.unanswered", bookingId: it.id, detail: { attempt: 1 } }]);
    hear(it, UNANSWERED);
    expect(it.office.changes.journal).toEqual([]);
    expect(moneyOwed(it)).toEqual([`${it.id}:authorise:1`]);
    hear(it, authorisedOutcome(PRICE));
    hear(it, UNANSWERED);
    expect(attempts(it)[0]?.state).toBe("authorised");
  });

  it("of an attempt or a booking that never was changes nothing", () => {
    const it = paying();
    hear(it, capturedOutcome(PRICE), 2);
    expect(it.office.changes.journal).toEqual([]);
    expect(it.office.changes.holds.size).toBe(0);
    const unknown = it.office.bookingId();
    const settle = { type: "settle", effect: `${unknown}:authorise:1`, outcome: VOIDED } as const;
    expect(refusalOf(it.office, settle)).toEqual({ code: "BOOKING_NOT_FOUND", id: unknown });
    it.office.settle("nonsense", VOIDED);
    expect(it.office.changes.journal).toEqual([]);
  });

  it("that is no news of an attempt changes nothing", () => {
    const it = paying();
    for (const outcome of [
      { type: "refunded", refundId: "re_1" },
      { type: "refund-failed", refundId: "re_1", reason: "no" },
      { type: "projected", version: 1 },
    ] as const) {
      hear(it, outcome);
      expect(it.office.changes.holds.size).toBe(0);
    }
  });

  it("of an earlier attempt, authorised after all, is called off while another is being paid", () => {
    const it = paying();
    hear(it, DECLINED);
    it.office.ok(pay(it));
    hear(it, authorisedOutcome(PRICE));
    expect(attempts(it)[0]).toMatchObject({ state: "authorised", unwanted: true });
    expect(moneyOwed(it)).toEqual([`${it.id}:void:1`, `${it.id}:authorise:2`]);
    hear(it, capturedOutcome(PRICE));
    expect(factsOf(it).map(({ type }) => type)).toEqual(["payment.processed", "payment.refund-started"]);
    expect(it.office.booking(it.id)).toMatchObject({ phase: "paying", status: "PAYMENT_PENDING" });
    expect(attempts(it)[0]).toMatchObject({ failure: "no", unwanted: true });
    hear(it, capturedOutcome(PRICE), 2);
    expect(record(it)).toMatchObject({ status: "CONFIRMED", payment: { transactionId: "ch_1", attempts: 2 } });
    expect(record(it).payment?.status).toBe("REFUND_PENDING");
  });
});

describe("a refund", () => {
  function cancelled(): Case {
    const it = booked();
    it.office.settle(`${it.id}:capture:1`, capturedOutcome(PRICE));
    it.office.pass(SECOND);
    it.office.ok({ type: "cancel", bookingId: it.id, userId: it.user, seatIds: null });
    return it;
  }
  const settle = ({ office, id }: Case, outcome: Outcome, n = 1) => office.settle(`${id}:refund:${n}`, outcome);
  const DONE = { type: "refunded", refundId: "re_1" } as const;
  const LOST = { type: "refund-failed", refundId: "re_1", reason: "the account is closed" } as const;

  it("is asked of the attempt that took the money", () => {
    const it = cancelled();
    const { work } = it.office.ok({ type: "claim", effects: [`${it.id}:refund:1`] });
    expect(work).toEqual([
      {
        kind: "refund",
        effect: `${it.id}:refund:1`,
        bookingId: it.id,
        attempt: 1,
        refund: 1,
        intentId: "pi_1",
        askedAtMs: it.office.nowMs,
        amountMinor: PRICE,
        currency: "GBP",
      },
    ]);
  });

  it("that is done is shown and told once", () => {
    const it = cancelled();
    settle(it, DONE);
    expect(factsOf(it)).toEqual([
      { type: "payment.refunded", bookingId: it.id, detail: { amountMinor: PRICE, refund: 1, reason: null } },
    ]);
    expect(record(it).payment).toMatchObject({ status: "REFUNDED", refundedMinor: PRICE, failure: null });
    expect(it.office.booking(it.id).payment?.refunds[0]).toMatchObject({ refundId: "re_1", state: "done" });
    settle(it, DONE);
    expect(it.office.changes.journal).toEqual([]);
    expect(moneyOwed(it)).toEqual([]);
  });

  it("that the bank returned is failed and visible, also after it was done, and may be asked again", () => {
    const it = cancelled();
    settle(it, DONE);
    settle(it, LOST);
    expect(factsOf(it)).toEqual([
      {
        type: "payment.refund-failed",
        bookingId: it.id,
        detail: { amountMinor: PRICE, refund: 1, reason: "the account is closed" },
      },
    ]);
    expect(record(it).payment).toMatchObject({
      status: "REFUND_FAILED",
      refundedMinor: 0,
      failure: "the account is closed",
    });
    // Failed at the bank is final there: an older note of success comes late.
    for (const late of [LOST, DONE]) {
      settle(it, late);
      expect(it.office.changes.journal).toEqual([]);
    }
    it.office.pass(MINUTE);
    expect(it.office.ok({ type: "redrive", effects: [`${it.id}:refund:1`] })).toEqual({ due: 1 });
    expect(factsOf(it)).toEqual([
      { type: "payment.refund-started", bookingId: it.id, detail: { amountMinor: PRICE, refund: 2 } },
    ]);
    expect(it.office.booking(it.id).payment?.refunds).toEqual([
      {
        n: 2,
        attempt: 1,
        amountMinor: PRICE,
        state: "due",
        refundId: null,
        failure: null,
        askedAtMs: it.office.nowMs,
      },
    ]);
    expect(record(it).payment?.status).toBe("REFUND_PENDING");
    settle(it, DONE, 2);
    expect(record(it).payment).toMatchObject({ status: "REFUNDED", failure: null });
  });

  it("that is not failed is not asked again, and one that never was cannot be", () => {
    const it = cancelled();
    settle(it, DONE);
    expect(it.office.ok({ type: "redrive", effects: [`${it.id}:refund:1`, `${it.id}:refund:2`] })).toEqual({ due: 0 });
    settle(it, DONE, 2);
    settle(it, VOIDED);
    expect(it.office.changes.journal).toEqual([]);
  });

  it("is of the attempt that paid, also when another card was tried before", () => {
    const it = paying();
    hear(it, DECLINED);
    it.office.ok(pay(it));
    hear(it, capturedOutcome(PRICE), 2);
    expect(it.office.ok({ type: "readHold", lockId: lockIdOf(it.id) }).status).toBe("CONSUMED");
    it.office.ok({ type: "cancel", bookingId: it.id, userId: it.user, seatIds: null });
    expect(it.office.booking(it.id).payment?.refunds).toMatchObject([{ n: 1, attempt: 2 }]);
  });

  it("that failed is the one that is asked again, and its reason the one that is shown, whatever else was refunded", () => {
    const office = openOffice();
    const user = aUser();
    const it = { office, user, id: office.book(user, ["A1", "B1"]) };
    office.settle(`${it.id}:capture:1`, capturedOutcome(32_500));
    for (const seat of ["A1", "B1"]) {
      office.ok({ type: "cancel", bookingId: it.id, userId: user, seatIds: seatIds(seat) });
    }
    settle(it, DONE);
    settle(it, LOST, 2);
    expect(record(it).payment).toMatchObject({ status: "REFUND_FAILED", failure: "the account is closed" });
    expect(office.ok({ type: "redrive", effects: [`${it.id}:refund:2`] })).toEqual({ due: 1 });
    expect(office.booking(it.id).payment?.refunds.map(({ n, state, amountMinor }) => [n, state, amountMinor])).toEqual([
      [1, "done", 25_000],
      [3, "due", 7_500],
    ]);
    const { work } = office.ok({ type: "claim", effects: [`${it.id}:refund:3`] });
    expect(work).toMatchObject([{ refund: 3, amountMinor: 7_500 }]);
  });

  it("of some seats leaves the payment partially refunded", () => {
    const office = openOffice();
    const user = aUser();
    const it = { office, user, id: office.book(user, ["A1", "B1"]) };
    office.settle(`${it.id}:capture:1`, capturedOutcome(32_500));
    office.ok({ type: "cancel", bookingId: it.id, userId: user, seatIds: seatIds("B1") });
    expect(record(it).payment?.status).toBe("REFUND_PENDING");
    settle(it, DONE);
    expect(record(it).payment).toMatchObject({
      status: "PARTIALLY_REFUNDED",
      amountMinor: 32_500,
      refundedMinor: 7_500,
    });
    office.ok({ type: "cancel", bookingId: it.id, userId: user, seatIds: null });
    settle(it, { type: "refunded", refundId: "re_2" }, 2);
    expect(it.office.booking(it.id).payment?.refunds.map(({ refundId }) => refundId)).toEqual(["re_1", "re_2"]);
    expect(record(it).payment).toMatchObject({ status: "REFUNDED", refundedMinor: 32_500 });
  });
});
