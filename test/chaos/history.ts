// Whether what callers saw of one seat can be explained by some order of their operations, each taking effect at one
// moment between its call and its answer (linearisability; the search is Wing and Gong's, with memory).

/** What happens to a seat. `who` is a hold or the booking that grew out of it. */
export type Effect =
  | { readonly type: "take"; readonly who: string }
  | { readonly type: "free"; readonly who: string }
  /** Somebody looked: it was free, or it was not. */
  | { readonly type: "see"; readonly free: boolean };

export interface Operation {
  readonly effect: Effect;
  /** When it was asked for. */
  readonly from: number;
  /** When its outcome was known; Infinity where it never was. */
  readonly to: number;
  /** Nobody knows whether it happened. */
  readonly maybe?: boolean;
  /** For people. */
  readonly label?: string;
}

export interface Explained {
  readonly ok: true;
}
export interface Unexplained {
  readonly ok: false;
  /** The operations that no order can get past. */
  readonly stuck: readonly Operation[];
  /** Gave up before every order was tried. */
  readonly exhausted: boolean;
}

/** Orders tried for one seat: far more than an honest history needs. */
const MAX_STEPS = 400_000;

/** `owner` is who has the seat at the end, null for nobody; undefined where that is not known. */
export function explain(operations: readonly Operation[], owner?: string | null): Explained | Unexplained {
  const sorted = [...operations].sort((a, b) => a.from - b.from);
  const seen = new Set<string>();
  let steps = 0;
  let deepest = -1;
  let stuck: readonly Operation[] = sorted;

  /** `next`: the first that is not open yet; `open`: called, not placed; in the order of their calls. */
  function search(next: number, open: readonly number[], now: string | null): boolean {
    if (++steps > MAX_STEPS) return false;
    const grown = [...open];
    let end = next;
    let deadline = Math.min(...open.map((i) => timeOf(sorted[i])), Number.POSITIVE_INFINITY);
    // What was asked for before the earliest answer that is still due may be next.
    for (let op = sorted[end]; op !== undefined && op.from <= deadline; op = sorted[end]) {
      grown.push(end);
      deadline = Math.min(deadline, timeOf(op));
      end += 1;
    }
    const must = grown.filter((i) => !sorted[i]?.maybe);
    if (end === sorted.length && must.length === 0 && (owner === undefined || owner === now)) return true;
    const key = `${end}|${grown.join(",")}|${now}`;
    if (seen.has(key)) return false;
    seen.add(key);
    const placed = end - grown.length;
    if (placed > deepest) {
      deepest = placed;
      stuck = grown.map((i) => sorted[i] as Operation);
    }
    for (const i of grown) {
      const op = sorted[i] as Operation;
      const after = applied(op.effect, now);
      if (after === REFUSED) continue;
      const rest = grown.filter((other) => other !== i);
      if (search(end, rest, after)) return true;
    }
    return false;
  }

  // A long history of one seat is a deep search.
  const ok = search(0, [], null);
  return ok ? { ok } : { ok, stuck, exhausted: steps > MAX_STEPS };
}

/** What may be left out holds nobody up. */
function timeOf(op: Operation | undefined): number {
  return op === undefined || op.maybe ? Number.POSITIVE_INFINITY : op.to;
}

const REFUSED = Symbol("refused");

function applied(effect: Effect, now: string | null): string | null | typeof REFUSED {
  switch (effect.type) {
    case "take":
      return now === null ? effect.who : REFUSED;
    case "free":
      return now === effect.who ? null : REFUSED;
    case "see":
      return effect.free === (now === null) ? now : REFUSED;
  }
}
