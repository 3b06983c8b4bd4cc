// Hands ids to a Cloudflare queue. What a queue loses, a sweep finds: nothing depends on a message arriving.

import type { NotificationMessage, Queues } from "../app/ports";

/** Ids in one message; the consumer takes no more. */
const IDS_A_MESSAGE = 100;
/** Messages in one call, by Cloudflare's limits. */
const MESSAGES_A_CALL = 100;

export function cloudflareQueues(queue: Queue | undefined): Queues {
  return {
    ready: queue !== undefined,
    async notify(ids) {
      if (!queue) return;
      for (let start = 0; start < ids.length; start += IDS_A_MESSAGE * MESSAGES_A_CALL) {
        const messages: MessageSendRequest<NotificationMessage>[] = [];
        const end = Math.min(ids.length, start + IDS_A_MESSAGE * MESSAGES_A_CALL);
        for (let i = start; i < end; i += IDS_A_MESSAGE) {
          messages.push({ body: { ids: ids.slice(i, i + IDS_A_MESSAGE) } });
        }
        await queue.sendBatch(messages);
      }
    },
  };
}
