// The command itself: ready in time on a machine that never ran it, one process group, ends with its signals and with
// its parent, says clearly what is wrong; administrators, made while it runs and while it does not; and a dry deploy.

import { randomUUID } from "node:crypto";
import { createServer } from "node:net";
import { cpus, loadavg } from "node:os";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Client, clientOf, type Lock, until } from "./client";
import { type DevServer, freePort, outputOf, startDevServer } from "./dev-server";

/** Promised for a machine that does nothing else. One with more to do than processors takes as many times longer. */
const READY_LIMIT_MS = 15_000;
const CROWD = Math.max(1, (loadavg()[0] ?? 0) / cpus().length);
const END_LIMIT_MS = 8_000;

let server: DevServer;
let api: Client;
let firstReadyMs: number;

beforeAll(async () => {
  const startedAt = performance.now();
  server = await startDevServer({ args: ["--var", "HOLD_TTL_SECONDS:20", "--var", "HOLD_TTL_SECONDS:40"] });
  firstReadyMs = performance.now() - startedAt;
  api = clientOf(server.url);
});

afterAll(async () => {
  await server?.[Symbol.asyncDispose]();
});

describe("starting", () => {
  it("is ready in time on a fresh state, and answers on localhost and on 127.0.0.1", async () => {
    expect(firstReadyMs).toBeLessThan(READY_LIMIT_MS * CROWD);
    for (const host of ["localhost", "127.0.0.1"]) {
      expect((await fetch(`http://${host}:${server.port}/health`)).status).toBe(200);
    }
  });

  it("says where the product is and who can log in, and nothing about errors or cron", async () => {
    await until("the greeting", END_LIMIT_MS, async () => server.output().includes("TicketFlow is ready"));
    const output = server.output();
    for (const text of [
      server.url,
      "test@ticketflow.dev / Test1234!",
      "admin@ticketflow.dev / Admin1234!",
      "/dev/mailbox",
    ]) {
      expect(output).toContain(text);
    }
    expect(output).not.toMatch(/error|warning|scheduled/i);
  });

  it("refuses a port that is in use, in one sentence", async () => {
    const port = await freePort();
    const squatter = createServer().listen(port, "127.0.0.1");
    try {
      const output = await outputOf("npm", [
        "run",
        "-s",
        "dev",
        "--",
        "--port",
        String(port),
        "--persist-to",
        `${server.stateDir}-other`,
      ]);
      expect(output).toContain(`Port ${port} is in use`);
      expect(output).not.toContain("    at ");
    } finally {
      squatter.close();
    }
  });

  it("refuses a state folder that another server uses", async () => {
    const output = await outputOf("npm", [
      "run",
      "-s",
      "dev",
      "--",
      "--port",
      String(await freePort()),
      "--persist-to",
      server.stateDir,
    ]);
    expect(output).toContain(`A dev server already uses ${server.stateDir}`);
  });

  it("gives what follows -- to the product, the last --var winning", async () => {
    const { data } = await api.expectStatus<{ data: { id: string }[] }>(200, "GET", "/api/events?perPage=1");
    const body = { eventId: data[0]?.id, seats: 1 };
    const askedAt = Date.now();
    const lock = await api.expectStatus<Lock>(201, "POST", "/api/locks", { caller: await api.signUp(), body });
    const livesMs = Date.parse(lock.expiresAt) - askedAt;
    expect(livesMs).toBeGreaterThan(40_000);
    expect(livesMs).toBeLessThan(60_000);
  });
});

describe("administrators", () => {
  it("are made by the running server, and count with the token they have", async () => {
    const user = await api.signUp();
    const venue = { name: "Hall", address: "1 Street", city: "Town", country: "GB", capacity: 10 };
    const makeVenue = () => api.call("POST", "/api/venues", { caller: user, body: venue });
    expect((await makeVenue()).status).toBe(403);
    expect(await grant(user.email.toUpperCase())).toContain("is an administrator now");
    expect((await makeVenue()).status).toBe(201);
  });

  it("are made in the database while no server runs", async () => {
    const user = await api.signUp();
    await server.kill();
    expect(await grant(user.email)).toContain("is an administrator now");
    expect(await grant(`nobody-${randomUUID()}@example.com`)).toContain("Nobody has registered");
    await server.restart();
    const { status } = await api.call("GET", "/api/admin/consistency", { caller: user });
    expect(status).toBe(200);
  });

  it("are not made of strangers, nor of what is no address", async () => {
    expect(await grant("nobody@example.com")).toContain("Nobody has registered");
    expect(await grant("x' OR '1'='1")).toContain("is not an e-mail address");
  });
});

describe("deploying", () => {
  it("says offline, in a dry run, what the configuration lacks, and that the Worker builds", async () => {
    const output = await outputOf("npm", [
      "run",
      "-s",
      "deploy",
      "--",
      "--dry-run",
      "--var",
      "EMAIL_FROM:a@example.com",
    ]);
    expect(output).toContain("PUBLIC_URL must be the public address");
    expect(output).not.toContain("EMAIL_FROM must");
    expect(output).toContain("--dry-run: exiting now");
  });
});

describe("ending", () => {
  it("on SIGTERM leaves no process and says so by its exit code", async () => {
    expect(await server.stop()).toBe(143);
    await expect(fetch(`${server.url}/health`)).rejects.toThrow();
  });

  it.each([
    ["npm", /^npm run dev/],
    ["the dev script", /scripts\/dev\.mjs/],
    ["wrangler", /wrangler-dist\/cli\.js/],
  ])("when %s alone is killed, everything of the group ends, and the next start works", async (_, command) => {
    await server.restart();
    await api.logInAsOrganiser();
    const victim = (await server.processes()).find((one) => command.test(one.command));
    if (!victim) throw new Error("no such process");
    process.kill(victim.pid, "SIGKILL");
    await until("the group to end", END_LIMIT_MS, async () => (await server.processes()).length === 0);
  });
});

async function grant(email: string): Promise<string> {
  return await outputOf("npm", ["run", "-s", "admin", "--", "grant", email, "--persist-to", server.stateDir]);
}
