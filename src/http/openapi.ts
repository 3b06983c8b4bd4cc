// The OpenAPI 3.1 document, made from the same declarations that the routes run on: what is written here about
// an endpoint cannot differ from what the endpoint does.

import { type OpenAPIHono, z } from "@hono/zod-openapi";
import { BODY_LIMIT } from "./body";
import type { EndpointSpec } from "./endpoint";
import { samples } from "./error-samples";
import type { HonoEnv } from "./honoenv";
import { type ErrorBody, type ErrorCode, problemOf } from "./problem";

type Registry = OpenAPIHono<HonoEnv>["openAPIRegistry"];
export type OpenApiDocument = ReturnType<OpenAPIHono<HonoEnv>["getOpenAPI31Document"]>;

const SAMPLE_REQUEST_ID = "req_01HZ3KQ8R5V9T2W7X4Y6ABCDEF";

const errorCodes = Object.keys(samples) as [ErrorCode, ...ErrorCode[]];

export const errorSchema = z
  .object({
    error: z
      .object({
        code: z
          .enum(errorCodes)
          .openapi("ErrorCode", { description: "Stable; the message is for people and may change." }),
        message: z.string(),
        requestId: z
          .string()
          .openapi({ description: "The same as the X-Request-Id header.", example: SAMPLE_REQUEST_ID }),
        field: z.string().optional().openapi({ description: "VALIDATION_ERROR: the first field that is wrong." }),
        fields: z
          .array(z.object({ field: z.string(), message: z.string() }))
          .optional()
          .openapi({ description: "VALIDATION_ERROR: every field that is wrong." }),
        seatIds: z
          .array(z.string())
          .optional()
          .openapi({ description: "SEATS_UNAVAILABLE: the seats that are not free." }),
        bookingId: z.string().optional().openapi({ description: "LOCK_ALREADY_CONFIRMED: the booking it became." }),
      })
      .catchall(z.unknown()),
  })
  .openapi("Error");

/** Adds an endpoint to a group's registry. */
export function documentEndpoint(registry: Registry, spec: EndpointSpec): void {
  registry.registerPath({
    method: spec.method,
    path: spec.path,
    operationId: spec.id,
    tags: [spec.service],
    summary: spec.summary,
    ...(spec.description !== undefined && { description: spec.description }),
    ...(spec.access !== "public" && { security: [spec.access === "gate" ? { gateAuth: [] } : { bearerAuth: [] }] }),
    "x-access": spec.access,
    parameters: [...pathParameters(spec.path), ...(spec.keyed ? [KEY_PARAMETER] : [])],
    request: {
      ...(spec.query && { query: spec.query as z.ZodObject }),
      ...(spec.body && { body: { content: { "application/json": { schema: spec.body, example: spec.bodyExample } } } }),
    },
    responses: responsesOf(spec),
  });
}

/** The document of everything that is mounted. */
export function openApiOf(
  app: OpenAPIHono<HonoEnv>,
  settings: { publicUrl: string; version: string },
): OpenApiDocument {
  return app.getOpenAPI31Document({
    openapi: "3.1.0",
    info: {
      title: "TicketFlow API",
      version: settings.version,
      description:
        "Tickets for events with numbered seats. Money is an integer of the currency's minor unit; times are " +
        "ISO-8601 in UTC. Every error has the same envelope, and every response names its request in X-Request-Id.",
    },
    servers: [{ url: settings.publicUrl || "/" }],
  });
}

/** What concerns the whole document: how callers prove who they are, and the error envelope. */
export function documentShared(registry: Registry): void {
  registry.registerComponent("securitySchemes", "bearerAuth", { type: "http", scheme: "bearer", bearerFormat: "JWT" });
  registry.registerComponent("securitySchemes", "gateAuth", {
    type: "http",
    scheme: "bearer",
    description: "The token of a gate, for its scanners.",
  });
  registry.register("Error", errorSchema);
}

const KEY_PARAMETER = {
  name: "Idempotency-Key",
  in: "header" as const,
  required: false,
  description: "The same key with the same body gets the same answer, for 24 hours.",
  schema: { type: "string" as const, minLength: 1, maxLength: 255, pattern: "^[\\x21-\\x7e]+$" },
};

function pathParameters(path: string) {
  return [...path.matchAll(/\{(.+?)\}/g)].map(([, name = ""]) => ({
    name,
    in: "path" as const,
    required: true,
    schema: { type: "string" as const },
  }));
}

/** A status that is an answer of its own and a refusal too has both schemas. */
function responsesOf(spec: EndpointSpec) {
  const refused = failures(spec);
  const both = Object.entries(spec.answers).flatMap(([status, { description, schema, example, headers }]) => {
    const refusal = refused[status];
    if (!refusal) return [];
    const { examples } = refusal.content["application/json"];
    const content = {
      schema: z.union([schema, errorSchema]),
      examples: { ...examples, [`${spec.id}${status}`]: { value: example } },
    };
    return [
      [
        status,
        {
          description: `${description} Or ${refusal.description}.`,
          headers: { ...refusal.headers, ...headersOf(headers ?? {}) },
          content: { "application/json": content },
        },
      ] as const,
    ];
  });
  return { ...successes(spec), ...refused, ...Object.fromEntries(both) };
}

function successes(spec: EndpointSpec) {
  return Object.fromEntries(
    Object.entries(spec.answers).map(([status, { description, schema, example, headers }]) => [
      status,
      {
        description,
        headers: { ...REQUEST_ID_HEADER, ...headersOf(headers ?? {}) },
        ...(status !== "304" && {
          content: { "application/json": { schema, ...(example !== undefined && { example }) } },
        }),
      },
    ]),
  );
}

/** The codes that an endpoint can refuse with: its own, and those that follow from what it takes. */
export function codesOf(spec: EndpointSpec): readonly ErrorCode[] {
  return [
    ...new Set<ErrorCode>([
      ...(spec.access === "public" ? [] : (["UNAUTHENTICATED"] as const)),
      ...(spec.access === "admin" ? (["FORBIDDEN"] as const) : []),
      ...(spec.body ? (["UNSUPPORTED_MEDIA_TYPE", "PAYLOAD_TOO_LARGE"] as const) : []),
      "VALIDATION_ERROR",
      ...(spec.refusals ?? []),
      ...(spec.keyed ? (["IDEMPOTENCY_KEY_REUSED"] as const) : []),
      "RATE_LIMITED",
      "INTERNAL_ERROR",
      "OVERLOADED",
    ]),
  ];
}

function failures(spec: EndpointSpec) {
  const byStatus = new Map<number, ErrorCode[]>();
  for (const code of codesOf(spec)) {
    const { status } = problemOf(samples[code]);
    byStatus.set(status, [...(byStatus.get(status) ?? []), code]);
  }
  const all = [...byStatus].map(([status, codes]) => [String(status), failure(spec, status, codes)] as const);
  return Object.fromEntries(all) as Readonly<Record<string, ReturnType<typeof failure>>>;
}

function failure(spec: EndpointSpec, status: number, codes: readonly ErrorCode[]) {
  return {
    description: codes.map((code) => `\`${code}\``).join(" · "),
    headers: { ...REQUEST_ID_HEADER, ...(status === 429 || status === 503 ? RETRY_AFTER_HEADER : {}) },
    content: {
      "application/json": {
        schema: errorSchema,
        examples: Object.fromEntries(codes.map((code) => [code, { value: sampleBody(spec, code) }])),
      },
    },
  };
}

function sampleBody(spec: EndpointSpec, code: ErrorCode): ErrorBody {
  const maxBytes = spec.bodyLimit ?? BODY_LIMIT;
  const { message, details } = problemOf(code === "PAYLOAD_TOO_LARGE" ? { code, maxBytes } : samples[code]);
  return { error: { code, message, requestId: SAMPLE_REQUEST_ID, ...details } };
}

function headersOf(headers: Readonly<Record<string, string>>) {
  return Object.fromEntries(
    Object.entries(headers).map(([name, description]) => [name, { description, schema: { type: "string" as const } }]),
  );
}

const REQUEST_ID_HEADER = headersOf({ "X-Request-Id": "Names the request in our logs." });
const RETRY_AFTER_HEADER = headersOf({ "Retry-After": "Seconds to wait." });
