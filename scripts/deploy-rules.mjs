// What a deploy's variables must be, so that the product can serve and its pages can take a card.

/** Most of these src/env.ts checks too, and refuses to serve otherwise. */
const RULES = /** @type {const} */ ([
  ["ENVIRONMENT", /^production$/, "must be production"],
  ["PAYMENTS", /^stripe$/, "must be stripe: the simulator takes no money"],
  ["PUBLIC_URL", /^https:\/\/[^/]+$/, "must be the public address, such as https://tickets.example.com"],
  ["EMAIL_FROM", /^[^@\s]+@[^@\s]+\.[^@\s]+$/, "must be a sender of a domain that is onboarded for e-mail"],
  ["STRIPE_PUBLISHABLE_KEY", /^pk_live_/, "must be Stripe's pk_live_… key: without it the pages take no card"],
  ["STRIPE_API_BASE", /^$/, "must be empty"],
  ["EVENT_BOOKING_API", /^off$/, "must be off: that API knows no authentication"],
]);

/**
 * @param {Readonly<Record<string, unknown>>} vars
 * @returns {string[]} a sentence for each that is wrong
 */
export function variableProblems(vars) {
  return RULES.filter(([name, form]) => !form.test(String(vars[name] ?? ""))).map(
    ([name, , must]) => `${name} ${must}.`,
  );
}
