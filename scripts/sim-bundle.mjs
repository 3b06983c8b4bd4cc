// Bundles the simulation with the product's own sources. The platform, the provider's SDK and the rows' SQL are
// stood in for; a planted bug replaces a piece of one source, which must still be there.

import { readFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { build } from "esbuild";

const ROOT = resolve(import.meta.dirname, "..");
const SIM = join(ROOT, "test/sim");

/**
 * @typedef {{ readonly name: string, readonly file: string, readonly find: string, readonly replace: string }} Bug
 * @param {string} outfile
 * @param {Bug | null} bug
 * @param {string} entry
 */
export async function bundleSim(outfile, bug = null, entry = "main.ts") {
  let isPlanted = bug === null;
  await build({
    entryPoints: [join(SIM, entry)],
    outfile,
    bundle: true,
    platform: "node",
    format: "esm",
    target: "node22",
    logLevel: "warning",
    plugins: [
      {
        name: "simulation",
        setup(build) {
          const stand = (/** @type {string} */ path) => ({ path: join(SIM, path) });
          build.onResolve({ filter: /^cloudflare:workers$/ }, () => stand("platform.ts"));
          build.onResolve({ filter: /^stripe$/ }, () => stand("stripe-sdk.ts"));
          build.onResolve({ filter: /^\.\/mails$/ }, () => stand("letter.ts"));
          build.onResolve({ filter: /^\.\/box-office-rows$/ }, ({ importer }) =>
            importer.endsWith("src/durable/box-office.ts") ? stand("rows.ts") : null,
          );
          if (bug === null) return;
          build.onLoad({ filter: /\.ts$/ }, async ({ path }) => {
            if (path !== join(ROOT, bug.file)) return null;
            const source = await readFile(path, "utf8");
            const places = source.split(bug.find).length - 1;
            if (places !== 1) throw new Error(`"${bug.name}" no longer fits ${bug.file}: found ${places} times`);
            isPlanted = true;
            return { contents: source.replace(bug.find, () => bug.replace), loader: "ts" };
          });
        },
      },
    ],
  });
  if (bug !== null && !isPlanted)
    throw new Error(`"${bug.name}" was not planted: ${bug.file} is no part of the simulation`);
}
