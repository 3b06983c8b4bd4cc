// Builds the pages of the door beside the web app: the gate page with the service worker that keeps it for the time
// without network, and the tickets to be printed. Called by scripts/build-web.mjs.

import { createHash } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { basename, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const ROOT = resolve(fileURLToPath(import.meta.url), "../..");
const SOURCE = join(ROOT, "web");
const TARGET = ["es2022", "chrome109", "firefox115", "safari16"];
/** What these pages are made of besides web/: a change in it is a new build. */
export const DOOR_SOURCES = [
  fileURLToPath(import.meta.url),
  ...["door", "ids", "ticket-token", "time"].map((name) => join(ROOT, `src/domain/${name}.ts`)),
  join(ROOT, "node_modules/qr/package.json"),
];

/** @param {string} output the folder that is served */
export async function buildDoor(output) {
  const { metafile } = await build({
    entryPoints: ["gate/gate.ts", "gate/gate.css", "print/print.tsx", "print/print.css"].map((name) =>
      join(SOURCE, name),
    ),
    entryNames: "[name]-[hash]",
    chunkNames: "door-[name]-[hash]",
    outdir: join(output, "assets"),
    absWorkingDir: ROOT,
    bundle: true,
    splitting: true,
    format: "esm",
    target: TARGET,
    minify: true,
    metafile: true,
    legalComments: "none",
    logLevel: "warning",
    jsx: "automatic",
    jsxImportSource: "preact",
  });
  /** @param {string} entry */
  const outputOf = (entry) => {
    const found = Object.entries(metafile.outputs).find(([, { entryPoint }]) => entryPoint === entry);
    if (!found) throw new Error(`${entry} was not built.`);
    return found;
  };
  /** @param {string} path */
  const addressOf = (path) => `/assets/${basename(path)}`;
  const [gateScript, { imports }] = outputOf("web/gate/gate.ts");
  const [gateStyle] = outputOf("web/gate/gate.css");
  const gate = pageOf("gate/gate.html", { gateScript: addressOf(gateScript), gateStyle: addressOf(gateStyle) });
  writeFileSync(join(output, "gate.html"), gate);
  const paths = [
    "/gate",
    "/favicon.svg",
    ...[gateScript, gateStyle, ...imports.map(({ path }) => path)].map(addressOf),
  ];
  await buildWorker(output, paths, gate);
  const print = {
    printScript: addressOf(outputOf("web/print/print.tsx")[0]),
    printStyle: addressOf(outputOf("web/print/print.css")[0]),
  };
  writeFileSync(join(output, "tickets.html"), pageOf("print/print.html", print));
}

/**
 * A worker with another list is another worker, so browsers notice every change of the page.
 * @param {string} output @param {readonly string[]} paths @param {string} page
 */
async function buildWorker(output, paths, page) {
  const name = createHash("sha256").update(page).update(paths.join("\n")).digest("hex").slice(0, 16);
  await build({
    entryPoints: [join(SOURCE, "gate/service-worker.ts")],
    outfile: join(output, "gate-sw.js"),
    absWorkingDir: ROOT,
    bundle: true,
    format: "iife",
    target: TARGET,
    minify: true,
    legalComments: "none",
    logLevel: "warning",
    define: { PRECACHE: JSON.stringify({ name, paths }) },
  });
}

/** @param {string} name @param {Record<string, string>} places */
function pageOf(name, places) {
  let page = readFileSync(join(SOURCE, name), "utf8");
  for (const [place, address] of Object.entries(places)) page = page.replaceAll(`{{${place}}}`, address);
  return page;
}
