// The measured numbers as tables, with every target of the product beside what was reached.

import { medianOf } from "./figures.mjs";
import { PEERS } from "./peers.mjs";

/** @typedef {Record<string, any>} Row */

const LABELS = {
  product: "**TicketFlow** over HTTP",
  "product-socket": "**TicketFlow** over the live socket",
  whole: "TicketFlow on one thread",
  floor: "a Worker that sells nothing",
  "dev-server": "TicketFlow behind the development server",
  ...Object.fromEntries(Object.entries(PEERS).map(([name, { label }]) => [name, label])),
};

/** @param {Row} result */
export function report(result) {
  const { machine, measured } = result;
  const head =
    `Measured ${result.at.slice(0, 10)} in ${result.seconds} s, ${result.rounds} rounds${result.quick ? " (a smoke run)" : ""}, ` +
    `on ${machine.cores} cores of ${machine.model}, Linux ${machine.kernel}, Node ${machine.node}.`;
  const parts = [head];
  if (measured.holds) parts.push(holdsPart(measured.holds));
  if (measured.bookings) parts.push(bookingsPart(measured.bookings));
  if (measured["sell-out"]) parts.push(sellOutPart(measured["sell-out"]));
  if (measured.inventory) parts.push(inventoryPart(measured.inventory));
  if (measured.watched) parts.push(watchedPart(measured.watched));
  if (measured.wake) parts.push(wakePart(measured.wake));
  if (measured.bundle)
    parts.push(`Bundle: ${n(measured.bundle.kilobytes)} KB, ${n(measured.bundle.gzippedKilobytes)} KB gzipped.`);
  parts.push(pricePart(result));
  const targets = targetsOf(result);
  if (targets.length > 0) parts.push(table(["target", "wanted", "reached", ""], targets));
  return `${parts.join("\n\n")}\n`;
}

/** @param {Row[]} rows */
function holdsPart(rows) {
  const lines = rows.map((row) => [
    /** @type {Record<string, string>} */ (LABELS)[row.name] ?? row.name,
    row.connections,
    n(row.perSecond),
    ms(row.p50Ms),
    ms(row.p99Ms),
    ms(row.p999Ms),
    `×${row.slowestOverMedian.toFixed(2)}`,
    row.cpuMsEach.toFixed(3),
  ]);
  const header = [
    "two seats held",
    "connections",
    "a second",
    "p50 ms",
    "p99 ms",
    "p99.9 ms",
    "slowest connection",
    "CPU ms each",
  ];
  return `### Holds of one event\n\n${table(header, lines)}`;
}

/** @param {Row} it */
function bookingsPart(it) {
  return (
    `### Bookings to CONFIRMED\n\n32 buyers who pay by card (simulated) and look every 20 ms: **${n(it.perSecond)} a second**, ` +
    `p50 ${ms(it.p50Ms)} ms, p99 ${ms(it.p99Ms)} ms, CPU ${it.cpuMsEach.toFixed(1)} ms each, mail and D1 included.`
  );
}

/** @param {Row} it */
function sellOutPart(it) {
  return (
    `### Sell-out\n\n256 buyers, four in five of whom want the same twentieth: ${n(it.sold)} seats sold in ` +
    `${(it.elapsedMs / 1000).toFixed(1)} s (${n(it.perSecond)} requests a second, ${n(it.refused)} refused), ` +
    `p50 ${ms(it.p50Ms)} ms, p99 ${ms(it.p99Ms)} ms, p99.9 ${ms(it.p999Ms)} ms, slowest connection ×${it.slowestOverMedian.toFixed(2)}. ` +
    `connections ended by the server: ${it.reconnections}. **Oversold: ${it.oversold}**, seats without explanation: ${it.unexplained}, broken invariants: ${it.violations}.`
  );
}

/** @param {Row[]} rows */
function inventoryPart(rows) {
  const lines = rows.map((row) => [row.name, n(row.perSecond), ms(row.p50Ms), ms(row.p99Ms), row.cpuMsEach.toFixed(2)]);
  return `### Inventory of 20 000 seats, 16 readers\n\n${table(["", "a second", "p50 ms", "p99 ms", "CPU ms each"], lines)}`;
}

/** @param {Row[]} rows */
function watchedPart(rows) {
  const lines = rows.map((row) => [
    row.name === "watched" ? `${n(row.sockets)} watch` : "nobody watches",
    n(row.perSecond),
    ms(row.p50Ms),
    ms(row.p99Ms),
    n(row.frames),
    n(row.closed),
  ]);
  const header = ["4 buyers hold", "a second", "p50 ms", "p99 ms", "frames received", "sockets closed"];
  return `### A watched hall\n\n${table(header, lines)}`;
}

/** @param {Row} it */
function wakePart(it) {
  return (
    `### Wake of a sold-out box office\n\n${ms(it.soldOutCpuMs)} ms of CPU for its first read after a start, all layers included; ` +
    `one that sold nothing ${ms(it.unsoldCpuMs)} ms, one that is awake ${ms(it.awakeCpuMs)} ms.`
  );
}

/** @param {Row} result */
function pricePart({ rowsABooking, millionTickets }) {
  const lines = Object.entries(millionTickets.lines).map(([name, dollars]) => [name, Number(dollars).toFixed(2)]);
  lines.push(["**a million tickets**", `**${millionTickets.total.toFixed(2)}**`]);
  return (
    `### Price\n\nA confirmed booking of two seats writes ${rowsABooking.boxOffice} rows in its box office and ${rowsABooking.d1} in D1.\n\n` +
    table(["at list prices", "US $"], lines) +
    "\n\nNot in it: mails, of which Cloudflare's Email Service charges those beyond what the plan includes, and Stripe's fees."
  );
}

/** @param {Row} result */
function targetsOf({ measured, rowsABooking }) {
  /** @type {unknown[][]} */
  const lines = [];
  const judge = (
    /** @type {string} */ what,
    /** @type {string} */ wanted,
    /** @type {string} */ reached,
    /** @type {boolean} */ holds,
  ) => lines.push([what, wanted, reached, holds ? "holds" : "**missed**"]);
  const times = (/** @type {number} */ value) => `${value.toFixed(2)} ×`;
  if (measured.holds) judgeHolds(measured.holds, judge, times);
  if (measured.watched) {
    const p99 = (/** @type {string} */ name) =>
      measured.watched.find((/** @type {Row} */ row) => row.name === name)?.p99Ms;
    const ratio = p99("watched") / p99("unwatched");
    judge("hold p99 while 2 000 watch, of an unwatched hall's", "≤ 1.5 ×", times(ratio), ratio <= 1.5);
  }
  if (measured.inventory) {
    const rate = (/** @type {string} */ name) =>
      measured.inventory.find((/** @type {Row} */ row) => row.name === name)?.perSecond;
    const rows = rate("full, from PostgreSQL rows");
    if (rows) {
      judge("inventory, of the peer that reads rows", "≥ 10 ×", times(rate("full") / rows), rate("full") / rows >= 10);
      judge("compact, of the same peer", "≥ 10 ×", times(rate("compact") / rows), rate("compact") / rows >= 10);
    }
    const file = rate("static file of the same size") / rate("compact");
    judge("static file, of compact", "≤ 2 ×", times(file), file <= 2);
  }
  if (measured.wake) {
    const { soldOutCpuMs } = measured.wake;
    judge("wake of a sold-out hall, CPU", "≤ 50 ms", `${ms(soldOutCpuMs)} ms`, soldOutCpuMs <= 50);
  }
  if (measured["sell-out"]) {
    const { oversold, unexplained } = measured["sell-out"];
    judge("oversold in a sell-out", "0", String(oversold + unexplained), oversold + unexplained === 0);
  }
  judge("box office rows a booking", "≤ 16", String(rowsABooking.boxOffice), rowsABooking.boxOffice <= 16);
  judge("D1 rows a booking", "≤ 10", String(rowsABooking.d1), rowsABooking.d1 <= 10);
  return lines;
}

/** @param {Row[]} rows @param {(what: string, wanted: string, reached: string, holds: boolean) => void} judge @param {(value: number) => string} times */
function judgeHolds(rows, judge, times) {
  const at128 = new Map(rows.filter(({ connections }) => connections === 128).map((row) => [row.name, row]));
  const http = at128.get("product");
  const socket = at128.get("product-socket");
  const redis = at128.get("redis-pg");
  const one = at128.get("pg-one-statement");
  const peers = Object.keys(PEERS).flatMap((name) => at128.get(name) ?? []);
  if (http) {
    if (redis) {
      const rate = ratioOf(http, redis, "perSecond");
      judge("HTTP holds, of Redis + PostgreSQL", "≥ 1.2 ×", times(rate), rate >= 1.2);
    }
    if (peers.length > 0) {
      const best = peers.reduce((one, other) => (other.cpuMsEach < one.cpuMsEach ? other : one));
      const cpu = ratioOf(http, best, "cpuMsEach");
      judge("CPU a hold over HTTP, of the best peer's", "≤ 1 ×", times(cpu), cpu <= 1);
    }
    judge("slowest connection, of the median one", "≤ 3 ×", times(http.slowestOverMedian), http.slowestOverMedian <= 3);
    judge("p99.9 of a hold over HTTP", "< 100 ms", `${ms(http.p999Ms)} ms`, http.p999Ms < 100);
  }
  if (socket && one) {
    const rate = ratioOf(socket, one, "perSecond");
    judge("socket holds, of one-statement PostgreSQL", "≥ 2 ×", times(rate), rate >= 2);
    const perCpu = ratioOf(one, socket, "cpuMsEach");
    judge("the same a CPU second", "≥ 3 ×", times(perCpu), perCpu >= 3);
  }
}

/**
 * The median of the ratios within each round: what stood beside each other in time, because a machine's speed drifts
 * from round to round more than two contestants differ.
 * @param {Row} one @param {Row} other @param {"perSecond" | "cpuMsEach"} figure
 */
function ratioOf(one, other, figure) {
  return medianOf(
    one.rounds.map((/** @type {Row} */ round, /** @type {number} */ n) => round[figure] / other.rounds[n][figure]),
  );
}

/** @param {readonly unknown[]} header @param {readonly (readonly unknown[])[]} lines */
function table(header, lines) {
  const row = (/** @type {readonly unknown[]} */ cells) => `| ${cells.join(" | ")} |`;
  return [row(header), row(header.map((_, place) => (place === 0 ? "---" : "--:"))), ...lines.map(row)].join("\n");
}

/** @param {number} value */
const n = (value) =>
  Math.round(value ?? 0)
    .toLocaleString("en")
    .replaceAll(",", " ");
/** @param {number} value */
const ms = (value) => (value ?? 0).toFixed(1);
