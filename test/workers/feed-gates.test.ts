// Counts of the gates on the feed's socket: pushed to organisers as people come in, and to nobody else.

import { evictDurableObject, listDurableObjectIds } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { describe, expect, it, vi } from "vitest";
import { HOUR, MINUTE } from "../../src/domain/time";
import { openFeed, type Reader } from "./feed-reader";
import {
  type Caller,
  call,
  type EventOnSale,
  type Json,
  newCaller,
  newConfirmed,
  newEvent,
  seatsOf,
} from "./sale-client";

interface Gate {
  readonly id: string;
  readonly token: string;
}

interface Door {
  readonly buyer: Caller;
  readonly admin: Caller;
  readonly event: EventOnSale;
  readonly gate: Gate;
  /** Codes and numbers of four tickets. */
  readonly tickets: readonly { readonly id: string; readonly token: string }[];
}

/** An event whose doors are open, with a gate and four tickets. */
async function openDoor(): Promise<Door> {
  const [buyer, admin, event] = await Promise.all([
    newCaller(),
    newCaller("ADMIN"),
    newEvent({ startsInMs: 2 * HOUR }),
  ]);
  const bookingId = await newConfirmed(buyer, event, ["seat_A1", "seat_A2", "seat_A3", "seat_A4"]);
  const made = await call("POST", `/api/admin/events/${event.id}/gates`, { as: admin, body: { name: "North" } });
  const { body } = await call("GET", `/api/bookings/${bookingId}/tickets`, { as: buyer });
  return { buyer, admin, event, gate: made.body, tickets: body.data };
}

let scans = 0;
async function scan(gate: Gate, ticket: string): Promise<void> {
  scans += 1;
  const body = { ticket, nonce: `nonce-of-feed-${scans}` };
  expect((await call("POST", "/api/gate/check-ins", { as: gate as unknown as Caller, body })).body.result).toBe("ok");
}

async function signedIn(event: EventOnSale, caller: Caller, since?: number): Promise<Reader> {
  const { reader } = await openFeed(event, since === undefined ? {} : { since });
  reader.send({ type: "auth", token: caller.token });
  expect(await reader.next("auth")).toEqual({ type: "auth", ok: true });
  return reader;
}

/** An organiser's socket that follows the gates. */
async function follow(event: EventOnSale, admin: Caller, since?: number): Promise<Reader> {
  const reader = await signedIn(event, admin, since);
  reader.send({ type: "gates", id: "counts" });
  return reader;
}

async function shown(reader: Reader, gates: readonly Json[]): Promise<void> {
  await vi.waitFor(() => expect(reader.frames.findLast(({ type }) => type === "gates")?.gates).toEqual(gates), {
    timeout: 10_000,
    interval: 20,
  });
}

async function evictEverything(event: EventOnSale): Promise<void> {
  const relays = (await listDurableObjectIds(env.SEAT_FEED)).map((id) => env.SEAT_FEED.get(id));
  const boxOffice = env.BOX_OFFICE.get(env.BOX_OFFICE.idFromName(event.code));
  // One that is not running needs no eviction, and says so by throwing.
  await Promise.allSettled([...relays, boxOffice].map((stub) => evictDurableObject(stub)));
}

describe("an organiser who asked for the gates on the feed", () => {
  it("gets the counts at once, then each entry and what is taken back, numbered and without a word on who", async () => {
    const { admin, event, gate, tickets } = await openDoor();
    await scan(gate, tickets[0]?.token as string);
    const reader = await follow(event, admin);
    const first = await reader.next("gates");
    expect(first).toEqual({
      type: "gates",
      seq: expect.any(Number),
      gates: [{ id: gate.id, checkedIn: 1, conflicts: 0 }],
    });
    await scan(gate, tickets[1]?.token as string);
    const second = await reader.next("gates");
    expect(second.gates).toEqual([{ id: gate.id, checkedIn: 2, conflicts: 0 }]);
    expect(second.seq).toBeGreaterThan(first.seq);
    const path = `/api/admin/tickets/${tickets[1]?.id}/undo-check-in`;
    await call("POST", path, { as: admin, body: { reason: "the wrong door" } });
    expect((await reader.next("gates")).gates).toEqual([{ id: gate.id, checkedIn: 1, conflicts: 0 }]);
    expect(reader.gaps).toBe(0);
  });

  it("gets one frame for a batch that a scanner hands in, with its conflicts", async () => {
    const { admin, event, gate, tickets } = await openDoor();
    const reader = await follow(event, admin);
    expect((await reader.next("gates")).gates).toEqual([]);
    const scannedAt = (minutes: number) => new Date(Date.now() - minutes * MINUTE).toISOString();
    const scansOf = [...tickets, tickets[0]].map((ticket, i) => ({
      ticket: ticket?.token,
      nonce: `nonce-of-batch-${i}`,
      scannedAt: scannedAt(9 - i),
    }));
    const body = { sentAt: new Date().toISOString(), scans: scansOf };
    const handedIn = await call("POST", "/api/gate/check-ins/batch", { as: gate as unknown as Caller, body });
    expect(handedIn.status).toBe(200);
    expect((await reader.next("gates")).gates).toEqual([{ id: gate.id, checkedIn: 4, conflicts: 1 }]);
    expect(reader.frames.filter(({ type }) => type === "gates")).toHaveLength(2);
  });

  it("is still told after everything was evicted, and after coming back with `since`", async () => {
    const { admin, event, gate, tickets } = await openDoor();
    const reader = await follow(event, admin);
    await reader.next("gates");
    await evictEverything(event);
    await scan(gate, tickets[0]?.token as string);
    await shown(reader, [{ id: gate.id, checkedIn: 1, conflicts: 0 }]);
    reader.socket.close(1000);
    await scan(gate, tickets[1]?.token as string);
    const again = await follow(event, admin, reader.seq);
    await shown(again, [{ id: gate.id, checkedIn: 2, conflicts: 0 }]);
    await scan(gate, tickets[2]?.token as string);
    await shown(again, [{ id: gate.id, checkedIn: 3, conflicts: 0 }]);
  });

  it("is told no more once the database says that they are no organiser", async () => {
    const { admin, event, gate, tickets } = await openDoor();
    const reader = await follow(event, admin);
    await reader.next("gates");
    await env.DB.prepare("UPDATE users SET role = 'USER' WHERE id = ?1").bind(admin.id).run();
    vi.setSystemTime(Date.now() + 2 * MINUTE);
    await scan(gate, tickets[0]?.token as string);
    expect(await reader.next("reply")).toMatchObject({ id: null, ok: false, error: { code: "FORBIDDEN" } });
    expect(reader.frames.filter(({ type }) => type === "gates")).toHaveLength(1);
    vi.useRealTimers();
  });
});

describe("everybody else", () => {
  it("is refused the gates, and never gets a frame of them", async () => {
    const { buyer, admin, event, gate, tickets } = await openDoor();
    const stranger = (await openFeed(event)).reader;
    stranger.send({ type: "gates", id: 1 });
    expect(await stranger.next("reply")).toEqual({
      type: "reply",
      id: 1,
      ok: false,
      error: { code: "UNAUTHENTICATED" },
    });
    const signed = await signedIn(event, buyer);
    signed.send({ type: "gates", id: 2 });
    expect(await signed.next("reply")).toEqual({ type: "reply", id: 2, ok: false, error: { code: "FORBIDDEN" } });
    // An organiser who does not ask is shown none either, and one who signs out on the socket no more.
    const silent = await signedIn(event, admin);
    const left = await follow(event, admin);
    await left.next("gates");
    left.send({ type: "auth", token: buyer.token });
    await left.next("auth");
    const organiser = await follow(event, admin);
    await organiser.next("gates");
    await scan(gate, tickets[0]?.token as string);
    await shown(organiser, [{ id: gate.id, checkedIn: 1, conflicts: 0 }]);
    // Whatever was on its way to them is there: a seat that changed after the scan has arrived.
    await call("POST", "/api/locks", { as: buyer, body: { eventId: event.id, seatIds: ["seat_B1"] } });
    const place = Object.keys((await seatsOf(event)).of).indexOf("seat_B1");
    for (const reader of [stranger, signed, silent, left]) {
      await vi.waitFor(() => expect(reader.statuses[place]).toBe("L"), { timeout: 10_000, interval: 20 });
      expect(reader.frames.filter(({ type }) => type === "gates")).toHaveLength(reader === left ? 1 : 0);
    }
  });
});
