// What a command comes to: an answer, the holds as they are from now on, and the facts for the journal.

import { accept, type Refusal, type Result, refuse } from "../refusals";
import type { WorkKind } from "./commands";
import type { CheckIn, EventDefinition, Fact, Hold } from "./state";

export interface Decision<Value> {
  readonly reply: Result<Value>;
  readonly holds: readonly Hold[];
  readonly facts: readonly Fact[];
  readonly checkIns?: readonly CheckIn[];
  readonly definition: EventDefinition | null;
  /** Kinds of effects, owed by the holds above, that the caller does itself right away. */
  readonly lease: readonly WorkKind[];
}

export function refused(refusal: Refusal): Decision<never> {
  return { reply: refuse(refusal), holds: [], facts: [], definition: null, lease: [] };
}

/** An answer that changes nothing. */
export function answered<Value>(value: Value): Decision<Value> {
  return { reply: accept(value), holds: [], facts: [], definition: null, lease: [] };
}

export function decided<Value>(
  value: Value,
  hold: Hold,
  facts: readonly Fact[],
  lease: readonly WorkKind[] = [],
): Decision<Value> {
  return { reply: accept(value), holds: [hold], facts, definition: null, lease };
}
