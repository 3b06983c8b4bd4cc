// The product in its own runtime: on a port and a state of its own, to be killed at any moment and started
// again on what is left.

import { type ChildProcess, spawn } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface, type Interface } from "node:readline";

export interface Product {
  readonly url: string;
  /** Dies as by `kill -9`, with everything it runs. */
  kill(): Promise<void>;
  /** Kills it if it runs, and starts again on the same port and state. */
  restart(): Promise<void>;
  /** Takes a Durable Object out of memory; its sockets hibernate. */
  evict(className: "BoxOffice" | "SeatFeed", name: string): Promise<void>;
  /** What it printed, all starts together. */
  output(): string;
  stop(): Promise<void>;
}

const PROGRAM = join(import.meta.dirname, "serve.mjs");
const SWEEP_MS = 2_000;

interface Running {
  readonly child: ChildProcess;
  readonly port: number;
  /** Of its standard output. */
  readonly lines: Interface;
}

const running = new Set<ChildProcess>();
process.on("exit", () => {
  for (const child of running) endGroup(child);
});

export async function startProduct(
  vars: Readonly<Record<string, string>>,
  { pages = false }: { readonly pages?: boolean } = {},
): Promise<Product> {
  const state = await mkdtemp(join(tmpdir(), "ticketflow-runtime-"));
  let printed = "";
  const args = Object.entries(vars).flatMap(([name, value]) => ["--var", `${name}:${value}`]);
  if (pages) args.push("--pages");
  const launch = (port: number) =>
    launchOn(state, port, args, (line) => {
      printed += `${line}\n`;
    });
  let now = await launch(0);
  return {
    url: `http://127.0.0.1:${now.port}`,
    kill: () => killed(now.child),
    async restart() {
      await killed(now.child);
      now = await launch(now.port);
    },
    evict: (className, name) => evicted(now, className, name),
    output: () => printed,
    async stop() {
      await killed(now.child);
      await rm(state, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}

async function launchOn(
  state: string,
  port: number,
  args: readonly string[],
  print: (line: string) => void,
): Promise<Running> {
  const command = [PROGRAM, "--state", state, "--port", String(port), "--sweep-ms", String(SWEEP_MS), ...args];
  const child = spawn(process.execPath, command, { detached: true, stdio: ["pipe", "pipe", "pipe"] });
  running.add(child);
  createInterface({ input: child.stderr }).on("line", print);
  const lines = createInterface({ input: child.stdout });
  return await new Promise((resolve, reject) => {
    const failed = () => reject(new Error("the product did not start"));
    child.once("exit", failed);
    lines.on("line", (line) => {
      print(line);
      if (!line.startsWith('{"port":')) return;
      child.off("exit", failed);
      resolve({ child, lines, port: (JSON.parse(line) as { port: number }).port });
    });
  });
}

function evicted({ child, lines }: Running, className: string, name: string): Promise<void> {
  const done = JSON.stringify({ evicted: name });
  return new Promise((resolve, reject) => {
    const died = () => reject(new Error("the product ended before it evicted"));
    const listen = (line: string) => {
      if (line !== done) return;
      lines.off("line", listen);
      child.off("exit", died);
      resolve();
    };
    child.once("exit", died);
    lines.on("line", listen);
    child.stdin?.write(`${JSON.stringify({ evict: className, name })}\n`);
  });
}

async function killed(child: ChildProcess): Promise<void> {
  if (!running.delete(child)) return;
  const gone = new Promise((resolve) => child.once("exit", resolve));
  endGroup(child);
  if (child.exitCode === null && child.signalCode === null) await gone;
}

function endGroup({ pid }: ChildProcess): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, "SIGKILL");
  } catch (error) {
    if (!(error instanceof Error && "code" in error && error.code === "ESRCH")) throw error;
  }
}

/** A busy server may close a kept connection in the very moment it is used again. */
export function withoutKeepAlive(send: typeof fetch): typeof fetch {
  return (input, init) => send(input, { ...init, headers: { ...init?.headers, connection: "close" } });
}
