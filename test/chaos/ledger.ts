// What the buyers know, on disk: a line before each request is sent and a line after each answer, each of them synced.
// Whatever is judged in the end is read from here.

import { closeSync, fsyncSync, openSync, readFileSync, writeSync } from "node:fs";

export interface Asked {
  readonly type: "asked";
  readonly n: number;
  readonly atMs: number;
  readonly buyer: number;
  readonly event: string;
  readonly name: OperationName;
  readonly method: string;
  readonly path: string;
  readonly key: string | null;
  readonly body: unknown;
}

export type OperationName = "hold" | "renew" | "release" | "confirm" | "book" | "pay" | "cancel" | "look" | "seats";

export interface Answered {
  readonly type: "answered";
  readonly n: number;
  readonly atMs: number;
  /** When the request that was answered was sent, which may have been a repetition. */
  readonly sentAtMs: number;
  readonly tries: number;
  readonly status: number;
  readonly body: Json;
}

/** A request that never got an answer, in spite of its repetitions. */
export interface GivenUp {
  readonly type: "given up";
  readonly n: number;
  readonly atMs: number;
}

// biome-ignore lint/suspicious/noExplicitAny: an answer is looked at, not computed with.
export type Json = any;
export type Line = Asked | Answered | GivenUp;

export interface Ledger {
  write(line: Line): void;
  close(): void;
}

export function openLedger(file: string): Ledger {
  const descriptor = openSync(file, "a");
  return {
    write(line) {
      writeSync(descriptor, `${JSON.stringify(line)}\n`);
      fsyncSync(descriptor);
    },
    close: () => closeSync(descriptor),
  };
}

/** An operation of a buyer with its answer, or null where none ever came. */
export interface Entry {
  readonly asked: Asked;
  readonly answered: Answered | null;
}

export function readLedger(file: string): readonly Entry[] {
  const asked = new Map<number, Asked>();
  const answered = new Map<number, Answered>();
  for (const text of readFileSync(file, "utf8").split("\n")) {
    if (text === "") continue;
    const line = JSON.parse(text) as Line;
    if (line.type === "asked") asked.set(line.n, line);
    else if (line.type === "answered") answered.set(line.n, line);
  }
  return [...asked.values()].map((one) => ({ asked: one, answered: answered.get(one.n) ?? null }));
}
