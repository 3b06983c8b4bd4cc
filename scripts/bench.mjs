// `npm run bench`: how fast this product sells seats, beside what people would use instead, all of it started here and on
// this machine alone. docs/performance.md says how to read the figures.
//
//   --quick        a smoke run: a twentieth of the work, one round
//   --only NAME    one scenario: holds, bookings, sell-out, inventory, watched, bundle, wake (may be repeated)
//   --rounds N     5 where nothing is said
//   --json FILE    writes everything that was measured
//   --write-docs   puts the tables into docs/performance.md

import { readFileSync, writeFileSync } from "node:fs";
import { cpus, release } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { priceOfAMillionTickets, ROWS_A_BOOKING } from "../bench/price.mjs";
import { report } from "../bench/report.mjs";
import { bookings, bundle, holds, inventory, soldOut, wake, watched } from "../bench/scenarios.mjs";
import { createStage } from "../bench/stage.mjs";
import { ROOT } from "./wrangler.mjs";

const CONNECTIONS = [1, 16, 128];
const DOCS = join(ROOT, "docs/performance.md");
const TABLES = /(<!-- bench: begin -->\n)[\s\S]*(<!-- bench: end -->)/;

const { values: options } = parseArgs({
  options: {
    quick: { type: "boolean", default: false },
    only: { type: "string", multiple: true },
    rounds: { type: "string" },
    json: { type: "string" },
    "write-docs": { type: "boolean", default: false },
    /** Without the reference behind the development server. */
    "no-dev-server": { type: "boolean", default: false },
  },
});

/** @type {Record<string, (stage: import("../bench/stage.mjs").Stage) => Promise<unknown>>} */
const SCENARIOS = {
  holds: (stage) => holds(stage, CONNECTIONS),
  bookings,
  "sell-out": soldOut,
  inventory,
  watched,
  bundle,
  // Last: a hall that sold out minutes ago is what is meant.
  wake,
};

const names = options.only ?? Object.keys(SCENARIOS);
const unknown = names.find((name) => !(name in SCENARIOS));
if (unknown !== undefined) {
  console.error(`There is no scenario ${unknown}: choose among ${Object.keys(SCENARIOS).join(", ")}.`);
  process.exit(2);
}

const startedAt = Date.now();
const stage = await createStage({
  rounds: Number(options.rounds ?? (options.quick ? 1 : 5)),
  isQuick: options.quick,
  withDevServer: !options["no-dev-server"],
});
/** @type {Record<string, unknown>} */
const measured = {};
/** @type {Record<string, string>} */
const failed = {};
for (const name of names) {
  try {
    measured[name] = await SCENARIOS[name]?.(stage);
  } catch (fault) {
    console.error(`${name} failed:`, fault, stage.productLog());
    failed[name] = String(fault);
  }
}
await stage.end();

const result = {
  at: new Date(startedAt).toISOString(),
  seconds: Math.round((Date.now() - startedAt) / 1000),
  rounds: stage.rounds,
  quick: options.quick,
  machine: {
    cores: cpus().length,
    model: cpus()[0]?.model ?? "",
    kernel: release().split(".", 2).join("."),
    node: process.version,
  },
  measured,
  failed,
  rowsABooking: ROWS_A_BOOKING,
  millionTickets: priceOfAMillionTickets(),
};
const text = report(result);
console.log(`\n${text}`);
if (options.json !== undefined) writeFileSync(options.json, `${JSON.stringify(result, null, 2)}\n`);
if (options["write-docs"]) {
  const docs = readFileSync(DOCS, "utf8");
  if (!TABLES.test(docs)) throw new Error("docs/performance.md has no place for the tables");
  writeFileSync(
    DOCS,
    docs.replace(TABLES, (_, begin, end) => `${begin}\n${text}\n${end}`),
  );
}
process.exit(Object.keys(failed).length === 0 ? 0 : 1);
