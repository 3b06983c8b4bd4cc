// The signature of a token (RFC 7515, compact, HS256), checked without leaving the turn: a request's first check is its
// commonest, and through WebCrypto it took four times as long. What the claims must say is the caller's.

import { createHmac, type KeyObject, timingSafeEqual } from "node:crypto";

/** base64url of `{"alg":"HS256","typ":"JWT"}` is spelled like this by whoever writes the fields in this order, as we do. */
const OUR_HEADER = encode({ alg: "HS256", typ: "JWT" });

type Fields = Readonly<Record<string, unknown>>;

/** The payload of a token that `key` signed as HS256, or null for anything else. */
export function verifiedPayload(token: string, key: KeyObject): Fields | null {
  const headerEnd = token.indexOf(".");
  const payloadEnd = token.lastIndexOf(".");
  if (headerEnd < 0 || headerEnd === payloadEnd) return null;
  const header = token.slice(0, headerEnd);
  const payload = token.slice(headerEnd + 1, payloadEnd);
  if (header !== OUR_HEADER && !isHs256(parsed(header))) return null;
  const signed = createHmac("sha256", key).update(token.slice(0, payloadEnd)).digest("base64url");
  if (!isSame(token.slice(payloadEnd + 1), signed)) return null;
  return parsed(payload);
}

/** As text, so that a signature has one spelling only. */
function isSame(given: string, signed: string): boolean {
  const bytes = Buffer.from(given);
  return bytes.length === signed.length && timingSafeEqual(bytes, Buffer.from(signed));
}

function isHs256(header: Fields | null): boolean {
  // What `crit` demands is not understood here, so it must be refused (RFC 7515, 4.1.11).
  return header !== null && header["alg"] === "HS256" && header["typ"] === "JWT" && header["crit"] === undefined;
}

function parsed(part: string): Fields | null {
  try {
    const value: unknown = JSON.parse(Buffer.from(part, "base64url").toString("utf8"));
    return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Fields) : null;
  } catch {
    return null;
  }
}

function encode(fields: Fields): string {
  return Buffer.from(JSON.stringify(fields)).toString("base64url");
}
