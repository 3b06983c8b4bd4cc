// Finds what a killed wrangler leaves behind. Its servers do not end with it: they would keep the port and the
// database open, in our process group, with nobody to stop them.

import { execFileSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";

const LEFT_BEHIND = /(?:^|\/)(?:workerd|esbuild)(?:\s|$)/;

/** Kills workerd and esbuild processes of our own group whose parent is gone. */
export function killOrphans() {
  const processes = processTable();
  const group = processes.find(({ pid }) => pid === process.pid)?.group;
  const members = new Set(processes.filter((one) => one.group === group).map(({ pid }) => pid));
  for (const { pid, parent, command } of processes) {
    if (members.has(pid) && !members.has(parent) && LEFT_BEHIND.test(command)) kill(pid);
  }
}

/** @param {number} pid */
function kill(pid) {
  try {
    process.kill(pid, "SIGKILL");
  } catch (error) {
    if (!(error instanceof Error && "code" in error && error.code === "ESRCH")) throw error;
  }
}

/** @returns {{ pid: number, parent: number, group: number, command: string }[]} */
function processTable() {
  return existsSync("/proc/self/stat") ? fromProc() : fromPs();
}

function fromProc() {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => {
      try {
        const stat = readFileSync(`/proc/${name}/stat`, "utf8");
        // The second field is the program's name in brackets and may itself hold spaces and brackets.
        const [, parent, group] = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
        const command = readFileSync(`/proc/${name}/cmdline`, "utf8").replaceAll("\0", " ");
        return [{ pid: Number(name), parent: Number(parent), group: Number(group), command }];
      } catch {
        return []; // It ended while we were looking.
      }
    });
}

function fromPs() {
  const listing = execFileSync("ps", ["-A", "-o", "pid=,ppid=,pgid=,command="], { encoding: "utf8" });
  return listing.split("\n").flatMap((line) => {
    const [, pid, parent, group, command] = /^\s*(\d+)\s+(\d+)\s+(\d+)\s+(.*)$/.exec(line) ?? [];
    return command ? [{ pid: Number(pid), parent: Number(parent), group: Number(group), command }] : [];
  });
}
