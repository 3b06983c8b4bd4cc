// Runs the tests of the rules for Stryker in one process that stays: the tests are loaded once, and a mutant costs only
// the tests that reach it, the quickest first, until one fails. (Starting vitest for each mutant would cost a second.)

import { globSync } from "node:fs";
import { basename, join } from "node:path";
import { pathToFileURL } from "node:url";
import { format } from "node:util";
import { INSTRUMENTER_CONSTANTS } from "@stryker-mutator/api/core";
import { commonTokens, declareClassPlugin, PluginKind, tokens } from "@stryker-mutator/api/plugin";
import { build } from "esbuild";
import fc from "fast-check";

/** The tests of src/domain: whatever needs neither a Worker nor a provider. */
const TESTS =
  "test/unit/{best-available,box-office-*,check-ins,countries,ids,money,reliability-*,seat-map*,ticket-*}.test.ts";
const BUNDLE = "mutation-tests";
/** Stryker allows a mutant 100 times as many hits as all tests together need: a loop without end would take a minute. */
const HIT_LIMIT_SHARE = 0.02;
const LEAST_HIT_LIMIT = 1_000;
/** What vitest gives to these tests: a test that uses more of it fails to build here, and says so. */
const VITEST = "export const { describe, it } = globalThis.mutationSuite; export { expect } from 'vitest';";

// Fewer examples, always the same ones, and no search for the smallest: every mutant runs them again.
Object.assign(process.env, { FAST_CHECK_SEED: "1", PROPERTY_SHARE: "0.05", MODEL_RUNS: "5" });
fc.configureGlobal({ seed: 1, endOnFailure: true });

/**
 * @typedef {{ id: string, name: string, fileName: string, run: () => unknown, timeSpentMs: number }} Test
 * @typedef {{ activeMutant?: string, currentTestId?: string, hitCount?: number, hitLimit?: number, mutantCoverage?: any }} Switch
 */

/** Notes tests as they are declared, with the names of the suites around them. */
function newSuite() {
  /** @type {Test[]} */
  const tests = [];
  /** @type {string[]} */
  let path = [];
  const declare = (/** @type {string} */ name, /** @type {() => unknown} */ run) => {
    const full = [...path, name].join(" > ");
    const repeats = tests.filter((test) => test.name === full).length;
    const id = repeats === 0 ? full : `${full} #${repeats + 1}`;
    tests.push({ id, name: full, fileName: path[0] ?? "", run, timeSpentMs: 0 });
  };
  const within = (/** @type {string} */ name, /** @type {() => void} */ body) => {
    const outer = path;
    path = [...outer, name];
    body();
    path = outer;
  };
  return {
    tests,
    enter: (/** @type {string} */ fileName) => {
      path = [fileName];
    },
    it: Object.assign(declare, { each: eachOf(declare) }),
    describe: Object.assign(within, { each: eachOf(within) }),
  };
}

/** @param {(name: string, run: () => any) => void} declare */
function eachOf(declare) {
  return (/** @type {readonly unknown[]} */ rows) => (/** @type {string} */ name, /** @type {Function} */ run) => {
    for (const row of rows) {
      const values = Array.isArray(row) ? row : [row];
      const places = name.match(/%[sidj]/g)?.length ?? 0;
      declare(format(name, ...values.slice(0, places)), () => run(...values));
    }
  };
}

class RuleTests {
  static inject = tokens(commonTokens.logger);

  /** @param {import("@stryker-mutator/api/logging").Logger} log */
  constructor(log) {
    const shared = /** @type {any} */ (globalThis);
    shared[INSTRUMENTER_CONSTANTS.NAMESPACE] ??= {};
    /** @type {Switch} */
    this.switch = shared[INSTRUMENTER_CONSTANTS.NAMESPACE];
    this.log = log;
    /** @type {Test[]} */
    this.tests = [];
  }

  /** Nothing need be loaded anew: what runs at loading time is not mutated (`ignoreStatic`). */
  capabilities() {
    return { reloadEnvironment: true };
  }

  async init() {
    const files = globSync(TESTS).sort();
    await build({
      absWorkingDir: process.cwd(),
      entryPoints: files,
      outdir: BUNDLE,
      outExtension: { ".js": ".mjs" },
      bundle: true,
      splitting: true,
      format: "esm",
      platform: "node",
      target: "node22",
      packages: "external",
      logLevel: "error",
      plugins: [{ name: "vitest", setup: shareVitest }],
    });
    const suite = newSuite();
    Object.assign(globalThis, { mutationSuite: suite });
    for (const file of files) {
      suite.enter(file);
      await import(pathToFileURL(join(BUNDLE, basename(file).replace(/\.ts$/, ".mjs"))).href);
    }
    this.tests = suite.tests;
    this.log.debug("%s tests in %s files", this.tests.length, files.length);
  }

  async dryRun() {
    this.switch.activeMutant = undefined;
    const results = [];
    for (const test of this.tests) {
      this.switch.currentTestId = test.id;
      const failureMessage = await failureOf(test);
      const { id, name, fileName, timeSpentMs } = test;
      const result = { id, name, fileName, timeSpentMs };
      results.push(failureMessage === null ? { ...result, status: 0 } : { ...result, status: 1, failureMessage });
    }
    this.switch.currentTestId = undefined;
    return { status: /** @type {const} */ ("complete"), tests: results, mutantCoverage: this.switch.mutantCoverage };
  }

  /** @param {import("@stryker-mutator/api/test-runner").MutantRunOptions} options */
  async mutantRun({ activeMutant, testFilter, hitLimit: allowed = 0 }) {
    const tests = this.tests
      .filter(({ id }) => testFilter?.includes(id) ?? true)
      .sort((one, other) => one.timeSpentMs - other.timeSpentMs);
    const hitLimit = Math.max(LEAST_HIT_LIMIT, allowed * HIT_LIMIT_SHARE);
    Object.assign(this.switch, { activeMutant: activeMutant.id, hitLimit });
    try {
      for (const [place, test] of tests.entries()) {
        this.switch.hitCount = 0;
        const failureMessage = await failureOf({ ...test });
        if (this.switch.hitCount > hitLimit) return { status: "timeout", reason: "it loops for ever" };
        if (failureMessage !== null) {
          return { status: "killed", killedBy: [test.id], failureMessage, nrOfTests: place + 1 };
        }
      }
      return { status: "survived", nrOfTests: tests.length };
    } finally {
      Object.assign(this.switch, { activeMutant: undefined, hitCount: undefined, hitLimit: undefined });
    }
  }
}

/**
 * @param {Test} test
 * @returns {Promise<string | null>}
 */
async function failureOf(test) {
  const startedMs = performance.now();
  try {
    await test.run();
    return null;
  } catch (fault) {
    return String(fault instanceof Error ? fault.message : fault);
  } finally {
    test.timeSpentMs = performance.now() - startedMs;
  }
}

/** @param {import("esbuild").PluginBuild} esbuild */
function shareVitest(esbuild) {
  esbuild.onResolve({ filter: /^vitest$/ }, ({ namespace }) =>
    namespace === "suite" ? { path: "vitest", external: true } : { path: "vitest", namespace: "suite" },
  );
  esbuild.onLoad({ filter: /.*/, namespace: "suite" }, () => ({ contents: VITEST, loader: "js", resolveDir: "." }));
}

export const strykerPlugins = [declareClassPlugin(PluginKind.TestRunner, "rules", /** @type {any} */ (RuleTests))];
