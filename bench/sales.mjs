// Whole sales: bookings until they are confirmed, and a hall that sells out while everybody wants the same seats.

import { addressOf, tokenOf } from "./buyers.mjs";
import { summarise } from "./figures.mjs";
import { pairOf } from "./holds.mjs";
import { closedLoop, rawRequest } from "./http-load.mjs";

/** @typedef {import("./product.mjs").Product} Product */

const POLL_MS = 20;
const MAX_POLLS = 1_000;
/** Buyers beyond those of other scenarios, so that nobody is at a limit. */
const FIRST_BUYER = 100_000;

/** Buyers who pay with a card and look until the booking is confirmed. @param {Product} product @param {{ buyers: number, bookings: number, maxMs: number }} size */
export async function bookingsToConfirmed(product, { buyers, bookings, maxMs }) {
  const eventId = await product.addHall(2 * bookings);
  const latencies = new Float64Array(bookings);
  const counts = new Array(buyers).fill(0);
  let begun = 0;
  let done = 0;
  const cpuBeforeMs = product.cpuMs();
  const startedAt = performance.now();
  const buy = async (/** @type {number} */ buyer) => {
    while (begun < bookings && performance.now() - startedAt < maxMs) {
      const n = begun++;
      const sentAt = performance.now();
      await bookOne(product, eventId, n);
      latencies[done++] = performance.now() - sentAt;
      counts[buyer] += 1;
    }
  };
  await Promise.all(counts.map((_, buyer) => buy(buyer)));
  const elapsedMs = performance.now() - startedAt;
  const cpuMs = product.cpuMs() - cpuBeforeMs;
  return { ...summarise(latencies.subarray(0, done), elapsedMs, counts), cpuMsEach: cpuMs / Math.max(1, done) };
}

/** @param {Product} product @param {string} eventId @param {number} n */
async function bookOne({ url, secret }, eventId, n) {
  const headers = {
    authorization: `Bearer ${tokenOf(secret, FIRST_BUYER + n)}`,
    "content-type": "application/json",
    "cf-connecting-ip": addressOf(FIRST_BUYER + n),
  };
  const body = JSON.stringify({ eventId, seatIds: pairOf(n), paymentMethod: { type: "card", token: "pm_card_visa" } });
  const accepted = await fetch(`${url}/api/bookings`, { method: "POST", headers, body });
  if (accepted.status !== 202)
    throw new Error(`a booking was not accepted: ${accepted.status} ${await accepted.text()}`);
  const { bookingId: id } = /** @type {{ bookingId: string }} */ (await accepted.json());
  for (let poll = 0; poll < MAX_POLLS; poll++) {
    const { status } = /** @type {{ status: string }} */ (
      await (await fetch(`${url}/api/bookings/${id}`, { headers })).json()
    );
    if (status === "CONFIRMED") return;
    if (status !== "PENDING") throw new Error(`a booking ended as ${status}`);
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
  throw new Error("a booking was not confirmed");
}

/** Of five who come, so many want the hot part. */
const HOT_SHARE = 4 / 5;
const HOT_PART = 1 / 20;
/** Tries at seats that are free as far as a buyer knows, before anything free will do. */
const TRIES = 8;

/**
 * A hall of free tickets sold pair by pair, hold and then booking, by buyers of whom four in five want the same twentieth.
 * @param {Product} product @param {{ seats: number, buyers: number, maxMs: number }} size
 */
export async function sellOut(product, { seats, buyers, maxMs }) {
  const eventId = await product.addHall(seats, 0);
  const pairs = seats / 2;
  const hotPairs = Math.floor(pairs * HOT_PART);
  const gone = new Uint8Array(pairs);
  /** Who got each seat, as the answers said. @type {Map<string, string>} */
  const owners = new Map();
  /** What each buyer holds and books next. @type {(string | null)[]} */
  const held = new Array(buyers).fill(null);
  const wanted = new Int32Array(buyers);
  const sale = { sold: 0, refused: 0, oversold: 0, customers: FIRST_BUYER * 2 };
  const customerOf = new Int32Array(buyers);
  let isOver = false;

  /** @param {number} buyer */
  const request = (buyer) => {
    if (held[buyer] === null) customerOf[buyer] = sale.customers++;
    const customer = /** @type {number} */ (customerOf[buyer]);
    const headers = {
      Authorization: `Bearer ${tokenOf(product.secret, customer)}`,
      "CF-Connecting-IP": addressOf(customer),
    };
    const lockId = held[buyer];
    if (lockId !== null) return rawRequest("POST", "/api/bookings", headers, JSON.stringify({ lockId }));
    const pair = wantedPair(gone, pairs, hotPairs);
    wanted[buyer] = pair;
    const choice = pair < 0 ? { seats: 2 } : { seatIds: pairOf(pair) };
    return rawRequest("POST", "/api/locks", headers, JSON.stringify({ eventId, ...choice }));
  };
  /** @param {number} buyer @param {number} status @param {string} text */
  const hear = (buyer, status, text) => {
    const pair = /** @type {number} */ (wanted[buyer]);
    if (held[buyer] !== null) {
      if (status !== 202) throw new Error(`a held pair was not sold: ${status} ${text}`);
      held[buyer] = null;
      sale.sold += 2;
      return;
    }
    if (pair >= 0) gone[pair] = 1;
    if (status === 201) {
      const lock = JSON.parse(text);
      for (const seat of lock.seatIds) {
        if (owners.has(seat)) sale.oversold += 1;
        owners.set(seat, lock.id);
      }
      held[buyer] = lock.id;
    } else if (status === 409) {
      sale.refused += 1;
      if (pair < 0) isOver = true;
    } else throw new Error(`a hold was answered ${status}: ${text}`);
  };

  const cpuBeforeMs = product.cpuMs();
  const measured = await closedLoop({
    target: { port: product.port },
    connections: buyers,
    requests: 20 * pairs,
    maxMs,
    request: (_, buyer) => (isOver && held[buyer] === null ? null : request(buyer)),
    onAnswer: (status, body, buyer) => {
      hear(buyer, status, body());
    },
  });
  const cpuMs = product.cpuMs() - cpuBeforeMs;
  return {
    eventId,
    ...measured,
    ...sale,
    cpuMsEach: cpuMs / measured.answers,
    ...(await judge(product, eventId, owners)),
  };
}

/** A pair that is free as far as the buyers know; -1: whatever is left. @param {Uint8Array} gone @param {number} pairs @param {number} hotPairs */
function wantedPair(gone, pairs, hotPairs) {
  for (let tries = 0; tries < TRIES; tries++) {
    const among = Math.random() < HOT_SHARE ? hotPairs : pairs;
    const pair = Math.floor(Math.random() * among);
    if (!gone[pair]) return pair;
  }
  for (let tries = 0; tries < TRIES; tries++) {
    const pair = Math.floor(Math.random() * pairs);
    if (!gone[pair]) return pair;
  }
  return -1;
}

/** What the answers said against the inventory, and against the product's own judges of itself. @param {Product} product @param {string} eventId @param {Map<string, string>} owners */
async function judge(product, eventId, owners) {
  const inventory = await product.ask("GET", `/api/inventory/events/${eventId}/seats`);
  const taken = inventory.seats.filter((/** @type {{ status: string }} */ { status }) => status !== "AVAILABLE");
  const strangers = taken.filter((/** @type {{ id: string }} */ { id }) => !owners.has(id)).length;
  const audit = await product.ask("GET", `/api/admin/consistency?eventId=${eventId}`, undefined, await product.admin());
  return {
    reserved: Number(inventory.summary.reserved),
    available: Number(inventory.summary.available),
    /** Seats taken that no answer gave to anybody, or given and free. */
    unexplained: strangers + (owners.size - (taken.length - strangers)),
    violations: audit.violations.filter((/** @type {{ invariant: string }} */ v) => !AT_REST.has(v.invariant)).length,
  };
}

/** Judged when nothing is under way any more; right after a sell-out D1 is still being told. */
const AT_REST = new Set(["I4", "I6", "I8", "I10"]);
