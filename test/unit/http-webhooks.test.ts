// Stripe's deliveries at the door: what is not signed is not read, and counts against the limit of whoever sends it; what
// is signed never does.

import { beforeEach, describe, expect, it } from "vitest";
import { stripeNews } from "../../src/adapters/stripe-news";
import type { Deps } from "../../src/app/ports";
import { SECOND } from "../../src/domain/time";
import { createApp } from "../../src/http/app";
import { recordingLog, SECRET_KEY, WEBHOOK_SECRET } from "../stripe/asking";
import { signatureOf } from "../stripe/courier.mjs";
import { depsOf, emptyWorld, errorOf, NOW, type World } from "./http-fakes";

const PATH = "/api/webhooks/stripe";
/** Of something that is not ours: nothing has to be noted. */
const DELIVERY = JSON.stringify({
  id: "evt_1",
  object: "event",
  type: "customer.created",
  created: NOW / SECOND,
  livemode: false,
  data: { object: { id: "cus_1", object: "customer" } },
});

let world: World;
let read: number;

beforeEach(() => {
  world = emptyWorld();
  read = 0;
});

function send(body: string, signature: string | null, path = PATH, method = "POST"): Promise<Response> {
  const webhookSecrets = [WEBHOOK_SECRET];
  const nowMs = () => world.nowMs;
  const news = stripeNews({ secretKey: SECRET_KEY, webhookSecrets, apiBase: "", log: recordingLog(), nowMs });
  const app = createApp(() => depsOf(world, { providerNews: news } as Partial<Deps>));
  const headers = signature === null ? {} : { "Stripe-Signature": signature };
  const stream = new ReadableStream<Uint8Array>(
    {
      pull(controller) {
        read += 1;
        controller.enqueue(new TextEncoder().encode(body));
        controller.close();
      },
    },
    { highWaterMark: 0 },
  );
  const sent = method === "POST" ? { body: stream, duplex: "half" } : {};
  return Promise.resolve(app.request(path, { method, headers, ...sent } as RequestInit, {} as Env));
}

const signed = (body: string, secret = WEBHOOK_SECRET, atMs = world.nowMs) =>
  signatureOf(body, secret, Math.floor(atMs / SECOND));
const counted = () => 1_000 - world.requestsLeft;

describe("a delivery", () => {
  it("that Stripe signed is taken, and counts against no limit", async () => {
    world.requestsLeft = 0;
    for (let i = 0; i < 3; i++) expect((await send(DELIVERY, signed(DELIVERY))).status).toBe(200);
    expect(world.requestsLeft).toBe(0);
  });

  it.each([
    ["without a signature", () => null],
    ["with half of one", () => `t=${NOW / SECOND}`],
    ["signed more than 300 s ago", () => signed(DELIVERY, WEBHOOK_SECRET, NOW - 301 * SECOND)],
  ])("%s is refused unread, and counts", async (_what, signature) => {
    world.requestsLeft = 1_000;
    const refused = await send(DELIVERY, signature());
    expect([refused.status, (await errorOf(refused)).code]).toEqual([400, "WEBHOOK_SIGNATURE_INVALID"]);
    expect([read, counted()]).toEqual([0, 1]);
  });

  it.each([
    ["forged", () => [DELIVERY, signed(DELIVERY, "whsec_other")] as const, 400],
    ["too long", () => ["x".repeat(256 * 1_024 + 1), signed("x")] as const, 413],
  ])("that is %s is refused once it was read, and counts", async (_what, make, status) => {
    world.requestsLeft = 1_000;
    expect((await send(...make())).status).toBe(status);
    expect([read, counted()]).toEqual([1, 1]);
  });

  it("forged once too often is told when to come back", async () => {
    world.requestsLeft = 2;
    const statuses = [];
    for (let i = 0; i < 4; i++) statuses.push((await send(DELIVERY, signed(DELIVERY, "whsec_other"))).status);
    expect(statuses).toEqual([400, 400, 429, 429]);
    const refused = await send(DELIVERY, null);
    expect([refused.headers.get("Retry-After"), (await errorOf(refused)).code]).toEqual(["1", "RATE_LIMITED"]);
    expect((await send(DELIVERY, signed(DELIVERY))).status).toBe(200);
  });

  it("anywhere else, or as another method, is a request like any other", async () => {
    world.requestsLeft = 0;
    for (const [path, method] of [
      ["/api/webhooks/nobody", "POST"],
      [`${PATH}/`, "POST"],
      [`${PATH}?again`, "POST"],
      [`/api/events?to=${PATH}`, "POST"],
      [PATH, "GET"],
    ] as const) {
      expect([path, (await send(DELIVERY, signed(DELIVERY), path, method)).status]).toEqual([path, 429]);
    }
  });
});
