// A buyer's way through the real server, from registering to the refund; the README's own purchase; and fifty buyers
// who want the same seat.

import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { CARD, type Caller, type Client, clientOf, DECLINED_CARD, until } from "./client";
import { type DevServer, outputOf, ROOT, startDevServer } from "./dev-server";

/** Mails and projections follow a booking within moments; this is how long a test waits for them at most. */
const SOON_MS = 15_000;
const BUYERS = 50;

let server: DevServer;
let api: Client;
let organiser: Caller;

beforeAll(async () => {
  server = await startDevServer();
  api = clientOf(server.url);
  organiser = await api.logInAsOrganiser();
});

afterAll(async () => {
  await server?.[Symbol.asyncDispose]();
});

describe("the demo", () => {
  it("has the document's account, an administrator, and future events of every kind", async () => {
    const buyer = await api.logIn("test@ticketflow.dev", "Test1234!");
    const me = await api.expectStatus<{ name: string; role: string }>(200, "GET", "/api/users/me", { caller: buyer });
    expect(me).toMatchObject({ name: "Test User", role: "USER" });

    const { data } = await api.expectStatus<{ data: DemoEvent[] }>(200, "GET", "/api/events");
    expect(data.length).toBeGreaterThanOrEqual(4);
    expect(data.every((event) => Date.parse(event.startsAt) > Date.now())).toBe(true);
    expect(
      data
        .find((event) => event.totalSeats === 20_000)
        ?.ticketTiers.map(({ tier }) => tier)
        .sort(),
    ).toEqual(["GENERAL", "STANDING", "VIP"]);
    expect(new Set(data.map((event) => event.venue.id)).size).toBeGreaterThanOrEqual(2);
    const tiers = data.flatMap((event) => event.ticketTiers);
    expect(tiers.some(({ price }) => price === 0)).toBe(true);
    expect(new Set(tiers.map(({ currency }) => currency))).toEqual(new Set(["GBP", "EUR", "JPY"]));
  });

  it("is put in once, however often the seed runs", async () => {
    const before = await demoCount();
    await Promise.all([1, 2, 3].map(() => api.expectStatus(200, "POST", "/dev/seed", { body: {} })));
    expect(await demoCount()).toEqual(before);
  });
});

describe("a purchase", () => {
  it("goes from registration to a confirmed booking, its mail, and back by cancellation with refund", async () => {
    const eventId = await api.makeEvent(organiser, { seats: 20 });
    const buyer = await api.signUp();
    const { bookingId, status } = await api.expectStatus<{ bookingId: string; status: string }>(
      202,
      "POST",
      "/api/bookings",
      {
        caller: buyer,
        body: { eventId, seatIds: ["seat_A1", "seat_A2"], paymentMethod: CARD },
      },
    );
    expect(status).toBe("PENDING");

    const booking = await api.ended(buyer, bookingId);
    expect(booking).toMatchObject({ status: "CONFIRMED", totalAmount: 10_000, seatIds: ["seat_A1", "seat_A2"] });
    expect(await payment(buyer, bookingId)).toMatchObject({ status: "SUCCESS", amount: 10_000, currency: "GBP" });
    expect((await api.seats(eventId)).summary).toMatchObject({ total: 20, available: 18, locked: 0, reserved: 2 });

    const confirmation = await mailAbout(buyer, "confirmed");
    expect(confirmation.attachments.map(({ filename }) => filename).join()).toContain(".ics");

    const cancelled = await api.expectStatus(200, "POST", `/api/bookings/${bookingId}/cancel`, {
      caller: buyer,
      body: {},
    });
    expect(cancelled).toMatchObject({ bookingId, status: "CANCELLED", refundAmount: 10_000, currency: "GBP" });
    expect((await api.seats(eventId)).summary).toMatchObject({ available: 20, locked: 0, reserved: 0 });
    await mailAbout(buyer, "cancelled");
    await until("the refund", SOON_MS, async () => {
      const { status: state } = await payment(buyer, bookingId);
      return state === "REFUNDED" ? true : null;
    });
    expect((await api.mails(buyer.email)).length).toBe(3);
    await api.atRest(organiser, eventId, SOON_MS);
  });

  it("fails with a declined card, charges nothing and frees the seats", async () => {
    const eventId = await api.makeEvent(organiser, { seats: 10 });
    const buyer = await api.signUp();
    const { bookingId } = await api.expectStatus<{ bookingId: string }>(202, "POST", "/api/bookings", {
      caller: buyer,
      body: { eventId, seatIds: ["seat_A1"], paymentMethod: DECLINED_CARD },
    });
    expect(await api.ended(buyer, bookingId)).toMatchObject({ status: "FAILED", failureReason: "PAYMENT_FAILED" });
    expect(await payment(buyer, bookingId)).toMatchObject({ status: "FAILED" });
    expect((await api.seats(eventId)).summary).toMatchObject({ available: 10, locked: 0, reserved: 0 });
    await api.atRest(organiser, eventId, SOON_MS);
  });

  it("works when the README's lines are pasted into a shell", async () => {
    const script = (await purchaseOfReadme()).replace("http://localhost:3000", server.url);
    const output = await outputOf("bash", ["-c", script]);
    expect(output).toMatch(/"status":"CONFIRMED"/);
    expect(output).toMatch(/"subject":"[^"]*confirmed[^"]*"/i);
    expect(output).not.toMatch(/"error"/);
  });
});

describe("fifty buyers who want the same seat at once", () => {
  it("make one booking, 49 refusals and one charge", async () => {
    const eventId = await api.makeEvent(organiser, { seats: 10 });
    const buyers = await api.signUpMany(BUYERS);
    const accepted = await Promise.all(
      buyers.map((caller) =>
        api.expectStatus<{ bookingId: string }>(202, "POST", "/api/bookings", {
          caller,
          body: { eventId, seatIds: ["seat_A5"], paymentMethod: CARD },
        }),
      ),
    );
    const bookings = await Promise.all(buyers.map((caller, n) => api.ended(caller, accepted[n]?.bookingId ?? "")));

    const winners = bookings.filter(({ status }) => status === "CONFIRMED");
    const losers = bookings.filter(({ status }) => status === "FAILED");
    expect({ winners: winners.length, losers: losers.length }).toEqual({ winners: 1, losers: BUYERS - 1 });
    expect(new Set(losers.map(({ failureReason }) => failureReason))).toEqual(new Set(["SEATS_UNAVAILABLE"]));
    // A payment exists from its first attempt on: whoever has none was never asked for money.
    expect(losers.filter(({ paymentId }) => paymentId !== null)).toEqual([]);
    expect((await api.seats(eventId)).summary).toMatchObject({ available: 9, locked: 0, reserved: 1 });
    await api.atRest(organiser, eventId, SOON_MS);
  });
});

interface DemoEvent {
  readonly startsAt: string;
  readonly totalSeats: number;
  readonly venue: { readonly id: string };
  readonly ticketTiers: readonly { readonly tier: string; readonly price: number; readonly currency: string }[];
}

async function demoCount() {
  const { pagination } = await api.expectStatus<{ pagination: { total: number } }>(200, "GET", "/api/events");
  const mails = await Promise.all(["test@ticketflow.dev", "admin@ticketflow.dev"].map(api.mails));
  return { events: pagination.total, mails: mails.map(({ length }) => length) };
}

async function payment(caller: Caller, bookingId: string) {
  return await api.expectStatus<{ status: string; amount: number; currency: string }>(
    200,
    "GET",
    `/api/payments/booking/${bookingId}`,
    { caller },
  );
}

async function mailAbout(caller: Caller, word: string) {
  return await until(`a mail that says ${word}`, SOON_MS, async () => {
    const mails = await api.mails(caller.email);
    return mails.find(({ subject }) => subject.toLowerCase().includes(word)) ?? null;
  });
}

/** The first shell block under "Buy a ticket". */
async function purchaseOfReadme(): Promise<string> {
  const readme = await readFile(join(ROOT, "README.md"), "utf8");
  const [, block] = /^## Buy a ticket\n.*?^```bash\n(.*?)^```/ms.exec(readme) ?? [];
  if (!block) throw new Error("README.md has no purchase to paste");
  expect(block.match(/^.*\bcurl\b.*$/gm)?.length).toBe(6);
  return block;
}
