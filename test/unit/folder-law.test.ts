// The folder law of docs/architecture.md is enforced by the linter. Here every forbidden kind of import is planted in a
// copy of the tree's configuration, one file each, to see that it is refused, and every allowed kind to see that it passes.

import { execFile } from "node:child_process";
import { cp, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join, relative } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

const ROOT = join(import.meta.dirname, "../..");
const BIOME = join(ROOT, "node_modules/.bin/biome");

interface Floor {
  readonly folder: string;
  readonly allowed: readonly string[];
  readonly forbidden: readonly string[];
}

/** Written from a file that lies directly in the folder. */
const FLOORS: readonly Floor[] = [
  {
    folder: "src/domain",
    allowed: ["./ids", "./box-office/state"],
    forbidden: [
      "../app/ports",
      "../env",
      "zod",
      "hono",
      "node:crypto",
      "node:fs",
      "cloudflare:workers",
      "jose",
      "./../env",
    ],
  },
  {
    folder: "src/app",
    allowed: ["./ports", "../domain/ids", "../domain/box-office/state"],
    forbidden: [
      "../http/problem",
      "../adapters/clock",
      "../compose",
      "zod",
      "hono",
      "node:crypto",
      "cloudflare:workers",
    ],
  },
  {
    folder: "src/http",
    allowed: [
      "./problem",
      "./event-booking/routes",
      "../app/ports",
      "../domain/ids",
      "hono",
      "hono/cors",
      "@hono/zod-openapi",
      "zod",
      "jose",
    ],
    forbidden: [
      "../adapters/clock",
      "../durable/box-office",
      "../compose",
      "../env",
      "drizzle-orm",
      "node:crypto",
      "stripe",
    ],
  },
  {
    folder: "src/queues",
    allowed: ["./saga", "../app/ports", "../domain/ids", "zod"],
    forbidden: ["../http/problem", "../adapters/clock", "../durable/box-office", "hono", "jose", "node:crypto"],
  },
  {
    folder: "src/durable",
    allowed: ["./rows", "../domain/ids", "../adapters/tokens", "cloudflare:workers"],
    forbidden: [
      "../app/ports",
      "../adapters/clock",
      "../http/problem",
      "zod",
      "jose",
      "stripe",
      "node:crypto",
      "cloudflare:email",
    ],
  },
  {
    folder: "src/adapters",
    allowed: [
      "./clock",
      "./d1/events",
      "../domain/ids",
      "../app/ports",
      "drizzle-orm",
      "drizzle-orm/d1",
      "stripe",
      "zod",
      "jose",
      "qr",
      "node:crypto",
    ],
    forbidden: ["../app/bookings", "../http/problem", "../compose", "../env", "hono", "node:fs", "cloudflare:workers"],
  },
  {
    folder: "web",
    allowed: ["./page", "../src/domain/ids", "preact", "preact/hooks", "qr", "qr/decode.js"],
    forbidden: ["../src/app/ports", "../src/http/problem", "hono", "zod", "node:fs", "./../src/app/ports"],
  },
];

/** The two files that are floors of their own. */
const LONE_FILES = [
  {
    file: "src/compose.ts",
    allowed: ["./env", "./app/ports", "./adapters/clock", "./adapters/d1/events"],
    forbidden: ["./app/bookings", "./http/app", "./durable/box-office", "zod", "node:crypto"],
  },
  {
    file: "src/index.ts",
    allowed: ["./http/app", "./queues/saga", "./durable/box-office", "./app/sweeps", "./compose"],
    forbidden: ["./adapters/clock", "./domain/ids", "hono", "zod", "node:crypto", "cloudflare:workers"],
  },
];

const FORMS = [
  (from: string) => `import { it } from "${from}";\nexport const planted = it;\n`,
  (from: string) => `import type { It } from "${from}";\nexport type Planted = It;\n`,
  (from: string) => `export * from "${from}";\n`,
  (from: string) => `export const planted = () => import("${from}");\n`,
];

interface Planted {
  readonly folder: string;
  readonly from: string;
  readonly allowed: boolean;
  readonly path: string;
  readonly source: string;
}

let tree: string;
let planted: readonly Planted[];
let refused: ReadonlySet<string>;

beforeAll(async () => {
  tree = await mkdtemp(join(tmpdir(), "folder-law-"));
  await cp(join(ROOT, "biome.json"), join(tree, "biome.json"));
  planted = FLOORS.flatMap(plantFloor);
  for (const { path, source } of planted) await write(join(tree, path), source);
  refused = await lint(tree);
});

afterAll(async () => {
  await rm(tree, { recursive: true, force: true });
});

describe.each(FLOORS)("$folder", ({ folder, allowed, forbidden }) => {
  it.each(forbidden)("refuses an import of %s, in every form and one folder down", (from) => {
    expect(verdicts(folder, from)).toEqual(verdicts(folder, from).map((verdict) => ({ ...verdict, refused: true })));
    expect(verdicts(folder, from).length).toBeGreaterThanOrEqual(FORMS.length);
  });

  it.each(allowed)("lets an import of %s pass, in every form and one folder down", (from) => {
    expect(verdicts(folder, from)).toEqual(verdicts(folder, from).map((verdict) => ({ ...verdict, refused: false })));
    expect(verdicts(folder, from).length).toBeGreaterThanOrEqual(FORMS.length);
  });
});

describe.each(LONE_FILES)("$file", ({ file, allowed, forbidden }) => {
  it("may import exactly what the table says", async () => {
    const imports = [...allowed, ...forbidden];
    const outcomes = await Promise.all(imports.map(async (from) => [from, await refusesAlone(file, from)]));
    expect(outcomes).toEqual([...allowed.map((from) => [from, false]), ...forbidden.map((from) => [from, true])]);
  });
});

describe("what the linter cannot see", () => {
  it("adapters take only types from the durable floor", async () => {
    for (const file of await sources("src/adapters")) {
      const taken = (await readFile(file, "utf8")).match(
        /^(?:import|export)\b(?! type\b)[^;]*?from "[./]+durable\/[^"]*";/gm,
      );
      expect({ file: relative(ROOT, file), taken }).toEqual({ file: relative(ROOT, file), taken: null });
    }
  });

  it("no type names a module in passing, where the import rule does not look", async () => {
    for (const file of await sources("src")) {
      if (file.endsWith(".d.ts")) continue;
      const inPassing = (await readFile(file, "utf8")).match(/\bimport\(\s*["'][^)]*\)\s*\.|typeof import\(/g);
      expect({ file: relative(ROOT, file), inPassing }).toEqual({ file: relative(ROOT, file), inPassing: null });
    }
  });
});

/** Every form in the folder itself, and the first one a folder down, where relative paths are one step longer. */
function plantFloor({ folder, allowed, forbidden }: Floor): Planted[] {
  const imports = [
    ...allowed.map((from) => ({ from, allowed: true })),
    ...forbidden.map((from) => ({ from, allowed: false })),
  ];
  return imports.flatMap((one, n) => {
    const here = FORMS.map((form, f) => ({
      ...one,
      folder,
      path: `${folder}/planted-${n}-${f}.ts`,
      source: form(one.from),
    }));
    const below = one.from.startsWith("./../") ? [] : [{ ...one, folder, ...plantBelow(folder, one.from, n) }];
    return [...here, ...below];
  });
}

function plantBelow(folder: string, from: string, n: number): { path: string; source: string } {
  const longer = from.startsWith(".") ? `../${from.replace(/^\.\//, "")}` : from;
  const form = FORMS[0];
  if (!form) throw new Error("no form of import to plant");
  return { path: `${folder}/below/planted-${n}.ts`, source: form(longer) };
}

function verdicts(folder: string, from: string): { path: string; refused: boolean }[] {
  return planted
    .filter((one) => one.folder === folder && one.from === from)
    .map(({ path }) => ({ path, refused: refused.has(path) }));
}

async function refusesAlone(file: string, from: string): Promise<boolean> {
  const alone = await mkdtemp(join(tmpdir(), "folder-law-"));
  try {
    await cp(join(ROOT, "biome.json"), join(alone, "biome.json"));
    await write(join(alone, file), `import { it } from "${from}";\nexport const planted = it;\n`);
    return (await lint(alone)).has(file);
  } finally {
    await rm(alone, { recursive: true, force: true });
  }
}

async function write(path: string, source: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, source);
}

/** The files with an import that the law refuses. */
async function lint(folder: string): Promise<ReadonlySet<string>> {
  const args = ["lint", "--only=style/noRestrictedImports", "--max-diagnostics=none", "--reporter=github", "."];
  const output = await new Promise<string>((resolve, reject) => {
    execFile(BIOME, args, { cwd: folder, maxBuffer: 16 * 1024 * 1024 }, (error, stdout, stderr) => {
      if (error && typeof error.code !== "number") reject(error);
      else resolve(stdout + stderr);
    });
  });
  const found = output.matchAll(/title=lint\/style\/noRestrictedImports,file=([^,]+),/g);
  return new Set([...found].map(([, file]) => (file?.startsWith("/") ? relative(folder, file) : (file ?? ""))));
}

async function sources(folder: string): Promise<string[]> {
  const entries = await readdir(join(ROOT, folder), { recursive: true });
  return entries.filter((name) => /\.tsx?$/.test(name)).map((name) => join(ROOT, folder, name));
}
