// What the provider tells us, and what we ask it unasked: verified, noted, read anew, and settled with the box office
// like any other answer. News may come in any order and number: the box office moves only forward.

import type { EffectId } from "../domain/box-office/commands";
import type { BookingStatus } from "../domain/box-office/state";
import { codeOfSaleId } from "../domain/ids";
import { accept, invalid, type Result, refuse } from "../domain/refusals";
import { DAY, HOUR, MINUTE, SECOND } from "../domain/time";
import { carryOut, type EffectDeps } from "./effects";
import { hearOfFailedRefund } from "./failed-refunds";
import type { Deps, ProviderEvent, ProviderFinding, RefundElsewhere } from "./ports";
import { turns } from "./turns";

export type NewsDeps = EffectDeps & Pick<Deps, "providerNews" | "providerInbox">;

/** Whoever noted a delivery has this long to settle it before the sweep takes it over. */
const FIRST_TURN_MS = 30 * SECOND;
/** The provider waits for its answer; what follows from the news goes back to the queue after this. */
const FOLLOW_UP_MS = 6 * SECOND;
/** A delivery that could not be settled waits so long, doubling up to the ceiling. */
const RETRY_MS = 10 * SECOND;
const RETRY_CEILING_MS = HOUR;
/** About three days, as long as the provider itself repeats a delivery; after that a person is told. */
const MAX_TRIES = 80;
const DELIVERIES_A_SWEEP = 50;
/** Longer than the provider repeats a delivery. */
const KEPT_MS = 30 * DAY;
/** With a sweep a minute 720 000 a day: more than a sale that big leaves behind. */
const PURGED_A_SWEEP = 500;
/** Of deliveries and of findings each: both sweeps run in one invocation, whose connections are six (effects.ts). */
const SETTLED_AT_ONCE = 3;

/** How far reconciliation looks back: a refund may fail at the bank weeks after it was asked for. */
const LOOK_BACK_MS = 30 * DAY;
const RECENT_MS = 2 * HOUR;
const FRESH_MS = 5 * MINUTE;
/** Younger intents are still being made: no request of ours lasts longer. */
const MIN_AGE_MS = 30 * SECOND;
const RECENT_SLICE_MS = 10 * MINUTE;
const OLD_SLICE_MS = HOUR;

/** Whether a delivery's body is to be read: not if its signature alone shows that the provider did not send it. */
export function expectDelivery(
  { providerNews }: Pick<NewsDeps, "providerNews">,
  signature: string | null,
): Result<null> {
  if (!providerNews) return refuse({ code: "NOT_FOUND" });
  return providerNews.mayHaveSigned(signature) ? accept(null) : refuse({ code: "WEBHOOK_SIGNATURE_INVALID" });
}

/** A delivery, durably noted. Null: it was settled before, or concerns nothing of ours. */
export async function noteDelivery(
  deps: NewsDeps,
  body: Uint8Array,
  signature: string | null,
  nowMs: number,
): Promise<Result<ProviderEvent | null>> {
  if (!deps.providerNews) return refuse({ code: "NOT_FOUND" });
  const event = await deps.providerNews.verify(body, signature);
  if (event === "forged") return refuse({ code: "WEBHOOK_SIGNATURE_INVALID" });
  if (event === "wrong-mode") return invalid("livemode", "is not the mode of this endpoint's keys");
  if (event.intentId === null && event.dispute === null) return accept(null);
  const state = await deps.providerInbox.note(event, nowMs, nowMs + FIRST_TURN_MS);
  return accept(state === "due" ? event : null);
}

/** Settles a noted delivery, or leaves it to the sweep. Never throws: it is noted already. */
export async function settleDelivery(deps: NewsDeps, event: ProviderEvent, tries: number): Promise<void> {
  try {
    await settleEvent(deps, event);
    await deps.providerInbox.markSettled(event.id, deps.clock.nowMs());
  } catch (fault) {
    const fields = { event: event.id, type: event.type, tries, fault: String(fault) };
    deps.log.warn("a delivery was not settled", fields);
    if (tries + 1 >= MAX_TRIES && (await giveUp(deps, event, tries + 1))) return;
    const retryMs = Math.min(RETRY_CEILING_MS, RETRY_MS * 2 ** Math.min(tries, 10));
    await postponed(deps, event, retryMs);
  }
}

/**
 * What cannot be settled makes room for what can: a dead letter, whose replay tries it from the beginning. Says whether
 * it is one now.
 */
async function giveUp(deps: NewsDeps, event: ProviderEvent, attempts: number): Promise<boolean> {
  const { id, type, intentId } = event;
  const nowMs = deps.clock.nowMs();
  try {
    await deps.deadLetters.note({
      id: `delivery:${id}`,
      queue: "provider-news",
      body: JSON.stringify({ delivery: id, type, intentId }),
      reason: `the provider's news (${type}) could not be settled`,
      attempts,
      notedAtMs: nowMs,
    });
    await deps.providerInbox.markSettled(id, nowMs);
    deps.log.error("a delivery was given up", { event: id, type, attempts });
    return true;
  } catch (fault) {
    deps.log.warn("a delivery was not given up", { event: id, fault: String(fault) });
    return false;
  }
}

async function postponed(deps: NewsDeps, event: ProviderEvent, retryMs: number): Promise<void> {
  try {
    await deps.providerInbox.postpone(event.id, deps.clock.nowMs() + retryMs);
  } catch (fault) {
    deps.log.warn("a delivery was not postponed", { event: event.id, fault: String(fault) });
  }
}

/** Settles deliveries nobody settled, and forgets old ones. */
export async function sweepProviderInbox(deps: NewsDeps, nowMs: number): Promise<void> {
  if (!deps.providerNews) return;
  const due = await deps.providerInbox.unsettled(nowMs, DELIVERIES_A_SWEEP);
  await settleEach(due, ({ tries, ...event }) => settleDelivery(deps, event, tries));
  await deps.providerInbox.purge(nowMs - KEPT_MS, PURGED_A_SWEEP);
}

/**
 * Compares what the provider holds with what we know, and settles what was missed: money of a booking that is over
 * goes back, an authorisation nobody told us of is news. Each sweep looks at the fresh intents, at a slice of the
 * recent ones and at a slice of the older ones, so that in 12 minutes all of two hours and in 12 hours all of a month
 * have been looked at.
 */
export async function reconcile(deps: NewsDeps, nowMs: number): Promise<void> {
  if (!deps.providerNews) return;
  const sweepNo = Math.floor(nowMs / MINUTE);
  const recentAgo = (sweepNo % (RECENT_MS / RECENT_SLICE_MS)) * RECENT_SLICE_MS + MIN_AGE_MS;
  const oldAgo = (sweepNo % (LOOK_BACK_MS / OLD_SLICE_MS)) * OLD_SLICE_MS + MIN_AGE_MS;
  const slices = [
    [FRESH_MS, MIN_AGE_MS],
    [recentAgo + RECENT_SLICE_MS, recentAgo],
    [oldAgo + OLD_SLICE_MS, oldAgo],
  ] as const;
  for (const [fromAgoMs, toAgoMs] of slices) {
    try {
      const { findings, complete } = await deps.providerNews.between(nowMs - fromAgoMs, nowMs - toAgoMs);
      if (!complete) deps.log.warn("more payments than one look may take", { fromAgoMs, toAgoMs });
      await settleUnknown(deps, findings);
    } catch (fault) {
      // The others may hold what nobody told us of; this one comes round again.
      const fields = { fromAgoMs, toAgoMs, fault: String(fault) };
      deps.log.error("a slice of what the provider holds was not compared", fields);
    }
  }
}

async function settleUnknown(deps: NewsDeps, findings: readonly ProviderFinding[]): Promise<void> {
  if (findings.length === 0) return;
  const ids = [...new Set(findings.map(({ bookingId }) => bookingId))];
  const known = await deps.bookings.versions(ids);
  const news = findings.filter(({ bookingId, outcome }) => !isOldNews(outcome.type, known.get(bookingId)?.status));
  await settleEach(news, async (finding) => {
    try {
      await settleFinding(deps, finding);
    } catch (fault) {
      deps.log.warn("a finding was not settled", { bookingId: finding.bookingId, fault: String(fault) });
    }
  });
}

/** What a booking in this state has seen already. A look more costs little, but one at every sweep would. */
function isOldNews(outcome: ProviderFinding["outcome"]["type"], status: BookingStatus | undefined): boolean {
  switch (outcome) {
    case "captured":
      return status === "CONFIRMED" || status === "CANCELLED";
    case "voided":
    case "declined":
      return status !== undefined && status !== "PENDING" && status !== "PAYMENT_PENDING";
    default:
      return false;
  }
}

async function settleEvent(deps: NewsDeps, event: ProviderEvent): Promise<void> {
  const news = deps.providerNews;
  if (!news) return;
  const { findings, refundsElsewhere } = await news.findingsOf(event);
  for (const finding of findings) await settleFinding(deps, finding);
  for (const refund of refundsElsewhere) await noteRefundElsewhere(deps, refund);
  if (event.dispute) await noteDispute(deps, event);
}

async function settleFinding(deps: NewsDeps, finding: ProviderFinding): Promise<void> {
  const { bookingId, kind, n, outcome } = finding;
  const code = codeOfSaleId(bookingId);
  const effect: EffectId = `${bookingId}:${kind}:${n}`;
  const origin = { actor: "provider", requestId: "news" };
  const reply = await deps.boxOffices.send(code, { type: "settle", effect, outcome, ...origin });
  if (reply === null) return;
  if (!reply.ok) {
    // Anything else is said of the box office, not of the booking: the news stays open.
    if (reply.refusal.code !== "BOOKING_NOT_FOUND") throw new Error(`the news was not taken: ${reply.refusal.code}`);
    // Its event is ours, it is not: a box office restored from before it, perhaps. A person must look.
    deps.log.error("money of a booking nobody knows", { effect, outcome: outcome.type, refusal: reply.refusal.code });
    return;
  }
  if (outcome.type === "refund-failed") await hearOfFailedRefund(deps, code, effect, outcome);
  await carryOut(deps, code, reply.value.work, { untilMs: deps.clock.nowMs() + FOLLOW_UP_MS });
}

/** The buyer's bank takes the money back, or has decided. Only people can answer it, in the provider's dashboard. */
async function noteDispute(deps: NewsDeps, event: ProviderEvent): Promise<void> {
  const { dispute } = event;
  if (!dispute) return;
  const bookingId = (await deps.providerNews?.bookingOf(event)) ?? null;
  if (bookingId === null) return;
  const { id, status, reason, amountMinor, currency } = dispute;
  deps.log.error("a payment is disputed", { bookingId, dispute: id, status, reason });
  await deps.deadLetters.note({
    id: `dispute:${id}:${status}`,
    queue: "provider-disputes",
    body: JSON.stringify({ bookingId, dispute: id, status, reason, amountMinor, currency }),
    reason: `the payment is disputed (${reason}): ${status}`,
    attempts: 1,
    notedAtMs: deps.clock.nowMs(),
  });
}

/** Money went back and the tickets are still good: a person must decide what the booking is to be. */
async function noteRefundElsewhere(deps: NewsDeps, refund: RefundElsewhere): Promise<void> {
  const { refundId, bookingId, amountMinor, currency } = refund;
  deps.log.error("money was refunded outside this product", { bookingId, refund: refundId });
  await deps.deadLetters.note({
    id: `refund-elsewhere:${refundId}`,
    queue: "provider-refunds",
    body: JSON.stringify({ bookingId, refund: refundId, amountMinor, currency }),
    reason: "money was refunded in the provider's dashboard; the booking stands",
    attempts: 1,
    notedAtMs: deps.clock.nowMs(),
  });
}

async function settleEach<T>(items: readonly T[], settle: (item: T) => Promise<void>): Promise<void> {
  const line = turns(SETTLED_AT_ONCE)();
  await Promise.all(items.map((item) => line(() => settle(item))));
}
