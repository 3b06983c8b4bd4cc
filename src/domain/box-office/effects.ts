// What is still to be done elsewhere. An effect is not remembered but read off the hold: an attempt that was not
// answered is to be asked for, a version D1 does not have is to be written there. So none can be forgotten.

import { type BookingId, type EventCode, parseId } from "../ids";
import { HOUR, SECOND } from "../time";
import type { EffectId, Work, WorkKind } from "./commands";
import { faceValueOf, latestAttempt } from "./hold";
import type { Attempt, Booking, BoxOfficeState, Hold, Refund } from "./state";
import { availabilityOf, bookingRecordOf } from "./views";

/** Longer than a consumer's longest effect: provider time-outs are 10 s. */
export const LEASE_MS = 30 * SECOND;
/**
 * After memory was rebuilt, what is owed is handed over this much later, by the alarm. At once would be a storm: an object
 * that is lost again and again would answer each message with messages for everything it owes.
 */
const RECOVERY_MS = SECOND;
/** An answer is waited for so long, doubling up to the ceiling; what got none rests as long before the next try. */
const PAUSE_MS = 5 * SECOND;
/** What a buyer waits for never rests longer. Source: docs/architecture.md. */
const PAUSE_CEILING_MS = 30 * SECOND;
/**
 * After as many tries without an answer the cause is not a passing one, and what nobody waits for rests an hour. 19
 * minutes where messages are lost, 26 where each try ends in a provider's time-out of 10 s.
 */
const EAGER_TRIES = 40;
/** D1 hears of an event's availability this often at most. */
export const AVAILABILITY_INTERVAL_MS = SECOND;

/** At most so many of a kind are handed over at once, so that payments cannot starve projections. */
export const MAX_IN_FLIGHT: Readonly<Record<WorkKind, number>> = {
  authorise: 200,
  capture: 200,
  void: 100,
  refund: 100,
  project: 1_000,
  availability: 1,
  definition: 1,
};
export const WORK_KINDS = Object.keys(MAX_IN_FLIGHT) as WorkKind[];

export type EffectName =
  | { readonly kind: "authorise" | "capture" | "void" | "refund"; readonly bookingId: BookingId; readonly n: number }
  | { readonly kind: "project"; readonly bookingId: BookingId }
  | { readonly kind: "availability" }
  | { readonly kind: "definition" };

/** The name an id spells, or null for anything else. */
export function parseEffectId(id: EffectId): EffectName | null {
  const [subject = "", kind, n] = id.split(":");
  if (kind === "availability") return { kind };
  if (kind === "definition") return { kind };
  const bookingId = parseId("bkg", subject);
  if (bookingId === null) return null;
  if (kind === "project") return { kind, bookingId };
  if (kind !== "authorise" && kind !== "capture" && kind !== "void" && kind !== "refund") return null;
  const number = Number(n);
  return Number.isSafeInteger(number) && number > 0 ? { kind, bookingId, n: number } : null;
}

export function projectionEffectOf(id: BookingId): EffectId {
  return `${id}:project`;
}

export function availabilityEffectOf(code: EventCode): EffectId {
  return `${code}:availability`;
}

export function definitionEffectOf(code: EventCode): EffectId {
  return `${code}:definition`;
}

export function kindOf(id: EffectId): WorkKind {
  return id.split(":")[1] as WorkKind;
}

/** Everything a hold owes. */
export function effectsOf(hold: Hold): readonly EffectId[] {
  const booking = hold.booking;
  if (booking === null) return [];
  const effects: EffectId[] = [];
  for (const attempt of booking.payment?.attempts ?? []) {
    const kind = attemptEffect(booking, attempt);
    if (kind !== null) effects.push(`${booking.id}:${kind}:${attempt.n}`);
  }
  for (const refund of booking.payment?.refunds ?? []) {
    if (refund.state === "due") effects.push(`${booking.id}:refund:${refund.n}`);
  }
  if (hold.projectedVersion < hold.version) effects.push(projectionEffectOf(booking.id));
  return effects;
}

function attemptEffect(booking: Booking, attempt: Attempt): "authorise" | "capture" | "void" | null {
  if (attempt.state === "captured" || attempt.state === "declined" || attempt.state === "voided") return null;
  if (attempt.unwanted) return "void";
  if (latestAttempt(booking)?.n !== attempt.n) return null;
  switch (booking.phase) {
    case "paying":
      return "authorise";
    case "voiding":
      return "void";
    case "capturing":
      return "capture";
    case "waiting":
    case "challenged":
    case "settled":
      return null;
  }
}

/** What a consumer is to do for an owed effect; null when it is owed no longer. */
export function workOf(state: BoxOfficeState, id: EffectId): Work | null {
  const name = parseEffectId(id);
  const definition = state.definition;
  if (name === null || definition === null) return null;
  if (name.kind === "availability") {
    if (!availabilityOwed(state)) return null;
    return { kind: name.kind, effect: id, availability: availabilityOf(state, definition) };
  }
  if (name.kind === "definition") {
    return definitionOwed(state) ? { kind: name.kind, effect: id, definition } : null;
  }
  const lockId = state.lockOfBooking.get(name.bookingId);
  const hold = lockId === undefined ? undefined : state.holds.get(lockId);
  if (hold?.booking == null || !effectsOf(hold).includes(id)) return null;
  if (name.kind === "project")
    return { kind: "project", effect: id, booking: bookingRecordOf(state, hold, hold.booking) };
  return moneyWork(hold.booking, id, name.kind, name.n);
}

function moneyWork(
  booking: Booking,
  effect: EffectId,
  kind: "authorise" | "capture" | "void" | "refund",
  n: number,
): Work | null {
  const { currency, id: bookingId } = booking;
  if (kind === "refund") {
    const refund = booking.payment?.refunds.find((one: Refund) => one.n === n);
    const paid = booking.payment?.attempts.find((attempt) => attempt.n === refund?.attempt);
    if (refund === undefined || paid?.intentId == null) return null;
    const { amountMinor, askedAtMs } = refund;
    const of = { bookingId, attempt: paid.n, refund: n, intentId: paid.intentId };
    return { kind, effect, ...of, askedAtMs, amountMinor, currency };
  }
  const attempt = booking.payment?.attempts.find((one) => one.n === n);
  if (attempt === undefined) return null;
  const { startedAtMs, force, intentId, token, unwanted } = attempt;
  const common = { effect, bookingId, attempt: n, startedAtMs, amountMinor: faceValueOf(booking), currency, force };
  return kind === "authorise" ? { kind, ...common, token } : { kind, ...common, intentId, unwanted };
}

export function availabilityOwed(state: BoxOfficeState): boolean {
  return state.availabilityToldSeq < state.availabilitySeq;
}

export function definitionOwed(state: BoxOfficeState): boolean {
  return state.definition !== null && state.definitionToldVersion < state.definition.version;
}

/** Takes effects that became owed into the outbox, and retires those that are owed no longer. */
export function updateOutbox(state: BoxOfficeState, before: readonly EffectId[], after: readonly EffectId[]): void {
  for (const id of before) if (!after.includes(id)) retire(state, id);
  for (const id of after) {
    if (!before.includes(id)) owe(state, id);
  }
}

/** An effect is to be handed over; one in flight or at rest stays there. */
export function owe(state: BoxOfficeState, id: EffectId): void {
  const { waiting, flights, resting } = state.outbox;
  const waits = waiting[kindOf(id)];
  if (!flights.has(id) && !resting.has(id) && !waits.has(id)) waits.set(id, 0);
}

/** Takes an effect out, wherever it is; returns how often it was tried in vain. */
export function retire(state: BoxOfficeState, id: EffectId): number {
  const { waiting, flights, resting, inFlight } = state.outbox;
  const kind = kindOf(id);
  const tries = flights.get(id)?.tries ?? resting.get(id)?.tries ?? waiting[kind].get(id) ?? 0;
  if (flights.delete(id)) inFlight[kind] -= 1;
  resting.delete(id);
  waiting[kind].delete(id);
  return tries;
}

/** A consumer, or the caller itself, takes an effect. `busy`: somebody else works on it. */
export function lease(state: BoxOfficeState, id: EffectId, nowMs: number): Work | "gone" | "busy" {
  const work = workOf(state, id);
  if (work === null) return "gone";
  const flight = state.outbox.flights.get(id);
  if (flight !== undefined && flight.leaseUntilMs > nowMs) return "busy";
  fly(state, id, nowMs + LEASE_MS + PAUSE_MS, nowMs + LEASE_MS);
  return work;
}

/**
 * Gives an effect back, to be handed over again after a while; meanwhile others have its place. `afterMs`: it is known
 * when to ask again, so nothing failed; null: no answer came.
 */
export function giveBack(state: BoxOfficeState, id: EffectId, nowMs: number, afterMs: number | null): void {
  const before = retire(state, id);
  const tries = afterMs === null ? before + 1 : before;
  rest(state, id, tries, nowMs + (afterMs ?? restMs(state, id, tries)));
}

/** Memory was rebuilt: what is owed may be under way already, so it waits for the alarm. */
export function recover(state: BoxOfficeState, nowMs: number): void {
  for (const kind of WORK_KINDS) {
    for (const [id, tries] of state.outbox.waiting[kind]) {
      retire(state, id);
      rest(state, id, tries, nowMs + RECOVERY_MS);
    }
  }
}

/** Makes an effect that is owed due at once. */
export function makeDue(state: BoxOfficeState, id: EffectId): boolean {
  if (workOf(state, id) === null) return false;
  retire(state, id);
  owe(state, id);
  return true;
}

/**
 * Hands over what waits, within the bounds; with `resend` also what was handed over and not answered in time, and
 * what has rested. Returns the ids to send, those for a later delivery apart.
 */
export function takeOutgoing(
  state: BoxOfficeState,
  nowMs: number,
  resend: boolean,
): { readonly now: readonly EffectId[]; readonly later: readonly { id: EffectId; afterMs: number }[] } {
  const now: EffectId[] = [];
  const later: { id: EffectId; afterMs: number }[] = [];
  const { waiting, inFlight } = state.outbox;
  if (resend) takeBack(state, nowMs);
  for (const kind of WORK_KINDS) {
    for (const [id, tries] of waiting[kind]) {
      if (inFlight[kind] >= MAX_IN_FLIGHT[kind]) break;
      const afterMs = kind === "availability" ? availabilityDelayMs(state, nowMs) : 0;
      fly(state, id, nowMs + afterMs + pauseMs(tries), 0);
      if (afterMs > 0) later.push({ id, afterMs });
      else now.push(id);
    }
  }
  return { now, later };
}

/** What was not answered in time, and what has rested, waits again: behind others, so that nothing blocks its kind. */
function takeBack(state: BoxOfficeState, nowMs: number): void {
  const { waiting, flights, resting } = state.outbox;
  for (const [id, flight] of flights) {
    if (flight.nextAtMs > nowMs) continue;
    retire(state, id);
    const tries = flight.tries + 1;
    // The time it was in flight was its pause.
    if (mayRestLong(state, id, tries)) rest(state, id, tries, nowMs + HOUR);
    else waiting[flight.kind].set(id, tries);
  }
  for (const [id, { tries, untilMs }] of resting) {
    if (untilMs > nowMs) continue;
    retire(state, id);
    waiting[kindOf(id)].set(id, tries);
  }
  let earliestMs = Number.POSITIVE_INFINITY;
  for (const { nextAtMs } of flights.values()) earliestMs = Math.min(earliestMs, nextAtMs);
  for (const { untilMs } of resting.values()) earliestMs = Math.min(earliestMs, untilMs);
  state.outbox.earliestMs = earliestMs;
}

function availabilityDelayMs(state: BoxOfficeState, nowMs: number): number {
  return Math.max(0, state.outbox.availabilityToldMs + AVAILABILITY_INTERVAL_MS - nowMs);
}

function fly(state: BoxOfficeState, id: EffectId, nextAtMs: number, leaseUntilMs: number): void {
  const tries = retire(state, id);
  const kind = kindOf(id);
  state.outbox.flights.set(id, { kind, tries, nextAtMs, leaseUntilMs });
  state.outbox.inFlight[kind] += 1;
  state.outbox.earliestMs = Math.min(state.outbox.earliestMs, nextAtMs);
}

function rest(state: BoxOfficeState, id: EffectId, tries: number, untilMs: number): void {
  state.outbox.resting.set(id, { tries, untilMs });
  state.outbox.earliestMs = Math.min(state.outbox.earliestMs, untilMs);
}

function pauseMs(tries: number): number {
  return Math.min(PAUSE_CEILING_MS, PAUSE_MS * 2 ** Math.min(tries, 10));
}

function restMs(state: BoxOfficeState, id: EffectId, tries: number): number {
  return mayRestLong(state, id, tries) ? HOUR : pauseMs(tries);
}

/** No buyer waits for money that goes back, or for the end of an attempt that nobody wants. */
function mayRestLong(state: BoxOfficeState, id: EffectId, tries: number): boolean {
  if (tries < EAGER_TRIES) return false;
  const work = workOf(state, id);
  return work?.kind === "refund" || (work?.kind === "void" && work.unwanted);
}
