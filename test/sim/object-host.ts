// The platform under one box office: starts the real BoxOffice class when somebody asks, loses it in crashes and
// evictions, flushes what it wrote, rings its alarm late, twice or never, and hands its messages to the queue.

import type { DatabaseSync } from "node:sqlite";
import type { Command, CommandType, Reply } from "../../src/domain/box-office/commands";
import type { FeedDelta, FeedSnapshot } from "../../src/domain/box-office/feed";
import type { SalePolicy } from "../../src/domain/box-office/state";
import { BoxOffice } from "../../src/durable/box-office";
import { type Disk, diskOf } from "./storage";
import { never, type World } from "./world";

export interface ObjectHost {
  readonly disk: Disk;
  /** The object, started if need be. Calls to one that crashes reject. */
  call<T>(ask: (object: BoxOffice) => Promise<T>): Promise<T>;
  crash(): void;
  /** Leaves memory without losing anything. */
  evict(): void;
  /** The alarm that is set never rings. */
  loseAlarm(): void;
  isRunning(): boolean;
}

interface Instance {
  readonly object: BoxOffice;
  dead: boolean;
  ringing: boolean;
  readonly calls: Set<(error: Error) => void>;
}

export interface Outside {
  /** Accepts messages, or throws. */
  send(messages: readonly { readonly body: unknown; readonly delaySeconds?: number | undefined }[]): void;
  deliver(relay: string, news: FeedDelta | FeedSnapshot): Promise<void>;
  flushed(): void;
}

export type AnyReply = Reply<CommandType>;
export type Asked = readonly Command[];

export function objectHost(
  world: World,
  policy: SalePolicy,
  database: DatabaseSync | null,
  outside: Outside,
): ObjectHost {
  let instance: Instance | null = null;
  let alarmTimer: { run: (() => void) | null } | null = null;
  const disk = diskOf(world, database, { dirty: scheduleFlush, alarm: scheduleAlarm });

  function scheduleFlush(): void {
    const fault = world.faults.draw(world, "storage.flush");
    world.at(
      fault.kind === "slow" ? world.random.between(1, Math.min(fault.delayMs, 5_000)) : world.random.between(1, 8),
      "flush",
      () => {
        if (!disk.isDirty()) return;
        if (fault.kind === "crash-before") {
          world.count("an object crashed before its flush");
          crash();
          return;
        }
        disk.flush();
        outside.flushed();
        if (fault.kind === "crash-after") {
          world.count("an object crashed after its flush");
          crash();
        }
      },
    );
  }

  function scheduleAlarm(): void {
    if (alarmTimer) alarmTimer.run = null;
    alarmTimer = null;
    const { alarmMs } = disk.storage.image;
    if (alarmMs === null) return;
    let delayMs = alarmMs - (world.nowMs + world.skewMs);
    if (world.faults.happens(world, "alarm is late")) delayMs += world.random.between(1_000, 120_000);
    const timer = world.at(delayMs, "alarm", () => {
      alarmTimer = null;
      ring();
    });
    alarmTimer = timer;
  }

  function ring(): void {
    const { image } = disk.storage;
    const dueMs = image.alarmMs;
    if (dueMs === null) return;
    if (dueMs > world.nowMs + world.skewMs) {
      scheduleAlarm();
      return;
    }
    disk.storage.sql.undo(() => {
      image.alarmMs = dueMs;
    });
    image.alarmMs = null;
    if (world.faults.happens(world, "alarm is dropped")) {
      world.count("an alarm was dropped");
      return;
    }
    if (world.faults.happens(world, "alarm rings twice"))
      world.at(world.random.between(0, 3_000), "alarm again", () => void runAlarm());
    void runAlarm();
  }

  async function runAlarm(): Promise<void> {
    const running = start();
    running.ringing = true;
    world.note("alarm");
    try {
      await running.object.alarm();
    } catch {
      if (!running.dead) world.violate("I14", "the alarm threw");
    }
    running.ringing = false;
  }

  function start(): Instance {
    if (instance !== null) return instance;
    world.note("object starts");
    const fresh: { value: Instance | null } = { value: null };
    const isDead = () => fresh.value?.dead ?? false;
    const { storage } = disk;
    const guarded = {
      sql: storage.sql,
      transactionSync: <T>(work: () => T): T => {
        if (isDead()) throw new Error("the object is gone");
        return storage.transactionSync(work);
      },
      sync: () => (isDead() ? never() : storage.sync().then(() => (isDead() ? never() : undefined))),
      getAlarm: () => storage.getAlarm(),
      setAlarm: (atMs: number) => (isDead() ? never() : storage.setAlarm(atMs)),
    };
    const ctx = {
      storage: guarded,
      waitUntil: (work: Promise<unknown>) => void work.catch(() => {}),
      abort: () => crash(),
    };
    const env = {
      HOLD_TTL_SECONDS: String(policy.holdTtlMs / 1_000),
      PAYMENT_WINDOW_SECONDS: String(policy.paymentWindowMs / 1_000),
      BOOKINGS_PER_MINUTE: String(policy.bookingsPerMinute),
      SAGA_QUEUE: {
        sendBatch: async (messages: readonly { body: unknown; delaySeconds?: number }[]) => {
          if (isDead()) return never();
          const fault = world.faults.draw(world, "queue.saga-send");
          if (fault.kind === "crash-before") return crash();
          if (fault.kind === "lost") throw new Error("the queue does not answer");
          outside.send(messages);
          if (fault.kind === "twice") outside.send(messages);
          if (fault.kind === "crash-after") crash();
          if (fault.kind === "reply-lost") throw new Error("the queue did not answer");
        },
      },
      SEAT_FEED: {
        idFromName: (name: string) => name,
        get: () => ({
          deliver: (relay: string, news: string) =>
            isDead() ? never() : outside.deliver(relay, JSON.parse(news) as FeedDelta | FeedSnapshot),
        }),
      },
    };
    const Class = BoxOffice as unknown as new (ctx: unknown, env: unknown) => BoxOffice;
    instance = { object: new Class(ctx, env), dead: false, ringing: false, calls: new Set() };
    fresh.value = instance;
    return instance;
  }

  function crash(): void {
    world.note("object crashes");
    world.count("an object crashed");
    const gone = instance;
    instance = null;
    if (gone !== null) {
      gone.dead = true;
      for (const reject of gone.calls) {
        const error = Object.assign(new Error("the object was reset"), { retryable: world.random.chance(0.5) });
        world.at(world.random.between(0, 20), "reset", () => reject(error));
      }
    }
    disk.lose();
    // An alarm that did not come to its end rings again.
    if (gone?.ringing && disk.storage.image.alarmMs === null)
      void disk.storage.setAlarm(world.nowMs + world.skewMs + 2_000);
  }

  return {
    disk,
    async call(ask) {
      if (world.faults.happens(world, "object is evicted")) evict();
      const running = start();
      return await new Promise((resolve, reject) => {
        running.calls.add(reject);
        const over = () => running.calls.delete(reject);
        ask(running.object).then(
          (value) => {
            over();
            if (!running.dead) resolve(value);
          },
          (error) => {
            over();
            if (!running.dead) reject(error);
          },
        );
      });
    },
    crash,
    evict,
    loseAlarm,
    isRunning: () => instance !== null,
  };

  function loseAlarm(): void {
    if (disk.isDirty() || alarmTimer === null) return;
    alarmTimer.run = null;
    alarmTimer = null;
    disk.storage.image.alarmMs = null;
  }

  function evict(): void {
    if (instance === null || instance.calls.size > 0 || instance.ringing || disk.isDirty()) return;
    world.note("object is evicted");
    world.count("an object was evicted");
    instance.dead = true;
    instance = null;
  }
}
