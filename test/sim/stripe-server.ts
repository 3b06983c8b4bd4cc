// Stripe's side of the API that src/adapters/payments-stripe.ts and stripe-news.ts use: intents, refunds, idempotency
// keys with their remembered answers (errors too), deliveries, and a ledger that says where the money is.

import type { World } from "./world";

export type IntentStatus =
  | "requires_payment_method"
  | "requires_action"
  | "requires_capture"
  | "succeeded"
  | "canceled";

export interface SimIntent {
  readonly id: string;
  readonly object: "payment_intent";
  readonly amount: number;
  readonly currency: string;
  readonly metadata: Readonly<Record<string, string>>;
  readonly created: number;
  readonly client_secret: string;
  readonly status: IntentStatus;
  readonly amount_capturable: number;
  readonly amount_received: number;
  readonly latest_charge: string | null;
  readonly last_payment_error: { readonly code: string; readonly decline_code: string } | null;
}

export interface SimRefund {
  readonly id: string;
  readonly object: "refund";
  readonly payment_intent: string;
  readonly amount: number;
  readonly currency: string;
  readonly status: "pending" | "succeeded" | "failed";
  readonly failure_reason?: string;
  readonly metadata: Readonly<Record<string, string>>;
  readonly created: number;
}

export interface Delivery {
  readonly id: string;
  readonly type: string;
  readonly created: number;
  readonly livemode: false;
  readonly data: { readonly object: SimIntent | SimRefund };
}

interface Remembered {
  readonly params: string;
  readonly atMs: number;
  readonly answer: { readonly value: object } | { readonly error: StripeFault };
}

/** An error as the SDK throws it. */
export class StripeFault extends Error {
  readonly type = "StripeError";
  readonly rawType: string;
  readonly statusCode: number | undefined;
  readonly code: string | undefined;
  readonly decline_code: string | undefined;
  readonly payment_intent: SimIntent | undefined;
  readonly headers: Record<string, string>;
  constructor(statusCode: number | undefined, rawType: string, more: Partial<StripeFault> = {}) {
    super(rawType);
    this.rawType = rawType;
    this.statusCode = statusCode;
    this.code = more.code;
    this.decline_code = more.decline_code;
    this.payment_intent = more.payment_intent;
    this.headers = more.headers ?? {};
  }
}

const KEY_LIFE_MS = 24 * 3_600_000;

export interface StripeServer {
  readonly intents: Map<string, SimIntent>;
  readonly refunds: Map<string, SimRefund>;
  /** A request as it arrives, with its key; the answer is remembered under it. */
  handle(request: StripeRequest): object;
  /** The same, but Stripe fails after it was done, and remembers that it failed. */
  handleAndFail(request: StripeRequest): never;
  /** The buyer's bank says whether it was the buyer. */
  authenticate(intentId: string, passed: boolean): void;
  /** A refund that was accepted comes back from the bank. */
  failRefund(id: string): void;
}

export interface StripeRequest {
  readonly method: string;
  readonly key: string | null;
  readonly params: Readonly<Record<string, unknown>>;
}

export interface StripeWatcher {
  deliver(delivery: Delivery): void;
  created(intent: SimIntent): void;
  captured(intent: SimIntent): void;
}

export function stripeServer(world: World, watcher: StripeWatcher): StripeServer {
  const intents = new Map<string, SimIntent>();
  const refunds = new Map<string, SimRefund>();
  const keys = new Map<string, Remembered>();
  let numbers = 0;
  const nextId = (prefix: string) => `${prefix}_${++numbers}`;
  const nowSeconds = () => Math.floor(world.nowMs / 1_000);

  function save(intent: SimIntent, change: Partial<SimIntent>, event: string | null): SimIntent {
    const saved = { ...intent, ...change };
    intents.set(saved.id, saved);
    world.note(`stripe ${saved.id} ${saved.status}`);
    if (event !== null) emit(`payment_intent.${event}`, saved);
    return saved;
  }
  function emit(type: string, object: SimIntent | SimRefund): void {
    watcher.deliver({ id: nextId("evt"), type, created: nowSeconds(), livemode: false, data: { object } });
  }
  function intentOf(id: unknown): SimIntent {
    const intent = intents.get(String(id));
    if (intent === undefined) throw new StripeFault(404, "invalid_request_error", { code: "resource_missing" });
    return intent;
  }
  function declined(intent: SimIntent, code: string): SimIntent {
    const last_payment_error = { code: "card_declined", decline_code: code };
    return save(intent, { status: "requires_payment_method", last_payment_error }, "payment_failed");
  }
  const authorised = (intent: SimIntent) =>
    save(intent, { status: "requires_capture", amount_capturable: intent.amount }, "amount_capturable_updated");

  function create(params: StripeRequest["params"]): SimIntent {
    const id = nextId("pi");
    const intent: SimIntent = {
      id,
      object: "payment_intent",
      amount: Number(params["amount"]),
      currency: String(params["currency"]),
      metadata: params["metadata"] as Record<string, string>,
      created: nowSeconds(),
      client_secret: `${id}_secret`,
      status: "requires_payment_method",
      amount_capturable: 0,
      amount_received: 0,
      latest_charge: null,
      last_payment_error: null,
    };
    watcher.created(intent);
    const token = String(params["payment_method"]);
    if (token === "pm_card_chargeDeclined") {
      const payment_intent = declined(intent, "generic_decline");
      throw new StripeFault(402, "card_error", {
        code: "card_declined",
        decline_code: "generic_decline",
        payment_intent,
      });
    }
    if (token === "pm_card_authenticationRequired")
      return save(intent, { status: "requires_action" }, "requires_action");
    return authorised(intent);
  }
  function capture(params: StripeRequest["params"]): SimIntent {
    const intent = intentOf(params["id"]);
    if (intent.status !== "requires_capture") {
      throw new StripeFault(400, "invalid_request_error", {
        code: "payment_intent_unexpected_state",
        payment_intent: intent,
      });
    }
    const amount = Number(params["amount_to_capture"]);
    const change = { status: "succeeded", amount_capturable: 0, amount_received: amount } as const;
    watcher.captured(intent);
    return save(intent, { ...change, latest_charge: nextId("ch") }, "succeeded");
  }
  function cancel(params: StripeRequest["params"]): SimIntent {
    const intent = intentOf(params["id"]);
    if (intent.status === "succeeded" || intent.status === "canceled") {
      throw new StripeFault(400, "invalid_request_error", {
        code: "payment_intent_unexpected_state",
        payment_intent: intent,
      });
    }
    return save(intent, { status: "canceled", amount_capturable: 0 }, "canceled");
  }
  function refund(params: StripeRequest["params"]): SimRefund {
    const intent = intentOf(params["payment_intent"]);
    const gone = [...refunds.values()].filter(
      ({ payment_intent, status }) => payment_intent === intent.id && status !== "failed",
    );
    const amount = Number(params["amount"]);
    const left = intent.amount_received - gone.reduce((sum, one) => sum + one.amount, 0);
    if (intent.status !== "succeeded")
      throw new StripeFault(400, "invalid_request_error", { code: "charge_not_refundable" });
    if (left <= 0) throw new StripeFault(400, "invalid_request_error", { code: "charge_already_refunded" });
    if (amount > left) throw new StripeFault(400, "invalid_request_error", { code: "amount_too_large" });
    if (world.faults.happens(world, "provider refuses a refund")) {
      world.count("the provider refused a refund");
      throw new StripeFault(400, "invalid_request_error", { code: "charge_disputed" });
    }
    const metadata = params["metadata"] as Record<string, string>;
    const base = {
      id: nextId("re"),
      object: "refund",
      payment_intent: intent.id,
      amount,
      currency: intent.currency,
    } as const;
    const made: SimRefund = { ...base, status: "succeeded", metadata, created: nowSeconds() };
    refunds.set(made.id, made);
    world.note(`stripe ${made.id} ${amount} of ${intent.id}`);
    emit("charge.refunded", made);
    if (world.faults.happens(world, "bank returns a refund")) {
      world.at(world.random.between(1_000, 300_000), "bank", () => server.failRefund(made.id));
    }
    return made;
  }
  function list(rows: Iterable<SimIntent | SimRefund>, params: StripeRequest["params"]) {
    const created = params["created"] as { gte?: number; lte?: number } | undefined;
    const data = [...rows].filter((row) => {
      if (created?.gte !== undefined && row.created < created.gte) return false;
      if (created?.lte !== undefined && row.created > created.lte) return false;
      return params["payment_intent"] === undefined || (row as SimRefund).payment_intent === params["payment_intent"];
    });
    return { data: data.reverse(), has_more: false };
  }
  function perform({ method, params }: StripeRequest): object {
    switch (method) {
      case "intents.create":
        return create(params);
      case "intents.retrieve":
        return intentOf(params["id"]);
      case "intents.capture":
        return capture(params);
      case "intents.cancel":
        return cancel(params);
      case "intents.list":
        return list(intents.values(), params);
      case "refunds.create":
        return refund(params);
      case "refunds.list":
        return list(refunds.values(), params);
      default:
        throw new Error(`Stripe has no ${method}`);
    }
  }
  const REPLAYED = { "idempotent-replayed": "true" };
  function remembered(request: StripeRequest): object | null {
    const known = request.key === null ? undefined : keys.get(request.key);
    if (known === undefined || known.atMs + KEY_LIFE_MS <= world.nowMs) return null;
    if (known.params !== JSON.stringify(request.params)) throw new StripeFault(400, "idempotency_error");
    if ("error" in known.answer) throw Object.assign(known.answer.error, { headers: REPLAYED });
    world.count("a provider request was repeated under its key");
    return { ...known.answer.value, lastResponse: { headers: REPLAYED } };
  }
  function remember(request: StripeRequest, answer: Remembered["answer"]): void {
    if (request.key !== null)
      keys.set(request.key, { params: JSON.stringify(request.params), atMs: world.nowMs, answer });
  }

  const server: StripeServer = {
    intents,
    refunds,
    handle(request) {
      const known = remembered(request);
      if (known !== null) return known;
      try {
        const value = perform(request);
        remember(request, { value });
        return value;
      } catch (error) {
        if (error instanceof StripeFault) remember(request, { error });
        throw error;
      }
    },
    handleAndFail(request) {
      const error = new StripeFault(500, "api_error");
      // What was answered once is answered so for ever: here only the way back fails.
      if (remembered(request) !== null) throw error;
      try {
        perform(request);
      } catch {
        // It failed of itself; the caller hears 500 all the same.
      }
      remember(request, { error });
      throw error;
    },
    authenticate(intentId, passed) {
      const intent = intents.get(intentId);
      if (intent?.status !== "requires_action") return;
      if (passed) authorised(intent);
      else declined(intent, "authentication_failed");
    },
    failRefund(id) {
      const refund = refunds.get(id);
      if (refund === undefined || refund.status === "failed") return;
      const failed: SimRefund = { ...refund, status: "failed", failure_reason: "expired_or_canceled_card" };
      refunds.set(id, failed);
      world.note(`stripe ${id} failed at the bank`);
      world.count("a bank returned a refund");
      emit("refund.failed", failed);
    },
  };
  return server;
}
