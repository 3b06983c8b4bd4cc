// What goes wrong, and how often: drawn once a seed for each kind and port (most seeds have few kinds, so that each
// shows what it does alone), or planned call by call for the crash points.

import type { Random } from "./random";
import type { World } from "./world";

export type FaultKind =
  | "none"
  /** The request never arrives; the caller hears of a broken connection. */
  | "lost"
  /** Done, but the caller hears of a broken connection. */
  | "reply-lost"
  | "reply-late"
  | "slow"
  /** The request arrives twice. */
  | "twice"
  | "crash-before"
  | "crash-after";

export interface Fault {
  readonly kind: FaultKind;
  readonly retryable: boolean;
  readonly delayMs: number;
}

export interface Faults {
  /** Off: everything works, and what is under way comes to rest. */
  on: boolean;
  /** Not before this: a silence of the provider that outlasts every deadline. */
  readonly untilMs: number;
  draw(world: World, port: string): Fault;
  /** Whether something that is no call goes wrong now: an alarm, a flush, a webhook. */
  happens(world: World, what: Trouble): boolean;
}

/** Calls. */
const CALL_KINDS: readonly FaultKind[] = [
  "lost",
  "reply-lost",
  "reply-late",
  "slow",
  "twice",
  "crash-before",
  "crash-after",
];
/** What is not a call. */
export const TROUBLES = [
  "object is evicted",
  "transaction fails",
  "alarm is late",
  "alarm rings twice",
  "alarm is dropped",
  "messages are not accepted",
  "all queued messages are lost",
  "message is delivered twice",
  "message is late",
  "provider is busy",
  "provider conflicts",
  "provider fails before the effect",
  "provider fails after the effect",
  "provider does not answer",
  "provider is late",
  "provider refuses a refund",
  "webhook is missing",
  "webhook is doubled",
  "webhook is late",
  "bank returns a refund",
  "cron does not run",
  "cron runs twice",
  "mail is refused",
  "clock jumps",
  "all that is under way is lost",
] as const;
export type Trouble = (typeof TROUBLES)[number];

const START_MS = Date.UTC(2027, 0, 15, 12);
const NONE: Fault = { kind: "none", retryable: false, delayMs: 0 };
/** Beyond leases, time-outs and, for some, every deadline. */
const DELAYS_MS = [100, 2_000, 15_000, 45_000, 400_000] as const;

export function seededFaults(random: Random): Faults {
  const ports = ["box-office", "d1", "provider", "queue", "mail", "storage"];
  const calls = new Map<string, number[]>();
  const troubles = new Map<Trouble, number>();
  const isCalm = random.chance(0.05);
  for (const port of ports) {
    // Cumulative, so that one roll decides.
    let sum = 0;
    calls.set(
      port,
      CALL_KINDS.map(() => {
        sum += isCalm || random.chance(0.6) ? 0 : likelihood(random);
        return sum;
      }),
    );
  }
  for (const trouble of TROUBLES) troubles.set(trouble, isCalm || random.chance(0.5) ? 0 : likelihood(random) * 2);
  const delayMs = random.pick(DELAYS_MS);
  const outages = isCalm ? [] : outagesOf(random);
  const silence = random.chance(0.08)
    ? { port: "provider", fromMs: START_MS + random.between(5_000, 60_000), toMs: START_MS + 1_800_000 }
    : null;
  if (silence !== null) outages.push(silence);
  if (silence !== null && random.chance(0.5)) troubles.set("webhook is missing", 0.9);
  // Together these are rare, and only together do they show what finds them.
  switch (random.below(12)) {
    case 0:
      // Of what comes back from the bank no webhook tells: only a look at the provider's account finds it.
      troubles.set("bank returns a refund", 0.5);
      troubles.set("webhook is missing", 0.9);
      break;
    case 1:
      // Nobody can be told of a refund that is refused, again and again.
      troubles.set("provider refuses a refund", 0.5);
      calls.set(
        "d1",
        CALL_KINDS.map((_, place) => 0.05 * (place + 1)),
      );
      break;
  }
  const faults: Faults = {
    on: true,
    untilMs: silence?.toMs ?? 0,
    draw(world, port) {
      if (!faults.on) return NONE;
      const group = port.slice(0, port.indexOf("."));
      if (outages.some((one) => one.port === group && one.fromMs <= world.nowMs && world.nowMs < one.toMs)) {
        return { kind: "lost", retryable: false, delayMs: 1_000 };
      }
      const chances = calls.get(group) as number[];
      const roll = random.bits() / 2 ** 32;
      if (roll >= (chances.at(-1) as number)) return NONE;
      const kind = CALL_KINDS[chances.findIndex((chance) => roll < chance)] as FaultKind;
      return { kind, retryable: random.chance(0.5), delayMs };
    },
    happens: (_, what) => faults.on && random.chance(troubles.get(what) ?? 0),
  };
  return faults;

  function outagesOf(from: Random) {
    return ["box-office", "d1", "provider"].flatMap((port) => {
      if (!from.chance(0.12)) return [];
      const fromMs = START_MS + from.between(0, 600_000);
      return [{ port, fromMs, toMs: fromMs + from.between(20_000, 240_000) }];
    });
  }
}

function likelihood(random: Random): number {
  return random.pick([0.005, 0.01, 0.02, 0.05, 0.1]);
}

/** Nothing goes wrong but what the plan says: the caller of the n-th call dies before it, or after its effect. */
export function plannedFaults(plan: ReadonlyMap<number, "crash-before" | "crash-after">): Faults & { calls: number } {
  const faults = {
    on: true,
    untilMs: 0,
    calls: 0,
    draw() {
      if (!faults.on) return NONE;
      const kind = plan.get(faults.calls);
      faults.calls += 1;
      return kind === undefined ? NONE : { kind, retryable: false, delayMs: 0 };
    },
    happens: () => false,
  };
  return faults;
}
