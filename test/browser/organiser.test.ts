// An organiser's day: a venue, an event with a drawn hall, and its first sale as it happens.

import { expect, inject, it } from "vitest";
import { newAccount, ORGANISER, post, readers, signIn, tokenOf } from "./browser";

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
  await page.locator("input[name=name]").fill("Folk at the Mill");
  await page.locator("input[name=startsAt]").fill("2031-03-04T19:30");
  await page.locator("input[name=endsAt]").fill("2031-03-04T22:00");
  await page.locator("input[name=price-GENERAL]").fill("24.50");
  await page.getByText("160 seats, the venue holds 300").waitFor();
  await page.locator("input[name=rows]").fill("10");
  await page.getByText("200 seats, the venue holds 300").waitFor();
  await page.getByRole("button", { name: "Put it on sale" }).click();
  await page.getByText("Nothing is sold yet").waitFor();

  const id = new URL(page.url()).pathname.split("/").at(-1) ?? "";
  const token = await tokenOf(url, await newAccount(url));
  const booking = {
    eventId: id,
    seatIds: ["seat_A1", "seat_A2"],
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
