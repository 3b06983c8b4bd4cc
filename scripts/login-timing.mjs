// Whether the time of a refused login tells if an address has an account: measured on the product in its own runtime,
// tries of each kind interleaved in random order, one at a time, each from a network of its own.
//
//   npm run login-timing                  200 tries of each kind
//   npm run login-timing -- --tries 50

import { parseArgs } from "node:util";

const { values } = parseArgs({ options: { tries: { type: "string", default: "200" } } });
const TRIES = Number(values.tries);
const WARM_UP = 5;
const ACCOUNTS = 20;
const PASSWORD = "Correct horse battery staple 1";
const RESAMPLES = 10_000;
let requests = 0;

/**
 * @type {{
 *   startProduct(vars: Record<string, string>): Promise<{ url: string, stop(): Promise<void> }>,
 *   withoutKeepAlive(send: typeof fetch): typeof fetch,
 * }}
 */
const { startProduct, withoutKeepAlive } = await import(new URL("../test/runtime/product.ts", import.meta.url).href);

const KINDS = /** @type {const} */ ({
  "known address, wrong password": (/** @type {number} */ n) => [accountOf(n), "not the password", 401],
  "unknown address": (/** @type {number} */ n) => [`stranger-${n}@timing.example`, "not the password", 401],
  "known address, its password": (/** @type {number} */ n) => [accountOf(n), PASSWORD, 200],
});
const [WRONG, UNKNOWN] = ["known address, wrong password", "unknown address"];

const send = withoutKeepAlive(fetch);
const product = await startProduct({ PAYMENTS: "simulator" });
try {
  for (let n = 0; n < ACCOUNTS; n++) {
    const body = { name: "Timing", email: accountOf(n), password: PASSWORD };
    await post("/api/users/register", body, 201);
  }
  const times = await measure();
  report(times);
} finally {
  await product.stop();
}

/** @param {number} n */
function accountOf(n) {
  return `account-${n % ACCOUNTS}@timing.example`;
}

/** @returns {Promise<Map<string, number[]>>} */
async function measure() {
  const times = new Map(Object.keys(KINDS).map((kind) => [kind, /** @type {number[]} */ ([])]));
  for (let n = -WARM_UP; n < TRIES; n++) {
    for (const [kind, make] of shuffled(Object.entries(KINDS))) {
      const [email, password, status] = make(n + WARM_UP);
      const ms = await post("/api/users/login", { email, password }, Number(status));
      if (n >= 0) times.get(kind)?.push(ms);
    }
  }
  return times;
}

/**
 * @param {string} path
 * @param {object} body
 * @param {number} status
 * @returns {Promise<number>} milliseconds
 */
async function post(path, body, status) {
  requests += 1;
  const headers = { "content-type": "application/json", "CF-Connecting-IP": `10.${requests >> 8}.${requests & 255}.1` };
  const startedMs = performance.now();
  const response = await send(product.url + path, { method: "POST", headers, body: JSON.stringify(body) });
  await response.arrayBuffer();
  const ms = performance.now() - startedMs;
  if (response.status !== status) throw new Error(`${path} answered ${response.status}, not ${status}`);
  return ms;
}

/** @param {Map<string, number[]>} times */
function report(times) {
  for (const [kind, ms] of times) {
    const [p25, p50, p75] = [0.25, 0.5, 0.75].map((share) => quantile(ms, share).toFixed(1));
    console.log(`${kind.padEnd(30)} n ${ms.length}  median ${p50} ms  quartiles ${p25} – ${p75} ms`);
  }
  const wrong = times.get(WRONG) ?? [];
  const unknown = times.get(UNKNOWN) ?? [];
  const difference = quantile(unknown, 0.5) - quantile(wrong, 0.5);
  const resampled = Array.from(
    { length: RESAMPLES },
    () => quantile(again(unknown), 0.5) - quantile(again(wrong), 0.5),
  );
  const [low, high] = [0.025, 0.975].map((share) => quantile(resampled, share).toFixed(1));
  const { p, auc } = mannWhitney(unknown, wrong);
  console.log(`unknown − wrong password: ${difference.toFixed(1)} ms, 95 % bootstrap interval ${low} to ${high} ms`);
  console.log(
    `Mann–Whitney p = ${p.toFixed(3)}; one try tells them apart ${(100 * Math.max(auc, 1 - auc)).toFixed(0)} times of 100 (50 is chance)`,
  );
}

/**
 * @param {readonly number[]} all
 * @param {number} share
 */
function quantile(all, share) {
  const sorted = [...all].sort((a, b) => a - b);
  const place = (sorted.length - 1) * share;
  const below = sorted[Math.floor(place)] ?? Number.NaN;
  return below + ((sorted[Math.ceil(place)] ?? below) - below) * (place % 1);
}

/** @param {readonly number[]} all */
function again(all) {
  return all.map(() => all[Math.floor(Math.random() * all.length)] ?? 0);
}

/**
 * Two-sided, by the normal approximation; times are never equal. `auc`: how often one of `some` is larger than one of
 * `others`.
 * @param {readonly number[]} some
 * @param {readonly number[]} others
 */
function mannWhitney(some, others) {
  const pairs = some.length * others.length;
  const larger = some.reduce((sum, one) => sum + others.filter((other) => one > other).length, 0);
  const deviation = Math.sqrt((pairs * (some.length + others.length + 1)) / 12);
  const z = Math.abs(larger - pairs / 2) / deviation;
  return { p: 2 * (1 - normal(z)), auc: larger / pairs };
}

/** The normal distribution's share below `z` ≥ 0. Source: Abramowitz and Stegun 26.2.17, error below 1e-7. @param {number} z */
function normal(z) {
  const t = 1 / (1 + 0.2316419 * z);
  const series = t * (0.31938153 + t * (-0.356563782 + t * (1.781477937 + t * (-1.821255978 + t * 1.330274429))));
  return 1 - (Math.exp(-(z * z) / 2) / Math.sqrt(2 * Math.PI)) * series;
}

/**
 * @template T
 * @param {readonly T[]} all
 */
function shuffled(all) {
  return all
    .map((one) => ({ one, rank: Math.random() }))
    .sort((a, b) => a.rank - b.rank)
    .map(({ one }) => one);
}
