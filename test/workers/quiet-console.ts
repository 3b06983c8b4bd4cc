// The product's log (it writes no other level), said only where a test fails. Vitest would send each line to its reporter over the runner's own
// socket: one written outside the runner (a queue's consumer, an object's alarm) just as a file ends waits there for
// a message that never follows, and the run hangs.

import { beforeEach, onTestFailed } from "vitest";

const MAX_LINES = 200;
const said: (() => void)[] = [];

for (const level of ["log", "warn", "error"] as const) {
  const say = console[level].bind(console);
  console[level] = (...args: unknown[]) => {
    said.push(() => say(...args));
    if (said.length > MAX_LINES) said.shift();
  };
}

beforeEach(() => {
  said.length = 0;
  onTestFailed(() => {
    for (const line of said.splice(0)) line();
  });
});
