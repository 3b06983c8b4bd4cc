import { defineConfig } from "vitest/config";

// The web app in a real Chromium against the real dev server: `npm run test:browser`. Not part of `npm test`, which needs
// nothing but npm; this needs Debian's `chromium`, or another by CHROMIUM=/path.
export default defineConfig({
  test: {
    name: "browser",
    include: ["test/browser/**/*.test.ts"],
    globalSetup: "test/browser/server.ts",
    environment: "node",
    testTimeout: 60_000,
    hookTimeout: 90_000,
    fileParallelism: false,
  },
});
