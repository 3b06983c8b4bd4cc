// `npm run dev`: the whole product on one port, with its database migrated, demo data in it and the cron sweeps running.
// It asks nothing and needs nothing from the internet. All its processes are in one process group and end with it.

import { setTimeout as wait } from "node:timers/promises";
import { buildWeb, rebuildOnChange } from "./build-web.mjs";
import { parseDevArguments } from "./dev-arguments.mjs";
import { claimPort, startServer } from "./dev-server.mjs";
import { forgetMigrations, migrate, runningServer } from "./dev-state.mjs";

const START_LIMIT_MS = 60_000;
const POLL_MS = 50;
const REQUEST_LIMIT_MS = 10_000;
/** Local cron does not fire by itself. The expression is the one in wrangler.toml. */
const SWEEP_PATH = "/cdn-cgi/handler/scheduled?cron=*+*+*+*+*";
const SWEEP_EVERY_MS = 30_000;

/** @typedef {import("./dev-arguments.mjs").DevArguments} DevArguments */
/** @typedef {ReturnType<typeof startServer>} Server */

try {
  await run(parseDevArguments(process.argv.slice(2)));
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}

/** @param {DevArguments} asked */
async function run(asked) {
  const { url, stateDir } = asked;
  const elsewhere = await runningServer(stateDir);
  if (elsewhere) {
    throw new Error(
      `A dev server already uses ${stateDir}: it is at ${elsewhere}. Give this one another --persist-to.`,
    );
  }
  await claimPort(asked.port, asked.ip);
  await Promise.all([migrate(stateDir), buildWeb()]);
  rebuildOnChange();
  const server = startServer(asked);
  const greeting = await seed(asked, server);
  if (greeting === null) return;
  await sweep(url);
  setInterval(() => sweep(url), SWEEP_EVERY_MS).unref();
  if (!server.isStopping()) console.log(greeting);
}

/**
 * Waits for the server and has it put the demo data in. Until that is done, /health does not say ok.
 * @param {DevArguments} asked
 * @param {Server} server
 * @returns {Promise<string | null>} what to say to the user; null when the product does not serve
 */
async function seed(asked, server) {
  const startedAt = Date.now();
  while (!server.isStopping()) {
    const answer = await postSeed(asked.url);
    switch (answer?.status) {
      case 200:
        return welcome(asked);
      case 404:
        return `\n  TicketFlow is ready: ${asked.url}, without demo data: this is not development.\n`;
      case 503:
        if (!(await isRefusedConfiguration(answer))) break;
        console.log("\n  The configuration is refused: the line above says why. Every request gets a 503.\n");
        return null;
      case 500:
        // A database whose notes are wrong is the one cause that the next start can mend by itself.
        forgetMigrations(asked.stateDir);
        console.error(`The demo data could not be put in: ${await answer.text()}`);
        server.stop(1);
        return null;
    }
    if (Date.now() - startedAt > START_LIMIT_MS) {
      console.error(`The server does not answer at ${asked.url}.`);
      server.stop(1);
      return null;
    }
    await wait(POLL_MS);
  }
  return null;
}

/** The product's own answer, or null while it has none. @param {string} url */
async function postSeed(url) {
  const headers = { "Content-Type": "application/json" };
  const signal = AbortSignal.timeout(REQUEST_LIMIT_MS);
  try {
    const answer = await fetch(`${url}/dev/seed`, { method: "POST", headers, body: "{}", signal });
    return answer.headers.has("X-Request-Id") ? answer : null;
  } catch {
    return null;
  }
}

/** As opposed to passwords that wait to be hashed, which end soon. @param {Response} answer */
async function isRefusedConfiguration(answer) {
  return (await answer.text()).includes('"NOT_READY"');
}

/** A sweep that fails while the code is being reloaded is made up for by the next. @param {string} url */
async function sweep(url) {
  try {
    await (await fetch(url + SWEEP_PATH, { signal: AbortSignal.timeout(REQUEST_LIMIT_MS) })).arrayBuffer();
  } catch (error) {
    if (!(error instanceof TypeError || error instanceof DOMException)) throw error;
  }
}

/** @param {DevArguments} asked */
function welcome({ url, stateDir }) {
  const rows = [
    ["Buyer", "test@ticketflow.dev / Test1234!"],
    ["Organiser", "admin@ticketflow.dev / Admin1234!"],
    ["Mailbox", `${url}/dev/mailbox`],
    ["API docs", `${url}/docs`],
    ["Second API", `${url}/event-booking`],
    ["Data", `${stateDir} (delete it to start anew)`],
  ];
  const lines = rows.map(([name, value]) => `  ${name?.padEnd(12)}${value}`);
  return ["", `  TicketFlow is ready: ${url}`, "", ...lines, "", "  Ctrl+C stops it.", ""].join("\n");
}
