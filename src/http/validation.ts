// Parses what a caller sent against a schema and names, for everything that is wrong, the field as the caller wrote it.

import type { z } from "@hono/zod-openapi";
import { accept, type FieldProblem, type Result, refuse } from "../domain/refusals";

/** More than these are not listed: a caller fixes a few at a time. */
const MAX_PROBLEMS = 20;
const MAX_NAME_CHARS = 60;

type Issue = z.core.$ZodIssue;

export function parseWith<S extends z.ZodType>(schema: S, input: unknown): Result<z.output<S>> {
  const parsed = schema.safeParse(input);
  if (parsed.success) return accept(parsed.data);
  const problems = parsed.error.issues.flatMap((issue) => problemsOf(issue, input)).slice(0, MAX_PROBLEMS);
  return refuse({ code: "VALIDATION_ERROR", problems });
}

/** Query parameters as a schema wants them. A parameter given twice stays a list, which no schema takes. */
export function queryOf(queries: Readonly<Record<string, readonly string[]>>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(queries).map(([name, values]) => [name, values.length === 1 ? values[0] : values]),
  );
}

function problemsOf(issue: Issue, input: unknown): readonly FieldProblem[] {
  if (issue.code === "unrecognized_keys") {
    return issue.keys.map((key) => ({ field: fieldName([...issue.path, key]), message: "is not a known field" }));
  }
  const field = fieldName(issue.path);
  return [{ field, message: sentenceOf(issue, valueAt(input, issue.path)) }];
}

function sentenceOf(issue: Issue, value: unknown): string {
  switch (issue.code) {
    case "invalid_type":
      return value === undefined ? "is required" : `must be ${KIND[issue.expected] ?? `a valid ${issue.expected}`}`;
    case "too_small":
      return `must ${measure(issue.origin)} at least ${issue.minimum}${unit(issue.origin, Number(issue.minimum))}`;
    case "too_big":
      return `must ${measure(issue.origin)} at most ${issue.maximum}${unit(issue.origin, Number(issue.maximum))}`;
    case "invalid_value":
      return value === undefined ? "is required" : `must be ${issue.values.map(String).join(" or ")}`;
    case "invalid_format":
      return issue.format === "email" ? "must be a valid e-mail address" : issue.message;
    case "invalid_union":
      return value === undefined ? "is required" : "has the wrong form";
    default:
      return issue.message;
  }
}

const KIND: Readonly<Record<string, string>> = {
  string: "text",
  number: "a number",
  int: "a whole number",
  boolean: "true or false",
  array: "a list",
  object: "an object",
};

function measure(origin: string): string {
  return origin === "array" ? "have" : "be";
}

function unit(origin: string, count: number): string {
  if (origin === "string") return count === 1 ? " character long" : " characters long";
  if (origin === "array") return count === 1 ? " item" : " items";
  return "";
}

/** `ticketTiers[0].price`; the whole body or query has the name `body`. */
function fieldName(path: readonly PropertyKey[]): string {
  let name = "";
  for (const part of path) {
    if (typeof part === "number") name += `[${part}]`;
    else name += name === "" ? String(part) : `.${String(part)}`;
  }
  return (name || "body").slice(0, MAX_NAME_CHARS);
}

function valueAt(input: unknown, path: readonly PropertyKey[]): unknown {
  let value = input;
  for (const part of path) {
    if (typeof value !== "object" || value === null) return undefined;
    value = (value as Record<PropertyKey, unknown>)[part];
  }
  return value;
}
