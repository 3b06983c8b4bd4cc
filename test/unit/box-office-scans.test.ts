// Scans at the doors, to the letter: what the journal, the rows and the scanner are told of each.

import { describe, expect, it } from "vitest";
import type { ScanningGate, TicketScan } from "../../src/domain/box-office/commands";
import type { Fact, Hold } from "../../src/domain/box-office/state";
import { revokedTicketsOf, ticketsOf } from "../../src/domain/box-office/tickets";
import { isEarlier, OPENS_BEFORE_MS } from "../../src/domain/door";
import { type BookingId, makeId, type SeatId, type TicketId, ticketIdOf } from "../../src/domain/ids";
import { DAY, SECOND } from "../../src/domain/time";
import { anEvent, aUser, capturedOutcome, counter, type Office, openOffice, START_MS } from "./box-office-builder";

const bytes = counter(8_000);
const DOORS_MS = START_MS + 30 * DAY - OPENS_BEFORE_MS;

function gateNamed(name: string): ScanningGate {
  return { id: makeId("gate", START_MS, bytes.next()), name, opensAtMs: null };
}

function sold(): { office: Office; booking: BookingId; ticket: TicketId; cancel: () => void } {
  const office = openOffice(anEvent());
  const userId = aUser();
  const booking = office.book(userId, ["A1", "A2"]);
  office.settle(`${booking}:capture:1`, capturedOutcome(50_000));
  const cancel = () => office.ok({ type: "cancel", bookingId: booking, userId, seatIds: ["seat_A1" as SeatId] });
  office.nowMs = DOORS_MS;
  return { office, booking, ticket: ticketIdOf(booking, 0), cancel };
}

const scan = (ticketId: TicketId, nonce: string, afterMs = 0): TicketScan => ({
  ticketId,
  seatId: null,
  nonce,
  scannedAtMs: DOORS_MS + afterMs,
});
const show = (office: Office, gate: ScanningGate, scans: readonly TicketScan[], offline = false) =>
  office.ok({ type: "checkIn", scans, gate, offline });
const factsOf = (office: Office): readonly Fact[] => office.changes.journal.flatMap(({ facts }) => facts);
const statesOf = (office: Office, ticket: TicketId) =>
  office.state.checkIns.get(ticket)?.scans.map(({ nonce, state }) => `${nonce} ${state}`);

describe("an entry", () => {
  it("is journalled with its seat, its gate and its moment, and written as a row", () => {
    const { office, booking, ticket } = sold();
    const north = gateNamed("North");
    show(office, north, [scan(ticket, "n1")]);
    const detail = { ticketId: ticket, gateId: north.id, gate: "North", scannedAtMs: DOORS_MS };
    expect(factsOf(office)).toEqual([{ type: "ticket.checked-in", bookingId: booking, seats: [0], detail }]);
    const entry = { nonce: "n1", gateId: north.id, gate: "North", atMs: DOORS_MS, notedAtMs: DOORS_MS, state: "in" };
    expect([...office.changes.checkIns.values()]).toEqual([{ ticketId: ticket, scans: [entry] }]);
    expect(office.ok({ type: "readTickets", bookingId: booking }).tickets).toMatchObject([
      { id: ticket, seatId: "seat_A1", status: "VALID", entry },
      { entry: null },
    ]);
  });

  it("that is taken back leaves the row as it was but for that, and says whose it was", () => {
    const { office, ticket } = sold();
    const north = gateNamed("North");
    show(office, north, [scan(ticket, "n1"), scan(ticket, "n2", 1)], true);
    const undone = office.ok({ type: "undoCheckIn", ticketId: ticket, reason: "wrong door" });
    expect(undone).toMatchObject({ ticketId: ticket, seatId: "seat_A1", undone: { nonce: "n1", state: "undone" } });
    expect(statesOf(office, ticket)).toEqual(["n1 undone", "n2 lost"]);
  });

  it("of a ticket nobody showed yet cannot be taken back", () => {
    const { office, ticket } = sold();
    expect(office.refusal({ type: "undoCheckIn", ticketId: ticket, reason: "?" })).toBe("TICKET_NOT_CHECKED_IN");
  });

  it("is that of the smaller nonce where two were scanned in the same moment, whichever came first", () => {
    for (const nonces of [
      ["a", "b"],
      ["b", "a"],
    ]) {
      const { office, ticket } = sold();
      const { answers } = show(
        office,
        gateNamed("North"),
        nonces.map((nonce) => scan(ticket, nonce)),
        true,
      );
      expect(answers.map(({ nonce, result }) => [nonce, result])).toEqual(
        nonces.map((nonce) => [nonce, nonce === "a" ? "ok" : "already_used"]),
      );
    }
  });

  it("by a scan that reads the seat as it was signed is as good as one that does not", () => {
    const { office, ticket } = sold();
    const { answers } = show(office, gateNamed("North"), [{ ...scan(ticket, "n1"), seatId: "seat_A1" as SeatId }]);
    expect(answers).toMatchObject([{ result: "ok", seatId: "seat_A1", reason: null }]);
  });
});

describe("a conflict", () => {
  it("is journalled against the scan that came too late, with whom it lost to", () => {
    const { office, booking, ticket } = sold();
    const [north, south] = [gateNamed("North"), gateNamed("South")];
    show(office, north, [scan(ticket, "n1")], true);
    const { conflicts } = show(office, south, [scan(ticket, "s1", 5)], true);
    office.pass(SECOND);
    expect(factsOf(office)).toMatchObject([
      {
        type: "ticket.check-in-conflict",
        bookingId: booking,
        seats: [0],
        detail: { gate: "South", reason: "already_used", by: north.id },
      },
    ]);
    expect(conflicts).toMatchObject([{ winner: { nonce: "n1" }, others: [{ nonce: "s1", state: "lost" }] }]);
    expect(statesOf(office, ticket)).toEqual(["n1 in", "s1 lost"]);
  });

  it("is journalled against the entry that an earlier scan takes the place of", () => {
    const { office, ticket } = sold();
    const [north, south] = [gateNamed("North"), gateNamed("South")];
    office.pass(SECOND);
    show(office, north, [scan(ticket, "n1", SECOND)]);
    show(office, south, [scan(ticket, "s1", 5)], true);
    expect(factsOf(office)).toMatchObject([
      { type: "ticket.checked-in", detail: { gate: "South" } },
      { type: "ticket.check-in-conflict", detail: { gate: "North", reason: "already_used", by: south.id } },
    ]);
    expect(statesOf(office, ticket)).toEqual(["n1 displaced", "s1 in"]);
  });

  it("with a revoked ticket names nobody it lost to, is noted once, and only when scanned without network", () => {
    const { office, ticket, cancel } = sold();
    office.nowMs = START_MS + DAY;
    cancel();
    const gate = { ...gateNamed("Early"), opensAtMs: START_MS };
    const seen = { ...scan(ticket, "e1"), scannedAtMs: office.nowMs };
    expect(show(office, gate, [seen]).answers).toMatchObject([{ result: "revoked", entry: null }]);
    expect(office.changes.journal).toEqual([]);
    const { answers, conflicts } = show(office, gate, [seen], true);
    expect([answers[0]?.result, conflicts]).toEqual(["revoked", []]);
    expect(factsOf(office)).toMatchObject([{ type: "ticket.check-in-conflict", detail: { reason: "revoked" } }]);
    expect(factsOf(office)[0]?.detail).not.toHaveProperty("by");
    show(office, gate, [seen], true);
    expect(office.changes.journal).toEqual([]);
    expect(statesOf(office, ticket)).toEqual(["e1 lost"]);
  });

  it("is told to scanners without network alone", () => {
    const { office, ticket } = sold();
    const north = gateNamed("North");
    show(office, north, [scan(ticket, "n1"), scan(ticket, "n2", 1)], true);
    expect(show(office, gateNamed("South"), [scan(ticket, "s1")]).conflicts).toEqual([]);
  });

  it("is kept for 32 scans of a ticket, and answered beyond", () => {
    const { office, ticket } = sold();
    office.pass(SECOND);
    const gate = gateNamed("North");
    const many = Array.from({ length: 33 }, (_, i) => scan(ticket, `n${i + 10}`, i + 100));
    const { answers } = show(office, gate, many, true);
    expect(answers.at(-1)).toMatchObject({ result: "already_used", entry: { nonce: "n10" } });
    expect(statesOf(office, ticket)).toHaveLength(32);
    // An earlier one still wins, and the row grows no longer.
    show(office, gate, [scan(ticket, "first", 1)], true);
    expect(statesOf(office, ticket)).toHaveLength(32);
    expect(statesOf(office, ticket)?.at(-1)).toBe("first in");
  });
});

it("a scan that lost, shown again after the entry was taken back, gets in in its own place", () => {
  const { office, ticket } = sold();
  office.pass(SECOND);
  const [north, south] = [gateNamed("North"), gateNamed("South")];
  show(office, north, [scan(ticket, "same")], true);
  show(office, south, [scan(ticket, "same", 1)], true);
  show(office, south, [scan(ticket, "other", 2)], true);
  office.ok({ type: "undoCheckIn", ticketId: ticket, reason: "wrong door" });
  expect(show(office, south, [scan(ticket, "same", 1)]).answers).toMatchObject([{ result: "ok" }]);
  expect(statesOf(office, ticket)).toEqual(["same undone", "other lost", "same in"]);
});

it("tickets of a booking there is not are not found", () => {
  const { office } = sold();
  const bookingId = office.bookingId();
  const reply = office.send({ type: "readTickets", bookingId });
  expect(reply).toEqual({ ok: false, refusal: { code: "BOOKING_NOT_FOUND", id: bookingId } });
});

it("a hold that is no booking has no tickets, nor one whose money is not there yet", () => {
  const office = openOffice();
  const held = office.state.holds.get(office.hold(aUser(), "A1")) as Hold;
  expect([ticketsOf(held), revokedTicketsOf(held)]).toEqual([[], []]);
  office.book(aUser(), ["B1"]);
  const [unpaid] = [...office.changes.holds.values()] as [Hold];
  expect([ticketsOf(unpaid), revokedTicketsOf(unpaid)]).toEqual([[], []]);
});

it("of two scans the earlier counts, and a scan is not earlier than itself", () => {
  const at = (atMs: number, nonce: string) => ({ atMs, nonce });
  expect(isEarlier(at(1, "b"), at(2, "a"))).toBe(true);
  expect(isEarlier(at(2, "a"), at(1, "b"))).toBe(false);
  expect(isEarlier(at(1, "a"), at(1, "b"))).toBe(true);
  expect(isEarlier(at(1, "a"), at(1, "a"))).toBe(false);
});
