// Gates: where tickets of an event are taken. An organiser names one and gets a token for its scanners, which can take
// tickets in there and nothing else, ends by itself, and can be revoked at any moment.

import type { DoorReading, Origin } from "../domain/box-office/commands";
import { doorWindow } from "../domain/door";
import { codeOfEvent, type EventId, type GateId, parseId } from "../domain/ids";
import { accept, invalid, type Result, refuse } from "../domain/refusals";
import { DAY, isOver } from "../domain/time";
import { withKeptKey } from "./idempotency";
import type { Deps, Gate } from "./ports";

export interface NewGate {
  readonly name: string;
  /** Null: the gate opens when doors do by themselves. */
  readonly opensAtMs: number | null;
  /** Null: `TOKEN_OUTLIVES_EVENT_MS` after the doors close. */
  readonly expiresAtMs: number | null;
}

/** With its token, which is said when it is made and never again. */
export interface GateWithToken {
  readonly gate: Gate;
  readonly token: string;
}

export interface CountedGate {
  readonly gate: Gate;
  readonly checkedIn: number;
  readonly conflicts: number;
}

/** Revoked ones included. */
export const MAX_GATES = 200;
/** So that a scanner which was offline to the end can still hand in what it scanned. */
const TOKEN_OUTLIVES_EVENT_MS = DAY;

type GateDeps = Pick<Deps, "clock" | "ids" | "gates" | "gateTokens" | "boxOffices" | "idempotencyKeys">;

export async function createGate(
  deps: GateDeps,
  eventId: string,
  request: NewGate,
  origin: Origin,
): Promise<Result<GateWithToken>> {
  const nowMs = deps.clock.nowMs();
  return await withKeptKey(deps, origin.key ?? null, nowMs, {
    async make(key) {
      const given = checkExpiry(request.expiresAtMs, nowMs);
      if (!given.ok) return given;
      const door = await readDoor(deps, eventId, origin);
      if (!door.ok) return door;
      const id = deps.ids.gate(nowMs);
      const gate = gateOf(id, door.value, request, nowMs);
      // What follows from the event may be over as well.
      const counted = checkExpiry(gate.expiresAtMs, nowMs);
      if (!counted.ok) return counted;
      const others = await deps.gates.ofEvent(gate.eventId, MAX_GATES);
      if (others.length >= MAX_GATES) return invalid("name", `an event has at most ${MAX_GATES} gates`);
      const token = await deps.gateTokens.of(id);
      const hash = await deps.gateTokens.hash(token);
      const outcome = await deps.gates.insert(gate, hash, key && { ...key, resultId: id, atMs: nowMs });
      return outcome === "key-taken" ? outcome : accept({ gate, token });
    },
    async rebuild(resultId) {
      const gate = await deps.gates.byId(resultId as GateId);
      if (!gate) return refuse({ code: "GATE_NOT_FOUND", id: resultId });
      return accept({ gate, token: await deps.gateTokens.of(gate.id) });
    },
  });
}

function checkExpiry(expiresAtMs: number | null, nowMs: number): Result<void> {
  const over = expiresAtMs !== null && isOver(expiresAtMs, nowMs);
  return over ? invalid("expiresAt", "must be in the future") : accept(undefined);
}

function gateOf(id: GateId, door: DoorReading, { name, opensAtMs, expiresAtMs }: NewGate, nowMs: number): Gate {
  const { closesAtMs } = doorWindow(door, opensAtMs);
  return {
    id,
    eventId: door.eventId,
    name,
    opensAtMs,
    expiresAtMs: expiresAtMs ?? closesAtMs + TOKEN_OUTLIVES_EVENT_MS,
    revokedAtMs: null,
    createdAtMs: nowMs,
  };
}

/** The gates of an event with how many came through each, as of now. */
export async function listGates(
  deps: Pick<Deps, "gates" | "boxOffices">,
  eventId: string,
  origin: Origin,
): Promise<Result<readonly CountedGate[]>> {
  const door = await readDoor(deps, eventId, origin);
  if (!door.ok) return door;
  const counts = new Map(door.value.counts.map((count) => [count.gateId, count]));
  const gates = await deps.gates.ofEvent(door.value.eventId, MAX_GATES);
  return accept(
    gates.map((gate) => ({
      gate,
      checkedIn: counts.get(gate.id)?.checkedIn ?? 0,
      conflicts: counts.get(gate.id)?.conflicts ?? 0,
    })),
  );
}

/** From now on its token is worth nothing. What it let in stays in. */
export async function revokeGate(
  deps: Pick<Deps, "clock" | "gates">,
  eventId: string,
  gateId: string,
): Promise<Result<Gate>> {
  const id = parseId("gate", gateId);
  const gate = id && (await deps.gates.byId(id));
  if (!gate || gate.eventId !== eventId) return refuse({ code: "GATE_NOT_FOUND", id: gateId });
  if (gate.revokedAtMs !== null) return accept(gate);
  const revokedAtMs = deps.clock.nowMs();
  await deps.gates.revoke(gate.id, revokedAtMs);
  return accept({ ...gate, revokedAtMs });
}

/** Whose token this is, if it is in force. */
export async function authenticateGate(
  deps: Pick<Deps, "clock" | "gates" | "gateTokens">,
  token: string | null,
): Promise<Result<Gate>> {
  const gate = token && (await deps.gates.byTokenHash(await deps.gateTokens.hash(token)));
  if (!gate || gate.revokedAtMs !== null || isOver(gate.expiresAtMs, deps.clock.nowMs())) {
    return refuse({ code: "UNAUTHENTICATED" });
  }
  return accept(gate);
}

/** What the box office of an event says of its doors. */
export async function readDoor(
  deps: Pick<Deps, "boxOffices">,
  eventId: string,
  origin: Origin,
): Promise<Result<DoorReading>> {
  const id: EventId | null = parseId("evnt", eventId);
  const reply = id && (await deps.boxOffices.send(codeOfEvent(id), { type: "readDoor", ...origin, key: null }));
  if (!reply || (reply.ok && reply.value.eventId !== id)) return refuse({ code: "EVENT_NOT_FOUND", id: eventId });
  return reply;
}
