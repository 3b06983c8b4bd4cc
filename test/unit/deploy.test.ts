// What a deploy is refused for before anything is changed.

import { expect, it } from "vitest";
import { variableProblems } from "../../scripts/deploy-rules.mjs";

const SET = {
  ENVIRONMENT: "production",
  PAYMENTS: "stripe",
  PUBLIC_URL: "https://tickets.example.com",
  EMAIL_FROM: "tickets@example.com",
  STRIPE_PUBLISHABLE_KEY: "pk_live_51Hq8LkJ2eZvKYlo2C",
  STRIPE_API_BASE: "",
  EVENT_BOOKING_API: "off",
};

it("a deploy goes on when every variable is set", () => {
  expect(variableProblems(SET)).toEqual([]);
});

it.each<[name: keyof typeof SET, value: string | undefined]>([
  ["ENVIRONMENT", "development"],
  ["PAYMENTS", "simulator"],
  ["PUBLIC_URL", ""],
  ["EMAIL_FROM", undefined],
  // The API would serve, and its pages could take no card.
  ["STRIPE_PUBLISHABLE_KEY", ""],
  ["STRIPE_PUBLISHABLE_KEY", undefined],
  ["STRIPE_PUBLISHABLE_KEY", "pk_test_51Hq8LkJ2eZvKYlo2C"],
  ["STRIPE_API_BASE", "http://127.0.0.1:4242"],
  ["EVENT_BOOKING_API", "on"],
])("a deploy is refused with %s as %s", (name, value) => {
  expect(variableProblems({ ...SET, [name]: value })).toEqual([expect.stringMatching(new RegExp(`^${name} must `))]);
});
