// Those who ask: buyers who hold, book, pay, authenticate, retry, cancel and walk away, an organiser who edits, an
// operator who replays dead letters. Each request goes through the product's own use-cases, in a process that may die;
// whoever hears nothing asks again with the same key.

import { replayDeadLetter } from "../../src/app/admin";
import { cancelBooking, confirmBooking, createBooking, readBooking } from "../../src/app/bookings";
import { changeEvent } from "../../src/app/events";
import { keyScope } from "../../src/app/idempotency";
import { createLock, releaseLock, renewLock } from "../../src/app/locks";
import { payBooking } from "../../src/app/payments";
import type { Deps } from "../../src/app/ports";
import type { Origin, PaymentMethod } from "../../src/domain/box-office/commands";
import type { UserId } from "../../src/domain/ids";
import type { Result } from "../../src/domain/refusals";
import { newId, type Sale } from "./sale";

export interface Acknowledged {
  readonly what: string;
  readonly bookingId: string | null;
  readonly lockId: string | null;
}

export interface Buyer {
  readonly id: UserId;
  readonly name: string;
  readonly email: string;
  readonly role: "USER";
}

const REQUEST_LIMIT_MS = 60_000;
const MAX_TRIES = 6;
/** In a hall as large as this a buyer may run into the limit of held seats. */
const MANY_SEATS = 12;
const TOKENS = [
  "pm_card_visa",
  "pm_card_visa",
  "pm_card_visa",
  "pm_card_chargeDeclined",
  "pm_card_authenticationRequired",
];

export interface Crowd {
  readonly acknowledged: Acknowledged[];
  /** Over when everybody is done. */
  readonly done: Promise<void>;
}

export function newBuyer(sale: Sale): Buyer {
  const id = newId("usr", sale.world);
  const user = { id, name: "A Buyer", email: `${id.toLowerCase()}@example.com`, role: "USER" } as const;
  sale.db.users.set(id, { ...user, createdAtMs: sale.world.nowMs, updatedAtMs: sale.world.nowMs });
  return user;
}

type Act<T> = (deps: Deps, origin: Origin) => Promise<Result<T>>;

/** One request, asked again until it is answered; null when its caller gave up. */
export async function request<T>(
  sale: Sale,
  who: string,
  route: string,
  said: { readonly body: unknown; readonly keyed: boolean; readonly tries?: number },
  act: Act<T>,
): Promise<Result<T> | null> {
  const { world } = sale;
  const keyName = said.keyed ? `k${world.random.bits()}` : null;
  const key =
    keyName === null ? null : { scope: keyScope(who, route, keyName), fingerprint: JSON.stringify(said.body) };
  let first: string | null = null;
  for (let tries = 0; tries < (said.tries ?? MAX_TRIES); tries++) {
    if (tries > 0) world.count("a request was repeated");
    const answer = await askOnce(sale, who, route, key, act);
    if (answer !== null && (answer.ok || answer.refusal.code !== "OVERLOADED")) {
      const isDouble = key !== null && answer.ok && first === null && world.random.chance(0.1);
      if (!isDouble) return answer;
      first = JSON.stringify(identityOf(answer.value));
      const again = await askOnce(sale, who, route, key, act);
      if (again?.ok && JSON.stringify(identityOf(again.value)) !== first) {
        world.violate(
          "I13",
          `${route} with ${key?.scope} answered ${first}, then ${JSON.stringify(identityOf(again.value))}`,
        );
      }
      return answer;
    }
    // Without a key a repeat is another request: whoever cares uses one.
    if (key === null && world.random.chance(0.5)) return null;
    await world.sleep(world.random.between(200, 8_000));
  }
  return null;
}

async function askOnce<T>(
  sale: Sale,
  who: string,
  route: string,
  key: Origin["key"],
  act: Act<T>,
): Promise<Result<T> | null> {
  const { world } = sale;
  const process = world.spawn(`${route} of ${who.slice(-4)}`);
  const origin: Origin = { actor: who, requestId: `req_${world.random.bits()}`, key: key ?? null };
  return await new Promise((resolve) => {
    process.onDeath = () => world.at(5, "broken connection", () => resolve(null));
    const limit = world.at(REQUEST_LIMIT_MS, "request limit", () => resolve(null));
    act(sale.deps(process), origin).then(
      (answer) => {
        limit.run = null;
        world.note(`${route} of ${who.slice(-4)}: ${answer.ok ? "ok" : answer.refusal.code}`);
        if (!answer.ok) world.count(`refused ${answer.refusal.code}`);
        resolve(answer);
      },
      () => {
        limit.run = null;
        resolve(null);
      },
    );
  });
}

/** What of an answer must be the same when it is given again: which thing it made. */
function identityOf(value: unknown): unknown {
  const { id, bookingId, record, cancelledSeatIds, refundMinor } = value as Record<string, unknown>;
  return [id, bookingId, (record as { id?: string } | undefined)?.id, cancelledSeatIds, refundMinor];
}

/** What a buyer does once: one way through the sale, with its detours. */
export async function buyOnce(sale: Sale, buyer: Buyer, acknowledged: Acknowledged[]): Promise<void> {
  const { world } = sale;
  const { random } = world;
  const eventId = sale.definition.id;
  const ask = <T>(route: string, body: unknown, act: Act<T>) =>
    request(sale, buyer.id, route, { body, keyed: random.chance(0.8) }, act);
  const token = () => ({ token: random.pick(TOKENS), force: null }) as const;
  let bookingId: string | null = null;

  if (sale.seatNames.length > MANY_SEATS && random.chance(0.3)) return await hoard(sale, buyer, acknowledged);
  if (random.chance(0.45)) {
    const seatIds = someSeats(sale);
    const method = random.chance(0.8) ? token() : null;
    const body = { source: { eventId, seatIds }, method };
    const booked = await ask("POST /api/bookings", body, (deps, origin) => createBooking(deps, buyer, body, origin));
    if (!booked?.ok) return;
    bookingId = booked.value.bookingId;
    acknowledged.push({ what: "booking", bookingId, lockId: null });
    if (method === null) await payFor(sale, buyer, bookingId);
  } else {
    const seats = random.chance(0.7) ? { seatIds: someSeats(sale) } : { quantity: random.between(1, 3), tier: null };
    const wanted = { eventId, seats, clientKey: null };
    const held = await ask("POST /api/locks", wanted, (deps, origin) => createLock(deps, buyer.id, wanted, origin));
    if (!held?.ok) return;
    const lockId = held.value.id;
    acknowledged.push({ what: "lock", bookingId: null, lockId });
    if (random.chance(0.2)) await world.sleep(random.between(1_000, sale.patienceMs));
    if (random.chance(0.15))
      await ask("POST renew", { lockId }, (deps, origin) => renewLock(deps, buyer, lockId, origin));
    if (random.chance(0.1)) return;
    if (random.chance(0.1))
      return void (await ask("DELETE lock", { lockId }, (deps, origin) => releaseLock(deps, buyer, lockId, origin)));
    if (random.chance(0.3)) {
      const body = { source: { eventId: null, lockId }, method: token() };
      const booked = await ask("POST /api/bookings", body, (deps, origin) => createBooking(deps, buyer, body, origin));
      if (!booked?.ok) return;
      bookingId = booked.value.bookingId;
      acknowledged.push({ what: "booking of a lock", bookingId, lockId: null });
    } else {
      const confirmed = await ask("POST confirm", { lockId }, (deps, origin) =>
        confirmBooking(deps, buyer.id, lockId, origin),
      );
      if (!confirmed?.ok) return;
      bookingId = confirmed.value.record.id;
      acknowledged.push({ what: "confirmation", bookingId, lockId: null });
      if (random.chance(0.1))
        await ask("DELETE lock", { lockId }, (deps, origin) => releaseLock(deps, buyer, lockId, origin));
      await payFor(sale, buyer, bookingId);
    }
  }
  await world.sleep(random.between(100, 20_000));
  const id = bookingId;
  const read = await request(sale, buyer.id, "GET booking", { body: null, keyed: false }, (deps, origin) =>
    readBooking(deps, buyer, id, origin),
  );
  if (read !== null && !read.ok && read.refusal.code === "BOOKING_NOT_FOUND")
    world.violate("I6", `${id} was acknowledged and is not found`);
  if (!random.chance(0.35)) return;
  const seatIds = random.chance(0.5) || !read?.ok ? null : read.value.record.seatIds.slice(0, 1);
  await ask("POST cancel", { id, seatIds }, (deps, origin) => cancelBooking(deps, buyer, id, seatIds, origin));
  if (random.chance(0.2))
    await ask("POST cancel", { id }, (deps, origin) => cancelBooking(deps, buyer, id, null, origin));
}

/** Takes more and more, and pays for nothing. */
async function hoard(sale: Sale, buyer: Buyer, acknowledged: Acknowledged[]): Promise<void> {
  const { world } = sale;
  for (let grab = 0; grab < 4; grab++) {
    const wanted = { eventId: sale.definition.id, seats: { seatIds: someSeats(sale) }, clientKey: null };
    const held = await request(sale, buyer.id, "POST /api/locks", { body: wanted, keyed: true }, (deps, origin) =>
      createLock(deps, buyer.id, wanted, origin),
    );
    if (held?.ok) acknowledged.push({ what: "lock", bookingId: null, lockId: held.value.id });
    await world.sleep(world.random.between(50, 2_000));
  }
}

async function payFor(sale: Sale, buyer: Buyer, bookingId: string): Promise<void> {
  const { world } = sale;
  const { random } = world;
  for (let tries = 0; tries < 3; tries++) {
    await world.sleep(random.chance(0.15) ? random.between(1_000, sale.patienceMs) : random.between(10, 4_000));
    const method: PaymentMethod = { token: random.pick(TOKENS), force: null };
    const body = { bookingId, method };
    const paid = await request(sale, buyer.id, "POST intent", { body, keyed: random.chance(0.8) }, (deps, origin) =>
      payBooking(deps, buyer.id, body, origin),
    );
    if (paid === null || random.chance(0.1)) continue;
    if (!paid.ok) {
      if (paid.refusal.code !== "PAYMENT_IN_PROGRESS") return;
      continue;
    }
    world.count(`paid ${paid.value.result}`);
    if (paid.value.result === "SUCCESS") return;
    if (paid.value.result === "REQUIRES_ACTION") {
      if (random.chance(0.15)) return;
      await world.sleep(random.chance(0.2) ? random.between(1_000, sale.patienceMs) : random.between(500, 20_000));
      const secret = paid.value.clientSecret ?? "";
      sale.stripe.authenticate(secret.replace("_secret", ""), random.chance(0.8));
      await world.sleep(random.between(500, 10_000));
    }
  }
}

/** Mostly the same few: seats are what they fight for. */
function someSeats(sale: Sale): readonly string[] {
  const { random } = sale.world;
  const first = random.below(sale.seatNames.length);
  const count = sale.seatNames.length > MANY_SEATS ? random.between(3, 6) : random.between(1, 3);
  return sale.seatNames.slice(first, first + count);
}

/** Everybody at once, each for a while. */
export function gather(sale: Sale, buyers: number, turns: number): Crowd {
  const { world } = sale;
  const acknowledged: Acknowledged[] = [];
  const people = Array.from({ length: buyers }, async () => {
    const buyer = newBuyer(sale);
    await world.sleep(world.random.between(0, 20_000));
    for (let turn = 0; turn < turns && world.faults.on; turn++) {
      await buyOnce(sale, buyer, acknowledged);
      await world.sleep(
        world.random.chance(0.2) ? world.random.between(1_000, sale.patienceMs) : world.random.between(100, 20_000),
      );
    }
  });
  return { acknowledged, done: Promise.all(people).then(() => undefined) };
}

/** Renames, reprices and resizes the event, in keeping with what is sold or not. */
export async function organise(sale: Sale, edits: number): Promise<void> {
  const { world } = sale;
  const { random } = world;
  for (let edit = 0; edit < edits && world.faults.on; edit++) {
    await world.sleep(random.between(10_000, 200_000));
    const capacity = random.between(2, sale.seatNames.length + 4);
    const change = random.pick([
      { name: `Version ${edit}` },
      { tiers: [{ tier: "GENERAL", priceMinor: random.between(1, 9) * 500, capacity }] as const },
      { tiers: [{ tier: "GENERAL", priceMinor: 2_000, capacity: sale.seatNames.length + edit + 1 }] as const },
    ]);
    await request(sale, "organiser", "PATCH event", { body: change, keyed: random.chance(0.5) }, (deps, origin) =>
      changeEvent(deps, sale.definition.id, change, origin),
    );
  }
}

/** Replays what became a dead letter, once the cause may be over. */
export async function operate(sale: Sale): Promise<void> {
  for (const letter of [...sale.db.letters.values()]) {
    if (letter.replayedAtMs !== null) continue;
    const process = sale.world.spawn("replay");
    try {
      const replayed = await replayDeadLetter(sale.deps(process), letter.id, {
        actor: "admin",
        requestId: `replay ${letter.id} at ${sale.world.nowMs}`,
      });
      if (replayed.ok) sale.world.count("a dead letter was replayed");
    } catch {
      // It is still there, and is replayed with the next round.
    }
  }
}
