// What every answer must be, whatever was asked: no fault, declared, of its declared form, and a refusal where the
// document forbids the request.

import { checkerOf, type Schema } from "./json-schema";
import { type FuzzRequest, type Operation, operationFor } from "./requests";

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
}

/** Statuses of addresses and methods that no operation has. */
const STRAY = new Set([204, 404, 405, 429]);
/** Has no body; the event notes that its relay has listeners. */
const SOCKET = 101;
const SAFE = new Set(["GET", "HEAD", "OPTIONS"]);

export type Judge = ReturnType<typeof judgeOf>;

export function judgeOf(document: unknown, operations: readonly Operation[]) {
  const fits = checkerOf(document, { closed: true });
  const takes = checkerOf(document);

  /** Why the document forbids this request, or null. It knows nothing of what exists. */
  function forbidden(request: FuzzRequest): string | null {
    const operation = operationFor(operations, request.method, request.path);
    if (!operation) return null;
    const headers = new Headers(request.headers);
    if (operation.access !== "public" && !headers.has("Authorization")) return "it has no token";
    if (operation.bodySchema === null || request.body === null || request.body.length === 0) return null;
    if (!/^application\/json *(;|$)/i.test(headers.get("Content-Type") ?? "")) return "its body is no JSON by its type";
    const parsed = parse(request.body);
    if (parsed === undefined) return "its body is no JSON";
    return takes(operation.bodySchema, parsed)[0] ?? null;
  }

  return {
    forbidden,

    /** Whether it was refused, so that nothing may have changed. Looking may change nothing either, but for a feed. */
    mayNotChange: ({ method }: FuzzRequest, { status }: Answer) =>
      status >= 400 || (SAFE.has(method) && status !== SOCKET),

    /** Everything that is wrong with this answer. */
    problems(request: FuzzRequest, answer: Answer): readonly string[] {
      const problems = [...envelopeProblems(request, answer)];
      const operation = operationFor(operations, request.method, request.path);
      if (operation && request.method !== "OPTIONS") {
        if (isOurs(request.path)) problems.push(...declaredProblems(fits, operation, request, answer));
        const why = forbidden(request);
        if (why !== null && answer.status < 400) problems.push(`it was taken, but ${why}`);
      } else if (isOurs(request.path) && !STRAY.has(answer.status)) {
        problems.push(`status ${answer.status} where no operation is`);
      }
      return problems;
    },
  };
}

/** Pages, development's routes and the other dialect are in no document. */
function isOurs(path: string): boolean {
  return path.startsWith("/api/") || path.startsWith("/health") || path.startsWith("/.well-known/");
}

function envelopeProblems(request: FuzzRequest, answer: Answer): readonly string[] {
  const problems: string[] = [];
  const requestId = answer.headers.get("X-Request-Id");
  if (answer.status >= 500 && answer.status !== 503) problems.push(`status ${answer.status}`);
  if (answer.status !== SOCKET && !requestId?.startsWith("req_")) problems.push("it has no request id");
  if ((answer.status === 429 || answer.status === 503) && !(Number(answer.headers.get("Retry-After")) >= 1)) {
    problems.push("it does not say when to come back");
  }
  if (answer.status === 405 && !answer.headers.get("Allow")) problems.push("it does not say what is allowed");
  if (answer.status >= 400 && request.method !== "HEAD") {
    const error = (parse(answer.text) as { error?: { requestId?: unknown } } | undefined)?.error;
    if (error && error.requestId !== requestId) problems.push("its error does not name its request");
  }
  return problems;
}

function declaredProblems(
  fits: (schema: Schema, value: unknown) => readonly string[],
  operation: Operation,
  request: FuzzRequest,
  { status, headers, text }: Answer,
): readonly string[] {
  const declared = operation.responses[String(status)];
  if (!declared) return [`status ${status} is not declared`];
  if (status === SOCKET) return [];
  const content = declared.content?.["application/json"];
  if (request.method === "HEAD" || !content) return text === "" ? [] : ["it has a body and may have none"];
  const type = headers.get("Content-Type") ?? "";
  if (!/^application\/json\b/.test(type)) return [`its type is “${type}”`];
  const value = parse(text);
  if (value === undefined) return ["its body is no JSON"];
  const code = (value as { error?: { code?: string } } | null)?.error?.code;
  const codes = Object.keys(content.examples ?? {});
  const isUnknown = status >= 400 && code !== undefined && !codes.includes(code);
  return [...(isUnknown ? [`${code} is not declared for ${status}`] : []), ...fits(content.schema, value)];
}

function parse(body: string | Uint8Array): unknown {
  try {
    const bytes = typeof body === "string" ? new TextEncoder().encode(body) : body;
    return JSON.parse(new TextDecoder("utf-8", { fatal: true, ignoreBOM: false }).decode(bytes));
  } catch {
    return undefined;
  }
}
