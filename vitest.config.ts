import { cloudflareTest, readD1Migrations } from "@cloudflare/vitest-pool-workers";
import { defineConfig } from "vitest/config";
import { buildWeb } from "./scripts/build-web.mjs";
import { newTicketKeySet } from "./scripts/ticket-keys.mjs";

// The Worker serves the web app, so it is there before the Worker is.
await buildWeb();

// Three projects: pure code in Node (starts in milliseconds), the product inside workerd, and the real dev server.
export default defineConfig({
  test: {
    silent: "passed-only",
    projects: [
      { test: { name: "unit", include: ["test/unit/**/*.test.ts"], environment: "node" } },
      {
        plugins: [
          cloudflareTest(async () => ({
            wrangler: { configPath: "./wrangler.toml" },
            miniflare: {
              bindings: {
                TEST_MIGRATIONS: await readD1Migrations("migrations"),
                ENVIRONMENT: "development",
                PAYMENTS: "simulator",
                EVENT_BOOKING_API: "on",
                JWT_SECRET: "a secret of the tests, long enough to be taken",
                TICKET_SIGNING_KEYS: newTicketKeySet(),
                PUBLIC_URL: "http://localhost:3000",
                EMAIL_FROM: "tickets@ticketflow.dev",
              },
            },
          })),
        ],
        test: {
          name: "workers",
          include: ["test/workers/**/*.test.ts"],
          setupFiles: ["test/workers/apply-migrations.ts"],
        },
      },
      {
        test: {
          name: "e2e",
          include: ["test/e2e/**/*.test.ts"],
          environment: "node",
          testTimeout: 120_000,
          hookTimeout: 120_000,
          fileParallelism: false,
          // After the others: these tests watch the clock, and need the machine for themselves.
          sequence: { groupOrder: 1 },
        },
      },
    ],
  },
});
