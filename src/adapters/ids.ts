// New ids from the platform's random source, the only randomness of the product.

import type { IdSource } from "../app/ports";
import { ID_RANDOM_BYTES, makeId, makeSaleId } from "../domain/ids";

export function randomIds(): IdSource {
  return {
    user: (nowMs) => makeId("usr", nowMs, random()),
    event: (nowMs) => makeId("evnt", nowMs, random()),
    venue: (nowMs) => makeId("ven", nowMs, random()),
    gate: (nowMs) => makeId("gate", nowMs, random()),
    notification: (nowMs) => makeId("notif", nowMs, random()),
    ofSale: ((prefix, code, nowMs) => makeSaleId(prefix, code, nowMs, random())) as IdSource["ofSale"],
  };
}

function random(): Uint8Array {
  return crypto.getRandomValues(new Uint8Array(ID_RANDOM_BYTES));
}
