// One sale of the real product, paid at the stand-in: an event and a buyer of its own, what a buyer can do, and how
// everything must be once it is at rest.

import { setTimeout as wait } from "node:timers/promises";
import { expect } from "vitest";
import { type Answer, type Booking, type Caller, type Client, type Consistency, ENDED } from "../e2e/client";
import type { Fault, LedgerEntry, StandIn, WebhookRule } from "./control";

export interface World {
  readonly api: Client;
  readonly stripe: StandIn;
  readonly organiser: Caller;
  /** Passwords are hashed slowly, so sales share a few buyers; each has an event of its own. */
  readonly buyers: readonly Caller[];
}

/** How a sale must end: for the buyer, in the books, in the mailbox. */
export interface Ending {
  readonly status: "CONFIRMED" | "FAILED" | "EXPIRED" | "CANCELLED";
  readonly failureReason?: string;
  /** Of the payment; null when none was ever tried. */
  readonly payment: string | null;
  /** In the currency's minor unit as the product counts it. */
  readonly captured: number;
  readonly refunded?: number;
  readonly mails: readonly string[];
  /** Intents the sale may have left behind, all of them at an end. */
  readonly intents?: number;
}

export interface PaymentShown {
  readonly id: string;
  readonly amount: number;
  readonly status: string;
  readonly providerTransactionId: string | null;
  readonly clientSecret?: string;
}

interface Refused {
  readonly error?: { readonly code: string };
}

interface IntentAnswer {
  readonly paymentStatus: string;
  readonly clientSecret?: string;
}

/** Longer than a window, a look after it, and the pauses between tries. */
const REST_LIMIT_MS = 120_000;
/** Dozens of sales wait at once, and the dev server answers some hundred requests a second. */
const POLL_MS = 700;
const SEATS = ["seat_A1", "seat_A2"];

let openedSales = 0;

export type Sale = Awaited<ReturnType<typeof openSale>>;

export async function openSale(world: World, { price = 5_000, currency = "GBP" } = {}) {
  const { api, stripe, organiser, buyers } = world;
  const eventName = `Stripe ${crypto.randomUUID()}`;
  const eventId = await makeEvent(api, organiser, eventName, price, currency);
  const buyer = buyers[openedSales++ % buyers.length] as Caller;
  const scope = { eventCode: eventId.slice(-8) };
  const as = { caller: buyer };
  const card = (token: string) => ({ type: "card", token });
  const intents = async () => (await stripe.ledger(scope)).intents;
  const newestIntent = async (): Promise<LedgerEntry> => {
    const all = await intents();
    const newest = all.at(-1);
    if (!newest) throw new Error("no intent yet");
    return newest;
  };

  async function hold(seatIds = SEATS): Promise<{ lockId: string; bookingId: string }> {
    const made = await api.expectStatus<{ id: string }>(201, "POST", "/api/locks", {
      ...as,
      body: { eventId, seatIds },
    });
    const body = { lockId: made.id };
    const booking = await api.expectStatus<{ id: string }>(201, "POST", "/api/bookings/confirm", { ...as, body });
    return { lockId: made.id, bookingId: booking.id };
  }

  return {
    api,
    stripe,
    organiser,
    eventId,
    buyer,
    scope,
    intents,
    fault: (fault: Fault) => stripe.addFault({ ...fault, scope }),
    webhooks: (rule: WebhookRule) => stripe.setWebhookRule({ ...rule, scope }),

    /** The one-step way: the card comes with the booking. */
    async book(token: string, seatIds = SEATS): Promise<string> {
      const body = { eventId, seatIds, paymentMethod: card(token) };
      return (await api.expectStatus<{ bookingId: string }>(202, "POST", "/api/bookings", { ...as, body })).bookingId;
    },

    hold,
    /** The way in steps, up to where it waits for a card. */
    confirm: async (seatIds = SEATS) => (await hold(seatIds)).bookingId,

    release: (lockId: string) => api.call<Refused>("DELETE", `/api/locks/${lockId}`, as),

    pay: (bookingId: string, token: string, key?: string): Promise<Answer<IntentAnswer>> =>
      api.call("POST", "/api/payments/intent", { ...as, body: { bookingId, paymentMethod: card(token) }, key }),

    cancel: (bookingId: string, seatIds?: readonly string[]) =>
      api.call<Refused & { refundAmount: number }>("POST", `/api/bookings/${bookingId}/cancel`, {
        ...as,
        body: seatIds ? { seatIds } : {},
      }),

    payment: (bookingId: string, caller = buyer) =>
      api.call<PaymentShown>("GET", `/api/payments/booking/${bookingId}`, { caller }),

    ended: (bookingId: string): Promise<Booking> =>
      eventually(`booking ${bookingId} to end`, async () => {
        const found = await api.booking(buyer, bookingId);
        return ENDED.has(found.status) ? found : null;
      }),
    status: async (bookingId: string) => (await api.booking(buyer, bookingId)).status,

    /** Waits until the newest intent is in this state, and names it. */
    intentIn: (status: string): Promise<string> =>
      eventually(`an intent ${status}`, async () => {
        const newest = (await intents()).at(-1);
        return newest?.status === status ? newest.id : null;
      }),
    newestIntent,

    refunds: () => stripe.refunds(scope),
    requests: () => stripe.requests(scope),

    deadLetters: async () => {
      const { data } = await api.expectStatus<{ data: readonly DeadLetterShown[] }>(
        200,
        "GET",
        "/api/admin/dead-letters?perPage=100",
        { caller: organiser },
      );
      return data;
    },

    replay: (id: string) =>
      api.expectStatus(200, "POST", `/api/admin/dead-letters/${encodeURIComponent(id)}/replay`, {
        caller: organiser,
        body: {},
      }),

    /** At rest: the booking, the payment, the seats, the mails and the stand-in's books all say the same. */
    async restsAs(bookingId: string, ending: Ending): Promise<void> {
      await atRest(api, organiser, eventId);
      await booksClosed(stripe, scope);
      const booking = await api.booking(buyer, bookingId);
      expect({ status: booking.status, failureReason: booking.failureReason }).toEqual({
        status: ending.status,
        failureReason: ending.failureReason ?? null,
      });
      const payment = await api.call<PaymentShown>("GET", `/api/payments/booking/${bookingId}`, as);
      expect(payment.body.status ?? null).toBe(ending.payment);
      await expectBooks(stripe, scope, price, ending);
      await expectSeats(api, eventId, booking.status, booking.seatIds.length);
      await expectMails(api, buyer, bookingId, eventName, ending.mails);
      await atRest(api, organiser, eventId);
    },
  };
}

export interface DeadLetterShown {
  readonly id: string;
  readonly queue: string;
  readonly reason: string;
  readonly payload: { readonly bookingId?: string };
}

async function makeEvent(api: Client, caller: Caller, name: string, price: number, currency: string): Promise<string> {
  const venue = { name: "Stripe Hall", address: "1 Test Street", city: "Testville", country: "GB", capacity: 10 };
  const { id: venueId } = await api.expectStatus<{ id: string }>(201, "POST", "/api/venues", { caller, body: venue });
  const startsAt = Date.now() + 30 * 86_400_000;
  const body = {
    name,
    venueId,
    startsAt: new Date(startsAt).toISOString(),
    endsAt: new Date(startsAt + 3_600_000).toISOString(),
    ticketTiers: [{ tier: "GENERAL", price, currency, capacity: 10 }],
  };
  return (await api.expectStatus<{ id: string }>(201, "POST", "/api/events", { caller, body })).id;
}

/** What `look` finds, as soon as it finds something. */
export async function eventually<T>(what: string, look: () => Promise<T | null | false>): Promise<T> {
  const deadline = performance.now() + REST_LIMIT_MS;
  for (;;) {
    const found = await look();
    if (found !== null && found !== false) return found;
    if (performance.now() > deadline) throw new Error(`waited ${REST_LIMIT_MS} ms for ${what}`);
    await wait(POLL_MS);
  }
}

/** The event owes nothing, nothing of it is unfinished, and no promise is broken. */
async function atRest(api: Client, organiser: Caller, eventId: string): Promise<void> {
  const path = `/api/admin/consistency?eventId=${eventId}`;
  let seen: Consistency | null = null;
  const rest = eventually("the event to be at rest", async () => {
    seen = await api.expectStatus<Consistency>(200, "GET", path, { caller: organiser });
    return seen.outbox === 0 && seen.nonTerminal === 0 ? seen : null;
  });
  expect(await rest.catch(() => seen)).toMatchObject({ ok: true, outbox: 0, nonTerminal: 0, violations: [] });
}

/** Nothing is held on any card any more, and nobody can finish a challenge. */
async function booksClosed(stripe: StandIn, scope: { eventCode: string }): Promise<void> {
  await eventually("every intent to be at an end", async () => {
    const { intents } = await stripe.ledger(scope);
    return intents.every(({ status }) => status === "succeeded" || status === "canceled");
  });
}

async function expectBooks(
  stripe: StandIn,
  scope: { eventCode: string },
  price: number,
  ending: Ending,
): Promise<void> {
  const { intents, problems } = await stripe.ledger(scope);
  expect(problems).toEqual([]);
  const sum = (what: "captured" | "refunded" | "held") => intents.reduce((total, entry) => total + entry[what], 0);
  // The stand-in counts as Stripe does: what two seats cost there tells how many of its units are one of ours.
  const unit = (intents[0]?.amount ?? 2 * price) / (2 * price);
  expect({ captured: sum("captured") / unit, refunded: sum("refunded") / unit, held: sum("held") }).toEqual({
    captured: ending.captured,
    refunded: ending.refunded ?? 0,
    held: 0,
  });
  if (ending.intents !== undefined) expect(intents).toHaveLength(ending.intents);
}

async function expectSeats(api: Client, eventId: string, status: string, seats: number): Promise<void> {
  const { summary } = await api.seats(eventId);
  const reserved = status === "CONFIRMED" ? seats : 0;
  expect(summary).toMatchObject({ reserved, locked: 0, available: 10 - reserved });
}

async function expectMails(
  api: Client,
  buyer: Caller,
  bookingId: string,
  eventName: string,
  types: readonly string[],
): Promise<void> {
  interface Notification {
    readonly type: string;
    readonly bookingId: string | null;
  }
  const told = async () => {
    const path = "/api/notifications/recent";
    const { data } = await api.expectStatus<{ data: readonly Notification[] }>(200, "GET", path, { caller: buyer });
    return data.filter((one) => one.bookingId === bookingId).map(({ type }) => type);
  };
  await eventually(`the mails ${types.join(", ")}`, async () => (await told()).length >= types.length);
  expect((await told()).sort()).toEqual([...types].sort());
  const delivered = await api.mails(buyer.email);
  expect(delivered.filter(({ text }) => text.includes(eventName))).toHaveLength(types.length);
}
