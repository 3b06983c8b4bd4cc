// Every page for everybody: no serious finding of axe in light and in dark, no script from elsewhere, a light first page.

import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { gzipSync } from "node:zlib";
import type { Page } from "playwright-core";
import { expect, inject, it } from "vitest";
import { hallShown, newAccount, newEvent, ORGANISER, post, readers, signIn, tapSeat, tokenOf } from "./browser";

const { open } = readers();
const url = inject("url");
const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const FIRST_PAGE_SCRIPT_BYTES = 100 * 1_024;

interface Finding {
  readonly id: string;
  readonly impact: string;
  readonly nodes: readonly { readonly target: readonly string[]; readonly failureSummary: string }[];
}

/** The rules that look at colours: a page differs in nothing else between light and dark. */
const COLOUR_RULES = ["color-contrast", "link-in-text-block"];

/** What axe finds in light and in dark that is serious or worse. */
async function findings(page: Page): Promise<readonly string[]> {
  const light = await found(page, {});
  await page.emulateMedia({ colorScheme: "dark" });
  const dark = await found(page, { runOnly: { type: "rule", values: COLOUR_RULES } });
  await page.emulateMedia({ colorScheme: "light" });
  return [...light, ...dark.map((finding) => `dark ${finding}`)];
}

/** It is evaluated, not loaded: the page's own policy stays in force. */
async function found(page: Page, options: object): Promise<readonly string[]> {
  if (!(await page.evaluate(() => "axe" in window))) await page.evaluate(AXE);
  const violations = (await page.evaluate(async (how) => {
    const { axe } = window as unknown as { axe: { run(options: object): Promise<{ violations: unknown[] }> } };
    return (await axe.run(how)).violations;
  }, options)) as Finding[];
  return violations
    .filter(({ impact }) => impact === "serious" || impact === "critical")
    .map(
      ({ id, nodes }) =>
        `${new URL(page.url()).pathname} ${id}: ${nodes.map(({ target, failureSummary }) => `${target.join(" ")} ${failureSummary}`).join(" | ")}`,
    );
}

it("a buyer's pages have no serious accessibility finding, in light and in dark", async () => {
  const account = await newAccount(url);
  const id = await newEvent(url, "For Everybody");
  const { page, complaints } = await open();
  const seen: string[] = [];
  const look = async () => void seen.push(...(await findings(page)));
  await page.goto("/");
  await page.getByRole("link", { name: /Twelfth Night/ }).waitFor();
  await look();
  await page.goto(`/events/${id}`);
  await hallShown(page);
  await tapSeat(page, "seat_A1");
  await look();
  await page.getByLabel("Choose from a list").check();
  await page.getByLabel("Section").waitFor();
  await look();
  await page.getByRole("button", { name: /^Hold 2 seats/ }).click();
  await page.getByRole("dialog").waitFor();
  await look();
  await signIn(page, account);
  await page.getByRole("heading", { name: "Your seats" }).waitFor();
  await look();
  await page.getByRole("link", { name: /Go on to pay/ }).click();
  await page.getByRole("button", { name: /^Pay £/ }).waitFor();
  await look();
  await page.getByLabel(/A card that is declined/).check();
  await page.getByRole("button", { name: /^Pay £/ }).click();
  await page.getByRole("heading", { name: "The card was declined" }).waitFor();
  await look();
  await page.getByRole("button", { name: /^Pay £/ }).click();
  await page.getByRole("heading", { name: "You are going" }).waitFor();
  await look();
  await page.getByRole("button", { name: "Cancel tickets…" }).click();
  await look();
  await page.getByRole("button", { name: "Keep them" }).click();
  await page.getByRole("link", { name: "My tickets" }).first().click();
  await page.getByRole("link", { name: /Confirmed/ }).waitFor();
  await look();
  await page.goto("/events/evnt_NOTHING");
  await page.getByRole("heading", { name: "There is no such event" }).waitFor();
  await look();
  await page.goto("/bookings/bkg_NOTHING");
  await page.getByRole("heading", { name: "There is no such booking" }).waitFor();
  expect(await page.getByText(/NOTHING/).count()).toBe(0);
  await look();
  expect(seen).toEqual([]);
  expect(complaints).toEqual([]);
});

it("an organiser's pages have no serious accessibility finding, in light and in dark", async () => {
  const id = await newEvent(url, "For Organisers");
  const token = await tokenOf(url, await newAccount(url));
  const booking = { eventId: id, seatIds: ["seat_A1"], paymentMethod: { type: "card", token: "pm_card_visa" } };
  await post(url, "/api/bookings", booking, token);
  const { page } = await open();
  const seen: string[] = [];
  await page.goto("/organiser");
  await signIn(page, ORGANISER);
  await page.getByText(/All is well/).waitFor();
  seen.push(...(await findings(page)));
  for (const [path, shown] of [
    ["/organiser/venues/new", "Add the venue"],
    ["/organiser/events/new", "Put it on sale"],
    [`/organiser/events/${id}/edit`, "Save the changes"],
    [`/organiser/events/${id}`, "booking.confirmed"],
    ["/organiser/health", "Messages that were given up"],
  ] as const) {
    await page.goto(path);
    await page.getByText(shown).first().waitFor();
    seen.push(...(await findings(page)));
  }
  expect(seen).toEqual([]);
});

it("the first page is light: its scripts are under 100 KB compressed, and nothing comes from another host", async () => {
  const { page, asked, complaints } = await open();
  let bytes = 0;
  const sizes: Promise<void>[] = [];
  page.on("response", (response) => {
    if (!/\.js$/.test(new URL(response.url()).pathname)) return;
    const counted = response.body().then((body) => {
      bytes += gzipSync(body).byteLength;
    });
    sizes.push(counted);
  });
  await page.goto("/");
  await page.getByRole("link", { name: /Twelfth Night/ }).waitFor();
  await Promise.all(sizes);
  console.info(`scripts of the first page: ${(bytes / 1_024).toFixed(1)} KB compressed`);
  expect(bytes).toBeGreaterThan(0);
  expect(bytes).toBeLessThan(FIRST_PAGE_SCRIPT_BYTES);
  expect(asked.filter((address) => !address.startsWith(url) && !address.startsWith("data:"))).toEqual([]);
  expect(complaints).toEqual([]);
});

it("no page is wider than a phone of 320 px, however long a word is", async () => {
  const name = `${"Donaudampfschifffahrts".repeat(3)} in Concert`;
  const id = await newEvent(url, name);
  const { page } = await open({ width: 320, height: 640, touch: true });
  for (const address of [`/?q=${name.slice(0, 22)}`, `/events/${id}`]) {
    await page.goto(address);
    await page.getByRole("heading", { name }).waitFor();
    expect(await page.evaluate(() => document.documentElement.scrollWidth), address).toBeLessThanOrEqual(320);
  }
});

it("pages forbid inline scripts and frames, and an unknown address is a 404 in JSON", async () => {
  const page = await fetch(`${url}/events/anything`);
  expect(page.headers.get("Content-Type")).toMatch(/html/);
  const policy = page.headers.get("Content-Security-Policy") ?? "";
  expect(policy).toContain("default-src 'none'");
  expect(policy).toContain("frame-ancestors 'none'");
  expect(policy).not.toContain("unsafe");
  const unknown = await fetch(`${url}/nothing/here`);
  expect(unknown.status).toBe(404);
  expect(((await unknown.json()) as { error: { code: string } }).error.code).toBe("NOT_FOUND");
});
