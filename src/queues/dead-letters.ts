// What no consumer could do is noted in D1 with its original payload, for an operator to read and replay.

import type { Deps } from "../app/ports";
import { consumerTries } from "./limits";

type DeadLetterDeps = Pick<Deps, "deadLetters" | "clock" | "log">;

/** Notes every message, then acknowledges it; what cannot be noted stays in the queue. */
export async function noteDeadLetters(batch: MessageBatch<unknown>, deps: DeadLetterDeps): Promise<void> {
  await Promise.all(batch.messages.map((message) => note(batch.queue, message, deps)));
}

async function note(queue: string, message: Message<unknown>, deps: DeadLetterDeps): Promise<void> {
  try {
    await deps.deadLetters.note({
      id: message.id,
      queue: queue.replace(/-dlq$/, ""),
      body: JSON.stringify(message.body),
      reason: "failed after all its retries",
      attempts: consumerTries,
      notedAtMs: deps.clock.nowMs(),
    });
    deps.log.error("a message became a dead letter", { queue, messageId: message.id });
    message.ack();
  } catch (fault) {
    deps.log.error("a dead letter was not noted", { queue, messageId: message.id, fault });
    message.retry();
  }
}
