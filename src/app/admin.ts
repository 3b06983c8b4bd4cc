// What operators do with messages that a queue or a sweep gave up: look at them, and have them done again once the
// cause is fixed. Everything in a message is done at most once however often it is replayed.

import type { EffectId } from "../domain/box-office/commands";
import { parseEffectId } from "../domain/box-office/effects";
import { type NotificationId, parseEventCode, parseId } from "../domain/ids";
import { accept, invalid, type Result, refuse } from "../domain/refusals";
import { sendAfterAll } from "./notifications";
import type { DeadLetter, DeadLetters, Deps, NotificationMessage, Page, SagaMessage } from "./ports";

interface Asker {
  readonly actor: string;
  readonly requestId: string;
}

export async function listDeadLetters(
  deps: Pick<Deps, "deadLetters">,
  wanted: Parameters<DeadLetters["list"]>[0],
): Promise<Page<DeadLetter>> {
  return await deps.deadLetters.list(wanted);
}

/**
 * Notes that somebody saw to it without replaying, such as a dispute that was answered. With `paidBack`: the failed
 * refunds that it names were paid in another way, and count as done from now on.
 */
export async function closeDeadLetter(
  deps: Pick<Deps, "clock" | "deadLetters" | "boxOffices">,
  id: string,
  paidBack: boolean,
  origin: Asker,
): Promise<Result<DeadLetter>> {
  const letter = await deps.deadLetters.byId(id);
  if (!letter) return refuse({ code: "DEAD_LETTER_NOT_FOUND", id });
  if (paidBack) {
    const settled = await settlePaidBack(deps, letter, origin);
    if (!settled.ok) return settled;
  }
  const closedAtMs = letter.closedAtMs ?? deps.clock.nowMs();
  await deps.deadLetters.close(id, closedAtMs);
  return accept({ ...letter, closedAtMs });
}

/** Done before the letter is closed: a death between the two leaves it open, and settling again changes nothing. */
async function settlePaidBack(
  deps: Pick<Deps, "boxOffices">,
  { body }: DeadLetter,
  origin: Asker,
): Promise<Result<unknown>> {
  const message = parseMessage(body);
  const refunds = message && "effects" in message ? message.effects.filter(isRefund) : [];
  if (message === null || !("code" in message) || refunds.length === 0) {
    return invalid("paidBack", "is for messages that name a refund");
  }
  const command = { type: "paidBack", effects: refunds, ...origin } as const;
  return (await deps.boxOffices.send(message.code, command)) ?? refuse({ code: "EVENT_NOT_FOUND", id: message.code });
}

function isRefund(effect: EffectId): boolean {
  return parseEffectId(effect)?.kind === "refund";
}

/** What only people can see to, such as a dispute, names no work of ours. */
export function isReplayable({ body }: DeadLetter): boolean {
  return parseMessage(body) !== null;
}

type ReplayDeps = Pick<Deps, "clock" | "deadLetters" | "boxOffices" | "notifications" | "queues" | "providerInbox">;

/**
 * Makes what the message asked for due now. Refused, and still open, is a message nobody can read, and one of which
 * nothing is owed any more: whoever replays it must not believe that something was begun.
 */
export async function replayDeadLetter(deps: ReplayDeps, id: string, origin: Asker): Promise<Result<DeadLetter>> {
  const letter = await deps.deadLetters.byId(id);
  if (!letter) return refuse({ code: "DEAD_LETTER_NOT_FOUND", id });
  const message = parseMessage(letter.body);
  if (!message) return invalid("id", "names a message that cannot be read, so there is nothing to replay");
  const due = await makeDue(deps, letter, message, origin);
  if (!due.ok) return due;
  if (due.value === 0) return refuse({ code: "NOTHING_TO_REPLAY" });
  const replayedAtMs = deps.clock.nowMs();
  await deps.deadLetters.markReplayed(letter.id, replayedAtMs);
  return accept({ ...letter, replayedAtMs });
}

/** How many things the message asks for are due now, which were not done and nobody had given up for good. */
async function makeDue(deps: ReplayDeps, { id }: DeadLetter, message: Message, origin: Asker): Promise<Result<number>> {
  if ("ids" in message) return accept(await sendAfterAll(deps, message.ids));
  if ("delivery" in message) {
    return accept((await deps.providerInbox.reopen(message.delivery, deps.clock.nowMs())) ? 1 : 0);
  }
  // Told apart from others under its own key: a lost answer must not make a second look find that nothing is owed.
  const key = { scope: `replay ${id} ${origin.requestId}`, fingerprint: "redrive" };
  const redrive = { type: "redrive", effects: message.effects, ...origin, key } as const;
  const reply = await deps.boxOffices.send(message.code, redrive);
  if (reply === null) return refuse({ code: "EVENT_NOT_FOUND", id: message.code });
  return reply.ok ? accept(reply.value.due) : reply;
}

/** A delivery of the provider that was given up. */
interface DeliveryMessage {
  readonly delivery: string;
}

type Message = SagaMessage | NotificationMessage | DeliveryMessage;

function parseMessage(body: string): Message | null {
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
