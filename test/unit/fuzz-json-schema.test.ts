// The fuzz test's judge of answers must itself be able to refuse.

import { describe, expect, it } from "vitest";
import { checkerOf } from "../fuzz/json-schema";

const DOCUMENT = {
  components: {
    schemas: {
      Seat: {
        type: "object",
        properties: {
          id: { type: "string", minLength: 2, maxLength: 6, pattern: "^s" },
          price: { type: ["integer", "null"], minimum: 0, maximum: 10 },
          status: { type: "string", enum: ["A", "L"] },
          at: { type: "string", format: "date-time" },
        },
        required: ["id"],
      },
    },
  },
};
const seats = { type: "array", items: { $ref: "#/components/schemas/Seat" }, minItems: 1, maxItems: 2 };
const check = checkerOf(DOCUMENT);
const GOOD = { id: "seat", price: 3, status: "A", at: "2027-01-01T10:00:00.000Z" };

describe("the checker of answers", () => {
  it("takes what fits", () => {
    expect(check(seats, [GOOD, { id: "s😀", price: null, more: 1 }])).toEqual([]);
  });

  it.each([
    ["another type", { not: "a list" }],
    ["too few items", []],
    ["too many items", [GOOD, GOOD, GOOD]],
    ["a missing property", [{ price: 1 }]],
    ["a short text", [{ id: "s" }]],
    ["a long text", [{ id: "seatseat" }]],
    ["a text of another form", [{ id: "xx" }]],
    ["a fraction", [{ ...GOOD, price: 0.5 }]],
    ["a number too small", [{ ...GOOD, price: -1 }]],
    ["a number too large", [{ ...GOOD, price: 11 }]],
    ["a number as text", [{ ...GOOD, price: "1" }]],
    ["an unknown word", [{ ...GOOD, status: "R" }]],
    ["no date", [{ ...GOOD, at: "tomorrow" }]],
  ])("refuses %s", (_, value) => {
    expect(check(seats, value)).toHaveLength(1);
  });

  it("refuses undeclared properties where objects are closed", () => {
    expect(checkerOf(DOCUMENT, { closed: true })(seats, [{ ...GOOD, more: 1 }])).toEqual([
      "body[0].more is not declared",
    ]);
    expect(check({ type: "object", additionalProperties: false }, { a: 1 })).toEqual(["body.a is not declared"]);
    expect(check({ type: "object", additionalProperties: { type: "string" } }, { a: 1 })).toHaveLength(1);
  });

  it("refuses what fits none of several", () => {
    const either = { anyOf: [{ type: "string" }, seats] };
    expect([check(either, "x"), check(either, [GOOD])]).toEqual([[], []]);
    expect(check(either, 1)).toHaveLength(2);
  });

  it("refuses a schema that it would only half understand", () => {
    expect(() => check({ type: "string", contentEncoding: "base64" }, "x")).toThrow("contentEncoding");
  });
});
