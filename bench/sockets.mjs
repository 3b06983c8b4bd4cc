// WebSocket clients for load, bare: text frames both ways, a handshake, and nothing that costs the server's machine more.

import { randomBytes } from "node:crypto";
import { connect } from "node:net";

const TEXT = 0x1;
const CLOSE = 0x8;
const PING = 0x9;
const FIN = 0x80;
const MASKED = 0x80;
/** A frame whose length does not fit seven bits says so with these, and has it in 2 or 8 bytes. */
const LENGTH_16 = 126;
const LENGTH_64 = 127;
const HEAD_END = "\r\n\r\n";

/** @typedef {Awaited<ReturnType<typeof openSocket>>} Socket */

/**
 * @param {{ port: number, path: string, address: string }} at
 * @param {(text: string) => void} onText
 * @param {(why: string) => void} [onEnd]
 */
export async function openSocket({ port, path, address }, onText, onEnd = () => {}) {
  const socket = connect({ host: "127.0.0.1", port, noDelay: true });
  socket.write(
    `GET ${path} HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n` +
      `Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${randomBytes(16).toString("base64")}\r\n` +
      `CF-Connecting-IP: ${address}\r\n\r\n`,
  );
  /** @type {Buffer} */
  let buffered = Buffer.alloc(0);
  let isOpen = false;
  return await new Promise((resolve, reject) => {
    const client = { send, close: () => socket.destroy() };
    socket.on("error", reject);
    socket.on("close", () => onEnd("closed"));
    socket.on("data", (chunk) => {
      buffered = buffered.length === 0 ? chunk : Buffer.concat([buffered, chunk]);
      if (!isOpen) {
        const end = buffered.indexOf(HEAD_END);
        if (end < 0) return;
        const head = buffered.toString("latin1", 0, end);
        if (!head.startsWith("HTTP/1.1 101")) return reject(new Error(head.split("\r\n", 1)[0]));
        buffered = buffered.subarray(end + HEAD_END.length);
        isOpen = true;
        resolve(client);
      }
      readFrames();
    });
  });

  function readFrames() {
    let place = 0;
    while (buffered.length - place >= 2) {
      const opcode = /** @type {number} */ (buffered[place]) & 0x0f;
      let length = /** @type {number} */ (buffered[place + 1]) & 0x7f;
      let start = place + 2;
      if (length === LENGTH_16) {
        if (buffered.length < start + 2) break;
        length = buffered.readUInt16BE(start);
        start += 2;
      } else if (length === LENGTH_64) {
        if (buffered.length < start + 8) break;
        length = Number(buffered.readBigUInt64BE(start));
        start += 8;
      }
      if (buffered.length < start + length) break;
      if (opcode === TEXT) onText(buffered.toString("latin1", start, start + length));
      else if (opcode === CLOSE) onEnd(`code ${length >= 2 ? buffered.readUInt16BE(start) : 0}`);
      else if (opcode === PING) socket.write(Buffer.from([FIN | 0xa, MASKED, 0, 0, 0, 0]));
      place = start + length;
    }
    buffered = buffered.subarray(place);
  }

  /** Masked with zeros, which is a mask. @param {string} text */
  function send(text) {
    const size = Buffer.byteLength(text);
    const headSize = size < LENGTH_16 ? 6 : 8;
    const frame = Buffer.alloc(headSize + size);
    frame[0] = FIN | TEXT;
    if (size < LENGTH_16) frame[1] = MASKED | size;
    else {
      frame[1] = MASKED | LENGTH_16;
      frame.writeUInt16BE(size, 2);
    }
    frame.write(text, headSize);
    socket.write(frame);
  }
}

/** Acknowledged every so many frames: a reader that never does is closed. */
const ACK_EVERY = 100;

/** What a reader of the feed does with a delta or a snapshot: now and then it says how far it is. */
export function acknowledging() {
  let unacked = 0;
  /** @param {Socket | null} socket @param {string} text */
  return (socket, text) => {
    unacked += 1;
    if (unacked < ACK_EVERY || socket === null) return;
    unacked = 0;
    const seq = /"seq":(\d+)/.exec(text.slice(0, 100))?.[1];
    if (seq !== undefined) socket.send(`{"type":"ack","seq":${seq}}`);
  };
}
