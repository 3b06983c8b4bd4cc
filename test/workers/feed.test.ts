// The live feed through the whole product: relays, sockets, resume and commands.

import { evictDurableObject, listDurableObjectIds, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, it, vi } from "vitest";
import { KEPT_CHANGES } from "../../src/domain/box-office/feed";
import { ID_RANDOM_BYTES, makeSaleId, type SeatId } from "../../src/domain/ids";
import type { BoxOffice } from "../../src/durable/box-office";
import { aUser } from "./d1-builders";
import { openFeed, type Reader, relayOf } from "./feed-reader";
import { type Caller, call, type EventOnSale, type Json, newCaller, newEvent, seatsOf } from "./sale-client";

const LETTERS: Readonly<Record<string, string>> = { AVAILABLE: "A", LOCKED: "L", RESERVED: "R", BLOCKED: "B" };

let buyer: Caller;

beforeAll(async () => {
  buyer = await newCaller();
});

async function lock(event: EventOnSale, seatIds: readonly string[], as = buyer) {
  return call("POST", "/api/locks", { as, body: { eventId: event.id, seatIds } });
}

const TEN_SEATS = Array.from({ length: 10 }, (_, i) => `seat_B${i + 1}`);
const HUNDRED_SEATS = [{ tier: "GENERAL", priceMinor: 5_000, capacity: 100 }] as const;

/** Holds and gives back ten seats `n` times, by as many users: no user may have the same seat again so soon. */
async function churn(event: EventOnSale, n: number): Promise<void> {
  for (let i = 0; i < n; i++) {
    const user = await newCaller();
    const { body } = await lock(event, TEN_SEATS, user);
    await call("DELETE", `/api/locks/${body.id}`, { as: user });
  }
}

function changesOf(reader: Reader): readonly Json[] {
  return reader.frames.flatMap(({ changes }) => changes ?? []);
}

/** As `churn`, but a hundred seats, and without HTTP in front. */
async function churnHundreds(event: EventOnSale, n: number): Promise<void> {
  const boxOffice = env.BOX_OFFICE.get(env.BOX_OFFICE.idFromName(event.code)) as unknown as BoxOffice;
  const origin = { actor: "test", requestId: "test", key: null } as const;
  for (let i = 0; i < n; i++) {
    const { id: userId } = aUser({});
    const lockId = makeSaleId("lock", event.code, Date.now(), crypto.getRandomValues(new Uint8Array(ID_RANDOM_BYTES)));
    const choice = { by: "quantity", quantity: 100, tier: null } as const;
    const replies = await boxOffice.execute([
      { type: "hold", lockId, userId, choice, clientKey: null, dialect: true, ...origin },
      { type: "release", lockId, userId, ...origin },
    ]);
    expect(replies).toMatchObject([{ ok: true }, { ok: true }]);
  }
}

/** Their sockets hibernate, and their memory is gone. */
async function evictRelays(): Promise<void> {
  const ids = await listDurableObjectIds(env.SEAT_FEED);
  // One that is not running needs no eviction, and says so by throwing.
  await Promise.allSettled(ids.map((id) => evictDurableObject(env.SEAT_FEED.get(id))));
}

async function converged(event: EventOnSale, reader: Reader): Promise<void> {
  await vi.waitFor(
    async () => {
      const { of } = await seatsOf(event);
      expect(reader.statuses.join("")).toBe(
        Object.values(of)
          .map((status) => LETTERS[status])
          .join(""),
      );
    },
    { timeout: 10_000, interval: 50 },
  );
}

/** Directly what the box office would tell, so that hundreds of frames take no half a minute. */
async function tell(relay: string, from: number, to: number): Promise<void> {
  const stub = relayOf(relay);
  const told = Array.from({ length: to - from }, (_, i) => {
    const seq = from + i + 1;
    const change = { seq, place: 0, seatId: "seat_A1" as SeatId, status: i % 2 === 0 ? "L" : "A" } as const;
    return stub.deliver(relay, { type: "delta", prev: seq - 1, seq, layoutVersion: 1, changes: [change] });
  });
  await Promise.all(told);
}

describe("a reader of the feed", () => {
  it("gets a snapshot, then every change, and says pong without waking anybody", async () => {
    const event = await newEvent();
    const { reader } = await openFeed(event);
    expect(await reader.next("snapshot")).toMatchObject({ layoutVersion: 1, statuses: "A".repeat(20) });
    await lock(event, ["seat_A1", "seat_A2"]);
    expect((await reader.next("delta")).changes).toEqual([
      ["seat_A1", "L"],
      ["seat_A2", "L"],
    ]);
    reader.send("ping");
    await reader.next("pong");
    expect(reader.gaps).toBe(0);
  });

  it("is told places instead of seats where it asks for them, now and when it comes back, and sees the same hall", async () => {
    const event = await newEvent();
    const [{ reader: bySeat }, { reader: byPlace }] = [
      await openFeed(event),
      await openFeed(event, { changes: "places" }),
    ];
    const { seq } = await byPlace.next("snapshot");
    await lock(event, ["seat_A1", "seat_A3"]);
    const { changes, places } = await byPlace.next("delta");
    expect([changes, places]).toEqual([undefined, { L: [0, 2] }]);
    await churn(event, 2);
    const back = (await openFeed(event, { changes: "places", since: seq })).reader;
    back.statuses = [..."A".repeat(20)];
    const level = () => expect(new Set([bySeat.seq, byPlace.seq, back.seq])).toEqual(new Set([seq + 5]));
    await vi.waitFor(level, { timeout: 10_000, interval: 20 });
    const standing = `LAL${"A".repeat(17)}`;
    expect([bySeat, byPlace, back].map(({ statuses }) => statuses.join(""))).toEqual(Array(3).fill(standing));
    expect(back.frames[0]).toMatchObject({ type: "delta", prev: seq });
  });

  it("is sent on by a relay that has its fill, and taken all the same where no other may have it", async () => {
    const event = await newEvent();
    const relay = `${event.code}:0`;
    expect((await openFeed(event)).status).toBe(101);
    expect((await openFeed(event, { relay, fill: 1 })).status).toBe(421);
    expect((await openFeed(event, { relay, fill: 2 })).status).toBe(101);
    expect((await openFeed(event, { relay })).status).toBe(101);
  });

  it("learns nothing about who", async () => {
    const event = await newEvent();
    const { reader } = await openFeed(event);
    await reader.next("snapshot");
    const { body } = await lock(event, ["seat_A1"]);
    await reader.next("delta");
    const said = JSON.stringify(reader.frames);
    expect(said).not.toContain(buyer.id);
    expect(said).not.toContain(body.id);
  });

  for (const company of ["alone", "beside others who stayed"]) {
    it(`who comes back ${company} after 300 changes gets exactly those, once and in order`, async () => {
      const event = await newEvent();
      const stayed = company === "alone" ? [] : await Promise.all(Array.from({ length: 8 }, () => openFeed(event)));
      const first = (await openFeed(event)).reader;
      await first.next("snapshot");
      await lock(event, ["seat_A1"]);
      await first.next("delta");
      const { seq } = first;
      first.socket.close(1000);
      await churn(event, 15);
      // What is under way to those who stayed is no past yet: it would come as live news, coalesced.
      const level = () => expect(stayed.map(({ reader: other }) => other.seq)).toEqual(stayed.map(() => seq + 30));
      await vi.waitFor(level, { timeout: 10_000, interval: 20 });
      const { reader } = await openFeed(event, { since: seq });
      await vi.waitFor(() => expect(changesOf(reader)).toHaveLength(300), { timeout: 10_000, interval: 20 });
      const once = ["L", "A"].flatMap((status) => TEN_SEATS.map((seatId) => [seatId, status]));
      expect(changesOf(reader)).toEqual(Array.from({ length: 15 }, () => once).flat());
      // Each begins where the one before it ended, the first where the reader was.
      let at = seq;
      for (const frame of reader.frames) {
        expect(frame).toMatchObject({ type: "delta", prev: at });
        at = frame.seq;
      }
    });
  }

  it("who missed nothing is told so, with the number it has", async () => {
    const event = await newEvent();
    const first = (await openFeed(event)).reader;
    const { seq } = await first.next("snapshot");
    const { reader } = await openFeed(event, { since: seq });
    expect(await reader.next("delta")).toEqual({ type: "delta", prev: seq, seq, changes: [] });
  });

  it("who missed as many changes as are kept gets them, and who missed more a snapshot", async () => {
    const event = await newEvent({ tiers: HUNDRED_SEATS });
    const first = (await openFeed(event)).reader;
    const { seq } = await first.next("snapshot");
    first.socket.close(1000);
    const rounds = Math.floor(KEPT_CHANGES / 200);
    await churnHundreds(event, rounds);
    const late = (await openFeed(event, { since: seq })).reader;
    const { prev, changes } = await late.next("delta");
    expect(prev).toBe(seq);
    expect(changes).toHaveLength(rounds * 200);
    late.socket.close(1000);
    await churnHundreds(event, 1);
    const tooLate = (await openFeed(event, { since: seq })).reader;
    expect(await tooLate.next("snapshot")).toMatchObject({ statuses: "A".repeat(100) });
    expect(tooLate.frames).toHaveLength(1);
  });

  it("who comes back to another hall is shown it, however little changed", async () => {
    const event = await newEvent();
    const admin = await newCaller("ADMIN");
    const first = (await openFeed(event)).reader;
    const { seq } = await first.next("snapshot");
    first.socket.close(1000);
    const tiers = [
      { tier: "VIP", price: 25_000, currency: "GBP", capacity: 10 },
      { tier: "GENERAL", price: 7_500, currency: "GBP", capacity: 12 },
    ];
    await call("PUT", `/api/events/${event.id}`, { as: admin, body: { ticketTiers: tiers } });
    const { reader } = await openFeed(event, { since: seq });
    expect(await reader.next("snapshot")).toMatchObject({ layoutVersion: 2, statuses: "A".repeat(22) });
  });

  it("who does not acknowledge is closed, and those beside are told as before", async () => {
    const event = await newEvent();
    const relay = `${event.code}:0`;
    const opened = await Promise.all(
      Array.from({ length: 4 }, async (_, i) => (await openFeed(event, { acks: i % 2 === 0, relay })).reader),
    );
    for (const reader of opened) await reader.next("snapshot");
    const acknowledging = opened.filter((_, i) => i % 2 === 0);
    const { seq } = opened[0] as Reader;
    for (let from = seq; from < seq + 600; from += 200) {
      await tell(relay, from, from + 200);
      for (const reader of acknowledging) {
        await vi.waitFor(() => expect(reader.seq).toBe(from + 200), { timeout: 10_000, interval: 20 });
        // Messages of a socket are taken in order: once this is answered the acknowledgements were taken.
        reader.send({ type: "gates", id: from });
        await reader.next("reply");
      }
    }
    for (const [i, reader] of opened.entries()) {
      if (i % 2 === 0) expect(reader.closedWith).toBe(null);
      else await vi.waitFor(() => expect(reader.closedWith).toBe(4008), { timeout: 10_000 });
      expect(reader.gaps).toBe(0);
    }
  });

  it("who knows a number of the future gets a snapshot", async () => {
    const event = await newEvent();
    const { reader } = await openFeed(event, { since: 999 });
    expect(await reader.next("snapshot")).toMatchObject({ seq: expect.any(Number) });
  });

  it("misses nothing when the box office and the relays are evicted between changes", async () => {
    const event = await newEvent();
    const { reader } = await openFeed(event);
    await reader.next("snapshot");
    for (let i = 1; i <= 6; i++) {
      await lock(event, [`seat_A${i}`]);
      if (i % 2 === 0) await evictDurableObject(env.BOX_OFFICE.get(env.BOX_OFFICE.idFromName(event.code)));
      if (i % 3 === 0) await evictRelays();
      await vi.waitFor(() => expect(reader.statuses[i - 1]).toBe("L"), { timeout: 10_000, interval: 20 });
    }
    await converged(event, reader);
    expect(reader.gaps).toBe(0);
  });

  it("is shown the new hall when the organiser changes it", async () => {
    const event = await newEvent();
    const admin = await newCaller("ADMIN");
    const { reader } = await openFeed(event);
    await reader.next("snapshot");
    const tiers = [
      { tier: "VIP", price: 25_000, currency: "GBP", capacity: 10 },
      { tier: "GENERAL", price: 7_500, currency: "GBP", capacity: 14 },
    ];
    const changed = await call("PUT", `/api/events/${event.id}`, { as: admin, body: { ticketTiers: tiers } });
    expect(changed.status).toBe(200);
    expect(await reader.next("snapshot")).toMatchObject({ layoutVersion: 2, statuses: "A".repeat(24) });
  });

  it("is not let in from a page of another site, without an upgrade, or to an event nobody knows", async () => {
    const event = await newEvent();
    const foreign = await openFeed(event, { origin: "https://evil.example" });
    expect(foreign.status).toBe(403);
    await foreign.body?.cancel();
    const own = await openFeed(event, { origin: "http://localhost:3000" });
    expect(own.status).toBe(101);
    const plain = await call("GET", `/api/inventory/events/${event.id}/feed`);
    expect(plain).toMatchObject({ status: 426, body: { error: { code: "UPGRADE_REQUIRED" } } });
    expect((await call("GET", "/api/inventory/events/evnt_none/feed")).status).toBe(426);
    const since = await call("GET", `/api/inventory/events/${event.id}/feed?since=-1`);
    expect(since).toMatchObject({ status: 400, body: { error: { field: "since" } } });
  });

  it("who sends what nobody understands is closed", async () => {
    const event = await newEvent();
    const { reader } = await openFeed(event);
    await reader.next("snapshot");
    reader.send("not JSON");
    await vi.waitFor(() => expect(reader.closedWith).toBe(4000), { timeout: 5_000 });
  });
});

describe("commands over the socket", () => {
  it("hold and release seats for a buyer who signed in, and answer by id", async () => {
    const event = await newEvent();
    const { reader } = await openFeed(event);
    await reader.next("snapshot");
    reader.send({ type: "hold", id: 1, seatIds: ["seat_A1"] });
    expect(await reader.next("reply")).toMatchObject({ id: 1, ok: false, error: { code: "UNAUTHENTICATED" } });
    reader.send({ type: "auth", token: buyer.token });
    expect(await reader.next("auth")).toEqual({ type: "auth", ok: true });
    reader.send({ type: "hold", id: 2, seatIds: ["seat_A1"] });
    const { lock: held } = await reader.next("reply");
    expect(held).toMatchObject({ seatIds: ["seat_A1"], status: "ACTIVE" });
    expect((await call("GET", `/api/locks/${held.id}`, { as: buyer })).body.status).toBe("ACTIVE");
    reader.send({ type: "release", id: 3, lockId: held.id });
    expect(await reader.next("reply")).toMatchObject({ id: 3, ok: true, lock: { status: "EXPIRED" } });
  });

  it("refuse forged tokens, other people's locks, and choices that are none", async () => {
    const event = await newEvent();
    const { body: foreign } = await lock(event, ["seat_A1"], await newCaller());
    const { reader } = await openFeed(event);
    await reader.next("snapshot");
    reader.send({ type: "auth", token: `${buyer.token.slice(0, -2)}xx` });
    expect(await reader.next("auth")).toEqual({ type: "auth", ok: false });
    reader.send({ type: "auth", token: buyer.token });
    await reader.next("auth");
    reader.send({ type: "release", id: 1, lockId: foreign.id });
    expect(await reader.next("reply")).toMatchObject({ error: { code: "FORBIDDEN" } });
    for (const bad of [
      { seatIds: [] },
      { seats: 0 },
      { seats: 1.5 },
      { seats: 11 },
      { seatIds: ["seat_A1", "seat_A1"] },
    ]) {
      reader.send({ type: "hold", id: 2, ...bad });
      expect(await reader.next("reply")).toMatchObject({ error: { code: "VALIDATION_ERROR" } });
    }
    reader.send({ type: "hold", id: 3, seatIds: ["seat_A1"] });
    expect(await reader.next("reply")).toMatchObject({ error: { code: "SEATS_UNAVAILABLE" } });
  });
});

describe("every message is answered, refused or the last", () => {
  async function signedIn(): Promise<Reader> {
    const { reader } = await openFeed(await newEvent());
    await reader.next("snapshot");
    reader.send({ type: "auth", token: buyer.token });
    await reader.next("auth");
    return reader;
  }

  it.each([
    ["a list", [[1]]],
    ["an object that is no text", { toString: 1 }],
    ["nothing", null],
    ["true", true],
    ["deep", JSON.parse(`${"[".repeat(2_000)}${"]".repeat(2_000)}`)],
  ])("whatever its fields are: %s", async (_what, odd) => {
    const reader = await signedIn();
    const messages = [
      { type: "release", lockId: odd },
      { type: "release", id: odd, lockId: "lock_1" },
      { type: "hold", seatIds: odd },
      { type: "hold", seatIds: [odd] },
      { type: "hold", seats: odd },
      { type: "hold", seats: 1, tier: odd },
      { type: odd },
    ];
    for (const message of messages) {
      reader.send(message);
      expect([message, await reader.next("reply")]).toMatchObject([message, { id: null, ok: false }]);
    }
    reader.send({ type: "auth", token: odd });
    expect(await reader.next("auth")).toEqual({ type: "auth", ok: false });
    reader.send({ type: "ack", seq: odd });
    reader.send({ type: "gates", id: 9 });
    expect(await reader.next("reply")).toMatchObject({ id: 9, error: { code: "UNAUTHENTICATED" } });
    expect(reader.closedWith).toBe(null);
  });

  it("and says of a client's own text no more back than HTTP does", async () => {
    const reader = await signedIn();
    reader.send({ type: "release", id: "i".repeat(60), lockId: "l".repeat(7_000) });
    const error = { code: "LOCK_NOT_FOUND", id: "l".repeat(60) };
    expect(await reader.next("reply")).toEqual({ type: "reply", id: "i".repeat(60), ok: false, error });
    reader.send({ type: "release", id: "i".repeat(61), lockId: 7 });
    expect(await reader.next("reply")).toMatchObject({ id: null, error: { code: "VALIDATION_ERROR" } });
  });

  it("by a fault too: that socket is closed, and no other", async () => {
    const logged = vi.spyOn(console, "error").mockImplementation(() => {});
    const event = await newEvent();
    const [{ reader }, { reader: other }] = [await openFeed(event), await openFeed(event)];
    await reader.next("snapshot");
    reader.send({ type: "auth", token: buyer.token });
    await reader.next("auth");
    const random = vi.spyOn(crypto, "getRandomValues").mockImplementationOnce(() => {
      throw new Error("no chance");
    });
    reader.send({ type: "hold", id: 1, seats: 1 });
    expect(await reader.next("closed")).toEqual({ type: "closed", reason: "something went wrong" });
    await vi.waitFor(() => expect(reader.closedWith).toBe(1011), { timeout: 5_000 });
    random.mockRestore();
    expect(logged).toHaveBeenCalledWith(expect.stringContaining("no chance"));
    logged.mockRestore();
    other.send({ type: "hold", id: 2, seats: 1 });
    expect(await other.next("reply")).toMatchObject({ id: 2, error: { code: "UNAUTHENTICATED" } });
    expect(other.closedWith).toBe(null);
  });
});

describe("what a socket may send", () => {
  const TOO_MANY = { type: "closed", reason: "too many messages" };

  it.each([
    ["sign-ins with nothing", { type: "auth" }],
    ["acknowledgements of nothing", { type: "ack", seq: 0 }],
    ["commands that are refused", { type: "hold", id: 1, seats: 10 }],
    ["words nobody knows", { type: "sing" }],
  ])("is a hundred messages at once: %s beyond them close it", async (_what, message) => {
    const event = await newEvent();
    const { reader } = await openFeed(event);
    await reader.next("snapshot");
    for (let i = 0; i < 90; i++) reader.send(message);
    reader.send({ type: "release", id: "still there" });
    expect(await reader.next("reply")).toMatchObject({ type: "reply" });
    expect(reader.closedWith).toBe(null);
    for (let i = 0; i < 500; i++) reader.send(message);
    expect(await reader.next("closed")).toEqual(TOO_MANY);
    await vi.waitFor(() => expect(reader.closedWith).toBe(4029), { timeout: 5_000 });
    const answers = reader.frames.filter(({ type }) => type === "auth" || type === "reply");
    expect(answers.length).toBeLessThan(300);
  });

  it("is ninety holds with a release of each, however fast: holds that are made are free", async () => {
    const event = await newEvent({ tiers: [{ tier: "GENERAL", priceMinor: 5_000, capacity: 90 }] });
    const seats = Object.keys((await seatsOf(event)).of);
    const { reader } = await openFeed(event);
    await reader.next("snapshot");
    reader.send({ type: "auth", token: buyer.token });
    await reader.next("auth");
    for (const seat of seats) {
      reader.send({ type: "hold", id: seat, seatIds: [seat] });
      const { ok, lock: held } = await reader.next("reply");
      expect([seat, ok]).toEqual([seat, true]);
      reader.send({ type: "release", id: seat, lockId: held.id });
      expect(await reader.next("reply")).toMatchObject({ ok: true });
    }
    expect(reader.closedWith).toBe(null);
  });

  it("is one question for the gates at a time", async () => {
    const event = await newEvent();
    const relay = `${event.code}:0`;
    const { reader } = await openFeed(event, { relay });
    await reader.next("snapshot");
    const answers: ((role: string) => void)[] = [];
    const answer = (place: number) => runInDurableObject(relayOf(relay), () => answers[place]?.("USER"));
    const asked = { first: () => new Promise<string>((resolve) => answers.push(resolve)) };
    await runInDurableObject(relayOf(relay), (instance) => {
      const held = instance as unknown as { env: Env };
      held.env = { ...held.env, DB: { prepare: () => ({ bind: () => asked }) } as unknown as D1Database };
    });
    reader.send({ type: "auth", token: buyer.token });
    for (let id = 1; id <= 3; id++) reader.send({ type: "gates", id });
    for (const id of [2, 3]) expect(await reader.next("reply")).toMatchObject({ id, error: { code: "OVERLOADED" } });
    expect(answers).toHaveLength(1);
    await answer(0);
    expect(await reader.next("reply")).toMatchObject({ id: 1, error: { code: "FORBIDDEN" } });
    reader.send({ type: "gates", id: 4 });
    await vi.waitFor(() => expect(answers).toHaveLength(2));
    await answer(1);
    expect(await reader.next("reply")).toMatchObject({ id: 4, error: { code: "FORBIDDEN" } });
  });
});
