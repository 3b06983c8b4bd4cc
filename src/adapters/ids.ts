// New ids from the platform's random source, the only randomness of the product. It is asked for many at a time: a
// question costs more than the bytes.

import type { IdSource } from "../app/ports";
import { ID_RANDOM_BYTES, makeId, makeSaleId } from "../domain/ids";

export function randomIds(): IdSource {
  return {
    user: (nowMs) => makeId("usr", nowMs, pool, random()),
    event: (nowMs) => makeId("evnt", nowMs, pool, random()),
    venue: (nowMs) => makeId("ven", nowMs, pool, random()),
    gate: (nowMs) => makeId("gate", nowMs, pool, random()),
    request: (nowMs) => makeId("req", nowMs, pool, random()),
    notification: (nowMs) => makeId("notif", nowMs, pool, random()),
    ofSale: ((prefix, code, nowMs) => makeSaleId(prefix, code, nowMs, pool, random())) as IdSource["ofSale"],
  };
}

const pool = new Uint8Array(ID_RANDOM_BYTES * 128);
let used = pool.length;

/** Where in the pool an id's bytes are that nobody had before. They are good until the next call. */
function random(): number {
  if (used === pool.length) {
    crypto.getRandomValues(pool);
    used = 0;
  }
  const start = used;
  used += ID_RANDOM_BYTES;
  return start;
}
