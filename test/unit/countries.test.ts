// Countries are named by the codes of ISO 3166-1, as they are officially assigned.

import { expect, it } from "vitest";
import { COUNTRIES } from "../../src/domain/countries";

it("there are 249 of them, each of two capital letters, and no other text is one", () => {
  expect(COUNTRIES.size).toBe(249);
  for (const code of COUNTRIES) expect(code).toMatch(/^[A-Z]{2}$/);
  expect(["GB", "DE", "JP", "ZW"].every((code) => COUNTRIES.has(code))).toBe(true);
  expect(["UK", "EU", "XX", "gb", ""].some((code) => COUNTRIES.has(code))).toBe(false);
});
