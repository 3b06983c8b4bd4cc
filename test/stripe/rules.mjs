// The rules of money at Stripe, as far as a card payment with manual capture goes: what may follow what, what each
// step leaves behind, and which events tell of it. Everything happens in one turn of the loop: no step is half done.

import { randomBytes } from "node:crypto";
import { cardOf } from "./cards.mjs";

/** The smallest charge, by currency. Source: docs.stripe.com/currencies, "Minimum and maximum charge amounts". */
const MINIMUM = { usd: 50, eur: 50, gbp: 30, jpy: 50 };
const MAX_DIGITS = { idr: 12, cop: 10, inr: 9 };
const MOST_DIGITS = 8;
const THREE_DECIMAL = new Set(["bhd", "jod", "kwd", "omr", "tnd"]);
const TWO_ZEROS = new Set(["isk", "ugx"]);
const CREATE_PARAMS = new Set([
  "amount",
  "currency",
  "confirm",
  "capture_method",
  "allowed_payment_method_types",
  "use_stripe_sdk",
  "description",
  "metadata",
  "payment_method",
  "payment_method_data",
  "off_session",
  "return_url",
]);

export class Refused extends Error {
  /** `saved`: the endpoint had begun, so the answer is remembered under the request's key. */
  constructor(status, error, saved = true) {
    super(error.message ?? error.code);
    this.status = status;
    this.error = error;
    this.saved = saved;
  }
}

/** `emit(type, object)` tells of a change after it is written. */
export function moneyRules(store, emit) {
  const intentOf = (id) => {
    const intent = store.get("intents", id);
    if (!intent) throw invalid("resource_missing", `No such payment_intent: '${id}'`, { param: "intent" }, 404);
    return intent;
  };
  const save = (intent, changes) => store.put("intents", intent.id, { ...intent, ...changes });

  function create(params, tamper = {}) {
    const amount = checkedAmount(params);
    for (const name of Object.keys(params)) {
      if (!CREATE_PARAMS.has(name)) throw unsaved("parameter_unknown", `Received unknown parameter: ${name}`, name);
    }
    const token = params.payment_method_data?.card?.token ?? params.payment_method;
    const card = cardOf(token);
    if (!card) throw unsaved("resource_missing", `No such PaymentMethod: '${token}'`, "payment_method");
    const id = newId("pi");
    const intent = store.put("intents", id, {
      id,
      object: "payment_intent",
      amount,
      amount_capturable: 0,
      amount_received: 0,
      canceled_at: null,
      cancellation_reason: null,
      capture_method: params.capture_method ?? "automatic_async",
      client_secret: `${id}_secret_${randomBytes(12).toString("hex")}`,
      confirmation_method: "automatic",
      created: nowSeconds(),
      currency: params.currency,
      description: params.description ?? null,
      last_payment_error: null,
      latest_charge: null,
      livemode: false,
      metadata: params.metadata ?? {},
      next_action: null,
      payment_method: newId("pm"),
      payment_method_types: ["card"],
      status: "requires_confirmation",
      token,
      tamper,
    });
    emit("payment_intent.created", intent);
    return card.challenges ? challenge(intent) : charge(intent, card);
  }

  function challenge(intent) {
    const next_action = { type: "use_stripe_sdk", use_stripe_sdk: { type: "three_d_secure_redirect" } };
    const waiting = save(intent, { status: "requires_action", next_action });
    emit("payment_intent.requires_action", waiting);
    return waiting;
  }

  /** Asks the bank. A refusal leaves the intent waiting for another card. */
  function charge(intent, card) {
    if (card.declines)
      return decline(intent, { type: "card_error", message: "Your card was declined.", ...card.declines });
    const id = newId("ch");
    store.put("charges", id, { id, intent: intent.id, amount: intent.amount, captured: false });
    const capturable = intent.tamper.amount_capturable ?? intent.amount;
    const authorised = save(intent, {
      status: "requires_capture",
      next_action: null,
      last_payment_error: null,
      amount_capturable: capturable,
      latest_charge: id,
    });
    emit("charge.succeeded", chargeObject(authorised));
    emit("payment_intent.amount_capturable_updated", authorised);
    return authorised;
  }

  function decline(intent, error) {
    const failed = save(intent, {
      status: "requires_payment_method",
      next_action: null,
      payment_method: null,
      last_payment_error: error,
    });
    emit("payment_intent.payment_failed", failed);
    throw new Refused(402, { ...error, payment_intent: publicIntent(failed) });
  }

  /** What the buyer's browser brings about. */
  function authenticate(id, result) {
    const intent = intentOf(id);
    if (intent.status !== "requires_action") throw unexpected(intent, "authenticate");
    const failure = {
      type: "card_error",
      code: "payment_intent_authentication_failure",
      message: "We are unable to authenticate your payment method.",
    };
    try {
      return result === "success" ? charge(intent, cardOf(intent.token)) : decline(intent, failure);
    } catch (refusal) {
      if (refusal instanceof Refused) return intentOf(id);
      throw refusal;
    }
  }

  function capture(id, params) {
    const intent = intentOf(id);
    if (intent.status !== "requires_capture") throw unexpected(intent, "capture");
    const amount = Number(params.amount_to_capture ?? intent.amount_capturable);
    if (amount > intent.amount_capturable) {
      throw invalid("amount_too_large", "You cannot capture more than was authorised.", { param: "amount_to_capture" });
    }
    const charge = store.get("charges", intent.latest_charge);
    store.put("charges", charge.id, { ...charge, captured: true });
    const captured = save(intent, { status: "succeeded", amount_capturable: 0, amount_received: amount });
    emit("charge.captured", chargeObject(captured));
    emit("payment_intent.succeeded", captured);
    const reason = cardOf(intent.token).disputes;
    if (reason) dispute(id, reason);
    return captured;
  }

  function cancel(id, reason = null) {
    const intent = intentOf(id);
    if (intent.status === "succeeded" || intent.status === "canceled" || intent.status === "processing") {
      throw unexpected(intent, "cancel");
    }
    const held = intent.amount_capturable;
    const canceled = save(intent, {
      status: "canceled",
      canceled_at: nowSeconds(),
      cancellation_reason: reason,
      amount_capturable: 0,
      next_action: null,
    });
    if (held > 0) {
      // What was only held is let go by a refund of the uncaptured charge, which nobody asked for by name.
      const id = newId("re");
      store.put("refunds", id, refundObject(id, canceled, held, "succeeded", {}));
      emit("charge.refunded", chargeObject(canceled));
    }
    emit("payment_intent.canceled", canceled);
    return canceled;
  }

  function refund(params) {
    const intent = intentOf(params.payment_intent);
    if (intent.status !== "succeeded") throw invalid("charge_not_refundable", "This payment has not been captured.");
    const isDisputed = ({ payment_intent: disputed, status }) => disputed === intent.id && status === "needs_response";
    if (store.all("disputes").some(isDisputed)) throw invalid("charge_disputed", "This charge has been charged back.");
    const left = intent.amount_received - refundedOf(intent.id);
    if (left === 0)
      throw invalid("charge_already_refunded", `Charge ${intent.latest_charge} has already been refunded.`);
    const amount = Number(params.amount ?? left);
    checkedStep(amount, intent.currency);
    if (amount > left) throw invalid("amount_too_large", "Refund amount is greater than unrefunded amount on charge.");
    const way = cardOf(intent.token).refunds;
    const id = newId("re");
    const made = refundObject(id, intent, amount, way === "pend" ? "pending" : "succeeded", params.metadata ?? {});
    store.put("refunds", id, made);
    emit("refund.created", made);
    emit("charge.refunded", chargeObject(intent));
    return made;
  }

  /** What the bank makes of a refund, later. */
  function settleRefund(id, status) {
    const refund = store.get("refunds", id);
    if (!refund) throw invalid("resource_missing", `No such refund: '${id}'`, {}, 404);
    const failed = status === "failed" ? { failure_reason: "expired_or_canceled_card" } : {};
    const settled = store.put("refunds", id, { ...refund, status, ...failed });
    emit("refund.updated", settled);
    if (status === "failed") emit("refund.failed", settled);
    return settled;
  }

  function dispute(intentId, reason) {
    const intent = intentOf(intentId);
    const id = newId("du");
    const opened = store.put("disputes", id, {
      id,
      object: "dispute",
      amount: intent.amount_received,
      currency: intent.currency,
      charge: intent.latest_charge,
      payment_intent: intent.id,
      reason,
      status: "needs_response",
      created: nowSeconds(),
    });
    emit("charge.dispute.created", opened);
    return opened;
  }

  function closeDispute(id, status) {
    const closed = store.put("disputes", id, { ...store.get("disputes", id), status });
    emit("charge.dispute.closed", closed);
    return closed;
  }

  /** Refunds that stand, of what was captured. */
  function refundedOf(intentId) {
    let sum = 0;
    for (const refund of store.all("refunds")) {
      const counts = refund.payment_intent === intentId && refund.status !== "failed" && refund.status !== "canceled";
      if (counts) sum += refund.amount;
    }
    return sum;
  }

  function chargeObject(intent) {
    const refunded = intent.status === "canceled" ? intent.amount : refundedOf(intent.id);
    return {
      id: intent.latest_charge,
      object: "charge",
      amount: intent.amount,
      amount_captured: intent.amount_received,
      amount_refunded: refunded,
      currency: intent.currency,
      metadata: intent.metadata,
      payment_intent: intent.id,
      refunded: refunded >= intent.amount,
    };
  }

  return { intentOf, create, authenticate, capture, cancel, refund, settleRefund, dispute, closeDispute, refundedOf };
}

/** Without what only the stand-in knows. */
export function publicIntent({ token, tamper, ...intent }) {
  return intent;
}

export function newId(prefix) {
  return `${prefix}_3S${randomBytes(11).toString("hex")}`;
}

function refundObject(id, intent, amount, status, metadata) {
  return {
    id,
    object: "refund",
    amount,
    charge: intent.latest_charge,
    created: nowSeconds(),
    currency: intent.currency,
    metadata,
    payment_intent: intent.id,
    reason: null,
    status,
  };
}

function checkedAmount({ amount: text, currency }) {
  const amount = Number(text);
  if (!currency) throw unsaved("parameter_missing", "Missing required param: currency.", "currency");
  if (!Number.isSafeInteger(amount) || amount <= 0)
    throw unsaved("parameter_invalid_integer", "Invalid integer", "amount");
  if (amount < (MINIMUM[currency] ?? 1)) throw unsaved("amount_too_small", "Amount is below the minimum.", "amount");
  if (text.length > (MAX_DIGITS[currency] ?? MOST_DIGITS))
    throw unsaved("amount_too_large", "Amount is too large.", "amount");
  checkedStep(amount, currency);
  return amount;
}

function checkedStep(amount, currency) {
  const step = TWO_ZEROS.has(currency) ? 100 : THREE_DECIMAL.has(currency) ? 10 : 1;
  if (amount % step !== 0)
    throw unsaved("parameter_invalid_integer", `Amount must be a multiple of ${step}.`, "amount");
}

function unexpected(intent, verb) {
  const message = `You cannot ${verb} this PaymentIntent because it has a status of ${intent.status}.`;
  return invalid("payment_intent_unexpected_state", message, { payment_intent: publicIntent(intent) });
}

function invalid(code, message, more = {}, status = 400) {
  return new Refused(status, { type: "invalid_request_error", code, message, ...more });
}

/** Parameters are checked before the endpoint begins: such an answer is not remembered. */
function unsaved(code, message, param) {
  return new Refused(400, { type: "invalid_request_error", code, message, param }, false);
}

function nowSeconds() {
  return Math.floor(Date.now() / 1000);
}
