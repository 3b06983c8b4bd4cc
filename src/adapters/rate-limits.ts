// How often one address may ask: in production the platform counts, in development this isolate does, generously.

import type { RequestLimit } from "../app/ports";
import { MINUTE, SECOND } from "../domain/time";

/** Tests and benchmarks of one machine need no exception below it. */
export const DEVELOPMENT_REQUESTS_PER_SECOND = 1_000;
/** The period of REQUEST_LIMIT in wrangler.toml. */
const PLATFORM_PERIOD_MS = MINUTE;
/** Addresses counted within one second; beyond them nobody is refused. */
const MAX_ADDRESSES = 10_000;

/** Counted by the platform, near the caller and not exactly. A counter that fails refuses nobody. */
export function platformRequestLimit(binding: RateLimit): RequestLimit {
  return {
    async take(address) {
      try {
        const { success } = await binding.limit({ key: address });
        return { allowed: success, retryAfterMs: success ? 0 : PLATFORM_PERIOD_MS };
      } catch {
        return { allowed: true, retryAfterMs: 0 };
      }
    },
  };
}

/** Counted in this isolate's memory, second by second. */
export function isolateRequestLimit(perSecond: number): RequestLimit {
  let second = 0;
  const counts = new Map<string, number>();
  return {
    async take(address, nowMs) {
      const current = Math.floor(nowMs / SECOND);
      if (current !== second) {
        second = current;
        counts.clear();
      }
      const count = (counts.get(address) ?? 0) + 1;
      if (counts.size < MAX_ADDRESSES || counts.has(address)) counts.set(address, count);
      return { allowed: count <= perSecond, retryAfterMs: (current + 1) * SECOND - nowMs };
    },
  };
}
