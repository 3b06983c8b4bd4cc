// The simulated sale: one event, its real box office, the real use-cases over ports that can fail, and the queues,
// deliveries and cron that drive them.

import type { DatabaseSync } from "node:sqlite";
import { boxOffices } from "../../src/adapters/box-offices";
import { stripePayments } from "../../src/adapters/payments-stripe";
import { cloudflareQueues } from "../../src/adapters/queues";
import { stripeNews } from "../../src/adapters/stripe-news";
import type { Deps } from "../../src/app/ports";
import { noteDelivery, settleDelivery } from "../../src/app/provider-news";
import { sweep } from "../../src/app/sweeps";
import type { Command } from "../../src/domain/box-office/commands";
import type { EventDefinition, SalePolicy } from "../../src/domain/box-office/state";
import { geometryOf } from "../../src/domain/geometry";
import { type EventCode, makeId, makeSaleId, type SalePrefix } from "../../src/domain/ids";
import type { BoxOffice } from "../../src/durable/box-office";
import { consumeSaga } from "../../src/queues/booking-saga";
import { noteDeadLetters } from "../../src/queues/dead-letters";
import { consumeNotifications } from "../../src/queues/notifications";
import {
  bookingListingOf,
  claimMail,
  type Database,
  emptyDatabase,
  eventListingOf,
  markMail,
  projectBookings,
  reviveMails,
  saveAvailability,
  saveDefinition,
} from "./database";
import { type Judge, judgeOf } from "./judge";
import { type ObjectHost, objectHost } from "./object-host";
import { type QueueHost, queueHost } from "./queue-host";
import { type Relay, relayOf } from "./relay";
import { closeLines, openLine } from "./stripe-sdk";
import { type Delivery, type StripeServer, stripeServer } from "./stripe-server";
import type { Process, World } from "./world";

export interface Sale {
  readonly world: World;
  readonly definition: EventDefinition;
  readonly db: Database;
  readonly object: ObjectHost;
  readonly stripe: StripeServer;
  readonly queues: QueueHost;
  readonly judge: Judge;
  readonly relay: Relay;
  readonly mailsSent: Map<string, number>;
  /** Seats that buyers ask for by name. */
  readonly seatNames: readonly string[];
  /** How long a buyer who hesitates may take: sometimes longer than allowed. */
  readonly patienceMs: number;
  deps(process: Process): Deps;
  cron(): void;
}

const NO_PICTURE = new Uint8Array(0);
const LOG = { info() {}, warn() {}, error() {} };

export function saleOf(
  world: World,
  definition: EventDefinition,
  policy: SalePolicy,
  sqlite: DatabaseSync | null,
): Sale {
  closeLines();
  const { random } = world;
  const db = emptyDatabase();
  const { code } = definition;
  const judge = judgeOf(world, (id) => stripe.intents.get(id));
  const stripe: StripeServer = stripeServer(world, {
    deliver,
    created: (intent) => judge.created(intent),
    captured: (intent) => judge.captured(intent),
  });
  const queues = queueHost(world, {
    "booking-saga": (process, batch) => consumeSaga(batch, deps(process)),
    notifications: (process, batch) => consumeNotifications(batch, deps(process)),
    "booking-saga-dlq": (process, batch) => noteDeadLetters(batch, deps(process)),
    "notifications-dlq": (process, batch) => noteDeadLetters(batch, deps(process)),
  });
  const object = objectHost(world, policy, sqlite, {
    send: (messages) => queues.send("booking-saga", messages),
    deliver: async (name, news) => {
      await object.disk.storage.sync();
      await world.call(world.spawn("feed"), "box-office.feed", () => relay.hear(name, news));
    },
    flushed: () => judge.flushed(object, db),
  });
  const relay = relayOf(world, object);
  const mailsSent = new Map<string, number>();

  /** What one process has: its own connections, so that its death ends them all. */
  function deps(process: Process): Deps {
    const call = <T>(port: string, effect: () => T | Promise<T>) => world.call(process, port, effect);
    const row = () => db.events.get(code);
    const events: Partial<Deps["events"]> = {
      saveDefinition: (one) => call("d1.save-definition", () => saveDefinition(db, one)),
      saveAvailability: (one, nowMs) => call("d1.save-availability", () => saveAvailability(db, code, one, nowMs)),
      idByCode: async (asked) => db.events.get(asked)?.definition.id ?? null,
      definitionByCode: async (asked) => db.events.get(asked)?.definition ?? null,
      listingById: (id) => call("d1.event", () => eventListingOf(db, id)),
      overdue: (beforeMs) =>
        call("d1.overdue", () => {
          const dueMs = row()?.nextDueMs ?? null;
          return dueMs !== null && dueMs < beforeMs ? [code] : [];
        }),
      noteNextDue: (_, nextDueMs) =>
        call("d1.note-next-due", () => {
          const known = row();
          if (known) known.nextDueMs = nextDueMs;
        }),
      recentlyActive: () => call("d1.recently-active", () => [...db.events.keys()]),
    };
    const bookings: Partial<Deps["bookings"]> = {
      project: (records, nowMs) => call("d1.project", () => projectBookings(db, records, nowMs)),
      byId: (id) => call("d1.booking", () => bookingListingOf(db, id)),
      versions: (ids) =>
        call("d1.versions", () => {
          const known = ids.flatMap((id) => db.bookings.get(id) ?? []);
          return new Map(known.map(({ id, version, status }) => [id, { version, status }]));
        }),
    };
    const notifications: Partial<Deps["notifications"]> = {
      claim: (id, nowMs, leaseMs) => call("d1.claim-mail", () => claimMail(db, id, nowMs, leaseMs)),
      markSent: (id) => call("d1.mail-sent", () => markMail(db, id, { state: "SENT" })),
      markFailed: (id, _, retryAtMs) =>
        call("d1.mail-failed", () =>
          markMail(db, id, retryAtMs === null ? { state: "GIVEN_UP" } : { nextTryMs: retryAtMs, leaseUntilMs: 0 }),
        ),
      revive: (ids, _, nowMs) => call("d1.revive-mails", () => reviveMails(db, ids, nowMs)),
      unsent: (beforeMs) =>
        call("d1.unsent-mails", () =>
          [...db.mails.entries()]
            .filter(
              ([, mail]) => mail.state === "PENDING" && mail.nextTryMs <= beforeMs && mail.leaseUntilMs <= beforeMs,
            )
            .map(([id]) => id),
        ),
      countOf: async (ids) => new Map(ids.map((id) => [id, db.mails.has(id as never) ? 1 : 0])),
    };
    const settings = { environment: "development", version: "", publicUrl: "", emailFrom: "tickets@example.com" };
    const clock = { nowMs: () => world.nowMs };
    const secretKey = openLine({ world, process, server: stripe });
    const options = { secretKey, apiBase: "", log: LOG, nowMs: clock.nowMs, webhookSecrets: ["whsec"] };
    return {
      clock,
      ids: {
        ofSale: (prefix: SalePrefix, of: EventCode, nowMs: number) => makeSaleId(prefix, of, nowMs, bytes(random.bits)),
      },
      log: LOG,
      background: { keep: () => {} },
      settings: { ...settings, eventBookingApi: false, corsOrigins: [], ...policy },
      boxOffices: boxOffices({
        namespace: namespaceOf(process),
        events: events as Deps["events"],
        log: LOG,
        nowMs: clock.nowMs,
      }),
      events,
      bookings,
      notifications,
      venues: { byId: async () => null },
      mailer: { ready: true, send: (mail: { id: string }) => call("mail.send", () => sendMail(mail.id)) },
      // What a code looks like is another test's business; that its booking can be read is this one's.
      ticketTokens: { sign: async () => "ticket", numberOf: async () => "number" },
      qrCodes: { png: async () => NO_PICTURE },
      payments: stripePayments(options),
      providerNews: stripeNews(options),
      providerInbox: inboxOf(db, call),
      queues: cloudflareQueues({
        sendBatch: (messages: readonly { body: unknown }[]) =>
          call("queue.notify", () => queues.send("notifications", messages)),
      } as unknown as Queue),
      deadLetters: lettersOf(db, call),
      idempotencyKeys: { purge: async () => {} },
      throttles: { purge: async () => {} },
    } as unknown as Deps;
  }

  function sendMail(id: string): "accepted" | "refused" {
    if (world.faults.happens(world, "mail is refused")) throw new Error("the mail server is busy");
    mailsSent.set(id, (mailsSent.get(id) ?? 0) + 1);
    return "accepted";
  }

  function namespaceOf(process: Process) {
    const ask = <T>(port: string, question: (box: BoxOffice) => Promise<T>) =>
      world.call(process, `box-office.${port}`, () => object.call(question));
    const stub = {
      executeText: (text: string) => {
        const commands = JSON.parse(text) as Command[];
        return ask(commands.at(-1)?.type ?? "", (box) => box.executeText(text));
      },
      journal: (afterSeq: number, limit: number) => ask("journal", (box) => gated(() => box.journal(afterSeq, limit))),
      audit: (...page: Parameters<BoxOffice["audit"]>) => ask("audit", (box) => gated(() => box.audit(...page))),
    };
    return { idFromName: (name: string) => name, get: () => stub } as unknown as Env["BOX_OFFICE"];
  }

  /** The platform's output gate: nothing leaves an object before what it wrote is durable. `execute` sees to that itself. */
  async function gated<T>(ask: () => Promise<T>): Promise<T> {
    const value = await ask();
    await object.disk.storage.sync();
    return value;
  }

  /** As src/http/webhooks.ts has it; the provider delivers again until it is answered. */
  function deliver(delivery: Delivery, tries = 0): void {
    if (world.faults.happens(world, "webhook is missing")) return void world.count("a webhook was missing");
    if (world.faults.happens(world, "webhook is doubled"))
      world.at(random.between(1, 20_000), "webhook", () => post(delivery, 9));
    const isLate = world.faults.happens(world, "webhook is late");
    world.at(isLate ? random.between(1_000, 900_000) : random.between(1, 400), "webhook", () => post(delivery, tries));
  }
  function post(delivery: Delivery, tries: number): void {
    const process = world.spawn(`webhook ${delivery.id}`);
    const again = () => {
      if (tries < MAX_DELIVERIES) world.at(10_000 * 2 ** tries, "webhook", () => deliver(delivery, tries + 1));
    };
    process.onDeath = again;
    receive(deps(process), delivery).catch(again);
  }
  async function receive(its: Deps, delivery: Delivery): Promise<void> {
    const body = new TextEncoder().encode(JSON.stringify(delivery));
    const noted = await noteDelivery(its, body, "signed", world.nowMs);
    if (noted.ok && noted.value) await settleDelivery(its, noted.value, 0);
  }

  function cron(): void {
    const process = world.spawn("cron");
    void sweep(deps(process)).catch(() => {});
  }

  const seats = geometryOf(definition.layout).size;
  db.events.set(code, {
    definition,
    availability: {
      eventId: definition.id,
      seq: 0,
      totalSeats: seats,
      availableSeats: seats,
      tiers: [],
      nextDueMs: null,
    },
    nextDueMs: null,
    activeAtMs: definition.createdAtMs,
  });
  const seatNames = [...geometryOf(definition.layout).ids];
  const patienceMs = random.pick([policy.holdTtlMs, policy.paymentWindowMs * 1.2]);
  return { world, definition, db, object, stripe, queues, judge, relay, mailsSent, seatNames, patienceMs, deps, cron };
}

const MAX_DELIVERIES = 8;

function bytes(bits: () => number): Uint8Array {
  return Uint8Array.from({ length: 16 }, (_, i) => (i % 4 === 0 ? bits() : 0) ^ bits());
}

type CallPort = <T>(port: string, effect: () => T | Promise<T>) => Promise<T>;

function inboxOf(db: Database, call: CallPort): Deps["providerInbox"] {
  return {
    note: (event, _, dueAtMs) =>
      call("d1.note-delivery", () => {
        const known = db.inbox.get(event.id);
        if (known === undefined) db.inbox.set(event.id, { event, settledAtMs: null, nextTryMs: dueAtMs, tries: 0 });
        return known !== undefined && known.settledAtMs !== null ? "settled" : "due";
      }),
    markSettled: (id, nowMs) =>
      call("d1.delivery-settled", () => {
        const known = db.inbox.get(id);
        if (known) known.settledAtMs ??= nowMs;
      }),
    postpone: (id, retryAtMs) =>
      call("d1.postpone-delivery", () => {
        const known = db.inbox.get(id);
        if (known?.settledAtMs !== null) return;
        known.tries += 1;
        known.nextTryMs = retryAtMs;
      }),
    reopen: (id, nowMs) =>
      call("d1.reopen-delivery", () => {
        const known = db.inbox.get(id);
        if (known) Object.assign(known, { settledAtMs: null, tries: 0, nextTryMs: nowMs });
        return known !== undefined;
      }),
    unsettled: (nowMs, limit) =>
      call("d1.unsettled-deliveries", () =>
        [...db.inbox.values()]
          .filter(({ settledAtMs, nextTryMs }) => settledAtMs === null && nextTryMs <= nowMs)
          .slice(0, limit)
          .map(({ event, tries }) => ({ ...event, tries })),
      ),
    purge: async () => {},
  };
}

function lettersOf(db: Database, call: CallPort): Deps["deadLetters"] {
  return {
    note: (letter) =>
      call("d1.note-letter", () => {
        const known = db.letters.get(letter.id);
        const isNew = known === undefined || known.replayedAtMs !== null;
        if (isNew) db.letters.set(letter.id, { ...letter, replayedAtMs: null, closedAtMs: null });
        return isNew;
      }),
    list: async () => ({ items: [...db.letters.values()], total: db.letters.size }),
    byId: (id) => call("d1.letter", () => db.letters.get(id) ?? null),
    markReplayed: (id, replayedAtMs) =>
      call("d1.letter-replayed", () => {
        const letter = db.letters.get(id);
        if (letter) db.letters.set(id, { ...letter, replayedAtMs });
      }),
    close: async () => {},
  };
}

export function newId<P extends "usr" | "evnt">(prefix: P, world: World) {
  return makeId(prefix, world.nowMs, bytes(world.random.bits));
}
