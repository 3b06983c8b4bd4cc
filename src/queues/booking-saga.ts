// The saga's consumer: a message names effects of one event; they are claimed, done and settled. What keeps failing
// goes to the dead-letter queue, while the effects themselves stay owed and are tried again: every hour at the least.

import { z } from "zod";
import { doEffects, type EffectDeps, providerLines } from "../app/effects";
import type { Line } from "../app/turns";
import { parseEventCode } from "../domain/ids";

/** Waits before a message is delivered again; the last one is for all further tries. */
const RETRY_DELAYS_SECONDS = [1, 2, 5, 15, 60] as const;
const MAX_EFFECTS = 100;

const SagaMessage = z.object({
  code: z.string().transform((text, context) => {
    const code = parseEventCode(text);
    if (code !== null) return code;
    context.addIssue({ code: "custom", message: "is no event code" });
    return z.NEVER;
  }),
  effects: z.array(z.string().max(80)).min(1).max(MAX_EFFECTS),
});

/**
 * The messages of a batch run side by side; each is acknowledged or retried for itself. What they ask of the provider
 * they ask in turn.
 */
export async function consumeSaga(batch: MessageBatch<unknown>, deps: EffectDeps): Promise<void> {
  const open = providerLines();
  await Promise.all(batch.messages.map((message) => consume(message, deps, open())));
}

async function consume(message: Message<unknown>, deps: EffectDeps, line: Line): Promise<void> {
  const parsed = SagaMessage.safeParse(message.body);
  if (!parsed.success) {
    // It can never succeed, and the effects it may have meant are still owed.
    deps.log.error("a saga message was malformed", { messageId: message.id });
    message.ack();
    return;
  }
  try {
    await doEffects(deps, parsed.data.code, parsed.data.effects, line);
    message.ack();
  } catch (fault) {
    deps.log.warn("a saga message is retried", { attempts: message.attempts, fault });
    const last = RETRY_DELAYS_SECONDS.length - 1;
    message.retry({ delaySeconds: RETRY_DELAYS_SECONDS[Math.min(message.attempts - 1, last)] });
  }
}
