// Dead letters: listed as they came, done again, or closed by who saw to them.

import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, it, vi } from "vitest";
import { carryOut } from "../../src/app/effects";
import type { DeadLetter } from "../../src/app/ports";
import { makeSaleId, type NotificationId } from "../../src/domain/ids";
import { checkAtRest } from "./consistency";
import { type Answer, type Caller, call, deps, type Json, newCaller, newConfirmed, newEvent } from "./sale-client";

let alice: Caller;
let admin: Caller;

beforeAll(async () => {
  [alice, admin] = await Promise.all([newCaller(), newCaller("ADMIN")]);
});

describe("dead letters", () => {
  async function note(change: Partial<DeadLetter>): Promise<string> {
    const id = crypto.randomUUID();
    const letter = { id, queue: "booking-saga", reason: "gave up", attempts: 6, body: "{}" };
    await deps().deadLetters.note({ ...letter, notedAtMs: Date.now(), ...change });
    return id;
  }

  async function replay(id: string): Promise<Answer> {
    return await call("POST", `/api/admin/dead-letters/${id}/replay`, { as: admin });
  }

  it("are listed newest first, with the original message", async () => {
    const body = JSON.stringify({ code: "ABCD1234", effects: ["x:project"] });
    const older = await note({ body, notedAtMs: Date.now() + 1_000 });
    const newer = await note({ body: "not json", notedAtMs: Date.now() + 2_000 });
    const { status, body: listed } = await call("GET", "/api/admin/dead-letters?perPage=2", { as: admin });
    expect(status).toBe(200);
    expect(listed.data.map(({ id }: Json) => id)).toEqual([newer, older]);
    expect(listed.data[0].payload).toBe("not json");
    expect(listed.data[1]).toEqual({
      id: older,
      queue: "booking-saga",
      reason: "gave up",
      attempts: 6,
      payload: { code: "ABCD1234", effects: ["x:project"] },
      notedAt: expect.stringMatching(/Z$/),
      replayable: true,
      replayedAt: null,
      closedAt: null,
    });
    expect(listed.data[0].replayable).toBe(false);
    expect(listed.pagination).toMatchObject({ page: 1, perPage: 2 });
  });

  it("of the saga make their effects due, and are marked", async () => {
    const event = await newEvent();
    const { bookingId } = (
      await call("POST", "/api/bookings", { as: alice, body: { eventId: event.id, seatIds: ["seat_A1"] } })
    ).body;
    const id = await note({ body: JSON.stringify({ code: event.code, effects: [`${bookingId}:project`] }) });
    const replayed = await replay(id);
    expect(replayed).toMatchObject({ status: 200, body: { id, replayedAt: expect.stringMatching(/Z$/) } });
    expect((await deps().deadLetters.byId(id))?.replayedAtMs).toEqual(expect.any(Number));
    await vi.waitFor(async () => expect(await deps().bookings.byId(bookingId)).not.toBeNull(), {
      timeout: 20_000,
      interval: 50,
    });
    expect((await replay(id)).status).toBe(200);
  });

  it("that only people can see to are closed, and no longer among the open ones", async () => {
    const body = JSON.stringify({ dispute: "dp_1" });
    const [seen, left] = [await note({ queue: "provider-disputes", body }), await note({ body })];
    const idsOf = async (open: string) => {
      const { body: listed } = await call("GET", `/api/admin/dead-letters?open=${open}&perPage=100`, { as: admin });
      return listed.data.map(({ id }: Json) => id);
    };
    expect(await idsOf("true")).toEqual(expect.arrayContaining([seen, left]));
    const close = () => call("POST", `/api/admin/dead-letters/${seen}/close`, { as: admin });
    const closed = await close();
    expect(closed).toMatchObject({ status: 200, body: { id: seen, closedAt: expect.stringMatching(/Z$/) } });
    expect((await close()).body).toEqual(closed.body);
    expect(await idsOf("true")).toContain(left);
    expect(await idsOf("true")).not.toContain(seen);
    expect(await idsOf("false")).toContain(seen);
    expect((await call("GET", "/api/admin/dead-letters?open=maybe", { as: admin })).body.error.field).toBe("open");
    expect(await call("POST", "/api/admin/dead-letters/none/close", { as: admin })).toMatchObject({
      status: 404,
      body: { error: { code: "DEAD_LETTER_NOT_FOUND" } },
    });
  });

  it("of a refund that was paid in another way settle it, and the consistency check agrees", async () => {
    const event = await newEvent();
    const bookingId = await newConfirmed(alice, event, ["seat_A1"]);
    await call("POST", `/api/bookings/${bookingId}/cancel`, { as: alice });
    await checkAtRest(admin, event);
    const effect = `${bookingId}:refund:1`;
    const outcome = { type: "refund-failed", refundId: "re_lost", reason: "the card is closed" } as const;
    const origin = { actor: "provider", requestId: "req_news" };
    const heard = await deps().boxOffices.send(event.code, { type: "settle", effect, outcome, ...origin });
    await carryOut(deps(), event.code, heard?.ok ? heard.value.work : []);
    expect((await checkAtRest(admin, event)).violations).toMatchObject([{ invariant: "I4" }]);
    const id = await note({ body: JSON.stringify({ code: event.code, effects: [effect] }) });
    const close = (body: object) => call("POST", `/api/admin/dead-letters/${id}/close`, { as: admin, body });
    expect(await close({ paidBack: "yes" })).toMatchObject({ status: 400, body: { error: { field: "paidBack" } } });
    const closed = await close({ paidBack: true });
    expect(closed).toMatchObject({ status: 200, body: { closedAt: expect.stringMatching(/Z$/) } });
    expect((await close({ paidBack: true })).body).toEqual(closed.body);
    expect((await checkAtRest(admin, event)).violations).toEqual([]);
    const journal = await call("GET", `/api/admin/events/${event.id}/journal?perPage=100`, { as: admin });
    const returned = journal.body.data.filter(({ facts }: Json) =>
      facts.some(({ payload }: Json) => payload.reason === "paid back in another way"),
    );
    expect(returned).toMatchObject([{ actor: admin.id }]);
    const dispute = await note({ queue: "provider-disputes", body: JSON.stringify({ dispute: "dp_2" }) });
    expect(
      await call("POST", `/api/admin/dead-letters/${dispute}/close`, { as: admin, body: { paidBack: true } }),
    ).toMatchObject({ status: 400, body: { error: { field: "paidBack" } } });
  });

  it("of the notifications are announced again", async () => {
    const user = await newCaller();
    const row = await env.DB.prepare("SELECT id FROM notifications WHERE user_id = ?")
      .bind(user.id)
      .first<{ id: string }>();
    const id = await note({ queue: "notifications", body: JSON.stringify({ ids: [row?.id] }) });
    expect((await replay(id)).status).toBe(200);
    await vi.waitFor(
      async () => {
        const { body } = await call("GET", "/api/notifications/recent", { as: user });
        expect(body.data.map(({ type }: Json) => type)).toEqual(["WELCOME"]);
      },
      { timeout: 20_000, interval: 50 },
    );
  });

  it("of a mail that was given up have it sent after all", async () => {
    const user = await newCaller();
    const { id: mail } = (await env.DB.prepare("SELECT id FROM notifications WHERE user_id = ?")
      .bind(user.id)
      .first<{ id: NotificationId }>()) ?? { id: null };
    if (mail === null) throw new Error("there is no mail");
    await deps().notifications.markFailed(mail, "E_DAILY_LIMIT_EXCEEDED", null);
    const id = await note({ queue: "notifications", body: JSON.stringify({ ids: [mail] }) });
    expect((await replay(id)).status).toBe(200);
    await vi.waitFor(
      async () => {
        const { body } = await call("GET", "/api/notifications/recent", { as: user });
        expect(body.data).toMatchObject([{ id: mail, type: "WELCOME" }]);
      },
      { timeout: 20_000, interval: 50 },
    );
  });

  it.each(["{}", "not json", "null", '{"code":"x","effects":["a"]}', '{"ids":[]}', '{"ids":["usr_1"]}'])(
    "that say %s are refused: there is nothing to do again",
    async (body) => {
      const id = await note({ body });
      expect(await replay(id)).toMatchObject({ status: 400, body: { error: { code: "VALIDATION_ERROR" } } });
      expect((await deps().deadLetters.byId(id))?.replayedAtMs).toBeNull();
    },
  );

  it("of which nothing is owed are refused, and stay open", async () => {
    const event = await newEvent();
    const effects = [`${makeSaleId("bkg", event.code, Date.now(), new Uint8Array(8))}:project`];
    const id = await note({ body: JSON.stringify({ code: event.code, effects }) });
    expect(await replay(id)).toMatchObject({ status: 409, body: { error: { code: "NOTHING_TO_REPLAY" } } });
    const stranger = await note({ body: JSON.stringify({ code: "ZZZZZZZZ", effects }) });
    expect(await replay(stranger)).toMatchObject({ status: 404, body: { error: { code: "EVENT_NOT_FOUND" } } });
    expect((await deps().deadLetters.byId(id))?.replayedAtMs).toBeNull();
  });

  it("are not found under another id", async () => {
    expect(await replay("nope")).toMatchObject({ status: 404, body: { error: { code: "DEAD_LETTER_NOT_FOUND" } } });
  });
});
