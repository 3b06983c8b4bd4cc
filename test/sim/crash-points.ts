// Crash points: a few whole sales in which nothing goes wrong but one thing, at every place where it can: whoever makes
// the n-th call (or flush) dies before it, or after its effect. Alone, and in pairs. All must end in order.

import { cancelBooking, confirmBooking, createBooking } from "../../src/app/bookings";
import { createLock, releaseLock } from "../../src/app/locks";
import { payBooking } from "../../src/app/payments";
import type { SalePolicy } from "../../src/domain/box-office/state";
import { type Acknowledged, type Buyer, newBuyer, operate, request } from "./buyers";
import { plannedFaults } from "./faults";
import { judgeRest, unrest } from "./rest";
import { useRealRows } from "./rows";
import { someEvent } from "./run";
import { type Sale, saleOf } from "./sale";
import { inhabit, type Violation, worldOf } from "./world";

type Point = "crash-before" | "crash-after";
type Plan = ReadonlyMap<number, Point>;
type Scenario = (sale: Sale, buyer: Buyer, acknowledged: Acknowledged[]) => Promise<void>;

const MINUTE = 60_000;
const POLICY: SalePolicy = { holdTtlMs: 60_000, paymentWindowMs: 120_000, bookingsPerMinute: 30 };
const REST_LIMIT_MS = 4 * 60 * MINUTE;
/** Of each scenario, when not all pairs are asked for. */
const SOME_PAIRS = 150;
const POINTS: readonly Point[] = ["crash-before", "crash-after"];

const book =
  (token: string): Scenario =>
  async (sale, buyer, acknowledged) => {
    const body = {
      source: { eventId: sale.definition.id, seatIds: sale.seatNames.slice(0, 2) },
      method: { token, force: null },
    };
    const booked = await request(sale, buyer.id, "POST /api/bookings", { body, keyed: true }, (deps, origin) =>
      createBooking(deps, buyer, body, origin),
    );
    if (booked?.ok) acknowledged.push({ what: "booking", bookingId: booked.value.bookingId, lockId: null });
  };

async function holdAndConfirm(sale: Sale, buyer: Buyer, acknowledged: Acknowledged[]): Promise<string | null> {
  const wanted = { eventId: sale.definition.id, seats: { quantity: 2, tier: null }, clientKey: null };
  const held = await request(sale, buyer.id, "POST /api/locks", { body: wanted, keyed: true }, (deps, origin) =>
    createLock(deps, buyer.id, wanted, origin),
  );
  if (!held?.ok) return null;
  const lockId = held.value.id;
  acknowledged.push({ what: "lock", bookingId: null, lockId });
  const confirmed = await request(sale, buyer.id, "POST confirm", { body: lockId, keyed: true }, (deps, origin) =>
    confirmBooking(deps, buyer.id, lockId, origin),
  );
  if (!confirmed?.ok) return null;
  acknowledged.push({ what: "confirmation", bookingId: confirmed.value.record.id, lockId: null });
  return confirmed.value.record.id;
}

async function pay(sale: Sale, buyer: Buyer, bookingId: string, token: string): Promise<string | null> {
  const body = { bookingId, method: { token, force: null } };
  const paid = await request(sale, buyer.id, "POST intent", { body, keyed: true }, (deps, origin) =>
    payBooking(deps, buyer.id, body, origin),
  );
  return paid?.ok ? paid.value.clientSecret : null;
}

const SCENARIOS: Readonly<Record<string, Scenario>> = {
  "booked with a card": book("pm_card_visa"),
  "booked with a bad card": book("pm_card_chargeDeclined"),
  "held, confirmed, paid": async (sale, buyer, acknowledged) => {
    const id = await holdAndConfirm(sale, buyer, acknowledged);
    if (id !== null) await pay(sale, buyer, id, "pm_card_visa");
  },
  "a bad card, then a good one": async (sale, buyer, acknowledged) => {
    const id = await holdAndConfirm(sale, buyer, acknowledged);
    if (id === null) return;
    await pay(sale, buyer, id, "pm_card_chargeDeclined");
    await pay(sale, buyer, id, "pm_card_visa");
  },
  "authenticated at the bank": async (sale, buyer, acknowledged) => {
    const id = await holdAndConfirm(sale, buyer, acknowledged);
    if (id === null) return;
    const secret = await pay(sale, buyer, id, "pm_card_authenticationRequired");
    sale.stripe.authenticate((secret ?? "").replace("_secret", ""), true);
  },
  "confirmed and never paid": async (sale, buyer, acknowledged) =>
    void (await holdAndConfirm(sale, buyer, acknowledged)),
  "held and given back": async (sale, buyer) => {
    const wanted = { eventId: sale.definition.id, seats: { quantity: 1, tier: null }, clientKey: null };
    const held = await request(sale, buyer.id, "POST /api/locks", { body: wanted, keyed: true }, (deps, origin) =>
      createLock(deps, buyer.id, wanted, origin),
    );
    if (!held?.ok) return;
    const lockId = held.value.id;
    await request(sale, buyer.id, "DELETE lock", { body: lockId, keyed: false }, (deps, origin) =>
      releaseLock(deps, buyer, lockId, origin),
    );
  },
  "cancelled in part, then whole": async (sale, buyer, acknowledged) => {
    const id = await holdAndConfirm(sale, buyer, acknowledged);
    if (id === null) return;
    await pay(sale, buyer, id, "pm_card_visa");
    const first = sale.judge.bookingOf(id)?.seats[0] ?? 0;
    for (const seatIds of [[sale.seatNames[first] ?? ""], null]) {
      await request(sale, buyer.id, "POST cancel", { body: seatIds, keyed: true }, (deps, origin) =>
        cancelBooking(deps, buyer, id, seatIds, origin),
      );
    }
  },
};

async function runPlan(scenario: Scenario, plan: Plan): Promise<{ calls: number; violations: readonly Violation[] }> {
  const faults = plannedFaults(plan);
  const world = worldOf(7, () => faults);
  inhabit(world);
  useRealRows(false);
  const sale = saleOf(world, { ...someEvent(world), tiers: [{ tier: "GENERAL", priceMinor: 2_500 }] }, POLICY, null);
  const acknowledged: Acknowledged[] = [];
  let isDone = false;
  void scenario(sale, newBuyer(sale), acknowledged).then(() => {
    isDone = true;
  });
  // Until it rests: what the judge itself asks is no part of the plan.
  const limitMs = world.nowMs + REST_LIMIT_MS;
  while (world.nowMs < limitMs && world.violations.length === 0) {
    await world.run(world.nowMs + MINUTE);
    if (isDone && unrest(sale) === null) break;
    sale.cron();
    void operate(sale);
  }
  if (world.violations.length === 0 && (!isDone || unrest(sale) !== null)) {
    world.violate("liveness", unrest(sale) ?? "the buyer is not done");
  }
  faults.on = false;
  if (world.violations.length === 0) await judgeRest(sale, acknowledged);
  return { calls: faults.calls, violations: world.violations };
}

/** Pairs by a fixed stride, so that the same ones are run each time and they are spread over all. */
function* pairsOf(calls: number, all: boolean): Generator<Plan> {
  const points = Array.from({ length: calls * POINTS.length }, (_, n) => [n >> 1, POINTS[n & 1] as Point] as const);
  const total = (points.length * (points.length - 1)) / 2;
  const stride = all ? 1 : Math.max(1, Math.floor(total / SOME_PAIRS));
  let n = 0;
  for (const [place, first] of points.entries()) {
    for (const second of points.slice(place + 1)) if (n++ % stride === 0) yield new Map([first, second]);
  }
}

console.error = () => {};
console.warn = () => {};
let failures = 0;
let runs = 0;
for (const [name, scenario] of Object.entries(SCENARIOS)) {
  const { calls, violations } = await runPlan(scenario, new Map());
  let ran = 1;
  report(name, new Map(), violations);
  for (let call = 0; call < calls; call++) {
    for (const point of POINTS) {
      const plan = new Map([[call, point]]);
      report(name, plan, (await runPlan(scenario, plan)).violations);
      ran += 1;
    }
  }
  for (const plan of pairsOf(calls, process.argv[2] === "all")) {
    report(name, plan, (await runPlan(scenario, plan)).violations);
    ran += 1;
  }
  runs += ran;
  process.stdout.write(`${String(ran).padStart(6)} runs over ${calls} calls: ${name}\n`);
}
process.stdout.write(`${JSON.stringify({ runs, failures })}\n`);
process.exit(0);

function report(name: string, plan: Plan, violations: readonly Violation[]): void {
  if (violations.length === 0) return;
  failures += 1;
  process.stdout.write(`BROKEN ${name}, ${JSON.stringify([...plan])}: ${JSON.stringify(violations.slice(0, 2))}\n`);
}
