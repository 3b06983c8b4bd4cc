// Money, from the buyer's try to the provider's last word. News may come from an answer, a webhook or
// reconciliation, in any order and any number of times: `decideSettle` moves only forward.
// No money moves for a seat we do not have: authorise, then the seats become the buyer's, then capture.

import { paymentIdOf } from "../ids";
import { isOver } from "../time";
import type { AttemptReading, Command, Outcome, PaymentMethod } from "./commands";
import { answered, type Decision, decided, refused } from "./decision";
import { confirmBooking, expireBooking, failBooking, holdOfBooking } from "./endings";
import { changed, faceValueOf, latestAttempt, type Turn, withBooking } from "./hold";
import { refundStray } from "./refunds";
import type { Attempt, Booking, BoxOfficeState, Fact, Hold, Payment } from "./state";
import { attemptReadingOf } from "./views";

/** Cards a buyer may try for one booking. */
export const MAX_ATTEMPTS = 5;

type Of<T extends Command["type"]> = Extract<Command, { type: T }>;

/** Starts an attempt to pay. One that is unresolved is not overtaken: after a timeout it is voided first. */
export function decidePay(
  state: BoxOfficeState,
  command: Of<"pay">,
  nowMs: number,
): Decision<{ readonly attempt: number }> {
  const hold = holdOfBooking(state, command.bookingId);
  const booking = hold?.booking ?? null;
  if (hold === null || booking === null) return refused({ code: "BOOKING_NOT_FOUND", id: command.bookingId });
  if (command.userId !== null && hold.userId !== command.userId) return refused({ code: "FORBIDDEN" });
  const latest = latestAttempt(booking);
  const next = (latest?.n ?? 0) + 1;
  if (latest?.requestId === command.requestId) return answered({ attempt: latest.n });
  if (booking.nextTry?.requestId === command.requestId) return answered({ attempt: next });
  if (booking.phase === "settled") return refused({ code: "PAYMENT_NOT_ALLOWED", status: booking.status });
  const timedOut = booking.phase === "paying" && latest?.state === "unanswered";
  const free = booking.phase === "waiting" && (latest === null || !isAlive(latest));
  if (!timedOut && !free) return refused({ code: "PAYMENT_IN_PROGRESS" });
  if (next > MAX_ATTEMPTS) {
    return refused({ code: "PAYMENT_NOT_ALLOWED", status: booking.status, attempts: MAX_ATTEMPTS });
  }
  const moved = changed(hold, nowMs, {});
  if (timedOut) {
    const nextTry = { ...command.method, requestId: command.requestId };
    const voiding = withBooking(moved, booking, { phase: "voiding", nextTry });
    const fact: Fact = { type: "payment.voiding", bookingId: booking.id, detail: { attempt: latest?.n ?? 0 } };
    return decided({ attempt: next }, voiding, [fact], ["void", "project"]);
  }
  const turn =
    faceValueOf(booking) === 0 && (command.method.force ?? "success") === "success"
      ? payNothing(moved, booking, command, nowMs)
      : startAttempt(moved, booking, command.method, command.requestId, nowMs);
  return decided({ attempt: next }, turn.hold, turn.facts, ["authorise", "project"]);
}

/** Asks the provider to reserve the money. The hold's version is the caller's to raise. */
export function startAttempt(
  hold: Hold,
  booking: Booking,
  method: PaymentMethod,
  requestId: string,
  nowMs: number,
): Turn {
  const payment: Payment = booking.payment ?? {
    id: paymentIdOf(booking.id),
    attempts: [],
    refunds: [],
    processedAtMs: null,
  };
  const attempt = newAttempt(payment.attempts.length + 1, method, requestId, nowMs);
  return {
    hold: withBooking(hold, booking, {
      phase: "paying",
      status: booking.madeWithCard && attempt.n === 1 ? "PENDING" : booking.status,
      payment: { ...payment, attempts: [...payment.attempts, attempt] },
      nextTry: null,
    }),
    facts: [{ type: "payment.started", bookingId: booking.id, detail: { attempt: attempt.n } }],
  };
}

export function decideReadAttempt(state: BoxOfficeState, command: Of<"readAttempt">): Decision<AttemptReading> {
  const hold = holdOfBooking(state, command.bookingId);
  const booking = hold?.booking ?? null;
  if (hold === null || booking === null) return refused({ code: "BOOKING_NOT_FOUND", id: command.bookingId });
  const attempt = booking.payment?.attempts.find(({ n }) => n === command.attempt);
  if (attempt !== undefined) return answered(attemptReadingOf(state, hold, booking, attempt));
  // Announced, but the attempt before it is still being voided, or turned out to be paid or too late.
  const latest = latestAttempt(booking);
  if (latest === null) return refused({ code: "PAYMENT_NOT_FOUND", id: command.bookingId });
  const reading = attemptReadingOf(state, hold, booking, latest);
  return answered(booking.phase === "voiding" ? { ...reading, result: "PROCESSING" } : reading);
}

/** News of one attempt. Returns null when it changes nothing. */
export function hearOfAttempt(hold: Hold, booking: Booking, n: number, outcome: Outcome, nowMs: number): Turn | null {
  const attempt = booking.payment?.attempts.find((one) => one.n === n);
  if (attempt === undefined) return null;
  const awaited = booking.phase !== "settled" && booking.phase !== "waiting" && !attempt.unwanted;
  const current = awaited && latestAttempt(booking)?.n === n;
  switch (outcome.type) {
    case "authorised":
      return hearAuthorised(hold, booking, attempt, current, outcome, nowMs);
    case "captured":
      return hearCaptured(hold, booking, attempt, current, outcome, nowMs);
    case "challenged":
      return hearChallenged(hold, booking, attempt, current, outcome);
    case "declined":
    case "voided":
      return hearDead(hold, booking, attempt, current, outcome, nowMs);
    case "unanswered":
      if (!current || attempt.state !== "asked" || booking.phase !== "paying") return null;
      return {
        hold: withAttempt(hold, booking, { ...attempt, state: "unanswered" }),
        facts: [{ type: "payment.unanswered", bookingId: booking.id, detail: { attempt: n } }],
      };
    case "refunded":
    case "refund-failed":
    case "later":
    case "projected":
      return null;
  }
}

type OutcomeOf<T extends Outcome["type"]> = Extract<Outcome, { type: T }>;

function hearAuthorised(
  hold: Hold,
  booking: Booking,
  attempt: Attempt,
  current: boolean,
  outcome: OutcomeOf<"authorised">,
  nowMs: number,
): Turn | null {
  if (attempt.state === "captured" || attempt.state === "authorised") return null;
  const known = {
    ...attempt,
    state: "authorised",
    intentId: outcome.intentId,
    token: null,
    clientSecret: null,
  } as const;
  const bookingId = booking.id;
  const fact: Fact = { type: "payment.authorised", bookingId, detail: { attempt: attempt.n } };
  if (!current) return { hold: withAttempt(hold, booking, { ...known, unwanted: true }), facts: [fact] };
  if (!isTheAmount(booking, outcome)) {
    const stray = withAttempt(hold, booking, { ...known, unwanted: true, failure: AMOUNT_DIFFERS });
    const failed = failBooking(stray, stray.booking as Booking, "INTERNAL_ERROR", AMOUNT_DIFFERS, nowMs);
    return { hold: failed.hold, facts: [fact, ...failed.facts] };
  }
  const owned = withAttempt(hold, booking, known);
  return {
    hold: withBooking(owned, owned.booking as Booking, { phase: "capturing", nextTry: null }),
    facts: [fact],
  };
}

function hearCaptured(
  hold: Hold,
  booking: Booking,
  attempt: Attempt,
  current: boolean,
  outcome: OutcomeOf<"captured">,
  nowMs: number,
): Turn | null {
  if (attempt.state === "captured") return null;
  const { intentId, transactionId } = outcome;
  const known = { ...attempt, state: "captured", intentId, transactionId, token: null, clientSecret: null } as const;
  const { amountMinor, currency } = outcome;
  const fact: Fact = {
    type: "payment.processed",
    bookingId: booking.id,
    detail: { status: "SUCCESS", attempt: attempt.n, amountMinor, currency, providerTransactionId: transactionId },
  };
  if (current && isTheAmount(booking, outcome)) {
    const paid = withAttempt(hold, booking, known, nowMs);
    const confirmed = confirmBooking(paid, paid.booking as Booking, nowMs);
    return { hold: confirmed.hold, facts: [fact, ...confirmed.facts] };
  }
  const failure = current ? AMOUNT_DIFFERS : attempt.failure;
  const stray = withAttempt(hold, booking, { ...known, unwanted: true, failure }, nowMs);
  const returned = refundStray(stray, stray.booking as Booking, attempt.n, amountMinor, nowMs);
  if (!current) return { hold: returned.hold, facts: [fact, ...returned.facts] };
  const failed = failBooking(returned.hold, returned.hold.booking as Booking, "INTERNAL_ERROR", AMOUNT_DIFFERS, nowMs);
  return { hold: failed.hold, facts: [fact, ...returned.facts, ...failed.facts] };
}

function hearChallenged(
  hold: Hold,
  booking: Booking,
  attempt: Attempt,
  current: boolean,
  outcome: OutcomeOf<"challenged">,
): Turn | null {
  if (attempt.state !== "asked" && attempt.state !== "unanswered") return null;
  const { intentId, clientSecret } = outcome;
  const kept = { clientSecret: current ? clientSecret : null, unwanted: !current, token: null };
  const known = withAttempt(hold, booking, { ...attempt, ...kept, state: "challenged", intentId });
  const facts: Fact[] = [{ type: "payment.challenged", bookingId: booking.id, detail: { attempt: attempt.n } }];
  if (booking.phase !== "paying") return { hold: known, facts };
  const challenged = withBooking(known, known.booking as Booking, { phase: "challenged", status: "PAYMENT_PENDING" });
  return { hold: challenged, facts };
}

/** The provider can no longer take money for this attempt: it said no, or we called it off. */
function hearDead(
  hold: Hold,
  booking: Booking,
  attempt: Attempt,
  current: boolean,
  outcome: OutcomeOf<"declined"> | OutcomeOf<"voided">,
  nowMs: number,
): Turn | null {
  if (attempt.state === "captured" || attempt.state === "declined" || attempt.state === "voided") return null;
  // Who found nothing looked before it was made: that says nothing of what is known by now.
  if (outcome.intentId === null && attempt.intentId !== null) return null;
  const declined = outcome.type === "declined";
  const failure = declined ? outcome.reason : attempt.failure;
  const { intentId } = outcome;
  const over = { token: null, clientSecret: null, intentId, failure, unwanted: false };
  const known = withAttempt(hold, booking, { ...attempt, ...over, state: declined ? "declined" : "voided" }, nowMs);
  const dead = known.booking as Booking;
  const money = { amountMinor: faceValueOf(booking), currency: booking.currency };
  const fact: Fact = declined
    ? {
        type: "payment.processed",
        bookingId: booking.id,
        detail: { status: "FAILED", attempt: attempt.n, ...money, failureReason: failure },
      }
    : { type: "payment.voided", bookingId: booking.id, detail: { attempt: attempt.n } };
  if (!current) return { hold: known, facts: [fact] };
  const turn = afterDeath(known, dead, attempt, failure, nowMs);
  return { hold: turn.hold, facts: [fact, ...turn.facts] };
}

/** What becomes of the booking whose running attempt died. */
function afterDeath(hold: Hold, booking: Booking, attempt: Attempt, failure: string | null, nowMs: number): Turn {
  const reason = failure ?? "the payment was called off";
  switch (booking.phase) {
    case "voiding": {
      const next = booking.nextTry;
      if (next === null || isOver(booking.deadlineMs, nowMs)) return expireBooking(hold, booking, nowMs);
      return startAttempt(hold, booking, next, next.requestId, nowMs);
    }
    case "capturing":
      return failBooking(hold, booking, "PAYMENT_FAILED", reason, nowMs);
    case "paying":
      if (booking.madeWithCard || attempt.force === "failure") {
        return failBooking(hold, booking, "PAYMENT_FAILED", reason, nowMs);
      }
      return { hold: withBooking(hold, booking, { phase: "waiting" }), facts: [] };
    case "challenged":
      return { hold: withBooking(hold, booking, { phase: "waiting" }), facts: [] };
    case "waiting":
    case "settled":
      return { hold, facts: [] };
  }
}

const AMOUNT_DIFFERS = "the provider's amount is not the booking's";

/** The provider may still take money for it. */
export function isAlive(attempt: Attempt): boolean {
  return attempt.state !== "captured" && attempt.state !== "declined" && attempt.state !== "voided";
}

function isTheAmount(booking: Booking, money: { readonly amountMinor: number; readonly currency: string }): boolean {
  return money.amountMinor === faceValueOf(booking) && money.currency.toUpperCase() === booking.currency;
}

function payNothing(hold: Hold, booking: Booking, command: Of<"pay">, nowMs: number): Turn {
  const started = startAttempt(hold, booking, command.method, command.requestId, nowMs);
  const asked = started.hold.booking as Booking;
  const attempt = latestAttempt(asked) as Attempt;
  const paid = withAttempt(started.hold, asked, { ...attempt, state: "captured", token: null }, nowMs);
  const confirmed = confirmBooking(paid, paid.booking as Booking, nowMs);
  return { hold: confirmed.hold, facts: [...started.facts, ...confirmed.facts] };
}

function newAttempt(n: number, method: PaymentMethod, requestId: string, nowMs: number): Attempt {
  return {
    n,
    requestId,
    state: "asked",
    token: method.token,
    force: method.force,
    startedAtMs: nowMs,
    intentId: null,
    transactionId: null,
    clientSecret: null,
    failure: null,
    unwanted: false,
  };
}

function withAttempt(hold: Hold, booking: Booking, attempt: Attempt, processedAtMs?: number): Hold {
  const payment = booking.payment as Payment;
  const attempts = payment.attempts.map((one) => (one.n === attempt.n ? attempt : one));
  return withBooking(hold, booking, {
    payment: { ...payment, attempts, processedAtMs: processedAtMs ?? payment.processedAtMs },
  });
}
