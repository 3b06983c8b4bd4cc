// Says whether the promise was kept: over durable rows at every flush, over the provider's ledger at every movement of
// money, over everything at rest. It reads rows and ledgers, and trusts nothing that the product says of itself alone:
// the product's own audit is one more witness.

import { auditState } from "../../src/domain/box-office/audit";
import type {
  AttemptState,
  BookingStatus,
  BoxOfficeState,
  Hold,
  JournalEntry,
  Phase,
} from "../../src/domain/box-office/state";
import type { BookingId, LockId } from "../../src/domain/ids";
import type { Database } from "./database";
import type { ObjectHost } from "./object-host";
import { type HoldRow, watchRows } from "./rows";
import type { SimIntent } from "./stripe-server";
import type { World } from "./world";

export interface Judge {
  flushed(object: ObjectHost, db: Database): void;
  created(intent: SimIntent): void;
  captured(intent: SimIntent): void;
  /** The rows as they are durable. */
  durable(): ReadonlyMap<LockId, Hold>;
  journal(): readonly JournalEntry[];
  state(): BoxOfficeState | null;
  bookingOf(id: string): Hold | undefined;
}

/** From where a booking may go. `null`: there was none. */
const LEGAL: Readonly<Record<BookingStatus | "none", readonly BookingStatus[]>> = {
  none: ["PENDING", "PAYMENT_PENDING", "CONFIRMED", "FAILED"],
  PENDING: ["PENDING", "PAYMENT_PENDING", "CONFIRMED", "FAILED", "EXPIRED", "CANCELLED"],
  PAYMENT_PENDING: ["PAYMENT_PENDING", "CONFIRMED", "FAILED", "EXPIRED", "CANCELLED"],
  CONFIRMED: ["CONFIRMED", "CANCELLED"],
  FAILED: ["FAILED"],
  EXPIRED: ["EXPIRED"],
  CANCELLED: ["CANCELLED"],
};
/** Attempts that may still take money. */
const OPEN: readonly AttemptState[] = ["asked", "unanswered", "challenged", "authorised"];
const MAX_UNPAID_SEATS = 10;
/** The product's own audit is dear: every so many flushes. */
const AUDIT_EVERY = 4;

export function judgeOf(world: World, intentOf: (id: string) => SimIntent | undefined): Judge {
  const seen = new Map<LockId, Hold>();
  const byBooking = new Map<string, Hold>();
  const owners = new Map<number, LockId>();
  const answers = new Map<string, { readonly reply: string; readonly atMs: number }>();
  /** The provider's intent of each attempt, as it was made. */
  const intents = new Map<string, SimIntent>();
  let journal: readonly JournalEntry[] = [];
  let journalSeen = 0;
  let state: BoxOfficeState | null = null;
  let flushes = 0;

  function holdsMoney(intentId: string): boolean {
    const status = intentOf(intentId)?.status;
    return status === "requires_capture" || status === "succeeded";
  }

  watchRows({
    loaded(one) {
      state = one;
    },
    wrote(one) {
      state = one;
    },
  });

  function judgeChange(old: Hold | undefined, next: Hold): void {
    const was = old?.booking?.status ?? "none";
    const is = next.booking?.status;
    if (is !== undefined && !LEGAL[was].includes(is)) world.violate("I15", `${next.id}: ${was} → ${is}`);
    if (is === undefined && old?.booking != null) world.violate("I6", `${next.id} lost its booking`);
    if (old !== undefined && old.endedAtMs !== null && next.endedAtMs === null)
      world.violate("I7", `${next.id} lives again`);
    if (is === "CONFIRMED" && was !== "CONFIRMED" && next.endedAtMs !== null)
      world.violate("I7", `${next.id} is confirmed and over`);
    if (old !== undefined && next.version < old.version)
      world.violate("I15", `${next.id} went back to version ${next.version}`);
    if (next.booking !== null && was !== is) world.count(`booking ${was} → ${is}`);
    const phase: Phase | undefined = next.booking?.phase;
    if (phase !== undefined && old?.booking?.phase !== phase) world.count(`phase ${phase}`);
    const attempts = next.booking?.payment?.attempts ?? [];
    for (const attempt of attempts) {
      const before = old?.booking?.payment?.attempts.find(({ n }) => n === attempt.n);
      if (before?.state === "captured" && attempt.state !== "captured")
        world.violate("I15", `${next.id}: captured → ${attempt.state}`);
      if (before?.state === attempt.state) continue;
      const intent = intents.get(`${next.booking?.id}:${attempt.n}`);
      if (attempt.state === "declined" && intent !== undefined && holdsMoney(intent.id))
        world.violate("I16", `${next.id}: attempt ${attempt.n} counts as declined, ${intent.id} holds the money`);
      if (attempt.unwanted && attempt.state === "authorised")
        world.count("late success: an authorisation nobody waited for");
      if (attempt.unwanted && attempt.state === "captured") world.count("late success: a capture nobody waited for");
      if (old?.booking?.phase === "voiding" && attempt.state === "authorised")
        world.count("late success: in time to be kept");
    }
    const isDisowned = attempts.some(
      ({ unwanted, state }) => unwanted && (state === "asked" || state === "unanswered"),
    );
    // A payment that may still succeed is voided, or disowned after a long silence, before its seats are sold again.
    const isOpen = attempts.some(({ unwanted, state }) => !unwanted && OPEN.includes(state));
    if (is === "EXPIRED" && was !== "EXPIRED" && isOpen)
      world.violate("I15", `${next.id} expired while its payment was open`);
    if (is === "EXPIRED" && was !== "EXPIRED" && isDisowned) world.count("seats of a silent provider were sold again");
    const failed = next.booking?.payment?.refunds.some((refund) => refund.state === "failed") ?? false;
    const wasFailed = old?.booking?.payment?.refunds.some((refund) => refund.state === "failed") ?? false;
    if (wasFailed && !failed) world.count("a failed refund was tried again");
  }

  /** I1 and I17 over durable rows. */
  function judgeSeats(changed: readonly Hold[]): void {
    for (const next of changed) {
      const old = seen.get(next.id);
      if (old === undefined) continue;
      for (const seat of seatsOwned(old)) if (owners.get(seat) === next.id) owners.delete(seat);
    }
    const users = new Set<string>();
    for (const next of changed) {
      users.add(next.userId);
      for (const seat of seatsOwned(next)) {
        const other = owners.get(seat);
        if (other !== undefined && other !== next.id)
          world.violate("I1", `seat ${seat} is ${other}'s and ${next.id}'s`);
        owners.set(seat, next.id);
      }
    }
    for (const next of changed) seen.set(next.id, next);
    for (const user of users) {
      let held = 0;
      for (const hold of seen.values()) {
        const status = hold.booking?.status;
        const unpaid = status !== "CONFIRMED" && status !== "CANCELLED" && hold.booking?.phase !== "capturing";
        if (hold.userId === user && hold.endedAtMs === null && unpaid) held += seatsOwned(hold).length;
      }
      if (held > MAX_UNPAID_SEATS) world.violate("I17", `${user} holds ${held} seats`);
    }
  }

  /** The journal has no gaps, and its seat changes are the seat table (I12). */
  function judgeJournal(object: ObjectHost): void {
    for (; journalSeen < journal.length; journalSeen++) {
      const entry = journal[journalSeen] as JournalEntry;
      if (entry.seq !== journalSeen + 1) world.violate("I12", `entry ${entry.seq} is number ${journalSeen + 1}`);
      for (const fact of entry.facts) world.count(`fact ${fact.type}`);
    }
    if (state === null || !object.isRunning()) return;
    for (const [seat, owner] of state.owners.entries()) {
      if (state.seq === journal.length && owner !== (owners.get(seat) ?? null)) {
        world.violate("I3", `seat ${seat} is ${owner}'s in memory, ${owners.get(seat)}'s in rows`);
      }
    }
  }

  function judgeKeys(keys: ReadonlyMap<string, unknown>): void {
    for (const [scope, stored] of keys as ReadonlyMap<string, { readonly reply: unknown; readonly atMs: number }>) {
      const known = answers.get(scope);
      if (known?.atMs === stored.atMs) continue;
      const reply = JSON.stringify(stored.reply);
      if (known !== undefined && stored.atMs - known.atMs < DAY_MS && known.reply !== reply) {
        world.violate("I13", `the answer to ${scope} changed`);
      }
      answers.set(scope, { reply, atMs: stored.atMs });
    }
  }

  return {
    flushed(object, db) {
      const { sql, image } = object.disk.storage;
      const rows = object.disk.database === null ? memoryRows(sql.tables.holds) : sqliteRows(object);
      const changed = rows.filter(
        (hold) => seen.get(hold.id) !== hold && JSON.stringify(seen.get(hold.id)) !== JSON.stringify(hold),
      );
      for (const hold of changed) {
        judgeChange(seen.get(hold.id), hold);
        if (hold.booking !== null) byBooking.set(hold.booking.id, hold);
      }
      judgeSeats(changed);
      journal = object.disk.database === null ? (sql.tables.journal as JournalEntry[]) : sqliteJournal(object);
      judgeJournal(object);
      judgeKeys(sql.tables.keys);
      for (const [id, copy] of db.bookings) {
        const hold = byBooking.get(id);
        if (hold === undefined) world.violate("I8", `D1 has ${id}, the box office has not`);
        else if (copy.version > hold.version)
          world.violate("I8", `D1 has ${id} at ${copy.version}, the box office at ${hold.version}`);
      }
      flushes += 1;
      if (state === null || flushes % AUDIT_EVERY !== 0 || !object.isRunning()) return;
      const booked = [...seen.values()].filter((hold) => hold.booking !== null);
      const nowMs = world.nowMs + world.skewMs;
      const { violations } = auditState(state, booked, true, nowMs, image.alarmMs ?? nowMs);
      for (const { invariant, detail } of violations) {
        // A refund that the bank returned is money a person must see to: until then the audit rightly shows it.
        if (invariant === "I4" && hasFailedRefund(byBooking.get(detail.slice(0, BOOKING_ID_CHARS)))) continue;
        // Where a clock went back, an attempt can seem to be older than its booking.
        if (invariant === "I16" && (world.counts["a clock jumped"] ?? 0) > 0) continue;
        world.violate(invariant, `audit: ${detail}`);
      }
    },
    created(intent) {
      const hold = byBooking.get(intent.metadata["bookingId"] ?? "");
      if (hold?.booking == null)
        return world.violate("I16", `an intent for ${intent.metadata["bookingId"]}, which is no booking`);
      const value = hold.booking.prices.reduce((sum, price) => sum + price, 0);
      const attempt = `${intent.metadata["bookingId"]}:${intent.metadata["attempt"]}`;
      if (intents.has(attempt)) world.violate("I16", `${intent.id} is the second intent of ${attempt}`);
      intents.set(attempt, intent);
      const { state } = hold.booking.payment?.attempts.find(({ n }) => n === Number(intent.metadata["attempt"])) ?? {};
      if (state === "declined") world.violate("I16", `${intent.id} is made for ${attempt}, which counts as declined`);
      if (intent.amount !== value)
        world.violate("I16", `${intent.id} is over ${intent.amount}, the booking over ${value}`);
    },
    captured(intent) {
      const hold = byBooking.get(intent.metadata["bookingId"] ?? "");
      const booking = hold?.booking;
      if (hold === undefined || booking?.phase !== "capturing") {
        return world.violate("I16", `${intent.id} is captured while ${hold?.id} is ${booking?.phase}`);
      }
      for (const seat of seatsOwned(hold)) {
        if (owners.get(seat) !== hold.id)
          world.violate("I16", `${intent.id} is captured for seat ${seat}, which is not ours`);
      }
    },
    durable: () => seen,
    journal: () => journal,
    state: () => state,
    bookingOf: (id) => byBooking.get(id as BookingId),
  };
}

const DAY_MS = 86_400_000;
const BOOKING_ID_CHARS = "bkg_".length + 26;

function hasFailedRefund(hold: Hold | undefined): boolean {
  return hold?.booking?.payment?.refunds.some(({ state }) => state === "failed") ?? false;
}

/** Written anew here: the judge must not share a mistake with what it judges. */
function seatsOwned(hold: Hold): readonly number[] {
  if (hold.endedAtMs !== null) return [];
  const cancelled = new Set(hold.booking?.cancelledSeats ?? []);
  return hold.seats.filter((seat) => !cancelled.has(seat));
}

function memoryRows(holds: ReadonlyMap<string, unknown>): readonly Hold[] {
  return [...holds.values()].map((row) => (row as HoldRow).hold);
}

function sqliteRows(object: ObjectHost): readonly Hold[] {
  const { sql } = object.disk.storage;
  const known = sql.exec("SELECT 1 FROM sqlite_master WHERE name = 'holds'").toArray();
  if (known.length === 0) return [];
  const rows = sql.exec("SELECT body FROM holds").toArray() as { readonly body: string }[];
  return rows.map(({ body }) => JSON.parse(body) as Hold);
}

function sqliteJournal(object: ObjectHost): readonly JournalEntry[] {
  const { sql } = object.disk.storage;
  const known = sql.exec("SELECT 1 FROM sqlite_master WHERE name = 'journal'").toArray();
  if (known.length === 0) return [];
  const rows = sql.exec("SELECT seq, at_ms, facts, seat_changes FROM journal ORDER BY seq").toArray() as {
    readonly seq: number;
    readonly at_ms: number;
    readonly facts: string;
    readonly seat_changes: string;
  }[];
  return rows.map(({ seq, at_ms, facts, seat_changes }) => ({
    seq,
    atMs: at_ms,
    actor: "",
    requestId: "",
    facts: JSON.parse(facts) as JournalEntry["facts"],
    seatChanges: JSON.parse(seat_changes) as JournalEntry["seatChanges"],
  }));
}
