// A booking as a calendar file (RFC 5545), made in the browser: an address that a link can download.

import type { BookingItem, EventItem } from "./api/types";
import { seatList } from "./words";

const DEFAULT_LENGTH_MS = 2 * 3_600_000;
/** Octets of a line before it must be folded. */
const LINE_OCTETS = 74;

export function calendarFile(booking: BookingItem, event: EventItem | null): string {
  const endsAt = event?.endsAt ?? new Date(Date.parse(booking.eventDate) + DEFAULT_LENGTH_MS).toISOString();
  const lines = [
    "BEGIN:VCALENDAR",
    "VERSION:2.0",
    "PRODID:-//TicketFlow//EN",
    "BEGIN:VEVENT",
    `UID:${booking.id}@ticketflow`,
    `DTSTAMP:${stamp(new Date().toISOString())}`,
    `DTSTART:${stamp(booking.eventDate)}`,
    `DTEND:${stamp(endsAt)}`,
    `SUMMARY:${escaped(booking.eventName)}`,
    ...(event?.venue ? [`LOCATION:${escaped(`${event.venue.name}, ${event.venue.city}`)}`] : []),
    `DESCRIPTION:${escaped(seatList(booking.seatIds))}`,
    `URL:${location.origin}/bookings/${booking.id}`,
    "END:VEVENT",
    "END:VCALENDAR",
  ];
  return `data:text/calendar;charset=utf-8,${encodeURIComponent(`${lines.map(folded).join("\r\n")}\r\n`)}`;
}

function stamp(iso: string): string {
  return `${iso.slice(0, 19).replaceAll(/[-:]/g, "")}Z`;
}

function escaped(text: string): string {
  return text.replaceAll(/[\\;,]/g, (mark) => `\\${mark}`).replaceAll(/\r?\n/g, "\\n");
}

/** Continued lines begin with a space; a character is never cut. */
function folded(line: string): string {
  const encoder = new TextEncoder();
  let out = "";
  let octets = 0;
  for (const character of line) {
    const length = encoder.encode(character).length;
    if (octets + length > LINE_OCTETS) {
      out += "\r\n ";
      octets = 1;
    }
    out += character;
    octets += length;
  }
  return out;
}
