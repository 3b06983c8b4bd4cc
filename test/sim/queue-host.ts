// The platform's queues: at least once, in no order, with retries, delays and dead letters; a consumer that dies leaves
// its messages to be delivered again, and sometimes everything that waits is lost.

import { consumerTries } from "../../src/queues/limits";
import type { Process, World } from "./world";

export type QueueName = "booking-saga" | "notifications" | "booking-saga-dlq" | "notifications-dlq";
type Consumer = (process: Process, batch: MessageBatch<unknown>) => Promise<void>;

interface Waiting {
  readonly id: string;
  readonly body: unknown;
  attempts: number;
  lost: boolean;
  /** A copy of another: copies are not copied, or they would be without end. */
  readonly isTwin: boolean;
}

export interface QueueHost {
  send(
    queue: QueueName,
    messages: readonly { readonly body: unknown; readonly delaySeconds?: number | undefined }[],
  ): void;
  /** As a kill of the local runtime does. */
  loseAll(): void;
  waiting(): number;
}

/** What the platform waits before it delivers again what a dead consumer had. */
const AFTER_DEATH_MS = 5_000;
const DLQ_TRIES = 11;

export function queueHost(world: World, consumers: Readonly<Record<QueueName, Consumer>>): QueueHost {
  const { random } = world;
  const alive = new Set<Waiting>();
  let numbers = 0;

  function schedule(queue: QueueName, message: Waiting, delayMs: number): void {
    const isLate = world.faults.happens(world, "message is late");
    world.at(delayMs + (isLate ? random.between(1_000, 120_000) : random.between(2, 30)), queue, () =>
      deliver(queue, message),
    );
  }

  function deliver(queue: QueueName, message: Waiting): void {
    if (message.lost) return;
    const process = world.spawn(`${queue} ${message.id}`);
    const verdict: { retryMs: number | null; acked: boolean } = { retryMs: null, acked: false };
    message.attempts += 1;
    world.note(`${queue} ${message.id} attempt ${message.attempts}`);
    const asMessage = {
      id: message.id,
      body: message.body,
      attempts: message.attempts,
      ack: () => {
        verdict.acked = true;
      },
      retry: (options?: { delaySeconds?: number }) => {
        verdict.retryMs = (options?.delaySeconds ?? 2) * 1_000;
      },
    };
    const batch = { queue, messages: [asMessage] } as unknown as MessageBatch<unknown>;
    let isOver = false;
    const over = (retryMs: number | null) => {
      if (isOver) return;
      isOver = true;
      if (retryMs === null) alive.delete(message);
      else again(queue, message, retryMs);
    };
    process.onDeath = () => over(AFTER_DEATH_MS);
    consumers[queue](process, batch).then(
      () => over(verdict.retryMs),
      () => over(AFTER_DEATH_MS),
    );
    if (!message.isTwin && world.faults.happens(world, "message is delivered twice")) {
      const twin = { ...message, attempts: message.attempts - 1, isTwin: true };
      alive.add(twin);
      schedule(queue, twin, random.between(0, 40_000));
    }
  }

  function again(queue: QueueName, message: Waiting, retryMs: number): void {
    const isDlq = queue === "booking-saga-dlq" || queue === "notifications-dlq";
    if (message.attempts < (isDlq ? DLQ_TRIES : consumerTries)) {
      schedule(queue, message, retryMs);
      return;
    }
    alive.delete(message);
    if (isDlq) {
      world.count("a dead letter was lost");
      return;
    }
    world.count("a message became a dead letter");
    host.send(`${queue}-dlq`, [{ body: message.body }]);
  }

  const host: QueueHost = {
    send(queue, messages) {
      for (const { body, delaySeconds } of messages) {
        numbers += 1;
        const message: Waiting = { id: `m${numbers}`, body, attempts: 0, lost: false, isTwin: false };
        alive.add(message);
        schedule(queue, message, (delaySeconds ?? 0) * 1_000);
      }
    },
    loseAll() {
      world.note(`${alive.size} messages are lost`);
      if (alive.size > 0) world.count("queued messages were lost");
      for (const message of alive) message.lost = true;
      alive.clear();
    },
    waiting: () => alive.size,
  };
  return host;
}
