// The pictures of the README: `npm run screenshots` writes them to docs/images; as a test they go to dist/screenshots, so
// that what makes them is known to work.

import { mkdirSync } from "node:fs";
import { resolve } from "node:path";
import type { Page } from "playwright-core";
import { inject, it } from "vitest";
import { hallShown, newAccount, newEvent, ORGANISER, post, readers, signIn, tapSeat, tokenOf } from "./browser";

const { open } = readers();
const url = inject("url");
const FOLDER = resolve(process.env["SCREENSHOTS"] ?? "dist/screenshots");

async function take(page: Page, name: string): Promise<void> {
  mkdirSync(FOLDER, { recursive: true });
  await page.screenshot({ path: resolve(FOLDER, `${name}.png`) });
}

async function demoEvent(name: string): Promise<string> {
  const answer = await fetch(`${url}/api/events?q=${encodeURIComponent(name)}`);
  const { data } = (await answer.json()) as { data: { id: string }[] };
  if (!data[0]) throw new Error(`the demo data has no ${name}`);
  return data[0].id;
}

async function sell(id: string, rows: readonly string[]): Promise<void> {
  const token = await tokenOf(url, await newAccount(url));
  for (const row of rows) {
    const seatIds = [3, 4, 5].map((number) => `seat_${row}${number}`);
    const paymentMethod = { type: "card", token: "pm_card_visa" };
    await post(url, "/api/bookings", { eventId: id, seatIds, paymentMethod }, token);
  }
}

it("the main pages are pictured", async () => {
  const theatre = await demoEvent("Twelfth Night");
  await sell(theatre, ["B", "F", "H", "Q"]);
  const account = await newAccount(url);
  const { page } = await open({ width: 1280, height: 860 });
  await page.goto("/");
  await page.getByRole("link", { name: /Twelfth Night/ }).waitFor();
  await take(page, "events");
  await page.goto(`/events/${await demoEvent("Aurora")}`);
  await hallShown(page);
  await page.getByText(/^Live/).waitFor();
  await take(page, "arena");
  await page.goto(`/events/${theatre}`);
  await hallShown(page);
  await tapSeat(page, "seat_D11");
  await page.getByRole("button", { name: /^Hold 2 seats/ }).click();
  await signIn(page, account);
  await page.getByRole("heading", { name: "Your seats" }).waitFor();
  // Without the notices of what was just done.
  await page.reload();
  await page.getByRole("heading", { name: "Your seats" }).waitFor();
  await hallShown(page);
  await page.getByText(/^Live/).waitFor();
  await take(page, "hold");
  await page.getByRole("link", { name: /Go on to pay/ }).click();
  await page.getByRole("button", { name: /^Pay £/ }).click();
  await page.getByRole("heading", { name: "You are going" }).waitFor();
  await take(page, "tickets");
});

it("the organiser's pages are pictured", async () => {
  const { page } = await open({ width: 1280, height: 860, dark: true });
  await page.goto("/organiser");
  await signIn(page, ORGANISER);
  await page.goto(`/organiser/events/${await demoEvent("Twelfth Night")}`);
  await page.getByRole("img", { name: /Sales over time/ }).waitFor();
  await page.getByText(/All is well/).waitFor();
  await take(page, "organiser");
});

it("a phone is pictured", async () => {
  const id = await newEvent(url, "Songs of the Harbour");
  await sell(id, ["A"]);
  const { page } = await open({ width: 390, height: 844, dark: true });
  await page.goto(`/events/${id}`);
  await hallShown(page);
  await page.getByText(/^Live/).waitFor();
  await page.locator(".hall-map").scrollIntoViewIfNeeded();
  await tapSeat(page, "seat_C5");
  await page.getByRole("button", { name: "Hold 2 seats", exact: true }).waitFor();
  await take(page, "phone");
});
