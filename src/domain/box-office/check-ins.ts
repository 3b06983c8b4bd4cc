// At the doors: which scan of a ticket lets somebody in. The first does; of scans made without network the earliest, as
// soon as it is known, and the others are reported. Nothing here trusts a scanner further than its own gate.

import { doorWindow, type InvalidReason, isEarlier, outsideWindow, type ScanResult } from "../door";
import { bookingIdOfTicket, codeOfSaleId, placeOfTicket, type SeatId, type TicketId } from "../ids";
import type { Command, DoorReading, Replies, ScanAnswer, ScanConflict, ScanningGate, TicketScan } from "./commands";
import { answered, type Decision, refused } from "./decision";
import { holdOfBooking } from "./endings";
import type { BoxOfficeState, CheckIn, Fact, GateCounts, Scan } from "./state";
import { type Ticket, ticketsOf } from "./tickets";
import { bookingRecordOf, definitionOf } from "./views";

/** Scans kept of one ticket; more are answered, and not kept. */
export const MAX_SCANS_A_TICKET = 32;
type Of<T extends Command["type"]> = Extract<Command, { type: T }>;

/** One scan's outcome: its answer, and what it changed. */
interface Judged {
  readonly answer: ScanAnswer;
  readonly checkIn: CheckIn | null;
  readonly facts: readonly Fact[];
}

/** Judges scans in the order in which they were made, whatever the order in which they came. */
export function decideCheckIn(
  state: BoxOfficeState,
  command: Of<"checkIn">,
  nowMs: number,
): Decision<Replies["checkIn"]> {
  const changed = new Map<TicketId, CheckIn>();
  const facts: Fact[] = [];
  const answers = new Map<TicketScan, ScanAnswer>();
  const inOrder = [...command.scans].sort((a, b) => a.scannedAtMs - b.scannedAtMs || (a.nonce < b.nonce ? -1 : 1));
  for (const scan of inOrder) {
    const known = changed.get(scan.ticketId) ?? state.checkIns.get(scan.ticketId);
    const checkIn = known ?? { ticketId: scan.ticketId, scans: [] };
    const judged = judge(state, checkIn, scan, command, nowMs);
    answers.set(scan, judged.answer);
    if (judged.checkIn !== null) changed.set(scan.ticketId, judged.checkIn);
    facts.push(...judged.facts);
  }
  const touched = new Set(command.scans.map(({ ticketId }) => ticketId));
  const conflicts = [...touched].flatMap((id) => conflictOf(state, changed.get(id) ?? state.checkIns.get(id)));
  const reply = {
    answers: command.scans.map((scan) => answers.get(scan) as ScanAnswer),
    conflicts: command.offline ? conflicts : [],
  };
  return { ...answered(reply), facts, checkIns: [...changed.values()] };
}

/** Takes an entry back, so that its ticket is good again. */
export function decideUndoCheckIn(
  state: BoxOfficeState,
  { ticketId, reason }: Of<"undoCheckIn">,
): Decision<Replies["undoCheckIn"]> {
  const ticket = ticketOf(state, ticketId);
  if (ticket === null) return refused({ code: "TICKET_NOT_FOUND", id: ticketId });
  const checkIn = state.checkIns.get(ticketId);
  const entry = checkIn?.scans.find((scan) => scan.state === "in");
  if (checkIn === undefined || entry === undefined) return refused({ code: "TICKET_NOT_CHECKED_IN" });
  const undone: Scan = { ...entry, state: "undone" };
  const scans = checkIn.scans.map((scan) => (scan === entry ? undone : scan));
  const fact = factOf("ticket.check-in-undone", ticketId, ticket.seat, entry, { reason });
  return {
    ...answered({ ticketId, seatId: seatIdOf(state, ticket), undone }),
    facts: [fact],
    checkIns: [{ ticketId, scans }],
  };
}

/** The tickets of a booking, and who of its guests is in. */
export function decideReadTickets(
  state: BoxOfficeState,
  { bookingId }: Of<"readTickets">,
): Decision<Replies["readTickets"]> {
  const hold = holdOfBooking(state, bookingId);
  if (hold?.booking == null) return refused({ code: "BOOKING_NOT_FOUND", id: bookingId });
  return answered({
    booking: bookingRecordOf(state, hold, hold.booking),
    tickets: ticketsOf(hold).map((ticket) => ({
      id: ticket.id,
      seatId: seatIdOf(state, ticket),
      status: ticket.revoked ? ("REVOKED" as const) : ("VALID" as const),
      priceMinor: ticket.priceMinor,
      entry: entryOf(state.checkIns.get(ticket.id)),
    })),
  });
}

export function decideReadDoor(state: BoxOfficeState): Decision<DoorReading> {
  const { id, name, startsAtMs, endsAtMs } = definitionOf(state);
  return answered({
    eventId: id,
    eventName: name,
    startsAtMs,
    endsAtMs,
    revoked: [...state.revoked],
    counts: [...state.gateCounts].map(([gateId, counts]) => ({ gateId, ...counts })),
  });
}

/** Puts a check-in in the place of its old version, and counts the difference for the gates. */
export function putCheckIn(state: BoxOfficeState, next: CheckIn): void {
  for (const scan of state.checkIns.get(next.ticketId)?.scans ?? []) count(state, scan, -1);
  for (const scan of next.scans) count(state, scan, 1);
  state.checkIns.set(next.ticketId, next);
}

function count(state: BoxOfficeState, { gateId, state: how }: Scan, sign: 1 | -1): void {
  const { checkedIn, conflicts }: GateCounts = state.gateCounts.get(gateId) ?? { checkedIn: 0, conflicts: 0 };
  state.gateCounts.set(gateId, {
    checkedIn: checkedIn + (how === "in" ? sign : 0),
    conflicts: conflicts + (how === "lost" || how === "displaced" ? sign : 0),
  });
}

function judge(
  state: BoxOfficeState,
  checkIn: CheckIn,
  scan: TicketScan,
  { gate, offline }: Of<"checkIn">,
  nowMs: number,
): Judged {
  if (codeOfSaleId(scan.ticketId) !== definitionOf(state).code) return unchanged(scan, null, "wrong_event");
  const ticket = ticketOf(state, scan.ticketId);
  const seatId = ticket === null ? null : seatIdOf(state, ticket);
  if (ticket === null || (scan.seatId !== null && scan.seatId !== seatId)) {
    return unchanged(scan, null, "invalid", null, "unknown_ticket");
  }
  const entry = entryOf(checkIn);
  const repeated = checkIn.scans.find(({ nonce, gateId }) => nonce === scan.nonce && gateId === gate.id);
  // It was let in then: saying so again lets in nobody else.
  if (repeated !== undefined && repeated.state !== "lost") return unchanged(scan, seatId, "ok", repeated);
  const seen = scanOf(scan, gate, nowMs);
  if (ticket.revoked) {
    const answer = answerOf(scan, seatId, "revoked");
    return offline && repeated === undefined ? lost(checkIn, ticket, seen, answer, "revoked") : { ...NOTHING, answer };
  }
  const overtakes = entry !== null && offline && repeated === undefined && isEarlier(seen, entry);
  if (entry !== null && !overtakes) {
    const answer = answerOf(scan, seatId, "already_used", entry);
    return offline && repeated === undefined
      ? lost(checkIn, ticket, seen, answer, "already_used")
      : { ...NOTHING, answer };
  }
  const outside = outsideWindow(doorWindow(definitionOf(state), gate.opensAtMs), seen.atMs);
  if (outside !== null) return unchanged(scan, seatId, outside);
  return admitted(checkIn, ticket, seen, entry, answerOf(scan, seatId, "ok", seen));
}

function admitted(checkIn: CheckIn, ticket: Ticket, seen: Scan, displaced: Scan | null, answer: ScanAnswer): Judged {
  const { ticketId } = checkIn;
  // A repeat of a scan that lost, of a ticket whose entry was undone since, takes its own place.
  const others = checkIn.scans
    .filter(({ nonce, gateId }) => nonce !== seen.nonce || gateId !== seen.gateId)
    .map((scan) => (scan === displaced ? ({ ...scan, state: "displaced" } as const) : scan));
  const facts = [factOf("ticket.checked-in", ticketId, ticket.seat, seen)];
  if (displaced !== null) {
    facts.push(
      factOf("ticket.check-in-conflict", ticketId, ticket.seat, displaced, { reason: "already_used", by: seen.gateId }),
    );
  }
  return { answer, checkIn: { ticketId, scans: [...others.slice(0, MAX_SCANS_A_TICKET - 1), seen] }, facts };
}

/** Somebody may have been let in with it while nobody could know better: kept, so that it is seen. */
function lost(checkIn: CheckIn, ticket: Ticket, seen: Scan, answer: ScanAnswer, reason: ScanResult): Judged {
  const { ticketId, scans } = checkIn;
  if (scans.length >= MAX_SCANS_A_TICKET) return { ...NOTHING, answer };
  const fact = factOf("ticket.check-in-conflict", ticketId, ticket.seat, seen, {
    reason,
    ...(answer.entry !== null && { by: answer.entry.gateId }),
  });
  return { answer, checkIn: { ticketId, scans: [...scans, { ...seen, state: "lost" }] }, facts: [fact] };
}

const NOTHING = { checkIn: null, facts: [] } as const;

function unchanged(
  scan: TicketScan,
  seatId: SeatId | null,
  result: ScanResult,
  entry: Scan | null = null,
  reason: InvalidReason | null = null,
): Judged {
  return { ...NOTHING, answer: answerOf(scan, seatId, result, entry, reason) };
}

function answerOf(
  { nonce, ticketId }: TicketScan,
  seatId: SeatId | null,
  result: ScanResult,
  entry: Scan | null = null,
  reason: InvalidReason | null = null,
): ScanAnswer {
  return { nonce, ticketId, seatId, result, reason, entry };
}

/** Never later than now: a scanner's clock that runs ahead must not make its scan lose, or come too late. */
function scanOf(scan: TicketScan, gate: ScanningGate, nowMs: number): Scan {
  const atMs = Math.min(scan.scannedAtMs, nowMs);
  return { nonce: scan.nonce, gateId: gate.id, gate: gate.name, atMs, notedAtMs: nowMs, state: "in" };
}

function conflictOf(state: BoxOfficeState, checkIn: CheckIn | undefined): readonly ScanConflict[] {
  const winner = entryOf(checkIn);
  const others = checkIn?.scans.filter((scan) => scan.state === "lost" || scan.state === "displaced") ?? [];
  if (checkIn === undefined || winner === null || others.length === 0) return [];
  const ticket = ticketOf(state, checkIn.ticketId);
  return [{ ticketId: checkIn.ticketId, seatId: ticket && seatIdOf(state, ticket), winner, others }];
}

function entryOf(checkIn: CheckIn | undefined): Scan | null {
  return checkIn?.scans.find((scan) => scan.state === "in") ?? null;
}

function ticketOf(state: BoxOfficeState, id: TicketId): Ticket | null {
  const hold = holdOfBooking(state, bookingIdOfTicket(id));
  return (hold && ticketsOf(hold)[placeOfTicket(id)]) ?? null;
}

function seatIdOf(state: BoxOfficeState, { seat }: Ticket): SeatId {
  return state.geometry.ids[seat] as SeatId;
}

function factOf(
  type: Extract<Fact["type"], `ticket.${string}`>,
  ticketId: TicketId,
  seat: number,
  { gateId, gate, atMs }: Scan,
  more: Fact["detail"] = {},
): Fact {
  const detail = { ticketId, gateId, gate, scannedAtMs: atMs, ...more };
  return { type, bookingId: bookingIdOfTicket(ticketId), seats: [seat], detail };
}
