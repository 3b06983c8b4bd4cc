// The consumer of the queue `notifications`: a message names mails to send. Delivery is at least once and in no
// order, so a message is only a hint; the claim decides. A message that cannot be understood is logged and dropped.

import { z } from "zod";
import { type Delivery, type SendDeps, sendNotifications } from "../app/notifications";
import { type NotificationId, parseId } from "../domain/ids";
import { SECOND } from "../domain/time";

/** Mails a message may name. */
const MAX_IDS = 100;
/** The longest delay that a queue takes, in seconds. */
const MAX_DELAY_SECONDS = 43_200;

const messageSchema = z.object({
  ids: z
    .array(z.string().refine((text) => parseId("notif", text) !== null))
    .min(1)
    .max(MAX_IDS),
});

/** Acknowledges what was sent, is not ours or was given up; what failed comes back when it is due again. */
export async function consumeNotifications(batch: MessageBatch, deps: SendDeps): Promise<void> {
  const understood: { readonly message: Message; readonly ids: readonly NotificationId[] }[] = [];
  for (const message of batch.messages) {
    const parsed = messageSchema.safeParse(message.body);
    if (parsed.success) understood.push({ message, ids: parsed.data.ids as readonly string[] as NotificationId[] });
    else {
      deps.log.error("a message of the queue was not understood", { queue: batch.queue, message: message.id });
      message.ack();
    }
  }
  const deliveries = await sendNotifications(
    deps,
    understood.flatMap(({ ids }) => ids),
  );
  const nowMs = deps.clock.nowMs();
  for (const { message, ids } of understood) {
    const retryAtMs = earliestRetry(ids.map((id) => deliveries.get(id)));
    if (retryAtMs === null) message.ack();
    else message.retry({ delaySeconds: delayUntil(retryAtMs, nowMs) });
  }
}

function earliestRetry(deliveries: readonly (Delivery | undefined)[]): number | null {
  const moments = deliveries.flatMap((one) => (one?.outcome === "failed" ? [one.retryAtMs] : []));
  return moments.length === 0 ? null : Math.min(...moments);
}

function delayUntil(retryAtMs: number, nowMs: number): number {
  return Math.min(MAX_DELAY_SECONDS, Math.max(1, Math.ceil((retryAtMs - nowMs) / SECOND)));
}
