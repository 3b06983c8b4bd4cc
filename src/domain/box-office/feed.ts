// The live seat feed's words: which seats changed, numbered so that nobody misses one unnoticed. Seats are shown as in
// the inventory, without those that left the hall.

import type { GateId, SeatId } from "../ids";
import type { BoxOfficeState, GateCounts, JournalEntry, SeatStatus } from "./state";

/** Changes kept for those who come back; older ones get a snapshot. */
export const KEPT_CHANGES = 4_096;

/** One seat's new status, and its place in a snapshot's `statuses`. */
export interface FeedChange {
  readonly seq: number;
  readonly place: number;
  readonly seatId: SeatId;
  readonly status: SeatStatus;
}

/**
 * How a reader wants changes told: each seat by its id, or the places of all that are now in a state, which is a third
 * as long.
 */
export type ChangeForm = "seats" | "places";

export interface FeedSnapshot {
  readonly type: "snapshot";
  readonly seq: number;
  readonly layoutVersion: number;
  /** One character a seat, in the order of the inventory's `seats`. */
  readonly statuses: string;
}

/** What changed after `prev`, up to and including `seq`, in order. */
export interface FeedDelta {
  readonly type: "delta";
  readonly prev: number;
  readonly seq: number;
  readonly layoutVersion: number;
  readonly changes: readonly FeedChange[];
}

/** How many came in at each gate, as of `seq`: whatever has a smaller number is older. For organisers. */
export interface FeedGates {
  readonly type: "gates";
  readonly seq: number;
  /** Gates where nobody was yet are not among them. */
  readonly gates: readonly (GateCounts & { readonly id: GateId })[];
}

export function gatesOf(state: BoxOfficeState): FeedGates {
  const gates = [...state.gateCounts].map(([id, counts]) => ({ id, ...counts }));
  return { type: "gates", seq: state.seq, gates };
}

export function snapshotOf(state: BoxOfficeState): FeedSnapshot {
  return {
    type: "snapshot",
    seq: state.seq,
    layoutVersion: state.definition?.version ?? 0,
    statuses: state.statuses.join("").replaceAll("X", ""),
  };
}

/** Whether one of these changed the hall itself: then only a snapshot says what it looks like. */
export function changesHall(entries: readonly JournalEntry[]): boolean {
  return entries.some(({ facts }) => facts.some(({ type }) => type === "event.updated"));
}

/** The seat changes of journal entries, as the feed tells them. */
export function feedChanges(state: BoxOfficeState, entries: readonly JournalEntry[]): readonly FeedChange[] {
  const changes: FeedChange[] = [];
  const places = entries.length > 0 ? placesOf(state) : null;
  for (const { seq, seatChanges } of entries) {
    for (const [seat, status] of seatChanges) {
      const place = places?.[seat] ?? -1;
      if (place >= 0) changes.push({ seq, place, seatId: state.geometry.ids[seat] as SeatId, status });
    }
  }
  return changes;
}

/** By seat index: its place among the seats that are shown; -1 for one that left the hall. Made once a layout. */
function placesOf(state: BoxOfficeState): Int32Array {
  const known = PLACES.get(state.geometry);
  if (known !== undefined) return known;
  const places = new Int32Array(state.geometry.size);
  let next = 0;
  for (let seat = 0; seat < places.length; seat++) places[seat] = state.geometry.removed[seat] ? -1 : next++;
  PLACES.set(state.geometry, places);
  return places;
}
const PLACES = new WeakMap<BoxOfficeState["geometry"], Int32Array>();

/** The last status of each seat, in the order of their last change. */
export function coalesce(changes: readonly FeedChange[]): readonly FeedChange[] {
  const last = new Map<number, FeedChange>();
  for (const change of changes) {
    last.delete(change.place);
    last.set(change.place, change);
  }
  return [...last.values()];
}
