// Ids: their form, their order, and what they carry.

import { describe, expect, it } from "vitest";
import { randomIds } from "../../src/adapters/ids";
import {
  bookingIdOf,
  CODE_CHARS,
  codeOfEvent,
  codeOfSaleId,
  factIdOf,
  ID_RANDOM_BYTES,
  idsSince,
  lockIdOf,
  makeId,
  makeSaleId,
  notificationIdOf,
  parseEventCode,
  parseId,
  paymentIdOf,
  timeOfId,
} from "../../src/domain/ids";

const NOW = Date.UTC(2030, 0, 2, 10);
const bytes = (value: number) => new Uint8Array(ID_RANDOM_BYTES).fill(value);

describe("a new id", () => {
  const ids = randomIds();

  it("is its prefix and 26 upper-case Crockford characters", () => {
    expect(ids.user(NOW)).toMatch(/^usr_[0-9A-HJKMNP-TV-Z]{26}$/);
    expect(ids.event(NOW)).toMatch(/^evnt_/);
    expect(ids.venue(NOW)).toMatch(/^ven_/);
    expect(ids.notification(NOW)).toMatch(/^notif_/);
  });

  it("tells when it was made, and sorts by that whatever its random part", () => {
    const earlier = makeId("usr", NOW, bytes(31));
    const later = makeId("usr", NOW + 1, bytes(0));
    expect([timeOfId(earlier), timeOfId(later)]).toEqual([NOW, NOW + 1]);
    expect(earlier < later).toBe(true);
  });

  it("is not made twice", () => {
    const made = new Set(Array.from({ length: 10_000 }, () => ids.user(NOW)));
    expect(made.size).toBe(10_000);
  });

  it("uses all of its random bytes", () => {
    const one = makeId("usr", NOW, bytes(0));
    for (let i = 0; i < ID_RANDOM_BYTES; i++) expect(makeId("usr", NOW, bytes(0).with(i, 1))).not.toBe(one);
  });
});

describe("an id of a sale", () => {
  const event = makeId(
    "evnt",
    NOW,
    Uint8Array.from({ length: ID_RANDOM_BYTES }, (_, i) => i + 3),
  );
  const code = codeOfEvent(event);

  it("carries its event's code, whatever it is of", () => {
    expect(code).toBe(event.slice(-CODE_CHARS));
    for (const prefix of ["lock", "bkg", "pay", "tkt"] as const) {
      const id = makeSaleId(prefix, code, NOW, bytes(9));
      expect(parseId(prefix, id)).toBe(id);
      expect([codeOfSaleId(id), timeOfId(id)]).toEqual([code, NOW]);
    }
  });

  it("leads from a booking to its payment and back, and to its hold", () => {
    const booking = randomIds().ofSale("bkg", code, NOW);
    const payment = paymentIdOf(booking);
    expect(bookingIdOf(payment)).toBe(booking);
    expect(parseId("pay", payment)).toBe(payment);
    expect(parseId("lock", lockIdOf(booking))).toBe(lockIdOf(booking));
    expect([codeOfSaleId(payment), codeOfSaleId(lockIdOf(booking))]).toEqual([code, code]);
  });

  it("gives one mail a fact: the same for the same booking and moment, another for another", () => {
    const [booking, other] = [randomIds().ofSale("bkg", code, NOW), randomIds().ofSale("bkg", code, NOW)];
    expect(notificationIdOf(booking, NOW)).toBe(notificationIdOf(booking, NOW));
    expect(parseId("notif", notificationIdOf(booking, NOW))).not.toBeNull();
    const made = [notificationIdOf(booking, NOW), notificationIdOf(booking, NOW + 1), notificationIdOf(other, NOW)];
    expect(new Set(made).size).toBe(3);
  });

  it("gives every fact of a journal an id of its own", () => {
    const made = [factIdOf(code, NOW, 1, 0), factIdOf(code, NOW, 1, 1), factIdOf(code, NOW, 2, 0)];
    expect(new Set(made).size).toBe(3);
    expect(made.map((id) => parseId("evt", id))).toEqual(made);
    // They sort as they happened: by moment, then by entry, then by the fact's place in it.
    const later = [factIdOf(code, NOW, 1, 31), factIdOf(code, NOW, 2, 0), factIdOf(code, NOW + 1, 1, 0)];
    expect([...later].reverse().sort()).toEqual(later);
    expect(made[0]?.slice(14, 22)).toBe(code);
  });

  it("made at a moment or later sorts after the mark of that moment, and an earlier one before", () => {
    const mark = idsSince("bkg", NOW);
    expect(makeSaleId("bkg", code, NOW, bytes(0)) > mark).toBe(true);
    expect(makeSaleId("bkg", code, NOW - 1, bytes(31)) < mark).toBe(true);
  });
});

describe("a text", () => {
  it.each([
    ["usr_0123456789ABCDEFGHJKMNPQRS", true],
    ["usr_0123456789abcdefghjkmnpqrs", false],
    ["usr_0123456789ABCDEFGHJKMNPQR", false],
    ["usr_0123456789ABCDEFGHJKMNPQRSS", false],
    ["usr_0123456789ABCDEFGHJKMNPQRI", false],
    ["ven_0123456789ABCDEFGHJKMNPQRS", false],
    ["xusr_0123456789ABCDEFGHJKMNPQRS", false],
    ["usr-0123456789ABCDEFGHJKMNPQRS", false],
    ["697a00af215688d2a9fca5c8", false],
    ["", false],
  ])("%s is a user's id: %s", (text, isId) => {
    expect(parseId("usr", text)).toBe(isId ? text : null);
  });

  it("of eight characters is an event's code", () => {
    expect(parseEventCode("0123ABCZ")).toBe("0123ABCZ");
    for (const text of ["0123ABC", "0123ABCU", "0123abcz", "0123ABCZZ"]) expect(parseEventCode(text)).toBeNull();
  });
});
