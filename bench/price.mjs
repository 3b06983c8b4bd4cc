// What a million tickets cost at Cloudflare's list prices, from what one booking of two seats uses.

/**
 * Rows written by a hold, a booking with it, its payment and its mail, as they are billed: indexes, deletes and alarms
 * included. test/workers/rows-written.test.ts counts them.
 */
export const ROWS_A_BOOKING = { boxOffice: 13, d1: 10 };

/** Workers Paid, beyond what is included, in US dollars a million. Source: developers.cloudflare.com, platform pricing. */
const DOLLARS_A_MILLION = {
  workerRequests: 0.3,
  workerCpuMs: 0.02,
  objectRequests: 0.15,
  rowsWritten: 1,
  rowsRead: 0.001,
  queueOperations: 0.4,
};
/** Dollars a million GB-seconds of an object that is awake, with 128 MB each. */
const DOLLARS_A_MILLION_GB_S = 12.5;
const OBJECT_GB = 0.128;

/** Of one booking of two tickets, bought by a buyer who looks at the map, holds, pays, and waits. */
const USED = {
  workerRequests: 12,
  workerCpuMs: 20,
  objectRequests: 8,
  queueOperations: 9,
  rowsRead: 100,
  /** An object is billed while it is awake, however much it sells: an on-sale of an hour with 10 000 bookings. */
  objectSeconds: 3_600 / 10_000,
};

/** @param {{ boxOffice: number, d1: number }} [rows] */
export function priceOfAMillionTickets(rows = ROWS_A_BOOKING) {
  const bookings = 500_000;
  const millions = (/** @type {number} */ each) => (each * bookings) / 1e6;
  const lines = {
    "Durable Object rows written": millions(rows.boxOffice) * DOLLARS_A_MILLION.rowsWritten,
    "D1 rows written": millions(rows.d1) * DOLLARS_A_MILLION.rowsWritten,
    "rows read": millions(USED.rowsRead) * DOLLARS_A_MILLION.rowsRead,
    "Worker requests": millions(USED.workerRequests) * DOLLARS_A_MILLION.workerRequests,
    "Worker CPU": millions(USED.workerCpuMs) * DOLLARS_A_MILLION.workerCpuMs,
    "Durable Object requests": millions(USED.objectRequests) * DOLLARS_A_MILLION.objectRequests,
    "Durable Object time": millions(USED.objectSeconds) * OBJECT_GB * DOLLARS_A_MILLION_GB_S,
    "queue operations": millions(USED.queueOperations) * DOLLARS_A_MILLION.queueOperations,
  };
  const total = Object.values(lines).reduce((sum, dollars) => sum + dollars, 0);
  return { lines, total };
}
