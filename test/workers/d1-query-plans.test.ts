// What is asked often or grows without end is found by a key or an index, never by reading a whole table.

import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { d1Bookings } from "../../src/adapters/d1/bookings";
import { d1Events } from "../../src/adapters/d1/events";
import { d1Gates } from "../../src/adapters/d1/gates";
import { d1IdempotencyKeys } from "../../src/adapters/d1/idempotency-keys";
import { d1Notifications } from "../../src/adapters/d1/notifications";
import { d1Throttles } from "../../src/adapters/d1/throttles";
import { d1Users } from "../../src/adapters/d1/users";
import { d1Venues } from "../../src/adapters/d1/venues";
import { paymentIdOf } from "../../src/domain/ids";
import {
  aBooking,
  aDefinition,
  aKey,
  aNotice,
  anAvailability,
  aUser,
  aVenue,
  countingDatabase,
  NOW,
} from "./d1-builders";

const event = aDefinition();
const booking = aBooking(event);
const user = aUser();
const page = { page: 1, perPage: 20 };

const QUERIES: Readonly<Record<string, (db: D1Database) => Promise<unknown>>> = {
  "a login": (db) => d1Users(db).byEmail(user.email),
  "a user": (db) => d1Users(db).byId(user.id),
  "a venue": (db) => d1Venues(db).byId(aVenue().id),
  "an event": (db) => d1Events(db).listingById(event.id),
  "an event's id by its code": (db) => d1Events(db).idByCode(event.code),
  "an event by its code": (db) => d1Events(db).definitionByCode(event.code),
  "events by date": (db) => d1Events(db).list({ venueId: null, fromMs: NOW, toMs: null, ...page }),
  "events of a venue by date": (db) => d1Events(db).list({ venueId: aVenue().id, fromMs: NOW, toMs: NOW, ...page }),
  "events of a venue": (db) => d1Events(db).ofVenue(aVenue(), NOW, 20),
  "overdue events": (db) => d1Events(db).overdue(NOW, 20),
  "an availability": (db) => d1Events(db).saveAvailability(anAvailability(event.id), NOW),
  "a booking": (db) => d1Bookings(db).byId(booking.id),
  "a payment": (db) => d1Bookings(db).byPaymentId(paymentIdOf(booking.id)),
  "bookings of a user": (db) => d1Bookings(db).ofUser(user.id, { status: "CONFIRMED", ...page }),
  "bookings of an event": (db) => d1Bookings(db).countByStatus(event.id),
  "sales of an event": (db) => d1Bookings(db).sales(event.id, 20),
  "versions of bookings": (db) => d1Bookings(db).versions([booking.id]),
  "a projection": (db) => d1Bookings(db).project([{ ...booking, notices: [aNotice(booking.id)] }], NOW),
  "a mail": (db) => d1Notifications(db).claim(aNotice(booking.id).id as never, NOW, 1),
  "mails to be sent after all": (db) => d1Notifications(db).revive([aNotice(booking.id).id as never], "refused", NOW),
  "mails of a user": (db) => d1Notifications(db).recent(user.id, 20),
  "unsent mails": (db) => d1Notifications(db).unsent(NOW, 20),
  "counts of mails": (db) => d1Notifications(db).countOf([aNotice(booking.id).id]),
  "a gate by its token": (db) => d1Gates(db).byTokenHash("hash"),
  "gates of an event": (db) => d1Gates(db).ofEvent(event.id, 200),
  "a gate's revocation": (db) => d1Gates(db).revoke("gate_1" as never, NOW),
  "a counter": (db) => d1Throttles(db).take("key", 1, 1, NOW),
  "a key": (db) => d1IdempotencyKeys(db).find(aKey().scope, NOW),
};

const TABLES = "users|venues|events|bookings|payments|notifications|throttles|idempotency_keys|gates";
/** A scan of an index in its order ends at the LIMIT; SQLite says so by naming the index. */
const WHOLE_TABLE = new RegExp(`^SCAN (${TABLES})(?! USING (COVERING )?INDEX)`);
const SORTED = /TEMP B-TREE FOR (ORDER BY|LAST)/;

async function plansOf(ask: (db: D1Database) => Promise<unknown>): Promise<readonly string[]> {
  const { db, bill } = countingDatabase(env.DB);
  await ask(db);
  const plans = await Promise.all(
    bill.queries.map(({ sql, values }) =>
      env.DB.prepare(`EXPLAIN QUERY PLAN ${sql}`)
        .bind(...values)
        .all<{ detail: string }>(),
    ),
  );
  return plans.flatMap(({ results }) => results.map(({ detail }) => detail));
}

describe("the query for", () => {
  it.each(Object.entries(QUERIES))("%s reads no whole table and sorts nothing", async (_name, ask) => {
    const plans = await plansOf(ask);
    expect(plans.length).toBeGreaterThan(0);
    expect(plans.filter((detail) => WHOLE_TABLE.test(detail) || SORTED.test(detail))).toEqual([]);
  });

  it("the most recently active events reads the table, which is how this test knows a whole table when it sees one", async () => {
    const plans = await plansOf((db) => d1Events(db).recentlyActive(20));
    expect(plans.some((detail) => WHOLE_TABLE.test(detail))).toBe(true);
  });
});
