// The stand-in's memory, on disk. Every change is a line appended before anybody hears of it, so a kill at any moment
// loses nothing that was answered; starting again replays the lines.

import { appendFileSync, closeSync, existsSync, openSync, readFileSync, truncateSync, writeSync } from "node:fs";

/** Collections of plain objects by id. `put` is durable when it returns. */
export function openStore(file) {
  const collections = new Map();
  const collection = (name) => {
    if (!collections.has(name)) collections.set(name, new Map());
    return collections.get(name);
  };
  replay(file, collection);
  const descriptor = openSync(file, "a");
  const write = (line) => writeSync(descriptor, `${JSON.stringify(line)}\n`);
  return {
    get: (name, id) => collection(name).get(id),
    /** In the order they were first put. */
    all: (name) => [...collection(name).values()],
    put(name, id, value) {
      collection(name).set(id, value);
      write([name, id, value]);
      return value;
    },
    drop(name, id) {
      collection(name).delete(id);
      write([name, id, null]);
    },
    close: () => closeSync(descriptor),
  };
}

function replay(file, collection) {
  if (!existsSync(file)) return appendFileSync(file, "");
  const text = readFileSync(file, "utf8");
  // A kill in the middle of a line leaves half of one: it was never answered.
  const whole = text.slice(0, text.lastIndexOf("\n") + 1);
  if (whole.length < text.length) truncateSync(file, Buffer.byteLength(whole));
  for (const line of whole.split("\n")) {
    if (line === "") continue;
    const [name, id, value] = JSON.parse(line);
    if (value === null) collection(name).delete(id);
    else collection(name).set(id, value);
  }
}
