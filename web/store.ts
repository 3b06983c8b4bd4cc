// A value that several parts of the page watch. A kept one survives a reload and is the same in every tab.

import { useEffect, useState } from "preact/hooks";

export interface Store<T> {
  get(): T;
  set(next: T | ((now: T) => T)): void;
  subscribe(listener: () => void): () => void;
}

export function createStore<T>(initial: T): Store<T> {
  let value = initial;
  const listeners = new Set<() => void>();
  return {
    get: () => value,
    set(next) {
      const wanted = typeof next === "function" ? (next as (now: T) => T)(value) : next;
      if (Object.is(wanted, value)) return;
      value = wanted;
      for (const listener of [...listeners]) listener();
    },
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}

/** Kept in the browser's storage under `key`; a tab that changes it changes all. */
export function createKeptStore<T>(key: string, initial: T, isSound: (value: unknown) => value is T): Store<T> {
  const read = (text: string | null): T => {
    if (text === null) return initial;
    try {
      const value: unknown = JSON.parse(text);
      return isSound(value) ? value : initial;
    } catch {
      return initial;
    }
  };
  const store = createStore(read(storedText(key)));
  addEventListener("storage", (event) => {
    if (event.key === key || event.key === null) store.set(read(event.key === null ? null : event.newValue));
  });
  return {
    ...store,
    set(next) {
      store.set(next);
      keepText(key, JSON.stringify(store.get()));
    },
  };
}

export function useStore<T>(store: Store<T>): T {
  const [value, setValue] = useState(store.get());
  useEffect(() => {
    const update = () => setValue(() => store.get());
    update();
    return store.subscribe(update);
  }, [store]);
  return value;
}

/** A browser may forbid storage; then everything works but is forgotten with the page. */
function storedText(key: string): string | null {
  try {
    return localStorage.getItem(key);
  } catch {
    return null;
  }
}

function keepText(key: string, text: string): void {
  try {
    localStorage.setItem(key, text);
  } catch {
    // Nothing to be done, and nothing is lost that the page still has in memory.
  }
}
