// An organiser's day: a venue, an event with a drawn hall, and its first sale as it happens.

import type { Page } from "playwright-core";
import { expect, inject, it } from "vitest";
import { newAccount, newEvent, ORGANISER, post, readers, signIn, tokenOf } from "./browser";

const { open } = readers();
const url = inject("url");

it("an organiser makes a venue and an event, and sees the first sale appear", async () => {
  const { page, complaints } = await open({ width: 1440, height: 900 });
  await page.goto("/organiser");
  await signIn(page, ORGANISER);
  await page.getByText(/All is well/).waitFor();
  await page.getByRole("link", { name: "New venue" }).click();
  await page.getByLabel("Name").fill("The Old Mill");
  await page.getByLabel("Address").fill("1 Weir Lane");
  await page.getByLabel("City").fill("York");
  await page.getByLabel("How many it holds").fill("lots");
  await page.getByRole("button", { name: "Add the venue" }).click();
  await expect.poll(() => page.getByLabel("How many it holds").getAttribute("aria-invalid")).toBe("true");
  await page.getByLabel("How many it holds").fill("300");
  await page.getByRole("button", { name: "Add the venue" }).click();

  await page.getByRole("heading", { name: "A new event" }).waitFor();
  await page.getByText("The Old Mill is there. Now put an event on.").waitFor();
  await page.getByRole("button", { name: "Put it on sale" }).click();
  await page.getByText("Fill this in.").waitFor();
  await page.getByText("Not yet: what is marked is still to be put right.").waitFor();
  expect(await page.getByText("Choose a day and a time.").count()).toBe(2);
  await page.locator("input[name=name]").fill("Folk at the Mill");
  await page.locator("input[name=startsAt]").fill("2031-03-04T19:30");
  await page.locator("input[name=endsAt]").fill("2031-03-04T22:00");
  await page.locator("input[name=price-GENERAL]").fill("24.50");
  await page.getByText("160 seats, the venue holds 300").waitFor();
  await page.locator("input[name=rows]").fill("10");
  await page.getByText("200 seats, the venue holds 300").waitFor();
  await page.getByLabel("First seat number").fill("0");
  await expect.poll(() => page.getByLabel("First seat number").getAttribute("aria-invalid")).toBe("true");
  await page.getByLabel("First seat number").fill("101");
  await page.getByLabel("Aisles after seats").fill("110");
  await page.getByLabel("Seat numbers run from right to left").check();
  await expect.poll(() => drawnFromRight(page, "seat_A101", "seat_A102")).toBe(true);
  await page.getByRole("button", { name: "Put it on sale" }).click();
  await page.getByText("Nothing is sold yet").waitFor();

  const id = new URL(page.url()).pathname.split("/").at(-1) ?? "";
  const token = await tokenOf(url, await newAccount(url));
  const booking = {
    eventId: id,
    seatIds: ["seat_A101", "seat_A102"],
    paymentMethod: { type: "card", token: "pm_card_visa" },
  };
  expect((await post(url, "/api/bookings", booking, token)).status).toBe(202);
  await page.locator(".figures").getByText("£49.00").waitFor();
  await page.getByRole("img", { name: /Sales over time/ }).waitFor();
  await page.getByText("booking.confirmed").waitFor();

  await page.getByRole("link", { name: "Change the event" }).click();
  await page.locator("input[name=price-GENERAL]").fill("30");
  await page.getByRole("button", { name: "Save the changes" }).click();
  await page.getByRole("cell", { name: "£30.00" }).waitFor();
  expect(complaints).toEqual([]);
});

it("a buyer has no way into the organiser's pages", async () => {
  const account = await newAccount(url);
  const { page } = await open();
  await page.goto("/organiser/events/new");
  await signIn(page, account);
  await page.getByRole("heading", { name: "These pages are for organisers" }).waitFor();
  expect(await page.getByRole("link", { name: "Organise" }).count()).toBe(0);
});

it("an organiser sees people come in without asking for it", async () => {
  const [eventId, buyer, admin] = await Promise.all([
    newEvent(url, "An Evening at the Door"),
    newAccount(url).then((account) => tokenOf(url, account)),
    tokenOf(url, ORGANISER),
  ]);
  const paymentMethod = { type: "card", token: "pm_card_visa" };
  await post(url, "/api/bookings", { eventId, seatIds: ["seat_A1", "seat_A2"], paymentMethod }, buyer);
  const opensAt = new Date(Date.now() - 60_000).toISOString();
  const made = await post(url, `/api/admin/events/${eventId}/gates`, { name: "North door", opensAt }, admin);
  const gate = (await made.json()) as { id: string; token: string };

  const { page, asked, complaints } = await open({ width: 1200 });
  const gateRequests = () => asked.filter((address) => address.includes(`/events/${eventId}/gates`)).length;
  const isFollowing = page.waitForEvent("websocket").then((socket) =>
    socket.waitForEvent("framereceived", {
      predicate: ({ payload }) => String(payload).startsWith('{"type":"gates"'),
    }),
  );
  await page.goto(`/organiser/events/${eventId}`);
  await signIn(page, ORGANISER);
  const row = page.getByRole("row", { name: /North door/ });
  await row.getByRole("cell", { name: "0" }).first().waitFor();
  await isFollowing;
  const before = gateRequests();

  const tickets = await readyTickets(eventId, buyer);
  for (const [i, { token }] of tickets.entries()) {
    await post(url, "/api/gate/check-ins", { ticket: token, nonce: `nonce-of-organiser-${i}` }, gate.token);
    await row.getByRole("cell", { name: String(i + 1), exact: true }).waitFor();
  }
  const undo = { reason: "the wrong door" };
  await post(url, `/api/admin/tickets/${tickets[0]?.id}/undo-check-in`, undo, admin);
  await row.getByRole("cell", { name: "1", exact: true }).waitFor();
  expect(gateRequests()).toBe(before);
  expect(complaints).toEqual([]);
});

/** Whether the first of two neighbours is drawn right of the second. */
async function drawnFromRight(page: Page, first: string, second: string): Promise<boolean> {
  return await page.locator("canvas").evaluate(
    (canvas, [a, b]) => {
      const { seatPoint } = canvas as unknown as { seatPoint(id: string): { x: number } | null };
      const points = [seatPoint(a as string), seatPoint(b as string)];
      return points[0] != null && points[1] != null && points[0].x > points[1].x;
    },
    [first, second],
  );
}

/** The buyer's tickets for the event, once they are paid for. */
async function readyTickets(eventId: string, buyer: string): Promise<readonly { id: string; token: string }[]> {
  const headers = { Authorization: `Bearer ${buyer}` };
  const read = async (path: string) => (await (await fetch(url + path, { headers })).json()) as { data: never[] };
  const bookings = async () =>
    (await read("/api/bookings/my?status=CONFIRMED")).data as { id: string; eventId: string }[];
  await expect.poll(bookings, { timeout: 15_000 }).toMatchObject([{ eventId }]);
  return (await read(`/api/bookings/${(await bookings())[0]?.id}/tickets`)).data;
}

it("a refund counts as paid in another way only once that was asked back", async () => {
  const letter = {
    id: "refund-failed:bkg_1:refund:1",
    queue: "booking-saga",
    reason: "the refund failed: charge_disputed",
    attempts: 1,
    payload: {},
    notedAt: new Date().toISOString(),
    replayable: true,
    replayedAt: null,
    closedAt: null,
  };
  const listed = { data: [letter], pagination: { page: 1, perPage: 100, total: 1, totalPages: 1 } };
  const { page } = await open();
  await page.goto("/my-tickets");
  await signIn(page, ORGANISER);
  const sent: (string | null)[] = [];
  await page.route(/dead-letters\?open=true/, (route) => route.fulfill({ json: listed }));
  await page.route(/dead-letters\/.+\/close/, (route) => {
    sent.push(route.request().postData());
    return route.fulfill({ json: letter });
  });
  await page.goto("/organiser/health");
  const button = page.getByRole("button", { name: "Paid back otherwise" });
  page.once("dialog", (dialog) => void dialog.dismiss());
  await button.click();
  page.once("dialog", (dialog) => void dialog.accept());
  await button.click();
  await page.getByText("Noted as paid back.").waitFor();
  expect(sent).toEqual(['{"paidBack":true}']);
});
