// Effects as queue messages: ids only. Few effects a message where a buyer waits, many where the database batches.

import type { EffectId } from "../domain/box-office/commands";
import { kindOf } from "../domain/box-office/effects";
import type { BoxOfficeState } from "../domain/box-office/state";
import type { EventCode } from "../domain/ids";

/** Projections of one message become one batch of D1 statements. */
const PROJECTIONS_A_MESSAGE = 50;
const PAYMENTS_A_MESSAGE = 10;
/** A queue takes so many messages at once. Source: the platform's limit. */
const MAX_MESSAGES = 100;

export interface SagaMessage {
  readonly body: { readonly code: EventCode; readonly effects: readonly EffectId[] };
  readonly delaySeconds?: number;
}

/** At most one batch. What the bound leaves out stays in flight unsent, and the alarm sends it again. */
export function sagaMessages(
  state: BoxOfficeState,
  outgoing: {
    readonly now: readonly EffectId[];
    readonly later: readonly { readonly id: EffectId; readonly afterMs: number }[];
  },
): readonly SagaMessage[] {
  const code = state.definition?.code;
  if (code === undefined) return [];
  const projections = outgoing.now.filter((id) => kindOf(id) === "project");
  const others = outgoing.now.filter((id) => kindOf(id) !== "project");
  const messages: SagaMessage[] = [
    ...chunks(others, PAYMENTS_A_MESSAGE).map((effects) => ({ body: { code, effects } })),
    ...chunks(projections, PROJECTIONS_A_MESSAGE).map((effects) => ({ body: { code, effects } })),
    ...outgoing.later.map(({ id, afterMs }) => ({
      body: { code, effects: [id] },
      delaySeconds: Math.ceil(afterMs / 1_000),
    })),
  ];
  return messages.slice(0, MAX_MESSAGES);
}

function chunks<T>(items: readonly T[], size: number): readonly (readonly T[])[] {
  const parts: (readonly T[])[] = [];
  for (let start = 0; start < items.length; start += size) parts.push(items.slice(start, start + size));
  return parts;
}
