// Writes a mail from a notification and the state it tells of. Pure: the same notification gives the same mail,
// so a second send of it is recognisably the same.

import { writeCalendar } from "./calendar";
import {
  type BookingLetter,
  type BookingNews,
  confirmedSeats,
  tellCancelled,
  tellConfirmed,
  tellExpired,
  tellFailed,
} from "./mail-bookings";
import { asHtml, asText, type Letter, type LetterCode } from "./mail-letter";
import { greet, sayEvent, saySeats } from "./mail-words";
import type { BookingListing, Mail, MailAttachment, NotificationToSend, Settings } from "./ports";
import type { MailTicket } from "./tickets";

export type MailSettings = Pick<Settings, "publicUrl" | "emailFrom">;

/** Throws if a booking's notification comes without its booking: D1 writes both together. */
export function writeMail(
  notification: NotificationToSend,
  settings: MailSettings,
  nowMs: number,
  tickets: readonly MailTicket[] = [],
): Mail {
  const letter = letterOf(notification, settings, nowMs, tickets);
  return {
    id: notification.id,
    to: notification.user.email,
    subject: letter.subject,
    text: asText(letter),
    html: asHtml(letter),
    attachments:
      notification.type === "BOOKING_CONFIRMED"
        ? [calendarFile(notification, bookingOf(notification), settings), ...tickets.map(ticketImage)]
        : [],
  };
}

function ticketImage({ id, seatId, png }: MailTicket): MailAttachment {
  return {
    filename: `ticket-${seatId.slice(5)}.png`,
    contentType: "image/png",
    content: png,
    contentId: contentIdOf(id),
  };
}

/** An address by form (RFC 2392), and the same in every send of the mail. */
function contentIdOf(ticket: MailTicket["id"]): string {
  return `${ticket.toLowerCase()}@ticketflow`;
}

function letterOf(
  notification: NotificationToSend,
  settings: MailSettings,
  nowMs: number,
  tickets: readonly MailTicket[],
): Letter {
  const greeting = greet(notification.user.name);
  if (notification.type === "WELCOME") return { ...WELCOME, greeting, link: linkTo("Find an event", settings) };
  const news: BookingNews = { booking: bookingOf(notification), detail: notification.detail, nowMs };
  const told = tell(notification.type, news);
  return {
    ...told,
    greeting,
    ...(tickets.length === 0
      ? { link: linkOf(notification.type, news.booking.record, settings) }
      : {
          codes: tickets.map(codeOf),
          after: [
            tickets.length === 1 ? "Show this code at the door." : "Show these codes at the door.",
            ...told.after,
          ],
          link: linkTo("Show or print your tickets", settings, `/tickets/${news.booking.record.id}`),
        }),
    reason: "You get this mail because a booking was made with this address on TicketFlow.",
  };
}

const WELCOME: Omit<Letter, "greeting" | "link"> = {
  subject: "Welcome to TicketFlow",
  preview: "Your account is ready.",
  tone: "plain",
  paragraphs: [
    "Your account is ready. Sign in with this e-mail address and the password you chose.",
    "Choose your seats in the hall, and they are yours while you pay. We mail you whenever something happens to a booking of yours.",
  ],
  panel: null,
  after: [],
  reason:
    "You get this mail because an account was opened with this address on TicketFlow. If that was not you, ignore it.",
};

type BookingNotice = Exclude<NotificationToSend["type"], "WELCOME">;

function tell(type: BookingNotice, news: BookingNews): BookingLetter {
  switch (type) {
    case "BOOKING_CONFIRMED":
      return tellConfirmed(news);
    case "BOOKING_FAILED":
      return tellFailed(news);
    case "BOOKING_EXPIRED":
      return tellExpired(news);
    case "BOOKING_CANCELLED":
      return tellCancelled(news);
  }
}

function codeOf({ id, seatId, number }: MailTicket): LetterCode {
  return { contentId: contentIdOf(id), label: saySeats([seatId]), number };
}

/** To what the reader will want next: the hall for who has no seats, else the booking. */
function linkOf(
  type: BookingNotice,
  { id, eventId }: BookingListing["record"],
  settings: MailSettings,
): Letter["link"] {
  switch (type) {
    case "BOOKING_FAILED":
    case "BOOKING_EXPIRED":
      return linkTo("Choose seats again", settings, `/events/${eventId}`);
    case "BOOKING_CONFIRMED":
    case "BOOKING_CANCELLED":
      return linkTo("See your booking", settings, `/bookings/${id}`);
  }
}

function linkTo(label: string, settings: MailSettings, path = ""): Letter["link"] {
  const url = siteOf(settings);
  return url === null ? null : { label, url: url + path };
}

/** Only a web address becomes a link; anything else would be a mistake in the configuration. */
function siteOf({ publicUrl }: MailSettings): string | null {
  return /^https?:\/\/\S+$/.test(publicUrl) ? publicUrl : null;
}

function calendarFile(
  notification: NotificationToSend,
  booking: BookingListing,
  settings: MailSettings,
): MailAttachment {
  const { record } = booking;
  const event = sayEvent(booking);
  const seatIds = confirmedSeats(record, notification.detail);
  const site = siteOf(settings);
  const description = [`Seats: ${saySeats(seatIds)}`, `Booking: ${record.id}`, ...(site === null ? [] : [site])];
  const content = writeCalendar({
    uid: record.id,
    stampMs: notification.createdAtMs,
    startsAtMs: booking.eventStartsAtMs,
    endsAtMs: booking.eventEndsAtMs,
    summary: event.name,
    location: event.venue,
    description: description.join("\n"),
    url: site,
    organiser: settings.emailFrom || null,
  });
  return { filename: `${record.id}.ics`, contentType: "text/calendar; charset=utf-8; method=PUBLISH", content };
}

function bookingOf(notification: NotificationToSend): BookingListing {
  if (!notification.booking) throw new Error(`notification ${notification.id} is about a booking that D1 has not`);
  return notification.booking;
}
