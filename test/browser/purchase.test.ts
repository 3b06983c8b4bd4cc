// Buying as a person does: from the list to the ticket, with everything that may come between.

import type { Route } from "playwright-core";
import { expect, inject, it } from "vitest";
import { hallShown, newAccount, newEvent, post, readers, signIn, tapSeat, tokenOf } from "./browser";

const { open } = readers();
const url = inject("url");

it("a stranger finds an event, chooses seats, signs up in place, pays and has tickets", async () => {
  const name = "The Long Way Home";
  await newEvent(url, name);
  const { page, complaints, asked } = await open();
  await page.goto("/");
  await page.getByLabel("Event or city").fill("long home bristol");
  await page.getByRole("link", { name: new RegExp(name) }).click();
  await hallShown(page);
  await tapSeat(page, "seat_B4");
  await page.getByRole("button", { name: "Hold 2 seats for £500.00" }).click();

  await page.getByLabel("I am new here").check();
  await page.getByLabel("Your name").fill("Alma Stranger");
  await page.getByLabel("E-mail").fill(`alma-${Date.now()}@example.com`);
  await page.getByLabel("Password").fill("short");
  await page.getByRole("button", { name: "Create the account" }).click();
  await expect.poll(() => page.getByLabel("Password").getAttribute("aria-invalid")).toBe("true");
  await page.getByLabel("Password").fill("Secret123");
  await page.getByRole("button", { name: "Create the account" }).click();

  await page.getByRole("heading", { name: "Your seats" }).waitFor();
  await page.getByText("Row B, seat 4", { exact: true }).waitFor();
  await page.getByRole("link", { name: "Go on to pay £500.00" }).click();
  await page.getByRole("button", { name: "Pay £500.00" }).click();
  await page.getByRole("heading", { name: "You are going" }).waitFor();
  await page.getByRole("article", { name: "Row B, seat 5" }).waitFor();
  const calendar = await page.getByRole("link", { name: "Add to my calendar" }).getAttribute("href");
  expect(decodeURIComponent(calendar ?? "")).toMatch(/BEGIN:VEVENT[\s\S]*SUMMARY:The Long Way Home/);

  await page.getByRole("link", { name: "My tickets" }).first().click();
  await page.getByRole("link", { name: /The Long Way Home.*Confirmed/s }).waitFor();
  expect(complaints).toEqual([]);
  expect(asked.filter((address) => !address.startsWith(url) && !address.startsWith("data:"))).toEqual([]);
  expect(asked.filter((address) => /eyJ|token=/.test(address))).toEqual([]);
});

it("a declined card leaves the seats held, and another card, whose bank asks back, buys them", async () => {
  const account = await newAccount(url);
  const id = await newEvent(url, "Second Try");
  const { page, complaints } = await open();
  await page.goto(`/events/${id}`);
  await page.getByRole("button", { name: "Hold the best 2 together" }).click();
  await signIn(page, account);
  await page.getByRole("link", { name: /Go on to pay/ }).click();
  await page.getByLabel(/A card that is declined/).check();
  await page.getByRole("button", { name: /^Pay £/ }).click();
  await page.getByRole("heading", { name: "The card was declined" }).waitFor();
  await page.getByText("Your seats are still held").waitFor();

  await page.getByLabel(/A card whose bank asks back/).check();
  await page.getByRole("button", { name: /^Pay £/ }).click();
  await page.getByRole("heading", { name: /Your bank wants to know/ }).waitFor();
  await page.getByText(/held for your bank's answer/).waitFor();
  await page.getByText(/if it has not said yes by .*, the seats go back on sale and nothing is charged/).waitFor();
  await page.getByRole("button", { name: "Say that it is not" }).click();
  await page.getByRole("heading", { name: "The card was declined" }).waitFor();
  await page.getByLabel(/A card whose bank asks back/).check();
  await page.getByRole("button", { name: /^Pay £/ }).click();
  await page.getByRole("heading", { name: /Your bank wants to know/ }).waitFor();
  await page.reload();
  await page.getByRole("button", { name: "Say that it is me" }).click();
  await page.getByRole("heading", { name: "You are going" }).waitFor();
  expect(complaints).toEqual([]);
});

it("a ticket is cancelled after its amount and deadline are shown, and its seat is free again", async () => {
  const account = await newAccount(url);
  const id = await newEvent(url, "Changed My Mind");
  const { page } = await open();
  await page.goto(`/events/${id}`);
  await page.getByRole("button", { name: "One fewer" }).click();
  await page.getByRole("button", { name: "Hold the best seat" }).click();
  await signIn(page, account);
  await page.getByRole("link", { name: /Go on to pay/ }).click();
  await page.getByRole("button", { name: /^Pay £/ }).click();
  await page.getByRole("heading", { name: "You are going" }).waitFor();
  await page.getByText(/You can cancel until .* and get £250\.00 back/).waitFor();
  await page.getByRole("button", { name: "Cancel tickets…" }).click();
  await page.getByRole("button", { name: "Cancel 1 ticket" }).click();
  await page.getByRole("heading", { name: "This booking is cancelled" }).waitFor();
  await page.getByText(/£250\.00 (is on its way|went) back to your card/).waitFor();
  const seats = (await (await fetch(`${url}/api/inventory/events/${id}/seats`)).json()) as {
    summary: { reserved: number };
  };
  expect(seats.summary.reserved).toBe(0);
});

it("some tickets are cancelled after the price of each and what comes back for them are shown", async () => {
  const account = await newAccount(url);
  const id = await newEvent(url, "One Of Us Is Ill");
  const token = await tokenOf(url, account);
  const paymentMethod = { type: "card", token: "pm_card_visa" };
  const booked = await post(
    url,
    "/api/bookings",
    { eventId: id, seatIds: ["seat_A1", "seat_D2"], paymentMethod },
    token,
  );
  const { bookingId } = (await booked.json()) as { bookingId: string };
  const { page, complaints } = await open({ width: 390, height: 844 });
  await page.goto("/my-tickets");
  await signIn(page, account);
  await page.goto(`/bookings/${bookingId}`);
  await page.getByRole("heading", { name: "You are going" }).waitFor();
  await page.getByRole("button", { name: "Cancel tickets…" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByText("You get back £290.00").waitFor();
  await dialog.getByRole("checkbox", { name: "Row A, seat 1 £250.00" }).uncheck();
  await dialog.getByText("You get back £40.00").waitFor();
  await dialog.getByRole("button", { name: "Cancel 1 ticket" }).click();
  await page.getByText("Cancelled. £40.00 goes back to your card.").waitFor();
  await page.getByText("Paid £250.00.").waitFor();
  await expect.poll(() => page.getByRole("article", { name: "Row D, seat 2" }).count()).toBe(0);
  expect(complaints).toEqual([]);
});

it("everything is chosen and held by keyboard alone, from a list with whole names", async () => {
  const account = await newAccount(url);
  const id = await newEvent(url, "By Keys Alone");
  const { page } = await open();
  await page.goto(`/events/${id}`);
  await hallShown(page);
  await page.getByRole("button", { name: "Sign in" }).press("Enter");
  await signIn(page, account);
  // The list is the first thing that Tab reaches after the head of the page.
  await page.getByRole("heading", { name: "By Keys Alone" }).focus();
  await page.keyboard.press("Tab");
  await page.keyboard.press("ArrowLeft");
  await page.getByLabel("Section").selectOption("Circle");
  await page.getByLabel("Row", { exact: true }).selectOption("E");
  const seat = page.getByRole("button", { name: "Row E, seat 1, General, wheelchair place, £40.00, free" });
  await seat.press("Enter");
  await page.getByRole("button", { name: /Row E, seat 1, .*, chosen/ }).waitFor();
  await page.getByRole("button", { name: /^Hold 2 seats for £80.00/ }).press("Enter");
  await page.getByRole("heading", { name: "Your seats" }).waitFor();
  // What was pressed is gone: keyboard and screen reader go on from what is there instead, not from the top of the page.
  await expect.poll(() => page.evaluate(() => document.activeElement?.getAttribute("aria-label"))).toBe("Your choice");
  await page.keyboard.press("Tab");
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { name: "Pay for By Keys Alone" }).waitFor();
});

it("on a phone, what went wrong with a hold and the way on to pay are where the thumb is", async () => {
  const account = await newAccount(url);
  const id = await newEvent(url, "In One Hand");
  const { page } = await open({ width: 390, height: 844, touch: true });
  await page.goto(`/events/${id}`);
  await hallShown(page);
  await page.getByRole("button", { name: "Sign in" }).click();
  await signIn(page, account);
  await tapSeat(page, "seat_B4");
  const before = await page.evaluate(() => scrollY);
  const bar = page.getByRole("region", { name: "Chosen" });
  await page.context().setOffline(true);
  await bar.getByRole("button", { name: "Hold 2 seats" }).click();
  await bar.getByText(/could not be reached/).waitFor();
  await page.context().setOffline(false);
  await bar.getByRole("button", { name: "Hold 2 seats" }).click();
  await page.getByRole("region", { name: "Held" }).getByRole("link", { name: "Go on to pay £500.00" }).click();
  expect(before).toBeGreaterThan(0);
  await page.getByRole("heading", { name: "Pay for In One Hand" }).waitFor();
  expect(await page.getByText(/yours for now/).count()).toBe(0);
});

it("on a phone, seats that somebody else took are replaced where the thumb is", async () => {
  const id = await newEvent(url, "Too Late By A Second");
  const { page } = await open({ width: 390, height: 844, touch: true });
  await page.goto(`/events/${id}`);
  await hallShown(page);
  await tapSeat(page, "seat_B4");
  const other = await tokenOf(url, await newAccount(url));
  await post(url, "/api/locks", { eventId: id, seatIds: ["seat_B4", "seat_B5"] }, other);
  const bar = page.getByRole("region", { name: "Chosen" });
  await bar.getByText(/Free close by/).waitFor();
  await bar.getByRole("button", { name: "Choose them instead" }).click();
  await bar.getByRole("button", { name: "Hold 2 seats" }).waitFor();
  await bar.getByRole("button", { name: "Choose none of them" }).click();
  await bar.waitFor({ state: "detached" });
});

it("what is free is called so, from the hall to giving it back", async () => {
  const account = await newAccount(url);
  const id = await newEvent(url, "On The House", [
    { tier: "VIP", price: 0, currency: "GBP" },
    { tier: "GENERAL", price: 4_000, currency: "GBP" },
  ]);
  const { page } = await open();
  await page.goto("/?q=On+The+House");
  await page.getByText("Free and up").waitFor();
  await page.goto(`/events/${id}`);
  await page.getByRole("button", { name: "Hold the best 2 together" }).click();
  await signIn(page, account);
  await page.getByRole("link", { name: "Go on and book" }).click();
  await page.getByRole("heading", { name: "Book On The House" }).waitFor();
  expect(await page.getByText("£").count()).toBe(0);
  await page.getByRole("button", { name: "Book for free" }).click();
  await page.getByRole("heading", { name: "You are going" }).waitFor();
  await page.getByText(/You can give the seats back until/).waitFor();
  await page.getByRole("button", { name: "Cancel tickets…" }).click();
  await page.getByRole("dialog").waitFor();
  expect(await page.getByText("£").count()).toBe(0);
});

it("seats that are chosen before all of the event is there are held like others", async () => {
  const account = await newAccount(url);
  const id = await newEvent(url, "Slow To Come");
  const { page } = await open();
  const late: Route[] = [];
  await page.route(`**/api/events/${id}`, (route) => void late.push(route));
  await page.goto(`/events/${id}`);
  await hallShown(page);
  await tapSeat(page, "seat_B4");
  expect(await page.getByRole("button", { name: "Hold the best 2 together" }).isDisabled()).toBe(true);
  for (const route of late) await route.continue();
  await page.getByRole("button", { name: "Hold 2 seats for £500.00" }).click();
  await signIn(page, account);
  await page.getByText("Row B, seat 4", { exact: true }).waitFor();
});
