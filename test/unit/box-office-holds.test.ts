// Holding seats, rule by rule: how many, for how long, whose, and what a refusal says.

import { describe, expect, it } from "vitest";
import type { SeatChoice } from "../../src/domain/box-office/commands";
import type { LockId } from "../../src/domain/ids";
import { MINUTE, SECOND } from "../../src/domain/time";
import { anEvent, aUser, type Office, openOffice, seatIds } from "./box-office-builder";

const HALL = [
  { tier: "VIP", priceMinor: 25_000, capacity: 10 },
  { tier: "GENERAL", priceMinor: 7_500, capacity: 200 },
] as const;

function wish(
  office: Office,
  choice: SeatChoice,
  changes: { userId?: ReturnType<typeof aUser>; dialect?: boolean } = {},
) {
  return {
    type: "hold",
    lockId: office.lockId(),
    userId: changes.userId ?? aUser(),
    choice,
    clientKey: null,
    dialect: changes.dialect ?? false,
  } as const;
}

const named = (...names: string[]): SeatChoice => ({ by: "seats", seatIds: seatIds(...names) });
const some = (quantity: number, tier: "VIP" | "GENERAL" | "STANDING" | null = null): SeatChoice => ({
  by: "quantity",
  quantity,
  tier,
});

function refusalOf(office: Office, command: Parameters<Office["send"]>[0]) {
  const reply = office.send(command);
  if (reply.ok || "notDefined" in reply) throw new Error(`not refused: ${JSON.stringify(reply)}`);
  return reply.refusal;
}

describe("a hold", () => {
  it("is shown with its seats in the order asked for, its end and the key its client gave it", () => {
    const office = openOffice();
    const userId = aUser();
    const command = { ...wish(office, named("B2", "A1"), { userId }), clientKey: "my key" };
    const view = office.ok(command);
    expect(office.changes.journal.flatMap(({ facts }) => facts)).toEqual([
      {
        type: "seats.locked",
        lockId: command.lockId,
        seats: [11, 0],
        detail: { userId, lockExpiresAtMs: office.nowMs + 300 * SECOND },
      },
    ]);
    expect(view).toEqual({
      id: command.lockId,
      eventId: office.state.definition?.id,
      userId,
      seatIds: ["seat_B2", "seat_A1"],
      status: "ACTIVE",
      expiresAtMs: office.nowMs + 300 * SECOND,
      clientKey: "my key",
      bookingId: null,
      createdAtMs: office.nowMs,
      updatedAtMs: office.nowMs,
    });
    expect(office.ok({ type: "readHold", lockId: command.lockId })).toEqual(view);
  });

  it("asked for again under its id is the same hold, though its seats are taken by now: by itself", () => {
    const office = openOffice();
    const command = wish(office, named("A1"));
    const first = office.ok(command);
    office.pass(SECOND);
    expect(office.ok(command)).toEqual(first);
    expect(office.changes.journal).toEqual([]);
  });

  it("is of 10 seats at most, by name and by number, and of 100 in the dialect", () => {
    const office = openOffice(anEvent({ tierInputs: HALL }));
    const eleven = named(...Array.from({ length: 10 }, (_, i) => `A${i + 1}`), "B1");
    expect(refusalOf(office, wish(office, eleven))).toEqual({ code: "HOLD_LIMIT", maxSeats: 10 });
    expect(refusalOf(office, wish(office, some(11)))).toEqual({ code: "HOLD_LIMIT", maxSeats: 10 });
    expect(office.ok(wish(office, some(10))).seatIds).toHaveLength(10);
    expect(office.ok(wish(office, named(...Array.from({ length: 10 }, (_, i) => `C${i + 1}`)))).seatIds).toHaveLength(
      10,
    );
    expect(refusalOf(office, wish(office, some(101), { dialect: true }))).toEqual({
      code: "HOLD_LIMIT",
      maxSeats: 100,
    });
    expect(office.ok(wish(office, some(100), { dialect: true })).seatIds).toHaveLength(100);
  });

  it("is refused for what the user holds unpaid elsewhere, until it is paid or over", () => {
    const office = openOffice(anEvent({ tierInputs: HALL }));
    const userId = aUser();
    office.ok(wish(office, some(6, "GENERAL"), { userId }));
    expect(refusalOf(office, wish(office, some(5, "GENERAL"), { userId }))).toEqual({
      code: "HOLD_LIMIT",
      maxSeats: 10,
    });
    office.ok(wish(office, some(4, "GENERAL"), { userId }));
    expect(refusalOf(office, wish(office, some(1, "GENERAL"), { userId })).code).toBe("HOLD_LIMIT");
    expect(office.ok(wish(office, some(1), { userId, dialect: true })).seatIds).toHaveLength(1);
    expect(office.ok(wish(office, some(1))).seatIds).toHaveLength(1);
    office.pass(300 * SECOND);
    expect(office.ok(wish(office, some(10), { userId })).seatIds).toHaveLength(10);
  });

  it("is refused from the moment the event starts", () => {
    const office = openOffice();
    office.nowMs = (office.state.definition?.startsAtMs ?? 0) - 1;
    expect(office.ok(wish(office, named("A1"))).status).toBe("ACTIVE");
    office.nowMs += 1;
    expect(refusalOf(office, wish(office, named("A2")))).toEqual({ code: "SALES_CLOSED" });
  });

  it("names the seats the hall does not have, and a seat that is named twice", () => {
    const office = openOffice();
    expect(refusalOf(office, wish(office, named("A1", "Z9", "Z8")))).toMatchObject({
      code: "VALIDATION_ERROR",
      problems: [{ field: "seatIds", message: expect.stringContaining("seat_Z9, seat_Z8") }],
    });
    expect(refusalOf(office, wish(office, named("A1", "A2", "A1")))).toMatchObject({
      code: "VALIDATION_ERROR",
      problems: [{ field: "seatIds" }],
    });
    expect(office.status("A1")).toBe("A");
    const eleven = named("A1", "A2", "A3", "A4", "A5", "A6", "A7", "A8", "A9", "A10", "B1");
    // Refused as too many, whoever has them and however many are left.
    office.ok(wish(office, named("A1")));
    expect(refusalOf(office, wish(office, eleven))).toEqual({ code: "HOLD_LIMIT", maxSeats: 10 });
  });

  it("is all or nothing: refused for the taken seats alone, whoever has them", () => {
    const office = openOffice();
    const userId = aUser();
    office.hold(userId, "A2");
    expect(refusalOf(office, wish(office, named("A1", "A2"), { userId }))).toEqual({
      code: "SEATS_UNAVAILABLE",
      seatIds: ["seat_A2"],
    });
    expect(office.status("A1")).toBe("A");
  });

  it("of so many seats of a tier has seats of that tier, and no others", () => {
    const office = openOffice();
    expect(office.ok(wish(office, some(2, "GENERAL"))).seatIds.every((id) => !id.startsWith("seat_A"))).toBe(true);
    expect(office.ok(wish(office, some(2, "VIP"))).seatIds.every((id) => id.startsWith("seat_A"))).toBe(true);
    expect(refusalOf(office, wish(office, some(1, "STANDING")))).toMatchObject({
      code: "VALIDATION_ERROR",
      problems: [{ field: "tier" }],
    });
  });

  it("of more seats than are left is told how many are, of that tier or of all", () => {
    const office = openOffice(anEvent({ tierInputs: [HALL[0], { tier: "GENERAL", priceMinor: 1, capacity: 4 }] }));
    office.ok(wish(office, some(7, "VIP")));
    expect(refusalOf(office, wish(office, some(4, "VIP")))).toEqual({
      code: "SEATS_UNAVAILABLE",
      seatIds: [],
      available: 3,
    });
    expect(refusalOf(office, wish(office, some(8)))).toEqual({
      code: "SEATS_UNAVAILABLE",
      seatIds: [],
      available: 7,
    });
  });
});

describe("a seat that was given back unpaid", () => {
  function givenBack() {
    const office = openOffice();
    const userId = aUser();
    office.ok({ type: "release", lockId: office.hold(userId, "A1"), userId });
    office.pass(10 * SECOND);
    office.ok({ type: "release", lockId: office.hold(userId, "A2"), userId });
    return { office, userId, firstMs: office.nowMs - 10 * SECOND };
  }

  it("is not for the same user again before a minute is over, and the refusal says when", () => {
    const { office, userId, firstMs } = givenBack();
    expect(refusalOf(office, wish(office, named("A1", "A3"), { userId }))).toEqual({
      code: "SEATS_UNAVAILABLE",
      seatIds: ["seat_A1"],
      yoursAgainAtMs: firstMs + MINUTE,
    });
    expect(refusalOf(office, wish(office, named("A1", "A2"), { userId }))).toEqual({
      code: "SEATS_UNAVAILABLE",
      seatIds: ["seat_A1", "seat_A2"],
      yoursAgainAtMs: firstMs + 10 * SECOND + MINUTE,
    });
    office.nowMs = firstMs + MINUTE;
    expect(office.ok(wish(office, named("A1"), { userId })).status).toBe("ACTIVE");
    expect(refusalOf(office, wish(office, named("A2"), { userId })).code).toBe("SEATS_UNAVAILABLE");
  });

  it("is for everybody else at once", () => {
    const { office } = givenBack();
    expect(office.ok(wish(office, named("A1", "A2"))).status).toBe("ACTIVE");
  });

  it("is not chosen for that user either, but in the dialect, which knows no such rule", () => {
    const { office, userId } = givenBack();
    expect(refusalOf(office, wish(office, some(9, "VIP"), { userId }))).toMatchObject({ code: "SEATS_UNAVAILABLE" });
    expect(office.ok(wish(office, some(8, "VIP"), { userId })).seatIds).not.toContain("seat_A1");
    expect(office.ok(wish(office, some(2, "VIP"), { userId, dialect: true })).seatIds).toEqual(["seat_A1", "seat_A2"]);
  });

  it("by a hold of the dialect cools for nobody", () => {
    const office = openOffice();
    const userId = aUser();
    const command = wish(office, named("A1"), { userId, dialect: true });
    office.ok(command);
    office.ok({ type: "release", lockId: command.lockId, userId });
    expect(office.ok(wish(office, named("A1"), { userId })).status).toBe("ACTIVE");
  });

  it("by letting it run out cools as well, and once only", () => {
    const office = openOffice();
    const userId = aUser();
    office.hold(userId, "A1");
    office.pass(300 * SECOND);
    expect(refusalOf(office, wish(office, named("A1"), { userId })).code).toBe("SEATS_UNAVAILABLE");
    office.pass(MINUTE);
    expect(office.ok(wish(office, named("A1"), { userId })).status).toBe("ACTIVE");
    expect(office.state.cooldowns.size).toBe(0);
  });
});

describe("renewing", () => {
  it("gives the whole time again, up to 15 minutes after the first grab, and says so in the journal", () => {
    const office = openOffice();
    const userId = aUser();
    const lockId = office.hold(userId, "A1");
    const grabbedMs = office.nowMs;
    office.pass(200 * SECOND);
    const renewed = office.ok({ type: "renew", lockId, userId });
    expect(renewed).toMatchObject({ expiresAtMs: office.nowMs + 300 * SECOND, updatedAtMs: office.nowMs });
    expect(office.changes.journal.flatMap(({ facts }) => facts)).toEqual([
      { type: "lock.renewed", lockId, detail: { lockExpiresAtMs: office.nowMs + 300 * SECOND } },
    ]);
    office.pass(290 * SECOND);
    office.ok({ type: "renew", lockId, userId });
    office.pass(290 * SECOND);
    expect(office.ok({ type: "renew", lockId, userId }).expiresAtMs).toBe(grabbedMs + 900 * SECOND);
    expect(office.refusal({ type: "renew", lockId, userId })).toBe("HOLD_EXPIRED");
    office.nowMs = grabbedMs + 900 * SECOND;
    expect(office.ok({ type: "readHold", lockId }).status).toBe("EXPIRED");
    expect(office.status("A1")).toBe("A");
  });

  it("never shortens a hold, also when holds were made shorter by configuration since", () => {
    const office = openOffice();
    const userId = aUser();
    const lockId = office.hold(userId, "A1");
    const { expiresAtMs } = office.ok({ type: "readHold", lockId });
    (office.state.policy as { holdTtlMs: number }).holdTtlMs = 10 * SECOND;
    expect(office.ok({ type: "renew", lockId, userId }).expiresAtMs).toBe(expiresAtMs);
  });

  it("is for the holder of a live lock alone", () => {
    const office = openOffice();
    const userId = aUser();
    const lockId = office.hold(userId, "A1");
    const unknown = office.lockId();
    expect(refusalOf(office, { type: "renew", lockId: unknown, userId })).toEqual({
      code: "LOCK_NOT_FOUND",
      id: unknown,
    });
    expect(office.refusal({ type: "renew", lockId, userId: aUser() })).toBe("FORBIDDEN");
    office.ok({ type: "release", lockId, userId });
    expect(office.refusal({ type: "renew", lockId, userId })).toBe("HOLD_EXPIRED");
  });
});

describe("releasing", () => {
  function held(): { office: Office; userId: ReturnType<typeof aUser>; lockId: LockId } {
    const office = openOffice();
    const userId = aUser();
    return { office, userId, lockId: office.hold(userId, "A1", "A2") };
  }

  it("frees the seats, ends the lock and says so once, however often it is asked", () => {
    const { office, userId, lockId } = held();
    office.pass(SECOND);
    const { hold } = office.ok({ type: "release", lockId, userId });
    expect(hold).toMatchObject({ id: lockId, status: "EXPIRED", updatedAtMs: office.nowMs });
    expect(office.changes.journal).toMatchObject([
      {
        facts: [{ type: "lock.released", lockId, seats: [0, 1] }],
        seatChanges: [
          [0, "A"],
          [1, "A"],
        ],
      },
    ]);
    office.pass(SECOND);
    expect(office.ok({ type: "release", lockId, userId })).toEqual({ hold, work: [] });
    expect(office.changes.journal).toEqual([]);
  });

  it("of somebody else's lock, or of none, is refused", () => {
    const { office, userId, lockId } = held();
    const unknown = office.lockId();
    expect(office.refusal({ type: "release", lockId, userId: aUser() })).toBe("FORBIDDEN");
    expect(refusalOf(office, { type: "release", lockId: unknown, userId })).toEqual({
      code: "LOCK_NOT_FOUND",
      id: unknown,
    });
    expect(refusalOf(office, { type: "readHold", lockId: unknown })).toEqual({ code: "LOCK_NOT_FOUND", id: unknown });
  });

  it("of a confirmed lock ends its booking without a mail, and hands over that D1 be told", () => {
    const { office, userId, lockId } = held();
    const bookingId = office.bookingId();
    office.ok({ type: "confirm", bookingId, lockId, userId });
    // Whoever confirmed tells D1 of that first.
    office.pass(MINUTE);
    const { hold, work } = office.ok({ type: "release", lockId, userId });
    expect(hold).toMatchObject({ status: "EXPIRED", bookingId });
    expect(work.map(({ effect }) => effect)).toEqual([`${bookingId}:project`]);
    expect(office.booking(bookingId)).toMatchObject({ status: "EXPIRED", phase: "settled", notices: [] });
    expect(office.changes.journal.flatMap(({ facts }) => facts)).toEqual([
      { type: "lock.released", lockId, seats: [0, 1] },
      { type: "booking.expired", lockId, bookingId },
    ]);
  });
});

it("a hold that runs out tells the journal, in the system's name", () => {
  const office = openOffice();
  const lockId = office.hold(aUser(), "A1");
  office.pass(300 * SECOND - 1);
  office.ok({ type: "wake" });
  expect(office.status("A1")).toBe("L");
  office.pass(1);
  office.ok({ type: "wake" });
  expect(office.changes.journal).toMatchObject([
    {
      actor: "system",
      requestId: "expiry",
      atMs: office.nowMs,
      facts: [{ type: "lock.expired", lockId, seats: [0] }],
      seatChanges: [[0, "A"]],
    },
  ]);
});
