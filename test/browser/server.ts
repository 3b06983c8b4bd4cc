// One product and one browser for all browser tests, each of which makes its own events, accounts and windows.

import { existsSync } from "node:fs";
import { chromium } from "playwright-core";
import type { TestProject } from "vitest/node";
import { type Product, startProduct } from "../runtime/product";

declare module "vitest" {
  interface ProvidedContext {
    readonly url: string;
    /** Where the browser is reached. */
    readonly browser: string;
  }
}

/** Of what the server said, when it is needed. */
const OUTPUT_CHARS = 6_000;
const ARGS = [
  "--headless",
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];
export const CHROMIUM = process.env["CHROMIUM"] ?? "/usr/bin/chromium";

/** The product with its pages, a state and a port of its own. */
export function startShop(vars: Readonly<Record<string, string>> = {}): Promise<Product> {
  return startProduct({ PAYMENTS: "simulator", ...vars }, { pages: true });
}

export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  if (!existsSync(CHROMIUM)) {
    throw new Error(`There is no browser at ${CHROMIUM}: apt-get install chromium, or set CHROMIUM to another.`);
  }
  const server = await startShop();
  const browser = await chromium.launchServer({ executablePath: CHROMIUM, args: ARGS });
  project.provide("url", server.url);
  project.provide("browser", browser.wsEndpoint());
  return async () => {
    const alive = await fetch(`${server.url}/health`).then(
      () => true,
      () => false,
    );
    if (!alive) console.error(`The product ended during the tests:\n${server.output().slice(-OUTPUT_CHARS)}`);
    await Promise.all([browser.close(), server.stop()]);
  };
}
