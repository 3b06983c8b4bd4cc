// The seats that are chosen and not held yet, by event: they outlive signing in, another page and a reload of the tab.

import { createStore } from "./store";

const KEY = "ticketflow.selection";

type Selections = Readonly<Record<string, readonly string[]>>;

export const selections = createStore<Selections>(stored());

export function select(eventId: string, ids: readonly string[]): void {
  selections.set((now) => ({ ...now, [eventId]: ids }));
  try {
    sessionStorage.setItem(KEY, JSON.stringify(selections.get()));
  } catch {
    // A browser that forbids storage forgets them with the page.
  }
}

function stored(): Selections {
  try {
    const value: unknown = JSON.parse(sessionStorage.getItem(KEY) ?? "{}");
    return typeof value === "object" && value !== null ? (value as Selections) : {};
  } catch {
    return {};
  }
}
