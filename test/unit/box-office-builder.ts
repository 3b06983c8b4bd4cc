// A box office in memory with a clock of its own, for tests of the rules.

import type { Command, EffectId, Outcome, PaymentMethod, Reply, Work } from "../../src/domain/box-office/commands";
import { type Changes, execute, noChanges } from "../../src/domain/box-office/execute";
import { emptyBoxOffice, forget } from "../../src/domain/box-office/seat-table";
import type { BoxOfficeState, EventDefinition, Hold } from "../../src/domain/box-office/state";
import {
  type BookingId,
  codeOfEvent,
  type EventCode,
  type LockId,
  makeId,
  makeSaleId,
  type SeatId,
  type UserId,
} from "../../src/domain/ids";
import { layoutFromTiers, type TierInput } from "../../src/domain/seat-map";
import { DAY, HOUR } from "../../src/domain/time";

export const START_MS = Date.UTC(2027, 0, 15, 12);

export interface Counter {
  next(): Uint8Array;
}

/** Random bytes that are not random: each call gives others. */
export function counter(seed = 1): Counter {
  let n = seed;
  return {
    next() {
      n += 1;
      return Uint8Array.from({ length: 16 }, (_, i) => Math.floor(n / 32 ** (i % 8)) % 32);
    },
  };
}

const bytes = counter();

export function anId<P extends "usr" | "evnt" | "ven">(prefix: P) {
  return makeId(prefix, START_MS, bytes.next());
}

export function aUser(): UserId {
  return makeId("usr", START_MS, bytes.next());
}

export const TWO_TIERS: readonly TierInput[] = [
  { tier: "VIP", priceMinor: 25_000, capacity: 10 },
  { tier: "GENERAL", priceMinor: 7_500, capacity: 20 },
];

export function anEvent(
  changes: Partial<EventDefinition> & { tierInputs?: readonly TierInput[] } = {},
): EventDefinition {
  const { tierInputs = TWO_TIERS, ...rest } = changes;
  const id = makeId("evnt", START_MS, bytes.next());
  return {
    id,
    code: codeOfEvent(id),
    version: 1,
    name: "Coldplay",
    description: null,
    venueId: null,
    startsAtMs: START_MS + 30 * DAY,
    endsAtMs: START_MS + 30 * DAY + 3 * HOUR,
    currency: "GBP",
    tiers: tierInputs.map(({ tier, priceMinor }) => ({ tier, priceMinor })),
    layout: layoutFromTiers(tierInputs, 10),
    createdAtMs: START_MS,
    updatedAtMs: START_MS,
    ...rest,
  };
}

type Bare<C> = C extends Command ? Omit<C, "actor" | "requestId"> & { readonly requestId?: string } : never;

export interface Office {
  readonly state: BoxOfficeState;
  readonly code: EventCode;
  /** What the last command would have written. */
  changes: Changes;
  nowMs: number;
  pass(ms: number): void;
  send<C extends Bare<Command>>(command: C): Reply<C["type"]>;
  /** The reply's value, or a failed test. */
  ok<C extends Bare<Command>>(command: C): Extract<Reply<C["type"]>, { ok: true }>["value"];
  /** The refusal's code, or a failed test. */
  refusal<C extends Bare<Command>>(command: C): string;
  lockId(): LockId;
  bookingId(): BookingId;
  hold(userId: UserId, ...seats: string[]): LockId;
  book(userId: UserId, seats: readonly string[], method?: PaymentMethod | null): BookingId;
  settle(effect: EffectId, outcome: Outcome): readonly Work[];
  booking(id: BookingId): NonNullable<Hold["booking"]>;
  status(seat: string): string;
}

export const CARD: PaymentMethod = { token: "pm_card_visa", force: null };

export function seatIds(...names: readonly string[]): readonly SeatId[] {
  return names.map((name) => `seat_${name}` as SeatId);
}

export function openOffice(
  definition: EventDefinition = anEvent(),
  policy: Partial<BoxOfficeState["policy"]> = {},
): Office {
  const state = emptyBoxOffice({ holdTtlMs: 300_000, paymentWindowMs: 600_000, bookingsPerMinute: 30, ...policy });
  const rows = new Map<LockId, Hold>();
  let requests = 0;
  const office: Office = {
    state,
    code: definition.code,
    changes: noChanges(),
    nowMs: START_MS,
    pass(ms) {
      office.nowMs += ms;
    },
    send(command) {
      for (const row of rows.values()) {
        if (!state.holds.has(row.id)) {
          state.holds.set(row.id, row);
          if (row.booking !== null) state.lockOfBooking.set(row.booking.id, row.id);
        }
      }
      requests += 1;
      const origin = { actor: "test", requestId: `req_${requests}` };
      office.changes = noChanges();
      const reply = execute(state, { ...origin, ...command } as unknown as Command, office.nowMs, office.changes);
      for (const hold of office.changes.holds.values()) rows.set(hold.id, hold);
      for (const hold of [...state.holds.values()]) forget(state, hold);
      return reply as never;
    },
    ok(command) {
      const reply = office.send(command);
      if (!reply.ok) throw new Error(`refused: ${JSON.stringify(reply)}`);
      return reply.value as never;
    },
    refusal(command) {
      const reply = office.send(command);
      if (reply.ok || "notDefined" in reply) throw new Error(`not refused: ${JSON.stringify(reply)}`);
      return reply.refusal.code;
    },
    lockId: () => makeSaleId("lock", definition.code, office.nowMs, bytes.next()),
    bookingId: () => makeSaleId("bkg", definition.code, office.nowMs, bytes.next()),
    hold(userId, ...seats) {
      const lockId = office.lockId();
      const choice = { by: "seats", seatIds: seatIds(...seats) } as const;
      office.ok({ type: "hold", lockId, userId, choice, clientKey: null, dialect: false });
      return lockId;
    },
    book(userId, seats, method = CARD) {
      const bookingId = office.bookingId();
      office.ok({ type: "book", bookingId, userId, from: { seatIds: seatIds(...seats) }, method });
      return bookingId;
    },
    settle(effect, outcome) {
      return office.ok({ type: "settle", effect, outcome }).work;
    },
    booking(id) {
      const hold = [...rows.values(), ...state.holds.values()].findLast((one) => one.booking?.id === id);
      if (hold?.booking == null) throw new Error(`no booking ${id}`);
      return (state.holds.get(hold.id)?.booking ?? hold.booking) as NonNullable<Hold["booking"]>;
    },
    status(seat) {
      const index = state.geometry.indexOf.get(`seat_${seat}` as SeatId);
      return index === undefined ? "?" : (state.statuses[index] as string);
    },
  };
  office.ok({ type: "define", definition });
  return office;
}

/** The provider's yes to an attempt, in the booking's own amount. */
export function authorisedOutcome(amountMinor: number, currency = "GBP"): Outcome {
  return { type: "authorised", intentId: "pi_1", amountMinor, currency };
}

export function capturedOutcome(amountMinor: number, currency = "GBP"): Outcome {
  return { type: "captured", intentId: "pi_1", transactionId: "ch_1", amountMinor, currency };
}
