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
const args = [VITEST, "run", "--project", "workers", "--silent=false", "test/workers/fuzz.test.ts"];

console.log(`seed ${values.seed}, ${values.requests} requests`);
const child = spawn(process.execPath, args, {
  cwd: ROOT,
  stdio: "inherit",
  env: { ...process.env, FUZZ_REQUESTS: values.requests, FUZZ_SEED: values.seed },
});
child.on("exit", (code) => {
  console.log(`npm run fuzz -- --seed ${values.seed} --requests ${values.requests}`);
  process.exitCode = code ?? 1;
});
