// The earliest of all deadlines, without looking at every hold: a binary heap whose stale entries are skipped.

import { deadlineOf } from "./hold";
import type { BoxOfficeState, Deadline, Hold } from "./state";

/** Notes a hold's deadline; one that it replaces becomes stale by itself. */
export function noteDeadline(state: BoxOfficeState, hold: Hold): void {
  const atMs = deadlineOf(hold);
  if (atMs !== null) push(state.deadlines, { atMs, lockId: hold.id });
}

/** Takes the next hold that is due, or null. */
export function takeDue(state: BoxOfficeState, nowMs: number): Hold | null {
  for (;;) {
    const top = validTop(state);
    if (top === null || top.atMs > nowMs) return null;
    pop(state.deadlines);
    const hold = state.holds.get(top.lockId);
    if (hold !== undefined) return hold;
  }
}

/** When the box office must next act by itself: a deadline, or an effect to send again. Null: nothing is pending. */
export function nextDueMs(state: BoxOfficeState): number | null {
  const dueMs = Math.min(validTop(state)?.atMs ?? Number.POSITIVE_INFINITY, state.outbox.earliestMs);
  return Number.isFinite(dueMs) ? dueMs : null;
}

function validTop(state: BoxOfficeState): Deadline | null {
  for (;;) {
    const top = state.deadlines[0];
    if (top === undefined) return null;
    const hold = state.holds.get(top.lockId);
    if (hold !== undefined && deadlineOf(hold) === top.atMs) return top;
    pop(state.deadlines);
  }
}

function push(heap: Deadline[], entry: Deadline): void {
  let place = heap.length;
  heap.push(entry);
  while (place > 0) {
    const parent = (place - 1) >> 1;
    const above = heap[parent] as Deadline;
    if (above.atMs <= entry.atMs) break;
    heap[place] = above;
    place = parent;
  }
  heap[place] = entry;
}

function pop(heap: Deadline[]): void {
  const last = heap.pop();
  if (last === undefined || heap.length === 0) return;
  let place = 0;
  for (;;) {
    let child = 2 * place + 1;
    if (child >= heap.length) break;
    if (child + 1 < heap.length && (heap[child + 1] as Deadline).atMs < (heap[child] as Deadline).atMs) child += 1;
    const below = heap[child] as Deadline;
    if (below.atMs >= last.atMs) break;
    heap[place] = below;
    place = child;
  }
  heap[place] = last;
}
