// Holding seats: all or nothing, for a while, a bounded number a user, and never the same seat for ever.

import { chooseBest } from "../best-available";
import type { LockId, SeatId, UserId } from "../ids";
import { invalid, type Refusal } from "../refusals";
import { TIERS } from "../seat-map";
import { isOver, SECOND } from "../time";
import type { Command, HoldView, SeatChoice } from "./commands";
import { answered, type Decision, decided, refused } from "./decision";
import { settledBooking } from "./endings";
import { changed, cooldownKey } from "./hold";
import type { BoxOfficeState, Hold } from "./state";
import { definitionOf, holdViewOf } from "./views";

export const MAX_SEATS_PER_HOLD = 10;
export const MAX_SEATS_PER_DIALECT_HOLD = 100;
/** Held and unpaid, a user and event. */
export const MAX_UNPAID_SEATS = 10;
/** However often it is renewed, a hold ends this long after the first grab. */
export const MAX_HOLD_MS = 900 * SECOND;

type Of<T extends Command["type"]> = Extract<Command, { type: T }>;

export function decideHold(state: BoxOfficeState, command: Of<"hold">, nowMs: number): Decision<HoldView> {
  const known = state.holds.get(command.lockId);
  if (known !== undefined) return answered(holdViewOf(state, known));
  const maxSeats = command.dialect ? MAX_SEATS_PER_DIALECT_HOLD : MAX_SEATS_PER_HOLD;
  if (countOf(command.choice) > maxSeats) return refused({ code: "HOLD_LIMIT", maxSeats });
  const found = findSeats(state, command.choice, command.userId, command.dialect, nowMs);
  if ("refusal" in found) return refused(found.refusal);
  if (isOver(definitionOf(state).startsAtMs, nowMs)) return refused({ code: "SALES_CLOSED" });
  if (!command.dialect && exceedsLimit(state, command.userId, found.seats.length)) {
    return refused({ code: "HOLD_LIMIT", maxSeats: MAX_UNPAID_SEATS });
  }
  const hold = newHold(command.lockId, command.userId, found.seats, nowMs, nowMs + state.policy.holdTtlMs, {
    clientKey: command.clientKey,
    dialect: command.dialect,
  });
  return decided(holdViewOf(state, hold), hold, [
    {
      type: "seats.locked",
      lockId: hold.id,
      seats: hold.seats,
      detail: { userId: hold.userId, lockExpiresAtMs: hold.expiresAtMs },
    },
  ]);
}

export function decideRenew(state: BoxOfficeState, command: Of<"renew">, nowMs: number): Decision<HoldView> {
  const hold = state.holds.get(command.lockId);
  if (hold === undefined) return refused({ code: "LOCK_NOT_FOUND", id: command.lockId });
  if (hold.userId !== command.userId) return refused({ code: "FORBIDDEN" });
  if (hold.booking !== null) return refused({ code: "LOCK_ALREADY_CONFIRMED", bookingId: hold.booking.id });
  const capMs = hold.createdAtMs + MAX_HOLD_MS;
  if (hold.endedAtMs !== null || hold.expiresAtMs >= capMs) return refused({ code: "HOLD_EXPIRED" });
  const expiresAtMs = Math.min(nowMs + state.policy.holdTtlMs, capMs);
  const renewed = changed(hold, nowMs, { expiresAtMs: Math.max(expiresAtMs, hold.expiresAtMs) });
  const fact = { type: "lock.renewed", lockId: hold.id, detail: { lockExpiresAtMs: renewed.expiresAtMs } } as const;
  return decided(holdViewOf(state, renewed), renewed, [fact]);
}

/** Gives seats back. A lock that is over already stays as it is: releasing twice is releasing once. */
export function decideRelease(
  state: BoxOfficeState,
  command: Of<"release">,
  nowMs: number,
): Decision<{ readonly hold: HoldView }> {
  const hold = state.holds.get(command.lockId);
  if (hold === undefined) return refused({ code: "LOCK_NOT_FOUND", id: command.lockId });
  if (hold.userId !== command.userId) return refused({ code: "FORBIDDEN" });
  const booking = hold.booking;
  if (booking !== null && (booking.status === "CONFIRMED" || booking.status === "CANCELLED")) {
    return refused({ code: "LOCK_ALREADY_CONFIRMED", bookingId: booking.id });
  }
  if (hold.endedAtMs !== null) return answered({ hold: holdViewOf(state, hold) });
  const released = { type: "lock.released", lockId: hold.id, seats: hold.seats } as const;
  if (booking === null) {
    const ended = changed(hold, nowMs, { endedAtMs: nowMs });
    return decided({ hold: holdViewOf(state, ended) }, ended, [released]);
  }
  if (booking.phase !== "waiting") return refused({ code: "PAYMENT_IN_PROGRESS" });
  const ended = settledBooking(changed(hold, nowMs, { endedAtMs: nowMs }), booking, { status: "EXPIRED" });
  const expired = { type: "booking.expired", lockId: hold.id, bookingId: booking.id } as const;
  return decided({ hold: holdViewOf(state, ended) }, ended, [released, expired], ["project"]);
}

export function decideReadHold(state: BoxOfficeState, command: Of<"readHold">): Decision<HoldView> {
  const hold = state.holds.get(command.lockId);
  if (hold === undefined) return refused({ code: "LOCK_NOT_FOUND", id: command.lockId });
  return answered(holdViewOf(state, hold));
}

export function newHold(
  id: LockId,
  userId: UserId,
  seats: readonly number[],
  nowMs: number,
  expiresAtMs: number,
  made: { readonly clientKey: string | null; readonly dialect: boolean },
): Hold {
  return {
    id,
    userId,
    seats,
    version: 1,
    createdAtMs: nowMs,
    updatedAtMs: nowMs,
    expiresAtMs,
    endedAtMs: null,
    ...made,
    booking: null,
    projectedVersion: 0,
  };
}

export function exceedsLimit(state: BoxOfficeState, userId: UserId, seats: number): boolean {
  return (state.unpaidSeats.get(userId) ?? 0) + seats > MAX_UNPAID_SEATS;
}

/** The seats of these ids, or the refusal of those the hall does not have. */
export function resolveSeats(
  state: BoxOfficeState,
  seatIds: readonly SeatId[],
): { readonly seats: readonly number[] } | { readonly refusal: Refusal } {
  const seats: number[] = [];
  const unknown: SeatId[] = [];
  for (const id of seatIds) {
    const seat = state.geometry.indexOf.get(id);
    if (seat === undefined || state.statuses[seat] === "X") unknown.push(id);
    else seats.push(seat);
  }
  if (unknown.length > 0) return invalid("seatIds", `the event has no seat ${unknown.join(", ")}`);
  if (new Set(seats).size < seats.length) return invalid("seatIds", "a seat is named twice");
  return { seats };
}

/** Why this user cannot have these seats now, or null. */
export function obstacleTo(
  state: BoxOfficeState,
  seats: readonly number[],
  userId: UserId,
  nowMs: number,
): Refusal | null {
  const taken = seats.filter((seat) => state.statuses[seat] !== "A");
  const idsOf = (some: readonly number[]) => some.map((seat) => state.geometry.ids[seat] as SeatId);
  if (taken.length > 0) return { code: "SEATS_UNAVAILABLE", seatIds: idsOf(taken) };
  const cooling = seats.filter((seat) => isCooling(state, userId, seat, nowMs));
  if (cooling.length === 0) return null;
  const yoursAgainAtMs = Math.max(...cooling.map((seat) => state.cooldowns.get(cooldownKey(userId, seat)) ?? 0));
  return { code: "SEATS_UNAVAILABLE", seatIds: idsOf(cooling), yoursAgainAtMs };
}

function findSeats(
  state: BoxOfficeState,
  choice: SeatChoice,
  userId: UserId,
  dialect: boolean,
  nowMs: number,
): { readonly seats: readonly number[] } | { readonly refusal: Refusal } {
  if (choice.by === "seats") {
    const resolved = resolveSeats(state, choice.seatIds);
    if ("refusal" in resolved) return resolved;
    const obstacle = obstacleTo(state, resolved.seats, userId, nowMs);
    return obstacle === null ? resolved : { refusal: obstacle };
  }
  if (choice.tier !== null && !definitionOf(state).tiers.some(({ tier }) => tier === choice.tier)) {
    return invalid("tier", `the event has no ${choice.tier} seats`);
  }
  const cools = !dialect && state.cooldowns.size > 0;
  const isFree = (seat: number) => state.statuses[seat] === "A" && !(cools && isCooling(state, userId, seat, nowMs));
  const seats = chooseBest(state.geometry, isFree, choice.quantity, choice.tier);
  if (seats !== null) return { seats };
  const available =
    choice.tier === null
      ? state.freeByTier.reduce((sum, free) => sum + free, 0)
      : (state.freeByTier[TIERS.indexOf(choice.tier)] ?? 0);
  return { refusal: { code: "SEATS_UNAVAILABLE", seatIds: [], available } };
}

function countOf(choice: SeatChoice): number {
  return choice.by === "seats" ? choice.seatIds.length : choice.quantity;
}

function isCooling(state: BoxOfficeState, userId: UserId, seat: number, nowMs: number): boolean {
  const untilMs = state.cooldowns.get(cooldownKey(userId, seat));
  return untilMs !== undefined && !isOver(untilMs, nowMs);
}
