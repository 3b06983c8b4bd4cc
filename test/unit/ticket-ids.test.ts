// A ticket's id holds its booking and its place: no two tickets share one, and both are found without a row.

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  bookingIdOfTicket,
  codeOfSaleId,
  type EventCode,
  MAX_PLACES,
  makeSaleId,
  parseId,
  placeOfTicket,
  ticketIdOf,
} from "../../src/domain/ids";
import { runs } from "./hall-arbitraries";

const CODE = "ABCD1234" as EventCode;
/** As far as the time of an id reaches with room for 128 places. */
const LAST_MS = 2 ** 43 - 1;

const bookings = fc
  .tuple(fc.integer({ min: 0, max: LAST_MS }), fc.uint8Array({ minLength: 16, maxLength: 16 }))
  .map(([ms, random]) => makeSaleId("bkg", CODE, ms, random));
const places = fc.integer({ min: 0, max: MAX_PLACES - 1 });

describe("the id of a ticket", () => {
  it("gives its booking and its place back, so no two tickets of an event share one", () => {
    fc.assert(
      fc.property(bookings, places, (booking, place) => {
        const ticket = ticketIdOf(booking, place);
        expect(bookingIdOfTicket(ticket)).toBe(booking);
        expect(placeOfTicket(ticket)).toBe(place);
      }),
      runs(2_000),
    );
  });

  it("has the form of every id, and finds its event's box office", () => {
    fc.assert(
      fc.property(bookings, places, (booking, place) => {
        const ticket = ticketIdOf(booking, place);
        expect(parseId("tkt", ticket)).toBe(ticket);
        expect(codeOfSaleId(ticket)).toBe(CODE);
      }),
    );
  });

  it("sorts by the moment its booking was made, then by its place", () => {
    const at = (ms: number, place: number) =>
      ticketIdOf(makeSaleId("bkg", CODE, ms, new Uint8Array(16).fill(31)), place);
    const inOrder = [at(1_000, 0), at(1_000, 1), at(1_000, 99), at(1_001, 0), at(2_000, 5)];
    expect([...inOrder].sort()).toEqual(inOrder);
  });

  it("is refused for a place that no booking has", () => {
    const booking = makeSaleId("bkg", CODE, 1, new Uint8Array(16));
    expect(() => ticketIdOf(booking, MAX_PLACES)).toThrow(RangeError);
  });
});
