// Servers under measurement: started in groups of their own, ended by their own ids, and asked of the kernel how much
// processor time they used.

import { spawn } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { createInterface } from "node:readline";

/** Of the kernel's clock, which /proc counts in. The same on every Linux that Node runs on. */
const TICKS_PER_SECOND = 100;
const START_PATIENCE_MS = 60_000;

/** @typedef {import("node:child_process").ChildProcess} ChildProcess */
/** @type {Set<ChildProcess>} */
const running = new Set();
process.on("exit", () => {
  for (const child of running) endGroup(child, "SIGKILL");
});
for (const signal of /** @type {const} */ (["SIGINT", "SIGTERM"])) process.on(signal, () => process.exit(1));

/**
 * Starts a program that prints a line of JSON with its port once it answers.
 * @param {string} command @param {readonly string[]} args
 * @param {import("node:child_process").SpawnOptions} [options]
 */
export async function startAnswering(command, args, options = {}) {
  const child = startProgram(command, args, options);
  if (child.stdout === null) throw new Error("its output is not read");
  const lines = createInterface({ input: child.stdout });
  return await new Promise((resolve, reject) => {
    const failed = () => reject(new Error(`${command} ${args[0] ?? ""} did not start`));
    const patience = setTimeout(failed, START_PATIENCE_MS);
    child.once("exit", failed);
    lines.on("line", (line) => {
      if (!line.startsWith('{"port":')) return;
      clearTimeout(patience);
      child.off("exit", failed);
      resolve({ child, said: /** @type {{ port: number } & Record<string, number>} */ (JSON.parse(line)) });
    });
  });
}

/**
 * @param {string} command @param {readonly string[]} args
 * @param {import("node:child_process").SpawnOptions} [options]
 */
export function startProgram(command, args, options = {}) {
  const child = spawn(command, args, { detached: true, stdio: ["pipe", "pipe", "inherit"], ...options });
  running.add(child);
  return child;
}

/** @param {ChildProcess} child @param {NodeJS.Signals} [signal] */
export async function stop(child, signal = "SIGKILL") {
  if (!running.delete(child)) return;
  const gone = new Promise((resolve) => child.once("exit", resolve));
  endGroup(child, signal);
  if (child.exitCode === null && child.signalCode === null) await gone;
}

/** @param {ChildProcess} child @param {NodeJS.Signals} signal */
function endGroup({ pid }, signal) {
  if (pid === undefined) return;
  try {
    process.kill(-pid, signal);
  } catch (error) {
    if (!(error instanceof Error && "code" in error && error.code === "ESRCH")) throw error;
  }
}

/**
 * Processor time of a process and of all it started, in milliseconds; those that ended count for whoever awaited them.
 * @param {readonly number[]} roots
 * @param {(name: string) => boolean} [counts] which of them, by the name of their program
 */
export function cpuMsOf(roots, counts = () => true) {
  const stats = readdirSync("/proc").flatMap((pid) => (/^\d+$/.test(pid) ? statOf(Number(pid)) : []));
  const mine = new Set(roots);
  // A child may come before its parent in the list when numbers have wrapped: until nothing is added.
  for (let size = -1; size !== mine.size; ) {
    size = mine.size;
    for (const { pid, parent } of stats) if (mine.has(parent)) mine.add(pid);
  }
  let ticks = 0;
  for (const stat of stats) if (mine.has(stat.pid) && counts(stat.name)) ticks += stat.ticks;
  return (ticks * 1000) / TICKS_PER_SECOND;
}

/** @param {number} pid */
function statOf(pid) {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, "utf8");
    const nameEnd = text.lastIndexOf(")");
    const fields = text.slice(nameEnd + 2).split(" ");
    const numberAt = (/** @type {number} */ place) => Number(fields[place - 3]);
    const ticks = numberAt(14) + numberAt(15) + numberAt(16) + numberAt(17);
    return [{ pid, parent: numberAt(4), name: text.slice(text.indexOf("(") + 1, nameEnd), ticks }];
  } catch {
    return []; // It ended while we looked.
  }
}

/**
 * The same, to the microsecond, of threads that are still there.
 * @param {readonly number[]} pids
 */
export function exactCpuMsOf(pids) {
  let ns = 0;
  for (const pid of pids) {
    for (const thread of readdirSync(`/proc/${pid}/task`)) {
      ns += Number(readFileSync(`/proc/${pid}/task/${thread}/schedstat`, "utf8").split(" ", 1)[0]);
    }
  }
  return ns / 1e6;
}

/** Programs of a name that a process started. @param {number} parent @param {string} name */
export function childrenOf(parent, name) {
  const stats = readdirSync("/proc").flatMap((pid) => (/^\d+$/.test(pid) ? statOf(Number(pid)) : []));
  return stats.filter((stat) => stat.parent === parent && stat.name.startsWith(name)).map(({ pid }) => pid);
}
