// Compares what the buyers were told with what is there at rest. Every sentence it returns is a broken promise.

import { explain, type Operation } from "./history";
import type { Answered, Asked, Entry, Json } from "./ledger";
import type { HallTruth, Truth } from "./truth";

/** Buyers and product read the same clock, but not at the same moment. */
const CLOCK_SLACK_MS = 5;
const LOST = new Set(["EXPIRED", "FAILED"]);

/** What the ledger says of a hold and the booking that grew out of it. */
interface Sale {
  readonly event: string;
  readonly lockId: string;
  bookingId: string | null;
  seatIds: readonly string[];
  /** When its seats became its own. */
  from: number;
  to: number;
  /** It could not run out before this. */
  endsAfter: number;
  /** When somebody first saw that it had ended; Infinity if nobody did. */
  endedBy: number;
  /** When it was asked to be let go, and the answer came. */
  released: { readonly from: number; readonly to: number } | null;
  readonly cancelled: { readonly seatIds: readonly string[]; readonly from: number; readonly to: number }[];
  /** Somebody was told that it was paid. */
  wasConfirmed: boolean;
}

export interface Verdict {
  readonly problems: readonly string[];
  readonly counts: Readonly<Record<string, number>>;
}

export function judge(entries: readonly Entry[], truth: Truth): Verdict {
  const problems: string[] = [];
  const sales = salesOf(entries, truth, problems);
  problems.push(
    ...lostProblems(entries, sales, truth),
    ...strangerProblems(sales, truth),
    ...truth.halls.flatMap((hall) => [...hallProblems(hall, truth), ...journalProblems(hall, sales, truth)]),
    ...moneyProblems(truth),
    ...entries
      .filter(({ answered }) => answered === null)
      .map(({ asked }) => `no answer ever came to ${described(asked)}`),
  );
  const histories = historiesOf(entries, sales, truth);
  let operations = 0;
  for (const [seat, history] of histories) {
    operations += history.length;
    const judged = explain(history, ownerOf(seat, truth));
    if (judged.ok) continue;
    const why = judged.exhausted ? "was not explained within the limit of orders" : "cannot be explained";
    problems.push(`the history of ${seat} ${why}: ${JSON.stringify(judged.stuck)}`);
  }
  return { problems, counts: countsOf(entries, truth, histories.size, operations) };
}

const described = ({ name, method, path, key }: Asked) => `${name} ${method} ${path} (${key})`;
const isTaken = ({ answered }: Entry): boolean => answered !== null && answered.status < 300;

/** Every sale that a buyer was told of, by its lock. */
function salesOf(entries: readonly Entry[], truth: Truth, problems: string[]): ReadonlyMap<string, Sale> {
  const sales = new Map<string, Sale>();
  const lockOf = new Map(
    [...truth.bookings].flatMap(([id, booking]) => (booking ? [[id, booking.lockId as string]] : [])),
  );
  const ofBooking = (id: string) => sales.get(lockOf.get(id) ?? "");
  for (const { asked, answered } of entries) {
    if (!answered || answered.status >= 300) continue;
    const { body } = answered;
    switch (asked.name) {
      case "hold": {
        const sale = newSale(asked, answered, body.id, body.seatIds);
        sale.endsAfter = Date.parse(body.expiresAt);
        if (sales.has(body.id)) problems.push(`${described(asked)} was given a lock that somebody had: ${body.id}`);
        sales.set(body.id, sale);
        break;
      }
      case "book": {
        const given = sales.get((asked.body as Json).lockId ?? "");
        const lockId = given?.lockId ?? lockOf.get(body.bookingId);
        if (lockId === undefined) {
          problems.push(`${described(asked)} was accepted as ${body.bookingId}, which is nowhere`);
          break;
        }
        const sale = given ?? newSale(asked, answered, lockId, (asked.body as Json).seatIds);
        sale.bookingId = body.bookingId;
        // A card that is declined ends it at any time from now on.
        sale.endsAfter = asked.atMs;
        sales.set(lockId, sale);
        break;
      }
      case "confirm": {
        const sale = sales.get((asked.body as Json).lockId);
        if (sale) sale.bookingId = body.id;
        break;
      }
      default:
        noteLater(asked, answered, sales, ofBooking);
    }
  }
  return sales;
}

function newSale(asked: Asked, answered: Answered, lockId: string, seatIds: readonly string[]): Sale {
  return {
    event: asked.event,
    lockId,
    bookingId: null,
    seatIds,
    from: asked.atMs,
    to: answered.atMs,
    endsAfter: asked.atMs,
    endedBy: Number.POSITIVE_INFINITY,
    released: null,
    cancelled: [],
    wasConfirmed: false,
  };
}

/** What was learnt of a sale after it had begun. */
function noteLater(
  asked: Asked,
  answered: Answered,
  sales: ReadonlyMap<string, Sale>,
  ofBooking: (id: string) => Sale | undefined,
): void {
  const { body } = answered;
  const id = /\/(bkg_\w+|lock_\w+)/.exec(asked.path)?.[1] ?? "";
  switch (asked.name) {
    case "release": {
      const sale = sales.get(id);
      if (sale) sale.released ??= { from: asked.atMs, to: answered.atMs };
      break;
    }
    case "pay":
    case "look": {
      const shown = asked.name === "pay" ? body.booking : body;
      const sale = shown && ofBooking(shown.id);
      if (!sale) break;
      if (shown.status === "CONFIRMED" || body.paymentStatus === "SUCCESS") sale.wasConfirmed = true;
      if (LOST.has(shown.status)) sale.endedBy = Math.min(sale.endedBy, answered.atMs);
      break;
    }
    case "cancel": {
      const sale = ofBooking(body.bookingId);
      if (!sale) break;
      sale.wasConfirmed = true;
      const seatIds = body.cancelledSeatIds ?? sale.seatIds;
      sale.cancelled.push({ seatIds, from: asked.atMs, to: answered.atMs });
      break;
    }
  }
}

/** Whatever was acknowledged is there, in a state that follows from it. */
function lostProblems(entries: readonly Entry[], sales: ReadonlyMap<string, Sale>, truth: Truth): readonly string[] {
  const problems: string[] = [];
  for (const entry of entries.filter(isTaken)) {
    const { asked, answered } = entry;
    const id = asked.name === "book" ? answered?.body.bookingId : asked.name === "confirm" ? answered?.body.id : null;
    if (id && !truth.bookings.get(id)) problems.push(`${id} was acknowledged to ${described(asked)} and is gone`);
    if (id && !truth.listed.has(id)) problems.push(`${id} was acknowledged and is in nobody's list`);
  }
  for (const sale of sales.values()) {
    const booking = sale.bookingId ? truth.bookings.get(sale.bookingId) : null;
    const lock = truth.locks.get(sale.lockId);
    if (!lock) problems.push(`${sale.lockId} was acknowledged and is gone`);
    const isSold = booking?.status === "CONFIRMED" || booking?.status === "CANCELLED";
    if (lock && lock.status !== (isSold ? "CONSUMED" : "EXPIRED")) {
      problems.push(`${sale.lockId} is ${lock.status}, its booking ${booking?.status ?? "none"}`);
    }
    if (sale.wasConfirmed && !isSold) problems.push(`${sale.bookingId} was told to be paid, and is ${booking?.status}`);
    if (sale.released && isSold) problems.push(`${sale.lockId} was let go, and is sold`);
    problems.push(...cancelProblems(sale, booking));
  }
  return problems;
}

function cancelProblems({ bookingId, cancelled, seatIds }: Sale, booking: Json): readonly string[] {
  if (cancelled.length === 0 || !booking) return [];
  const given = new Set(cancelled.flatMap((one) => one.seatIds));
  const isWhole = seatIds.every((seatId) => given.has(seatId));
  const problems: string[] = [];
  if (isWhole && booking.status !== "CANCELLED") problems.push(`${bookingId} was cancelled, and is ${booking.status}`);
  if (booking.status !== "CONFIRMED") return problems;
  for (const seatId of given) {
    if (!booking.cancelledSeatIds.includes(seatId))
      problems.push(`${seatId} of ${bookingId} was cancelled, and is not`);
  }
  for (const seatId of booking.cancelledSeatIds) {
    if (!given.has(seatId)) problems.push(`${seatId} of ${bookingId} is cancelled, and nobody asked for it`);
  }
  return problems;
}

/** Nothing is there that nobody was told of: each request that had an effect was answered in the end. */
function strangerProblems(sales: ReadonlyMap<string, Sale>, truth: Truth): readonly string[] {
  const known = new Set([...sales.values()].map(({ bookingId }) => bookingId));
  const strangers = [...truth.listed.keys()].filter((id) => !known.has(id));
  return strangers.map((id) => `${id} is in a list, and nobody was told of it`);
}

/** Box office and D1: no seat twice, and the same of every booking. */
function hallProblems({ hall, audit, seats }: HallTruth, truth: Truth): readonly string[] {
  const problems: string[] = [];
  if (!audit.ok || audit.violations.length > 0)
    problems.push(`the audit of ${hall.id}: ${JSON.stringify(audit.violations)}`);
  if (audit.truncated) problems.push(`the audit of ${hall.id} left something out`);
  const owners = new Map<string, string>();
  const counts: Record<string, number> = {};
  for (const [id, booking] of truth.bookings) {
    if (booking?.eventId !== hall.id) continue;
    counts[booking.status] = (counts[booking.status] ?? 0) + 1;
    const listed = truth.listed.get(id);
    const isSame = listed?.status === booking.status && String(listed?.seatIds) === String(booking.seatIds);
    if (!isSame) problems.push(`${id} is ${booking.status} alone and ${listed?.status} in its list`);
    if (booking.status !== "CONFIRMED") continue;
    for (const seatId of booking.seatIds) {
      if (owners.has(seatId)) problems.push(`${seatId} of ${hall.id} is sold twice: ${owners.get(seatId)}, ${id}`);
      owners.set(seatId, id);
    }
  }
  for (const [status, count] of Object.entries(audit.bookings)) {
    if (counts[status] !== count)
      problems.push(`${hall.id} has ${count} ${status} in its box office, ${counts[status] ?? 0} in lists`);
  }
  for (const seat of seats.seats) {
    const expected = owners.has(seat.id) ? "RESERVED" : "AVAILABLE";
    if (seat.status !== expected) problems.push(`${seat.id} of ${hall.id} is ${seat.status}, by bookings ${expected}`);
  }
  return problems;
}

/** The journal tells of the same bookings and the same ends, each once. */
function journalProblems(
  { hall, facts }: HallTruth,
  sales: ReadonlyMap<string, Sale>,
  truth: Truth,
): readonly string[] {
  const problems: string[] = [];
  const told = new Map<string, string[]>();
  for (const { type, bookingId, lockId } of facts) {
    if (bookingId) told.set(bookingId, [...(told.get(bookingId) ?? []), type]);
    if (type === "seats.locked" && lockId && !sales.has(lockId))
      problems.push(`${lockId} took seats, and nobody was told of it`);
  }
  const ofHall = [...truth.bookings.values()].filter((booking) => booking?.eventId === hall.id);
  for (const booking of ofHall) {
    const types = told.get(booking.id) ?? [];
    const times = (type: string) => types.filter((one) => one === type).length;
    const isSold = booking.status === "CONFIRMED" || booking.status === "CANCELLED";
    const expected = {
      "booking.initiated": 1,
      "booking.confirmed": isSold ? 1 : 0,
      "booking.failed": booking.status === "FAILED" ? 1 : 0,
      "booking.expired": booking.status === "EXPIRED" ? 1 : 0,
      "booking.cancelled": booking.status === "CANCELLED" ? 1 : 0,
    };
    for (const [type, count] of Object.entries(expected)) {
      if (times(type) !== count) problems.push(`${booking.id} is ${booking.status}, with ${times(type)} facts ${type}`);
    }
  }
  for (const id of told.keys()) {
    if (!truth.bookings.has(id)) problems.push(`${id} is in the journal of ${hall.id} and in no list`);
  }
  return problems;
}

/** What was taken and not given back is what the tickets cost, booking by booking. */
function moneyProblems({ books, bookings, payments }: Truth): readonly string[] {
  const problems: string[] = [];
  const net = new Map<string, number>();
  for (const intent of books?.intents ?? []) {
    net.set(intent.bookingId, (net.get(intent.bookingId) ?? 0) + intent.captured - intent.refunded);
    if (intent.held !== 0) problems.push(`${intent.held} are still held for ${intent.bookingId} on ${intent.id}`);
    if (!bookings.has(intent.bookingId)) problems.push(`${intent.id} is for ${intent.bookingId}, which is nobody's`);
  }
  problems.push(...(books?.problems ?? []).map((problem) => `the provider: ${problem}`));
  for (const [id, booking] of bookings) {
    if (!booking) continue;
    const isSold = booking.status === "CONFIRMED";
    const worth = isSold ? booking.totalAmount : 0;
    const payment = payments.get(id);
    if (books && (net.get(id) ?? 0) !== worth)
      problems.push(`${id} (${booking.status}) is worth ${worth}, and ${net.get(id) ?? 0} were taken`);
    const shown = isSold
      ? ["SUCCESS", "PARTIALLY_REFUNDED"]
      : booking.status === "CANCELLED"
        ? ["REFUNDED"]
        : ["FAILED", "CANCELLED", "REFUNDED"];
    if ((isSold || payment) && !shown.includes(payment?.status)) {
      problems.push(`the payment of ${id} (${booking.status}) is ${payment?.status ?? "missing"}`);
    }
  }
  return problems;
}

/** By seat: everything that buyers did to it and saw of it. */
function historiesOf(
  entries: readonly Entry[],
  sales: ReadonlyMap<string, Sale>,
  truth: Truth,
): ReadonlyMap<string, readonly Operation[]> {
  const histories = new Map<string, Operation[]>();
  const add = (event: string, seatId: string, operation: Operation) => {
    const seat = `${event} ${seatId}`;
    histories.set(seat, [...(histories.get(seat) ?? []), operation]);
  };
  for (const sale of sales.values()) {
    const booking = sale.bookingId ? truth.bookings.get(sale.bookingId) : null;
    const label = `${sale.lockId} ${sale.bookingId ?? ""} ${booking?.status ?? ""}`;
    const who = sale.lockId;
    // Refused for its seats after it was accepted: it never had them.
    if (booking?.failureReason === "SEATS_UNAVAILABLE") continue;
    for (const seatId of sale.seatIds) {
      add(sale.event, seatId, { effect: { type: "take", who }, from: sale.from, to: sale.to, label });
      const end = endOf(sale, seatId, booking);
      if (end) add(sale.event, seatId, { effect: { type: "free", who }, ...end, label });
    }
  }
  for (const { asked, answered } of entries) {
    if (asked.name !== "seats" || answered?.status !== 200) continue;
    for (const { id, status } of answered.body.seats as readonly { id: string; status: string }[]) {
      const free = status === "AVAILABLE";
      add(asked.event, id, {
        effect: { type: "see", free },
        from: answered.sentAtMs,
        to: answered.atMs,
        label: `look ${asked.n}`,
      });
    }
  }
  return histories;
}

/** When a sale gave this seat back, or null if it has it still. */
function endOf(sale: Sale, seatId: string, booking: Json): { readonly from: number; readonly to: number } | null {
  const cancelled = sale.cancelled.find((one) => one.seatIds.includes(seatId));
  if (cancelled) return cancelled;
  if (booking?.status === "CONFIRMED") return null;
  const ranOut = { from: sale.endsAfter - CLOCK_SLACK_MS, to: sale.endedBy };
  if (!sale.released) return ranOut;
  // It may have run out just before it was let go.
  return { from: Math.min(sale.released.from, ranOut.from), to: sale.released.to };
}

function ownerOf(seat: string, truth: Truth): string | null {
  const [event, seatId = ""] = seat.split(" ");
  for (const booking of truth.bookings.values()) {
    const has = booking?.eventId === event && booking.status === "CONFIRMED" && booking.seatIds.includes(seatId);
    if (has) return booking.lockId;
  }
  return null;
}

function countsOf(entries: readonly Entry[], truth: Truth, seats: number, operations: number): Verdict["counts"] {
  const counts: Record<string, number> = { seats, "operations in histories": operations };
  const count = (name: string) => {
    counts[name] = (counts[name] ?? 0) + 1;
  };
  for (const { asked, answered } of entries) count(`${asked.name} ${answered?.status ?? "unanswered"}`);
  for (const booking of truth.bookings.values()) count(`bookings ${booking?.status}`);
  for (const intent of truth.books?.intents ?? []) count(`intents ${intent.status}`);
  return counts;
}
