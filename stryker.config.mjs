// Mutation testing of the rules (src/domain): each change of the code that no test notices is a rule that nobody checks.
// `npm run mutation` for all of it, `npm run mutation -- --mutate "src/domain/box-office/holds.ts"` for a part.

import { tmpdir } from "node:os";
import { join } from "node:path";

/** @type {import("@stryker-mutator/api/core").PartialStrykerOptions} */
export default {
  mutate: ["src/domain/**/*.ts"],
  testRunner: "rules",
  plugins: ["./scripts/mutation-runner.mjs", "./scripts/mutation-messages.mjs"],
  ignorers: ["messages"],
  coverageAnalysis: "perTest",
  // Constants and tables are read when a module is loaded: each such mutant would cost a run of every test.
  ignoreStatic: true,
  // A loaded machine must not pass for a mutant that was noticed.
  timeoutMS: 60_000,
  timeoutFactor: 2,
  concurrency: Number(process.env["MUTATION_CONCURRENCY"] ?? 2),
  thresholds: { high: 95, low: 90, break: 85 },
  incremental: true,
  incrementalFile: "coverage/mutation/incremental.json",
  reporters: ["clear-text", "html", "json"],
  clearTextReporter: { logTests: false, reportTests: false, skipFull: true },
  htmlReporter: { fileName: "coverage/mutation/report.html" },
  jsonReporter: { fileName: "coverage/mutation/report.json" },
  tempDirName: join(tmpdir(), "ticketflow-mutation"),
  // Not to be rewritten on the way: Stryker does that with an API that TypeScript 7 does not have.
  tsconfigFile: "none",
  ignorePatterns: ["/*", "!/src", "!/scripts", "!/test", "/test/*", "!/test/unit", "!/package.json", "!/tsconfig.json"],
};
