// Taking tickets: what a scanner must know to judge without network, and what the box office says of each ticket shown.

import type {
  Origin,
  Replies,
  ScanAnswer,
  ScanConflict,
  ScanningGate,
  TicketScan,
} from "../domain/box-office/commands";
import { type DoorWindow, doorWindow, type InvalidReason, type ScanResult } from "../domain/door";
import { codeOfEvent, codeOfSaleId, type EventId, parseId, type SeatId, type TicketId } from "../domain/ids";
import { accept, type Result, refuse } from "../domain/refusals";
import { readTypedTicket } from "../domain/ticket-token";
import { readDoor } from "./gates";
import type { Deps, Gate, TicketKey } from "./ports";

/** Everything a scanner needs to verify tickets with the network off. */
export interface GateBundle {
  readonly event: {
    readonly id: EventId;
    readonly name: string;
    readonly startsAtMs: number;
    readonly endsAtMs: number;
  };
  readonly gate: Gate;
  readonly window: DoorWindow;
  readonly keys: readonly TicketKey[];
  readonly revoked: readonly TicketId[];
}

/** A ticket as a scanner read it: the text of its code, or its number typed in. */
export interface ShownTicket {
  readonly ticket: string;
  readonly nonce: string;
  /** By the scanner's clock; null: now. */
  readonly scannedAtMs: number | null;
}

export interface ShownAnswer {
  readonly nonce: string;
  readonly result: ScanResult;
  readonly reason: InvalidReason | null;
  readonly ticketId: TicketId | null;
  readonly seatId: SeatId | null;
  readonly entry: ScanAnswer["entry"];
}

export interface BatchAnswer {
  readonly answers: readonly ShownAnswer[];
  readonly conflicts: readonly ScanConflict[];
}

/** Scans of one batch: within the limit of a body, whatever the tickets' length. */
export const MAX_BATCH = 100;

type TakingDeps = Pick<Deps, "clock" | "boxOffices" | "ticketTokens">;

/** The bundle and a name for its content, which changes when anything in it does. */
export async function readBundle(
  deps: Pick<Deps, "boxOffices" | "ticketTokens" | "fingerprints">,
  gate: Gate,
  origin: Origin,
): Promise<Result<{ readonly bundle: GateBundle; readonly digest: string }>> {
  const door = await readDoor(deps, gate.eventId, origin);
  if (!door.ok) return door;
  const { eventId: id, eventName: name, startsAtMs, endsAtMs, revoked } = door.value;
  const bundle: GateBundle = {
    event: { id, name, startsAtMs, endsAtMs },
    gate,
    window: doorWindow(door.value, gate.opensAtMs),
    keys: deps.ticketTokens.keys,
    revoked: [...revoked].sort(),
  };
  return accept({ bundle, digest: await deps.fingerprints.of(bundle) });
}

/** A ticket shown now: the first of all gates takes it, whatever their clocks say. */
export async function checkIn(
  deps: TakingDeps,
  gate: Gate,
  shown: ShownTicket,
  origin: Origin,
): Promise<Result<ShownAnswer>> {
  const taken = await take(deps, gate, [shown], false, origin);
  return taken.ok ? accept(taken.value.answers[0] as ShownAnswer) : taken;
}

/** Tickets scanned offline. `clockAheadMs` is how far the scanner's clock runs ahead of ours, if it said. */
export async function checkInBatch(
  deps: TakingDeps,
  gate: Gate,
  shown: readonly ShownTicket[],
  clockAheadMs: number,
  origin: Origin,
): Promise<Result<BatchAnswer>> {
  const corrected = shown.map((one) => ({
    ...one,
    scannedAtMs: one.scannedAtMs === null ? null : one.scannedAtMs - clockAheadMs,
  }));
  return await take(deps, gate, corrected, true, origin);
}

export async function undoCheckIn(
  deps: Pick<Deps, "boxOffices">,
  ticketId: string,
  reason: string,
  origin: Origin,
): Promise<Result<Replies["undoCheckIn"]>> {
  const id = parseId("tkt", ticketId);
  const reply =
    id && (await deps.boxOffices.send(codeOfSaleId(id), { type: "undoCheckIn", ticketId: id, reason, ...origin }));
  return reply || refuse({ code: "TICKET_NOT_FOUND", id: ticketId });
}

async function take(
  deps: TakingDeps,
  gate: Gate,
  shown: readonly ShownTicket[],
  offline: boolean,
  origin: Origin,
): Promise<Result<BatchAnswer>> {
  const nowMs = deps.clock.nowMs();
  const read = await Promise.all(shown.map((one) => readShown(deps, one, nowMs)));
  const scans = read.flatMap((one) => ("result" in one ? [] : [one]));
  const scanning: ScanningGate = { id: gate.id, name: gate.name, opensAtMs: gate.opensAtMs };
  const command = { type: "checkIn", scans, gate: scanning, offline, ...origin } as const;
  const reply = scans.length === 0 ? accept(NOBODY) : await deps.boxOffices.send(codeOfEvent(gate.eventId), command);
  if (!reply) throw new Error(`gate ${gate.id} is of an event that does not exist`);
  if (!reply.ok) return reply;
  const answers = reply.value.answers.values();
  return accept({
    answers: read.map((one) => ("result" in one ? one : (answers.next().value as ScanAnswer))),
    conflicts: reply.value.conflicts,
  });
}

const NOBODY: Replies["checkIn"] = { answers: [], conflicts: [] };

/** What the box office is to judge, or the answer to what is no ticket. */
async function readShown(
  deps: Pick<Deps, "ticketTokens">,
  { ticket, nonce, scannedAtMs }: ShownTicket,
  nowMs: number,
): Promise<TicketScan | ShownAnswer> {
  const moment = scannedAtMs ?? nowMs;
  const invalid = (reason: InvalidReason, ticketId: TicketId | null) =>
    ({ nonce, result: "invalid", reason, ticketId, seatId: null, entry: null }) as const;
  const typed = readTypedTicket(ticket);
  if (typed !== null) {
    const { ticketId } = typed;
    const proven = await deps.ticketTokens.verifyNumber(typed);
    return proven.ok ? { ticketId, seatId: null, nonce, scannedAtMs: moment } : invalid(proven.reason, ticketId);
  }
  const verified = await deps.ticketTokens.verify(ticket);
  if (!verified.ok) return invalid(verified.reason, null);
  const { ticketId, seatId } = verified.claims;
  return { ticketId, seatId, nonce, scannedAtMs: moment };
}
