// Runs the simulation (docs/reliability.md): bundles it with the product's own code, spreads seeds over all CPUs, and
// fails when a promise is broken, when a seed does not repeat, or when something that must happen sometimes does not.
//
//   npm run sim                  20 000 seeds        npm run sim -- --full         100 000
//   npm run sim -- --seed 4711   one seed, traced    npm run sim -- --planted      every planted bug is found
//   npm run sim -- --crash       crash points        npm run sim -- --rows sqlite  over the product's own SQL

import { spawn } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { bundleSim } from "./sim-bundle.mjs";
import { PLANTED } from "./sim-planted.mjs";

const { values } = parseArgs({
  options: {
    seeds: { type: "string" },
    from: { type: "string", default: "1" },
    seed: { type: "string" },
    full: { type: "boolean", default: false },
    planted: { type: "boolean", default: false },
    only: { type: "string" },
    crash: { type: "boolean", default: false },
    rows: { type: "string", default: "memory" },
  },
});

const SEEDS = values.full ? 100_000 : 20_000;
const SEEDS_AT_ONCE = 100;
/** A hundred seeds take a second or two; far more where others use the machine. */
const SILENCE_MS = 300_000;
const PLANTED_SEEDS = values.full ? 10_000 : 2_000;
/** Each of these must occur in so many of a thousand seeds, or the faults miss what they are for. */
const SOMETIMES = {
  "fact booking.confirmed": 300,
  "fact booking.expired": 20,
  "fact lock.expired": 20,
  "fact booking.cancelled": 50,
  "fact booking.seats-cancelled": 10,
  "fact payment.challenged": 50,
  "phase voiding": 20,
  "seats of a silent provider were sold again": 2,
  "late success: in time to be kept": 2,
  "late success: an authorisation nobody waited for": 0.2,
  "refused SEATS_UNAVAILABLE": 200,
  "refused HOLD_EXPIRED": 10,
  "refused PAYMENT_IN_PROGRESS": 5,
  "a message became a dead letter": 2,
  "a dead letter was replayed": 2,
  "a failed refund was tried again": 2,
  "the provider refused a refund": 2,
  "a transaction failed": 100,
  "an object crashed before its flush": 50,
  "an object crashed after its flush": 50,
  "an alarm was dropped": 50,
  "a caller crashed": 200,
  "queued messages were lost": 50,
  "a provider request was repeated under its key": 50,
  "the provider was late": 50,
  "a webhook was missing": 50,
  "a feed reader was level": 100,
  "alarm and messages were lost together": 100,
  "refused HOLD_LIMIT": 5,
};

const directory = await mkdtemp(join(tmpdir(), "ticketflow-sim-"));
try {
  process.exitCode = await main();
} finally {
  await rm(directory, { recursive: true, force: true });
}

async function main() {
  if (values.crash) return (await crash()) ? 0 : 1;
  if (values.planted) return (await plantAll()) ? 0 : 1;
  const mode = values.rows === "sqlite" ? "sqlite" : "";
  const bundle = join(directory, "sim.mjs");
  await bundleSim(bundle);
  if (values.seed !== undefined) {
    const { lines } = await run(bundle, [values.seed, "1", "1", `${mode} trace`], true);
    return JSON.parse(lines.at(-1)).failures === 0 ? 0 : 1;
  }
  return (await judge(bundle, Number(values.seeds ?? SEEDS), mode)) ? 0 : 1;
}

/** @param {string} bundle @param {number} seeds @param {string} mode */
async function judge(bundle, seeds, mode) {
  const from = Number(values.from);
  const startedAt = performance.now();
  const total = await spread(bundle, from, seeds, mode);
  const seconds = ((performance.now() - startedAt) / 1_000).toFixed(0);
  console.log(
    `${total.ran} seeds from ${from} (${values.rows} rows), ${total.events} events, ${seconds} s, hash ${total.hash}`,
  );
  const again = await run(bundle, [String(from), "50", "1", mode]);
  const anew = await run(bundle, [String(from), "50", "1", mode]);
  const isRepeated = again.lines.at(-1) === anew.lines.at(-1);
  if (!isRepeated) console.log("FAILED: the same seeds ran differently the second time");
  for (const line of total.broken) console.log(`BROKEN ${line}`);
  if (total.broken.length > 0) console.log("replay one with: npm run sim -- --seed <seed>");
  const rare = total.ran < 1_000 ? [] : rarities(total);
  for (const line of rare) console.log(`TOO RARE ${line}`);
  return isRepeated && total.broken.length === 0 && rare.length === 0 && total.ran === seeds;
}

/** @param {{ seedsWith: Record<string, number>, ran: number }} total */
function rarities({ seedsWith, ran }) {
  return Object.entries(SOMETIMES).flatMap(([name, perThousand]) => {
    const least = (perThousand * ran) / 1_000;
    const seen = seedsWith[name] ?? 0;
    console.log(`  ${String(seen).padStart(7)} seeds with: ${name}`);
    return seen < least ? [`${name}: ${seen} seeds, at least ${least} expected`] : [];
  });
}

/** @param {string} bundle @param {number} from @param {number} seeds @param {string} mode */
async function spread(bundle, from, seeds, mode) {
  const workers = availableParallelism();
  const parts = Array.from({ length: workers }, (_, n) => {
    const count = Math.ceil((seeds - n) / workers);
    return run(bundle, [String(from + n), String(count), String(workers), mode]);
  });
  /** @type {{ ran: number, events: number, hash: number, seedsWith: Record<string, number>, broken: string[] }} */
  const total = { ran: 0, events: 0, hash: 0, seedsWith: {}, broken: [] };
  for (const { lines } of await Promise.all(parts)) {
    const sum = JSON.parse(lines.at(-1));
    total.ran += sum.ran;
    total.events += sum.events;
    total.hash = (total.hash + sum.hash) >>> 0;
    total.broken.push(...lines.slice(0, -1));
    for (const [name, times] of Object.entries(/** @type {Record<string, number>} */ (sum.seedsWith)))
      total.seedsWith[name] = (total.seedsWith[name] ?? 0) + times;
  }
  return total;
}

/** Each bug alone in an otherwise sound product: the first seed that shows it. */
async function plantAll() {
  const wanted = PLANTED.filter(({ name }) => values.only === undefined || name.includes(values.only));
  const queue = [...wanted];
  let missed = 0;
  const work = async () => {
    for (let bug = queue.shift(); bug !== undefined; bug = queue.shift()) {
      const bundle = join(directory, `planted-${PLANTED.indexOf(bug)}.mjs`);
      await bundleSim(bundle, bug);
      const found = await findIn(bundle);
      if (found === null) missed += 1;
      console.log(`${(found ?? "NOT FOUND").padEnd(24)} ${bug.name}`);
    }
  };
  await Promise.all(Array.from({ length: availableParallelism() }, work));
  console.log(`${wanted.length - missed} of ${wanted.length} planted bugs found within ${PLANTED_SEEDS} seeds`);
  return missed === 0;
}

/**
 * Seed and invariant of the first violation, or null. A bug that makes an endless loop is found by its silence.
 * @param {string} bundle
 */
async function findIn(bundle) {
  for (let from = 1; from <= PLANTED_SEEDS; from += SEEDS_AT_ONCE) {
    const answer = await run(bundle, [String(from), String(SEEDS_AT_ONCE), "1", "first"], false, SILENCE_MS);
    if (answer === null) return `seed ${from}+: hangs`;
    if (JSON.parse(answer.lines.at(-1)).failures === 0) continue;
    const { seed, violations } = JSON.parse(answer.lines[0]);
    return `seed ${String(seed).padStart(5)}: ${violations[0].invariant}`;
  }
  return null;
}

async function crash() {
  const bundle = join(directory, "crash.mjs");
  await bundleSim(bundle, null, "crash-points.ts");
  const { lines } = await run(bundle, [values.full ? "all" : "some"], true);
  return JSON.parse(lines.at(-1)).failures === 0;
}

/**
 * The lines it printed; null when it was silent for so long that it was ended.
 * @param {string} bundle
 * @param {string[]} args
 * @returns {Promise<any>}
 */
function run(bundle, args, shows = false, silenceMs = 0) {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, ["--no-warnings", bundle, ...args], { stdio: ["ignore", "pipe", "inherit"] });
    let text = "";
    child.stdout.setEncoding("utf8").on("data", (more) => {
      text += more;
      if (shows) process.stdout.write(more);
    });
    let isSilent = false;
    const limit = silenceMs > 0 ? setTimeout(end, silenceMs) : null;
    function end() {
      isSilent = true;
      child.kill("SIGKILL");
    }
    child.on("close", (code) => {
      if (limit !== null) clearTimeout(limit);
      if (isSilent) return resolve(null);
      const lines = text.trim().split("\n");
      if (code === 0 && lines.length > 0) resolve({ lines });
      else reject(new Error(`the simulation ended with ${code}:\n${text.slice(-2_000)}`));
    });
  });
}
