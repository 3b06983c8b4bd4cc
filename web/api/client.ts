// Asks the API. A refusal is a value with a sentence to show; a broken network is one too, because pages go on without.

import { session } from "../session";

export interface FieldProblem {
  readonly field: string;
  readonly message: string;
}

export interface Problem {
  /** 0 when no answer came. */
  readonly status: number;
  readonly code: string;
  readonly message: string;
  readonly fields: readonly FieldProblem[];
  readonly details: Readonly<Record<string, unknown>>;
  readonly requestId: string | null;
}

export type Answer<T> =
  | { readonly ok: true; readonly status: number; readonly value: T }
  | { readonly ok: false; readonly problem: Problem };

export interface Ask {
  readonly body?: unknown;
  /** Makes a repeat of the request the same request. */
  readonly key?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
}

/** An intent waits for its provider for 20 s; nothing of ours takes longer. */
const PATIENCE_MS = 30_000;

export function read<T>(path: string, ask: Ask = {}): Promise<Answer<T>> {
  return request<T>("GET", path, ask);
}

export function send<T>(method: "POST" | "PUT" | "DELETE", path: string, ask: Ask = {}): Promise<Answer<T>> {
  return request<T>(method, path, ask);
}

/** A key for one intention of the user, however often its request must be repeated. */
export function newKey(): string {
  return crypto.randomUUID();
}

async function request<T>(method: string, path: string, ask: Ask): Promise<Answer<T>> {
  const token = session.get()?.token;
  const headers: Record<string, string> = { Accept: "application/json", ...ask.headers };
  if (token) headers["Authorization"] = `Bearer ${token}`;
  if (ask.key) headers["Idempotency-Key"] = ask.key;
  if (ask.body !== undefined) headers["Content-Type"] = "application/json";
  const body = ask.body === undefined ? undefined : JSON.stringify(ask.body);
  const signal = ask.signal ?? AbortSignal.timeout(PATIENCE_MS);
  try {
    const response = await fetch(path, { method, headers, body, signal, cache: "no-store", credentials: "omit" });
    if (response.status === 304) return { ok: true, status: 304, value: undefined as T };
    const value: unknown = await response.json();
    if (response.ok) return { ok: true, status: response.status, value: value as T };
    const problem = problemOf(response.status, value);
    // A token that ran out, or an account that is gone: the pages ask to sign in again.
    if (response.status === 401 && token && session.get()?.token === token) session.set(null);
    return { ok: false, problem };
  } catch (fault) {
    if (ask.signal?.aborted) throw fault;
    return { ok: false, problem: UNREACHABLE };
  }
}

const UNREACHABLE: Problem = {
  status: 0,
  code: "UNREACHABLE",
  message: "TicketFlow could not be reached. Check your connection and try again.",
  fields: [],
  details: {},
  requestId: null,
};

function problemOf(status: number, body: unknown): Problem {
  const { error } = (body ?? {}) as { readonly error?: Record<string, unknown> };
  return {
    status,
    code: String(error?.["code"] ?? "INTERNAL_ERROR"),
    message: String(error?.["message"] ?? "Something went wrong on our side. Try again in a moment."),
    fields: Array.isArray(error?.["fields"]) ? (error["fields"] as FieldProblem[]) : [],
    details: error ?? {},
    requestId: typeof error?.["requestId"] === "string" ? error["requestId"] : null,
  };
}
