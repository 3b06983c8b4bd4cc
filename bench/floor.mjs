// For reference: a Worker that reads a body, sells nothing and answers. What it takes is the runtime's, whatever it runs.

import { createRequire } from "node:module";
import { cpuMsOf, startAnswering, stop } from "./processes.mjs";
import { quietRuntime } from "./product.mjs";

const WORKER = `export default {
  async fetch(request) {
    const { eventId, seatIds } = await request.json();
    return Response.json({ id: eventId, seatIds }, { status: 201 });
  },
};`;

/** @param {string} folder */
export async function startFloor(folder) {
  const env = { ...process.env, MINIFLARE_WORKERD_PATH: quietRuntime(folder) };
  const { child, said } = await startAnswering(process.execPath, [import.meta.filename], { env });
  const pid = /** @type {number} */ (child.pid);
  return {
    name: "floor",
    label: "A Worker that sells nothing",
    onlyAt: 128,
    port: said.port,
    cpuMs: () => cpuMsOf([pid], (name) => name.startsWith("workerd")),
    addHall: async () => "evnt_00000000000000000000000000",
    stop: () => stop(child),
  };
}

if (process.argv[1] === import.meta.filename) {
  const { convertV4MiniflareOptions, Log, LogLevel, Miniflare } = createRequire(import.meta.url)("miniflare");
  const worker = { modules: true, script: WORKER, compatibilityDate: "2026-08-20" };
  const direct = { name: "floor", unsafeDirectSockets: [{ host: "127.0.0.1", port: 0 }] };
  const log = new Log(LogLevel.ERROR);
  const miniflare = new Miniflare(
    convertV4MiniflareOptions({ host: "127.0.0.1", port: 0, log, cf: false, workers: [{ ...worker, ...direct }] }),
  );
  await miniflare.ready;
  console.log(JSON.stringify({ port: Number((await miniflare.unsafeGetDirectURL("floor")).port) }));
}
