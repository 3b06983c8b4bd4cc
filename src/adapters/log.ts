// The log: one JSON line an entry, on the stream of its level. What a line may say is the caller's to keep: never
// personal data, tokens or secrets.

import type { Log } from "../app/ports";

type Level = "info" | "warn" | "error";
type Fields = Readonly<Record<string, unknown>>;

/** Longer lines are cut by log pipelines anyway, and then no longer JSON. */
const MAX_LINE_CHARS = 16_000;
const MAX_FRAMES = 8;

export function jsonLog(): Log {
  return {
    info: (message, fields) => console.log(lineOf("info", message, fields)),
    warn: (message, fields) => console.warn(lineOf("warn", message, fields)),
    error: (message, fields) => console.error(lineOf("error", message, fields)),
  };
}

/** Never throws: a line that cannot be written as it is keeps its message and names what was left out. */
function lineOf(level: Level, message: string, fields: Fields = {}): string {
  const head = { level, message, at: new Date().toISOString() };
  try {
    // The visitor slows every line several times over, and few need it.
    const visitor = Object.values(fields).some(isUnreadable) ? readable : undefined;
    const line = JSON.stringify({ ...fields, ...head }, visitor);
    if (line.length <= MAX_LINE_CHARS) return line;
    return JSON.stringify({ ...head, leftOut: "fields: too long" });
  } catch {
    return JSON.stringify({ ...head, leftOut: "fields: not JSON" });
  }
}

/** Objects may hold anything. */
function isUnreadable(value: unknown): boolean {
  return typeof value === "bigint" || (typeof value === "object" && value !== null);
}

/** What JSON would lose (errors) or refuse (big integers). */
function readable(_key: string, value: unknown): unknown {
  if (value instanceof Error) return describe(value);
  return typeof value === "bigint" ? value.toString() : value;
}

/** The message's first line only: in a database's message a query's values follow it. */
function describe(error: Error): Fields {
  const frames = error.stack?.split("\n").filter((line) => line.startsWith("    at "));
  return {
    name: error.name,
    message: error.message.split("\n", 1)[0],
    cause: error.cause,
    frames: frames?.slice(0, MAX_FRAMES),
  };
}
