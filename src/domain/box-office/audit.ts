// The invariants of docs/architecture.md that a box office can judge by itself, over what is there now.

import { sumMinor } from "../money";
import { TIERS } from "../seat-map";
import { DAY, HOUR, isOver, MINUTE } from "../time";
import type { BookingRecord } from "./commands";
import { nextDueMs } from "./deadlines";
import { effectsOf } from "./effects";
import { owedEffects } from "./execute";
import { faceValueOf, isLive, ownedSeats, ownedStatus, silenceEndOf, totalOf } from "./hold";
import { MAX_UNPAID_SEATS } from "./holds";
import type { Booking, BoxOfficeState, Hold, SeatStatus } from "./state";
import { bookingRecordOf } from "./views";

export interface Violation {
  readonly invariant: string;
  readonly detail: string;
}

export interface AuditedBooking {
  readonly violations: readonly Violation[];
  readonly bookings: readonly BookingRecord[];
  /** Bookings that owe an effect: not at rest, so not judged by the invariants marked *. */
  readonly owing: readonly BookingRecord["id"][];
  /** Effects owed by the whole box office. */
  readonly outbox: number;
}

/** `bookings`: without the seat table, which is compared with the whole journal, about a second's work of a long sale. */
export type AuditScope = "everything" | "bookings";

/** An alarm may be this late before it counts as missing: sweeps and the platform's own lateness. */
const ALARM_GRACE_MS = MINUTE;

/** Judges a page of booked holds, and with the first page (`whole`) the seat table too. */
export function auditState(
  state: BoxOfficeState,
  page: readonly Hold[],
  whole: boolean,
  nowMs: number,
  alarmMs: number | null,
): AuditedBooking {
  const violations: Violation[] = [];
  if (whole && state.definition !== null) {
    auditSeats(state, violations);
    auditLimits(state, violations);
    auditAlarm(state, nowMs, alarmMs, violations);
  }
  const bookings: BookingRecord[] = [];
  const owing: BookingRecord["id"][] = [];
  for (const row of page) {
    const hold = state.holds.get(row.id) ?? row;
    const booking = hold.booking;
    if (booking === null) continue;
    bookings.push(bookingRecordOf(state, hold, booking));
    const owes = effectsOf(hold).length > 0;
    if (owes) owing.push(booking.id);
    auditHold(state, hold, violations);
    auditMoney(hold, booking, !owes && !isLive(hold), violations);
    auditBooking(hold, booking, violations);
    auditEnd(hold, booking, nowMs, violations);
  }
  return { violations, bookings, owing, outbox: owedEffects(state).length };
}

/** I1, I2 and I3 over the seat table. */
function auditSeats(state: BoxOfficeState, violations: Violation[]): void {
  const counts: Record<SeatStatus, number> = { A: 0, L: 0, R: 0, B: 0, X: 0 };
  const free = TIERS.map(() => 0);
  for (let seat = 0; seat < state.geometry.size; seat++) {
    const status = state.statuses[seat] as SeatStatus;
    counts[status] += 1;
    if (status === "A") (free[state.geometry.tiers[seat] as number] as number) += 1;
    const owned = state.owners[seat] !== null;
    if (owned !== (status === "L" || status === "R")) {
      violations.push({ invariant: "I1", detail: `seat ${state.geometry.ids[seat]} is ${status}, owner ${owned}` });
    }
  }
  const total = sumMinor(state.totalByTier);
  if (counts.A + counts.L + counts.R + counts.B !== total || free.some((seats, t) => seats !== state.freeByTier[t])) {
    violations.push({ invariant: "I2", detail: `${JSON.stringify(counts)} of ${total}` });
  }
  for (const hold of state.holds.values()) if (isLive(hold)) auditHold(state, hold, violations);
}

/** I3, and I1 from the hold's side. */
function auditHold(state: BoxOfficeState, hold: Hold, violations: Violation[]): void {
  for (const seat of ownedSeats(hold)) {
    if (state.owners[seat] === hold.id && state.statuses[seat] === ownedStatus(hold)) continue;
    violations.push({ invariant: "I3", detail: `${hold.id} does not own ${state.geometry.ids[seat]}` });
  }
}

/** I17. */
function auditLimits(state: BoxOfficeState, violations: Violation[]): void {
  const held = new Map<string, number>();
  for (const hold of state.holds.values()) {
    if (hold.dialect || !isLive(hold) || ownedStatus(hold) !== "L") continue;
    held.set(hold.userId, (held.get(hold.userId) ?? 0) + ownedSeats(hold).length);
  }
  for (const [userId, seats] of held) {
    if (seats > MAX_UNPAID_SEATS) violations.push({ invariant: "I17", detail: `${userId} holds ${seats} seats` });
  }
}

/** I14. */
function auditAlarm(state: BoxOfficeState, nowMs: number, alarmMs: number | null, violations: Violation[]): void {
  const dueMs = nextDueMs(state);
  const owes = owedEffects(state).length > 0;
  if (dueMs === null && !owes) return;
  const late = alarmMs !== null && isOver(alarmMs + ALARM_GRACE_MS, nowMs);
  // An alarm that was lost is set anew for now, however long ago its moment was.
  const after = alarmMs !== null && dueMs !== null && alarmMs > Math.max(dueMs, nowMs) + ALARM_GRACE_MS;
  if (alarmMs !== null && !late && !after) return;
  if (dueMs !== null && dueMs > nowMs + HOUR && alarmMs === null && !owes) return;
  violations.push({ invariant: "I14", detail: `due at ${dueMs}, alarm at ${alarmMs}` });
}

/** I4 (at rest), I5, I11 and I16. */
function auditMoney(hold: Hold, booking: Booking, atRest: boolean, violations: Violation[]): void {
  const payment = booking.payment;
  const captured = (payment?.attempts ?? []).filter((attempt) => attempt.state === "captured");
  const kept = captured.filter((attempt) => !attempt.unwanted);
  if (kept.length > 1) violations.push({ invariant: "I5", detail: `${booking.id} was captured ${kept.length} times` });
  const capturedMinor = captured.length * faceValueOf(booking);
  const refunds = payment?.refunds ?? [];
  const asked = sumMinor(refunds.filter(({ state }) => state !== "failed").map((refund) => refund.amountMinor));
  // What a provider captured in a wrong amount is returned as captured, so only right amounts are compared.
  if (asked > capturedMinor && captured.every(({ failure }) => failure === null)) {
    violations.push({ invariant: "I11", detail: `${booking.id} refunds ${asked} of ${capturedMinor}` });
  }
  for (const attempt of payment?.attempts ?? []) {
    if (attempt.startedAtMs < booking.createdAtMs || attempt.startedAtMs >= booking.deadlineMs) {
      violations.push({ invariant: "I16", detail: `${booking.id} was charged outside its window` });
    }
  }
  if (!atRest && booking.status !== "CONFIRMED") return;
  const returned = sumMinor(refunds.filter(({ state }) => state === "done").map((refund) => refund.amountMinor));
  const value = booking.status === "CONFIRMED" ? totalOf(hold, booking) : 0;
  const pending = refunds.some(({ state }) => state === "due");
  if (!pending && captured.every(({ failure }) => failure === null) && capturedMinor - returned !== value) {
    violations.push({ invariant: "I4", detail: `${booking.id}: ${capturedMinor} − ${returned} ≠ ${value}` });
  }
}

/** I6: it ends, and not long after the asking began. A capture has no deadline, but a day is nobody's patience. */
function auditEnd(hold: Hold, booking: Booking, nowMs: number, violations: Violation[]): void {
  if (!isLive(hold)) return;
  const isCapturing = booking.phase === "capturing";
  const lateMs = isCapturing ? booking.deadlineMs + DAY : silenceEndOf(hold, booking) + ALARM_GRACE_MS;
  if (!isOver(lateMs, nowMs)) return;
  violations.push({ invariant: "I6", detail: `${booking.id} is ${booking.phase} long after its deadline` });
}

/** I12: the last status the journal tells of each seat is the seat's; a seat it never told of was never sold. */
export function auditJournal(state: BoxOfficeState, lastTold: ReadonlyMap<number, SeatStatus>): readonly Violation[] {
  const violations: Violation[] = [];
  for (let seat = 0; seat < state.geometry.size; seat++) {
    const status = state.statuses[seat] as SeatStatus;
    const told = lastTold.get(seat);
    // What left the hall, or was put off sale, is told by the layout's version.
    if (status === "X" || status === "B" || status === (told ?? "A")) continue;
    violations.push({ invariant: "I12", detail: `seat ${state.geometry.ids[seat]} is ${status}, told as ${told}` });
  }
  return violations;
}

/** I7 and I15: a state the machine cannot be in. */
function auditBooking(hold: Hold, booking: Booking, violations: Violation[]): void {
  const ended = hold.endedAtMs !== null;
  if (booking.status === "CONFIRMED" && ended) {
    violations.push({ invariant: "I7", detail: `${booking.id} is confirmed and released` });
  }
  const settled = booking.status !== "PENDING" && booking.status !== "PAYMENT_PENDING";
  if (settled !== (booking.phase === "settled") || (ended && !settled)) {
    violations.push({ invariant: "I15", detail: `${booking.id} is ${booking.status} while ${booking.phase}` });
  }
}
