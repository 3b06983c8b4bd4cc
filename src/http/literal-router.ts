// Which handlers a request meets. Hono's fast router refuses paths of which two may match, such as /bookings/confirm and
// /bookings/{id}/cancel, and the one that takes them walks its tree for every request. What a path without parameters
// meets never changes: it is looked for once.

import type { Result, Router } from "hono/router";
import { TrieRouter } from "hono/router/trie-router";

const PARAMETER = /[:*]/;

export class LiteralRouter<T> implements Router<T> {
  readonly name = "LiteralRouter";
  readonly #all = new TrieRouter<T>();
  readonly #literals = new Set<string>();
  /** By method and literal path: no more than there are routes, times the methods that the platform knows. */
  readonly #found = new Map<string, Result<T>>();

  add(method: string, path: string, handler: T): void {
    this.#all.add(method, path, handler);
    if (!PARAMETER.test(path)) this.#literals.add(path);
    this.#found.clear();
  }

  match(method: string, path: string): Result<T> {
    if (!this.#literals.has(path)) return this.#all.match(method, path);
    const key = `${method} ${path}`;
    const known = this.#found.get(key);
    if (known !== undefined) return known;
    const found = this.#all.match(method, path);
    this.#found.set(key, found);
    return found;
  }
}
