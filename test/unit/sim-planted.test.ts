// The bugs that the simulation must find are planted by text: each still fits its source, or a change there moves it.

import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { PLANTED } from "../../scripts/sim-planted.mjs";

it.each(PLANTED)("$name: fits $file once, and changes it", ({ file, find, replace }) => {
  expect(readFileSync(file, "utf8").split(find)).toHaveLength(2);
  expect(replace).not.toBe(find);
});
