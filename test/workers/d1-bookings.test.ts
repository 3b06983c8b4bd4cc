// The projection of bookings: what arrives twice, late or out of order changes nothing that is newer.

import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { d1Bookings } from "../../src/adapters/d1/bookings";
import { d1Events } from "../../src/adapters/d1/events";
import { d1Notifications } from "../../src/adapters/d1/notifications";
import { d1Users } from "../../src/adapters/d1/users";
import { d1Venues } from "../../src/adapters/d1/venues";
import type { EventDefinition } from "../../src/domain/box-office/state";
import { paymentIdOf, type SeatId } from "../../src/domain/ids";
import {
  aBooking,
  aBookingId,
  aDefinition,
  aNotice,
  anAvailability,
  aPayment,
  aUser,
  aVenue,
  aWelcome,
  countingDatabase,
  NOW,
} from "./d1-builders";

const bookings = d1Bookings(env.DB);

async function anEvent(change: Partial<EventDefinition> = {}): Promise<EventDefinition> {
  const definition = aDefinition(change);
  await d1Events(env.DB).insert(definition, anAvailability(definition.id), null);
  return definition;
}

describe("bookings in D1", () => {
  it("come back as they were projected, with their payment and what the event adds", async () => {
    const venue = aVenue({ name: "Royal Albert Hall" });
    await d1Venues(env.DB).insert(venue, null);
    const event = await anEvent({ name: "Proms", venueId: venue.id });
    const id = aBookingId(event.code);
    const payment = aPayment(id, { status: "SUCCESS", transactionId: "ch_1", processedAtMs: NOW + 2 });
    const booking = aBooking(event, {
      id,
      status: "CANCELLED",
      cancelledSeatIds: ["seat_A3"] as SeatId[],
      failure: { reason: "PAYMENT_FAILED", detail: "card_declined" },
      confirmedAtMs: NOW + 1,
      cancelledAtMs: NOW + 3,
      payment,
    });
    await bookings.project([booking], NOW);
    expect(await bookings.byId(id)).toEqual({
      record: booking,
      eventName: "Proms",
      eventStartsAtMs: event.startsAtMs,
      eventEndsAtMs: event.endsAtMs,
      venueName: "Royal Albert Hall",
    });
    expect(await bookings.byPaymentId(payment.id)).toEqual(await bookings.byId(id));
  });

  it("have no payment until there is one, and are then not found by it", async () => {
    const event = await anEvent();
    const booking = aBooking(event);
    await bookings.project([booking], NOW);
    expect((await bookings.byId(booking.id))?.record.payment).toBeNull();
    expect(await bookings.byPaymentId(paymentIdOf(booking.id))).toBeNull();
  });

  it("are overwritten by a higher version, payment included", async () => {
    const event = await anEvent();
    const first = aBooking(event, { version: 3 });
    const second = aBooking(event, {
      ...first,
      version: 4,
      status: "CONFIRMED",
      payment: aPayment(first.id, { status: "SUCCESS" }),
    });
    await bookings.project([first], NOW);
    await bookings.project([second], NOW);
    expect((await bookings.byId(first.id))?.record).toEqual(second);
  });

  it("are not overwritten by an older or an equal version", async () => {
    const event = await anEvent();
    const id = aBookingId(event.code);
    const newer = aBooking(event, {
      id,
      version: 5,
      status: "CONFIRMED",
      payment: aPayment(id, { status: "SUCCESS" }),
    });
    await bookings.project([newer], NOW);
    await bookings.project(
      [aBooking(event, { ...newer, version: 4, payment: aPayment(id, { status: "FAILED" }) })],
      NOW,
    );
    await bookings.project(
      [aBooking(event, { ...newer, version: 5, status: "FAILED", payment: aPayment(id, { status: "CANCELLED" }) })],
      NOW,
    );
    expect((await bookings.byId(id))?.record).toEqual(newer);
  });

  it("end at the highest version when one projection holds several of the same booking", async () => {
    const event = await anEvent();
    const booking = aBooking(event);
    const versions = [2, 5, 3].map((version) => aBooking(event, { ...booking, version, totalMinor: version }));
    await bookings.project(versions, NOW);
    expect((await bookings.byId(booking.id))?.record.totalMinor).toBe(5);
  });

  it("bring their mails along, each once, and say which are new", async () => {
    const event = await anEvent();
    const booking = aBooking(event);
    const notice = aNotice(booking.id, {
      type: "BOOKING_CANCELLED",
      refundMinor: 700,
      seatIds: ["seat_A1"] as SeatId[],
    });
    const withNotice = aBooking(event, { ...booking, notices: [notice] });
    expect(await bookings.project([withNotice], NOW)).toEqual([notice.id]);
    expect(await bookings.project([withNotice, aBooking(event, { ...withNotice, version: 2 })], NOW)).toEqual([]);
    const { results } = await env.DB.prepare("SELECT * FROM notifications WHERE id = ?1").bind(notice.id).all();
    expect(results).toMatchObject([
      {
        user_id: booking.userId,
        booking_id: booking.id,
        type: "BOOKING_CANCELLED",
        state: "PENDING",
        next_try_ms: NOW,
      },
    ]);
    expect(JSON.parse(String(results[0]?.["detail"]))).toEqual({ refundMinor: 700, seatIds: ["seat_A1"] });
  });

  it("bring a mail along even with a version that came late", async () => {
    const event = await anEvent();
    const booking = aBooking(event, { version: 2 });
    const late = aBooking(event, { ...booking, version: 1, notices: [aNotice(booking.id)] });
    await bookings.project([booking], NOW);
    expect(await bookings.project([late], NOW)).toHaveLength(1);
  });

  it("are written many at once, more than one statement holds, in one call", async () => {
    const event = await anEvent();
    const many = Array.from({ length: 450 }, () => {
      const id = aBookingId(event.code);
      return aBooking(event, { id, payment: aPayment(id), notices: [aNotice(id)] });
    });
    const { db, bill } = countingDatabase(env.DB);
    expect(await d1Bookings(db).project(many, NOW)).toHaveLength(450);
    expect(bill.calls).toBe(1);
    expect(await bookings.countByStatus(event.id)).toEqual({ PENDING: 450 });
  });

  it("ask nothing of D1 when there is nothing to project", async () => {
    const { db, bill } = countingDatabase(env.DB);
    expect(await d1Bookings(db).project([], NOW)).toEqual([]);
    expect(bill.calls).toBe(0);
  });

  it("are listed for their user alone, newest first, in pages and by status", async () => {
    const event = await anEvent();
    const { id: userId } = aUser();
    const own = [1, 2, 3].map((n) =>
      aBooking(event, {
        id: aBookingId(event.code, NOW + n),
        userId,
        totalMinor: n,
        status: n === 2 ? "FAILED" : "CONFIRMED",
      }),
    );
    await bookings.project([...own, aBooking(event)], NOW);
    const first = await bookings.ofUser(userId, { status: null, page: 1, perPage: 2 });
    const second = await bookings.ofUser(userId, { status: null, page: 2, perPage: 2 });
    expect([first.total, ...first.items.map((item) => item.record.totalMinor)]).toEqual([3, 3, 2]);
    expect([second.total, ...second.items.map((item) => item.record.totalMinor)]).toEqual([3, 1]);
    const failed = await bookings.ofUser(userId, { status: "FAILED", page: 1, perPage: 20 });
    expect([failed.total, failed.items.map((item) => item.record.id)]).toEqual([1, [own[1]?.id]]);
    expect(failed.items[0]?.eventName).toBe(event.name);
  });

  it("tell their versions, of those that D1 has, for hundreds at once", async () => {
    const event = await anEvent();
    const known = aBooking(event, { version: 7, status: "EXPIRED" });
    await bookings.project([known], NOW);
    const unknown = Array.from({ length: 300 }, () => aBookingId(event.code));
    const found = await bookings.versions([...unknown, known.id]);
    expect([...found]).toEqual([[known.id, { version: 7, status: "EXPIRED" }]]);
  });

  it("are counted by status, of one event or of all", async () => {
    const event = await anEvent();
    const other = await anEvent();
    const made = [
      aBooking(event, { status: "CONFIRMED" }),
      aBooking(event, { status: "CONFIRMED" }),
      aBooking(event, { status: "FAILED" }),
      aBooking(other, { status: "CONFIRMED" }),
    ];
    const before = await bookings.countByStatus(null);
    await bookings.project(made, NOW);
    expect(await bookings.countByStatus(event.id)).toEqual({ CONFIRMED: 2, FAILED: 1 });
    const after = await bookings.countByStatus(null);
    expect((after["CONFIRMED"] ?? 0) - (before["CONFIRMED"] ?? 0)).toBe(3);
  });

  it("cost at most 10 rows written for a confirmed one, its payment and its mail", async () => {
    const event = await anEvent();
    const user = aUser();
    await d1Users(env.DB).insert(user, aWelcome(user), null);
    const { db, bill } = countingDatabase(env.DB);
    const id = aBookingId(event.code);
    const accepted = aBooking(event, { id, userId: user.id, payment: aPayment(id) });
    const confirmed = aBooking(event, {
      ...accepted,
      version: 2,
      status: "CONFIRMED",
      payment: aPayment(id, { status: "SUCCESS" }),
      notices: [aNotice(id)],
    });
    await d1Bookings(db).project([accepted], NOW);
    const [mail] = await d1Bookings(db).project([confirmed], NOW);
    if (!mail) throw new Error("the mail was not written");
    expect(await d1Notifications(db).claim(mail, NOW, 30_000)).not.toBeNull();
    await d1Notifications(db).markSent(mail, "Your booking is confirmed!", NOW + 1);
    expect(bill.rowsWritten).toBeLessThanOrEqual(10);
  });
});
