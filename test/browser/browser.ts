// Readers in the browser, each with a window of its own, and the few things that tests do with a page again and again.

import { setTimeout as wait } from "node:timers/promises";
import { type Browser, chromium, type Page } from "playwright-core";
import { afterAll, beforeAll, inject } from "vitest";

/** Longer than anything here takes on a busy machine. */
const PATIENCE_MS = 15_000;
const MAX_COMEBACKS = 10;

export interface Reader {
  readonly page: Page;
  /** What the page complained of: errors of scripts, of the security policy, failed loads. */
  readonly complaints: string[];
  /** Addresses that it asked for. */
  readonly asked: string[];
}

export interface ReaderOptions {
  readonly width?: number;
  readonly height?: number;
  readonly dark?: boolean;
  readonly touch?: boolean;
  readonly url?: string;
}

export interface Readers {
  open(options?: ReaderOptions): Promise<Reader>;
}

/** Opens readers, each with storage of its own, for the tests of one file. */
export function readers(): Readers {
  let browser: Browser;
  beforeAll(async () => {
    browser = await chromium.connect(inject("browser"));
  });
  afterAll(() => browser.close());
  return {
    async open({ width = 1280, height = 860, dark = false, touch = false, url = inject("url") } = {}) {
      const context = await browser.newContext({
        baseURL: url,
        viewport: { width, height },
        colorScheme: dark ? "dark" : "light",
        hasTouch: touch,
        locale: "en-GB",
        timezoneId: "UTC",
        reducedMotion: "reduce",
      });
      const page = await context.newPage();
      page.setDefaultTimeout(PATIENCE_MS);
      const complaints: string[] = [];
      const asked: string[] = [];
      page.on("pageerror", (fault) => complaints.push(fault.message));
      page.on("console", (message) => {
        // A refused request is what several tests are about; the browser notes it as an error.
        if (message.type() === "error" && !/Failed to load resource/.test(message.text()))
          complaints.push(message.text());
      });
      page.on("request", (request) => asked.push(request.url()));
      return { page, complaints, asked };
    },
  };
}

/** Clicks a seat where it is drawn. */
export async function tapSeat(page: Page, id: string): Promise<void> {
  const canvas = page.locator("canvas");
  await canvas.scrollIntoViewIfNeeded();
  const box = await canvas.boundingBox();
  const point = await canvas.evaluate(
    (element, seat) => (element as unknown as { seatPoint(id: string): { x: number; y: number } }).seatPoint(seat),
    id,
  );
  if (!box) throw new Error("the hall is not shown");
  await page.mouse.click(box.x + point.x, box.y + point.y);
}

export async function hallShown(page: Page): Promise<void> {
  await page.waitForFunction(() => performance.getEntriesByName("hall-ready").length > 0);
}

let accounts = 0;

export interface TestAccount {
  readonly name: string;
  readonly email: string;
  readonly password: string;
}

export async function newAccount(url: string): Promise<TestAccount> {
  accounts += 1;
  const email = `reader-${process.pid}-${Date.now()}-${accounts}@example.com`;
  const account = { name: `Reader ${accounts}`, email, password: "Secret123" };
  const made = await patiently(() => post(url, "/api/users/register", account));
  if (made.status !== 201) throw new Error(`no account: ${await made.text()}`);
  return account;
}

const tokens = new Map<string, Promise<string>>();

/** Asked for once: a password takes a fifth of a second to look at. */
export function tokenOf(url: string, { email, password }: Omit<TestAccount, "name">): Promise<string> {
  const known = tokens.get(`${url} ${email}`);
  if (known !== undefined) return known;
  const asked = patiently(() => post(url, "/api/users/login", { email, password })).then(async (answer) => {
    if (answer.status !== 200) throw new Error(`no token: ${await answer.text()}`);
    return ((await answer.json()) as { token: string }).token;
  });
  tokens.set(`${url} ${email}`, asked);
  return asked;
}

/** Comes back as late as a 503 asks: on a busy machine passwords wait for their turn. */
async function patiently(ask: () => Promise<Response>): Promise<Response> {
  for (let comebacks = 0; comebacks < MAX_COMEBACKS; comebacks++) {
    const answer = await ask();
    if (answer.status !== 503) return answer;
    await wait(1_000 * Number(answer.headers.get("Retry-After") ?? 1));
  }
  return await ask();
}

export const ORGANISER = { name: "Demo Organiser", email: "admin@ticketflow.dev", password: "Admin1234!" };

/** Fills in the form that is shown and waits until it is gone. */
export async function signIn(page: Page, account: TestAccount): Promise<void> {
  await page.getByLabel("E-mail").fill(account.email);
  await page.getByLabel("Password").fill(account.password);
  await page.locator("form button[type=submit]", { hasText: "Sign in" }).click();
  await page.getByRole("button", { name: "Sign out" }).waitFor();
}

const SMALL_HALL = {
  sections: [
    { name: "Stalls", rows: ["A", "B", "C"].map((row) => ({ row, tier: "VIP", seats: 12, gapsAfter: [6] })) },
    {
      name: "Circle",
      rows: ["D", "E"].map((row) => ({ row, tier: "GENERAL", seats: 14, accessible: [1], companion: [2] })),
    },
  ],
};

const TIERS = [
  { tier: "VIP", price: 25_000, currency: "GBP" },
  { tier: "GENERAL", price: 4_000, currency: "GBP" },
];

/** An event of the test's own, so that tests do not meet in one hall. */
export async function newEvent(url: string, name: string, ticketTiers: readonly object[] = TIERS): Promise<string> {
  const token = await tokenOf(url, ORGANISER);
  const venues = (await (await fetch(`${url}/api/venues?q=Lantern`)).json()) as { data: { id: string }[] };
  const startsAt = new Date(Date.now() + 20 * 86_400_000).toISOString();
  const endsAt = new Date(Date.now() + 20 * 86_400_000 + 7_200_000).toISOString();
  const body = { name, venueId: venues.data[0]?.id, startsAt, endsAt, ticketTiers, seatMap: SMALL_HALL };
  const answer = await post(url, "/api/events", body, token);
  if (answer.status !== 201) throw new Error(`no event: ${await answer.text()}`);
  return ((await answer.json()) as { id: string }).id;
}

export function post(url: string, path: string, body: unknown, token?: string): Promise<Response> {
  const headers: Record<string, string> = { "Content-Type": "application/json" };
  if (token) headers["Authorization"] = `Bearer ${token}`;
  return fetch(url + path, { method: "POST", headers, body: JSON.stringify(body) });
}
