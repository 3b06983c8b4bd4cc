// What a relay knows of a hall: how each seat stands, and the latest changes, from which it makes the frames its readers
// are sent. Whoever stands where the changes do not reach gets the whole table.

import { type ChangeForm, coalesce, type FeedChange, type FeedSnapshot, KEPT_CHANGES } from "../domain/box-office/feed";
import type { SeatStatus } from "../domain/box-office/state";

/** Before all numbers: whoever stands here misses the whole table. */
const NOWHERE = -1;

export class FeedTable {
  readonly layoutVersion: number;
  #seq: number;
  readonly #statuses: string[];
  /** Every change after `#coveredFrom`, oldest first. */
  #changes: readonly FeedChange[];
  #coveredFrom: number;
  /** Frames up to the number `to`, by the number from which they start. */
  #frames = framesTo(NOWHERE);

  /** With every change after `since`, where those are known. */
  constructor({ seq, layoutVersion, statuses }: FeedSnapshot, missed: readonly FeedChange[] | null, since: number) {
    this.layoutVersion = layoutVersion;
    this.#seq = seq;
    this.#statuses = statuses.split("");
    this.#changes = missed ?? [];
    this.#coveredFrom = missed === null ? seq : since;
  }

  /** The number of the last change it knows of. */
  get seq(): number {
    return this.#seq;
  }

  /** Up to the number `seq`; what it knows already changes nothing. */
  apply(changes: readonly FeedChange[], seq: number): void {
    const fresh = changes.filter((change) => change.seq > this.#seq);
    if (seq <= this.#seq) return;
    for (const change of fresh) this.#statuses[change.place] = change.status;
    this.#seq = seq;
    if (fresh.length === 0) return;
    const kept = [...this.#changes, ...fresh];
    const dropped = kept[kept.length - KEPT_CHANGES - 1];
    if (dropped !== undefined) this.#coveredFrom = dropped.seq;
    this.#changes = kept.slice(-KEPT_CHANGES);
  }

  /** Whether every change after `since` is known. */
  reaches(since: number): boolean {
    return since >= this.#coveredFrom;
  }

  /** Every change after `since`, in order; `reaches` says whether they are all. */
  changesAfter(since: number): readonly FeedChange[] {
    return this.#changes.filter(({ seq }) => seq > since);
  }

  /** What who stands at `from` misses, each seat once, or the whole table; made once for all who stand there. */
  frameSince(from: number, form: ChangeForm): string {
    if (this.#frames.to !== this.#seq) this.#frames = framesTo(this.#seq);
    const start = this.reaches(from) ? from : NOWHERE;
    const known = this.#frames[form].get(start);
    if (known !== undefined) return known;
    const isWhole = start === NOWHERE;
    const frame = isWhole ? this.#snapshot() : deltaFrame(from, this.#seq, coalesce(this.changesAfter(from)), form);
    this.#frames[form].set(start, frame);
    return frame;
  }

  /** The whole table; made once for all who come, or are too far behind, at this number. */
  wholeFrame(): string {
    return this.frameSince(NOWHERE, "places");
  }

  #snapshot(): string {
    const { layoutVersion } = this;
    return JSON.stringify({ type: "snapshot", seq: this.#seq, layoutVersion, statuses: this.#statuses.join("") });
  }
}

/** In order; by places, each as it is at the end. */
export function deltaFrame(prev: number, seq: number, changes: readonly FeedChange[], form: ChangeForm): string {
  const told = form === "places" ? { places: placesByStatus(changes) } : { changes: changes.map(pairOf) };
  return JSON.stringify({ type: "delta", prev, seq, ...told });
}

function pairOf({ seatId, status }: FeedChange): readonly [string, string] {
  return [seatId, status];
}

function placesByStatus(changes: readonly FeedChange[]): Partial<Record<SeatStatus, readonly number[]>> {
  const places: Partial<Record<SeatStatus, number[]>> = {};
  for (const { place, status } of coalesce(changes)) {
    const alike = places[status];
    if (alike === undefined) places[status] = [place];
    else alike.push(place);
  }
  return places;
}

function framesTo(to: number): { readonly to: number } & Readonly<Record<ChangeForm, Map<number, string>>> {
  return { to, seats: new Map(), places: new Map() };
}
