// Judges the money: what was held, taken and given back for each intent, and everything about it that must never be.

import { covers } from "./courier.mjs";

export function ledgerOf(store, scope) {
  const intents = store
    .all("intents")
    .filter(({ metadata }) => covers(scope, metadata))
    .map((intent) => entryOf(store, intent));
  const problems = [
    ...store
      .all("misuses")
      .filter((misuse) => covers(scope, misuse.scope))
      .map(({ text }) => text),
  ];
  const takenBy = new Map();
  for (const entry of intents) {
    if (entry.refunded > entry.captured) problems.push(`${entry.id} gave back more than it took`);
    if (entry.captured > entry.amount) problems.push(`${entry.id} took more than was asked for`);
    if (!entry.bookingId) problems.push(`${entry.id} belongs to no booking`);
    if (entry.captured > entry.refunded) takenBy.set(entry.bookingId, (takenBy.get(entry.bookingId) ?? 0) + 1);
  }
  for (const [bookingId, times] of takenBy) if (times > 1) problems.push(`${bookingId} was charged ${times} times`);
  return { intents, problems };
}

function entryOf(store, intent) {
  const refunds = store.all("refunds").filter((refund) => refund.payment_intent === intent.id);
  const sum = (chosen) => chosen.reduce((total, { amount }) => total + amount, 0);
  const stands = ({ status }) => status !== "failed" && status !== "canceled";
  const wasCaptured = intent.status === "succeeded";
  return {
    id: intent.id,
    bookingId: intent.metadata.bookingId,
    eventCode: intent.metadata.eventCode,
    attempt: Number(intent.metadata.attempt),
    status: intent.status,
    currency: intent.currency,
    amount: intent.amount,
    /** Still held on the buyer's card. */
    held: intent.amount_capturable,
    captured: intent.amount_received,
    refunded: wasCaptured ? sum(refunds.filter(stands)) : 0,
    refundsFailed: wasCaptured ? refunds.filter((refund) => !stands(refund)).length : 0,
  };
}

/** What no request of a careful merchant has. */
export function misusesOf(op, request) {
  const { headers, form } = request;
  const texts = [];
  if (!headers["stripe-version"]) texts.push(`${op} without a pinned API version`);
  if (op === "create") {
    if (form.off_session !== undefined) texts.push("off_session excludes 3-D Secure");
    if (form.capture_method !== "manual") texts.push("captured at once");
    if (form.confirm !== "true") texts.push("created without confirming");
    if (form.use_stripe_sdk !== "true") texts.push("3-D Secure would redirect");
    if (form.allowed_payment_method_types?.[0] !== "card") texts.push("not for cards only");
    if (!form.metadata?.bookingId || !form.metadata?.attempt || !form.metadata?.eventCode)
      texts.push("metadata missing");
  }
  if ((op === "create" || op === "refund") && !headers["idempotency-key"]) texts.push(`${op} without a key`);
  return texts;
}
