// A client of the API as its documents describe it, with what tests do over and over: sign in, make an event, book,
// wait for an end.

import { randomUUID } from "node:crypto";
import { setTimeout as wait } from "node:timers/promises";

const POLL_MS = 50;
const REQUEST_LIMIT_MS = 30_000;
/** Passwords are hashed slowly, a few at once; on a busy machine a caller is told to come back. */
const SIGN_UPS_AT_ONCE = 4;
const MAX_COMEBACKS = 10;
const DAY_MS = 86_400_000;

export const ENDED: ReadonlySet<string> = new Set(["CONFIRMED", "FAILED", "EXPIRED", "CANCELLED"]);
export const CARD = { type: "card", token: "pm_card_visa" } as const;
export const DECLINED_CARD = { type: "card", token: "pm_card_chargeDeclined" } as const;

export interface Answer<T> {
  readonly status: number;
  readonly body: T;
  readonly headers: Headers;
}

export interface Booking {
  readonly id: string;
  readonly status: string;
  readonly seatIds: readonly string[];
  readonly totalAmount: number;
  readonly paymentId: string | null;
  readonly failureReason: string | null;
}

export interface Seat {
  readonly id: string;
  readonly status: string;
}

export interface SeatsAnswer {
  readonly seats: readonly Seat[];
  readonly summary: {
    readonly total: number;
    readonly available: number;
    readonly locked: number;
    readonly reserved: number;
  };
}

export interface Mail {
  readonly id: string;
  readonly to: string;
  readonly subject: string;
  readonly sentAt: string;
  readonly text: string;
  readonly html: string;
  readonly attachments: readonly { readonly filename: string }[];
}

export interface Lock {
  readonly id: string;
  readonly status: string;
  readonly seatIds: readonly string[];
  readonly expiresAt: string;
}

export interface Consistency {
  readonly ok: boolean;
  readonly outbox: number;
  readonly nonTerminal: number;
  readonly bookings: Readonly<Record<string, number>>;
  readonly violations: readonly { readonly invariant: string; readonly detail: string }[];
}

export interface Caller {
  readonly email: string;
  readonly token: string;
}

interface RequestOptions {
  readonly caller?: Caller;
  readonly body?: unknown;
  readonly key?: string;
}

export type Client = ReturnType<typeof clientOf>;

export function clientOf(url: string) {
  async function call<T>(method: string, path: string, { caller, body, key }: RequestOptions = {}): Promise<Answer<T>> {
    const headers: Record<string, string> = {};
    if (caller) headers["Authorization"] = `Bearer ${caller.token}`;
    if (body !== undefined) headers["Content-Type"] = "application/json";
    if (key) headers["Idempotency-Key"] = key;
    const answer = await fetch(url + path, {
      method,
      headers,
      body: body === undefined ? null : JSON.stringify(body),
      signal: AbortSignal.timeout(REQUEST_LIMIT_MS),
    });
    return { status: answer.status, body: (await answer.json()) as T, headers: answer.headers };
  }

  /** The body of an answer that must have this status. */
  async function expectStatus<T>(status: number, method: string, path: string, options?: RequestOptions): Promise<T> {
    const answer = await call<T>(method, path, options);
    if (answer.status === status) return answer.body;
    throw new Error(`${method} ${path} answered ${answer.status}, not ${status}: ${JSON.stringify(answer.body)}`);
  }

  /** As expectStatus, coming back as often and as late as a 503 asks. */
  async function expectPatiently<T>(status: number, method: string, path: string, options: RequestOptions): Promise<T> {
    for (let comebacks = 0; comebacks < MAX_COMEBACKS; comebacks++) {
      const answer = await call<T>(method, path, options);
      if (answer.status === status) return answer.body;
      if (answer.status !== 503) break;
      await wait(Number(answer.headers.get("Retry-After")) * 1_000);
    }
    return await expectStatus<T>(status, method, path, options);
  }

  async function logIn(email: string, password: string): Promise<Caller> {
    const body = { email, password };
    const { token } = await expectPatiently<{ token: string }>(200, "POST", "/api/users/login", { body });
    return { email, token };
  }

  async function signUp(): Promise<Caller> {
    const email = `buyer-${randomUUID()}@example.com`;
    const password = "Password1";
    await expectPatiently(201, "POST", "/api/users/register", { body: { name: "A Buyer", email, password } });
    return await logIn(email, password);
  }

  async function booking(caller: Caller, id: string): Promise<Booking> {
    return await expectStatus<Booking>(200, "GET", `/api/bookings/${id}`, { caller });
  }

  return {
    url,
    call,
    expectStatus,
    logIn,
    signUp,
    booking,

    async signUpMany(count: number): Promise<Caller[]> {
      const callers: Caller[] = [];
      while (callers.length < count) {
        const batch = Math.min(SIGN_UPS_AT_ONCE, count - callers.length);
        callers.push(...(await Promise.all(Array.from({ length: batch }, signUp))));
      }
      return callers;
    },

    logInAsOrganiser: () => logIn("admin@ticketflow.dev", "Admin1234!"),

    /** An event of one GENERAL tier, ten seats a row, in its own venue; its id. */
    async makeEvent(organiser: Caller, { seats, price = 5_000 }: { seats: number; price?: number }): Promise<string> {
      const venue = { name: "Test Hall", address: "1 Test Street", city: "Testville", country: "GB", capacity: seats };
      const { id: venueId } = await expectStatus<{ id: string }>(201, "POST", "/api/venues", {
        caller: organiser,
        body: venue,
      });
      const startsAt = Date.now() + 30 * DAY_MS;
      const event = {
        name: `Test ${randomUUID()}`,
        venueId,
        startsAt: new Date(startsAt).toISOString(),
        endsAt: new Date(startsAt + 3_600_000).toISOString(),
        ticketTiers: [{ tier: "GENERAL", price, currency: "GBP", capacity: seats }],
        seatsPerRow: 10,
      };
      return (await expectStatus<{ id: string }>(201, "POST", "/api/events", { caller: organiser, body: event })).id;
    },

    async seats(eventId: string): Promise<SeatsAnswer> {
      return await expectStatus<SeatsAnswer>(200, "GET", `/api/inventory/events/${eventId}/seats`);
    },

    /** The booking once it has ended. */
    async ended(caller: Caller, id: string, withinMs = 30_000): Promise<Booking> {
      return await until(`booking ${id} to end`, withinMs, async () => {
        const found = await booking(caller, id);
        return ENDED.has(found.status) ? found : null;
      });
    },

    async mails(to: string): Promise<Mail[]> {
      return await expectStatus<Mail[]>(200, "GET", `/dev/mailbox.json?to=${encodeURIComponent(to)}`);
    },

    /** Resolves when an event owes nothing and nothing of it is unfinished; then no promise may be broken. */
    async atRest(organiser: Caller, eventId: string, withinMs: number): Promise<void> {
      const path = `/api/admin/consistency?eventId=${eventId}`;
      const deadline = performance.now() + withinMs;
      for (;;) {
        const found = await expectStatus<Consistency>(200, "GET", path, { caller: organiser });
        const isAtRest = found.outbox === 0 && found.nonTerminal === 0;
        if (isAtRest && found.ok) return;
        if (isAtRest || performance.now() > deadline) {
          throw new Error(`not at rest and whole within ${withinMs} ms: ${JSON.stringify(found)}`);
        }
        await wait(POLL_MS);
      }
    },

    /** What the dev command does every 30 s. */
    async sweep(): Promise<void> {
      await (await fetch(`${url}/cdn-cgi/handler/scheduled?cron=*+*+*+*+*`)).arrayBuffer();
    },
  };
}

/** What `look` finds, as soon as it finds something. */
export async function until<T>(what: string, withinMs: number, look: () => Promise<T | null | false>): Promise<T> {
  const deadline = performance.now() + withinMs;
  for (;;) {
    const found = await look();
    if (found !== null && found !== false) return found;
    if (performance.now() > deadline) throw new Error(`waited ${withinMs} ms for ${what}`);
    await wait(POLL_MS);
  }
}
