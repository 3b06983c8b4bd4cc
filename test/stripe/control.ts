// The stand-in for Stripe as tests handle it: started on a free port, killed and started again on the same books, told
// what goes wrong, asked where the money is.

import { type ChildProcess, spawn } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";

export interface Scope {
  readonly eventCode?: string;
  readonly bookingId?: string;
}

export interface Fault {
  readonly does:
    | "drop-before"
    | "drop-after"
    | "delay"
    | "delay-after"
    | "error-before"
    | "error-after"
    | "forget-key"
    | "tamper";
  readonly op?: "create" | "capture" | "cancel" | "retrieve" | "refund" | "list";
  readonly times?: number;
  readonly skip?: number;
  readonly delayMs?: number;
  readonly status?: number;
  readonly code?: string;
  readonly tamper?: { readonly amount_capturable: number };
  readonly scope?: Scope;
}

export interface WebhookRule {
  readonly does: "drop" | "hold" | "double" | "delay";
  readonly types?: readonly string[];
  readonly delayMs?: number;
  readonly scope?: Scope;
}

export interface LedgerEntry {
  readonly id: string;
  readonly bookingId: string;
  readonly attempt: number;
  readonly status: string;
  readonly currency: string;
  readonly amount: number;
  readonly held: number;
  readonly captured: number;
  readonly refunded: number;
  readonly refundsFailed: number;
}

export interface Ledger {
  readonly intents: readonly LedgerEntry[];
  readonly problems: readonly string[];
}

export interface NotedRequest {
  readonly op: string;
  readonly path: string;
  readonly key?: string;
  readonly status?: number;
  readonly scope: Scope;
}

export interface NotedEvent {
  readonly id: string;
  readonly type: string;
  readonly state: "due" | "held" | "dropped" | "delivered";
  readonly tries: number;
  readonly status?: number;
  readonly body: unknown;
}

export interface NotedRefund {
  readonly id: string;
  readonly status: string;
  readonly amount: number;
}

export interface StandIn {
  readonly base: string;
  addFault(fault: Fault): Promise<void>;
  clearFaults(scope?: Scope): Promise<void>;
  setWebhook(url: string, secret: string): Promise<void>;
  setWebhookRule(rule: WebhookRule): Promise<void>;
  release(options: {
    readonly scope?: Scope;
    readonly types?: readonly string[];
    readonly state?: "held" | "delivered" | "dropped";
    readonly order?: "same" | "reverse";
    readonly times?: number;
  }): Promise<readonly string[]>;
  authenticate(intentId: string, result: "success" | "failure"): Promise<void>;
  cancelAtBank(intentId: string): Promise<void>;
  refundInDashboard(intentId: string, amount?: number): Promise<string>;
  settleRefund(refundId: string, status: "succeeded" | "failed"): Promise<void>;
  dispute(intentId: string, reason: string): Promise<string>;
  closeDispute(disputeId: string, status: "won" | "lost"): Promise<void>;
  ledger(scope?: Scope): Promise<Ledger>;
  events(scope?: Scope): Promise<readonly NotedEvent[]>;
  requests(scope?: Scope): Promise<readonly NotedRequest[]>;
  refunds(scope?: Scope): Promise<readonly NotedRefund[]>;
  /** Dies as by `kill -9` and starts again on the same port and books. */
  crash(): Promise<void>;
  stop(): Promise<void>;
}

const PROGRAM = join(import.meta.dirname, "stand-in.mjs");

export async function startStandIn(): Promise<StandIn> {
  const folder = await mkdtemp(join(tmpdir(), "stripe-stand-in-"));
  const state = join(folder, "books.log");
  let { child, port } = await launch(state, 0);
  const base = `http://127.0.0.1:${port}`;
  const call = async <T>(method: string, path: string, body?: unknown): Promise<T> => {
    const answer = await fetch(`${base}${path}`, {
      method,
      ...(body !== undefined && { body: JSON.stringify(body), headers: { "content-type": "application/json" } }),
    });
    const json = (await answer.json()) as T;
    if (!answer.ok) throw new Error(`${method} ${path}: ${JSON.stringify(json)}`);
    return json;
  };
  const read = <T>(path: string, scope: Scope = {}) =>
    call<T>("GET", `${path}?${new URLSearchParams(scope as Record<string, string>)}`);
  return {
    base,
    addFault: (fault) => call("POST", "/_faults", fault),
    clearFaults: (scope = {}) => call("DELETE", "/_faults", { scope }),
    setWebhook: (url, secret) => call("POST", "/_webhook", { url, secret }),
    setWebhookRule: (rule) => call("POST", "/_webhook/rules", rule),
    release: async (options) => (await call<{ released: string[] }>("POST", "/_webhook/release", options)).released,
    authenticate: (intent, result) => call("POST", "/_challenge", { intent, result }),
    cancelAtBank: (intent) => call("POST", "/_cancel", { intent }),
    refundInDashboard: async (intent, amount) =>
      (await call<{ id: string }>("POST", "/_refund", { intent, amount })).id,
    settleRefund: (refund, status) => call("POST", "/_refund/settle", { refund, status }),
    dispute: async (intent, reason) => (await call<{ id: string }>("POST", "/_dispute", { intent, reason })).id,
    closeDispute: (dispute, status) => call("POST", "/_dispute/close", { dispute, status }),
    ledger: (scope) => read("/_ledger", scope),
    events: (scope) => read("/_events", scope),
    requests: (scope) => read("/_requests", scope),
    refunds: (scope) => read("/_refunds", scope),
    async crash() {
      await killed(child);
      ({ child, port } = await launch(state, port));
    },
    async stop() {
      await killed(child);
      await rm(folder, { recursive: true, force: true });
    },
  };
}

async function launch(state: string, port: number): Promise<{ child: ChildProcess; port: number }> {
  const args = [PROGRAM, "--port", String(port), "--state", state, "--attached"];
  const child = spawn(process.execPath, args, { stdio: ["pipe", "pipe", "inherit"] });
  for await (const line of createInterface({ input: child.stdout })) {
    return { child, port: (JSON.parse(line) as { port: number }).port };
  }
  throw new Error("the stand-in did not start");
}

async function killed(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = new Promise((resolve) => child.once("exit", resolve));
  child.kill("SIGKILL");
  await gone;
}
