// An attempt whose request was lost, in an account that makes more intents than a look may list: nothing found must be
// proof some day, or its void is owed for ever.

import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, beforeEach, expect, it } from "vitest";
import { HOUR, MINUTE, SECOND } from "../../src/domain/time";
import { newSale, paymentsAt } from "../stripe/asking";

const START = Date.UTC(2027, 5, 1);
const PAGE = Array.from({ length: 100 }, (_, n) => ({ id: `pi_other_${n}`, object: "payment_intent", metadata: {} }));

/** Every page of its list is full of others' intents, and there is always one more. */
const account = {
  /** What the search index knows. */
  indexed: [] as object[],
  listed: [] as URLSearchParams[],
  cancelled: [] as string[],
};

const server = createServer((request, response) => {
  const { pathname, searchParams } = new URL(request.url ?? "", "http://localhost");
  response.setHeader("content-type", "application/json");
  if (request.method === "POST") {
    const id = pathname.split("/").at(-2) ?? "";
    account.cancelled.push(id);
    return response.end(JSON.stringify({ ...account.indexed[0], status: "canceled" }));
  }
  if (pathname.endsWith("/search")) {
    return response.end(JSON.stringify({ object: "search_result", data: account.indexed, has_more: false }));
  }
  account.listed.push(searchParams);
  return response.end(JSON.stringify({ object: "list", data: PAGE, has_more: true }));
});

let base = "";
beforeAll(async () => {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => server.close());
beforeEach(() => Object.assign(account, { indexed: [], listed: [], cancelled: [] }));

const sale = () => newSale(15_000, "GBP", START);
const at = (ms: number) => paymentsAt(base, { nowMs: () => START + ms });

it("nothing found is no proof while the search index may be behind", async () => {
  for (const ms of [MINUTE, HOUR, 3 * HOUR]) {
    expect(await at(ms).void(sale().void(null))).toMatchObject({ type: "unanswered" });
  }
});

it("nothing found is proof once the index must know all that can have been made: the void ends", async () => {
  expect(await at(5 * HOUR).void(sale().void(null, true))).toEqual({ type: "voided", intentId: null });
  expect(await at(5 * HOUR).authorise(sale().authorise("pm_card_visa"))).toMatchObject({
    type: "declined",
    intentId: null,
  });
});

it("an intent that only the index knows is found, and cancelled", async () => {
  const { bookingId, ...ask } = sale();
  const metadata = { bookingId, attempt: "1" };
  const intent = { id: "pi_ours", object: "payment_intent", currency: "gbp", status: "requires_confirmation" };
  account.indexed = [{ ...intent, metadata }];
  expect(await at(5 * HOUR).void(ask.void(null))).toEqual({ type: "voided", intentId: "pi_ours" });
  expect(account.cancelled).toEqual(["pi_ours"]);
});

it("only the time is looked through in which the request can have been sent, however late the look is", async () => {
  await at(20 * 24 * HOUR).void(sale().void(null, true));
  expect(account.listed).toHaveLength(20);
  const [span] = account.listed;
  expect(Number(span?.get("created[gte]")) * SECOND).toBe(START - MINUTE);
  expect(Number(span?.get("created[lte]")) * SECOND).toBe(START + 2 * HOUR + MINUTE);
});

it("after that time the request is not sent any more, so that nothing can appear outside of it", async () => {
  await at(2 * HOUR).authorise(sale().authorise("pm_card_visa"));
  expect(account.cancelled).toEqual([]);
  expect(account.listed.length).toBeGreaterThan(0);
});
