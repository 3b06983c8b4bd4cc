// One simulated world: a clock, a heap of events with seeded ties, processes that can die at any call they make, and
// a trace whose hash is the same whenever the same seed is run again.

import v8 from "node:v8";
import type { Faults } from "./faults";
import { type Random, randomOf } from "./random";

export const START_MS = Date.UTC(2027, 0, 15, 12);

export interface Timer {
  readonly atMs: number;
  readonly tie: number;
  readonly order: number;
  readonly label: string;
  run: (() => void) | null;
}

/** Whatever runs product code: a request, a consumer, a cron run. Once dead, nothing it called ever returns. */
export interface Process {
  readonly name: string;
  dead: boolean;
  onDeath: (() => void) | null;
}

export interface Violation {
  readonly invariant: string;
  readonly detail: string;
  readonly atMs: number;
}

export interface World {
  readonly seed: number;
  readonly random: Random;
  readonly faults: Faults;
  nowMs: number;
  /** How far the box office's clock is ahead of everybody else's. */
  skewMs: number;
  readonly counts: Record<string, number>;
  readonly violations: Violation[];
  readonly log: string[] | null;
  hash: number;
  events: number;
  at(delayMs: number, label: string, run: () => void): Timer;
  note(text: string): void;
  /** Something that must happen sometimes, happened. */
  count(name: string): void;
  violate(invariant: string, detail: string): void;
  spawn(name: string): Process;
  kill(process: Process): void;
  sleep(ms: number): Promise<void>;
  /** Calls something outside: it takes time, and may go wrong in every way that `faults` draws. */
  call<T>(process: Process, port: string, effect: () => T | Promise<T>): Promise<T>;
  /** Runs events until none is left, `untilMs` is reached or a promise is broken. */
  run(untilMs: number): Promise<void>;
}

/** What a dead process waits for. One for each waiter: a shared one would keep every waiter of every seed for ever. */
export function never(): Promise<never> {
  return new Promise<never>(() => {});
}

/** A sound world takes some five hundred, the longest a few thousand. */
const MAX_EVENTS = 200_000;
const realSetImmediate = setImmediate;
/** Runs every waiting promise reaction at once: ten times as fast as a turn of the event loop. Only outside of one. */
v8.setFlagsFromString("--allow-natives-syntax");
const settlePromises = new Function("return %PerformMicrotaskCheckpoint()") as () => void;

export function worldOf(seed: number, faultsOf: (random: Random) => Faults, keepsLog = false): World {
  const random = randomOf(seed);
  const heap: Timer[] = [];
  let order = 0;
  const world: World = {
    seed,
    random,
    faults: faultsOf(random),
    nowMs: START_MS,
    skewMs: 0,
    counts: {},
    violations: [],
    log: keepsLog ? [] : null,
    hash: 0x811c9dc5,
    events: 0,
    at(delayMs, label, run) {
      order += 1;
      const timer = { atMs: world.nowMs + Math.max(0, Math.round(delayMs)), tie: random.bits(), order, label, run };
      push(heap, timer);
      return timer;
    },
    note(text) {
      let hash = world.hash;
      for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
      world.hash = Math.imul(hash ^ (world.nowMs & 0xffff), 0x01000193) >>> 0;
      world.log?.push(`${String((world.nowMs - START_MS) / 1_000).padStart(9)} ${text}`);
    },
    count(name) {
      world.counts[name] = (world.counts[name] ?? 0) + 1;
    },
    violate(invariant, detail) {
      world.note(`VIOLATION ${invariant}: ${detail}`);
      world.violations.push({ invariant, detail, atMs: world.nowMs });
    },
    spawn: (name) => ({ name, dead: false, onDeath: null }),
    kill(process) {
      if (process.dead) return;
      process.dead = true;
      world.note(`${process.name} dies`);
      world.count("a caller crashed");
      process.onDeath?.();
    },
    sleep: (ms) => new Promise((resolve) => world.at(ms, "sleep", resolve)),
    call: (process, port, effect) => callOutside(world, process, port, effect),
    run: (untilMs) =>
      new Promise((resolve, reject) => {
        realSetImmediate(() => {
          try {
            runEvents(untilMs);
            resolve();
          } catch (error) {
            reject(error);
          }
        });
      }),
  };
  return world;

  function runEvents(untilMs: number): void {
    settlePromises();
    while (world.violations.length === 0) {
      const next = heap[0];
      if (next === undefined || next.atMs > untilMs) break;
      pop(heap);
      const run = next.run;
      if (run === null) continue;
      world.nowMs = Math.max(world.nowMs, next.atMs);
      world.events += 1;
      if (world.events > MAX_EVENTS) world.violate("liveness", `more than ${MAX_EVENTS} events and no end`);
      run();
      settlePromises();
    }
    if (world.violations.length === 0) world.nowMs = Math.max(world.nowMs, untilMs);
  }
}

function callOutside<T>(world: World, process: Process, port: string, effect: () => T | Promise<T>): Promise<T> {
  if (process.dead) return never();
  const fault = world.faults.draw(world, port);
  const { random } = world;
  if (fault.kind === "crash-before") {
    world.note(`${port} crash-before`);
    world.kill(process);
    return never();
  }
  return new Promise((resolve, reject) => {
    const fail = (text: string, delayMs: number) =>
      world.at(
        delayMs,
        port,
        () => process.dead || reject(Object.assign(new Error(text), { retryable: fault.retryable })),
      );
    if (fault.kind === "lost") {
      world.note(`${port} lost`);
      fail(`${port}: no connection`, random.between(1, fault.delayMs));
      return;
    }
    const answer = (value: T) => {
      if (fault.kind === "crash-after") world.kill(process);
      if (process.dead) return;
      if (fault.kind === "reply-lost") fail(`${port}: the connection broke`, random.between(1, 50));
      else if (fault.kind === "reply-late")
        world.at(random.between(1, fault.delayMs), port, () => process.dead || resolve(value));
      else resolve(value);
    };
    const once = () => {
      if (fault.kind !== "none") world.note(`${port} ${fault.kind}`);
      let outcome: T | Promise<T>;
      try {
        outcome = effect();
      } catch (error) {
        if (!process.dead) reject(error);
        return;
      }
      if (outcome instanceof Promise) outcome.then(answer, (error) => process.dead || reject(error));
      else answer(outcome);
    };
    world.at(fault.kind === "slow" ? random.between(1, fault.delayMs) : random.between(0, 20), port, once);
    if (fault.kind === "twice") {
      // The same request arrives again later; nobody reads its answer.
      world.at(random.between(1, fault.delayMs), port, () => {
        world.note(`${port} again`);
        try {
          const again = effect();
          if (again instanceof Promise) again.catch(() => {});
        } catch {
          // Its sender has its answer already.
        }
      });
    }
  });
}

/** Product code sees this world's clock and timers while it runs. */
export function inhabit(world: World): void {
  Date.now = () => world.nowMs + world.skewMs;
  const setTimer = (run: () => void, ms = 0) => world.at(ms, "timer", run);
  globalThis.setTimeout = setTimer as unknown as typeof setTimeout;
  globalThis.clearTimeout = ((timer: Timer | undefined) => {
    if (timer) timer.run = null;
  }) as unknown as typeof clearTimeout;
  Object.assign(globalThis, { scheduler: { wait: (ms: number) => world.sleep(ms) } });
}

function before(one: Timer, other: Timer): boolean {
  if (one.atMs !== other.atMs) return one.atMs < other.atMs;
  return one.tie === other.tie ? one.order < other.order : one.tie < other.tie;
}

function push(heap: Timer[], timer: Timer): void {
  let place = heap.length;
  heap.push(timer);
  while (place > 0) {
    const parent = (place - 1) >> 1;
    const above = heap[parent] as Timer;
    if (!before(timer, above)) break;
    heap[place] = above;
    place = parent;
  }
  heap[place] = timer;
}

function pop(heap: Timer[]): void {
  const last = heap.pop();
  if (last === undefined || heap.length === 0) return;
  let place = 0;
  for (;;) {
    let child = 2 * place + 1;
    if (child >= heap.length) break;
    if (child + 1 < heap.length && before(heap[child + 1] as Timer, heap[child] as Timer)) child += 1;
    if (!before(heap[child] as Timer, last)) break;
    heap[place] = heap[child] as Timer;
    place = child;
  }
  heap[place] = last;
}
