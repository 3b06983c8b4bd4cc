// The one door to a box office: treats what is due as over, decides a command, changes memory, and says what must
// be written before anybody hears of it. Pure but for `state`, which it changes in place; no clock, no await.

import { accept, refuse } from "../refusals";
import { DAY, isOver } from "../time";
import { decideBook, decideCancel, decideConfirm, decideReadBooking } from "./bookings";
import { decideCheckIn, decideReadDoor, decideReadTickets, decideUndoCheckIn, putCheckIn } from "./check-ins";
import type { Command, CommandType, EffectId, Outcome, Replies, Reply, Work } from "./commands";
import { nextDueMs, takeDue } from "./deadlines";
import { answered, type Decision, refused } from "./decision";
import {
  availabilityEffectOf,
  availabilityOwed,
  definitionEffectOf,
  definitionOwed,
  effectsOf,
  giveBack,
  kindOf,
  lease,
  makeDue,
  owe,
  parseEffectId,
  retire,
} from "./effects";
import { holdOfBooking } from "./endings";
import { decideAmend, decideDefine, decideReadEvent, decideReadSeats } from "./event";
import { expire } from "./expiry";
import { changed } from "./hold";
import { decideHold, decideReadHold, decideRelease, decideRenew } from "./holds";
import { decidePay, decideReadAttempt, hearOfAttempt } from "./payments";
import { decidePaidBack, hearOfRefund, retryRefund } from "./refunds";
import { dropPast, install, isResident, replaceHold } from "./seat-table";
import type {
  BoxOfficeState,
  CheckIn,
  EventDefinition,
  Fact,
  Hold,
  JournalEntry,
  SeatChange,
  StoredKey,
} from "./state";

/** A key is remembered this long. Source: docs/api.md. */
export const KEY_TTL_MS = DAY;

/** What must be durable before the reply is given; later versions of a hold replace earlier ones. */
export interface Changes {
  readonly holds: Map<Hold["id"], Hold>;
  readonly journal: JournalEntry[];
  readonly keys: StoredKey[];
  readonly checkIns: Map<CheckIn["ticketId"], CheckIn>;
  definition: EventDefinition | null;
  /** D1 was told of the availability or the definition. */
  told: boolean;
}

export function noChanges(): Changes {
  return { holds: new Map(), journal: [], keys: [], checkIns: new Map(), definition: null, told: false };
}

/** Carries out one command. Refusals are replies; a throw is a bug and leaves `state` to be rebuilt. */
export function execute<C extends Command>(
  state: BoxOfficeState,
  command: C,
  nowMs: number,
  changes: Changes,
): Reply<C["type"]> {
  if (state.definition === null && command.type !== "define") return { ok: false, notDefined: true };
  expireDue(state, nowMs, changes);
  return run(state, command, nowMs, changes) as Reply<C["type"]>;
}

/** Everything whose moment has passed is over, before anything else is looked at. */
export function expireDue(state: BoxOfficeState, nowMs: number, changes: Changes): void {
  dropPast(state, nowMs);
  for (let hold = takeDue(state, nowMs); hold !== null; hold = takeDue(state, nowMs)) {
    const { hold: over, facts } = expire(hold, nowMs);
    record(state, { actor: "system", requestId: "expiry" }, [over], facts, nowMs, changes);
  }
}

function run(state: BoxOfficeState, command: Command, nowMs: number, changes: Changes): Reply<CommandType> {
  const known = command.key == null ? undefined : state.keys.get(command.key.scope);
  if (command.key != null && known !== undefined && !isOver(known.atMs + KEY_TTL_MS, nowMs)) {
    if (known.fingerprint !== command.key.fingerprint) return refuse({ code: "IDEMPOTENCY_KEY_REUSED" });
    // Whatever followed from it was begun the first time.
    const value = LEASING.has(command.type) ? { ...(known.reply as object), work: [] } : known.reply;
    return { ok: true, value: value as Replies[CommandType], replayed: true };
  }
  const decision = decide(state, command, nowMs, changes);
  const { reply } = decision;
  record(state, command, decision.holds, decision.facts, nowMs, changes);
  for (const checkIn of decision.checkIns ?? []) {
    putCheckIn(state, checkIn);
    changes.checkIns.set(checkIn.ticketId, checkIn);
  }
  if (decision.definition !== null) putInForce(state, decision.definition, changes);
  if (!reply.ok) return reply as Reply<CommandType>;
  if (command.key != null) {
    const key = { ...command.key, atMs: nowMs, reply: reply.value };
    state.keys.set(key.scope, key);
    changes.keys.push(key);
  }
  if (!LEASING.has(command.type)) return reply as Reply<CommandType>;
  const work = leaseAll(state, owedBy(state, decision), decision.lease, nowMs);
  return accept({ ...(reply.value as object), work }) as Reply<CommandType>;
}

/** Commands whose reply carries work the caller does itself. */
const LEASING: ReadonlySet<CommandType> = new Set(["amend", "release", "confirm", "pay", "cancel", "settle"]);

function decide(state: BoxOfficeState, command: Command, nowMs: number, changes: Changes): Decision<unknown> {
  if ("eventId" in command && command.eventId !== undefined && command.eventId !== state.definition?.id) {
    return refused({ code: "EVENT_NOT_FOUND", id: command.eventId });
  }
  switch (command.type) {
    case "define":
      return decideDefine(state, command);
    case "amend":
      return decideAmend(state, command, nowMs);
    case "hold":
      return decideHold(state, command, nowMs);
    case "renew":
      return decideRenew(state, command, nowMs);
    case "release":
      return decideRelease(state, command, nowMs);
    case "book":
      return decideBook(state, command, nowMs);
    case "confirm":
      return decideConfirm(state, command, nowMs);
    case "pay":
      return decidePay(state, command, nowMs);
    case "cancel":
      return decideCancel(state, command, nowMs);
    case "claim":
      return answered(claim(state, command.effects, nowMs));
    case "settle":
      return settle(state, command, nowMs, changes);
    case "redrive":
      return redrive(state, command.effects, nowMs);
    case "paidBack":
      return decidePaidBack(state, command, nowMs);
    case "wake":
      return answered({ nextDueMs: nextDueMs(state) });
    case "readEvent":
      return decideReadEvent(state);
    case "readSeats":
      return decideReadSeats(state, command);
    case "readHold":
      return decideReadHold(state, command);
    case "readBooking":
      return decideReadBooking(state, command);
    case "readAttempt":
      return decideReadAttempt(state, command);
    case "checkIn":
      return decideCheckIn(state, command, nowMs);
    case "undoCheckIn":
      return decideUndoCheckIn(state, command);
    case "readTickets":
      return decideReadTickets(state, command);
    case "readDoor":
      return decideReadDoor(state);
  }
}

/** Puts holds in force and writes down what happened, as one journal entry. */
function record(
  state: BoxOfficeState,
  origin: { readonly actor: string; readonly requestId: string },
  holds: readonly Hold[],
  facts: readonly Fact[],
  nowMs: number,
  changes: Changes,
): void {
  const freeBefore = freeSeats(state);
  const seatChanges: SeatChange[] = [];
  for (const hold of holds) {
    seatChanges.push(...replaceHold(state, hold, nowMs));
    changes.holds.set(hold.id, hold);
  }
  if (facts.length === 0 && seatChanges.length === 0) return;
  state.seq += 1;
  changes.journal.push({
    seq: state.seq,
    atMs: nowMs,
    actor: origin.actor,
    requestId: origin.requestId,
    facts,
    seatChanges,
  });
  // A held seat that is sold was not free before either: D1 need not hear of it.
  if (freeSeats(state) !== freeBefore) oweAvailability(state);
}

function oweAvailability(state: BoxOfficeState): void {
  state.availabilitySeq = state.seq;
  if (state.definition !== null) owe(state, availabilityEffectOf(state.definition.code));
}

function freeSeats(state: BoxOfficeState): number {
  let free = 0;
  for (const seats of state.freeByTier) free += seats;
  return free;
}

function putInForce(state: BoxOfficeState, definition: EventDefinition, changes: Changes): void {
  const isNew = state.definition === null;
  install(state, definition);
  changes.definition = definition;
  if (isNew) {
    // It came from D1, so D1 has it.
    state.definitionToldVersion = definition.version;
    return;
  }
  owe(state, definitionEffectOf(definition.code));
  oweAvailability(state);
}

function claim(state: BoxOfficeState, effects: readonly EffectId[], nowMs: number): Replies["claim"] {
  const work: Work[] = [];
  const gone: EffectId[] = [];
  const busy: EffectId[] = [];
  for (const id of effects) {
    const leased = lease(state, id, nowMs);
    if (leased === "gone") gone.push(id);
    else if (leased === "busy") busy.push(id);
    else work.push(leased);
  }
  return { work, gone, busy };
}

/** News of an effect, or of the same thing heard another way. Moves only forward; what it changes not, it ignores. */
function settle(
  state: BoxOfficeState,
  command: Extract<Command, { type: "settle" }>,
  nowMs: number,
  changes: Changes,
): Decision<unknown> {
  const { effect, outcome } = command;
  const name = parseEffectId(effect);
  if (name === null) return answered({});
  if (name.kind === "availability" || name.kind === "definition") {
    settleTold(state, name.kind, effect, outcome, nowMs, changes);
    return answered({});
  }
  const hold = holdOfBooking(state, name.bookingId);
  const booking = hold?.booking ?? null;
  if (hold === null || booking === null) return refused({ code: "BOOKING_NOT_FOUND", id: name.bookingId });
  if (outcome.type === "later") {
    if (effectsOf(hold).includes(effect)) giveBack(state, effect, nowMs, outcome.afterMs);
    return answered({});
  }
  if (name.kind === "project") {
    if (outcome.type === "projected") settleProjection(state, hold, effect, outcome.version, nowMs, changes);
    return answered({});
  }
  const next = changed(hold, nowMs, {});
  const turn =
    name.kind === "refund"
      ? hearOfRefund(next, booking, name.n, outcome)
      : hearOfAttempt(next, booking, name.n, outcome, nowMs);
  if (turn === null || outcome.type === "unanswered") {
    if (effectsOf(hold).includes(effect)) giveBack(state, effect, nowMs, null);
  }
  if (turn === null) return answered({});
  return { ...answered({}), holds: [turn.hold], facts: turn.facts, lease: FOLLOW_UPS };
}

/** What a consumer goes on with right after it settled. */
const FOLLOW_UPS = ["authorise", "capture", "void", "project"] as const;

/** D1 has a version of the booking. Written only when nothing else is owed: a later write carries it for free. */
function settleProjection(
  state: BoxOfficeState,
  hold: Hold,
  effect: EffectId,
  version: number,
  nowMs: number,
  changes: Changes,
): void {
  if (version <= hold.projectedVersion) return;
  const current = version >= hold.version;
  const booking = hold.booking === null || !current ? hold.booking : { ...hold.booking, notices: [] };
  const told: Hold = { ...hold, booking, projectedVersion: Math.min(version, hold.version) };
  replaceHold(state, told, nowMs);
  if (!current) makeDue(state, effect);
  if (effectsOf(told).length === 0) changes.holds.set(told.id, told);
}

function settleTold(
  state: BoxOfficeState,
  kind: "availability" | "definition",
  effect: EffectId,
  outcome: Outcome,
  nowMs: number,
  changes: Changes,
): void {
  if (outcome.type === "later") giveBack(state, effect, nowMs, outcome.afterMs);
  if (outcome.type !== "projected") return;
  if (kind === "definition") {
    state.definitionToldVersion = Math.max(state.definitionToldVersion, outcome.version);
  } else {
    state.availabilityToldSeq = Math.max(state.availabilityToldSeq, outcome.version);
    state.outbox.availabilityToldMs = nowMs;
  }
  changes.told = true;
  retire(state, effect);
  const owed = kind === "definition" ? definitionOwed(state) : availabilityOwed(state);
  if (owed) owe(state, effect);
}

function redrive(state: BoxOfficeState, effects: readonly EffectId[] | null, nowMs: number): Decision<unknown> {
  const ids = effects ?? owedEffects(state);
  let due = 0;
  const holds: Hold[] = [];
  const facts: Fact[] = [];
  for (const id of ids) {
    if (makeDue(state, id)) {
      due += 1;
      continue;
    }
    const again = owedAgain(state, id, nowMs);
    if (again === null) continue;
    holds.push(again.hold);
    facts.push(...again.facts);
    due += 1;
  }
  return { ...answered({ due }), holds, facts };
}

/** What is owed no longer but wanted again: a refund the bank returned, a projection D1 lost. */
function owedAgain(state: BoxOfficeState, id: EffectId, nowMs: number): { hold: Hold; facts: readonly Fact[] } | null {
  const name = parseEffectId(id);
  if (name?.kind !== "refund" && name?.kind !== "project") return null;
  const hold = holdOfBooking(state, name.bookingId);
  if (hold?.booking == null) return null;
  if (name.kind === "project") return { hold: { ...hold, projectedVersion: 0 }, facts: [] };
  return retryRefund(changed(hold, nowMs, {}), hold.booking, name.n, nowMs);
}

/** Everything the box office owes now. */
export function owedEffects(state: BoxOfficeState): readonly EffectId[] {
  const owed: EffectId[] = [];
  for (const hold of state.holds.values()) if (isResident(hold)) owed.push(...effectsOf(hold));
  if (state.definition !== null) {
    if (availabilityOwed(state)) owed.push(availabilityEffectOf(state.definition.code));
    if (definitionOwed(state)) owed.push(definitionEffectOf(state.definition.code));
  }
  return owed;
}

function owedBy(state: BoxOfficeState, decision: Decision<unknown>): readonly EffectId[] {
  const owed = decision.holds.flatMap((hold) => effectsOf(hold));
  if (decision.definition !== null && definitionOwed(state)) owed.push(definitionEffectOf(decision.definition.code));
  return owed;
}

function leaseAll(
  state: BoxOfficeState,
  effects: readonly EffectId[],
  kinds: Decision<unknown>["lease"],
  nowMs: number,
): readonly Work[] {
  const work: Work[] = [];
  for (const id of effects) {
    if (!kinds.includes(kindOf(id))) continue;
    const leased = lease(state, id, nowMs);
    if (typeof leased === "object") work.push(leased);
  }
  return work;
}
