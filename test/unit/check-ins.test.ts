// The door, by its rules: who gets in, who is told why not, and that scans made without network come to the same record
// in whatever order they are handed in.

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { ScanAnswer, ScanningGate, TicketScan } from "../../src/domain/box-office/commands";
import { CLOSES_AFTER_START_MS, OPENS_BEFORE_MS } from "../../src/domain/door";
import { type BookingId, type GateId, makeId, type SeatId, type TicketId, ticketIdOf } from "../../src/domain/ids";
import { DAY, HOUR, MINUTE } from "../../src/domain/time";
import { anEvent, aUser, CARD, counter, type Office, openOffice, START_MS, seatIds } from "./box-office-builder";
import { runs } from "./hall-arbitraries";

const bytes = counter(7_000);
const DOORS_MS = START_MS + 30 * DAY - OPENS_BEFORE_MS;

function aGate(name = "North", opensAtMs: number | null = null): ScanningGate {
  return { id: makeId("gate", START_MS, bytes.next()), name, opensAtMs };
}

/** A booking of these seats, paid for, in an office whose doors have just opened. */
function soldOffice(...seats: string[]): { office: Office; booking: BookingId; ticket: (place?: number) => TicketId } {
  const office = openOffice(anEvent());
  const booking = confirmed(office, seats);
  office.nowMs = DOORS_MS;
  return { office, booking, ticket: (place = 0) => ticketIdOf(booking, place) };
}

function confirmed(office: Office, seats: readonly string[]): BookingId {
  const booking = office.book(aUser(), seats, CARD);
  const money = {
    intentId: "pi",
    amountMinor: office.booking(booking).prices.reduce((a, b) => a + b),
    currency: "GBP",
  };
  office.settle(`${booking}:authorise:1`, { type: "authorised", ...money });
  office.settle(`${booking}:capture:1`, { type: "captured", transactionId: "ch", ...money });
  expect(office.booking(booking).status).toBe("CONFIRMED");
  return booking;
}

let scanned = 0;
function aScan(ticketId: TicketId, change: Partial<TicketScan> = {}): TicketScan {
  scanned += 1;
  return { ticketId, seatId: null, nonce: `nonce-${scanned}`, scannedAtMs: DOORS_MS, ...change };
}

function show(office: Office, gate: ScanningGate, scans: readonly TicketScan[], offline = false) {
  return office.ok({ type: "checkIn", scans, gate, offline });
}

function showOne(office: Office, gate: ScanningGate, scan: TicketScan): ScanAnswer {
  return show(office, gate, [scan]).answers[0] as ScanAnswer;
}

describe("a ticket", () => {
  it("is there for every seat once the money is captured, and not before", () => {
    const office = openOffice();
    const buyer = aUser();
    const waiting = office.book(buyer, ["A1", "A2"]);
    expect(office.ok({ type: "readTickets", bookingId: waiting }).tickets).toEqual([]);
    const booking = confirmed(office, ["B1", "B2"]);
    expect(office.ok({ type: "readTickets", bookingId: booking }).tickets).toEqual([
      { id: ticketIdOf(booking, 0), seatId: "seat_B1", status: "VALID", priceMinor: 7_500, entry: null },
      { id: ticketIdOf(booking, 1), seatId: "seat_B2", status: "VALID", priceMinor: 7_500, entry: null },
    ]);
  });

  it("costs no row when the money is captured", () => {
    const office = openOffice();
    confirmed(office, ["A1", "A2"]);
    expect(office.changes.checkIns.size).toBe(0);
    expect(office.changes.holds.size).toBe(1);
  });

  it("is revoked with its seat, and the others of the booking stay", () => {
    const office = openOffice();
    const booking = confirmed(office, ["A1", "A2"]);
    const { userId } = office.ok({ type: "readBooking", bookingId: booking }).record;
    office.ok({ type: "cancel", bookingId: booking, userId, seatIds: seatIds("A1") });
    const { tickets } = office.ok({ type: "readTickets", bookingId: booking });
    expect(tickets.map(({ status }) => status)).toEqual(["REVOKED", "VALID"]);
    expect(office.ok({ type: "readDoor" }).revoked).toEqual([ticketIdOf(booking, 0)]);
    office.ok({ type: "cancel", bookingId: booking, userId, seatIds: null });
    expect(new Set(office.ok({ type: "readDoor" }).revoked)).toEqual(
      new Set([ticketIdOf(booking, 0), ticketIdOf(booking, 1)]),
    );
  });
});

describe("at the door, a ticket", () => {
  it("lets in once, and then says when and where that was", () => {
    const { office, ticket } = soldOffice("A1");
    const north = aGate("North");
    const first = showOne(office, north, aScan(ticket()));
    expect(first).toMatchObject({ result: "ok", seatId: "seat_A1", entry: { gate: "North", atMs: DOORS_MS } });
    office.pass(MINUTE);
    const second = showOne(office, aGate("South"), aScan(ticket(), { scannedAtMs: office.nowMs }));
    expect(second).toMatchObject({
      result: "already_used",
      entry: { gate: "North", gateId: north.id, atMs: DOORS_MS },
    });
  });

  it("is let in by the first that asks, whatever a later scanner's clock says", () => {
    const { office, ticket } = soldOffice("A1");
    showOne(office, aGate("North"), aScan(ticket(), { scannedAtMs: DOORS_MS + 5 }));
    const late = showOne(office, aGate("South"), aScan(ticket(), { scannedAtMs: DOORS_MS + 1 }));
    expect(late).toMatchObject({ result: "already_used", entry: { gate: "North" } });
  });

  it("is ok again for the same nonce, and no second entry", () => {
    const { office, ticket } = soldOffice("A1");
    const gate = aGate();
    const scan = aScan(ticket());
    showOne(office, gate, scan);
    const seq = office.state.seq;
    expect(showOne(office, gate, scan).result).toBe("ok");
    expect(office.state.seq).toBe(seq);
    expect(office.ok({ type: "readDoor" }).counts).toEqual([{ gateId: gate.id, checkedIn: 1, conflicts: 0 }]);
  });

  it("is used for another gate that happens to say the same nonce", () => {
    const { office, ticket } = soldOffice("A1");
    const scan = aScan(ticket());
    showOne(office, aGate("North"), scan);
    expect(showOne(office, aGate("South"), scan).result).toBe("already_used");
  });

  it.each([
    ["too_early", -1],
    ["ok", 0],
    ["ok", OPENS_BEFORE_MS + CLOSES_AFTER_START_MS - 1],
    ["expired", OPENS_BEFORE_MS + CLOSES_AFTER_START_MS],
  ])("is %s %i ms after the doors open", (result, afterMs) => {
    const { office, ticket } = soldOffice("A1");
    office.nowMs = DOORS_MS + afterMs;
    expect(showOne(office, aGate(), aScan(ticket(), { scannedAtMs: office.nowMs })).result).toBe(result);
  });

  it("is taken before the doors open where the gate has its own hour", () => {
    const { office, ticket } = soldOffice("A1");
    office.nowMs = DOORS_MS - DAY;
    const early = aGate("Early birds", office.nowMs);
    expect(showOne(office, early, aScan(ticket(), { scannedAtMs: office.nowMs })).result).toBe("ok");
  });

  it("is revoked whenever it is shown, also too early", () => {
    const office = openOffice();
    const booking = confirmed(office, ["A1"]);
    const { userId } = office.ok({ type: "readBooking", bookingId: booking }).record;
    office.ok({ type: "cancel", bookingId: booking, userId, seatIds: null });
    expect(showOne(office, aGate(), aScan(ticketIdOf(booking, 0))).result).toBe("revoked");
  });

  it("is unknown if its booking was never confirmed, has no such seat, or never was", () => {
    const { office, booking } = soldOffice("A1");
    const waiting = office.book(aUser(), ["B1"]);
    const unknown = { result: "invalid", reason: "unknown_ticket" };
    expect(showOne(office, aGate(), aScan(ticketIdOf(waiting, 0)))).toMatchObject(unknown);
    expect(showOne(office, aGate(), aScan(ticketIdOf(booking, 1)))).toMatchObject(unknown);
    expect(showOne(office, aGate(), aScan(ticketIdOf(office.bookingId(), 0)))).toMatchObject(unknown);
    const swapped = aScan(ticketIdOf(booking, 0), { seatId: "seat_A2" as SeatId });
    expect(showOne(office, aGate(), swapped)).toMatchObject(unknown);
  });

  it("of another event is told so", () => {
    const { office } = soldOffice("A1");
    const { ticket } = soldOffice("A1");
    expect(showOne(office, aGate(), aScan(ticket())).result).toBe("wrong_event");
  });

  it("is good again once its entry is taken back, with the reason in the journal", () => {
    const { office, ticket } = soldOffice("A1");
    const gate = aGate();
    const scan = aScan(ticket());
    showOne(office, gate, scan);
    office.ok({ type: "undoCheckIn", ticketId: ticket(), reason: "wrong door" });
    expect(office.changes.journal.at(-1)?.facts).toMatchObject([
      { type: "ticket.check-in-undone", detail: { ticketId: ticket(), reason: "wrong door" } },
    ]);
    expect(office.refusal({ type: "undoCheckIn", ticketId: ticket(), reason: "again" })).toBe("TICKET_NOT_CHECKED_IN");
    expect(showOne(office, gate, scan).result).toBe("ok");
    expect(office.ok({ type: "readDoor" }).counts).toEqual([{ gateId: gate.id, checkedIn: 0, conflicts: 0 }]);
    expect(showOne(office, gate, aScan(ticket())).result).toBe("ok");
    expect(office.ok({ type: "readDoor" }).counts).toEqual([{ gateId: gate.id, checkedIn: 1, conflicts: 0 }]);
  });

  it("that nobody sold cannot be taken back", () => {
    const { office } = soldOffice("A1");
    const nobody = ticketIdOf(office.bookingId(), 0);
    expect(office.refusal({ type: "undoCheckIn", ticketId: nobody, reason: "?" })).toBe("TICKET_NOT_FOUND");
  });
});

describe("scans made offline", () => {
  it("are judged in the order in which they were made: the earliest counts, the others are conflicts", () => {
    const { office, ticket } = soldOffice("A1", "A2");
    office.pass(HOUR);
    const gate = aGate();
    const later = aScan(ticket(0), { scannedAtMs: DOORS_MS + 20 });
    const earlier = aScan(ticket(0), { scannedAtMs: DOORS_MS + 10 });
    const alone = aScan(ticket(1), { scannedAtMs: DOORS_MS + 15 });
    const { answers, conflicts } = show(office, gate, [later, alone, earlier], true);
    expect(answers.map(({ result }) => result)).toEqual(["already_used", "ok", "ok"]);
    expect(conflicts).toMatchObject([
      { ticketId: ticket(0), seatId: "seat_A1", winner: { nonce: earlier.nonce }, others: [{ nonce: later.nonce }] },
    ]);
    expect(office.ok({ type: "readDoor" }).counts).toEqual([{ gateId: gate.id, checkedIn: 2, conflicts: 1 }]);
  });

  it("take the entry from a later scan that was online, which is then the conflict", () => {
    const { office, ticket } = soldOffice("A1");
    office.pass(HOUR);
    const online = aScan(ticket(), { scannedAtMs: office.nowMs });
    const north = aGate("North");
    showOne(office, north, online);
    office.pass(HOUR);
    const offline = aScan(ticket(), { scannedAtMs: DOORS_MS + 1 });
    const { answers, conflicts } = show(office, aGate("South"), [offline], true);
    expect(answers).toMatchObject([{ result: "ok" }]);
    expect(conflicts).toMatchObject([{ winner: { gate: "South" }, others: [{ gate: "North", nonce: online.nonce }] }]);
    // Its scanner, asking again after a lost answer, hears what it heard: its guest is in.
    expect(showOne(office, north, online).result).toBe("ok");
  });

  it("change nothing when they are handed in again", () => {
    const { office, ticket } = soldOffice("A1");
    office.pass(HOUR);
    const gate = aGate();
    const scans = [1, 2, 3].map((n) => aScan(ticket(), { scannedAtMs: DOORS_MS + n }));
    const first = show(office, gate, scans, true);
    const { seq } = office.state;
    expect(show(office, gate, scans, true)).toEqual(first);
    expect(office.state.seq).toBe(seq);
  });

  it("with a ticket that was revoked meanwhile are conflicts too", () => {
    const office = openOffice();
    const booking = confirmed(office, ["A1"]);
    const { userId } = office.ok({ type: "readBooking", bookingId: booking }).record;
    office.ok({ type: "cancel", bookingId: booking, userId, seatIds: null });
    const gate = aGate("Early", START_MS);
    const { answers } = show(office, gate, [aScan(ticketIdOf(booking, 0), { scannedAtMs: office.nowMs })], true);
    expect(answers).toMatchObject([{ result: "revoked" }]);
    expect(office.ok({ type: "readDoor" }).counts).toEqual([{ gateId: gate.id, checkedIn: 0, conflicts: 1 }]);
  });

  it("of a scanner whose clock runs ahead count as of now", () => {
    const { office, ticket } = soldOffice("A1");
    const { answers } = show(office, aGate(), [aScan(ticket(), { scannedAtMs: office.nowMs + DAY })], true);
    expect(answers).toMatchObject([{ result: "ok", entry: { atMs: office.nowMs } }]);
  });

  it("come to the same record in whatever order gates hand them in, and however often", () => {
    const scans = fc.uniqueArray(
      fc.record({ gate: fc.integer({ min: 0, max: 2 }), atMs: fc.integer({ min: 1, max: 9 }) }),
      { minLength: 1, maxLength: 8, selector: ({ gate, atMs }) => `${gate} ${atMs}` },
    );
    const gates = ["North", "South", "West"].map((name) => aGate(name));
    fc.assert(
      fc.property(scans, fc.infiniteStream(fc.nat()), (made, chance) => {
        const { office, ticket } = soldOffice("A1");
        office.pass(HOUR);
        const all = made.map(({ gate, atMs }) => ({
          gate: gates[gate] as ScanningGate,
          scan: aScan(ticket(), { scannedAtMs: DOORS_MS + atMs, nonce: `${gate}-${atMs}` }),
        }));
        const shuffled = [...all, ...all]
          .map((one) => ({ one, rank: chance.next().value as number }))
          .sort((a, b) => a.rank - b.rank)
          .map(({ one }) => one);
        for (const { gate, scan } of shuffled) show(office, gate, [scan], true);
        const winner = all.reduce((best, one) => {
          const key = ({ scan }: typeof one) => `${scan.scannedAtMs} ${scan.nonce}`;
          return key(one) < key(best) ? one : best;
        });
        const record = office.state.checkIns.get(ticket());
        expect(record?.scans.filter(({ state }) => state === "in")).toMatchObject([{ nonce: winner.scan.nonce }]);
        expect(record?.scans).toHaveLength(all.length);
        const counts = office.ok({ type: "readDoor" }).counts;
        expect(counts.reduce((sum, { checkedIn }) => sum + checkedIn, 0)).toBe(1);
        expect(counts.reduce((sum, { conflicts }) => sum + conflicts, 0)).toBe(all.length - 1);
        expect(counts.find(({ checkedIn }) => checkedIn === 1)?.gateId).toBe(winner.gate.id as GateId);
      }),
      runs(200),
    );
  });
});
