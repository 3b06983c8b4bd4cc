// The real thing: `npm run dev` in a process group of its own, on a free port and a state folder of its own, to be
// killed and started again at will. Whatever happens to a test, its processes and its folder go.

import { type ChildProcess, spawn } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";

export const ROOT = join(import.meta.dirname, "../..");
const START_LIMIT_MS = 60_000;
const STOP_LIMIT_MS = 15_000;
const POLL_MS = 25;

export interface DevServer {
  readonly url: string;
  readonly port: number;
  readonly stateDir: string;
  /** Everything the command printed, all starts together. */
  output(): string;
  /** SIGKILL to the whole group; over when nothing of it is left. */
  kill(): Promise<void>;
  /** SIGTERM to the command itself, as a supervisor would; the exit code, once nothing of the group is left. */
  stop(): Promise<number | null>;
  /** Starts again on the same port and state, killing first whatever still runs. Milliseconds until /health was 200. */
  restart(): Promise<number>;
  /** For a single process of the group. */
  processes(): Promise<readonly { pid: number; command: string }[]>;
  [Symbol.asyncDispose](): Promise<void>;
}

export interface DevServerOptions {
  readonly stateDir?: string;
  readonly args?: readonly string[];
}

const groups = new Set<number>();
process.on("exit", () => {
  for (const group of groups) signalGroup(group, "SIGKILL");
});

export async function startDevServer({ stateDir, args = [] }: DevServerOptions = {}): Promise<DevServer> {
  const port = await freePort();
  const state = stateDir ?? (await mkdtemp(join(tmpdir(), "ticketflow-e2e-")));
  const url = `http://localhost:${port}`;
  let running: Running | null = null;
  let printed = "";

  const restart = async () => {
    await kill();
    const startedAt = performance.now();
    running = launch(["--port", String(port), "--persist-to", state, ...args], (text) => {
      printed += text;
    });
    await healthy(url, running, () => printed);
    return performance.now() - startedAt;
  };
  const kill = async () => {
    if (!running) return;
    signalGroup(running.group, "SIGKILL");
    await gone(running);
    running = null;
  };
  const stop = async () => {
    if (!running) return null;
    running.child.kill("SIGTERM");
    await gone(running);
    const { exitCode } = running.child;
    running = null;
    return exitCode;
  };
  const dispose = async () => {
    await kill();
    if (!stateDir) await rm(state, { recursive: true, force: true, maxRetries: 5 });
  };
  const processes = async () => (running ? await processesOf(running.group) : []);

  try {
    await restart();
  } catch (error) {
    await dispose();
    throw error;
  }
  return {
    url,
    port,
    stateDir: state,
    output: () => printed,
    kill,
    stop,
    restart,
    processes,
    [Symbol.asyncDispose]: dispose,
  };
}

interface Running {
  readonly child: ChildProcess;
  readonly group: number;
}

function launch(args: readonly string[], print: (text: string) => void): Running {
  const child = spawn("npm", ["run", "dev", "--", ...args], {
    cwd: ROOT,
    detached: true,
    stdio: ["ignore", "pipe", "pipe"],
  });
  const group = child.pid;
  if (group === undefined) throw new Error("npm could not be started");
  groups.add(group);
  child.stdout?.setEncoding("utf8").on("data", print);
  child.stderr?.setEncoding("utf8").on("data", print);
  return { child, group };
}

async function healthy(url: string, { child }: Running, printed: () => string): Promise<void> {
  const deadline = performance.now() + START_LIMIT_MS;
  while (performance.now() < deadline) {
    if (child.exitCode !== null) throw new Error(`npm run dev ended with ${child.exitCode}:\n${printed()}`);
    const answer = await fetch(`${url}/health`, { signal: AbortSignal.timeout(5_000) }).catch(() => null);
    if (answer?.status === 200) return;
    await wait(POLL_MS);
  }
  throw new Error(`npm run dev was not ready in ${START_LIMIT_MS} ms:\n${printed()}`);
}

async function gone({ child, group }: Running): Promise<void> {
  const deadline = performance.now() + STOP_LIMIT_MS;
  while (performance.now() < deadline) {
    const ended = child.exitCode !== null || child.signalCode !== null;
    if (ended && (await processesOf(group)).length === 0) {
      groups.delete(group);
      return;
    }
    await wait(POLL_MS);
  }
  const left = await processesOf(group);
  signalGroup(group, "SIGKILL");
  throw new Error(`these outlived their server:\n${left.map(({ pid, command }) => `${pid} ${command}`).join("\n")}`);
}

/** Living members of a group; what only waits to be reaped is no longer there for anybody. */
async function processesOf(group: number): Promise<{ pid: number; command: string }[]> {
  const listing = await outputOf("ps", ["-A", "-o", "pid=,pgid=,stat=,args="]);
  return listing.split("\n").flatMap((line) => {
    const [, pid, pgid, state, command] = /^\s*(\d+)\s+(\d+)\s+(\S+)\s+(.*)$/.exec(line) ?? [];
    if (Number(pgid) !== group || command === undefined || state?.startsWith("Z")) return [];
    return [{ pid: Number(pid), command }];
  });
}

export function outputOf(command: string, args: readonly string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd: ROOT, stdio: ["ignore", "pipe", "pipe"] });
    let text = "";
    child.stdout.setEncoding("utf8").on("data", (chunk) => {
      text += chunk;
    });
    child.stderr.setEncoding("utf8").on("data", (chunk) => {
      text += chunk;
    });
    child.on("error", reject);
    child.on("close", () => resolve(text));
  });
}

function signalGroup(group: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-group, signal);
  } catch (error) {
    if (!(error instanceof Error && "code" in error && error.code === "ESRCH")) throw error;
  }
}

export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once("error", reject);
    probe.listen(0, "127.0.0.1", () => {
      const address = probe.address();
      probe.close(() => {
        if (address && typeof address === "object") resolve(address.port);
        else reject(new Error("no port was given"));
      });
    });
  });
}
