// What operators do with messages that a queue gave up: look at them, and have them done again once the cause is
// fixed. Everything in a message is done at most once however often it is replayed.

import { type NotificationId, parseEventCode, parseId } from "../domain/ids";
import { accept, invalid, type Result, refuse } from "../domain/refusals";
import { sendAfterAll } from "./notifications";
import type { DeadLetter, DeadLetters, Deps, NotificationMessage, Page, SagaMessage } from "./ports";

export async function listDeadLetters(
  deps: Pick<Deps, "deadLetters">,
  wanted: Parameters<DeadLetters["list"]>[0],
): Promise<Page<DeadLetter>> {
  return await deps.deadLetters.list(wanted);
}

/** Notes that somebody saw to it without replaying: a dispute that was answered, a refund that was paid another way. */
export async function closeDeadLetter(
  deps: Pick<Deps, "clock" | "deadLetters">,
  id: string,
): Promise<Result<DeadLetter>> {
  await deps.deadLetters.close(id, deps.clock.nowMs());
  const letter = await deps.deadLetters.byId(id);
  return letter ? accept(letter) : refuse({ code: "DEAD_LETTER_NOT_FOUND", id });
}

/** What only people can see to, such as a dispute, names no work of ours. */
export function isReplayable({ body }: DeadLetter): boolean {
  return parseMessage(body) !== null;
}

/** Makes what the message asked for due now. A message nobody can read is refused: there is nothing to do again. */
export async function replayDeadLetter(
  deps: Pick<Deps, "clock" | "deadLetters" | "boxOffices" | "notifications" | "queues">,
  id: string,
  origin: { readonly actor: string; readonly requestId: string },
): Promise<Result<DeadLetter>> {
  const letter = await deps.deadLetters.byId(id);
  if (!letter) return refuse({ code: "DEAD_LETTER_NOT_FOUND", id });
  const message = parseMessage(letter.body);
  if (!message) return invalid("id", "names a message that cannot be read, so there is nothing to replay");
  if ("code" in message) {
    await deps.boxOffices.send(message.code, { type: "redrive", effects: message.effects, ...origin });
  } else {
    await sendAfterAll(deps, message.ids);
  }
  const replayedAtMs = deps.clock.nowMs();
  await deps.deadLetters.markReplayed(letter.id, replayedAtMs);
  return accept({ ...letter, replayedAtMs });
}

function parseMessage(body: string): SagaMessage | NotificationMessage | null {
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
  if (!("ids" in value) || !isTexts(value.ids)) return null;
  const ids = value.ids.map((id) => parseId("notif", id)).filter((id): id is NotificationId => id !== null);
  return ids.length > 0 ? { ids } : null;
}

function isTexts(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.length > 0 && value.every((item) => typeof item === "string");
}
