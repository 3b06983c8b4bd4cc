// What is made of measured numbers: percentiles, medians over rounds, and the spread between connections.

/** @typedef {ReturnType<typeof summarise>} Summary */

/**
 * @param {Float64Array} latenciesMs @param {number} elapsedMs
 * @param {readonly number[]} counts answers of each connection
 */
export function summarise(latenciesMs, elapsedMs, counts) {
  const sorted = latenciesMs.slice().sort();
  const byCount = [...counts].sort((one, other) => one - other);
  return {
    answers: sorted.length,
    elapsedMs,
    perSecond: elapsedMs > 0 ? (sorted.length / elapsedMs) * 1000 : 0,
    p50Ms: percentile(sorted, 0.5),
    p99Ms: percentile(sorted, 0.99),
    p999Ms: percentile(sorted, 0.999),
    worstMs: sorted.at(-1) ?? 0,
    /** How many times longer the slowest connection took for an answer than the median one. */
    slowestOverMedian: medianOf(byCount) / Math.max(1, byCount[0] ?? 0),
  };
}

/** @param {Float64Array} sorted @param {number} share */
export function percentile(sorted, share) {
  return sorted.length === 0 ? 0 : (sorted[Math.min(sorted.length - 1, Math.ceil(sorted.length * share) - 1)] ?? 0);
}

/** @param {readonly number[]} values */
export function medianOf(values) {
  const sorted = [...values].sort((one, other) => one - other);
  const middle = sorted.length >> 1;
  if (sorted.length === 0) return 0;
  const upper = /** @type {number} */ (sorted[middle]);
  return sorted.length % 2 === 1 ? upper : (upper + /** @type {number} */ (sorted[middle - 1])) / 2;
}

/**
 * The median of every number of some rounds.
 * @template {Record<string, unknown>} T
 * @param {readonly T[]} rounds
 * @returns {{ [K in keyof T as T[K] extends number ? K : never]: number }}
 */
export function medians(rounds) {
  const names = Object.entries(rounds[0] ?? {}).filter(([, value]) => typeof value === "number");
  const entries = names.map(([name]) => [name, medianOf(rounds.map((round) => Number(round[name])))]);
  return Object.fromEntries(entries);
}
