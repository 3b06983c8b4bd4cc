// A thousand readers of one hall on the real runtime and ten thousand seat changes, with evictions and a kill in the middle
// and one reader in twenty that never reads: at rest every live reader's table is the box office's.

import { randomBytes } from "node:crypto";
import { connect, type Socket } from "node:net";
import { setTimeout as wait } from "node:timers/promises";
import { afterAll, beforeAll, expect, it } from "vitest";
import { type Product, startProduct } from "../../runtime/product";
import { type Caller, type Client, clientOf, type Lock, until } from "../client";

const SOCKETS = 1_000;
const STUCK = SOCKETS / 20;
const BUYERS = 5;
const SEATS = 2_500;
/** What each buyer holds and gives back in a phase: 10 000 changes in all. */
const LOCKS_A_PHASE = [100, 10, 40, 100] as const;
const MAX_SEATS_A_LOCK = 10;
const STAY_HELD = 3;
const RELAYS = 4;
const OPENED_AT_ONCE = 50;
/** An acknowledgement is for all frames before it, too. */
const FRAMES_AN_ACK = 16;
const REST_MS = 2_000;
const LOOK_MS = 25;
const MAX_TRIES = 60;
const LETTERS: Readonly<Record<string, string>> = { AVAILABLE: "A", LOCKED: "L", RESERVED: "R", BLOCKED: "B" };

let product: Product;
let client: Client;
/** Settled while the product serves. */
let serving: Promise<void> = Promise.resolve();

beforeAll(async () => {
  product = await startProduct({
    PAYMENTS: "simulator",
    HOLD_TTL_SECONDS: "600",
    FEED_RELAYS: String(RELAYS),
    FEED_SOCKETS_PER_ADDRESS: String(SOCKETS),
  });
  client = clientOf(product.url);
});

afterAll(async () => {
  await product?.stop();
});

/** Follows the feed as the protocol says, coming back with the number it has whenever its socket ends. */
class Reader {
  statuses: string[] = [];
  /** Deltas that began after what this reader had. */
  noticedGaps = 0;
  endings = 0;
  readonly strangeFrames: string[] = [];
  #seq: number | null = null;
  #socket: WebSocket | null = null;
  #closed = false;
  #unacked = 0;

  constructor(
    private readonly url: string,
    private readonly places: ReadonlyMap<string, number>,
    private readonly form: "seats" | "places",
  ) {}

  get isLive(): boolean {
    return this.#socket?.readyState === WebSocket.OPEN;
  }

  async open(): Promise<void> {
    const since = this.#seq === null ? "" : `&since=${this.#seq}`;
    const socket = new WebSocket(`${this.url}?changes=${this.form}${since}`);
    this.#socket = socket;
    socket.addEventListener("message", ({ data }) => this.#read(socket, String(data)));
    const opened = new Promise<void>((resolve) => socket.addEventListener("open", () => resolve()));
    // A socket that never opened may end in an error alone, a lost one in both.
    const ended = new Promise<void>((resolve) => {
      socket.addEventListener("close", () => resolve());
      socket.addEventListener("error", () => resolve());
    });
    void ended.then(() => this.#comeBack());
    await Promise.race([opened, ended]);
  }

  close(): void {
    this.#closed = true;
    this.#socket?.close();
  }

  async #comeBack(): Promise<void> {
    if (this.#closed) return;
    this.endings += 1;
    await serving;
    // Not all in the same moment, and not in a circle when they are refused.
    await wait(Math.random() * 500);
    if (!this.#closed) await this.open();
  }

  #read(socket: WebSocket, data: string): void {
    const frame = JSON.parse(data);
    if (frame.type === "snapshot") this.statuses = frame.statuses.split("");
    else if (frame.type === "delta") {
      if (this.#seq === null || frame.prev > this.#seq) {
        this.noticedGaps += 1;
        socket.close();
        return;
      }
      const byPlace: Record<string, number[]> = frame.places ?? {};
      for (const [status, places] of Object.entries(byPlace)) for (const place of places) this.statuses[place] = status;
      const bySeat: [string, string][] = frame.changes ?? [];
      for (const [seatId, status] of bySeat) this.statuses[this.places.get(seatId) as number] = status;
    } else {
      this.strangeFrames.push(data);
      return;
    }
    this.#seq = frame.seq;
    if (++this.#unacked < FRAMES_AN_ACK) return;
    this.#unacked = 0;
    socket.send(JSON.stringify({ type: "ack", seq: frame.seq }));
  }
}

/** Opens the feed and never reads a byte of it. */
function openStuck(path: string): Promise<Socket> {
  const { port, host } = new URL(product.url);
  return new Promise((resolve, reject) => {
    const socket = connect(Number(port), "127.0.0.1", () => {
      const key = randomBytes(16).toString("base64");
      const head = `GET ${path} HTTP/1.1\r\nHost: ${host}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n`;
      socket.write(`${head}Sec-WebSocket-Key: ${key}\r\nSec-WebSocket-Version: 13\r\n\r\n`);
      socket.pause();
      resolve(socket);
    });
    // After it was made only the kill ends it, which is nothing to reject.
    socket.on("error", reject);
  });
}

async function inGroups<T>(count: number, make: (place: number) => Promise<T>): Promise<T[]> {
  const made: T[] = [];
  for (let start = 0; start < count; start += OPENED_AT_ONCE) {
    const places = Array.from({ length: Math.min(OPENED_AT_ONCE, count - start) }, (_, i) => start + i);
    made.push(...(await Promise.all(places.map(make))));
  }
  return made;
}

/** A request that a killed product did not answer is sent again, under its key where it has one. */
async function patiently<T>(ask: () => Promise<T>): Promise<T> {
  for (let tries = 1; ; tries++) {
    try {
      await serving;
      return await ask();
    } catch (error) {
      if (tries >= MAX_TRIES) throw error;
      await wait(250);
    }
  }
}

/** Holds and gives back: small locks by the API, of a hundred seats by the dialect, which has them. */
async function trade(buyer: Caller, eventId: string, phase: number): Promise<void> {
  const userId = (
    await patiently(() => client.expectStatus<{ id: string }>(200, "GET", "/api/users/me", { caller: buyer }))
  ).id;
  for (const [place, seats] of LOCKS_A_PHASE.entries()) {
    const key = `${buyer.email}:${phase}:${place}`;
    const lock = await patiently(async () => {
      if (seats <= MAX_SEATS_A_LOCK) {
        return await client.expectStatus<Lock>(201, "POST", "/api/locks", {
          caller: buyer,
          body: { eventId, seats },
          key,
        });
      }
      const body = { eventId, userId, seats, idempotencyKey: key };
      const { data } = await client.expectStatus<{ data: { _id: string } }>(201, "POST", "/event-booking/api/locks", {
        body,
      });
      return { id: data._id };
    });
    await patiently(() => client.expectStatus(200, "DELETE", `/api/locks/${lock.id}`, { caller: buyer }));
  }
}

async function evictAll(code: string): Promise<void> {
  await product.evict("BoxOffice", code);
  for (let relay = 0; relay < RELAYS; relay++) await product.evict("SeatFeed", `${code}:${relay}`);
}

it("every live reader ends with the box office's table, whatever is evicted, killed or stuck", async () => {
  const organiser = await client.logInAsOrganiser();
  const eventId = await client.makeEvent(organiser, { seats: SEATS });
  const code = eventId.slice(-8);
  const seatIds = (await client.seats(eventId)).seats.map(({ id }) => id);
  const places = new Map(seatIds.map((id, place) => [id, place]));
  const path = `/api/inventory/events/${eventId}/feed`;
  const buyers = await client.signUpMany(BUYERS);

  const readers = Array.from(
    { length: SOCKETS - STUCK },
    (_, n) => new Reader(product.url.replace("http", "ws") + path, places, n % 2 === 0 ? "seats" : "places"),
  );
  await inGroups(readers.length, (place) => (readers[place] as Reader).open());
  const stuck = await inGroups(STUCK, () => openStuck(path));

  /** Every reply comes while the stuck ones are stuck: one that waited for a reader would never come. */
  const phase = async (part: number) => {
    await Promise.all(buyers.map((buyer) => trade(buyer, eventId, part)));
  };
  await phase(0);
  await evictAll(code);
  const cut = phase(1);
  await wait(500);
  const restarted = product.restart();
  serving = restarted;
  await restarted;
  stuck.push(...(await inGroups(STUCK, () => openStuck(path))));
  await cut;
  await phase(2);
  await evictAll(code);
  await phase(3);
  for (const buyer of buyers) {
    const body = { eventId, seats: STAY_HELD };
    await client.expectStatus(201, "POST", "/api/locks", { caller: buyer, body, key: "stays" });
  }
  await until("every reader to be back", 30_000, async () => readers.every(({ isLive }) => isLive));

  const restAt = performance.now();
  const { seats } = await client.seats(eventId);
  const truth = seats.map(({ status }) => LETTERS[status]).join("");
  expect(truth.split("L").length - 1).toBe(BUYERS * STAY_HELD);
  const behind = () => readers.filter(({ statuses }) => statuses.join("") !== truth).length;
  while (behind() > 0 && performance.now() - restAt < REST_MS) await wait(LOOK_MS);
  console.info(`converged ${Math.round(performance.now() - restAt)} ms after rest`);
  expect(behind()).toBe(0);
  expect(readers.flatMap(({ strangeFrames }) => strangeFrames)).toEqual([]);
  // The kill ended every one of them; an eviction none.
  expect(readers.filter(({ endings, noticedGaps }) => endings - noticedGaps < 1)).toEqual([]);
  for (const reader of readers) reader.close();
  for (const socket of stuck) socket.destroy();
}, 180_000);
