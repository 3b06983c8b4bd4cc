// Holds of two seats of one event: over HTTP, beside what people would use instead, and over the live socket.

import { addressOf, seatId, tokenOf } from "./buyers.mjs";
import { closedLoop, rawRequest } from "./http-load.mjs";
import { socketLoop } from "./socket-load.mjs";

/**
 * @typedef {object} Contestant
 * @property {string} name @property {string} label @property {number} port @property {number} [socketPort]
 * @property {() => number} cpuMs @property {(seats: number) => Promise<string>} addHall
 */
/** How many holds a round is, by connections: a lone caller waits for every one of them. @type {ReadonlyMap<number, number>} */
export const HOLDS_A_ROUND = new Map([
  [1, 400],
  [16, 4_000],
  [128, 10_000],
]);
const SEATS_A_HOLD = 2;
const CREATED = 201;

/** @param {number} n */
export const pairOf = (n) => [seatId(SEATS_A_HOLD * n), seatId(SEATS_A_HOLD * n + 1)];

/** Every hold has a token of its own, so none is checked from memory. @param {string} secret @param {number} count */
export function tokensOf(secret, count) {
  return Array.from({ length: count }, (_, n) => tokenOf(secret, n));
}

/**
 * @param {Contestant} contestant @param {readonly string[]} tokens
 * @param {{ connections: number, holds: number, maxMs: number }} size
 */
export async function holdsOverHttp(contestant, tokens, { connections, holds, maxMs }) {
  const eventId = await contestant.addHall(SEATS_A_HOLD * holds);
  const requests = Array.from({ length: holds }, (_, n) =>
    rawRequest(
      "POST",
      "/api/locks",
      { Authorization: `Bearer ${tokens[n % tokens.length]}`, "CF-Connecting-IP": addressOf(n) },
      JSON.stringify({ eventId, seatIds: pairOf(n) }),
    ),
  );
  const cpuBeforeMs = contestant.cpuMs();
  const measured = await closedLoop({
    target: { port: contestant.port },
    connections,
    requests: holds,
    maxMs,
    request: (n) => /** @type {string} */ (requests[n]),
  });
  return withCpu(measured, contestant.cpuMs() - cpuBeforeMs, (measured.statuses[CREATED] ?? 0) !== measured.answers);
}

/**
 * @param {Contestant} contestant @param {readonly string[]} tokens
 * @param {{ connections: number, holds: number, maxMs: number }} size
 */
export async function holdsOverSockets(contestant, tokens, { connections, holds, maxMs }) {
  const eventId = await contestant.addHall(SEATS_A_HOLD * holds);
  const cpuBeforeMs = contestant.cpuMs();
  const measured = await socketLoop({
    port: contestant.socketPort ?? contestant.port,
    eventId,
    connections,
    holds,
    maxMs,
    token: (n) => /** @type {string} */ (tokens[n % tokens.length]),
    seats: pairOf,
  });
  return withCpu(measured, contestant.cpuMs() - cpuBeforeMs, measured.refused > 0);
}

/** @template {{ answers: number }} T @param {T} measured @param {number} cpuMs @param {boolean} isWrong */
function withCpu(measured, cpuMs, isWrong) {
  if (isWrong) throw new Error(`not every hold was answered as it should: ${JSON.stringify(measured)}`);
  return { ...measured, cpuMsEach: cpuMs / Math.max(1, measured.answers) };
}
