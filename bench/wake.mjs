// What it costs to wake a box office that has sold its hall: the processor time of its first read after a start.

import { childrenOf, exactCpuMsOf } from "./processes.mjs";

/** Woken before, so that the code is compiled and what is measured is the rows. */
const WARM_HALLS = 3;
const WARM_SEATS = 20_000;

/** Halls nobody bought from, made before the start that is measured. @param {import("./product.mjs").Product} product */
export async function warmHalls(product) {
  const halls = [];
  for (let n = 0; n <= WARM_HALLS; n++) halls.push(await product.addHall(WARM_SEATS));
  return halls;
}

/**
 * @param {import("./product.mjs").Product} product just started
 * @param {readonly string[]} halls @param {string} soldOut
 */
export async function wakeCpu(product, halls, soldOut) {
  const runtime = product.pids.flatMap((pid) => childrenOf(pid, "workerd"));
  const wake = async (/** @type {string} */ eventId) => {
    const before = exactCpuMsOf(runtime);
    const startedAt = performance.now();
    await product.ask("GET", `/api/inventory/events/${eventId}/statuses`);
    return { cpuMs: exactCpuMsOf(runtime) - before, wallMs: performance.now() - startedAt };
  };
  const [unsold = "", ...warm] = halls;
  for (const hall of warm) await wake(hall);
  const empty = await wake(unsold);
  const full = await wake(soldOut);
  // The same read of an object that is awake, past the second for which the answer before is given again.
  await new Promise((resolve) => setTimeout(resolve, 1_200));
  const awake = await wake(soldOut);
  return { soldOutCpuMs: full.cpuMs, unsoldCpuMs: empty.cpuMs, awakeCpuMs: awake.cpuMs, wallMs: full.wallMs };
}
