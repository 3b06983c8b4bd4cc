// The outbox of mails: one row a mail, taken by compare-and-set with a lease, so two consumers never send one mail at
// the same time and a dead consumer's mail is taken by the next.

import { and, asc, desc, eq, inArray, lte, min, or, sql } from "drizzle-orm";
import type { NewNotification, Notifications } from "../../app/ports";
import { bookingListings, listingOf } from "./bookings";
import { onlyRow, openDatabase } from "./database";
import { bookings, notifications, users } from "./schema";
import { userColumns } from "./users";

/** Among this many newest mails the health check looks for the latest try. */
const HEALTH_SAMPLE = 100;

/** Must be spelled as the partial indexes are, or SQLite does not use them: a literal, not a parameter. */
const isPending = sql`${notifications.state} = 'PENDING'`;
const isSent = sql`${notifications.state} = 'SENT'`;

/** The row of a mail that waits to be sent, due at once. */
export function pendingMail(mail: NewNotification): typeof notifications.$inferInsert {
  return {
    id: mail.id,
    userId: mail.userId,
    type: mail.type,
    bookingId: mail.bookingId,
    detail: mail.detail,
    state: "PENDING",
    nextTryMs: mail.createdAtMs,
    createdAtMs: mail.createdAtMs,
  };
}

export function d1Notifications(db: D1Database): Notifications {
  const orm = openDatabase(db);
  return {
    async claim(id, nowMs, leaseMs) {
      const isFree = and(
        eq(notifications.id, id),
        isPending,
        lte(notifications.leaseUntilMs, nowMs),
        // Before the first try there is nothing to wait for, whatever two clocks think of each other.
        or(eq(notifications.tries, 0), lte(notifications.nextTryMs, nowMs)),
      );
      const itsBooking = orm
        .select({ id: notifications.bookingId })
        .from(notifications)
        .where(eq(notifications.id, id));
      const [claimed, readers, its] = await Promise.all([
        orm
          .update(notifications)
          .set({ leaseUntilMs: nowMs + leaseMs, triedAtMs: nowMs, tries: sql`${notifications.tries} + 1` })
          .where(isFree)
          .returning(),
        orm
          .select(userColumns)
          .from(notifications)
          .innerJoin(users, eq(users.id, notifications.userId))
          .where(eq(notifications.id, id))
          .limit(1),
        bookingListings(orm).where(inArray(bookings.id, itsBooking)).limit(1),
      ]);
      const mail = claimed[0];
      const user = readers[0];
      if (!mail || !user) return null;
      const { type, userId, bookingId, detail, createdAtMs, tries } = mail;
      const booking = its[0] ? listingOf(its[0]) : null;
      return { id, userId, type, bookingId, detail, createdAtMs, tries, user, booking };
    },

    async markSent(id, subject, nowMs) {
      await orm
        .update(notifications)
        .set({ state: "SENT", subject, sentAtMs: nowMs, lastError: null })
        .where(and(eq(notifications.id, id), isPending));
    },

    async markFailed(id, error, retryAtMs) {
      const outcome = retryAtMs === null ? { state: "GIVEN_UP" as const } : { nextTryMs: retryAtMs };
      await orm
        .update(notifications)
        .set({ ...outcome, leaseUntilMs: 0, lastError: error })
        .where(and(eq(notifications.id, id), isPending));
    },

    async revive(ids, exceptError, nowMs) {
      const asked = sql`(SELECT value FROM json_each(${JSON.stringify(ids)}))`;
      const isWanted = sql`${notifications.state} <> 'SENT' AND ${notifications.lastError} IS NOT ${exceptError}`;
      const revived = await orm
        .update(notifications)
        .set({ state: "PENDING", tries: 0, nextTryMs: nowMs })
        .where(and(sql`${notifications.id} IN ${asked}`, isWanted))
        .returning({ id: notifications.id });
      return revived.length;
    },

    async recent(userId, limit) {
      const rows = await orm
        .select()
        .from(notifications)
        .where(and(eq(notifications.userId, userId), isSent))
        .orderBy(desc(notifications.id))
        .limit(limit);
      return rows.map(({ id, type, subject, sentAtMs, bookingId, createdAtMs }) => ({
        id,
        type,
        subject: subject ?? "",
        sentAtMs: sentAtMs ?? createdAtMs,
        bookingId,
      }));
    },

    async unsent(beforeMs, limit) {
      const overdue = and(isPending, lte(notifications.nextTryMs, beforeMs), lte(notifications.leaseUntilMs, beforeMs));
      const rows = await orm
        .select({ id: notifications.id })
        .from(notifications)
        .where(overdue)
        .orderBy(asc(notifications.nextTryMs), asc(notifications.id))
        .limit(limit);
      return rows.map((row) => row.id);
    },

    async health(nowMs) {
      const newest = orm.select().from(notifications).orderBy(desc(notifications.id)).limit(HEALTH_SAMPLE).as("newest");
      const [oldest, latest] = await orm.batch([
        orm
          .select({ dueMs: min(notifications.nextTryMs) })
          .from(notifications)
          .where(isPending),
        orm
          .select({ lastError: newest.lastError })
          .from(newest)
          .where(sql`${newest.sentAtMs} IS NOT NULL OR ${newest.lastError} IS NOT NULL`)
          .orderBy(desc(newest.triedAtMs), desc(newest.id))
          .limit(1),
      ]);
      const dueMs = onlyRow(oldest).dueMs;
      return {
        oldestUnsentMs: dueMs === null || dueMs > nowMs ? null : nowMs - dueMs,
        lastError: latest[0]?.lastError ?? null,
      };
    },

    async countOf(ids) {
      const asked = sql`(SELECT value FROM json_each(${JSON.stringify(ids)}))`;
      const rows = await orm
        .select({ id: notifications.id })
        .from(notifications)
        .where(sql`${notifications.id} IN ${asked}`)
        .limit(ids.length);
      const counts = new Map(ids.map((id) => [id, 0]));
      for (const { id } of rows) counts.set(id, 1);
      return counts;
    },
  };
}
