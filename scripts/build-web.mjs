// Builds the web app of web/ into dist/web, which the Worker serves as static assets. Names of scripts, styles and fonts
// carry their content's hash, so browsers keep them for ever. Nothing is done while nothing has changed.

import { createHash } from "node:crypto";
import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  watch,
  writeFileSync,
} from "node:fs";
import { basename, join, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { buildDoor, DOOR_SOURCES } from "./build-door.mjs";

const ROOT = resolve(fileURLToPath(import.meta.url), "../..");
const SOURCE = join(ROOT, "web");
const OUTPUT = join(ROOT, "dist/web");
/** Beside the output, not in it: what lies in it is served. */
const STAMP = join(ROOT, "dist/web.stamp");
/** Editors write a file in several steps. */
const SETTLE_MS = 80;
const PACKAGES = ["esbuild", "preact", "@fontsource-variable/figtree"];

/** @returns {Promise<boolean>} whether something had to be built */
export async function buildWeb() {
  const stamp = stampOfSources();
  if (existsSync(join(OUTPUT, "index.html")) && existsSync(STAMP) && readFileSync(STAMP, "utf8") === stamp)
    return false;
  const partial = `${OUTPUT}.${process.pid}`;
  rmSync(partial, { recursive: true, force: true });
  cpSync(join(SOURCE, "public"), partial, { recursive: true });
  const { chunks, ...names } = await bundle(join(partial, "assets"));
  let page = readFileSync(join(SOURCE, "index.html"), "utf8");
  const preloads = chunks.map((name) => `<link rel="modulepreload" href="/assets/${name}" />`).join("");
  page = page.replace("{{preloads}}", preloads);
  for (const [place, name] of Object.entries(names)) page = page.replaceAll(`{{${place}}}`, `/assets/${name}`);
  writeFileSync(join(partial, "index.html"), page);
  await buildDoor(partial);
  replace(partial);
  writeFileSync(STAMP, stamp);
  return true;
}

/** Builds again after every change, and says what is wrong with one that does not build. */
export function rebuildOnChange() {
  /** @type {NodeJS.Timeout | undefined} */
  let waiting;
  const watcher = watch(SOURCE, { recursive: true }, () => {
    clearTimeout(waiting);
    waiting = setTimeout(() => buildWeb().catch((error) => console.error(error.message)), SETTLE_MS);
  });
  watcher.unref();
}

/** @param {string} outdir */
async function bundle(outdir) {
  const { metafile } = await build({
    entryPoints: [join(SOURCE, "main.tsx"), join(SOURCE, "style/main.css")],
    entryNames: "[name]-[hash]",
    chunkNames: "[name]-[hash]",
    assetNames: "[name]-[hash]",
    outdir,
    absWorkingDir: ROOT,
    bundle: true,
    splitting: true,
    format: "esm",
    target: ["es2022", "chrome109", "firefox115", "safari16"],
    minify: true,
    metafile: true,
    legalComments: "none",
    logLevel: "warning",
    jsx: "automatic",
    jsxImportSource: "preact",
    loader: { ".woff2": "file" },
  });
  const outputs = Object.entries(metafile.outputs);
  /** @param {(name: string, entryPoint: string) => boolean} isWanted */
  const nameOf = (isWanted) => {
    const found = outputs.find(([path, { entryPoint }]) => isWanted(basename(path), entryPoint ?? ""));
    if (!found) throw new Error("The web app was built without one of its parts.");
    return basename(found[0]);
  };
  const main = outputs.find(([, { entryPoint }]) => entryPoint === "web/main.tsx")?.[1];
  const needed = (main?.imports ?? []).filter(({ kind }) => kind === "import-statement");
  return {
    chunks: needed.map(({ path }) => basename(path)),
    script: nameOf((_, entry) => entry === "web/main.tsx"),
    style: nameOf((_, entry) => entry === "web/style/main.css"),
    font: nameOf((name) => name.startsWith("figtree-latin-wght-normal")),
  };
}

/** A server that runs meanwhile sees the old files or the new ones. @param {string} partial */
function replace(partial) {
  const old = `${OUTPUT}.old.${process.pid}`;
  if (existsSync(OUTPUT)) {
    // The folder itself stays: whoever watches it goes on doing so.
    mkdirSync(old, { recursive: true });
    for (const name of readdirSync(OUTPUT)) renameSync(join(OUTPUT, name), join(old, name));
  } else mkdirSync(OUTPUT, { recursive: true });
  for (const name of readdirSync(partial)) renameSync(join(partial, name), join(OUTPUT, name));
  rmSync(old, { recursive: true, force: true });
  rmSync(partial, { recursive: true, force: true });
}

function stampOfSources() {
  const hash = createHash("sha256");
  const files = readdirSync(SOURCE, { recursive: true, encoding: "utf8" }).filter((name) =>
    statSync(join(SOURCE, name)).isFile(),
  );
  for (const name of files.sort()) hash.update(`${name}\0`).update(readFileSync(join(SOURCE, name)));
  for (const name of PACKAGES) hash.update(readFileSync(join(ROOT, "node_modules", name, "package.json")));
  for (const path of [fileURLToPath(import.meta.url), ...DOOR_SOURCES]) hash.update(readFileSync(path));
  return hash.digest("hex");
}

if (process.argv[1] && resolve(process.argv[1]) === fileURLToPath(import.meta.url)) {
  const built = await buildWeb();
  console.log(`${relative(process.cwd(), OUTPUT)}: ${built ? "built" : "up to date"}`);
}
