// From a claim to a note, with everything that can go wrong between: one mail a fact, and no mail forgotten.

import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import {
  type Delivery,
  type SendDeps,
  sendNotification,
  sendNotifications,
  sweepNotifications,
} from "../../src/app/notifications";
import { readNotificationsHealth } from "../../src/app/notifications-health";
import type { Mail, NewDeadLetter, NotificationToSend } from "../../src/app/ports";
import { makeId, type NotificationId } from "../../src/domain/ids";
import { DAY, HOUR, MINUTE, SECOND } from "../../src/domain/time";
import { consumeNotifications } from "../../src/queues/notifications";

const START = Date.UTC(2027, 5, 1);

type State = "PENDING" | "SENT" | "GIVEN_UP";
interface Row {
  state: State;
  tries: number;
  leaseUntilMs: number;
  nextTryMs: number;
  error: string | null;
}

/** An outbox in memory, with the promises of the port, and a mailer that does as it is told. */
function house() {
  const rows = new Map<NotificationId, Row>();
  const sent: Mail[] = [];
  const letters: NewDeadLetter[] = [];
  const logged: { level: string; message: string; fields: unknown }[] = [];
  const log = (level: string) => (message: string, fields?: unknown) => void logged.push({ level, message, fields });
  const behaviour = {
    send: async (_: Mail): Promise<"accepted" | "refused"> => "accepted",
    claimFaults: 0,
    noteFaults: 0,
    letterFaults: 0,
    unsentBefore: 0,
  };
  const deps: SendDeps = {
    clock: { nowMs: () => Date.now() },
    log: { info: log("info"), warn: log("warn"), error: log("error") },
    settings: { publicUrl: "https://tickets.example", emailFrom: "a@b.c" } as SendDeps["settings"],
    // These mails are welcomes, which carry no tickets.
    ...({} as Pick<SendDeps, "boxOffices" | "ticketTokens" | "qrCodes">),
    mailer: {
      ready: true,
      async send(mail) {
        const answer = await behaviour.send(mail);
        if (answer === "accepted") sent.push(mail);
        return answer;
      },
    },
    background: { keep: () => {} },
    deadLetters: {
      async note(letter: NewDeadLetter) {
        if (behaviour.letterFaults-- > 0) throw new Error("D1 is away");
        letters.push(letter);
        return true;
      },
    } as unknown as SendDeps["deadLetters"],
    notifications: {
      async claim(id, nowMs, leaseMs) {
        if (behaviour.claimFaults-- > 0) throw new Error("D1 is away");
        const row = rows.get(id);
        if (row?.state !== "PENDING" || row.leaseUntilMs > nowMs || row.nextTryMs > nowMs) return null;
        row.tries++;
        row.leaseUntilMs = nowMs + leaseMs;
        return welcome(id, row.tries);
      },
      async markSent(id) {
        if (behaviour.noteFaults-- > 0) throw new Error("D1 is away");
        const row = rows.get(id);
        if (row?.state === "PENDING") row.state = "SENT";
      },
      async markFailed(id, error, retryAtMs) {
        const row = rows.get(id);
        if (row?.state !== "PENDING") return;
        row.error = error;
        if (retryAtMs === null) row.state = "GIVEN_UP";
        else Object.assign(row, { nextTryMs: retryAtMs, leaseUntilMs: 0 });
      },
      async unsent(beforeMs, limit) {
        behaviour.unsentBefore = beforeMs;
        return [...rows]
          .filter(([, row]) => row.state === "PENDING" && row.nextTryMs <= beforeMs)
          .map(([id]) => id)
          .slice(0, limit);
      },
      revive: async () => 0,
      recent: async () => [],
      health: async () => ({ oldestUnsentMs: null, lastError: null }),
      countOf: async () => new Map(),
    },
  };
  const add = (): NotificationId => {
    const id = makeId("notif", START + rows.size, new Uint8Array(16));
    rows.set(id, { state: "PENDING", tries: 0, leaseUntilMs: 0, nextTryMs: START, error: null });
    return id;
  };
  return { deps, rows, sent, letters, logged, behaviour, add };
}

function welcome(id: NotificationId, tries: number): NotificationToSend {
  const userId = makeId("usr", START, new Uint8Array(16));
  const user = {
    id: userId,
    name: "Alice",
    email: "alice@example.com",
    role: "USER",
    createdAtMs: START,
    updatedAtMs: START,
  } as const;
  return { id, userId, type: "WELCOME", bookingId: null, detail: {}, createdAtMs: START, user, booking: null, tries };
}

/** All tries but one are used up. */
function useUpTries(row: Row | undefined): void {
  if (row) row.tries = 30;
}

function fault(code: string, message = "to alice@example.com"): Error {
  return Object.assign(new Error(message), { code });
}

/** Runs to the end whatever it waits for. */
async function settled<T>(work: Promise<T>): Promise<T> {
  const outcome = work.then(
    (value) => ({ value }),
    (error: unknown) => ({ error }),
  );
  await vi.advanceTimersByTimeAsync(10 * MINUTE);
  const result = await outcome;
  if ("error" in result) throw result.error;
  return result.value;
}

beforeEach(() => {
  vi.useFakeTimers({ now: START });
});
afterEach(() => {
  vi.useRealTimers();
});

describe("sending a notification", () => {
  it("sends one mail and notes it", async () => {
    const { deps, rows, sent, add } = house();
    const id = add();
    expect(await sendNotification(deps, id)).toEqual({ outcome: "sent" });
    expect(sent.map((mail) => mail.id)).toEqual([id]);
    expect(rows.get(id)?.state).toBe("SENT");
  });

  it("does nothing when asked again, or for something unknown", async () => {
    const { deps, sent, add } = house();
    const id = add();
    await sendNotification(deps, id);
    expect(await sendNotification(deps, id)).toEqual({ outcome: "not-ours" });
    expect(await sendNotification(deps, makeId("notif", 1, new Uint8Array(16)))).toEqual({ outcome: "not-ours" });
    expect(sent).toHaveLength(1);
  });

  it("notes a mail that is out for as long as D1 may be away, instead of sending it again", async () => {
    const { deps, rows, sent, behaviour, add } = house();
    const id = add();
    behaviour.noteFaults = 4;
    expect(await settled(sendNotification(deps, id))).toEqual({ outcome: "sent" });
    expect(rows.get(id)?.state).toBe("SENT");
    expect(sent).toHaveLength(1);
  });

  it("logs a mail that is out and could not be noted, and leaves it to the next lease", async () => {
    const { deps, rows, logged, behaviour, add } = house();
    const id = add();
    behaviour.noteFaults = 99;
    const startedAtMs = Date.now();
    let doneAtMs = 0;
    const sending = sendNotification(deps, id).then((delivery) => {
      doneAtMs = Date.now();
      return delivery;
    });
    expect(await settled(sending)).toEqual({ outcome: "sent" });
    expect(rows.get(id)?.state).toBe("PENDING");
    expect(logged.filter(({ level }) => level === "error")).toHaveLength(1);
    expect(doneAtMs - startedAtMs).toBeLessThan(MINUTE);
  });

  it("gives a mail that failed back, to be tried later and later, and at last no more", async () => {
    const { deps, rows, sent, behaviour, add } = house();
    const id = add();
    behaviour.send = async () => {
      throw fault("E_RATE_LIMIT_EXCEEDED");
    };
    const waits: number[] = [];
    let delivery: Delivery;
    do {
      delivery = await sendNotification(deps, id);
      if (delivery.outcome !== "failed") break;
      waits.push(delivery.retryAtMs - Date.now());
      vi.setSystemTime(delivery.retryAtMs);
    } while (waits.length < 50);
    expect(delivery).toEqual({ outcome: "given-up" });
    expect(waits.slice(0, 4)).toEqual([10 * SECOND, 40 * SECOND, 160 * SECOND, 640 * SECOND]);
    expect(Math.max(...waits)).toBe(6 * HOUR);
    expect(Math.floor(waits.reduce((sum, ms) => sum + ms, 0) / DAY)).toBe(6);
    expect(rows.get(id)).toMatchObject({ state: "GIVEN_UP", error: "E_RATE_LIMIT_EXCEEDED", tries: waits.length + 1 });
    expect(sent).toEqual([]);
  });

  it("notes a mail that is given up among the dead letters, so that somebody can have it sent again", async () => {
    const { deps, rows, letters, behaviour, add } = house();
    const id = add();
    useUpTries(rows.get(id));
    behaviour.send = async () => {
      throw fault("E_RATE_LIMIT_EXCEEDED");
    };
    expect(await sendNotification(deps, id)).toEqual({ outcome: "given-up" });
    expect(letters).toEqual([
      {
        id: `mail-given-up:${id}`,
        queue: "notifications",
        body: JSON.stringify({ ids: [id] }),
        reason: "the mail was given up: E_RATE_LIMIT_EXCEEDED",
        attempts: 31,
        notedAtMs: Date.now(),
      },
    ]);
  });

  it("gives no mail up that could not be noted, and tries it again", async () => {
    const { deps, rows, letters, behaviour, add } = house();
    const id = add();
    useUpTries(rows.get(id));
    behaviour.send = async () => {
      throw fault("E_RATE_LIMIT_EXCEEDED");
    };
    behaviour.letterFaults = 1;
    expect((await sendNotifications(deps, [id])).get(id)?.outcome).toBe("failed");
    expect([rows.get(id)?.state, letters.length]).toEqual(["PENDING", 0]);
    vi.setSystemTime(Date.now() + MINUTE);
    expect(await sendNotification(deps, id)).toEqual({ outcome: "given-up" });
    expect([rows.get(id)?.state, letters.length]).toEqual(["GIVEN_UP", 1]);
  });

  it("gives up at once on an address that gets nothing from us", async () => {
    const { deps, rows, letters, behaviour, add } = house();
    const id = add();
    behaviour.send = async () => "refused";
    expect(await sendNotification(deps, id)).toEqual({ outcome: "given-up" });
    expect(letters).toEqual([]);
    expect(rows.get(id)).toMatchObject({ state: "GIVEN_UP", error: "ADDRESS_REFUSED" });
  });

  it("waits for a silent mailer no longer than its lease holds", async () => {
    const { deps, rows, behaviour, add } = house();
    const id = add();
    behaviour.send = () => new Promise(() => {});
    const delivery = sendNotification(deps, id);
    await vi.advanceTimersByTimeAsync(59 * SECOND);
    expect((await delivery).outcome).toBe("failed");
    expect(rows.get(id)?.error).toBe("TIMEOUT");
  });

  it("notes a mail that is accepted after it counted as failed, and sends no second one", async () => {
    const { deps, rows, sent, behaviour, add } = house();
    const id = add();
    behaviour.send = async () => {
      await new Promise((resolve) => setTimeout(resolve, 85 * SECOND));
      return "accepted";
    };
    const delivery = sendNotification(deps, id);
    await vi.advanceTimersByTimeAsync(30 * SECOND);
    const failed = await delivery;
    if (failed.outcome !== "failed") throw new Error(`not failed: ${failed.outcome}`);
    await vi.advanceTimersByTimeAsync(failed.retryAtMs - Date.now());
    expect(rows.get(id)).toMatchObject({ state: "SENT", error: "TIMEOUT" });
    expect(await sendNotification(deps, id)).toEqual({ outcome: "not-ours" });
    expect(sent).toHaveLength(1);
  });

  it("tries a mail again whose late answer is a failure, too", async () => {
    const { deps, rows, sent, behaviour, add } = house();
    const id = add();
    behaviour.send = async () => {
      await new Promise((resolve) => setTimeout(resolve, 40 * SECOND));
      throw fault("E_INTERNAL_SERVER_ERROR");
    };
    expect((await settled(sendNotification(deps, id))).outcome).toBe("failed");
    behaviour.send = async () => "accepted";
    expect(await sendNotification(deps, id)).toEqual({ outcome: "sent" });
    expect([rows.get(id)?.state, sent.length]).toEqual(["SENT", 1]);
  });

  it("writes no address into the log or the outbox", async () => {
    const { deps, rows, logged, behaviour, add } = house();
    const id = add();
    behaviour.send = async () => {
      throw new TypeError("cannot send to alice@example.com");
    };
    await sendNotification(deps, id);
    expect(JSON.stringify([logged, [...rows.values()]])).not.toContain("alice");
    expect(rows.get(id)?.error).toBe("TypeError");
  });
});

describe("sending many", () => {
  it("sends each once, a few at a time", async () => {
    const { deps, sent, behaviour, add } = house();
    let underWay = 0;
    let most = 0;
    behaviour.send = async () => {
      most = Math.max(most, ++underWay);
      await new Promise((resolve) => setTimeout(resolve, SECOND));
      underWay--;
      return "accepted";
    };
    const ids = Array.from({ length: 30 }, add);
    await settled(sendNotifications(deps, [...ids, ...ids]));
    expect(sent.map((mail) => mail.id).sort()).toEqual([...ids].sort());
    expect(most).toBeGreaterThan(1);
    expect(most).toBeLessThanOrEqual(8);
  });

  it("remembers a failure of one that is named again much later", async () => {
    const { deps, behaviour, add } = house();
    behaviour.send = async () => {
      throw fault("E_INTERNAL_SERVER_ERROR");
    };
    const id = add();
    const others = Array.from({ length: 20 }, add);
    const deliveries = await sendNotifications(deps, [id, ...others, id]);
    expect(deliveries.get(id)?.outcome).toBe("failed");
  });

  it("lets one that cannot be claimed spoil no other", async () => {
    const { deps, sent, behaviour, add } = house();
    behaviour.claimFaults = 1;
    const ids = [add(), add(), add()];
    const deliveries = await sendNotifications(deps, ids);
    expect(ids.map((id) => deliveries.get(id)?.outcome)).toEqual(["failed", "sent", "sent"]);
    expect(sent).toHaveLength(2);
  });
});

describe("the sweep", () => {
  it("sends what should have gone half a minute ago, a hundred at most", async () => {
    const { deps, sent, behaviour, add } = house();
    for (let i = 0; i < 120; i++) add();
    expect(await sweepNotifications(deps, START)).toBe(0);
    vi.setSystemTime(START + MINUTE);
    expect(await sweepNotifications(deps, START + MINUTE)).toBe(100);
    expect(behaviour.unsentBefore).toBe(START + 30 * SECOND);
    expect(await sweepNotifications(deps, START + MINUTE)).toBe(20);
    expect(sent).toHaveLength(120);
  });
});

describe("the queue's consumer", () => {
  function batchOf(...bodies: unknown[]) {
    const answers: string[] = [];
    const messages = bodies.map((body, n) => ({
      id: `m${n}`,
      body,
      attempts: 1,
      timestamp: new Date(),
      ack() {
        answers[n] = "ack";
      },
      retry(options?: QueueRetryOptions) {
        answers[n] = `retry in ${options?.delaySeconds}`;
      },
    }));
    return { batch: { queue: "notifications", messages } as unknown as MessageBatch, answers };
  }

  it("acknowledges what was sent, and what is no longer to be sent", async () => {
    const { deps, sent, add } = house();
    const ids = [add(), add()];
    const { batch, answers } = batchOf({ ids }, { ids: [ids[0]] }, { ids });
    await consumeNotifications(batch, deps);
    expect(answers).toEqual(["ack", "ack", "ack"]);
    expect(sent).toHaveLength(2);
  });

  it("has a message back when its mail is due again, and then sends only what is left", async () => {
    const { deps, sent, behaviour, add } = house();
    const ids = [add(), add()];
    behaviour.send = async (mail) => {
      if (mail.id === ids[1]) throw fault("E_INTERNAL_SERVER_ERROR");
      return "accepted";
    };
    const first = batchOf({ ids }, { ids: [ids[0]] }, { ids: [ids[1]] });
    await consumeNotifications(first.batch, deps);
    expect(first.answers).toEqual(["retry in 10", "ack", "retry in 10"]);
    behaviour.send = async () => "accepted";
    vi.setSystemTime(START + 10 * SECOND);
    const second = batchOf({ ids });
    await consumeNotifications(second.batch, deps);
    expect(second.answers).toEqual(["ack"]);
    expect(sent.map((mail) => mail.id)).toEqual(ids);
  });

  it("drops a message that it cannot understand, logs it, and does the others", async () => {
    const { deps, sent, logged, add } = house();
    const id = add();
    const many = Array.from({ length: 101 }, () => id);
    const bad = [null, "x", {}, { ids: [] }, { ids: id }, { ids: ["bkg_1"] }, { ids: [id, 7] }, { ids: many }];
    const { batch, answers } = batchOf(...bad, { ids: [id] });
    await consumeNotifications(batch, deps);
    expect(answers).toEqual([...bad, 1].map(() => "ack"));
    expect(logged.filter(({ level }) => level === "error")).toHaveLength(bad.length);
    expect(sent).toHaveLength(1);
  });
});

describe("the health", () => {
  const well = { status: "ok", queue: "connected", database: "connected", email: "reachable" };
  function healthOf(
    parts: {
      queue?: boolean;
      mailer?: boolean;
      outbox?: () => Promise<{ oldestUnsentMs: number | null; lastError: string | null }>;
      ping?: () => Promise<void>;
    } = {},
  ) {
    const { deps } = house();
    const outbox = parts.outbox ?? (async () => ({ oldestUnsentMs: null, lastError: null }));
    return readNotificationsHealth(
      {
        queues: { ready: parts.queue ?? true, notify: async () => {} },
        mailer: { ...deps.mailer, ready: parts.mailer ?? true },
        database: { ping: parts.ping ?? (async () => {}) },
        notifications: { ...deps.notifications, health: outbox },
      },
      START,
    );
  }

  it("is well before the first send", async () => {
    expect(await healthOf()).toEqual(well);
  });

  it("is well while mails wait for less than five minutes", async () => {
    expect(await healthOf({ outbox: async () => ({ oldestUnsentMs: 5 * MINUTE, lastError: null }) })).toEqual(well);
  });

  it("names what is not well", async () => {
    const degraded = { ...well, status: "degraded" };
    expect(await healthOf({ queue: false })).toEqual({ ...degraded, queue: "unreachable" });
    expect(await healthOf({ mailer: false })).toEqual({ ...degraded, email: "unreachable" });
    const old = async () => ({ oldestUnsentMs: 5 * MINUTE + 1, lastError: null });
    expect(await healthOf({ outbox: old })).toEqual({ ...degraded, queue: "stalled" });
    const failed = async () => ({ oldestUnsentMs: null, lastError: "E_INTERNAL_SERVER_ERROR" });
    expect(await healthOf({ outbox: failed })).toEqual({ ...degraded, email: "unreachable" });
    const away = async () => {
      throw new Error("D1 is away");
    };
    expect(await healthOf({ ping: away })).toEqual({ ...degraded, database: "unreachable" });
    expect(await healthOf({ outbox: away })).toEqual({ ...degraded, database: "unreachable" });
  });

  it("does not blame the mailer for an address that takes no mail", async () => {
    const refused = async () => ({ oldestUnsentMs: null, lastError: "ADDRESS_REFUSED" });
    expect(await healthOf({ outbox: refused })).toEqual(well);
  });

  it("waits for a silent database only so long", async () => {
    expect(await settled(healthOf({ ping: () => new Promise(() => {}) }))).toMatchObject({ database: "unreachable" });
  });
});
