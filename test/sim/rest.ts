// At rest: nothing is owed, nobody waits, and then the money, D1, the mails and the journal must agree with the box
// office. What does not come to rest once faults stop is a broken promise too.

import { type Consistency, checkConsistency } from "../../src/app/admin-consistency";
import { effectsOf } from "../../src/domain/box-office/effects";
import { totalOf } from "../../src/domain/box-office/hold";
import type { Hold } from "../../src/domain/box-office/state";
import { ticketsOf } from "../../src/domain/box-office/tickets";
import type { Acknowledged } from "./buyers";
import type { Sale } from "./sale";

/** Why the sale is not at rest, or null. */
export function unrest(sale: Sale): string | null {
  for (const hold of sale.judge.durable().values()) {
    const status = hold.booking?.status;
    if (status === "PENDING" || status === "PAYMENT_PENDING") return `${hold.booking?.id} is ${status}`;
    if (hold.booking === null && hold.endedAtMs === null) return `${hold.id} is held`;
    const owed = effectsOf(hold)[0];
    if (owed !== undefined) return `${owed} is owed`;
    if (hold.booking?.payment?.refunds.some(({ state }) => state === "failed")) return `a refund of ${hold.id} failed`;
    if (hold.booking !== null && netOf(sale, hold) !== worthOf(hold))
      return `money and tickets of ${hold.booking.id} differ`;
  }
  for (const [id, mail] of sale.db.mails) if (mail.state === "PENDING") return `${id} is not sent`;
  for (const [id, row] of sale.db.inbox) if (row.settledAtMs === null) return `delivery ${id} is not settled`;
  for (const [id, intent] of sale.stripe.intents) {
    if (intent.status === "requires_capture") return `${id} holds money`;
  }
  return null;
}

/** Everything marked * among the invariants. */
export async function judgeRest(sale: Sale, acknowledged: readonly Acknowledged[]): Promise<void> {
  const { world, judge, db } = sale;
  let earned = 0;
  let value = 0;
  for (const hold of judge.durable().values()) {
    if (hold.booking === null) continue;
    const net = netOf(sale, hold);
    earned += net;
    judgeTickets(sale, hold);
    const worth = worthOf(hold);
    value += worth;
    if (net !== worth)
      world.violate(
        "I4",
        `${hold.booking.id} is ${hold.booking.status}: we have ${net}, its tickets are worth ${worth}`,
      );
    const copy = db.bookings.get(hold.booking.id);
    if (copy?.version !== hold.version || copy.status !== hold.booking.status) {
      world.violate(
        "I8",
        `${hold.booking.id} is ${hold.booking.status} v${hold.version}, in D1 ${copy?.status} v${copy?.version}`,
      );
    }
  }
  if (earned !== value) world.violate("I4", `we have ${earned}, tickets are worth ${value}`);
  for (const intent of sale.stripe.intents.values()) {
    if (intent.status === "succeeded" && judge.bookingOf(intent.metadata["bookingId"] ?? "") === undefined) {
      world.violate("I4", `${intent.id} is of no booking`);
    }
  }
  for (const { bookingId, lockId, what } of acknowledged) {
    const hold = bookingId === null ? judge.durable().get(lockId as never) : judge.bookingOf(bookingId);
    if (hold === undefined) world.violate("I6", `${what} of ${bookingId ?? lockId} was acknowledged and is gone`);
  }
  for (const [id, sends] of sale.mailsSent) {
    if (!db.mails.has(id as never)) world.violate("I10", `mail ${id} is of no notification`);
    if (sends > 1) world.count("a mail went twice");
  }
  for (const [id, mail] of db.mails) {
    if (mail.state === "SENT" && !sale.mailsSent.has(id))
      world.violate("I10", `mail ${id} is noted and was never sent`);
  }
  // A box office that just woke tells D1 of its availability once more: it may still be on its way.
  for (let look = 0; look < MAX_LOOKS; look++) {
    const found = await consistencyOf(sale);
    if (found === null) return world.violate("I6", "the consistency check did not answer");
    for (const { invariant, detail } of found.violations) {
      const isOfClock = invariant === "I16" && (world.counts["a clock jumped"] ?? 0) > 0;
      if (!isOfClock) world.violate(invariant, `consistency: ${detail}`);
    }
    if (found.outbox === 0 || found.violations.length > 0) return;
  }
  world.violate("I6", "effects are owed in memory and never settled");
}

const MAX_LOOKS = 4;

async function consistencyOf(sale: Sale): Promise<Consistency | null> {
  const { world } = sale;
  let verdict: Consistency | null = null;
  const check = checkConsistency(sale.deps(world.spawn("operator")), null, {
    actor: "admin",
    requestId: "consistency",
  });
  void check.then((found) => {
    if (found.ok) verdict = found.value;
  });
  await world.run(world.nowMs + 60_000);
  return verdict;
}

/** What the provider has of a booking: captured, less what went back and stayed. */
export function netOf(sale: Sale, hold: Hold): number {
  let net = 0;
  let kept = 0;
  for (const intent of sale.stripe.intents.values()) {
    if (intent.metadata["bookingId"] !== hold.booking?.id) continue;
    let of = intent.amount_received;
    for (const refund of sale.stripe.refunds.values()) {
      if (refund.payment_intent === intent.id && refund.status !== "failed") of -= refund.amount;
    }
    if (of < 0) sale.world.violate("I11", `${intent.id} was refunded more than was captured`);
    if (of > 0) kept += 1;
    net += of;
  }
  if (kept > 1) sale.world.violate("I5", `${hold.booking?.id} was paid ${kept} times`);
  return net;
}

/** I9: whoever owns a sold seat has the one good ticket for it. */
function judgeTickets(sale: Sale, hold: Hold): void {
  const good = ticketsOf(hold).flatMap(({ seat, revoked }) => (revoked ? [] : [seat]));
  const sold =
    hold.booking?.status === "CONFIRMED"
      ? hold.seats.filter((seat) => !hold.booking?.cancelledSeats.includes(seat))
      : [];
  if (good.join() !== sold.join())
    sale.world.violate("I9", `${hold.booking?.id} has seats ${sold}, tickets for ${good}`);
}

/** What its tickets cost. */
function worthOf(hold: Hold): number {
  return hold.booking?.status === "CONFIRMED" && hasPayment(hold) ? totalOf(hold, hold.booking) : 0;
}

function hasPayment(hold: Hold): boolean {
  return (
    hold.booking?.payment?.attempts.some(({ state, intentId }) => state === "captured" && intentId !== null) ?? false
  );
}
