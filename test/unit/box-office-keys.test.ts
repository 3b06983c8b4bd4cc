// Idempotency keys in the box office: what a repeat gets, and for how long.

import { expect, it } from "vitest";
import { DAY } from "../../src/domain/time";
import { aUser, CARD, openOffice, seatIds } from "./box-office-builder";

function keyed(fingerprint = "same body") {
  const office = openOffice();
  const userId = aUser();
  const lockId = office.hold(userId, "A1");
  const command = {
    type: "confirm",
    bookingId: office.bookingId(),
    lockId,
    userId,
    key: { scope: `${userId} confirm k1`, fingerprint },
  } as const;
  return { office, userId, command };
}

it("the same key and body get the remembered answer, marked, with no work to do again", () => {
  const { office, command } = keyed();
  const first = office.ok(command);
  expect(first.work).toHaveLength(1);
  expect(office.changes.keys).toEqual([{ ...command.key, atMs: office.nowMs, reply: { booking: first.booking } }]);
  const again = office.send({ ...command, bookingId: office.bookingId() });
  expect(again).toEqual({ ok: true, replayed: true, value: { booking: first.booking, work: [] } });
  expect(office.changes.keys).toEqual([]);
  expect(office.changes.journal).toEqual([]);
});

it("a repeat of what carries no work is answered as it was", () => {
  const { office, userId } = keyed();
  const key = { scope: `${userId} locks k1`, fingerprint: "f" };
  const choice = { by: "seats", seatIds: seatIds("A2") } as const;
  const hold = { type: "hold", userId, choice, clientKey: null, dialect: false, key } as const;
  const first = office.ok({ ...hold, lockId: office.lockId() });
  expect(office.send({ ...hold, lockId: office.lockId() })).toEqual({ ok: true, replayed: true, value: first });
});

it("the same key with another body is refused", () => {
  const { office, command } = keyed();
  office.ok(command);
  expect(office.refusal({ ...command, key: { ...command.key, fingerprint: "another" } })).toBe(
    "IDEMPOTENCY_KEY_REUSED",
  );
});

it("a key is remembered for 24 hours, and then is as good as new", () => {
  const { office, command } = keyed();
  office.ok(command);
  office.pass(DAY - 1);
  expect(office.send(command)).toMatchObject({ replayed: true });
  office.pass(1);
  expect(office.send({ ...command, key: { ...command.key, fingerprint: "another" } })).not.toMatchObject({
    refusal: { code: "IDEMPOTENCY_KEY_REUSED" },
  });
});

it("what was refused is not remembered: it may be right another time", () => {
  const { office, userId, command } = keyed();
  const wrong = { ...command, userId: aUser() };
  expect(office.refusal(wrong)).toBe("FORBIDDEN");
  expect(office.changes.keys).toEqual([]);
  expect(office.ok({ ...command, userId }).booking.status).toBe("PAYMENT_PENDING");
});

it("a command without a key remembers nothing", () => {
  const { office, userId } = keyed();
  office.book(userId, ["A3"], CARD);
  expect(office.changes.keys).toEqual([]);
  expect(office.state.keys.size).toBe(0);
});
