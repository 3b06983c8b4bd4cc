// The box office in memory: who owns each seat, what is free, what is due. All of it follows from the definition
// and the holds, in one place: putting a new version of a hold in the place of the old one.

import { geometryOf } from "../geometry";
import type { UserId } from "../ids";
import { type Geometry, TIERS } from "../seat-map";
import { isOver, MINUTE } from "../time";
import { noteDeadline } from "./deadlines";
import { effectsOf, updateOutbox } from "./effects";
import { cooldownEndOf, cooldownKey, isLive, ownedSeats, ownedStatus } from "./hold";
import type { BoxOfficeState, EventDefinition, Hold, SalePolicy, SeatChange, SeatStatus } from "./state";
import { revokedTicketsOf } from "./tickets";

const NO_SEATS: Geometry = geometryOf({ source: "tiers", segments: [] });

export function emptyBoxOffice(policy: SalePolicy): BoxOfficeState {
  return {
    policy,
    definition: null,
    geometry: NO_SEATS,
    owners: [],
    statuses: [],
    freeByTier: TIERS.map(() => 0),
    totalByTier: TIERS.map(() => 0),
    holds: new Map(),
    lockOfBooking: new Map(),
    unpaidSeats: new Map(),
    cooldowns: new Map(),
    recentBookings: new Map(),
    keys: new Map(),
    revoked: new Set(),
    checkIns: new Map(),
    gateCounts: new Map(),
    seq: 0,
    availabilitySeq: 0,
    availabilityToldSeq: 0,
    definitionToldVersion: 0,
    outbox: {
      waiting: {
        authorise: new Map(),
        capture: new Map(),
        void: new Map(),
        refund: new Map(),
        project: new Map(),
        availability: new Map(),
        definition: new Map(),
      },
      flights: new Map(),
      resting: new Map(),
      inFlight: { authorise: 0, capture: 0, void: 0, refund: 0, project: 0, availability: 0, definition: 0 },
      earliestMs: Number.POSITIVE_INFINITY,
      availabilityToldMs: 0,
    },
    deadlines: [],
  };
}

/** Puts a layout in force. Seats keep their index, so owners stay; what left the hall, or entered it, is counted. */
export function install(state: BoxOfficeState, definition: EventDefinition): void {
  state.definition = definition;
  state.geometry = geometryOf(definition.layout);
  state.freeByTier.fill(0);
  state.totalByTier.fill(0);
  for (let seat = 0; seat < state.geometry.size; seat++) {
    const status = seatStatus(state, seat);
    state.owners[seat] ??= null;
    state.statuses[seat] = status;
    const tier = state.geometry.tiers[seat] as number;
    if (status !== "X") (state.totalByTier[tier] as number) += 1;
    if (status === "A") (state.freeByTier[tier] as number) += 1;
  }
}

function seatStatus(state: BoxOfficeState, seat: number): SeatStatus {
  if (state.owners[seat] != null) return state.statuses[seat] as SeatStatus;
  if (state.geometry.removed[seat]) return "X";
  return state.geometry.blocked[seat] ? "B" : "A";
}

/** Puts a hold's new version in the place of its old one (none: it is new). Returns the seats whose status changed. */
export function replaceHold(state: BoxOfficeState, next: Hold, nowMs: number): readonly SeatChange[] {
  const old = state.holds.get(next.id) ?? null;
  const changes = moveSeats(state, old, next);
  state.holds.set(next.id, next);
  if (next.booking !== null) state.lockOfBooking.set(next.booking.id, next.id);
  countUnpaid(state, old, -1);
  countUnpaid(state, next, 1);
  if (old?.endedAtMs == null) noteCooldown(state, next, nowMs);
  if (old?.booking == null) noteBooking(state, next, nowMs);
  for (const ticket of revokedTicketsOf(next)) state.revoked.add(ticket);
  noteDeadline(state, next);
  updateOutbox(state, old === null ? [] : effectsOf(old), effectsOf(next));
  return changes;
}

/** A hold read from its row. `counted`: its seats are in the seat table already, because it is sold. */
export function admit(state: BoxOfficeState, hold: Hold, nowMs: number, counted: boolean): void {
  if (state.holds.has(hold.id)) return;
  if (!counted) {
    replaceHold(state, hold, nowMs);
    return;
  }
  state.holds.set(hold.id, hold);
  if (hold.booking !== null) state.lockOfBooking.set(hold.booking.id, hold.id);
  updateOutbox(state, [], effectsOf(hold));
}

/** Seats of a confirmed booking that stays in its row. */
export function admitSold(state: BoxOfficeState, lockId: Hold["id"], seats: readonly number[]): void {
  for (const seat of seats) setSeat(state, seat, lockId, "R");
}

/** Lets go of what needs no memory any more: a finished hold that owes nothing. Its seats stay in the table. */
export function forget(state: BoxOfficeState, hold: Hold): void {
  if (isLive(hold) || effectsOf(hold).length > 0) return;
  state.holds.delete(hold.id);
  if (hold.booking !== null) state.lockOfBooking.delete(hold.booking.id);
}

/** Whether it must be in memory while the box office is awake; else only its sold seats are. */
export function isResident(hold: Hold): boolean {
  return isLive(hold) || effectsOf(hold).length > 0;
}

/** Drops cool-downs and booking counts that are over; both maps are in order of their end. */
export function dropPast(state: BoxOfficeState, nowMs: number): void {
  for (const [key, untilMs] of state.cooldowns) {
    if (!isOver(untilMs, nowMs)) break;
    state.cooldowns.delete(key);
  }
  for (const [userId, moments] of state.recentBookings) {
    if (!isOver(Math.max(...moments.values()) + MINUTE, nowMs)) break;
    state.recentBookings.delete(userId);
  }
}

function moveSeats(state: BoxOfficeState, old: Hold | null, next: Hold): readonly SeatChange[] {
  const changes: SeatChange[] = [];
  const before = old === null ? [] : ownedSeats(old);
  const after = ownedSeats(next);
  const status = ownedStatus(next);
  for (const seat of before) {
    if (after.includes(seat)) continue;
    setSeat(state, seat, null, state.geometry.blocked[seat] ? "B" : "A");
    changes.push([seat, state.statuses[seat] as SeatStatus]);
  }
  for (const seat of after) {
    if (state.owners[seat] === next.id && state.statuses[seat] === status) continue;
    setSeat(state, seat, next.id, status);
    changes.push([seat, status]);
  }
  return changes.sort((one, other) => one[0] - other[0]);
}

function setSeat(state: BoxOfficeState, seat: number, owner: Hold["id"] | null, status: SeatStatus): void {
  const tier = state.geometry.tiers[seat] as number;
  if (state.statuses[seat] === "A") (state.freeByTier[tier] as number) -= 1;
  if (status === "A") (state.freeByTier[tier] as number) += 1;
  state.owners[seat] = owner;
  state.statuses[seat] = status;
}

function countUnpaid(state: BoxOfficeState, hold: Hold | null, sign: 1 | -1): void {
  if (hold === null || !isLive(hold) || ownedStatus(hold) !== "L") return;
  const seats = (state.unpaidSeats.get(hold.userId) ?? 0) + sign * ownedSeats(hold).length;
  if (seats === 0) state.unpaidSeats.delete(hold.userId);
  else state.unpaidSeats.set(hold.userId, seats);
}

function noteCooldown(state: BoxOfficeState, hold: Hold, nowMs: number): void {
  const untilMs = cooldownEndOf(hold);
  if (untilMs === null || isOver(untilMs, nowMs)) return;
  for (const seat of hold.seats) {
    const key = cooldownKey(hold.userId, seat);
    state.cooldowns.delete(key);
    state.cooldowns.set(key, untilMs);
  }
}

/** Counts a booking of the last minute against its user's rate: once, however often it is read back. */
export function noteBooking(state: BoxOfficeState, hold: Hold, nowMs: number): void {
  if (hold.booking !== null) noteBookingOf(state, hold.id, hold.userId, hold.booking.createdAtMs, nowMs);
}

/** The same, of a booking whose row was not read. */
export function noteBookingOf(
  state: BoxOfficeState,
  lockId: Hold["id"],
  userId: UserId,
  bookedAtMs: number,
  nowMs: number,
): void {
  if (isOver(bookedAtMs + MINUTE, nowMs)) return;
  const moments = new Map(state.recentBookings.get(userId));
  for (const [id, atMs] of moments) if (isOver(atMs + MINUTE, nowMs)) moments.delete(id);
  state.recentBookings.delete(userId);
  state.recentBookings.set(userId, moments.set(lockId, bookedAtMs));
}
