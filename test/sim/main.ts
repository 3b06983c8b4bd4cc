// A worker of the simulation: runs the seeds it is told to and prints one JSON line a result that matters.

import { runSeed } from "./run";

const [, , from = "0", count = "1", step = "1", mode = ""] = process.argv;
const quiet = { error: console.error, warn: console.warn };
console.error = () => {};
console.warn = () => {};
const sqlite = mode.includes("sqlite");
const keepsLog = mode.includes("trace");
// Faults are made by the thousand, and nobody reads where.
if (!keepsLog) Error.stackTraceLimit = 0;
const counts: Record<string, number> = {};
const seedsWith: Record<string, number> = {};
let events = 0;
let hash = 0;
let failures = 0;
const MAX_FAILURES = mode.includes("first") ? 1 : 20;

let ran = 0;
for (let i = 0; i < Number(count) && failures < MAX_FAILURES; i++) {
  const seed = Number(from) + i * Number(step);
  const outcome = await runSeed(seed, { keepsLog, sqlite });
  ran += 1;
  events += outcome.events;
  hash = (Math.imul(hash, 31) + outcome.hash) >>> 0;
  for (const [name, times] of Object.entries(outcome.counts)) {
    counts[name] = (counts[name] ?? 0) + times;
    seedsWith[name] = (seedsWith[name] ?? 0) + 1;
  }
  if (keepsLog) process.stdout.write(`${(outcome.log ?? []).join("\n")}\n`);
  if (outcome.violations.length === 0) continue;
  failures += 1;
  process.stdout.write(`${JSON.stringify({ seed, violations: outcome.violations.slice(0, 3) })}\n`);
}
console.error = quiet.error;
process.stdout.write(`${JSON.stringify({ ran, failures, events, hash, counts, seedsWith })}\n`);
process.exit(0);
