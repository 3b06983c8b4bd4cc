// Requests made from the OpenAPI document and broken on purpose: no fault, no hang, every answer as declared, and
// what is refused changes nothing. FUZZ_REQUESTS and FUZZ_SEED say how many and which; `npm run fuzz` runs many.

import { env } from "cloudflare:workers";
import { afterAll, expect, it, vi } from "vitest";
import { fuzz } from "../fuzz/run";

const asked = env as unknown as { readonly FUZZ_REQUESTS?: string; readonly FUZZ_SEED?: string };
const REQUESTS = Number(asked.FUZZ_REQUESTS || 3_000);
const SEED = Number(asked.FUZZ_SEED || 1);
const MS_A_REQUEST = 60;
const ENOUGH_FOR_ALL = 10_000;

afterAll(() => void vi.useRealTimers());

it(`stands ${REQUESTS} requests of seed ${SEED}`, { timeout: 60_000 + REQUESTS * MS_A_REQUEST }, async () => {
  const write = console.info.bind(console);
  // A line a request, thousands of times, would take longer than the requests.
  vi.spyOn(console, "log").mockImplementation(() => {});
  vi.spyOn(console, "warn").mockImplementation(() => {});
  const startedAt = performance.now();
  const report = await fuzz(SEED, REQUESTS, write);
  write(`fuzz ${JSON.stringify({ ...report, findings: report.findings.length })} ${performance.now() - startedAt}`);
  expect(report.findings).toEqual([]);
  // In few requests, chance may leave a rare one out.
  if (REQUESTS >= ENOUGH_FOR_ALL) expect(report.neverTaken).toEqual([]);
  expect(report.judged).toBeGreaterThan(REQUESTS / 10);
});
