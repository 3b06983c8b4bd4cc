// One seed from beginning to end: a sale among faults, then the faults stop, then everything must come to rest and agree.

import { DatabaseSync } from "node:sqlite";
import type { EventDefinition, SalePolicy } from "../../src/domain/box-office/state";
import { codeOfEvent, makeId } from "../../src/domain/ids";
import { layoutFromTiers } from "../../src/domain/seat-map";
import { gather, operate, organise } from "./buyers";
import { seededFaults } from "./faults";
import { judgeRest, netOf, unrest } from "./rest";
import { useRealRows } from "./rows";
import { type Sale, saleOf } from "./sale";
import { inhabit, START_MS, type Violation, type World, worldOf } from "./world";

const MINUTE = 60_000;
/** Whatever began before the faults stopped is over within this. */
const REST_LIMIT_MS = 8 * 60 * MINUTE;
/** Minutes without anything left to do, so that nothing is on its way any more. */
const MINUTES_AT_REST = 2;

export interface Outcome {
  readonly seed: number;
  readonly hash: number;
  readonly events: number;
  readonly counts: Readonly<Record<string, number>>;
  readonly violations: readonly Violation[];
  readonly log: readonly string[] | null;
}

export interface RunOptions {
  readonly keepsLog?: boolean;
  /** The product's own SQL over SQLite, instead of rows in memory. */
  readonly sqlite?: boolean;
}

export async function runSeed(seed: number, { keepsLog = false, sqlite = false }: RunOptions = {}): Promise<Outcome> {
  const world = worldOf(seed, seededFaults, keepsLog);
  inhabit(world);
  useRealRows(sqlite);
  const { random } = world;
  const policy: SalePolicy = {
    holdTtlMs: random.pick([20_000, 60_000, 300_000]),
    paymentWindowMs: random.pick([40_000, 120_000, 600_000]),
    bookingsPerMinute: random.pick([2, 30, 30]),
  };
  const database = sqlite ? new DatabaseSync(":memory:") : null;
  const sale = saleOf(world, someEvent(world), policy, database);
  const crowd = gather(sale, random.between(2, 4), random.between(1, 4));
  void organise(sale, random.chance(0.4) ? random.between(1, 3) : 0);
  const faultsMs = Math.max(START_MS + random.between(1, 6) * MINUTE, world.faults.untilMs);
  startCron(sale);
  startTroubles(sale);
  if (random.chance(0.5))
    world.at(random.between(0, 30_000), "reader", () => void sale.relay.catchUp().catch(() => {}));
  await world.run(faultsMs);
  // The last fault of some: whatever is owed then has no alarm, no message and no buyer who asks.
  if (random.chance(0.3)) loseAllUnderWay(sale);
  world.faults.on = false;
  world.note("faults stop");
  let isDone = false;
  void crowd.done.then(() => {
    isDone = true;
  });
  await comeToRest(sale, () => isDone);
  if (world.violations.length === 0) await judgeRest(sale, crowd.acknowledged);
  database?.close();
  const { hash, events, counts, violations, log } = world;
  return { seed, hash, events, counts, violations, log };
}

async function comeToRest(sale: Sale, isDone: () => boolean): Promise<void> {
  const { world } = sale;
  const limitMs = world.nowMs + REST_LIMIT_MS;
  let quiet = 0;
  while (world.nowMs < limitMs && world.violations.length === 0) {
    void operate(sale);
    await world.run(world.nowMs + MINUTE);
    quiet = isDone() && unrest(sale) === null ? quiet + 1 : 0;
    if (quiet < MINUTES_AT_REST) continue;
    void sale.relay.catchUp().catch(() => {});
    await world.run(world.nowMs + 1_000);
    // A bank may return a refund in that very second: then there is something to do again.
    if (unrest(sale) !== null) {
      quiet = 0;
      continue;
    }
    const state = sale.judge.state();
    if (state !== null && sale.object.isRunning()) sale.relay.compare(state);
    return;
  }
  if (world.violations.length === 0) world.violate("liveness", unrest(sale) ?? "the buyers are not done");
}

function startCron(sale: Sale): void {
  const { world } = sale;
  const tick = () => {
    world.at(MINUTE, "cron", tick);
    if (world.faults.happens(world, "cron does not run")) return;
    sale.cron();
    if (world.faults.happens(world, "cron runs twice")) sale.cron();
  };
  world.at(world.random.between(0, MINUTE), "cron", tick);
}

/** What happens by itself now and then, and is no call. */
function startTroubles(sale: Sale): void {
  const { world } = sale;
  const { random, faults } = world;
  const tick = () => {
    if (!faults.on) {
      world.skewMs = 0;
      return;
    }
    world.at(random.between(1_000, 15_000), "troubles", tick);
    if (faults.happens(world, "all queued messages are lost")) sale.queues.loseAll();
    if (faults.happens(world, "all that is under way is lost")) loseAllUnderWay(sale);
    if (faults.happens(world, "object is evicted")) sale.object.evict();
    if (faults.happens(world, "clock jumps")) {
      world.skewMs = random.pick([0, 0, 1_500, 30_000, -2_000]);
      world.note(`the object's clock is ${world.skewMs} ms ahead`);
      world.count("a clock jumped");
    }
    const state = sale.judge.state();
    if (state !== null && sale.object.isRunning() && !sale.object.disk.isDirty()) sale.relay.compare(state);
    for (const hold of sale.judge.durable().values()) if (hold.booking !== null) netOf(sale, hold);
  };
  world.at(random.between(1_000, 15_000), "troubles", tick);
}

function loseAllUnderWay(sale: Sale): void {
  sale.world.count("alarm and messages were lost together");
  sale.queues.loseAll();
  sale.object.loseAlarm();
}

export function someEvent(world: World): EventDefinition {
  const { random } = world;
  const id = makeId(
    "evnt",
    START_MS,
    Uint8Array.from({ length: 16 }, () => random.bits()),
  );
  const isLarge = random.chance(0.08);
  const tiers = [
    {
      tier: "GENERAL",
      priceMinor: random.chance(0.1) ? 0 : random.between(1, 20) * 500,
      capacity: isLarge ? random.between(14, 20) : random.between(3, 8),
    },
  ] as const;
  return {
    id,
    code: codeOfEvent(id),
    version: 1,
    name: "Coldplay",
    description: null,
    venueId: null,
    startsAtMs: START_MS + 30 * 24 * 60 * MINUTE,
    endsAtMs: START_MS + 31 * 24 * 60 * MINUTE,
    currency: "GBP",
    tiers: tiers.map(({ tier, priceMinor }) => ({ tier, priceMinor })),
    layout: layoutFromTiers(tiers, 4),
    createdAtMs: START_MS,
    updatedAtMs: START_MS,
  };
}
