// What changed, said politely to whoever listens instead of looking, and shown to everybody for a moment.

import { createStore } from "./store";

export interface Notice {
  readonly id: number;
  readonly text: string;
  readonly tone: "plain" | "good" | "bad";
}

const SHOWN_MS = 6_000;
let last = 0;

export const notices = createStore<readonly Notice[]>([]);
/** Read out and not shown. */
export const whisper = createStore("");

/** Answers what to dismiss when it is no longer so. */
export function say(text: string, tone: Notice["tone"] = "plain"): number {
  const id = ++last;
  notices.set((now) => [...now.filter((notice) => notice.text !== text).slice(-1), { id, text, tone }]);
  setTimeout(() => dismiss(id), SHOWN_MS);
  return id;
}

export function dismiss(id: number): void {
  notices.set((now) => now.filter((notice) => notice.id !== id));
}

/** On the next page what went well on the last one is only in the way. */
export function leaveGoodNews(): void {
  notices.set((now) => now.filter(({ tone }) => tone === "bad"));
}
