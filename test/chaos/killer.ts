// Kills the product, the stand-in provider, or both, at random and at chosen moments, and starts them again.

import { setTimeout as wait } from "node:timers/promises";
import type { Product } from "../runtime/product";
import type { Random } from "../sim/random";
import type { Fault, StandIn } from "../stripe/control";
import type { Moments } from "./caller";

/** Where a kill came. */
export type Point =
  | "at random"
  | "a request was just sent"
  | "an answer had just come"
  | "just after a start"
  | "the provider was asked to authorise"
  | "authorised, and nobody had heard"
  | "between authorise and capture"
  | "captured, and nobody had heard"
  | "refunded, and nobody had heard"
  | "the provider alone"
  | "product and provider at once";

/** What the provider sees at a point, and the fault that holds the moment open. */
const HELD: Readonly<Partial<Record<Point, { readonly op: string; readonly fault: Fault; readonly afterMs: number }>>> =
  {
    "the provider was asked to authorise": { op: "create", fault: held("delay", "create"), afterMs: 0 },
    "authorised, and nobody had heard": { op: "create", fault: held("delay-after", "create"), afterMs: 60 },
    "between authorise and capture": { op: "capture", fault: held("delay", "capture"), afterMs: 0 },
    "captured, and nobody had heard": { op: "capture", fault: held("delay-after", "capture"), afterMs: 60 },
    "refunded, and nobody had heard": { op: "refund", fault: held("delay-after", "refund"), afterMs: 60 },
  };
const POINTS: readonly Point[] = [
  ...["at random", "at random", "a request was just sent", "an answer had just come", "just after a start"],
  ...Object.keys(HELD),
  ...["the provider alone", "product and provider at once"],
] as readonly Point[];
const SIMULATED: readonly Point[] = POINTS.slice(0, 5);

const HOLD_OPEN_MS = 6_000;
const POLL_MS = 25;
/** A moment that does not come within this is not waited for. */
const MOMENT_MS = 8_000;
const MAX_UP_MS = 2_500;
const MAX_DOWN_MS = 600;
const START_TRIES = 3;

function held(does: "delay" | "delay-after", op: NonNullable<Fault["op"]>): Fault {
  return { does, op, delayMs: HOLD_OPEN_MS, times: 1 };
}

export interface Killer {
  readonly moments: Moments;
  /** Kills until there were so many, or the time is up. */
  run(kills: number, untilMs: number): Promise<void>;
  readonly counts: Record<string, number>;
  kills: number;
}

export function killerOf(
  product: Product,
  stripe: StandIn | null,
  random: Random,
  say: (line: string) => void,
): Killer {
  let onSent: (() => void) | null = null;
  let onAnswered: (() => void) | null = null;
  const counts: Record<string, number> = {};
  const killer: Killer = {
    counts,
    kills: 0,
    moments: {
      sent: () => onSent?.(),
      answered: () => onAnswered?.(),
    },
    async run(kills, untilMs) {
      while (killer.kills < kills && performance.now() < untilMs) {
        const point = random.pick(stripe ? POINTS : SIMULATED);
        const reached = await killAt(point);
        counts[reached] = (counts[reached] ?? 0) + 1;
        killer.kills += 1;
        if (killer.kills % 10 === 0) say(`${killer.kills} kills`);
      }
    },
  };

  /** The point that was reached in the end: a moment that does not come makes a kill at random. */
  async function killAt(point: Point): Promise<Point> {
    if (point !== "just after a start") await wait(random.between(200, MAX_UP_MS));
    const came = await moment(point);
    if (point === "the provider alone") {
      await stripe?.crash();
      return point;
    }
    await product.kill();
    if (point === "product and provider at once") await stripe?.crash();
    await stripe?.clearFaults();
    await wait(random.below(MAX_DOWN_MS));
    await started();
    return came ? point : "at random";
  }

  async function moment(point: Point): Promise<boolean> {
    const delayMs = random.pick([0, 0, 1, 3, 10, 30]);
    switch (point) {
      case "a request was just sent":
      case "an answer had just come": {
        const came = new Promise<true>((resolve) => {
          const hear = () => resolve(true);
          if (point === "an answer had just come") onAnswered = hear;
          else onSent = hear;
        });
        const isThere = await Promise.race([came, wait(MOMENT_MS, false)]);
        onSent = null;
        onAnswered = null;
        if (isThere && point === "a request was just sent") await wait(delayMs);
        return isThere;
      }
      case "just after a start":
        await wait(random.below(300));
        return true;
      default:
        return await providerMoment(point);
    }
  }

  /** The provider counts what it was asked: one more of an operation is the moment. */
  async function providerMoment(point: Point): Promise<boolean> {
    const wanted = HELD[point];
    if (!wanted || !stripe) return true;
    await stripe.addFault(wanted.fault);
    const before = await faultsLeft(stripe);
    const deadline = performance.now() + MOMENT_MS;
    while (performance.now() < deadline) {
      // The fault is used up by the request that meets it.
      if ((await faultsLeft(stripe)) < before) {
        await wait(wanted.afterMs);
        return true;
      }
      await wait(POLL_MS);
    }
    return false;
  }

  async function started(): Promise<void> {
    for (let tries = 1; ; tries++) {
      try {
        return await product.restart();
      } catch (fault) {
        if (tries === START_TRIES) throw fault;
        say(`the product did not start: ${fault}`);
        await wait(1_000);
      }
    }
  }

  return killer;
}

async function faultsLeft({ base }: StandIn): Promise<number> {
  const answer = await fetch(`${base}/_faults`);
  return ((await answer.json()) as readonly unknown[]).length;
}
