// The door over HTTP, through the real box office: tickets for their owners, gates for organisers, and scanners that can
// take tickets in and nothing else.

import { evictDurableObject, SELF } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { describe, expect, it, vi } from "vitest";
import { newTicketKeySet } from "../../scripts/ticket-keys.mjs";
import { ed25519TicketTokens } from "../../src/adapters/ticket-tokens";
import { type BookingId, type TicketId, ticketIdOf } from "../../src/domain/ids";
import { DAY, HOUR, MINUTE } from "../../src/domain/time";
import {
  type Answer,
  type Caller,
  call,
  deps,
  type EventOnSale,
  type Json,
  newCaller,
  newConfirmed,
  newEvent,
} from "./sale-client";

interface Scanner {
  readonly id: string;
  readonly name: string;
  readonly token: string;
}

let scans = 0;
/** As a scanner: its token is sent as any bearer's is. */
function scan(gate: Pick<Scanner, "token">, ticket: string, change: Record<string, unknown> = {}): Promise<Answer> {
  scans += 1;
  const body = { ticket, nonce: `nonce-of-scan-${scans}`, ...change };
  return call("POST", "/api/gate/check-ins", { as: gate as Caller, body });
}

async function newGate(admin: Caller, event: EventOnSale, change: Record<string, unknown> = {}): Promise<Scanner> {
  const made = await call("POST", `/api/admin/events/${event.id}/gates`, {
    as: admin,
    body: { name: "North", ...change },
  });
  expect(made.status).toBe(201);
  return made.body;
}

interface Ticket {
  readonly id: string;
  readonly seatId: string;
  readonly token: string;
  readonly number: string;
  readonly status: string;
}

async function ticketsOf(caller: Caller, bookingId: string): Promise<readonly Ticket[]> {
  const { body } = await call("GET", `/api/bookings/${bookingId}/tickets`, { as: caller });
  return body.data;
}

/** An event that opens its doors in this minute, with a booking of these seats. */
async function soldEvent(seatIds: readonly string[] = ["seat_A1"], startsInMs = 2 * HOUR) {
  const [buyer, admin, event] = await Promise.all([newCaller(), newCaller("ADMIN"), newEvent({ startsInMs })]);
  const bookingId = await newConfirmed(buyer, event, seatIds);
  return { buyer, admin, event, bookingId, tickets: await ticketsOf(buyer, bookingId) };
}

function facts(journal: Answer, type: string): readonly Json[] {
  return journal.body.data.flatMap((entry: Json) => entry.facts).filter((fact: Json) => fact.eventType === type);
}

describe("GET /api/bookings/:id/tickets", () => {
  it("shows the owner a signed code for every seat, in their order", async () => {
    const { buyer, event, bookingId, tickets } = await soldEvent(["seat_B3", "seat_B4"]);
    expect(tickets).toHaveLength(2);
    expect(tickets[1]).toMatchObject({
      id: ticketIdOf(bookingId as BookingId, 1),
      bookingId,
      eventId: event.id,
      seatId: "seat_B4",
      status: "VALID",
      price: 7_500,
      currency: "GBP",
      checkedInAt: null,
      gate: null,
      qr: expect.stringMatching(/^data:image\/svg\+xml,%3Csvg/),
    });
    expect(await deps().ticketTokens.verify(tickets[1]?.token as string)).toMatchObject({
      ok: true,
      claims: { ticketId: tickets[1]?.id, seatId: "seat_B4" },
    });
    const { body } = await call("GET", `/api/bookings/${bookingId}/tickets?perPage=1&page=2`, { as: buyer });
    expect(body).toMatchObject({ data: [{ seatId: "seat_B4" }], pagination: { total: 2, totalPages: 2 } });
  });

  it("is for nobody else, admins included", async () => {
    const { admin, bookingId } = await soldEvent();
    const path = `/api/bookings/${bookingId}/tickets`;
    expect(await call("GET", path)).toMatchObject({ status: 401 });
    expect(await call("GET", path, { as: await newCaller() })).toMatchObject({ status: 403 });
    expect(await call("GET", path, { as: admin })).toMatchObject({ status: 403 });
    expect(await call("GET", "/api/bookings/bkg_1/tickets", { as: admin })).toMatchObject({ status: 404 });
  });

  it("has no ticket before the booking is paid for, and no code after its seat is cancelled", async () => {
    const [buyer, event] = await Promise.all([newCaller(), newEvent()]);
    const waiting = await call("POST", "/api/bookings", {
      as: buyer,
      body: { eventId: event.id, seatIds: ["seat_A5"] },
    });
    expect(await ticketsOf(buyer, waiting.body.bookingId)).toEqual([]);
    const paid = await newConfirmed(buyer, event, ["seat_A1", "seat_A2"]);
    await call("POST", `/api/bookings/${paid}/cancel`, { as: buyer, body: { seatIds: ["seat_A1"] } });
    expect(await ticketsOf(buyer, paid)).toMatchObject([
      { seatId: "seat_A1", status: "REVOKED", token: null, qr: null },
      { seatId: "seat_A2", status: "VALID", token: expect.any(String) },
    ]);
  });
});

describe("the confirmation mail", () => {
  it("carries the codes of the tickets as images it shows, beside the calendar file", async () => {
    const { buyer, tickets } = await soldEvent(["seat_A1", "seat_A2"]);
    const mail = await vi.waitFor(
      async () => {
        const { body } = await call("GET", `/dev/mailbox.json?to=${buyer.email}`);
        const found = body.find((one: Json) => one.subject === "Your booking is confirmed!");
        expect(found).toBeDefined();
        return found;
      },
      { timeout: 20_000, interval: 50 },
    );
    expect(mail.attachments.map((one: Json) => one.contentType.split(";")[0])).toEqual([
      "text/calendar",
      "image/png",
      "image/png",
    ]);
    for (const { id } of tickets) expect(mail.html).toContain(`cid:${id.toLowerCase()}@ticketflow`);
  });
});

describe("gates", () => {
  it("are an organiser's to make, with a token that is said once", async () => {
    const { buyer, admin, event } = await soldEvent();
    const path = `/api/admin/events/${event.id}/gates`;
    expect(await call("POST", path, { body: { name: "N" } })).toMatchObject({ status: 401 });
    expect(await call("POST", path, { as: buyer, body: { name: "N" } })).toMatchObject({ status: 403 });
    expect(await call("POST", path, { as: admin, body: { name: "" } })).toMatchObject({ status: 400 });
    const past = { name: "N", expiresAt: "2020-01-01T00:00:00Z" };
    expect(await call("POST", path, { as: admin, body: past })).toMatchObject({ status: 400 });
    const nowhere = "/api/admin/events/evnt_1/gates";
    expect(await call("POST", nowhere, { as: admin, body: { name: "N" } })).toMatchObject({ status: 404 });
    // What needs no lookup is judged first.
    expect(await call("POST", nowhere, { as: admin, body: past })).toMatchObject({ status: 400 });
    const gate = await newGate(admin, event, { name: "North door" });
    expect(gate).toMatchObject({
      name: "North door",
      eventId: event.id,
      token: expect.stringMatching(/^gt_[\w-]{43}$/),
      scannerUrl: `http://localhost:3000/gate#${gate.token}`,
      revokedAt: null,
    });
    const listed = await call("GET", path, { as: admin });
    expect(listed.body.data).toMatchObject([{ id: gate.id, checkedIn: 0, conflicts: 0 }]);
    expect(JSON.stringify(listed.body)).not.toContain(gate.token);
    const stored = await env.DB.prepare("SELECT * FROM gates WHERE id = ?1").bind(gate.id).first();
    expect(JSON.stringify(stored)).not.toContain(gate.token);
  });

  it("are made once for a key, with the same answer", async () => {
    const { admin, event } = await soldEvent();
    const ask = () =>
      call("POST", `/api/admin/events/${event.id}/gates`, { as: admin, body: { name: "N" }, key: "k1" });
    const [one, two] = await Promise.all([ask(), ask()]);
    expect(one).toMatchObject({ status: 201 });
    expect(two.body).toEqual(one.body);
    expect((await call("GET", `/api/admin/events/${event.id}/gates`, { as: admin })).body.pagination.total).toBe(1);
  });

  it("have tokens that open their own gate and nothing else", async () => {
    const { buyer, admin, event, bookingId, tickets } = await soldEvent();
    const gate = (await newGate(admin, event)) as unknown as Caller;
    for (const path of [
      "/api/users/me",
      "/api/bookings/my",
      `/api/bookings/${bookingId}`,
      `/api/bookings/${bookingId}/tickets`,
      `/api/admin/events/${event.id}/gates`,
      `/api/admin/events/${event.id}/journal`,
    ]) {
      expect([path, (await call("GET", path, { as: gate })).status]).toEqual([path, 401]);
    }
    const undo = await call("POST", `/api/admin/tickets/${tickets[0]?.id}/undo-check-in`, {
      as: gate,
      body: { reason: "r" },
    });
    expect(undo.status).toBe(401);
    for (const stranger of [buyer, admin]) {
      expect(await scan(stranger, tickets[0]?.token as string)).toMatchObject({ status: 401 });
      expect(await call("GET", "/api/gate/bundle", { as: stranger })).toMatchObject({ status: 401 });
    }
    expect(await call("GET", "/api/gate/bundle")).toMatchObject({ status: 401 });
  });

  it("are shut by a revocation at once, and by the end of their token", async () => {
    const { admin, event, tickets } = await soldEvent(["seat_A1", "seat_A2"]);
    const [revoked, brief] = await Promise.all([
      newGate(admin, event),
      newGate(admin, event, { expiresAt: new Date(Date.now() + MINUTE).toISOString() }),
    ]);
    const path = `/api/admin/events/${event.id}/gates/${revoked.id}/revoke`;
    const elsewhere = await newEvent();
    const foreign = `/api/admin/events/${elsewhere.id}/gates/${revoked.id}/revoke`;
    expect(await call("POST", foreign, { as: admin })).toMatchObject({ status: 404 });
    expect(await call("POST", path, { as: admin })).toMatchObject({ body: { revokedAt: expect.any(String) } });
    expect(await call("POST", path, { as: admin })).toMatchObject({ status: 200 });
    expect(await scan(revoked, tickets[0]?.token as string)).toMatchObject({ status: 401 });
    expect(await scan(brief, tickets[0]?.token as string)).toMatchObject({ status: 200 });
    vi.setSystemTime(Date.now() + MINUTE);
    expect(await scan(brief, tickets[1]?.token as string)).toMatchObject({ status: 401 });
    vi.useRealTimers();
  });
});

describe("GET /api/gate/bundle", () => {
  it("has all a scanner needs, and changes its name only when that changes", async () => {
    const { buyer, admin, event, bookingId, tickets } = await soldEvent(["seat_A1", "seat_A2"], 30 * DAY);
    const opensAt = new Date(Date.now() - MINUTE).toISOString();
    const gate = (await newGate(admin, event, { opensAt })) as Scanner & Caller;
    const first = await call("GET", "/api/gate/bundle", { as: gate });
    expect(first.body).toMatchObject({
      event: { id: event.id },
      gate: { id: gate.id, name: "North" },
      window: { opensAt },
      keys: [{ kty: "OKP", crv: "Ed25519", alg: "EdDSA" }],
      revoked: { version: 0, tickets: [] },
    });
    expect(JSON.stringify(first.body)).not.toContain('"d"');
    expect((await call("GET", "/.well-known/ticket-keys.json")).body).toEqual({ keys: first.body.keys });
    const etag = first.headers.get("ETag") as string;
    const known = { Authorization: `Bearer ${gate.token}`, "If-None-Match": etag };
    const unchanged = await SELF.fetch("http://localhost:3000/api/gate/bundle", { headers: known });
    expect(unchanged.status).toBe(304);
    await scan(gate, tickets[1]?.token as string);
    await call("POST", `/api/bookings/${bookingId}/cancel`, { as: buyer, body: { seatIds: ["seat_A1"] } });
    const changed = await SELF.fetch("http://localhost:3000/api/gate/bundle", { headers: known });
    expect(changed.status).toBe(200);
    expect(await changed.json()).toMatchObject({ revoked: { version: 1, tickets: [tickets[0]?.id] } });
    expect(await scan(gate, tickets[0]?.token as string)).toMatchObject({ body: { result: "revoked" } });
  });
});

describe("POST /api/gate/check-ins", () => {
  it("lets 1 of 50 scans at once from five gates in, and names the winner to the other 49", async () => {
    const { admin, event, tickets } = await soldEvent();
    const names = ["North", "South", "East", "West", "Stage"];
    const gates = await Promise.all(names.map((name) => newGate(admin, event, { name })));
    const token = tickets[0]?.token as string;
    const answers = await Promise.all(Array.from({ length: 50 }, (_, n) => scan(gates[n % 5] as Scanner, token)));
    const won = answers.filter(({ body }) => body.result === "ok");
    expect(won).toHaveLength(1);
    const winner = won[0]?.body.entry;
    const others = answers.filter(({ body }) => body.result === "already_used");
    expect(others).toHaveLength(49);
    for (const { body } of others) expect(body.entry).toEqual(winner);
    const listed = await call("GET", `/api/admin/events/${event.id}/gates`, { as: admin });
    const counts = Object.fromEntries(listed.body.data.map((gate: Json) => [gate.name, gate.checkedIn]));
    expect(counts).toEqual({ North: 0, South: 0, East: 0, West: 0, Stage: 0, [winner.gate]: 1 });
    const journal = await call("GET", `/api/admin/events/${event.id}/journal?perPage=100`, { as: admin });
    expect(facts(journal, "ticket.checked-in")).toHaveLength(1);
  });

  it("says why nobody is let in", async () => {
    const { admin, event, tickets } = await soldEvent();
    const other = await soldEvent();
    const gate = await newGate(admin, event);
    const { id, token, seatId } = tickets[0] as Ticket & { seatId: never; id: never };
    const foreign = ed25519TicketTokens(JSON.parse(newTicketKeySet()).keys);
    const [header, payload] = token.split(".");
    const unsold = ticketIdOf("bkg_01JHMM8Z7XABCD1234WXYZ5678" as BookingId, 0).replace(
      "ABCD1234",
      event.code,
    ) as TicketId;
    const wrong = await scan(gate, other.tickets[0]?.token as string);
    expect(wrong.body).toMatchObject({ result: "wrong_event", entry: null });
    for (const [text, reason] of [
      ["no ticket at all", "malformed"],
      [await foreign.sign({ ticketId: id, seatId, version: 1 }), "unknown_key"],
      [`${header}.${payload}.${other.tickets[0]?.token.split(".")[2]}`, "bad_signature"],
      [await deps().ticketTokens.numberOf(unsold), "unknown_ticket"],
      [id, "unverified"],
      [`${id}ZZZZZZ`, "bad_signature"],
    ] as const) {
      expect((await scan(gate, text)).body).toMatchObject({
        result: "invalid",
        reason,
        ticketId: expect.toBeOneOf([null, unsold, id]),
      });
    }
    const early = await newGate(admin, event, { opensAt: new Date(Date.now() + HOUR).toISOString() });
    expect((await scan(early, token)).body.result).toBe("too_early");
    expect((await scan(gate, token)).body.result).toBe("ok");
  });

  it("is over when the event is", async () => {
    const { admin, event, tickets } = await soldEvent();
    const gate = await newGate(admin, event);
    vi.setSystemTime(Date.now() + 9 * HOUR);
    expect((await scan(gate, tickets[0]?.token as string)).body.result).toBe("expired");
    vi.useRealTimers();
  });

  it("takes a number that was typed in, and knows its entry after an eviction", async () => {
    const { buyer, admin, event, bookingId, tickets } = await soldEvent();
    const gate = await newGate(admin, event);
    const { id, token, number } = tickets[0] as Ticket;
    expect((await scan(gate, number.toLowerCase())).body).toMatchObject({ result: "ok", ticketId: id });
    await evictDurableObject(env.BOX_OFFICE.get(env.BOX_OFFICE.idFromName(event.code)));
    expect((await scan(gate, token)).body).toMatchObject({ result: "already_used", entry: { gate: "North" } });
    expect(await ticketsOf(buyer, bookingId)).toMatchObject([{ checkedInAt: expect.any(String), gate: "North" }]);
    const listed = await call("GET", `/api/admin/events/${event.id}/gates`, { as: admin });
    expect(listed.body.data).toMatchObject([{ checkedIn: 1 }]);
  });

  it("answers the same nonce alike, and refuses a body it does not know", async () => {
    const { admin, event, tickets } = await soldEvent();
    const gate = await newGate(admin, event);
    const token = tickets[0]?.token as string;
    const [one, two] = await Promise.all([
      scan(gate, token, { nonce: "same-nonce" }),
      scan(gate, token, { nonce: "same-nonce" }),
    ]);
    expect([one.body.result, two.body.result]).toEqual(["ok", "ok"]);
    expect(two.body.entry).toEqual(one.body.entry);
    expect(await scan(gate, token, { nonce: "x" })).toMatchObject({ status: 400 });
    expect(await scan(gate, token, { seat: "seat_A1" })).toMatchObject({ status: 400 });
  });
});

describe("POST /api/gate/check-ins/batch", () => {
  it("takes what was scanned offline in any order, and lists what was used twice", async () => {
    const { admin, event, tickets } = await soldEvent(["seat_A1", "seat_A2", "seat_A3"]);
    const [north, south] = await Promise.all([newGate(admin, event), newGate(admin, event, { name: "South" })]);
    const [one, two, three] = tickets.map(({ token }) => token);
    const at = (seconds: number) => new Date(Date.now() - 10 * MINUTE + seconds * 1_000).toISOString();
    await scan(north, two as string);
    const sent = [
      { ticket: one, nonce: "offline-late", scannedAt: at(20) },
      { ticket: three, nonce: "offline-three", scannedAt: at(30) },
      { ticket: one, nonce: "offline-early", scannedAt: at(10) },
      { ticket: two, nonce: "offline-two", scannedAt: at(15) },
      { ticket: "nonsense", nonce: "offline-nonsense", scannedAt: at(16) },
    ];
    const hand = () =>
      call("POST", "/api/gate/check-ins/batch", { as: south as unknown as Caller, body: { scans: sent } });
    const handed = await hand();
    expect(handed.body.answers.map((answer: Json) => [answer.nonce, answer.result])).toEqual([
      ["offline-late", "already_used"],
      ["offline-three", "ok"],
      ["offline-early", "ok"],
      ["offline-two", "ok"],
      ["offline-nonsense", "invalid"],
    ]);
    expect(handed.body.conflicts).toMatchObject([
      { seatId: "seat_A1", winner: { nonce: "offline-early" }, others: [{ nonce: "offline-late" }] },
      { seatId: "seat_A2", winner: { nonce: "offline-two", gate: "South" }, others: [{ gate: "North" }] },
    ]);
    expect((await hand()).body).toEqual(handed.body);
    const listed = await call("GET", `/api/admin/events/${event.id}/gates`, { as: admin });
    // Both were made at once, so either may be the first.
    const byName = listed.body.data.toSorted((one: Json, other: Json) => one.name.localeCompare(other.name));
    expect(byName).toMatchObject([
      { name: "North", checkedIn: 0, conflicts: 1 },
      { name: "South", checkedIn: 3, conflicts: 1 },
    ]);
  });

  it("puts the scans of a clock that is wrong right", async () => {
    const { admin, event, tickets } = await soldEvent();
    const gate = await newGate(admin, event);
    const aheadMs = 3 * DAY;
    const scannedAtMs = Date.now() - MINUTE;
    const body = {
      scans: [
        { ticket: tickets[0]?.token, nonce: "clock-ahead", scannedAt: new Date(scannedAtMs + aheadMs).toISOString() },
      ],
      sentAt: new Date(Date.now() + aheadMs).toISOString(),
    };
    const { body: answered } = await call("POST", "/api/gate/check-ins/batch", { as: gate as unknown as Caller, body });
    expect(answered.answers[0].result).toBe("ok");
    expect(Math.abs(Date.parse(answered.answers[0].entry.scannedAt) - scannedAtMs)).toBeLessThan(10_000);
  });

  it("takes a full batch within the limit of a body", async () => {
    const { admin, event, tickets } = await soldEvent();
    const gate = await newGate(admin, event);
    const scanned = Array.from({ length: 100 }, (_, n) => ({
      ticket: tickets[0]?.token,
      nonce: `${crypto.randomUUID()}-of-a-full-batch-${n}`,
      scannedAt: new Date(Date.now() - n).toISOString(),
    }));
    const answered = await call("POST", "/api/gate/check-ins/batch", {
      as: gate as unknown as Caller,
      body: { scans: scanned },
    });
    expect(answered.body.answers.filter((answer: Json) => answer.result === "ok")).toHaveLength(1);
    expect(answered.body.answers.at(-1).result).toBe("ok");
  });
});

describe("POST /api/admin/tickets/:id/undo-check-in", () => {
  it("makes the ticket good again, and says in the journal who did it and why", async () => {
    const { buyer, admin, event, tickets } = await soldEvent();
    const gate = await newGate(admin, event);
    const { id, token } = tickets[0] as Ticket;
    const path = `/api/admin/tickets/${id}/undo-check-in`;
    const body = { reason: "scanned at the wrong door" };
    expect(await call("POST", path, { as: buyer, body })).toMatchObject({ status: 403 });
    expect(await call("POST", path, { as: admin, body: {} })).toMatchObject({ status: 400 });
    expect(await call("POST", "/api/admin/tickets/tkt_1/undo-check-in", { as: admin, body })).toMatchObject({
      status: 404,
    });
    expect(await call("POST", path, { as: admin, body })).toMatchObject({
      status: 409,
      body: { error: { code: "TICKET_NOT_CHECKED_IN" } },
    });
    await scan(gate, token);
    const undone = await call("POST", path, { as: admin, body, key: "undo-1" });
    expect(undone).toMatchObject({ status: 200, body: { ticketId: id, undone: { gate: "North" } } });
    expect((await call("POST", path, { as: admin, body, key: "undo-1" })).body).toEqual(undone.body);
    expect((await scan(gate, token)).body.result).toBe("ok");
    const journal = await call("GET", `/api/admin/events/${event.id}/journal?perPage=100`, { as: admin });
    expect(facts(journal, "ticket.check-in-undone")).toMatchObject([
      { payload: { ticketId: id, ...body, gate: "North" } },
    ]);
  });
});
