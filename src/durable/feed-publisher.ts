// The box office's side of the live feed: tells each relay that has sockets what changed, coalesced, and never waits
// for one. A relay that missed something notices by the numbers and asks.

import {
  type FeedDelta,
  type FeedGates,
  type FeedSnapshot,
  feedChanges,
  gatesOf,
  snapshotOf,
} from "../domain/box-office/feed";
import type { BoxOfficeState, JournalEntry } from "../domain/box-office/state";
import { SECOND } from "../domain/time";
import type { SeatFeed } from "./seat-feed";

/** Changes of this long travel together. */
const INTERVAL_MS = 100;
/** As do counts of the gates: nobody reads them faster. */
const GATES_INTERVAL_MS = 300;
/** Relays that are still handing out the last news get more of it at once, but not later than this. */
const MAX_BUSY_MS = 200;
/** Times as long as handing out took. */
const REST = 4;
/** A relay that could not be reached is told again, so often. */
const RETRY_MS = SECOND;
const MAX_RETRIES = 5;

export type FeedNews = FeedDelta | FeedSnapshot | FeedGates;

export interface FeedPublisher {
  /** Notes what a durable commit changed. */
  note(state: BoxOfficeState, entries: readonly JournalEntry[], redefined: boolean): void;
  /** Notes that a durable commit changed how many came in. */
  noteGates(): void;
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
  const publishSeats = paced(INTERVAL_MS, flushSeats);
  const publishGates = paced(GATES_INTERVAL_MS, flushGates);

  async function flushSeats(): Promise<void> {
    const state = outside.state();
    if (state?.definition == null) return;
    const entries = pending;
    pending = [];
    const seq = entries.at(-1)?.seq ?? state.seq;
    const prev = toldSeq ?? seq;
    toldSeq = seq;
    const layoutVersion = state.definition.version;
    const delta: FeedDelta = { type: "delta", prev, seq, layoutVersion, changes: feedChanges(state, entries) };
    const news = wholeTable ? snapshotOf(state) : delta;
    wholeTable = false;
    await tellAll(news, whereItStands);
  }

  async function flushGates(): Promise<void> {
    const state = outside.state();
    if (state?.definition != null) await tellAll(gatesOf(state), gatesOf);
  }

  async function tellAll(news: FeedNews, later: (state: BoxOfficeState) => FeedNews): Promise<void> {
    const text = JSON.stringify(news);
    await Promise.all(outside.relays().map((relay) => tell(relay, text, later, 0)));
  }

  /** Told as one text, which is made once for all relays. `later` makes what a relay is told that could not be reached, from the state as it is by then. */
  async function tell(
    relay: string,
    news: string,
    later: (state: BoxOfficeState) => FeedNews,
    tries: number,
  ): Promise<void> {
    try {
      await outside.namespace.get(outside.namespace.idFromName(relay)).deliver(relay, news);
    } catch (fault) {
      outside.log("a relay was not told", fault);
      if (tries >= MAX_RETRIES) return;
      await scheduler.wait(RETRY_MS);
      const state = outside.state();
      if (state !== null) await tell(relay, JSON.stringify(later(state)), later, tries + 1);
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
      publishSeats();
    },
    noteGates() {
      if (outside.relays().length > 0) publishGates();
    },
    resume(state) {
      toldSeq = state.seq;
      if (outside.relays().length === 0) return;
      publishSeats();
      if (state.gateCounts.size > 0) publishGates();
    },
  };
}

/** Says no more than how far the numbers are: whatever a relay missed shows in them. */
function whereItStands({ seq, definition }: BoxOfficeState): FeedDelta {
  return { type: "delta", prev: seq, seq, layoutVersion: definition?.version ?? 0, changes: [] };
}

/**
 * Does a lone piece of work at once. What follows closely is done together, `intervalMs` after the work before it
 * ended, or four times as long as that took: relays with many sockets set the pace, and a buyer's hold does not compete
 * with their news for more than a fifth of the time.
 */
function paced(intervalMs: number, work: () => Promise<void>): () => void {
  let isDue = false;
  let free: Promise<unknown> = Promise.resolve();
  const begin = () => {
    isDue = false;
    const begunMs = Date.now();
    free = Promise.race([work(), scheduler.wait(MAX_BUSY_MS)]).then(() => {
      // A clock may jump.
      const tookMs = Math.min(Date.now() - begunMs, MAX_BUSY_MS);
      return scheduler.wait(Math.max(intervalMs, REST * tookMs));
    });
  };
  return () => {
    if (isDue) return;
    isDue = true;
    void free.then(begin);
  };
}
