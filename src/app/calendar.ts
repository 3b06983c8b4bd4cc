// A calendar entry as an .ics file (RFC 5545, published as RFC 5546 says). One booking is one entry: its UID is
// the booking's id, so opening the file twice does not add it twice.

export interface CalendarEntry {
  /** Stable: the same for every file about the same thing. */
  readonly uid: string;
  /** When the entry was made. */
  readonly stampMs: number;
  readonly startsAtMs: number;
  /** Not after the start for an event without a length, which then has no end in the file. */
  readonly endsAtMs: number;
  readonly summary: string;
  readonly location: string | null;
  readonly description: string;
  readonly url: string | null;
  /** An e-mail address; without one the entry has no organiser. */
  readonly organiser: string | null;
}

/** Octets of a line without its break, by RFC 5545 3.1. */
const MAX_LINE_OCTETS = 75;
const ADDRESS = /^[^\s@<>,;:"\\]+@[^\s@<>,;:"\\]+$/;

export function writeCalendar(entry: CalendarEntry): string {
  const lines = [
    "BEGIN:VCALENDAR",
    "VERSION:2.0",
    "PRODID:-//TicketFlow//Bookings 1.0//EN",
    "CALSCALE:GREGORIAN",
    "METHOD:PUBLISH",
    "BEGIN:VEVENT",
    `UID:${escapeText(entry.uid)}`,
    `DTSTAMP:${utc(entry.stampMs)}`,
    `DTSTART:${utc(entry.startsAtMs)}`,
    ...(entry.endsAtMs > entry.startsAtMs ? [`DTEND:${utc(entry.endsAtMs)}`] : []),
    `SUMMARY:${escapeText(entry.summary)}`,
    ...(entry.location ? [`LOCATION:${escapeText(entry.location)}`] : []),
    `DESCRIPTION:${escapeText(entry.description)}`,
    ...(entry.url ? [`URL:${entry.url.replace(/\s/g, "")}`] : []),
    ...(entry.organiser && ADDRESS.test(entry.organiser) ? [`ORGANIZER;CN=TicketFlow:mailto:${entry.organiser}`] : []),
    "STATUS:CONFIRMED",
    "TRANSP:OPAQUE",
    "END:VEVENT",
    "END:VCALENDAR",
  ];
  return `${lines.map(fold).join("\r\n")}\r\n`;
}

/** `20240915T193000Z`. */
function utc(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 19).replace(/[-:]/g, "")}Z`;
}

/** A value of type TEXT: backslash, semicolon, comma and line break are written, other control characters dropped. */
function escapeText(text: string): string {
  return text
    .toWellFormed()
    .replace(/[\\;,]/g, "\\$&")
    .replace(/\r\n|\r|\n|\u2028|\u2029/g, "\\n")
    .replace(/\p{Cc}/gu, "");
}

/** Breaks a long line between characters, never inside one; each further line starts with a space. */
function fold(line: string): string {
  const encoder = new TextEncoder();
  let folded = "";
  let octets = 0;
  for (const char of line) {
    const size = encoder.encode(char).length;
    if (octets + size > MAX_LINE_OCTETS) {
      folded += "\r\n ";
      octets = 1;
    }
    folded += char;
    octets += size;
  }
  return folded;
}
