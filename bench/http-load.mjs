// A closed loop over HTTP: every connection sends its next request when it has read the answer to the last one.
// Raw sockets and little else, because generator and server share the machine.

import { connect } from "node:net";
import { summarise } from "./figures.mjs";

const MAX_RECONNECTIONS = 1_000;
const HEAD_END = Buffer.from("\r\n\r\n");
const LAST_CHUNK = Buffer.from("\r\n0\r\n\r\n");

/** @typedef {{ host?: string, port: number }} Target */
/**
 * @typedef {object} Loop
 * @property {Target} target
 * @property {number} connections
 * @property {(i: number, connection: number) => string | Buffer | null} request the i-th request as it goes over the wire, null: there are no more
 * @property {number} requests
 * @property {number} maxMs
 * @property {(status: number, body: () => string, connection: number) => void} [onAnswer]
 */

/** @param {Loop} loop */
export async function closedLoop(loop) {
  const { connections, requests } = loop;
  const latencies = new Float64Array(requests);
  const counts = new Array(connections).fill(0);
  /** @type {Map<number, number>} */
  const statuses = new Map();
  let sent = 0;
  let done = 0;
  const startedAt = performance.now();
  const endsAt = startedAt + loop.maxMs;
  let lastAt = startedAt;

  let reconnections = 0;

  /** @param {number} connection @returns {Promise<void>} */
  const drive = (connection) =>
    new Promise((resolve, reject) => {
      /** Sent and not answered. @type {string | Buffer | null} */
      let asked = null;
      let sentAt = 0;
      let isOver = false;
      const open = () => {
        const socket = connect({ host: loop.target.host ?? "127.0.0.1", port: loop.target.port, noDelay: true });
        const reader = answerReader();
        const next = () => {
          asked = sent < requests && performance.now() < endsAt ? loop.request(sent, connection) : null;
          if (asked === null) {
            isOver = true;
            socket.end();
            return resolve();
          }
          sent += 1;
          sentAt = performance.now();
          socket.write(asked);
        };
        socket.once("connect", () => (asked === null ? next() : socket.write(asked)));
        socket.once("error", () => {});
        socket.once("close", () => {
          if (isOver) return;
          reconnections += 1;
          // A server may end a connection that it had no time to read: whoever asks, asks again, and the clock runs on.
          if (reconnections <= MAX_RECONNECTIONS) open();
          else reject(new Error("the server closes connections"));
        });
        socket.on("data", (chunk) => {
          const status = reader.take(chunk);
          if (status === 0) return;
          lastAt = performance.now();
          latencies[done] = lastAt - sentAt;
          done += 1;
          counts[connection] += 1;
          statuses.set(status, (statuses.get(status) ?? 0) + 1);
          loop.onAnswer?.(status, reader.body, connection);
          next();
        });
      };
      open();
    });

  await Promise.all(counts.map((_, connection) => drive(connection)));
  return {
    ...summarise(latencies.subarray(0, done), lastAt - startedAt, counts),
    reconnections,
    statuses: Object.fromEntries(statuses),
  };
}

/** Puts answers together, one after another, whether their length is told or they come in chunks. */
function answerReader() {
  /** @type {Buffer[]} */
  let parts = [];
  /** @type {Buffer | null} */
  let head = null;
  let status = 0;
  let bodyStart = 0;
  /** Bytes of the whole answer; null: it ends with the last chunk. @type {number | null} */
  let length = null;
  let size = 0;
  let isDone = false;

  /** @param {Buffer} chunk @returns {number} the status once the answer is whole, else 0 */
  function take(chunk) {
    if (isDone) {
      parts = [];
      head = null;
      size = 0;
      isDone = false;
    }
    parts.push(chunk);
    size += chunk.length;
    if (head === null && !readHead()) return 0;
    isDone = length === null ? endsWithLastChunk() : size >= length;
    return isDone ? status : 0;
  }

  function readHead() {
    const all = parts.length === 1 ? /** @type {Buffer} */ (parts[0]) : Buffer.concat(parts);
    const end = all.indexOf(HEAD_END);
    if (end < 0) return false;
    head = all;
    bodyStart = end + HEAD_END.length;
    const text = all.toString("latin1", 0, end);
    status = Number(text.slice(9, 12));
    const told = /\r\ncontent-length: *(\d+)/i.exec(text)?.[1];
    if (told !== undefined) length = bodyStart + Number(told);
    else length = status === 304 || status === 204 ? bodyStart : null;
    return true;
  }

  function endsWithLastChunk() {
    const last = /** @type {Buffer} */ (parts.at(-1));
    const tail = last.length >= LAST_CHUNK.length ? last : Buffer.concat(parts.slice(-3));
    return tail.subarray(-LAST_CHUNK.length).equals(LAST_CHUNK);
  }

  return {
    take,
    /** As it came, chunk sizes included. */
    body: () => Buffer.concat(parts).subarray(bodyStart).toString(),
  };
}

/**
 * @param {string} method @param {string} path
 * @param {Record<string, string>} headers @param {string} [body]
 */
export function rawRequest(method, path, headers, body) {
  const lines = [`${method} ${path} HTTP/1.1`, "Host: localhost"];
  for (const [name, value] of Object.entries(headers)) lines.push(`${name}: ${value}`);
  if (body !== undefined) lines.push("Content-Type: application/json", `Content-Length: ${Buffer.byteLength(body)}`);
  return `${lines.join("\r\n")}\r\n\r\n${body ?? ""}`;
}
