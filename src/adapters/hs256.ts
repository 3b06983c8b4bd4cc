// The signature of a token (RFC 7515, compact, HS256), checked without leaving the turn or JavaScript: a request's first
// check is its commonest. WebCrypto took several turns, and node:crypto makes streams and native objects for each
// signature, which the runtime has to end again. What the claims must say is the caller's.

import { hmac } from "@noble/hashes/hmac.js";
import { sha256 } from "@noble/hashes/sha2.js";

/** base64url of `{"alg":"HS256","typ":"JWT"}` is spelled like this by whoever writes the fields in this order, as we do. */
const OUR_HEADER = encode({ alg: "HS256", typ: "JWT" });
const BASE64URL = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
const SIGNATURE_BYTES = 32;
/** ceil(32 * 8 / 6): base64url without padding. */
const SIGNATURE_CHARS = 43;

type Fields = Readonly<Record<string, unknown>>;
/** What HMAC makes of a secret before the first message: worked out once. */
export type Hs256Key = ReturnType<typeof hmac.create>;

const encoder = new TextEncoder();
/** Written over at each check: an array has memory outside the heap, and is the dearest garbage of all. */
const signature = new Uint8Array(SIGNATURE_BYTES);
/** Three bytes a character at most (UTF-8). Tokens that are longer get an array of their own. */
const message = new Uint8Array(3_072);
const begun = hmac.create(sha256, signature);

export function hs256Key(secret: string): Hs256Key {
  return hmac.create(sha256, encoder.encode(secret));
}

/** The payload of a token that `key` signed as HS256, or null for anything else. */
export function verifiedPayload(token: string, key: Hs256Key): Fields | null {
  const headerEnd = token.indexOf(".");
  const payloadEnd = token.lastIndexOf(".");
  if (headerEnd < 0 || headerEnd === payloadEnd) return null;
  const header = token.slice(0, headerEnd);
  const payload = token.slice(headerEnd + 1, payloadEnd);
  if (header !== OUR_HEADER && !isHs256(parsed(header))) return null;
  key
    ._cloneInto(begun)
    .update(bytesOf(token.slice(0, payloadEnd)))
    .digestInto(signature);
  if (!isSame(token.slice(payloadEnd + 1))) return null;
  return parsed(payload);
}

function bytesOf(text: string): Uint8Array {
  if (text.length * 3 > message.length) return encoder.encode(text);
  return message.subarray(0, encoder.encodeInto(text, message).written);
}

/** As text, so that a signature has one spelling only. Takes as long wherever they differ. */
function isSame(given: string): boolean {
  if (given.length !== SIGNATURE_CHARS) return false;
  let difference = 0;
  for (let place = 0; place < SIGNATURE_CHARS; place++) {
    const bit = 6 * place;
    const byte = bit >> 3;
    const next = byte + 1 < SIGNATURE_BYTES ? (signature[byte + 1] as number) : 0;
    const sextet = ((((signature[byte] as number) << 8) | next) >> (10 - (bit & 7))) & 63;
    difference |= given.charCodeAt(place) ^ BASE64URL.charCodeAt(sextet);
  }
  return difference === 0;
}

function isHs256(header: Fields | null): boolean {
  // What `crit` demands is not understood here, so it must be refused (RFC 7515, 4.1.11).
  return header !== null && header["alg"] === "HS256" && header["typ"] === "JWT" && header["crit"] === undefined;
}

/** A character that is not ASCII, in UTF-8 read as Latin-1. */
const BEYOND_ASCII = /[\x80-\xff]/;

/** base64url to text. Names are mostly ASCII, and then each byte is a character. */
function textOf(part: string): string {
  const bytes = atob(part.replaceAll("-", "+").replaceAll("_", "/"));
  return BEYOND_ASCII.test(bytes) ? Buffer.from(part, "base64url").toString("utf8") : bytes;
}

function parsed(part: string): Fields | null {
  try {
    const value: unknown = JSON.parse(textOf(part));
    return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Fields) : null;
  } catch {
    return null;
  }
}

function encode(fields: Fields): string {
  return Buffer.from(JSON.stringify(fields)).toString("base64url");
}
