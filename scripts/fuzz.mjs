// Runs many requests of the fuzz test (docs/reliability.md): made from the OpenAPI document, broken on purpose.
//
//   npm run fuzz                      50 000 requests
//   npm run fuzz -- --requests 5000 --seed 4711

import { spawn } from "node:child_process";
import { join } from "node:path";
import { parseArgs } from "node:util";

const { values } = parseArgs({
  options: {
    requests: { type: "string", default: "50000" },
    seed: { type: "string", default: String(Date.now() % 1_000_000) },
  },
});

const ROOT = join(import.meta.dirname, "..");
const VITEST = join(ROOT, "node_modules/vitest/vitest.mjs");
const TEST = [VITEST, "run", "--project", "workers", "--silent=false", "test/workers/fuzz.test.ts"];
/** A world of its own for each part: what reads all there is, the audit first of all, gets slower as a world fills. */
const PART = 5_000;
const AT_ONCE = 2;

/** @param {number} seed @param {number} requests @returns {Promise<boolean>} */
function runPart(seed, requests) {
  const again = `npm run fuzz -- --seed ${seed} --requests ${requests}`;
  return new Promise((resolve) => {
    const env = { ...process.env, FUZZ_REQUESTS: String(requests), FUZZ_SEED: String(seed) };
    const child = spawn(process.execPath, TEST, { cwd: ROOT, stdio: ["ignore", "pipe", "pipe"], env });
    let printed = "";
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding("utf8").on("data", (text) => {
        printed += text;
      });
    child.on("exit", (code) => {
      console.log(code === 0 ? `ok      ${again}` : `${printed}\nFAILED  ${again}`);
      resolve(code === 0);
    });
  });
}

const total = Number(values.requests);
const parts = Array.from({ length: Math.ceil(total / PART) }, (_, n) => ({
  seed: Number(values.seed) + n,
  requests: Math.min(PART, total - n * PART),
}));
console.log(`${total} requests from seed ${values.seed}, in parts of ${PART}`);
let failed = 0;
async function work() {
  for (let part = parts.shift(); part !== undefined; part = parts.shift()) {
    if (!(await runPart(part.seed, part.requests))) failed += 1;
  }
}
await Promise.all(Array.from({ length: AT_ONCE }, work));
console.log(failed === 0 ? `${total} requests, nothing found` : `${failed} parts failed`);
process.exitCode = failed === 0 ? 0 : 1;
