// What buyers read. Every mail is looked at in both its forms, and with names chosen by somebody who means harm.

import { describe, expect, it } from "vitest";
import { greet, sayMoney, sayPeriod } from "../../src/app/mail-words";
import { writeMail } from "../../src/app/mails";
import type { BookingListing, Mail, NotificationToSend, NotificationType } from "../../src/app/ports";
import type { BookingRecord, PaymentRecord } from "../../src/domain/box-office/commands";
import { type EventCode, makeId, makeSaleId, parseEventCode, type SeatId } from "../../src/domain/ids";
import { DAY, HOUR } from "../../src/domain/time";

const NOW = Date.UTC(2027, 5, 15, 14, 22);
const STARTS = Date.UTC(2027, 8, 15, 19, 30);
const BYTES = new Uint8Array(16).fill(7);
const CODE = parseEventCode("ABCDEFGH") as EventCode;
const SETTINGS = { publicUrl: "https://tickets.example", emailFrom: "tickets@ticketflow.dev" };

const ids = {
  user: makeId("usr", NOW, BYTES),
  event: makeId("evnt", NOW, BYTES),
  booking: makeSaleId("bkg", CODE, NOW, BYTES),
  lock: makeSaleId("lock", CODE, NOW, BYTES),
  payment: makeSaleId("pay", CODE, NOW, BYTES),
  notification: makeId("notif", NOW, BYTES),
};

function seats(...names: string[]): SeatId[] {
  return names.map((name) => `seat_${name}` as SeatId);
}

function payment(changes: Partial<PaymentRecord> = {}): PaymentRecord {
  return {
    id: ids.payment,
    status: "SUCCESS",
    amountMinor: 15_000,
    currency: "GBP",
    refundedMinor: 0,
    transactionId: "ch_1",
    processedAtMs: NOW,
    attempts: 1,
    failure: null,
    ...changes,
  };
}

function record(changes: Partial<BookingRecord> = {}): BookingRecord {
  return {
    id: ids.booking,
    eventId: ids.event,
    lockId: ids.lock,
    userId: ids.user,
    version: 3,
    status: "CONFIRMED",
    seatIds: seats("A1", "A2"),
    cancelledSeatIds: [],
    totalMinor: 15_000,
    currency: "GBP",
    failure: null,
    paymentExpiresAtMs: NOW + 10 * 60_000,
    createdAtMs: NOW,
    updatedAtMs: NOW,
    confirmedAtMs: NOW,
    cancelledAtMs: null,
    payment: payment(),
    notices: [],
    ...changes,
  };
}

interface Told {
  readonly type: NotificationType;
  readonly record?: Partial<BookingRecord>;
  readonly event?: Partial<BookingListing>;
  readonly detail?: NotificationToSend["detail"];
  readonly name?: string;
  readonly nowMs?: number;
  readonly settings?: typeof SETTINGS;
}

function mailOf(told: Told): Mail {
  const booking: BookingListing = {
    record: record(told.record),
    eventName: "Coldplay: Music of the Spheres",
    eventStartsAtMs: STARTS,
    eventEndsAtMs: STARTS + 3.5 * HOUR,
    venueName: "O2 Arena",
    ...told.event,
  };
  const user = {
    id: ids.user,
    name: told.name ?? "Alice Example",
    email: "alice@example.com",
    role: "USER" as const,
    createdAtMs: NOW,
    updatedAtMs: NOW,
  };
  const notification: NotificationToSend = {
    id: ids.notification,
    userId: ids.user,
    type: told.type,
    bookingId: told.type === "WELCOME" ? null : ids.booking,
    detail: told.detail ?? {},
    createdAtMs: NOW,
    user,
    booking: told.type === "WELCOME" ? null : booking,
    tries: 1,
  };
  return writeMail(notification, told.settings ?? SETTINGS, told.nowMs ?? NOW);
}

/** The words of an HTML mail as a person sees them. */
function wordsOf(html: string): string {
  return html
    .replace(/<(style|title)>[\s\S]*?<\/\1>/g, "")
    .replace(/<[^>]*>/g, " ")
    .replace(/&#(\d+);/g, (_, code: string) => String.fromCharCode(Number(code)))
    .replace(/\s+/g, " ");
}

function expectBothToSay(mail: Mail, ...words: string[]): void {
  for (const one of words) {
    expect(mail.text.replace(/\s+/g, " ")).toContain(one);
    expect(wordsOf(mail.html)).toContain(one);
  }
}

function icsOf(mail: Mail): string {
  return String(mail.attachments[0]?.content).replaceAll("\r\n ", "");
}

describe("the mail of a confirmed booking", () => {
  it("says what, when, where, which seats, what was paid, and under which number", () => {
    const mail = mailOf({ type: "BOOKING_CONFIRMED", detail: { seatIds: seats("A1", "A2"), refundMinor: 0 } });
    expect(mail.subject).toBe("Your booking is confirmed!");
    expect(mail.to).toBe("alice@example.com");
    expectBothToSay(
      mail,
      "Hello Alice Example,",
      "Coldplay: Music of the Spheres",
      "15 September 2027, 19:30 to 23:00 UTC",
    );
    expectBothToSay(mail, "O2 Arena", "A1, A2", "£150.00", ids.booking, "14 September 2027, 19:30 UTC");
    expect(mail.text).toContain(SETTINGS.publicUrl);
    expect(mail.html).toContain(`href="${SETTINGS.publicUrl}/bookings/${ids.booking}"`);
  });

  it("has the event attached for a calendar, under the booking's id", () => {
    const mail = mailOf({ type: "BOOKING_CONFIRMED", detail: { seatIds: seats("A1", "A2") } });
    expect(mail.attachments).toHaveLength(1);
    expect(mail.attachments[0]?.filename).toBe(`${ids.booking}.ics`);
    expect(mail.attachments[0]?.contentType).toMatch(/^text\/calendar;/);
    const ics = icsOf(mail);
    expect(ics).toContain(`UID:${ids.booking}\r\n`);
    expect(ics).toContain("LOCATION:O2 Arena");
    expect(ics).toContain("Seats: A1\\, A2");
  });

  it("is about a free event without a venue and without a length too", () => {
    const mail = mailOf({
      type: "BOOKING_CONFIRMED",
      record: { totalMinor: 0, payment: null },
      event: { venueName: null, eventEndsAtMs: STARTS },
      detail: { seatIds: seats("A1") },
    });
    expectBothToSay(mail, "Free", "15 September 2027, 19:30 UTC");
    expect(mail.text).not.toMatch(/null|undefined|NaN|£|paid back/);
    expect(icsOf(mail)).not.toMatch(/DTEND|LOCATION/);
  });

  it("still tells of the confirmation when part of it was cancelled before the mail went", () => {
    const mail = mailOf({
      type: "BOOKING_CONFIRMED",
      detail: { seatIds: seats("A1", "A2") },
      record: { seatIds: seats("A2"), cancelledSeatIds: seats("A1"), totalMinor: 7_500 },
    });
    expect(mail.subject).toBe("Your booking is confirmed!");
    expectBothToSay(mail, "A1, A2", "£150.00", "has changed since");
    expect(mail.text).not.toContain("you can cancel until");
  });

  it("still tells of the confirmation when all of it was cancelled before the mail went", () => {
    const mail = mailOf({
      type: "BOOKING_CONFIRMED",
      detail: { seatIds: seats("A1", "A2") },
      record: { status: "CANCELLED" },
    });
    expect(mail.subject).toBe("Your booking is confirmed!");
    expectBothToSay(mail, "A1, A2", "£150.00", "has changed since");
  });

  it("promises no cancellation once that is over, and does to the last moment", () => {
    const detail = { seatIds: seats("A1") };
    expectBothToSay(mailOf({ type: "BOOKING_CONFIRMED", detail, nowMs: STARTS - DAY }), "you can cancel until");
    expectBothToSay(
      mailOf({ type: "BOOKING_CONFIRMED", detail, nowMs: STARTS - DAY + 1 }),
      "can no longer be cancelled",
    );
  });

  it("is the same each time it is written", () => {
    const told: Told = { type: "BOOKING_CONFIRMED", detail: { seatIds: seats("A1") } };
    expect(mailOf(told)).toEqual(mailOf(told));
  });
});

describe("the mail of a failed booking", () => {
  const failed = (
    reason: "SEATS_UNAVAILABLE" | "PAYMENT_FAILED" | "INTERNAL_ERROR",
    detail: string,
    paid: PaymentRecord | null,
  ) => mailOf({ type: "BOOKING_FAILED", record: { status: "FAILED", failure: { reason, detail }, payment: paid } });

  it("says which seats were gone, and that nothing was charged", () => {
    const mail = failed("SEATS_UNAVAILABLE", "not available: seat_A1, seat_A2", null);
    expect(mail.subject).toBe("Your booking could not be completed");
    expectBothToSay(mail, "A1, A2 were not free any more.", "Nothing was charged.", ids.booking);
    expect(mail.attachments).toEqual([]);
  });

  it("says why the card was declined where the buyer can help it", () => {
    const mail = failed("PAYMENT_FAILED", "insufficient_funds", payment({ status: "FAILED" }));
    expectBothToSay(mail, "not enough funds", "Your card was not charged.", "choose seats again");
  });

  it("repeats no decline code that a bank keeps to itself", () => {
    for (const code of ["stolen_card", "fraudulent", "constructor", "__proto__"]) {
      const mail = failed("PAYMENT_FAILED", code, payment({ status: "FAILED" }));
      expectBothToSay(mail, "Your card could not be charged, so we could not keep the seats for you.");
      expect(mail.text).not.toContain(code);
    }
  });

  it("says that captured money comes back, and never that nothing was charged", () => {
    for (const status of ["SUCCESS", "REFUND_PENDING", "REFUNDED"] as const) {
      const mail = failed("INTERNAL_ERROR", "amount differs", payment({ status }));
      expectBothToSay(mail, "£150.00", "returned in full");
      expect(mail.text).not.toMatch(/not charged|Nothing was charged/);
    }
    expectBothToSay(
      failed("INTERNAL_ERROR", "amount differs", payment({ status: "REFUND_FAILED" })),
      "could not return",
    );
  });

  it("claims nothing of a payment whose outcome is unknown", () => {
    const mail = failed("INTERNAL_ERROR", "unknown", payment({ status: "PENDING" }));
    expect(mail.text).not.toMatch(/not charged|Nothing was charged/);
  });
});

describe("the mail of an expired booking", () => {
  it("says until when the seats were held, that they are gone, and that nothing was charged", () => {
    const mail = mailOf({ type: "BOOKING_EXPIRED", record: { status: "EXPIRED", payment: null } });
    expect(mail.subject).toBe("Your booking has expired");
    expectBothToSay(mail, "15 June 2027, 14:32 UTC", "back on sale", "Nothing was charged.", "A1, A2");
  });
});

describe("the mail of a cancellation", () => {
  it("says what comes back and when", () => {
    const mail = mailOf({
      type: "BOOKING_CANCELLED",
      record: { status: "CANCELLED" },
      detail: { refundMinor: 15_000, seatIds: seats("A1", "A2") },
    });
    expect(mail.subject).toBe("Your booking is cancelled");
    expectBothToSay(mail, "£150.00", "5 to 10 working days", "A1, A2");
    expect(mail.text).not.toContain("Still booked");
  });

  it("of some seats names them and those that are left", () => {
    const mail = mailOf({
      type: "BOOKING_CANCELLED",
      record: { seatIds: seats("A2", "A3"), cancelledSeatIds: seats("A1"), totalMinor: 15_000 },
      detail: { refundMinor: 7_500, seatIds: seats("A1") },
    });
    expect(mail.subject).toBe("Part of your booking is cancelled");
    expectBothToSay(mail, "Cancelled seat", "£75.00", "The rest of your booking stands: A2, A3.");
  });

  it("of some seats stays about those when the rest was cancelled before the mail went", () => {
    const mail = mailOf({
      type: "BOOKING_CANCELLED",
      record: { status: "CANCELLED", seatIds: seats("A2"), cancelledSeatIds: seats("A1") },
      detail: { refundMinor: 7_500, seatIds: seats("A1") },
    });
    expect(mail.subject).toBe("Part of your booking is cancelled");
    expectBothToSay(mail, "£75.00");
    expect(mail.text).not.toContain("stands");
  });

  it("of a free booking promises no money", () => {
    const mail = mailOf({
      type: "BOOKING_CANCELLED",
      record: { status: "CANCELLED", totalMinor: 0, payment: null },
      detail: { refundMinor: 0, seatIds: seats("A1", "A2") },
    });
    expectBothToSay(mail, "nothing to refund");
    expect(mail.text).not.toContain("working days");
  });
});

describe("the link of a mail", () => {
  it.each([
    ["BOOKING_FAILED", `/events/${ids.event}`],
    ["BOOKING_EXPIRED", `/events/${ids.event}`],
    ["BOOKING_CANCELLED", `/bookings/${ids.booking}`],
    ["WELCOME", ""],
  ] as const)("%s leads to what is wanted next", (type, path) => {
    const mail = mailOf({ type });
    expect(mail.html).toContain(`href="${SETTINGS.publicUrl}${path}"`);
    expect(mail.text).toContain(`${SETTINGS.publicUrl}${path}\n`);
  });
});

describe("a welcome mail", () => {
  it("greets, and is about no booking", () => {
    const mail = mailOf({ type: "WELCOME" });
    expect(mail.subject).toBe("Welcome to TicketFlow");
    expectBothToSay(mail, "Hello Alice Example,", "Your account is ready.", "ignore it");
    expect(mail.attachments).toEqual([]);
  });

  it("carries no link that a stranger chose as a name", () => {
    for (const name of ["Win at https://evil.example", "evil.example", "a@evil.example", "//evil"]) {
      const mail = mailOf({ type: "WELCOME", name });
      expect(mail.text + mail.html).not.toContain("evil");
    }
    expect(greet("J.R.R. Tolkien")).toBe("Hello J.R.R. Tolkien,");
    expect(greet("Dr. Zoë O’Neil-Łukasz")).toBe("Hello Dr. Zoë O’Neil-Łukasz,");
    expect(greet(" \u202e ")).toBe("Hello,");
  });
});

describe("somebody else's words", () => {
  const evil = `"><script>alert(1)</script><img src=x onerror=alert(1)> '&amp;\r\nBcc: all@evil.example\u202eback`;

  it("never become markup, headers or lines of their own", () => {
    for (const type of [
      "BOOKING_CONFIRMED",
      "BOOKING_FAILED",
      "BOOKING_EXPIRED",
      "BOOKING_CANCELLED",
      "WELCOME",
    ] as const) {
      const mail = mailOf({ type, name: evil, event: { eventName: evil, venueName: evil } });
      expect(mail.html).not.toMatch(/<script|<img/);
      expect(mail.html).not.toContain('"&#62;"');
      expect(mail.subject).not.toMatch(/[\r\n]|script/);
      expect(mail.text).not.toMatch(/^Bcc:/m);
      expect(mail.text + mail.html + icsOf(mail)).not.toContain("\u202e");
      expect(icsOf(mail)).not.toMatch(/^Bcc:/m);
      if (type !== "WELCOME") expect(wordsOf(mail.html)).toContain("<script>alert(1)</script>");
    }
  });

  it("do not make a mail of any length", () => {
    const mail = mailOf({
      type: "BOOKING_CONFIRMED",
      event: { eventName: "🎺".repeat(60_000), venueName: "x".repeat(60_000) },
    });
    expect(mail.text.length + mail.html.length).toBeLessThan(20_000);
    expect(mail.html.isWellFormed()).toBe(true);
  });

  it("load nothing from elsewhere", () => {
    const { html } = mailOf({ type: "BOOKING_CONFIRMED" });
    expect(html).not.toMatch(/\ssrc=|url\(|@import|<link/);
  });
});

describe("a public URL", () => {
  it("that is missing or no web address makes no link", () => {
    for (const publicUrl of ["", "javascript:alert(1)"]) {
      const mail = mailOf({ type: "WELCOME", settings: { ...SETTINGS, publicUrl } });
      expect(mail.html).not.toContain("href");
      expect(mail.text).not.toContain("javascript");
    }
  });
});

describe("money and times", () => {
  it("have the currency's own digits", () => {
    const said = (amountMinor: number, currency: string) => sayMoney({ amountMinor, currency }).replace(/\u00a0/g, " ");
    expect(said(15_000, "GBP")).toBe("£150.00");
    expect(said(15_000, "JPY")).toContain("15,000");
    expect(said(15_000, "KWD")).toBe("KWD 15.000");
    expect(said(99_999_999, "EUR")).toBe("€999,999.99");
  });

  it("name both days of a night that ends on the next", () => {
    expect(sayPeriod(STARTS, STARTS + 6 * HOUR)).toMatch(
      /15 September 2027, 19:30\sUTC to .*16 September 2027, 01:30\sUTC/,
    );
  });
});
