// The seats of a large hall, read by many: whole, compact, from rows, and beside a file that never changes.

import { readFile, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import { join } from "node:path";
import { addressOf } from "./buyers.mjs";
import { closedLoop, rawRequest } from "./http-load.mjs";

const READERS = 16;
const REQUESTS = 100_000;
const WARM_READS = 500;

/** @param {number} port @param {string} path @param {() => number} cpuMs @param {number} maxMs */
export async function reads(port, path, cpuMs, maxMs) {
  // Some reads before, so that nobody's first are measured.
  const warm = { target: { port }, connections: READERS, requests: WARM_READS, maxMs, request: () => readOf(path, 0) };
  await closedLoop(warm);
  const cpuBeforeMs = cpuMs();
  const measured = await closedLoop({
    target: { port },
    connections: READERS,
    requests: REQUESTS,
    maxMs,
    request: (n) => readOf(path, n),
  });
  if (measured.statuses[200] !== measured.answers) throw new Error(`reads were refused: ${JSON.stringify(measured)}`);
  return { ...measured, cpuMsEach: (cpuMs() - cpuBeforeMs) / measured.answers };
}

/** @param {string} path @param {number} n */
function readOf(path, n) {
  return rawRequest("GET", path, { "CF-Connecting-IP": addressOf(n) });
}

if (process.argv[1] === import.meta.filename) {
  // A static file server: Node's, reading the file for every request as one does that serves many.
  const file = join(process.argv[2] ?? "", "statuses.json");
  await writeFile(file, process.argv[3] ?? "");
  const server = createServer(async (_, response) => {
    const bytes = await readFile(file);
    response.writeHead(200, { "content-type": "application/json", "content-length": bytes.length });
    response.end(bytes);
  });
  server.listen(0, "127.0.0.1", () => {
    const address = server.address();
    if (typeof address === "object") console.log(JSON.stringify({ port: address?.port }));
  });
  process.stdin.on("end", () => process.exit()).resume();
}
