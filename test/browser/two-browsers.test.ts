// Two people in one hall: each sees what the other does while it happens, and who is late is told and helped.

import { expect, inject, it } from "vitest";
import { hallShown, newAccount, newEvent, readers, signIn, tapSeat } from "./browser";

const { open } = readers();
const url = inject("url");
/** From one buyer's hold to the other one's screen. */
const SEEN_WITHIN_MS = 1_000;

it("the second sees the first one's hold within a second, and losing a seat says so and offers its neighbours", async () => {
  const [firstAccount, secondAccount] = [await newAccount(url), await newAccount(url)];
  const id = await newEvent(url, "Two at Once");
  const [first, second] = await Promise.all([open(), open()]);
  for (const [reader, account] of [
    [first, firstAccount],
    [second, secondAccount],
  ] as const) {
    await reader.page.goto(`/events/${id}`);
    await hallShown(reader.page);
    await reader.page.getByRole("button", { name: "Sign in" }).click();
    await signIn(reader.page, account);
    await reader.page.getByText(/^Live/).waitFor();
    await tapSeat(reader.page, "seat_A3");
    await reader.page.getByRole("button", { name: /^Hold 2 seats/ }).waitFor();
  }
  const lost = second.page.getByText(/Row A, seats 3–4 were taken by somebody else/).first();
  const held = first.page.waitForResponse(/\/api\/locks$/);
  await first.page.getByRole("button", { name: /^Hold 2 seats/ }).click();
  await held;
  const heldAt = performance.now();
  await lost.waitFor();
  expect(performance.now() - heldAt).toBeLessThan(SEEN_WITHIN_MS);
  await first.page.getByRole("heading", { name: "Your seats" }).waitFor();

  await second.page
    .getByRole("region", { name: "Instead" })
    .getByText(/Free close by/)
    .waitFor();
  await second.page.getByRole("button", { name: "Choose them instead" }).click();
  await second.page.getByRole("button", { name: /^Hold 2 seats/ }).click();
  await second.page.getByRole("heading", { name: "Your seats" }).waitFor();
  expect([...first.complaints, ...second.complaints]).toEqual([]);
});

it("a race that is lost at the last moment is answered clearly, without the feed's help", async () => {
  const [firstAccount, secondAccount] = [await newAccount(url), await newAccount(url)];
  const id = await newEvent(url, "Photo Finish");
  const [first, second] = await Promise.all([open(), open()]);
  // The second one's hall stands still: neither feed nor polling reaches it after the first look.
  await second.page.routeWebSocket(/\/feed/, (socket) => socket.close());
  for (const [reader, account] of [
    [first, firstAccount],
    [second, secondAccount],
  ] as const) {
    await reader.page.goto(`/events/${id}`);
    await hallShown(reader.page);
    await reader.page.getByRole("button", { name: "Sign in" }).click();
    await signIn(reader.page, account);
    await tapSeat(reader.page, "seat_C8");
  }
  await second.page.route(/\/statuses/, (route) => route.abort());
  await first.page.getByRole("button", { name: /^Hold 2 seats/ }).click();
  await first.page.getByRole("heading", { name: "Your seats" }).waitFor();
  await second.page.getByRole("button", { name: /^Hold 2 seats/ }).click();
  await second.page
    .getByText(/Row C, seats 8–9 were taken by somebody else/)
    .first()
    .waitFor();
  await second.page.getByText(/The connection is lost/).waitFor();
  await second.page.unroute(/\/statuses/);
  await second.page.getByText(/^Live/).waitFor();
});
