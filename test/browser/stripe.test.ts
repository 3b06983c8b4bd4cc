// Where Stripe takes the payments: its script is loaded then and only then, its element makes the payment method, and a
// bank's question is answered through it. Stripe's part is played by a stand-in with the interface of its script.

import { expect, inject, it } from "vitest";
import { newAccount, newEvent, post, readers, signIn, tokenOf } from "./browser";

const { open } = readers();
const url = inject("url");
const STRIPE_SCRIPT = "https://js.stripe.com/v3/";

/** Asks nobody: the card needs its bank's agreement, which the test gives. */
const STAND_IN = `
window.Stripe = (key) => ({
  elements: (options) => {
    window.stripeAsked = { key, options };
    return {
      create: () => ({ mount: (place) => { place.textContent = "Card form"; }, unmount: () => {} }),
      submit: async () => ({}),
    };
  },
  createPaymentMethod: async () => ({ paymentMethod: { id: "pm_card_authenticationRequired" } }),
  handleNextAction: async ({ clientSecret }) => { await window.bankAgrees(clientSecret); return {}; },
});`;

it("a card is typed into Stripe's form, its bank agrees in Stripe's window, and the tickets are there", async () => {
  const account = await newAccount(url);
  const id = await newEvent(url, "Paid by Stripe");
  const { page, asked, complaints } = await open();
  const config = { payments: "stripe", publishableKey: "pk_test_of_this_test", development: true };
  await page.route("**/api/config", (route) => route.fulfill({ json: config }));
  await page.route(STRIPE_SCRIPT, (route) => route.fulfill({ contentType: "text/javascript", body: STAND_IN }));
  const secrets: string[] = [];
  await page.exposeFunction("bankAgrees", async (clientSecret: string) => {
    secrets.push(clientSecret);
    const headers = { Authorization: `Bearer ${await tokenOf(url, account)}` };
    const mine = (await (await fetch(`${url}/api/bookings/my`, { headers })).json()) as { data: { id: string }[] };
    const paymentId = mine.data[0]?.id.replace("bkg_", "pay_");
    await post(url, `/dev/payments/${paymentId}/authentication`, { result: "success" });
  });

  await page.goto(`/events/${id}`);
  await page.getByRole("button", { name: "Hold the best 2 together" }).click();
  await signIn(page, account);
  await page.getByRole("heading", { name: "Your seats" }).waitFor();
  expect(asked).not.toContain(STRIPE_SCRIPT);
  await page.getByRole("link", { name: /Go on to pay £500.00/ }).click();
  // Exactly: "Loading the card form…" is there before.
  await page.getByText("Card form", { exact: true }).waitFor();
  await expect.poll(() => asked, { timeout: 10_000 }).toContain(STRIPE_SCRIPT);
  const told = await page.evaluate(() => (window as unknown as { stripeAsked: object }).stripeAsked);
  expect(told).toMatchObject({
    key: "pk_test_of_this_test",
    options: { amount: 50_000, currency: "gbp", captureMethod: "manual", paymentMethodCreation: "manual" },
  });
  await page.getByRole("button", { name: "Pay £500.00" }).click();
  await page.getByRole("button", { name: "Go on to your bank" }).click();
  await page.getByRole("heading", { name: "You are going" }).waitFor();
  expect(secrets).toHaveLength(1);
  expect(secrets[0]).toBeTruthy();
  expect(complaints).toEqual([]);
});
