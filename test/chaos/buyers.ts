// Buyers who hold, book, pay, authenticate, hesitate, give back and cancel, each one thing after another and all of
// them at once, on a few seats that everybody wants.

import { setTimeout as wait } from "node:timers/promises";
import type { Caller } from "../e2e/client";
import type { Random } from "../sim/random";
import type { Asker } from "./caller";
import type { Answered, OperationName } from "./ledger";

export interface Hall {
  readonly id: string;
  readonly seatIds: readonly string[];
}

export interface BuyerOptions {
  readonly number: number;
  readonly caller: Caller;
  /** Grows. Buyers want the `newest` so many. */
  readonly halls: readonly Hall[];
  readonly newest: number;
  readonly asker: Asker;
  readonly random: Random;
  /** The bank's part of a challenge. */
  authenticate(bookingId: string, result: "success" | "failure"): Promise<void>;
  readonly goesOn: () => boolean;
}

const PAUSES_MS = [0, 20, 100, 300, 900] as const;
const GOOD = ["pm_card_visa", "tok_visa", "pm_card_mastercard"] as const;
const DECLINED = ["pm_card_chargeDeclined", "tok_chargeDeclinedInsufficientFunds"] as const;
const CHALLENGED = ["pm_card_authenticationRequired", "pm_card_threeDSecure2Required"] as const;
const MAX_POLLS = 12;
const POLL_MS = 250;
const ENDED = new Set(["CONFIRMED", "FAILED", "EXPIRED", "CANCELLED"]);
const MAX_SEATS = 3;

interface Booked {
  readonly hall: Hall;
  readonly id: string;
}

export async function buy(options: BuyerOptions): Promise<void> {
  const { random, goesOn } = options;
  const mine: Booked[] = [];
  while (goesOn()) {
    const hall = random.pick(options.halls.slice(-options.newest));
    const way = random.below(10);
    if (way < 4) await throughHold(options, hall, mine);
    else if (way < 7) await directly(options, hall, mine);
    else if (way < 9) await cancelOne(options, mine);
    else await ask(options, hall, "seats", "GET", `/api/inventory/events/${hall.id}/seats`);
    await wait(random.pick(PAUSES_MS));
  }
}

async function ask(
  { asker, caller, number }: BuyerOptions,
  hall: Hall,
  name: OperationName,
  method: string,
  path: string,
  body?: unknown,
): Promise<Answered | null> {
  return await asker.ask(caller, { buyer: number, event: hall.id, name, method, path, body });
}

function someSeats({ random }: BuyerOptions, { seatIds }: Hall): string[] {
  const first = random.below(seatIds.length);
  return seatIds.slice(first, first + random.between(1, MAX_SEATS)) as string[];
}

function cardOf({ random }: BuyerOptions) {
  const kind = random.below(10);
  const token = random.pick<string>(kind < 7 ? GOOD : kind < 9 ? CHALLENGED : DECLINED);
  return { type: "card", token };
}

async function throughHold(options: BuyerOptions, hall: Hall, mine: Booked[]): Promise<void> {
  const { random } = options;
  const wanted = random.chance(0.75) ? { seatIds: someSeats(options, hall) } : { seats: random.between(1, MAX_SEATS) };
  const held = await ask(options, hall, "hold", "POST", "/api/locks", { eventId: hall.id, ...wanted });
  if (held?.status !== 201) return;
  const lockId: string = held.body.id;
  if (random.chance(0.15)) await ask(options, hall, "renew", "POST", `/api/locks/${lockId}/renew`, {});
  await wait(random.pick(PAUSES_MS));
  const next = random.below(10);
  // Some wander off and let it run out.
  if (next === 0) return;
  if (next === 1) return void (await ask(options, hall, "release", "DELETE", `/api/locks/${lockId}`));
  if (next < 5) {
    const body = { lockId, paymentMethod: cardOf(options) };
    const booked = await ask(options, hall, "book", "POST", "/api/bookings", body);
    if (booked?.status === 202) await follow(options, { hall, id: booked.body.bookingId }, mine);
    return;
  }
  const confirmed = await ask(options, hall, "confirm", "POST", "/api/bookings/confirm", { lockId });
  if (confirmed?.status !== 201) return;
  const booking = { hall, id: confirmed.body.id as string };
  if (random.chance(0.1)) return void (await ask(options, hall, "release", "DELETE", `/api/locks/${lockId}`));
  for (let attempt = 0; attempt < 2; attempt++) {
    const body = { bookingId: booking.id, paymentMethod: cardOf(options) };
    const paid = await ask(options, hall, "pay", "POST", "/api/payments/intent", body);
    if (paid?.status !== 200 || paid.body.paymentStatus !== "FAILED") break;
  }
  await follow(options, booking, mine);
}

async function directly(options: BuyerOptions, hall: Hall, mine: Booked[]): Promise<void> {
  const body = { eventId: hall.id, seatIds: someSeats(options, hall), paymentMethod: cardOf(options) };
  const booked = await ask(options, hall, "book", "POST", "/api/bookings", body);
  if (booked?.status === 202) await follow(options, { hall, id: booked.body.bookingId }, mine);
}

/** Polls as a buyer does, and passes challenges, or fails them, or leaves them. */
async function follow(options: BuyerOptions, booking: Booked, mine: Booked[]): Promise<void> {
  const { random } = options;
  if (random.chance(0.8)) {
    await options.authenticate(booking.id, random.chance(0.8) ? "success" : "failure").catch(() => undefined);
  }
  const polls = random.pick([1, 4, MAX_POLLS]);
  for (let poll = 0; poll < polls && options.goesOn(); poll++) {
    const found = await ask(options, booking.hall, "look", "GET", `/api/bookings/${booking.id}`);
    if (found?.status === 200 && found.body.status === "CONFIRMED") mine.push(booking);
    if (found === null || ENDED.has(found.body.status)) return;
    await wait(POLL_MS);
  }
}

async function cancelOne(options: BuyerOptions, mine: Booked[]): Promise<void> {
  const { random } = options;
  if (mine.length === 0) return;
  const booking = mine.splice(random.below(mine.length), 1)[0] as Booked;
  const path = `/api/bookings/${booking.id}`;
  const found = await ask(options, booking.hall, "look", "GET", path);
  const seatIds = (found?.body.seatIds ?? []) as readonly string[];
  const some = seatIds.length > 1 && random.chance(0.5) ? { seatIds: [random.pick(seatIds)] } : {};
  const done = await ask(options, booking.hall, "cancel", "POST", `${path}/cancel`, some);
  if (done?.status === 200 && done.body.status === "CONFIRMED") mine.push(booking);
}
