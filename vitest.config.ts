import { cloudflareTest, readD1Migrations } from "@cloudflare/vitest-pool-workers";
import { defineConfig, type TestProjectInlineConfiguration } from "vitest/config";
import { buildWeb } from "./scripts/build-web.mjs";
import { newTicketKeySet } from "./scripts/ticket-keys.mjs";

type ProjectTest = NonNullable<TestProjectInlineConfiguration["test"]>;

// The Worker serves the web app, so it is there before the Worker is.
await buildWeb();

/** The real server, started, killed and started again. */
function endToEnd(test: ProjectTest): { readonly test: ProjectTest } {
  return { test: { environment: "node", testTimeout: 120_000, hookTimeout: 120_000, ...test } };
}

// Pure code in Node (starts in milliseconds), the product inside workerd, and the real server.
export default defineConfig({
  test: {
    silent: "passed-only",
    projects: [
      { test: { name: "unit", include: ["test/unit/**/*.test.ts"], environment: "node", maxWorkers: 2 } },
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
                FUZZ_REQUESTS: process.env["FUZZ_REQUESTS"] ?? "",
                FUZZ_SEED: process.env["FUZZ_SEED"] ?? "",
              },
            },
          })),
        ],
        test: {
          name: "workers",
          include: ["test/workers/**/*.test.ts"],
          setupFiles: ["test/workers/quiet-console.ts", "test/workers/apply-migrations.ts"],
          disableConsoleIntercept: true,
          maxWorkers: 2,
        },
      },
      // Each file has a server and a state of its own, and mostly waits: two of them side by side.
      endToEnd({ name: "e2e", include: ["test/e2e/*.test.ts"], maxWorkers: 2, sequence: { groupOrder: 1 } }),
      // These watch the clock, or keep the machine busy: each alone, after the others.
      endToEnd({
        name: "e2e-alone",
        include: ["test/e2e/alone/*.test.ts"],
        fileParallelism: false,
        sequence: { groupOrder: 2 },
      }),
    ],
  },
});
