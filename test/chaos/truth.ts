// What the product and the provider say at rest: box office (seats, journal, locks), D1 (buyers' lists, bookings,
// payments), the audit, and the provider's books.

import { setTimeout as wait } from "node:timers/promises";
import type { Caller, Client, Consistency, SeatsAnswer } from "../e2e/client";
import type { Ledger as Books, StandIn } from "../stripe/control";
import type { Hall } from "./buyers";
import type { Json } from "./ledger";

const REST_LIMIT_MS = 300_000;
const POLL_MS = 500;
const PER_PAGE = 100;
const MAX_PAGES = 500;
const AT_ONCE = 8;

export interface HallTruth {
  readonly hall: Hall;
  readonly audit: Consistency & { readonly truncated: boolean };
  readonly seats: SeatsAnswer;
  /** Facts of the journal with the ids they name. */
  readonly facts: readonly {
    readonly type: string;
    readonly lockId: string | null;
    readonly bookingId: string | null;
  }[];
}

export interface Truth {
  readonly halls: readonly HallTruth[];
  /** By id, as its owner's list has it. */
  readonly listed: ReadonlyMap<string, Json>;
  /** By id, as it is read alone. */
  readonly bookings: ReadonlyMap<string, Json>;
  readonly payments: ReadonlyMap<string, Json>;
  readonly locks: ReadonlyMap<string, Json>;
  readonly books: Books | null;
}

export interface Witnesses {
  readonly api: Client;
  readonly organiser: Caller;
  readonly buyers: readonly Caller[];
  readonly halls: readonly Hall[];
  readonly stripe: StandIn | null;
}

/** Null when everything came to rest, else what did not. */
export async function comeToRest({ api, organiser, halls, stripe }: Witnesses): Promise<string | null> {
  const deadline = performance.now() + REST_LIMIT_MS;
  let restless = "";
  while (performance.now() < deadline) {
    const found = await oneByOne(halls, (hall) => auditOf(api, organiser, hall));
    const open = (await stripe?.ledger())?.intents.filter(
      ({ status }) => status !== "succeeded" && status !== "canceled",
    );
    const isAtRest = found.every(({ outbox, nonTerminal }) => outbox === 0 && nonTerminal === 0);
    if (isAtRest && (open ?? []).length === 0) return null;
    restless = JSON.stringify({
      found: found.filter(({ outbox, nonTerminal }) => outbox + nonTerminal > 0),
      open: open?.slice(0, 5),
    });
    await wait(POLL_MS);
  }
  return `not at rest within ${REST_LIMIT_MS / 1_000} s: ${restless}`;
}

export async function readTruth(witnesses: Witnesses, lockIds: ReadonlyMap<string, Caller>): Promise<Truth> {
  const { api, organiser, buyers, halls, stripe } = witnesses;
  const listed = new Map<string, Json>();
  const owners = new Map<string, Caller>();
  for (const caller of buyers) {
    for (const item of await pagesOf(api, caller, "/api/bookings/my")) {
      listed.set(item.id, item);
      owners.set(item.id, caller);
    }
  }
  const bookings = await readAll(api, owners, (id) => `/api/bookings/${id}`);
  const locks = new Map(lockIds);
  for (const [id, caller] of owners) if (bookings.get(id)) locks.set(bookings.get(id).lockId, caller);
  const paid = new Map([...owners].filter(([id]) => bookings.get(id)?.paymentId));
  return {
    listed,
    bookings,
    payments: await readAll(api, paid, (id) => `/api/payments/booking/${id}`),
    locks: await readAll(api, locks, (id) => `/api/locks/${id}`),
    halls: await oneByOne(halls, (hall) => hallTruth(api, organiser, hall)),
    books: stripe ? await stripe.ledger() : null,
  };
}

async function oneByOne<T, R>(items: readonly T[], act: (item: T) => Promise<R>): Promise<R[]> {
  const found: R[] = [];
  for (const item of items) found.push(await act(item));
  return found;
}

async function hallTruth(api: Client, organiser: Caller, hall: Hall): Promise<HallTruth> {
  const entries = await pagesOf(api, organiser, `/api/admin/events/${hall.id}/journal`);
  const facts = entries.flatMap(({ facts }) =>
    facts.map(({ type, eventType, payload }: Json) => ({
      type: type ?? eventType,
      lockId: payload.lockId ?? null,
      bookingId: payload.bookingId ?? null,
    })),
  );
  return { hall, audit: await auditOf(api, organiser, hall), seats: await api.seats(hall.id), facts };
}

async function auditOf(api: Client, caller: Caller, hall: Hall): Promise<HallTruth["audit"]> {
  return await api.expectStatus<HallTruth["audit"]>(200, "GET", `/api/admin/consistency?eventId=${hall.id}`, {
    caller,
  });
}

async function pagesOf(api: Client, caller: Caller, path: string): Promise<Json[]> {
  const items: Json[] = [];
  for (let page = 1; page <= MAX_PAGES; page++) {
    const query = `?page=${page}&perPage=${PER_PAGE}`;
    const found = await api.expectStatus<Json>(200, "GET", path + query, { caller });
    items.push(...found.data);
    if (page >= found.pagination.totalPages) return items;
  }
  throw new Error(`${path} has more than ${MAX_PAGES} pages`);
}

/** Null for what is not found. */
async function readAll(
  api: Client,
  owners: ReadonlyMap<string, Caller>,
  pathOf: (id: string) => string,
): Promise<Map<string, Json>> {
  const found = new Map<string, Json>();
  const queue = [...owners];
  const work = async () => {
    for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
      const [id, caller] = next;
      const { status, body } = await api.call<Json>("GET", pathOf(id), { caller });
      found.set(id, status === 200 ? body : null);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  return found;
}
