// The product behind `npm run dev`, for reference: the same code behind the development proxy.

import { readFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { cpuMsOf, startProgram, stop } from "./processes.mjs";
import { organiserOf, ROOT } from "./product.mjs";

const READY_POLL_MS = 250;
const READY_POLLS = 240;

/** @param {string} folder */
export async function startDevServer(folder) {
  const port = await freePort();
  const state = join(folder, "dev");
  const args = [join(ROOT, "scripts/dev.mjs"), "--port", String(port), "--persist-to", state];
  const child = startProgram(process.execPath, args, { cwd: ROOT, stdio: "ignore" });
  const url = `http://127.0.0.1:${port}`;
  for (let poll = 0; !(await answers(url)); poll++) {
    if (poll >= READY_POLLS) throw new Error("the development server did not start");
    await wait(READY_POLL_MS);
  }
  const pid = /** @type {number} */ (child.pid);
  const secret = /JWT_SECRET=(\S+)/.exec(readFileSync(join(state, "ticketflow-dev-secrets.env"), "utf8"))?.[1] ?? "";
  return {
    ...organiserOf(url),
    port,
    secret,
    cpuMs: () => cpuMsOf([pid]),
    stop: () => stop(child),
  };
}

/** @param {string} url */
async function answers(url) {
  try {
    return (await fetch(`${url}/health`)).ok;
  } catch {
    return false;
  }
}

/** @returns {Promise<number>} */
function freePort() {
  return new Promise((resolve) => {
    const probe = createServer();
    probe.listen(0, "127.0.0.1", () => {
      const address = probe.address();
      const port = typeof address === "object" && address !== null ? address.port : 0;
      probe.close(() => resolve(port));
    });
  });
}
