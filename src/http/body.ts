// Request bodies within limits: the bytes are counted as they come, whatever Content-Length claims.

import type { Context } from "hono";
import { invalid } from "../domain/refusals";
import type { HonoEnv } from "./honoenv";
import type { HttpResult } from "./problem";

/** Bytes of a request body, in general and for events (a seat map) and webhooks. */
export const BODY_LIMIT = 64 * 1024;
export const LARGE_BODY_LIMIT = 256 * 1024;

/** What is read and dropped of a body that is too long, so that the client gets to see the refusal. */
const MAX_DRAINED_BYTES = 1024 * 1024;

export type JsonObject = Readonly<Record<string, unknown>>;

/** The bytes as they came; webhooks are signed over exactly these. */
export async function readBytes(c: Context<HonoEnv>, maxBytes: number): Promise<HttpResult<Uint8Array<ArrayBuffer>>> {
  const told = c.req.header("Content-Length");
  if (told !== undefined && Number(told) <= maxBytes) {
    // The platform reads no more than was told; what it hands over is measured all the same.
    const bytes = new Uint8Array(await c.req.raw.arrayBuffer());
    return bytes.length > maxBytes ? tooLarge(maxBytes) : { ok: true, value: bytes };
  }
  const stream = c.req.raw.body;
  if (!stream) return { ok: true, value: new Uint8Array(0) };
  const reader = stream.getReader();
  const chunks: Uint8Array[] = [];
  let size = 0;
  for (;;) {
    const { done, value } = await reader.read();
    if (done) break;
    size += value.length;
    if (size <= maxBytes) chunks.push(value);
    if (size > maxBytes + MAX_DRAINED_BYTES) {
      await reader.cancel();
      break;
    }
  }
  return size > maxBytes ? tooLarge(maxBytes) : { ok: true, value: joined(chunks, size) };
}

function tooLarge(maxBytes: number): HttpResult<never> {
  return { ok: false, refusal: { code: "PAYLOAD_TOO_LARGE", maxBytes } };
}

/** A JSON object. An empty body counts as `{}`, under any content type. */
export async function readJsonObject(c: Context<HonoEnv>, maxBytes: number): Promise<HttpResult<JsonObject>> {
  const bytes = await readBytes(c, maxBytes);
  const isJson = isJsonType(c.req.header("Content-Type"));
  if (!isJson && (!bytes.ok || bytes.value.length > 0)) {
    return { ok: false, refusal: { code: "UNSUPPORTED_MEDIA_TYPE", expected: "application/json" } };
  }
  if (!bytes.ok) return bytes;
  if (bytes.value.length === 0) return { ok: true, value: {} };
  return parseObject(bytes.value);
}

const UTF8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: false });

function parseObject(bytes: Uint8Array): HttpResult<JsonObject> {
  let value: unknown;
  try {
    value = JSON.parse(UTF8.decode(bytes));
  } catch {
    return invalid("body", "must be JSON in UTF-8");
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    return invalid("body", "must be a JSON object");
  }
  return { ok: true, value: value as JsonObject };
}

function isJsonType(contentType: string | undefined): boolean {
  return contentType?.split(";")[0]?.trim().toLowerCase() === "application/json";
}

function joined(chunks: readonly Uint8Array[], size: number): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(size);
  let offset = 0;
  for (const chunk of chunks) {
    whole.set(chunk, offset);
    offset += chunk.length;
  }
  return whole;
}
