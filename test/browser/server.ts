// One dev server for all browser tests, each of which makes its own events and accounts on it.

import { existsSync } from "node:fs";
import type { TestProject } from "vitest/node";
import { startDevServer } from "../e2e/dev-server";

declare module "vitest" {
  interface ProvidedContext {
    readonly url: string;
  }
}

/** Of what the server said, when it is needed. */
const OUTPUT_CHARS = 6_000;
export const CHROMIUM = process.env["CHROMIUM"] ?? "/usr/bin/chromium";

export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  if (!existsSync(CHROMIUM)) {
    throw new Error(`There is no browser at ${CHROMIUM}: apt-get install chromium, or set CHROMIUM to another.`);
  }
  const server = await startDevServer();
  project.provide("url", server.url);
  return async () => {
    const alive = await fetch(`${server.url}/health`).then(
      () => true,
      () => false,
    );
    if (!alive) console.error(`The dev server ended during the tests:\n${server.output().slice(-OUTPUT_CHARS)}`);
    await server[Symbol.asyncDispose]();
  };
}
