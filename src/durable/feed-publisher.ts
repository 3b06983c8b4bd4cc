// The box office's side of the live feed: tells each relay that has sockets what changed, coalesced, and never waits
// for one. A relay that missed something notices by the numbers and asks.

import { type FeedDelta, type FeedSnapshot, feedChanges, snapshotOf } from "../domain/box-office/feed";
import type { BoxOfficeState, JournalEntry } from "../domain/box-office/state";
import { SECOND } from "../domain/time";
import type { SeatFeed } from "./seat-feed";

/** Changes of this long travel together. */
const INTERVAL_MS = 60;
/** A relay that could not be reached is told again, so often. */
const RETRY_MS = SECOND;
const MAX_RETRIES = 5;

export interface FeedPublisher {
  /** Notes what a durable commit changed. */
  note(state: BoxOfficeState, entries: readonly JournalEntry[], redefined: boolean): void;
  /** After a wake: relays may have missed what was committed and not told. */
  resume(state: BoxOfficeState): void;
}

export function feedPublisher(outside: {
  readonly namespace: DurableObjectNamespace<SeatFeed>;
  readonly relays: () => readonly string[];
  readonly state: () => BoxOfficeState | null;
  readonly log: (message: string, fault: unknown) => void;
}): FeedPublisher {
  let pending: JournalEntry[] = [];
  let toldSeq: number | null = null;
  let wholeTable = false;
  let scheduled = false;
  let flushedAtMs = 0;

  function schedule(): void {
    if (scheduled) return;
    // A lone change is told at once; those that follow it closely travel together.
    if (Date.now() - flushedAtMs >= INTERVAL_MS) {
      flush();
      return;
    }
    scheduled = true;
    setTimeout(flush, INTERVAL_MS);
  }

  function flush(): void {
    scheduled = false;
    flushedAtMs = Date.now();
    const state = outside.state();
    if (state?.definition == null) return;
    const entries = pending;
    pending = [];
    const relays = outside.relays();
    const seq = entries.at(-1)?.seq ?? state.seq;
    const prev = toldSeq ?? seq;
    toldSeq = seq;
    const layoutVersion = state.definition.version;
    const delta: FeedDelta = { type: "delta", prev, seq, layoutVersion, changes: feedChanges(state, entries) };
    const news = wholeTable ? snapshotOf(state) : delta;
    wholeTable = false;
    for (const relay of relays) void tell(relay, news, 0);
  }

  async function tell(relay: string, news: FeedDelta | FeedSnapshot, tries: number): Promise<void> {
    try {
      await outside.namespace.get(outside.namespace.idFromName(relay)).deliver(relay, news);
    } catch (fault) {
      outside.log("a relay was not told", fault);
      if (tries >= MAX_RETRIES) return;
      await scheduler.wait(RETRY_MS);
      // Whatever it missed shows in the numbers of this one.
      const state = outside.state();
      if (state === null) return;
      const { seq } = state;
      const layoutVersion = state.definition?.version ?? 0;
      await tell(relay, { type: "delta", prev: seq, seq, layoutVersion, changes: [] }, tries + 1);
    }
  }

  return {
    note(state, entries, redefined) {
      const changed = entries.filter(({ seatChanges }) => seatChanges.length > 0);
      if (changed.length === 0 && !redefined) return;
      if (outside.relays().length === 0) {
        toldSeq = state.seq;
        return;
      }
      toldSeq ??= (entries[0]?.seq ?? state.seq + 1) - 1;
      pending.push(...changed);
      wholeTable ||= redefined;
      schedule();
    },
    resume(state) {
      toldSeq = state.seq;
      if (outside.relays().length > 0) schedule();
    },
  };
}
