// Holding seats: take them, look at a hold, keep it a little longer, give it back. The event's box office
// decides; an id that cannot be ours is simply not found.

import type { HoldView, Origin } from "../domain/box-office/commands";
import { codeOfEvent, codeOfSaleId, type LockId, parseId, type SeatId, type UserId } from "../domain/ids";
import { accept, invalid, type Refusal, type Result, refuse } from "../domain/refusals";
import type { Tier } from "../domain/seat-map";
import { carryOut, type EffectDeps } from "./effects";
import type { Deps } from "./ports";
import { requireOwner, type Viewer } from "./users";

/** Seats of one lock or one booking. Source: docs of both APIs and decisions on holds. */
export const MAX_SEATS = 10;
/** Seats of one lock in the event-booking dialect, whose document says so. */
export const MAX_DIALECT_SEATS = 100;

/** The seats a caller names, or how many of a tier (or of any) it wants. */
export type WantedSeats =
  | { readonly seatIds: readonly string[] }
  | { readonly quantity: number; readonly tier: Tier | null };

export interface LockRequest {
  readonly eventId: string;
  readonly seats: WantedSeats;
  /** The idempotency key of the body, shown back in the lock. */
  readonly clientKey: string | null;
  /** Made in the event-booking dialect: 100 seats a lock, and no limit a user. */
  readonly dialect?: boolean;
}

type LockDeps = Pick<Deps, "clock" | "ids" | "boxOffices">;

/** Takes the seats, all or none. */
export async function createLock(
  deps: LockDeps,
  userId: UserId,
  request: LockRequest,
  origin: Origin,
): Promise<Result<HoldView>> {
  const dialect = request.dialect ?? false;
  const choice = parseWanted(request.seats, dialect ? MAX_DIALECT_SEATS : MAX_SEATS);
  if (!choice.ok) return choice;
  const eventId = parseId("evnt", request.eventId);
  if (!eventId) return refuse({ code: "EVENT_NOT_FOUND", id: request.eventId });
  const code = codeOfEvent(eventId);
  const lockId = deps.ids.ofSale("lock", code, deps.clock.nowMs());
  const reply = await deps.boxOffices.send(code, {
    type: "hold",
    eventId,
    lockId,
    userId,
    choice: choice.value,
    clientKey: request.clientKey,
    dialect,
    ...origin,
  });
  return reply ?? refuse({ code: "EVENT_NOT_FOUND", id: request.eventId });
}

/** A lock for its owner, or for an admin. */
export async function readLock(
  deps: Pick<Deps, "boxOffices" | "users">,
  viewer: Viewer,
  lockId: string,
  origin: Origin,
): Promise<Result<HoldView>> {
  const found = await findLock(deps, lockId, origin);
  if (!found.ok) return found;
  const allowed = await requireOwner(deps, viewer, found.value.userId);
  return allowed.ok ? found : allowed;
}

/** A lock, whoever asks. */
export async function findLock(
  deps: Pick<Deps, "boxOffices">,
  lockId: string,
  origin: Origin,
): Promise<Result<HoldView>> {
  const id = parseId("lock", lockId);
  if (!id) return lockNotFound(lockId);
  return (
    (await deps.boxOffices.send(codeOfSaleId(id), { type: "readHold", lockId: id, ...origin })) ?? lockNotFound(id)
  );
}

/** Moves the hold's end on, as far as it may go. */
export async function renewLock(
  deps: Pick<Deps, "boxOffices">,
  viewer: Viewer,
  lockId: string,
  origin: Origin,
): Promise<Result<HoldView>> {
  const id = parseId("lock", lockId);
  if (!id) return lockNotFound(lockId);
  const command = { type: "renew", lockId: id, userId: viewer.id, ...origin } as const;
  return (await deps.boxOffices.send(codeOfSaleId(id), command)) ?? lockNotFound(id);
}

/** Gives the seats back; a booking that waits for its payment ends with them. */
export async function releaseLock(
  deps: Pick<Deps, "boxOffices"> & EffectDeps,
  viewer: Viewer,
  lockId: string,
  origin: Origin,
): Promise<Result<HoldView>> {
  const id = parseId("lock", lockId);
  if (!id) return lockNotFound(lockId);
  const code = codeOfSaleId(id);
  const reply = await deps.boxOffices.send(code, { type: "release", lockId: id, userId: viewer.id, ...origin });
  if (!reply) return lockNotFound(id);
  if (!reply.ok) return reply;
  await carryOut(deps, code, reply.value.work);
  return accept(reply.value.hold);
}

/** 1 to `maxSeats` different seat ids; whether they exist, the event knows. */
export function parseSeatIds(seatIds: readonly string[], maxSeats: number): Result<readonly SeatId[]> {
  if (seatIds.length < 1 || seatIds.length > maxSeats) return refuse({ code: "INVALID_SEAT_COUNT", maxSeats });
  const repeated = seatIds.find((id, i) => seatIds.indexOf(id) !== i);
  if (repeated !== undefined) return invalid("seatIds", `must not name ${repeated.slice(0, MAX_ECHO_CHARS)} twice`);
  return accept(seatIds as readonly SeatId[]);
}

/** Longest part of a caller's own text in a refusal. */
const MAX_ECHO_CHARS = 30;

function parseWanted(wanted: WantedSeats, maxSeats: number) {
  if ("seatIds" in wanted) {
    const seatIds = parseSeatIds(wanted.seatIds, maxSeats);
    return seatIds.ok ? accept({ by: "seats", seatIds: seatIds.value } as const) : seatIds;
  }
  const { quantity, tier } = wanted;
  if (quantity < 1 || quantity > maxSeats) return refuse({ code: "INVALID_SEAT_COUNT", maxSeats });
  return accept({ by: "quantity", quantity, tier } as const);
}

function lockNotFound(id: LockId | string): { readonly ok: false; readonly refusal: Refusal } {
  return refuse({ code: "LOCK_NOT_FOUND", id });
}
