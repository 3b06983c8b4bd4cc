// Loaded into wrangler before it starts: when the process that started it is gone, wrangler ends too and takes its
// servers with it. Without this, a killed `npm run dev` would leave them holding the port.

import { isMainThread } from "node:worker_threads";

const CHECK_EVERY_MS = 500;

if (isMainThread) {
  const parent = process.ppid;
  const check = setInterval(() => {
    if (process.ppid === parent) return;
    clearInterval(check);
    process.kill(process.pid, "SIGTERM");
  }, CHECK_EVERY_MS);
  check.unref();
}
