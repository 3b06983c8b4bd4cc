// A short queue before slow work: a few at once, some waiting, first come first served, the rest told at once that it
// is busy. A request may vanish while it waits or works (its client hung up, and the platform drops what it awaited),
// so a place is a lease that ends by itself and never depends on somebody giving it back.

export interface QueueLimits {
  readonly atOnce: number;
  readonly waiting: number;
  readonly maxWaitMs: number;
  /** After this a place is free again, whether or not its holder said so. */
  readonly maxRunMs: number;
}

export interface AdmissionQueue {
  /** The work's result; `busy` when the queue was full or no place became free in time. */
  run<T>(work: () => Promise<T>): Promise<T | "busy">;
}

/** How often those who wait look again: no one can be relied on to wake them. */
const POLL_MS = 10;

export function admissionQueue({ atOnce, waiting, maxWaitMs, maxRunMs }: QueueLimits): AdmissionQueue {
  /** Who waits or works, in order of arrival, with the moment at which the place lapses. At most atOnce + waiting. */
  const places = new Map<symbol, number>();

  function dropLapsed(nowMs: number): void {
    for (const [place, lapsesAtMs] of places) if (lapsesAtMs <= nowMs) places.delete(place);
  }

  function isUp(place: symbol): boolean {
    let ahead = 0;
    for (const other of places.keys()) {
      if (other === place) return ahead < atOnce;
      ahead++;
    }
    return false;
  }

  /** At least one turn of the event loop, even with nobody ahead: hashing blocks, and others must get to queue. */
  async function waitTurn(place: symbol, untilMs: number): Promise<boolean> {
    const maxLooks = Math.ceil(maxWaitMs / POLL_MS);
    for (let looks = 0; looks <= maxLooks; looks++) {
      await sleep(looks === 0 ? 0 : POLL_MS);
      const nowMs = Date.now();
      dropLapsed(nowMs);
      if (isUp(place)) return true;
      if (nowMs >= untilMs) return false;
    }
    return false;
  }

  return {
    async run(work) {
      const nowMs = Date.now();
      dropLapsed(nowMs);
      if (places.size >= atOnce + waiting) return "busy";
      const place = Symbol();
      places.set(place, nowMs + maxWaitMs + POLL_MS);
      try {
        if (!(await waitTurn(place, nowMs + maxWaitMs))) return "busy";
        places.set(place, Date.now() + maxRunMs);
        return await work();
      } finally {
        places.delete(place);
      }
    },
  };
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
