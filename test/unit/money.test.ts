// Money: integers of one currency, whose digits ISO 4217 says.

import { expect, it } from "vitest";
import { currencyDigits, sumMinor, sumMoney } from "../../src/domain/money";

it("amounts of one currency are added, and none are nothing of it", () => {
  const of = (amountMinor: number) => ({ amountMinor, currency: "GBP" });
  expect(sumMoney("GBP", [of(250), of(75)])).toEqual(of(325));
  expect(sumMoney("GBP", [])).toEqual(of(0));
  expect(sumMinor([250, 75, 5])).toBe(330);
});

it("adding two currencies is a bug, and says so", () => {
  expect(() => sumMoney("GBP", [{ amountMinor: 1, currency: "EUR" }])).toThrow("cannot add EUR to GBP");
});

it("a currency has two digits after the point, but for those that have none or three", () => {
  expect(["GBP", "JPY", "KWD"].map(currencyDigits)).toEqual([2, 0, 3]);
});
