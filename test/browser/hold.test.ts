// A hold through everything a browser does to it, and its end.

import { afterAll, beforeAll, expect, inject, it } from "vitest";
import type { Product } from "../runtime/product";
import { newAccount, newEvent, readers, signIn } from "./browser";
import { startShop } from "./server";

const { open } = readers();
const url = inject("url");
const SHORT_HOLD_SECONDS = 6;

let brief: Product;
beforeAll(async () => {
  brief = await startShop({ HOLD_TTL_SECONDS: String(SHORT_HOLD_SECONDS) });
});
afterAll(() => brief.stop());

it("a hold survives a reload, the back button and another tab, and giving it up frees the seats at once", async () => {
  const account = await newAccount(url);
  const id = await newEvent(url, "Still Mine");
  const { page } = await open();
  await page.goto("/");
  await page.goto(`/events/${id}`);
  await page.getByRole("button", { name: "Hold the best 2 together" }).click();
  await signIn(page, account);
  const basket = page.getByRole("heading", { name: "Your seats" });
  await basket.waitFor();
  await page.reload();
  await basket.waitFor();
  await page.goBack();
  await page.getByRole("link", { name: /2 seats held/ }).waitFor();
  await page.goForward();
  await basket.waitFor();
  const tab = await page.context().newPage();
  await tab.goto(`/events/${id}`);
  await tab.getByRole("heading", { name: "Your seats" }).waitFor();
  await tab.getByText(/Held for you for/).waitFor();

  await page.getByRole("button", { name: "Give the seats back" }).click();
  await tab.getByRole("heading", { name: "How many together?" }).waitFor();
  await expect
    .poll(async () => {
      const answer = await fetch(`${url}/api/inventory/events/${id}/seats`);
      return ((await answer.json()) as { summary: { locked: number } }).summary.locked;
    })
    .toBe(0);
});

it("a hold that ran out says so, and its seats can be chosen by others", async () => {
  const account = await newAccount(brief.url);
  const id = await newEvent(brief.url, "Too Slow");
  const { page } = await open({ url: brief.url });
  await page.goto(`/events/${id}`);
  await page.getByRole("button", { name: "Hold the best 2 together" }).click();
  await signIn(page, account);
  await page.getByRole("heading", { name: "Your seats" }).waitFor();
  await page.getByText(/Your hold of seats for Too Slow has run out/).waitFor();
  await page.getByRole("heading", { name: "How many together?" }).waitFor();
});

it("a hold that ran out while the network was away is over once it is back, and leads to its event", async () => {
  const account = await newAccount(brief.url);
  const id = await newEvent(brief.url, "Out Of Reach");
  const { page } = await open({ url: brief.url });
  await page.goto(`/events/${id}`);
  await page.getByRole("button", { name: "Hold the best 2 together" }).click();
  await signIn(page, account);
  await page.getByRole("link", { name: /Go on to pay/ }).click();
  await page.context().setOffline(true);
  await page.getByText(/Held for you for 0 seconds/).waitFor();
  await page.context().setOffline(false);
  await page.getByRole("heading", { name: "Nothing is held here any more" }).waitFor();
  await page.getByRole("link", { name: "Choose seats" }).click();
  await page.getByRole("heading", { name: "Out Of Reach" }).waitFor();
});
