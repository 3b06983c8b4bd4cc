// Every phase of a booking × everything that can be asked of it or happen to it: the saga's table, cell by cell.

import { describe, expect, it } from "vitest";
import { auditState } from "../../src/domain/box-office/audit";
import { owedEffects } from "../../src/domain/box-office/execute";
import type { BookingId, LockId, UserId } from "../../src/domain/ids";
import { DAY, MINUTE, SECOND } from "../../src/domain/time";
import { aUser, authorisedOutcome, CARD, capturedOutcome, type Office, openOffice } from "./box-office-builder";

const PRICE = 25_000;
const DECLINED = { type: "declined", intentId: "pi_1", reason: "no" } as const;
const VOIDED = { type: "voided", intentId: "pi_1" } as const;
const CHALLENGED = { type: "challenged", intentId: "pi_1", clientSecret: "s" } as const;
const UNANSWERED = { type: "unanswered", reason: "silence" } as const;

interface Case {
  readonly office: Office;
  readonly id: BookingId;
  readonly lockId: LockId;
  readonly user: UserId;
}

function waiting(): Case {
  const office = openOffice();
  const user = aUser();
  const lockId = office.hold(user, "A1");
  const id = office.bookingId();
  office.ok({ type: "confirm", bookingId: id, lockId, userId: user });
  return { office, id, lockId, user };
}

function paying(): Case {
  const it = waiting();
  it.office.ok({ type: "pay", bookingId: it.id, userId: it.user, method: CARD });
  return it;
}

function then(it: Case, act: (it: Case) => void): Case {
  act(it);
  return it;
}

const PHASES: Readonly<Record<string, () => Case>> = {
  waiting,
  paying,
  unanswered: () => then(paying(), ({ office, id }) => office.settle(`${id}:authorise:1`, UNANSWERED)),
  challenged: () => then(paying(), ({ office, id }) => office.settle(`${id}:authorise:1`, CHALLENGED)),
  voiding: () => then(paying(), ({ office }) => office.pass(10 * MINUTE)),
  capturing: () => then(paying(), ({ office, id }) => office.settle(`${id}:authorise:1`, authorisedOutcome(PRICE))),
  confirmed: () => then(paying(), ({ office, id }) => office.settle(`${id}:capture:1`, capturedOutcome(PRICE))),
  expired: () => then(waiting(), ({ office }) => office.pass(10 * MINUTE)),
  failed: () =>
    then(waiting(), ({ office, id, user }) => {
      office.ok({ type: "pay", bookingId: id, userId: user, method: { token: null, force: "failure" } });
      office.settle(`${id}:authorise:1`, DECLINED);
    }),
  cancelled: () =>
    then(paying(), ({ office, id, user }) => {
      office.settle(`${id}:capture:1`, capturedOutcome(PRICE));
      office.ok({ type: "cancel", bookingId: id, userId: user, seatIds: null });
    }),
};

/** What each act comes to: a refusal's code, or the booking's status and phase and the seat's letter. */
const ACTS: Readonly<Record<string, (it: Case) => string>> = {
  confirm: ({ office, lockId, user }) =>
    outcome(office.send({ type: "confirm", bookingId: office.bookingId(), lockId, userId: user })),
  release: ({ office, lockId, user }) => outcome(office.send({ type: "release", lockId, userId: user })),
  renew: ({ office, lockId, user }) => outcome(office.send({ type: "renew", lockId, userId: user })),
  pay: ({ office, id, user }) => outcome(office.send({ type: "pay", bookingId: id, userId: user, method: CARD })),
  cancel: ({ office, id, user }) =>
    outcome(office.send({ type: "cancel", bookingId: id, userId: user, seatIds: null })),
  authorised: ({ office, id }) => news(office, `${id}:authorise:1`, authorisedOutcome(PRICE)),
  captured: ({ office, id }) => news(office, `${id}:capture:1`, capturedOutcome(PRICE)),
  declined: ({ office, id }) => news(office, `${id}:authorise:1`, DECLINED),
  voided: ({ office, id }) => news(office, `${id}:void:1`, VOIDED),
  challenge: ({ office, id }) => news(office, `${id}:authorise:1`, CHALLENGED),
  unanswered: ({ office, id }) => news(office, `${id}:authorise:1`, UNANSWERED),
  "10 minutes": ({ office }) => wait(office, 10 * MINUTE),
  "25 minutes": ({ office }) => {
    wait(office, 10 * MINUTE);
    return wait(office, 900 * SECOND);
  },
};

function outcome(reply: { readonly ok: boolean; readonly refusal?: { readonly code: string } }): string {
  return reply.ok ? "ok" : (reply.refusal?.code ?? "?");
}

function news(office: Office, effect: string, what: Parameters<Office["settle"]>[1]): string {
  office.settle(effect, what);
  return "ok";
}

function wait(office: Office, ms: number): string {
  office.pass(ms);
  office.ok({ type: "wake" });
  return "ok";
}

/** `refusal`, or `STATUS/phase/seat` and the effects about money that are owed then. */
const TABLE: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  waiting: {
    confirm: "LOCK_ALREADY_CONFIRMED",
    release: "EXPIRED/settled/A",
    renew: "LOCK_ALREADY_CONFIRMED",
    pay: "PAYMENT_PENDING/paying/L authorise",
    cancel: "BOOKING_NOT_CANCELLABLE",
    "10 minutes": "EXPIRED/settled/A",
    "25 minutes": "EXPIRED/settled/A",
    "*": "PAYMENT_PENDING/waiting/L",
  },
  paying: {
    confirm: "LOCK_ALREADY_CONFIRMED",
    release: "PAYMENT_IN_PROGRESS",
    renew: "LOCK_ALREADY_CONFIRMED",
    pay: "PAYMENT_IN_PROGRESS",
    cancel: "BOOKING_NOT_CANCELLABLE",
    authorised: "PAYMENT_PENDING/capturing/R capture",
    captured: "CONFIRMED/settled/R",
    declined: "PAYMENT_PENDING/waiting/L",
    voided: "PAYMENT_PENDING/waiting/L",
    challenge: "PAYMENT_PENDING/challenged/L",
    unanswered: "PAYMENT_PENDING/paying/L authorise",
    "10 minutes": "PAYMENT_PENDING/voiding/L void",
    "25 minutes": "EXPIRED/settled/A void",
  },
  unanswered: {
    confirm: "LOCK_ALREADY_CONFIRMED",
    release: "PAYMENT_IN_PROGRESS",
    renew: "LOCK_ALREADY_CONFIRMED",
    pay: "PAYMENT_PENDING/voiding/L void",
    cancel: "BOOKING_NOT_CANCELLABLE",
    authorised: "PAYMENT_PENDING/capturing/R capture",
    captured: "CONFIRMED/settled/R",
    declined: "PAYMENT_PENDING/waiting/L",
    voided: "PAYMENT_PENDING/waiting/L",
    challenge: "PAYMENT_PENDING/challenged/L",
    unanswered: "PAYMENT_PENDING/paying/L authorise",
    "10 minutes": "PAYMENT_PENDING/voiding/L void",
    "25 minutes": "EXPIRED/settled/A void",
  },
  challenged: {
    confirm: "LOCK_ALREADY_CONFIRMED",
    release: "PAYMENT_IN_PROGRESS",
    renew: "LOCK_ALREADY_CONFIRMED",
    pay: "PAYMENT_IN_PROGRESS",
    cancel: "BOOKING_NOT_CANCELLABLE",
    authorised: "PAYMENT_PENDING/capturing/R capture",
    captured: "CONFIRMED/settled/R",
    declined: "PAYMENT_PENDING/waiting/L",
    voided: "PAYMENT_PENDING/waiting/L",
    challenge: "PAYMENT_PENDING/challenged/L",
    unanswered: "PAYMENT_PENDING/challenged/L",
    "10 minutes": "PAYMENT_PENDING/voiding/L void",
    "25 minutes": "EXPIRED/settled/A void",
  },
  voiding: {
    confirm: "LOCK_ALREADY_CONFIRMED",
    release: "PAYMENT_IN_PROGRESS",
    renew: "LOCK_ALREADY_CONFIRMED",
    pay: "PAYMENT_IN_PROGRESS",
    cancel: "BOOKING_NOT_CANCELLABLE",
    authorised: "PAYMENT_PENDING/capturing/R capture",
    captured: "CONFIRMED/settled/R",
    declined: "EXPIRED/settled/A",
    voided: "EXPIRED/settled/A",
    challenge: "PAYMENT_PENDING/voiding/L void",
    unanswered: "PAYMENT_PENDING/voiding/L void",
    "10 minutes": "PAYMENT_PENDING/voiding/L void",
    "25 minutes": "EXPIRED/settled/A void",
  },
  capturing: {
    confirm: "LOCK_ALREADY_CONFIRMED",
    release: "PAYMENT_IN_PROGRESS",
    renew: "LOCK_ALREADY_CONFIRMED",
    pay: "PAYMENT_IN_PROGRESS",
    cancel: "BOOKING_NOT_CANCELLABLE",
    captured: "CONFIRMED/settled/R",
    declined: "FAILED/settled/A",
    voided: "FAILED/settled/A",
    "*": "PAYMENT_PENDING/capturing/R capture",
  },
  confirmed: {
    confirm: "LOCK_ALREADY_CONFIRMED",
    release: "LOCK_ALREADY_CONFIRMED",
    renew: "LOCK_ALREADY_CONFIRMED",
    pay: "PAYMENT_NOT_ALLOWED",
    cancel: "CANCELLED/settled/A refund",
    "*": "CONFIRMED/settled/R",
  },
  expired: {
    confirm: "LOCK_ALREADY_CONFIRMED",
    release: "EXPIRED/settled/A",
    renew: "LOCK_ALREADY_CONFIRMED",
    pay: "PAYMENT_NOT_ALLOWED",
    cancel: "BOOKING_NOT_CANCELLABLE",
    "*": "EXPIRED/settled/A",
  },
  failed: {
    confirm: "LOCK_ALREADY_CONFIRMED",
    release: "FAILED/settled/A",
    renew: "LOCK_ALREADY_CONFIRMED",
    pay: "PAYMENT_NOT_ALLOWED",
    cancel: "BOOKING_NOT_CANCELLABLE",
    authorised: "FAILED/settled/A void",
    captured: "FAILED/settled/A refund",
    "*": "FAILED/settled/A",
  },
  cancelled: {
    confirm: "LOCK_ALREADY_CONFIRMED",
    release: "LOCK_ALREADY_CONFIRMED",
    renew: "LOCK_ALREADY_CONFIRMED",
    pay: "PAYMENT_NOT_ALLOWED",
    cancel: "BOOKING_NOT_CANCELLABLE",
    "*": "CANCELLED/settled/A refund",
  },
};

describe.each(Object.entries(PHASES))("a booking that is %s", (phase, make) => {
  it.each(Object.entries(ACTS))("and %s", (act, perform) => {
    const it = make();
    const said = perform(it);
    const booking = it.office.booking(it.id);
    const owed = owedEffects(it.office.state)
      .filter((effect) => effect.startsWith(it.id) && !effect.endsWith(":project"))
      .map((effect) => effect.split(":")[1]);
    const now = [`${booking.status}/${booking.phase}/${it.office.status("A1")}`, ...owed].join(" ");
    expect(said === "ok" ? now : said).toBe(TABLE[phase]?.[act] ?? TABLE[phase]?.["*"]);
    // I14 is the shell's: here no alarm rings.
    const { office } = it;
    const { violations } = auditState(office.state, [...office.state.holds.values()], true, office.nowMs, null);
    expect(violations.filter(({ invariant }) => invariant !== "I14")).toEqual([]);
  });
});

it("sells to another buyer what an expired booking gave back, and cancels up to 24 h before the start", () => {
  const { office } = then(waiting(), (one) => one.office.pass(10 * MINUTE));
  const user = aUser();
  const id = office.book(user, ["A1"]);
  office.settle(`${id}:authorise:1`, authorisedOutcome(PRICE));
  office.settle(`${id}:capture:1`, capturedOutcome(PRICE));
  office.nowMs = (office.state.definition?.startsAtMs ?? 0) - DAY + 1;
  expect(office.refusal({ type: "cancel", bookingId: id, userId: user, seatIds: null })).toBe(
    "CANCELLATION_WINDOW_EXPIRED",
  );
  office.nowMs -= 1;
  expect(office.ok({ type: "cancel", bookingId: id, userId: user, seatIds: null }).cancellation.refundMinor).toBe(
    PRICE,
  );
});
