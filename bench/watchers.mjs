// A hall that thousands watch. The watchers are a program of their own, so that reading what they are sent does not
// make the measured buyer wait.

import { fork } from "node:child_process";
import { once } from "node:events";
import { addressOf } from "./buyers.mjs";
import { acknowledging, openSocket } from "./sockets.mjs";

/** Sockets opened at the same time. */
const OPENING = 50;

/** @param {{ port: number, eventId: string, sockets: number }} crowd */
export async function startWatchers({ port, eventId, sockets }) {
  const child = fork(import.meta.filename, [String(port), eventId, String(sockets)]);
  const [said] = await once(child, "message");
  if (said !== "watching") throw new Error(`the watchers did not come: ${said}`);
  return {
    /** Frames that all of them got, and how many were closed on the way. */
    async stop() {
      child.send("stop");
      const [result] = await once(child, "message");
      child.kill();
      return /** @type {{ frames: number, closed: number }} */ (result);
    },
  };
}

if (process.argv[1] === import.meta.filename) {
  const [port = "", eventId = "", sockets = ""] = process.argv.slice(2);
  let frames = 0;
  let closed = 0;
  // As the pages ask for it.
  const path = `/api/inventory/events/${eventId}/feed?changes=places`;
  const watch = async (/** @type {number} */ n) => {
    const acknowledge = acknowledging();
    /** @type {import("./sockets.mjs").Socket | null} */
    let socket = null;
    const onText = (/** @type {string} */ text) => {
      frames += 1;
      acknowledge(socket, text);
    };
    socket = await openSocket({ port: Number(port), path, address: addressOf(n) }, onText, () => (closed += 1));
  };
  for (let n = 0; n < Number(sockets); n += OPENING) {
    await Promise.all(Array.from({ length: Math.min(OPENING, Number(sockets) - n) }, (_, i) => watch(n + i)));
  }
  process.on("message", () => process.send?.({ frames, closed }));
  process.on("disconnect", () => process.exit());
  process.send?.("watching");
}
