// New ids from the platform's random source, the only randomness of the product. It is asked for many at a time: a
// question costs more than the bytes.

import type { IdSource } from "../app/ports";
import { ID_RANDOM_BYTES, makeId, makeSaleId } from "../domain/ids";

export function randomIds(): IdSource {
  return {
    user: (nowMs) => makeId("usr", nowMs, random()),
    event: (nowMs) => makeId("evnt", nowMs, random()),
    venue: (nowMs) => makeId("ven", nowMs, random()),
    gate: (nowMs) => makeId("gate", nowMs, random()),
    request: (nowMs) => makeId("req", nowMs, random()),
    notification: (nowMs) => makeId("notif", nowMs, random()),
    ofSale: ((prefix, code, nowMs) => makeSaleId(prefix, code, nowMs, random())) as IdSource["ofSale"],
  };
}

const pool = new Uint8Array(ID_RANDOM_BYTES * 128);
let used = pool.length;

/** Bytes that nobody had before. They are good until the next call. */
function random(): Uint8Array {
  if (used === pool.length) {
    crypto.getRandomValues(pool);
    used = 0;
  }
  used += ID_RANDOM_BYTES;
  return pool.subarray(used - ID_RANDOM_BYTES, used);
}
