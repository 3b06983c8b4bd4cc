// Stands in for the `stripe` package in the simulation's bundle: the calls the adapters make, over the simulated
// server, each of which may be lost, late, doubled, refused for now, or answered 500 after it was done.

import { StripeFault, type StripeRequest, type StripeServer } from "./stripe-server";
import { never, type Process, type World } from "./world";

interface Line {
  readonly world: World;
  readonly process: Process;
  readonly server: StripeServer;
}

const lines = new Map<string, Line>();

/** A secret key that stands for a process, so that the provider knows who asks. */
export function openLine(line: Line): string {
  const key = `sk_test_${lines.size}`;
  lines.set(key, line);
  return key;
}

export function closeLines(): void {
  lines.clear();
}

const TIMEOUT_MS = 10_000;

async function ask({ world, process, server }: Line, request: StripeRequest): Promise<object> {
  const { random, faults } = world;
  if (process.dead) return never();
  const isWrite = /create|capture|cancel/.test(request.method);
  const outage = faults.draw(world, "provider.api");
  if (outage.kind === "crash-before") {
    world.kill(process);
    return never();
  }
  return await new Promise((resolve, reject) => {
    const after = (ms: number, settle: () => void) =>
      world.at(ms, `stripe.${request.method}`, () => process.dead || settle());
    const fail = (error: unknown, ms: number) => after(ms, () => reject(error));
    const noAnswer = () => new StripeFault(undefined, "connection_error");
    if (faults.happens(world, "provider is busy"))
      return void fail(new StripeFault(429, "rate_limit"), random.between(1, 50));
    if (isWrite && faults.happens(world, "provider conflicts")) return void fail(new StripeFault(409, "conflict"), 10);
    if (outage.kind === "lost" || faults.happens(world, "provider does not answer"))
      return void fail(noAnswer(), TIMEOUT_MS);
    if (isWrite && faults.happens(world, "provider fails before the effect"))
      return void fail(new StripeFault(500, "api_error"), 20);
    const isLate = faults.happens(world, "provider is late");
    if (isLate) {
      world.count("the provider was late");
      fail(noAnswer(), TIMEOUT_MS);
    }
    const failsAfter = isWrite && faults.happens(world, "provider fails after the effect");
    const arrives = isLate
      ? TIMEOUT_MS + random.between(1_000, random.pick([20_000, 60_000, 600_000]))
      : random.between(1, 60);
    world.at(arrives, `stripe.${request.method}`, () => {
      world.note(`stripe.${request.method} ${request.key ?? ""}`);
      let settle: () => void;
      try {
        const value = failsAfter ? server.handleAndFail(request) : server.handle(request);
        settle = () => resolve(value);
      } catch (error) {
        settle = () => reject(error);
      }
      if (outage.kind === "twice") world.at(random.between(1, 5_000), "stripe again", () => repeat(server, request));
      if (outage.kind === "crash-after") world.kill(process);
      if (isLate || process.dead) return;
      if (outage.kind === "reply-lost") fail(noAnswer(), TIMEOUT_MS);
      else settle();
    });
  });
}

function repeat(server: StripeServer, request: StripeRequest): void {
  try {
    server.handle(request);
  } catch {
    // Nobody waits for it.
  }
}

type Params = Readonly<Record<string, unknown>>;
type Options = { readonly idempotencyKey?: string } | undefined;

export class Stripe {
  readonly paymentIntents;
  readonly refunds;
  constructor(secretKey: string) {
    const line = lines.get(secretKey) as Line;
    const send = (method: string, params: Params, options: Options = undefined) =>
      ask(line, { method, params, key: options?.idempotencyKey ?? null });
    this.paymentIntents = {
      create: (params: Params, options: Options) => send("intents.create", params, options),
      retrieve: (id: string) => send("intents.retrieve", { id }),
      capture: (id: string, params: Params, options: Options) => send("intents.capture", { id, ...params }, options),
      cancel: (id: string, params: Params, options: Options) => send("intents.cancel", { id, ...params }, options),
      list: (params: Params) => send("intents.list", params),
      search: async () => ({ data: [] }),
    };
    this.refunds = {
      create: (params: Params, options: Options) => send("refunds.create", params, options),
      list: (params: Params) => send("refunds.list", params),
    };
  }
  static createFetchHttpClient(): null {
    return null;
  }
  static readonly errors = { StripeSignatureVerificationError: class extends Error {} };
  static readonly webhooks = {
    constructEventAsync: async (body: Uint8Array) => JSON.parse(new TextDecoder().decode(body)) as unknown,
  };
}
