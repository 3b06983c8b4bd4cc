// The clock of the platform.

import type { Clock } from "../app/ports";

export function systemClock(): Clock {
  return { nowMs: () => Date.now() };
}
