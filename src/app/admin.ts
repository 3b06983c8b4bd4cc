// What operators do with messages that a queue or a sweep gave up: look at them, and have them done again once the
// cause is fixed. Everything in a message is done at most once however often it is replayed.

import { type NotificationId, parseEventCode, parseId } from "../domain/ids";
import { accept, invalid, type Result, refuse } from "../domain/refusals";
import type { DeadLetter, Deps, NotificationMessage, Page, SagaMessage } from "./ports";

export async function listDeadLetters(
  deps: Pick<Deps, "deadLetters">,
  page: number,
  perPage: number,
): Promise<Page<DeadLetter>> {
  return await deps.deadLetters.list(page, perPage);
}

/**
 * Makes what the message asked for due now. Refused, and still open, is a message nobody can read, and one of which
 * nothing is owed any more: whoever replays it must not believe that something was begun.
 */
export async function replayDeadLetter(
  deps: Pick<Deps, "clock" | "deadLetters" | "boxOffices" | "queues" | "providerInbox">,
  id: string,
  origin: { readonly actor: string; readonly requestId: string },
): Promise<Result<DeadLetter>> {
  const letter = await deps.deadLetters.byId(id);
  if (!letter) return refuse({ code: "DEAD_LETTER_NOT_FOUND", id });
  const message = parseMessage(letter.body);
  if (!message) return invalid("id", "names a message that cannot be read, so there is nothing to replay");
  if ("delivery" in message) {
    const isDue = await deps.providerInbox.reopen(message.delivery, deps.clock.nowMs());
    if (!isDue) return refuse({ code: "NOTHING_TO_REPLAY" });
  } else if ("code" in message) {
    // Told apart from others under its own key: a lost answer must not make a second look find that nothing is owed.
    const key = { scope: `replay ${id} ${origin.requestId}`, fingerprint: "redrive" };
    const reply = await deps.boxOffices.send(message.code, {
      type: "redrive",
      effects: message.effects,
      ...origin,
      key,
    });
    if (reply === null) return refuse({ code: "EVENT_NOT_FOUND", id: message.code });
    if (!reply.ok) return reply;
    if (reply.value.due === 0) return refuse({ code: "NOTHING_TO_REPLAY" });
  } else {
    await deps.queues.notify(message.ids);
  }
  const replayedAtMs = deps.clock.nowMs();
  await deps.deadLetters.markReplayed(letter.id, replayedAtMs);
  return accept({ ...letter, replayedAtMs });
}

/** A delivery of the provider that was given up. */
interface DeliveryMessage {
  readonly delivery: string;
}

function parseMessage(body: string): SagaMessage | NotificationMessage | DeliveryMessage | null {
  let value: unknown;
  try {
    value = JSON.parse(body);
  } catch {
    return null;
  }
  if (typeof value !== "object" || value === null) return null;
  if ("code" in value && "effects" in value) {
    const code = typeof value.code === "string" ? parseEventCode(value.code) : null;
    return code && isTexts(value.effects) ? { code, effects: value.effects } : null;
  }
  if ("delivery" in value) return typeof value.delivery === "string" ? { delivery: value.delivery } : null;
  if (!("ids" in value) || !isTexts(value.ids)) return null;
  const ids = value.ids.map((id) => parseId("notif", id)).filter((id): id is NotificationId => id !== null);
  return ids.length > 0 ? { ids } : null;
}

function isTexts(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.length > 0 && value.every((item) => typeof item === "string");
}
