// A closed loop over the live feed's sockets: each signs in, and sends its next hold when it has the answer to the last.

import { addressOf } from "./buyers.mjs";
import { summarise } from "./figures.mjs";
import { acknowledging, openSocket } from "./sockets.mjs";

const REPLY = '{"type":"reply"';
const SIGNED_IN = '{"type":"auth","ok":true';
/** A buyer may have ten unpaid seats; then the socket's next buyer signs in, within the time that is measured. */
const HOLDS_A_BUYER = 5;

/**
 * @param {object} loop
 * @param {number} loop.port @param {string} loop.eventId @param {number} loop.connections
 * @param {number} loop.holds @param {number} loop.maxMs
 * @param {(n: number) => string} loop.token of the n-th buyer
 * @param {(n: number) => readonly string[]} loop.seats of the n-th hold
 */
export async function socketLoop({ port, eventId, connections, holds, maxMs, token, seats }) {
  const latencies = new Float64Array(holds);
  const counts = new Array(connections).fill(0);
  let sent = 0;
  let done = 0;
  let refused = 0;
  let buyers = 0;
  const readers = await Promise.all(
    counts.map(async (_, n) => {
      const acknowledge = acknowledging();
      /** @type {(text: string) => void} */
      let onReply = () => {};
      const path = `/api/inventory/events/${eventId}/feed`;
      /** @type {import("./sockets.mjs").Socket | null} */
      let opening = null;
      const socket = await openSocket({ port, path, address: addressOf(n) }, (text) => {
        if (text.startsWith(REPLY) || text.startsWith(SIGNED_IN)) onReply(text);
        else acknowledge(opening, text);
      });
      opening = socket;
      return { socket, listen: (/** @type {(text: string) => void} */ listener) => (onReply = listener) };
    }),
  );
  const startedAt = performance.now();
  let lastAt = startedAt;
  await Promise.all(
    readers.map(
      ({ socket, listen }, n) =>
        /** @type {Promise<void>} */ (
          new Promise((resolve) => {
            let sentAt = 0;
            let ofThisBuyer = HOLDS_A_BUYER;
            const next = () => {
              if (sent >= holds || performance.now() - startedAt > maxMs) return resolve();
              if (ofThisBuyer === HOLDS_A_BUYER) {
                ofThisBuyer = 0;
                return socket.send(JSON.stringify({ type: "auth", token: token(buyers++) }));
              }
              ofThisBuyer += 1;
              sentAt = performance.now();
              socket.send(JSON.stringify({ type: "hold", id: sent, seatIds: seats(sent) }));
              sent += 1;
            };
            listen((text) => {
              if (text.startsWith(SIGNED_IN)) return next();
              lastAt = performance.now();
              if (!text.includes('"ok":true')) refused += 1;
              latencies[done] = lastAt - sentAt;
              done += 1;
              counts[n] += 1;
              next();
            });
            next();
          })
        ),
    ),
  );
  for (const { socket } of readers) socket.close();
  return { ...summarise(latencies.subarray(0, done), lastAt - startedAt, counts), refused };
}
