// Kills the product over and over while people buy, then asks whether a promise was broken (docs/reliability.md).
//
//   npm run chaos                     100 kills, stand-in provider, at most 30 minutes
//   npm run chaos -- --kills 20 --seed 4711 --minutes 5 --payments simulator

import { spawn } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { build } from "esbuild";

const ROOT = join(import.meta.dirname, "..");
const folder = await mkdtemp(join(tmpdir(), "ticketflow-chaos-bundle-"));
const bundle = join(folder, "chaos.mjs");

await build({
  entryPoints: [join(ROOT, "test/chaos/main.ts")],
  outfile: bundle,
  bundle: true,
  platform: "node",
  format: "esm",
  target: "node22",
  logLevel: "warning",
  plugins: [
    {
      name: "own folders",
      setup(build) {
        // The programs that the tests start lie beside their sources, not beside the bundle.
        build.onLoad({ filter: /\/test\/.*\.ts$/ }, async ({ path }) => ({
          contents: (await readFile(path, "utf8")).replaceAll("import.meta.dirname", JSON.stringify(dirname(path))),
          loader: "ts",
        }));
      },
    },
  ],
});
const child = spawn(process.execPath, ["--no-warnings", bundle, ...process.argv.slice(2)], { stdio: "inherit" });
child.on("exit", async (code) => {
  await rm(folder, { recursive: true, force: true });
  process.exitCode = code ?? 1;
});
