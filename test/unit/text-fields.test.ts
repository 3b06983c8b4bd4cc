import { expect, it } from "vitest";
import { lineOf, proseOf } from "../../src/http/fields";

it("a text is kept without the spaces around it, and counts with them, as the OpenAPI document says", () => {
  expect(lineOf(1, 5).parse(" ab ")).toBe("ab");
  expect(lineOf(1, 5).safeParse("ab    ").success).toBe(false);
  expect(proseOf(5).parse("a\nb\n")).toBe("a\nb");
  expect(proseOf(5).safeParse("\n".repeat(6)).success).toBe(false);
});

it("a line of nothing but spaces is none", () => {
  expect(lineOf(1, 5).safeParse("   ").success).toBe(false);
  expect(lineOf(2, 5).safeParse(" a ").success).toBe(false);
});
