// Moments that callers write.

import { describe, expect, it } from "vitest";
import { moment } from "../../src/http/fields";

describe("a moment", () => {
  it("is read with its offset", () => {
    expect(moment.parse("2027-09-15T19:30:00+02:00")).toBe(Date.UTC(2027, 8, 15, 17, 30));
    expect(moment.parse("9998-12-31T23:59:59Z")).toBe(Date.UTC(9998, 11, 31, 23, 59, 59));
  });

  it.each(["9999-01-01T00:00:00Z", "9999-12-31T23:59:59-12:00"])(
    "%s is refused: what follows from it would have a year of five digits, which no date-time has",
    (text) => {
      expect(moment.safeParse(text).error?.issues).toMatchObject([{ message: "must be before the year 9999" }]);
    },
  );

  it.each(["2026-02-30T10:00:00Z", "2027-01-01", "+275760-09-13T00:00:00Z"])("%s is refused", (text) => {
    expect(moment.safeParse(text).success).toBe(false);
  });
});
