import { describe, expect, it } from "vitest";
import {
  parseConfirm,
  parseIntent,
  parseLock,
  parseNewEvent,
  parseRegistration,
} from "../../src/http/event-booking/fields";

const NOW_MS = Date.parse("2026-01-28T12:00:00Z");

describe("registration", () => {
  const registration = { name: "John Doe", email: "john@example.com", password: "password123" };

  it("takes what the document shows, with a password that the main API refuses", () => {
    expect(parseRegistration(registration)).toEqual({ ok: true, value: registration });
  });

  it.each([
    ["no name", { ...registration, name: undefined }],
    ["an empty name", { ...registration, name: "" }],
    ["no email", { name: "John", password: "password123" }],
    ["a null password", { ...registration, password: null }],
    ["nothing", {}],
  ])("says what is required of a body with %s", (_, body) => {
    expect(parseRegistration(body)).toEqual({ ok: false, message: "name, email, and password are required" });
  });

  it.each([
    ["name", { ...registration, name: 5 }],
    ["email", { ...registration, email: ["john@example.com"] }],
    ["password", { ...registration, password: 12_345_678 }],
  ])("casts no %s", (field, body) => {
    expect(parseRegistration(body)).toEqual({ ok: false, message: `${field} must be a string` });
  });

  it("ignores unknown fields", () => {
    expect(parseRegistration({ ...registration, role: "admin", _id: "x" })).toEqual({ ok: true, value: registration });
  });
});

describe("a new event", () => {
  const event = {
    name: "Tech Conference 2026",
    description: "International tech conference",
    eventDate: "2026-06-15T10:00:00Z",
    totalSeats: 100,
    availableSeats: 100,
  };

  it("takes what the document shows", () => {
    const eventDateMs = Date.parse("2026-06-15T10:00:00.000Z");
    const { eventDate: _, ...rest } = event;
    expect(parseNewEvent(event, NOW_MS)).toEqual({ ok: true, value: { ...rest, eventDateMs } });
  });

  it("does without a description", () => {
    const { description: _, ...rest } = event;
    expect(parseNewEvent(rest, NOW_MS)).toMatchObject({ ok: true, value: { description: null } });
  });

  it.each([
    ["2026-06-15", "2026-06-15T00:00:00Z"],
    ["2026-06-15T10:00", "2026-06-15T10:00:00Z"],
    ["2026-06-15T10:00:00.250", "2026-06-15T10:00:00.250Z"],
    ["2026-06-15T10:00:00+02:00", "2026-06-15T08:00:00Z"],
  ])("reads %s as %s", (eventDate, moment) => {
    const parsed = parseNewEvent({ ...event, eventDate }, NOW_MS);
    expect(parsed).toMatchObject({ ok: true, value: { eventDateMs: Date.parse(moment) } });
  });

  const required = "name, eventDate, totalSeats, and availableSeats are required";
  it.each([
    [{ ...event, name: undefined }, required],
    [{ ...event, eventDate: undefined }, required],
    [{ ...event, totalSeats: undefined }, required],
    [{ ...event, availableSeats: null }, required],
    [{ ...event, name: 7 }, "name must be a string"],
    [{ ...event, description: 7 }, "description must be a string"],
    [{ ...event, totalSeats: "100" }, "totalSeats must be a whole number"],
    [{ ...event, totalSeats: 99.5 }, "totalSeats must be a whole number"],
    [{ ...event, availableSeats: "100" }, "availableSeats must be a whole number"],
    [{ ...event, totalSeats: 0, availableSeats: 0 }, "totalSeats must be ≥ 1"],
    [{ ...event, totalSeats: -5, availableSeats: -6 }, "totalSeats must be ≥ 1"],
    [{ ...event, totalSeats: 50_001 }, "totalSeats must be ≤ 50000"],
    [{ ...event, availableSeats: -1 }, "availableSeats must be ≥ 0"],
    [{ ...event, availableSeats: 101 }, "availableSeats must be ≤ totalSeats"],
    [{ ...event, eventDate: "next summer" }, "eventDate must be an ISO date"],
    [{ ...event, eventDate: "2026-02-30T10:00:00Z" }, "eventDate must be an ISO date"],
    [{ ...event, eventDate: "9999-12-31T23:59:59Z" }, "eventDate must be an ISO date"],
    [{ ...event, eventDate: NOW_MS + 1 }, "eventDate must be an ISO date"],
    [{ ...event, eventDate: "2026-01-28T12:00:00Z" }, "eventDate must be in future"],
  ])("refuses %o", (body, message) => {
    expect(parseNewEvent(body, NOW_MS)).toEqual({ ok: false, message });
  });
});

describe("a lock", () => {
  const lock = { eventId: "e", userId: "u", seats: 2, idempotencyKey: "lock-001" };

  it.each([1, 2, 100])("takes %i seats", (seats) => {
    expect(parseLock({ ...lock, seats })).toEqual({ ok: true, value: { ...lock, seats } });
  });

  it.each([0, -1, 1.5, 101, 1e9, "2", true, [2]])("refuses %o seats", (seats) => {
    const message = "seats must be a whole number between 1 and 100";
    expect(parseLock({ ...lock, seats })).toEqual({ ok: false, message });
  });

  it.each(["eventId", "userId", "seats", "idempotencyKey"])("requires %s", (field) => {
    const message = "eventId, userId, seats, and idempotencyKey are required";
    expect(parseLock({ ...lock, [field]: undefined })).toEqual({ ok: false, message });
  });

  it.each(["eventId", "userId", "idempotencyKey"])("casts no %s", (field) => {
    expect(parseLock({ ...lock, [field]: 1 })).toEqual({ ok: false, message: `${field} must be a string` });
  });
});

describe("a confirmation", () => {
  it("requires a lockId that is a string", () => {
    expect(parseConfirm({ lockId: "l" })).toEqual({ ok: true, value: { lockId: "l" } });
    expect(parseConfirm({})).toEqual({ ok: false, message: "lockId is required" });
    expect(parseConfirm({ lockId: 5 })).toEqual({ ok: false, message: "lockId must be a string" });
  });
});

describe("an intent", () => {
  it.each(["success", "failure", "timeout"])("takes %s", (force) => {
    expect(parseIntent({ bookingId: "b", force })).toEqual({ ok: true, value: { bookingId: "b", force } });
  });

  it.each(["invalid", "SUCCESS", "", null, undefined, true, ["success"]])("refuses to force %o", (force) => {
    const message = "force must be success | failure | timeout";
    expect(parseIntent({ bookingId: "b", force })).toEqual({ ok: false, message });
  });

  it("requires a bookingId that is a string", () => {
    expect(parseIntent({ force: "success" })).toEqual({ ok: false, message: "bookingId is required" });
    expect(parseIntent({ bookingId: 5, force: "success" })).toEqual({
      ok: false,
      message: "bookingId must be a string",
    });
  });
});
