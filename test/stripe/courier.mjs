// The stand-in's own webhooks: signed as Stripe signs, delivered at least once, repeated until answered with a 2xx. A
// test may hold, drop, double or delay the events of one sale, and let held ones go in another order.

import { createHmac } from "node:crypto";
import { newId, publicIntent } from "./rules.mjs";

/** Pauses between tries. Stripe's own are minutes and hours. */
const RETRY_PAUSES_MS = [300, 600, 1_200, 2_500, 5_000, 10_000, 20_000];
const DELIVERY_TIMEOUT_MS = 20_000;
const API_VERSION = "2026-10-28.endive";

export function openCourier(store) {
  /** Tells of a change. `scope` is whose sale it is: `{ eventCode, bookingId }`. */
  function emit(type, object, scope) {
    const body = {
      id: newId("evt"),
      object: "event",
      api_version: API_VERSION,
      created: Math.floor(Date.now() / 1000),
      data: { object: object.object === "payment_intent" ? publicIntent(object) : structuredClone(object) },
      livemode: false,
      pending_webhooks: 1,
      type,
    };
    const rule = store.all("webhookRules").find((each) => appliesTo(each, type, scope));
    const state = rule?.does === "drop" ? "dropped" : rule?.does === "hold" ? "held" : "due";
    const note = store.put("events", body.id, { id: body.id, type, scope, state, tries: 0, body });
    if (state === "due") send(note.id, rule?.delayMs ?? 0, rule?.does === "double" ? 2 : 1);
  }

  function send(id, delayMs = 0, times = 1) {
    for (let i = 0; i < times; i++) setTimeout(() => deliver(id), delayMs);
  }

  async function deliver(id) {
    const note = store.get("events", id);
    const webhook = store.get("settings", "webhook");
    if (!webhook) return;
    const status = await post(webhook.url, JSON.stringify(note.body), webhook.secret);
    const current = store.get("events", id);
    const delivered = status >= 200 && status < 300;
    store.put("events", id, {
      ...current,
      tries: current.tries + 1,
      status,
      state: delivered ? "delivered" : current.state,
    });
    const pause = RETRY_PAUSES_MS[current.tries];
    if (!delivered && pause !== undefined && current.state !== "delivered") send(id, pause);
  }

  return {
    emit,
    /** Sends what was due when the process died. */
    resume() {
      for (const note of store.all("events")) if (note.state === "due") send(note.id, 200);
    },
    /** `does`: drop, hold, double, or with `delayMs` later. The first rule that fits an event is its. */
    setRule(rule) {
      const id = newId("rule");
      store.put("webhookRules", id, { id, scope: {}, ...rule });
    },
    /** Lets held events go, or repeats delivered ones; in `order` "same" or "reverse". */
    release({ scope = {}, types, state = "held", order = "same", times = 1, forgetRules = true }) {
      if (forgetRules) {
        for (const rule of store.all("webhookRules"))
          if (covers(scope, rule.scope)) store.drop("webhookRules", rule.id);
      }
      const chosen = store
        .all("events")
        .filter((note) => note.state === state && covers(scope, note.scope) && (!types || types.includes(note.type)));
      if (order === "reverse") chosen.reverse();
      chosen.forEach((note, i) => {
        store.put("events", note.id, { ...note, state: "due", tries: 0 });
        send(note.id, i * 50, times);
      });
      return { released: chosen.map(({ type }) => type) };
    },
    list: (scope) => store.all("events").filter((note) => covers(scope, note.scope)),
  };
}

/** Signs and posts a body; 0 when nobody answered. */
export async function post(url, body, secret, atSeconds = Math.floor(Date.now() / 1000)) {
  try {
    const answer = await fetch(url, {
      method: "POST",
      headers: { "content-type": "application/json", "stripe-signature": signatureOf(body, secret, atSeconds) },
      body,
      signal: AbortSignal.timeout(DELIVERY_TIMEOUT_MS),
    });
    await answer.arrayBuffer();
    return answer.status;
  } catch {
    return 0;
  }
}

/** The `Stripe-Signature` header over these bytes. */
export function signatureOf(body, secret, atSeconds) {
  const signature = createHmac("sha256", secret).update(`${atSeconds}.${body}`).digest("hex");
  return `t=${atSeconds},v1=${signature}`;
}

function appliesTo(rule, type, scope) {
  return covers(rule.scope, scope) && (!rule.types || rule.types.includes(type));
}

/** Whether everything asked for is so. */
export function covers(wanted, actual = {}) {
  return Object.entries(wanted).every(([name, value]) => actual[name] === value);
}
