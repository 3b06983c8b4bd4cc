// A thousand readers of one hall on the real runtime, ten thousand seat changes, a kill in the middle, and one reader
// in twenty that never reads: at rest every live reader's table is the box office's.

import { randomBytes } from "node:crypto";
import { connect, type Socket } from "node:net";
import { afterAll, beforeAll, expect, it } from "vitest";
import { type Caller, type Client, clientOf, type Lock, until } from "./client";
import { type DevServer, startDevServer } from "./dev-server";

const READERS = 1_000;
const STUCK = READERS / 20;
const SEATS_A_LOCK = 10;
const BUYERS = 8;
const CHANGES = 10_000;
/** Each lock and its release change ten seats each. */
const LOCKS_A_BUYER = CHANGES / (2 * SEATS_A_LOCK) / BUYERS;
const SEATS = BUYERS * LOCKS_A_BUYER * SEATS_A_LOCK;
const CONNECTIONS_AT_ONCE = 50;
const REST_MS = 2_000;
const LETTERS: Readonly<Record<string, string>> = { AVAILABLE: "A", LOCKED: "L", RESERVED: "R", BLOCKED: "B" };

let server: DevServer;
let client: Client;

beforeAll(async () => {
  server = await startDevServer();
  client = clientOf(server.url);
});

afterAll(async () => {
  await server?.[Symbol.asyncDispose]();
});

/** Follows the feed for as long as it lives, coming back with the number it has whenever the socket ends. */
class Reader {
  seq: number | null = null;
  statuses: string[] = [];
  unnoticedGaps = 0;
  #closed = false;
  #socket: WebSocket | null = null;

  constructor(
    private readonly url: string,
    private readonly places: ReadonlyMap<string, number>,
  ) {}

  async open(): Promise<void> {
    const since = this.seq === null ? "" : `?since=${this.seq}`;
    const socket = new WebSocket(this.url + since);
    this.#socket = socket;
    socket.addEventListener("message", ({ data }) => this.#read(socket, String(data)));
    // A refused connection may end in an error alone, a lost one in both.
    const ended = new Promise<void>((resolve) => {
      socket.addEventListener("close", () => resolve());
      socket.addEventListener("error", () => resolve());
    });
    void ended.then(() => {
      if (!this.#closed) setTimeout(() => void this.open(), 1_000 + Math.random() * 2_000);
    });
    await Promise.race([ended, new Promise<void>((resolve) => socket.addEventListener("open", () => resolve()))]);
  }

  close(): void {
    this.#closed = true;
    this.#socket?.close();
  }

  #read(socket: WebSocket, data: string): void {
    const frame = JSON.parse(data);
    if (frame.type === "snapshot") this.statuses = frame.statuses.split("");
    else if (frame.type === "delta") {
      if (this.seq === null || frame.prev > this.seq) {
        // A gap the numbers show: start again from what is known.
        socket.close();
        return;
      }
      for (const [seatId, status] of frame.changes) {
        const place = this.places.get(seatId);
        if (place === undefined) this.unnoticedGaps += 1;
        else this.statuses[place] = status;
      }
    } else return;
    this.seq = frame.seq;
    socket.send(JSON.stringify({ type: "ack", seq: frame.seq }));
  }
}

/** Opens the feed and never reads a byte more. */
function stuckReader(port: number, path: string): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, "127.0.0.1", () => {
      const key = randomBytes(16).toString("base64");
      const head = `GET ${path} HTTP/1.1\r\nHost: localhost:${port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n`;
      socket.write(`${head}Sec-WebSocket-Key: ${key}\r\nSec-WebSocket-Version: 13\r\n\r\n`);
      socket.pause();
      resolve(socket);
    });
    socket.on("error", reject);
  });
}

async function inGroups<T>(count: number, size: number, make: (place: number) => Promise<T>): Promise<T[]> {
  const made: T[] = [];
  for (let start = 0; start < count; start += size) {
    const places = Array.from({ length: Math.min(size, count - start) }, (_, i) => start + i);
    made.push(...(await Promise.all(places.map(make))));
  }
  return made;
}

/** Holds and gives back every seat of a buyer's part of the hall, ten by ten; says how long the slowest reply took. */
async function trade(buyer: Caller, eventId: string, seatIds: readonly string[]): Promise<number> {
  let slowestMs = 0;
  for (let start = 0; start < seatIds.length; start += SEATS_A_LOCK) {
    const body = { eventId, seatIds: seatIds.slice(start, start + SEATS_A_LOCK) };
    const key = `trade-${start}`;
    const lock = await patiently(async () => {
      const startedAt = performance.now();
      const answer = await client.expectStatus<Lock>(201, "POST", "/api/locks", { caller: buyer, body, key });
      slowestMs = Math.max(slowestMs, performance.now() - startedAt);
      return answer;
    });
    await patiently(() => client.expectStatus(200, "DELETE", `/api/locks/${lock.id}`, { caller: buyer }));
  }
  return slowestMs;
}

/** A request that a killed server did not answer is sent again. */
async function patiently<T>(ask: () => Promise<T>): Promise<T> {
  for (let tries = 1; ; tries++) {
    try {
      return await ask();
    } catch (error) {
      if (tries >= 120) throw error;
      await new Promise((resolve) => setTimeout(resolve, 500));
    }
  }
}

it("every live reader ends with the box office's table, through a kill, with stuck readers beside", async () => {
  const organiser = await client.logInAsOrganiser();
  const eventId = await client.makeEvent(organiser, { seats: SEATS });
  const seatIds = (await client.seats(eventId)).seats.map(({ id }) => id);
  const places = new Map(seatIds.map((id, place) => [id, place]));
  const path = `/api/inventory/events/${eventId}/feed`;
  const buyers = await client.signUpMany(BUYERS);

  const readers = Array.from(
    { length: READERS - STUCK },
    () => new Reader(`ws://localhost:${server.port}${path}`, places),
  );
  await inGroups(readers.length, CONNECTIONS_AT_ONCE, (place) => (readers[place] as Reader).open());
  const stuck = await inGroups(STUCK, CONNECTIONS_AT_ONCE, () => stuckReader(server.port, path));

  const share = seatIds.length / BUYERS;
  const trades = Promise.all(
    buyers.map((buyer, i) => trade(buyer, eventId, seatIds.slice(i * share, (i + 1) * share))),
  );
  await new Promise((resolve) => setTimeout(resolve, 3_000));
  await server.restart();
  const slowestMs = Math.max(...(await trades));
  // A few seats stay held, so that the table at rest is not an empty one.
  for (const [i, buyer] of buyers.entries()) {
    const body = { eventId, seats: 3 };
    await client.expectStatus(201, "POST", "/api/locks", { caller: buyer, body, key: `last-${i}` });
  }
  const restAt = performance.now();
  const { seats } = await client.seats(eventId);
  const truth = seats.map(({ status }) => LETTERS[status]).join("");
  const lagging = await until("every table to be the box office's", REST_MS * 10, async () => {
    const behind = readers.filter((reader) => reader.statuses.join("") !== truth).length;
    return behind === 0 ? [performance.now() - restAt] : null;
  });
  console.info(`converged ${Math.round(lagging[0] ?? 0)} ms after rest; slowest reply ${Math.round(slowestMs)} ms`);
  expect(readers.reduce((sum, { unnoticedGaps }) => sum + unnoticedGaps, 0)).toBe(0);
  expect(lagging[0]).toBeLessThan(REST_MS);
  for (const reader of readers) reader.close();
  for (const socket of stuck) socket.destroy();
}, 180_000);
