// What buyers are told of their bookings. Each letter is about one fact and says it as it was, also when it is
// sent late: of what came afterwards it only says that something did.

import { CANCELLATION_WINDOW_MS } from "../domain/box-office/bookings";
import type { BookingRecord } from "../domain/box-office/commands";
import type { FailureReason } from "../domain/box-office/state";
import type { Letter, LetterPanel } from "./mail-letter";
import { sayEvent, sayMoment, sayMoney, saySeats } from "./mail-words";
import type { BookingListing, NotificationDetail } from "./ports";

export interface BookingNews {
  readonly booking: BookingListing;
  readonly detail: NotificationDetail;
  readonly nowMs: number;
}

/** What differs from letter to letter; the greeting, the link and the last line are the same for all. */
export type BookingLetter = Pick<Letter, "subject" | "preview" | "tone" | "paragraphs" | "panel" | "after">;

export function tellConfirmed({ booking, detail, nowMs }: BookingNews): BookingLetter {
  const { record } = booking;
  const seatIds = confirmedSeats(record, detail);
  const one = seatIds.length === 1;
  return {
    subject: "Your booking is confirmed!",
    preview: `${sayEvent(booking).name} · ${saySeats(seatIds)}`,
    tone: "good",
    paragraphs: [
      one
        ? "Your seat is booked. Here is everything about it."
        : "Your seats are booked. Here is everything about them.",
    ],
    panel: panelOf(booking, [
      [one ? "Seat" : "Seats", saySeats(seatIds)],
      ["Total", paidWords(record)],
    ]),
    after: ["The event is attached as a calendar file.", cancellationWords(booking, nowMs)],
  };
}

export function tellFailed({ booking }: BookingNews): BookingLetter {
  const { record } = booking;
  const reason = record.failure?.reason ?? "INTERNAL_ERROR";
  return {
    subject: "Your booking could not be completed",
    preview: moneyWords(record),
    tone: "bad",
    paragraphs: [failureWords(record.failure), moneyWords(record)],
    panel: panelOf(booking, [["Seats asked for", saySeats(record.seatIds)]]),
    after: [NEXT_STEP[reason]],
  };
}

export function tellExpired({ booking }: BookingNews): BookingLetter {
  const { record } = booking;
  return {
    subject: "Your booking has expired",
    preview: moneyWords(record),
    tone: "bad",
    paragraphs: [
      `We held your seats until ${sayMoment(record.paymentExpiresAtMs)}, but the payment did not arrive in time. The seats are back on sale.`,
      moneyWords(record),
    ],
    panel: panelOf(booking, [["Seats held", saySeats(record.seatIds)]]),
    after: ["If you still want to come, choose seats again: these may still be free."],
  };
}

export function tellCancelled({ booking, detail }: BookingNews): BookingLetter {
  const { record } = booking;
  const seatIds = detail.seatIds?.length ? detail.seatIds : record.seatIds;
  const isWhole = record.status === "CANCELLED" && sameSeats(seatIds, record.seatIds);
  const refund = refundOf(record, detail, isWhole);
  const left = record.status === "CONFIRMED" ? record.seatIds : [];
  const facts: (readonly [string, string])[] = [
    [seatIds.length === 1 ? "Cancelled seat" : "Cancelled seats", saySeats(seatIds)],
    ["Refund", sayMoney({ amountMinor: refund, currency: record.currency })],
    ...(left.length > 0 ? [["Still booked", saySeats(left)] as const] : []),
  ];
  return {
    subject: isWhole ? "Your booking is cancelled" : "Part of your booking is cancelled",
    preview: refundWords(record, refund),
    tone: "plain",
    paragraphs: [
      isWhole ? "As you asked, your booking is cancelled." : "As you asked, some of your seats are cancelled.",
      refundWords(record, refund),
    ],
    panel: panelOf(booking, facts),
    after: left.length > 0 ? [`The rest of your booking stands: ${saySeats(left)}.`] : [],
  };
}

/** The seats of that moment, some of which may have been cancelled since. */
export function confirmedSeats(record: BookingRecord, detail: NotificationDetail): readonly string[] {
  return detail.seatIds?.length ? detail.seatIds : [...record.seatIds, ...record.cancelledSeatIds];
}

function failureWords(failure: BookingRecord["failure"]): string {
  switch (failure?.reason) {
    case "SEATS_UNAVAILABLE":
      return seatsWords(failure.detail);
    case "PAYMENT_FAILED":
      return `${DECLINE_WORDS.get(failure.detail) ?? "Your card could not be charged"}, so we could not keep the seats for you.`;
    case "INTERNAL_ERROR":
    case undefined:
      return "Something went wrong on our side, and we could not complete your booking. We are sorry.";
  }
}

function seatsWords(detail: string): string {
  const seatIds = detail.match(SEAT_IDS) ?? [];
  if (detail.startsWith("given back by you")) {
    return `You gave ${saySeats(seatIds) || "these seats"} back unpaid a moment ago, and for a minute somebody else may choose first.`;
  }
  if (seatIds.length === 0) return "At least one of the seats you asked for was not free any more.";
  return `${saySeats(seatIds)} ${seatIds.length === 1 ? "was" : "were"} not free any more.`;
}

const SEAT_IDS = /seat_[^\s,]+/g;

/** What a buyer can do something about, by the provider's decline codes; of the others a bank wants nothing said. */
const DECLINE_WORDS: ReadonlyMap<string, string> = new Map([
  ["insufficient_funds", "Your bank says that the card has not enough funds"],
  ["expired_card", "The card has expired"],
  ["incorrect_cvc", "The card's security code was wrong"],
  ["invalid_cvc", "The card's security code was wrong"],
  ["incorrect_number", "The card number was wrong"],
  ["invalid_number", "The card number was wrong"],
  ["card_not_supported", "Your bank does not allow this kind of purchase with the card"],
  ["currency_not_supported", "The card cannot pay in the currency of this event"],
  ["authentication_required", "Your bank wants you to confirm the payment, which did not happen"],
  ["payment_intent_authentication_failure", "Your bank could not confirm that it was you who paid"],
]);

const NEXT_STEP: Readonly<Record<FailureReason, string>> = {
  SEATS_UNAVAILABLE: "Have another look at the hall: other seats may suit you as well.",
  PAYMENT_FAILED: "Check the card with your bank or use another one, then choose seats again. These may still be free.",
  INTERNAL_ERROR: "Please choose seats again. If it fails once more, tell us the booking number above.",
};

/** What became of the buyer's money in a booking that came to nothing. */
function moneyWords({ payment, currency }: BookingRecord): string {
  switch (payment?.status) {
    case undefined:
      return "Nothing was charged.";
    case "FAILED":
      return "Your card was not charged.";
    case "PENDING":
      return "Your payment did not go through. Should your bank show an amount as reserved or taken, it is returned in full by itself.";
    case "REQUIRES_ACTION":
    case "AUTHORISED":
    case "CANCELLED":
      return "Your card was not charged. If your bank shows an amount as reserved, it is released by itself within a few days.";
    case "SUCCESS":
    case "REFUND_PENDING":
    case "PARTIALLY_REFUNDED":
    case "REFUNDED":
      return `The ${sayMoney({ amountMinor: payment?.amountMinor ?? 0, currency })} that was charged is returned in full to the card you paid with. ${ARRIVAL}`;
    case "REFUND_FAILED":
      return `We could not return the ${sayMoney({ amountMinor: payment?.amountMinor ?? 0, currency })} that was charged by itself. We are looking into it; keep the booking number below.`;
  }
}

/** Banks' own time, as card schemes and Stripe give it. */
const ARRIVAL = "Banks usually take 5 to 10 working days to show it.";

function refundWords(record: BookingRecord, refundMinor: number): string {
  if (refundMinor === 0) return "These seats were free of charge, so there is nothing to refund.";
  const amount = sayMoney({ amountMinor: refundMinor, currency: record.currency });
  return `We are refunding ${amount} to the card you paid with. ${ARRIVAL}`;
}

function refundOf(record: BookingRecord, detail: NotificationDetail, isWhole: boolean): number {
  return detail.refundMinor ?? (isWhole ? record.totalMinor : 0);
}

function paidWords(record: BookingRecord): string {
  const amountMinor = paidMinor(record);
  return amountMinor === 0 ? "Free" : sayMoney({ amountMinor, currency: record.currency });
}

/** What the whole booking cost when it was confirmed: `totalMinor` is only what is left of it. */
function paidMinor(record: BookingRecord): number {
  return record.payment?.amountMinor ?? record.totalMinor;
}

function cancellationWords({ record, eventStartsAtMs }: BookingListing, nowMs: number): string {
  if (record.status !== "CONFIRMED" || record.cancelledSeatIds.length > 0) {
    return "This booking has changed since it was confirmed; another mail tells you how.";
  }
  const untilMs = eventStartsAtMs - CANCELLATION_WINDOW_MS;
  if (nowMs > untilMs) return "The event starts in less than 24 hours, so the booking can no longer be cancelled.";
  const back = paidMinor(record) === 0 ? "" : " and get everything you paid back";
  return `Plans change: you can cancel until ${sayMoment(untilMs)}${back}.`;
}

/** The event, then what is to be said of the booking, its number last. */
function panelOf(booking: BookingListing, facts: LetterPanel["facts"]): LetterPanel {
  const { name, when, venue } = sayEvent(booking);
  return {
    title: name,
    lines: venue === null ? [when] : [when, venue],
    facts: [...facts, ["Booking", booking.record.id]],
  };
}

function sameSeats(some: readonly string[], others: readonly string[]): boolean {
  return some.length === others.length && some.every((seat) => others.includes(seat));
}
