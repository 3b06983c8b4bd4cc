// Money that goes back: asked of the provider, lost at the bank and asked for again, or paid by people in another way.

import type { LockId } from "../ids";
import type { Command, Outcome } from "./commands";
import { answered, type Decision } from "./decision";
import { parseEffectId } from "./effects";
import { holdOfBooking } from "./endings";
import { changed, type Turn, withBooking } from "./hold";
import type { Booking, BoxOfficeState, Fact, Hold, Payment, Refund } from "./state";

type Of<T extends Command["type"]> = Extract<Command, { type: T }>;

/** Why money came back though no provider returned it. */
const PAID_OTHERWISE = "paid back in another way";

/** An operator saw to it that buyers have their money: failed refunds among these count as done. */
export function decidePaidBack(
  state: BoxOfficeState,
  { effects }: Of<"paidBack">,
  nowMs: number,
): Decision<{ readonly settled: number }> {
  const holds = new Map<LockId, Hold>();
  const facts: Fact[] = [];
  for (const effect of effects) {
    const name = parseEffectId(effect);
    if (name?.kind !== "refund") continue;
    const known = holdOfBooking(state, name.bookingId);
    const hold = known && (holds.get(known.id) ?? changed(known, nowMs, {}));
    const turn = hold?.booking ? payOtherwise(hold, hold.booking, name.n) : null;
    if (turn === null) continue;
    holds.set(turn.hold.id, turn.hold);
    facts.push(...turn.facts);
  }
  return { ...answered({ settled: facts.length }), holds: [...holds.values()], facts };
}

function payOtherwise(hold: Hold, booking: Booking, n: number): Turn | null {
  const refund = refundOf(booking, n);
  if (refund?.state !== "failed") return null;
  const detail = { amountMinor: refund.amountMinor, refund: n, reason: PAID_OTHERWISE };
  return {
    hold: withRefund(hold, booking, n, { ...refund, state: "done", refundId: null, failure: null }),
    facts: [{ type: "payment.refunded", bookingId: booking.id, detail }],
  };
}

/** Every refund that a provider made has its name there. */
function isPaidOtherwise({ state, refundId }: Refund): boolean {
  return state === "done" && refundId === null;
}

/** News of a refund. A refund the provider took and later lost at the bank is failed again, and visible. */
export function hearOfRefund(hold: Hold, booking: Booking, n: number, outcome: Outcome): Turn | null {
  const refund = refundOf(booking, n);
  if (refund === null) return null;
  if (outcome.type !== "refunded" && outcome.type !== "refund-failed") return null;
  const done = outcome.type === "refunded";
  if (refund.state === (done ? "done" : "failed")) return null;
  // What an operator says that the buyer has is no more the provider's affair.
  if (isPaidOtherwise(refund)) return null;
  // A refund that failed at the bank is final there: an older note of its success changes nothing.
  if (done && refund.state === "failed") return null;
  const failure = outcome.type === "refund-failed" ? outcome.reason : null;
  const heard = { ...refund, state: done ? "done" : "failed", refundId: outcome.refundId, failure } as const;
  const detail = { amountMinor: refund.amountMinor, refund: n, reason: failure };
  return {
    hold: withRefund(hold, booking, n, heard),
    facts: [{ type: done ? "payment.refunded" : "payment.refund-failed", bookingId: booking.id, detail }],
  };
}

/** Tries a failed refund again, under a new number: the provider remembers the old one's failure for ever. */
export function retryRefund(hold: Hold, booking: Booking, n: number, nowMs: number): Turn | null {
  const refund = refundOf(booking, n);
  if (refund?.state !== "failed") return null;
  const again = { ...refund, n: nextNumber(booking), state: "due", refundId: null, failure: null } as const;
  const detail = { amountMinor: refund.amountMinor, refund: again.n };
  return {
    hold: withRefund(hold, booking, n, { ...again, askedAtMs: nowMs }),
    facts: [{ type: "payment.refund-started", bookingId: booking.id, detail }],
  };
}

/** Money that was captured for nobody goes back as it came. */
export function refundStray(hold: Hold, booking: Booking, attempt: number, amountMinor: number, nowMs: number): Turn {
  const n = nextNumber(booking);
  const due = { n, attempt, amountMinor, state: "due", refundId: null, failure: null, askedAtMs: nowMs } as const;
  return {
    hold: withRefund(hold, booking, n, due),
    facts: [{ type: "payment.refund-started", bookingId: booking.id, detail: { amountMinor, refund: n } }],
  };
}

function refundOf({ payment }: Booking, n: number): Refund | null {
  return payment?.refunds.find((one) => one.n === n) ?? null;
}

function nextNumber({ payment }: Booking): number {
  return (payment?.refunds ?? []).reduce((max, one) => Math.max(max, one.n), 0) + 1;
}

/** In the place of the refund `n`, or behind the others. */
function withRefund(hold: Hold, booking: Booking, n: number, refund: Refund): Hold {
  const payment = booking.payment as Payment;
  const others = payment.refunds.map((one) => (one.n === n ? refund : one));
  const refunds = others.includes(refund) ? others : [...others, refund];
  return withBooking(hold, booking, { payment: { ...payment, refunds } });
}
