// The outbox of mails: one consumer at a time, no mail lost, none sent twice.

import { env } from "cloudflare:workers";
import { beforeEach, describe, expect, it } from "vitest";
import { d1Bookings } from "../../src/adapters/d1/bookings";
import { d1Events } from "../../src/adapters/d1/events";
import { d1Notifications } from "../../src/adapters/d1/notifications";
import { d1Users } from "../../src/adapters/d1/users";
import type { NotificationId, SeatId } from "../../src/domain/ids";
import { aBooking, aDefinition, aNotice, anAvailability, aUser, aWelcome, NOW } from "./d1-builders";

const notifications = d1Notifications(env.DB);
const LEASE = 30_000;

async function aPendingWelcome(atMs = NOW) {
  const user = aUser();
  const welcome = aWelcome(user, atMs);
  await d1Users(env.DB).insert(user, welcome, null);
  return { id: welcome.id, user };
}

describe("a mail in the outbox", () => {
  it("is claimed with everything that it is written from", async () => {
    const event = aDefinition();
    await d1Events(env.DB).insert(event, anAvailability(event.id), null);
    const user = aUser();
    await d1Users(env.DB).insert(user, aWelcome(user), null);
    const booking = aBooking(event, { userId: user.id, version: 2, status: "CANCELLED" });
    const notice = aNotice(booking.id, {
      type: "BOOKING_CANCELLED",
      refundMinor: 500,
      seatIds: ["seat_A1"] as SeatId[],
    });
    const [id] = await d1Bookings(env.DB).project([{ ...booking, notices: [notice] }], NOW);
    if (!id) throw new Error("the mail was not written");
    const { passwordHash: _, ...reader } = user;
    expect(await notifications.claim(id, NOW, LEASE)).toEqual({
      id,
      userId: user.id,
      type: "BOOKING_CANCELLED",
      bookingId: booking.id,
      detail: { refundMinor: 500, seatIds: ["seat_A1"] },
      createdAtMs: NOW,
      tries: 1,
      user: reader,
      booking: {
        record: booking,
        eventName: event.name,
        eventStartsAtMs: event.startsAtMs,
        eventEndsAtMs: event.endsAtMs,
        venueName: null,
      },
    });
  });

  it("is one consumer's while the lease lasts, and the next one's after it", async () => {
    const { id } = await aPendingWelcome();
    const claims = await Promise.all([1, 2, 3, 4].map(() => notifications.claim(id, NOW, LEASE)));
    expect(claims.filter((claim) => claim !== null)).toHaveLength(1);
    expect(await notifications.claim(id, NOW + LEASE - 1, LEASE)).toBeNull();
    expect((await notifications.claim(id, NOW + LEASE, LEASE))?.tries).toBe(2);
  });

  it("is not claimed once sent, and never becomes unsent again", async () => {
    const { id, user } = await aPendingWelcome();
    await notifications.claim(id, NOW, LEASE);
    await notifications.markSent(id, "Welcome!", NOW + 5);
    await notifications.markFailed(id, "timeout", NOW + 6);
    await notifications.markFailed(id, "refused", null);
    await notifications.markSent(id, "Welcome again!", NOW + 7);
    expect(await notifications.claim(id, NOW + LEASE, LEASE)).toBeNull();
    expect(await notifications.recent(user.id, 20)).toEqual([
      { id, type: "WELCOME", subject: "Welcome!", sentAtMs: NOW + 5, bookingId: null },
    ]);
  });

  it("that failed waits for its next try, and is then free at once", async () => {
    const { id } = await aPendingWelcome();
    await notifications.claim(id, NOW, LEASE);
    await notifications.markFailed(id, "timeout", NOW + 10);
    expect(await notifications.claim(id, NOW + 9, LEASE)).toBeNull();
    expect((await notifications.claim(id, NOW + 10, LEASE))?.tries).toBe(2);
  });

  it("that was given up is not claimed, not swept and not shown as sent", async () => {
    const { id, user } = await aPendingWelcome();
    await notifications.claim(id, NOW, LEASE);
    await notifications.markFailed(id, "refused", null);
    expect(await notifications.claim(id, NOW + LEASE, LEASE)).toBeNull();
    expect(await notifications.unsent(NOW + LEASE, 1_000)).not.toContain(id);
    expect(await notifications.recent(user.id, 20)).toEqual([]);
  });

  it("that was given up is due again once somebody wants it sent, with all its tries", async () => {
    const { id } = await aPendingWelcome();
    for (let n = 0; n < 3; n++) await notifications.claim(id, NOW + n * LEASE, LEASE);
    await notifications.markFailed(id, "quota", null);
    expect(await notifications.revive([id], "refused", NOW + 3 * LEASE)).toBe(1);
    expect((await notifications.claim(id, NOW + 3 * LEASE, LEASE))?.tries).toBe(1);
  });

  it("that waits for its next try is due at once when somebody wants it sent", async () => {
    const { id } = await aPendingWelcome();
    await notifications.claim(id, NOW, LEASE);
    await notifications.markFailed(id, "quota", NOW + 100 * LEASE);
    expect(await notifications.revive([id], "refused", NOW + LEASE)).toBe(1);
    expect((await notifications.claim(id, NOW + LEASE, LEASE))?.tries).toBe(1);
  });

  it("is not had again by anybody's wish when it was sent, is being sent, or its address was refused", async () => {
    const [sent, leased, refused] = [await aPendingWelcome(), await aPendingWelcome(), await aPendingWelcome()];
    for (const { id } of [sent, leased, refused]) await notifications.claim(id, NOW, LEASE);
    await notifications.markSent(sent.id, "Welcome!", NOW);
    await notifications.markFailed(refused.id, "refused", null);
    const ids = [sent.id, refused.id, aWelcome(aUser()).id];
    expect(await notifications.revive(ids, "refused", NOW)).toBe(0);
    await notifications.revive([leased.id], "refused", NOW);
    for (const { id } of [sent, leased, refused]) expect(await notifications.claim(id, NOW, LEASE)).toBeNull();
  });

  it("that nobody knows is nobody's", async () => {
    expect(await notifications.claim(aWelcome(aUser()).id, NOW, LEASE)).toBeNull();
  });
});

describe("mails of a user", () => {
  it("are the latest that were sent, newest first, and only that user's", async () => {
    const event = aDefinition();
    await d1Events(env.DB).insert(event, anAvailability(event.id), null);
    const { id: userId } = aUser();
    const facts = [1, 2, 3].map((n) => {
      const booking = aBooking(event, { userId });
      return { ...booking, notices: [aNotice(booking.id, { atMs: NOW + n })] };
    });
    await d1Bookings(env.DB).project(facts, NOW);
    const [first, , third] = facts.map((fact) => fact.notices[0]?.id as NotificationId);
    if (!first || !third) throw new Error("the mails were not made");
    await notifications.markSent(first, "first", NOW + 11);
    await notifications.markSent(third, "third", NOW + 10);
    expect((await notifications.recent(userId, 20)).map(({ subject }) => subject)).toEqual(["third", "first"]);
    expect((await notifications.recent(userId, 1)).map(({ subject }) => subject)).toEqual(["third"]);
  });
});

describe("the outbox as a whole", () => {
  beforeEach(async () => {
    await env.DB.prepare("DELETE FROM notifications").run();
  });

  it("names what is overdue, oldest first, but not what is being sent or waits for its next try", async () => {
    const late = await aPendingWelcome(NOW - 2_000);
    const later = await aPendingWelcome(NOW - 3_000);
    const leased = await aPendingWelcome(NOW - 4_000);
    const failed = await aPendingWelcome(NOW - 5_000);
    const fresh = await aPendingWelcome(NOW);
    await notifications.claim(leased.id, NOW, LEASE);
    await notifications.claim(failed.id, NOW, LEASE);
    await notifications.markFailed(failed.id, "timeout", NOW + 60_000);
    expect(await notifications.unsent(NOW - 1_000, 10)).toEqual([later.id, late.id]);
    expect(await notifications.unsent(NOW - 1_000, 1)).toEqual([later.id]);
    // A consumer that died holds its mail no longer than its lease.
    expect(await notifications.unsent(NOW + LEASE, 10)).toEqual([leased.id, later.id, late.id, fresh.id]);
  });

  it("is well when nothing is due and nothing was tried", async () => {
    expect(await notifications.health(NOW)).toEqual({ oldestUnsentMs: null, lastError: null });
  });

  it("tells for how long the most overdue mail has been due", async () => {
    await aPendingWelcome(NOW - 7_000);
    await aPendingWelcome(NOW - 9_000);
    expect((await notifications.health(NOW)).oldestUnsentMs).toBe(9_000);
    expect((await notifications.health(NOW - 9_001)).oldestUnsentMs).toBeNull();
  });

  it("tells the latest error until a later mail was sent", async () => {
    const broken = await aPendingWelcome(NOW);
    const fine = await aPendingWelcome(NOW - 1_000);
    await notifications.claim(broken.id, NOW, LEASE);
    await notifications.markFailed(broken.id, "timeout", NOW + 60_000);
    expect((await notifications.health(NOW)).lastError).toBe("timeout");
    await notifications.claim(fine.id, NOW + 1, LEASE);
    expect((await notifications.health(NOW)).lastError).toBe("timeout");
    await notifications.markSent(fine.id, "Welcome!", NOW + 2);
    expect((await notifications.health(NOW)).lastError).toBeNull();
  });

  it("counts the mails of each fact, none included", async () => {
    const { id } = await aPendingWelcome();
    const unknown = Array.from({ length: 200 }, () => aWelcome(aUser()).id);
    const counts = await notifications.countOf([id, ...unknown]);
    expect([counts.get(id), counts.get(unknown[0] ?? ""), counts.size]).toEqual([1, 0, 201]);
  });
});
