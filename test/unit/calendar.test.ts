// The calendar file as calendar programs read it: RFC 5545 to the octet.

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type CalendarEntry, writeCalendar } from "../../src/app/calendar";

const START = Date.UTC(2027, 8, 15, 19, 30);

function entry(changes: Partial<CalendarEntry> = {}): CalendarEntry {
  return {
    uid: "bkg_01HZ3ABCDEFGHJKMNPQRSTVWXY",
    stampMs: Date.UTC(2027, 5, 1, 10, 0),
    startsAtMs: START,
    endsAtMs: START + 3.5 * 3_600_000,
    summary: "Coldplay",
    location: "O2 Arena",
    description: "Seats: A1, A2",
    url: "https://tickets.example",
    organiser: "tickets@ticketflow.dev",
    ...changes,
  };
}

/** Lines as a reader sees them: unfolded. */
function linesOf(ics: string): string[] {
  return ics.replaceAll("\r\n ", "").split("\r\n");
}

function propertyOf(ics: string, name: string): string | undefined {
  return linesOf(ics)
    .find((line) => line.startsWith(`${name}:`))
    ?.slice(name.length + 1);
}

function unescapeText(value: string): string {
  return value.replace(/\\([\\;,nN])/g, (_, char: string) => (char.toLowerCase() === "n" ? "\n" : char));
}

describe("a calendar file", () => {
  it("says when, where and what, in UTC, under the booking's own id", () => {
    expect(linesOf(writeCalendar(entry()))).toEqual([
      "BEGIN:VCALENDAR",
      "VERSION:2.0",
      "PRODID:-//TicketFlow//Bookings 1.0//EN",
      "CALSCALE:GREGORIAN",
      "METHOD:PUBLISH",
      "BEGIN:VEVENT",
      "UID:bkg_01HZ3ABCDEFGHJKMNPQRSTVWXY",
      "DTSTAMP:20270601T100000Z",
      "DTSTART:20270915T193000Z",
      "DTEND:20270915T230000Z",
      "SUMMARY:Coldplay",
      "LOCATION:O2 Arena",
      "DESCRIPTION:Seats: A1\\, A2",
      "URL:https://tickets.example",
      "ORGANIZER;CN=TicketFlow:mailto:tickets@ticketflow.dev",
      "STATUS:CONFIRMED",
      "TRANSP:OPAQUE",
      "END:VEVENT",
      "END:VCALENDAR",
      "",
    ]);
  });

  it("leaves out what it does not know, and the end of an event without a length", () => {
    const ics = writeCalendar(entry({ endsAtMs: START, location: null, url: null, organiser: null }));
    expect(ics).toContain("DTSTART:20270915T193000Z");
    expect(ics).not.toMatch(/DTEND|LOCATION|URL|ORGANIZER/);
  });

  it("lets no words of an organiser become a line of their own", () => {
    const summary = "Gala\r\nEND:VEVENT\nATTACH:https://evil.example; a, b \\ c";
    const ics = writeCalendar(entry({ summary }));
    expect(linesOf(ics).filter((line) => line === "END:VEVENT")).toHaveLength(1);
    expect(linesOf(ics).some((line) => line.startsWith("ATTACH"))).toBe(false);
    expect(propertyOf(ics, "SUMMARY")).toBe("Gala\\nEND:VEVENT\\nATTACH:https://evil.example\\; a\\, b \\\\ c");
  });

  it("names no organiser whose address could end its line", () => {
    expect(writeCalendar(entry({ organiser: "a@b.c\r\nX-EVIL:1" }))).not.toMatch(/ORGANIZER|X-EVIL/);
  });

  it("folds at 75 octets, between characters, and loses none of them", () => {
    fc.assert(
      fc.property(fc.string({ unit: "grapheme", maxLength: 300 }), (words) => {
        const ics = writeCalendar(entry({ summary: words }));
        for (const line of ics.split("\r\n")) {
          expect(new TextEncoder().encode(line).length).toBeLessThanOrEqual(75);
          expect(line.isWellFormed()).toBe(true);
        }
        expect(ics.replaceAll("\r\n", "")).not.toMatch(/[\r\n]/);
        const said = unescapeText(propertyOf(ics, "SUMMARY") ?? "");
        expect(said).toBe(words.replace(/\r\n|[\r\n\u2028\u2029]/g, "\n").replace(/[^\P{Cc}\n]/gu, ""));
      }),
    );
  });
});
