import { evictDurableObject, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, describe, expect, it, vi } from "vitest";
import { askBoxOffice, type BoxOfficeCalls } from "../../src/domain/box-office/ask";
import type { Command, CommandType, Reply } from "../../src/domain/box-office/commands";
import { projectionEffectOf } from "../../src/domain/box-office/effects";
import type { EventDefinition } from "../../src/domain/box-office/state";
import { makeSaleId, type SeatId, type UserId } from "../../src/domain/ids";
import { MINUTE, SECOND } from "../../src/domain/time";
import type { BoxOffice } from "../../src/durable/box-office";
import { anEvent, aUser, counter } from "../unit/box-office-builder";

const bytes = counter(9_000_000);
const ORIGIN = { actor: "test", requestId: "req_test" };
type Stub = DurableObjectStub<BoxOffice>;
/** What wrangler.toml says. */
const BOOKINGS_A_MINUTE = Number(env.BOOKINGS_PER_MINUTE);

function future(): EventDefinition {
  const nowMs = Date.now();
  return anEvent({ startsAtMs: nowMs + 30 * 24 * 60 * MINUTE, endsAtMs: nowMs + 31 * 24 * 60 * MINUTE });
}

async function open(definition = future()) {
  const namespace = env.BOX_OFFICE as unknown as DurableObjectNamespace<BoxOffice>;
  const stub = namespace.get(namespace.idFromName(definition.code)) as Stub;
  await send(stub, { type: "define", definition, ...ORIGIN });
  return { stub, definition };
}

async function sendAll(stub: Stub, commands: readonly Command[]): Promise<Reply<CommandType>[]> {
  return askBoxOffice(stub as unknown as BoxOfficeCalls, commands);
}

async function send<C extends Command>(stub: Stub, command: C): Promise<Reply<C["type"]>> {
  return (await sendAll(stub, [command]))[0] as Reply<C["type"]>;
}

function holdCommand(
  definition: EventDefinition,
  userId: UserId,
  ...seats: string[]
): Extract<Command, { type: "hold" }> {
  const lockId = makeSaleId("lock", definition.code, Date.now(), bytes.next());
  const seatIds = seats.map((seat) => `seat_${seat}` as SeatId);
  return { type: "hold", lockId, userId, choice: { by: "seats", seatIds }, clientKey: null, dialect: false, ...ORIGIN };
}

async function statuses(stub: Stub): Promise<string> {
  const reply = await send(stub, { type: "readSeats", ...ORIGIN });
  return (reply.ok && reply.value.statuses) || "";
}

afterEach(() => {
  vi.useRealTimers();
});

describe("a box office in workerd", () => {
  it("answers NOT_DEFINED and writes nothing until it is defined", async () => {
    const namespace = env.BOX_OFFICE as unknown as DurableObjectNamespace<BoxOffice>;
    const stub = namespace.get(namespace.idFromName("00000000")) as Stub;
    expect(await send(stub, { type: "readSeats", ...ORIGIN })).toEqual({ ok: false, notDefined: true });
    const tables = await runInDurableObject(stub, (_, { storage }) =>
      storage.sql.exec("SELECT name FROM sqlite_master WHERE name IN ('meta', 'holds')").toArray(),
    );
    expect(tables).toEqual([]);
  });

  it("sells a seat to one of fifty who want it in the same tick", async () => {
    const { stub, definition } = await open();
    const replies = await Promise.all(
      Array.from({ length: 50 }, () => send(stub, holdCommand(definition, aUser(), "A1"))),
    );
    expect(replies.filter(({ ok }) => ok)).toHaveLength(1);
  });

  it("forgets nothing when it is evicted", async () => {
    const { stub, definition } = await open();
    const user = aUser();
    const command = holdCommand(definition, user, "A1", "A2");
    const before = await send(stub, command);
    await evictDurableObject(stub);
    expect(await statuses(stub)).toMatch(/^LLA/);
    expect(await send(stub, { type: "readHold", lockId: command.lockId, ...ORIGIN })).toEqual(before);
    const other = await send(stub, holdCommand(definition, aUser(), "A1"));
    expect(other).toMatchObject({ ok: false, refusal: { code: "SEATS_UNAVAILABLE" } });
  });

  it("frees an expired hold when its alarm rings", async () => {
    const { stub, definition } = await open();
    await send(stub, holdCommand(definition, aUser(), "A1"));
    vi.useFakeTimers({ now: Date.now() + 301 * SECOND, toFake: ["Date"] });
    expect(await runDurableObjectAlarm(stub)).toBe(true);
    const rows = await runInDurableObject(stub, (_, { storage }) =>
      storage.sql.exec<{ body: string }>("SELECT body FROM holds").toArray(),
    );
    expect(JSON.parse(rows[0]?.body ?? "{}").endedAtMs).toBe(Date.now());
  });

  it("knows a hold that left memory when its command is repeated, also after an eviction", async () => {
    const { stub, definition } = await open();
    const user = aUser();
    const [first, second] = [holdCommand(definition, user, "A1"), holdCommand(definition, user, "A2")];
    const over = ({ lockId: id }: typeof first) => ({ ok: true, value: { id, status: "EXPIRED" } });
    for (const command of [second, first]) {
      await send(stub, command);
      await send(stub, { type: "release", lockId: command.lockId, userId: user, ...ORIGIN });
      expect(await send(stub, command)).toMatchObject(over(command));
    }
    await evictDurableObject(stub);
    // Past the minute for which the seats are kept from this user.
    vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + 2 * MINUTE });
    expect(await sendAll(stub, [first, second])).toMatchObject([over(first), over(second)]);
    expect(await statuses(stub)).not.toContain("L");
  });

  it("treats what is due as over in reads, before any alarm", async () => {
    const { stub, definition } = await open();
    const command = holdCommand(definition, aUser(), "A1");
    await send(stub, command);
    vi.useFakeTimers({ now: Date.now() + 300 * SECOND, toFake: ["Date"] });
    const reply = await send(stub, { type: "readHold", lockId: command.lockId, ...ORIGIN });
    expect(reply).toMatchObject({ ok: true, value: { status: "EXPIRED" } });
    expect(await statuses(stub)).toMatch(/^A/);
  });

  it("keeps the same user from the same seat for a minute, also after an eviction", async () => {
    const { stub, definition } = await open();
    const user = aUser();
    const command = holdCommand(definition, user, "A1");
    await send(stub, command);
    await send(stub, { type: "release", lockId: command.lockId, userId: user, ...ORIGIN });
    await evictDurableObject(stub);
    expect(await send(stub, holdCommand(definition, user, "A1"))).toMatchObject({
      ok: false,
      refusal: { code: "SEATS_UNAVAILABLE", yoursAgainAtMs: expect.any(Number) },
    });
    expect((await send(stub, holdCommand(definition, aUser(), "A1"))).ok).toBe(true);
  });

  it("counts a user's bookings of the last minute also after an eviction, finished ones too", async () => {
    const { stub, definition } = await open();
    await send(stub, holdCommand(definition, aUser(), "A1"));
    const user = aUser();
    const book = () => {
      const bookingId = makeSaleId("bkg", definition.code, Date.now(), bytes.next());
      const from = { seatIds: ["seat_A1" as SeatId] };
      return { type: "book", bookingId, userId: user, from, method: null, ...ORIGIN } as const;
    };
    const bookings = Array.from({ length: BOOKINGS_A_MINUTE }, book);
    expect((await sendAll(stub, bookings)).every(({ ok }) => ok)).toBe(true);
    // They failed for their seats, and D1 knows: memory has no need of them.
    const outcome = { type: "projected", version: 1_000 } as const;
    const told = bookings.map(({ bookingId }) => {
      const effect = projectionEffectOf(bookingId);
      return { type: "settle", effect, outcome, ...ORIGIN } as const;
    });
    await sendAll(stub, told);
    await evictDurableObject(stub);
    expect(await statuses(stub)).toContain("L");
    expect(await send(stub, book())).toMatchObject({ ok: false, refusal: { code: "RATE_LIMITED" } });
  });

  it("answers a repeated key with the same reply, in parallel and after an eviction", async () => {
    const { stub, definition } = await open();
    const user = aUser();
    const repeat = () => ({
      ...holdCommand(definition, user, "A1"),
      key: { scope: `${user} POST /api/locks k1`, fingerprint: "f1" },
    });
    const replies = await Promise.all(Array.from({ length: 20 }, () => send(stub, repeat())));
    await evictDurableObject(stub);
    replies.push(await send(stub, repeat()));
    const values = new Set(replies.map((reply) => JSON.stringify(reply.ok ? reply.value : reply)));
    expect(values.size).toBe(1);
    const otherBody = { ...repeat(), key: { scope: `${user} POST /api/locks k1`, fingerprint: "f2" } };
    expect(await send(stub, otherBody)).toMatchObject({ ok: false, refusal: { code: "IDEMPOTENCY_KEY_REUSED" } });
  });
});

it("an audit finds a seat that the journal tells otherwise (I12), and nothing before", async () => {
  const { stub, definition } = await open();
  await send(stub, holdCommand(definition, aUser(), "A1"));
  const audit = () => (stub as unknown as Pick<BoxOffice, "audit">).audit(null, 10);
  expect((await audit()).violations).toEqual([]);
  await runInDurableObject(stub, (_, { storage }) =>
    storage.sql.exec("UPDATE journal SET seat_changes = '[]' WHERE seat_changes <> '[]'"),
  );
  expect((await audit()).violations).toMatchObject([{ invariant: "I12" }]);
});

it("says of a method that it has not what a newer Worker goes by", async () => {
  const { stub } = await open();
  const older = stub as unknown as { executeTxt(text: string): Promise<string> };
  const fault: unknown = await older.executeTxt("[]").catch((thrown: unknown) => thrown);
  expect(fault).toBeInstanceOf(TypeError);
  expect((fault as Error).message).toMatch(/does not implement .*"executeTxt"/);
});

describe("a group whose write fails", () => {
  const BOOM = `CREATE TRIGGER boom BEFORE INSERT ON holds BEGIN SELECT RAISE(ABORT, 'boom'); END`;

  it("is told to nobody: no answer, no read, no delta", async () => {
    const { stub, definition } = await open();
    const seqBefore = await send(stub, { type: "readSeats", ...ORIGIN });
    await runInDurableObject(stub, (_, { storage }) => storage.sql.exec(BOOM));
    const group = [
      holdCommand(definition, aUser(), "A1"),
      { type: "readSeats", ...ORIGIN } as const,
      holdCommand(definition, aUser(), "A1"),
    ];
    const [hold, read, other] = await sendAll(stub, group);
    expect(hold).toMatchObject({ ok: false, refusal: { code: "OVERLOADED" } });
    expect(read).toEqual(seqBefore);
    expect(other).toMatchObject({ ok: false, refusal: { code: "OVERLOADED" } });
    await runInDurableObject(stub, (_, { storage }) => storage.sql.exec("DROP TRIGGER boom"));
    expect(await send(stub, { type: "readSeats", ...ORIGIN })).toEqual(seqBefore);
    expect((await send(stub, holdCommand(definition, aUser(), "A1"))).ok).toBe(true);
  });

  it("does not take the commands down that can be written alone", async () => {
    const { stub, definition } = await open();
    const poisoned = holdCommand(definition, aUser(), "A1");
    const trigger = `CREATE TRIGGER boom BEFORE INSERT ON holds WHEN NEW.id = '${poisoned.lockId}'
                     BEGIN SELECT RAISE(ABORT, 'boom'); END`;
    await runInDurableObject(stub, (_, { storage }) => storage.sql.exec(trigger));
    const [bad, good] = await sendAll(stub, [poisoned, holdCommand(definition, aUser(), "A2")]);
    expect(bad).toMatchObject({ ok: false });
    expect(good).toMatchObject({ ok: true });
    expect(await statuses(stub)).toMatch(/^ALA/);
  });
});

describe("an evicted box office that owes something and lost its alarm", () => {
  /** One payment owed, nothing armed, nothing in memory. */
  async function forgotten() {
    const { stub, definition } = await open();
    const bookingId = makeSaleId("bkg", definition.code, Date.now(), bytes.next());
    const from = { seatIds: ["seat_A1" as SeatId] };
    const method = { token: "pm_card_visa", force: null };
    await send(stub, { type: "book", bookingId, userId: aUser(), from, method, ...ORIGIN });
    await runInDurableObject(stub, (_, { storage }) => storage.deleteAlarm());
    await evictDurableObject(stub);
    return stub as unknown as BoxOffice & Stub;
  }

  const READERS: Readonly<Record<string, (office: BoxOffice) => Promise<unknown>>> = {
    "an audit": (office) => office.audit(null, 10),
    "a reader of its journal": (office) => office.journal(0, 10),
    "a relay of the feed": (office) => office.watch("relay", null),
    "a relay that shows gates": (office) => office.gateCounts(),
  };

  it.each(Object.entries(READERS))("arms it again when %s wakes it: no command need come", async (_, read) => {
    const office = await forgotten();
    const beforeMs = Date.now();
    await read(office);
    const alarmMs = await runInDurableObject(office, (__, { storage }) => storage.getAlarm());
    // What memory that was rebuilt owes is handed over a second later; the booking's deadline is minutes away.
    expect(alarmMs).toBeGreaterThan(0);
    expect(alarmMs).toBeLessThanOrEqual(beforeMs + 30 * SECOND);
  });
});
