// What a ticket's code says, and how it is written: a compact JWS (RFC 7515, EdDSA) with the shortest claims that name a
// ticket. Reading is strict, so that a text which differs from the signed one in any bit is another text.

import { CODE_CHARS, type EventCode, encodeRandom, parseEventCode, parseId, type SeatId, type TicketId } from "./ids";

/** Raised when a ticket must be issued anew under the same id; older ones are then invalid. */
export const TICKET_VERSION = 1;
/** Longer texts are not even looked at. A ticket of a seat with a long name has about 210 characters. */
export const MAX_TOKEN_CHARS = 400;
const MAX_TYPED_CHARS = 60;
/** An Ed25519 signature. */
const SIGNATURE_BYTES = 64;
const TIME_CHARS = 10;
const ID_CHARS = 26;
const CHECK_CHARS = 6;
const CHECK = /^[0-9A-HJKMNP-TV-Z]{6}$/;
const PREFIX = "tkt_";
const SEAT_PREFIX = "seat_";
const KID = /^[A-Za-z0-9_-]{1,32}$/;
/** A row of 6 characters and a number. */
const SEAT = /^[A-Z0-9]{2,12}$/;

export interface TicketClaims {
  readonly ticketId: TicketId;
  readonly seatId: SeatId;
  readonly version: number;
}

/** A number that was typed in. Without its check it proves nothing: ids are no secrets. */
export interface TypedTicket {
  readonly ticketId: TicketId;
  readonly check: string | null;
}

export interface ReadToken {
  readonly kid: string;
  readonly code: EventCode;
  readonly claims: TicketClaims;
  /** What the signature is of. */
  readonly signed: string;
  readonly signature: Uint8Array<ArrayBuffer>;
}

/** The payload. The event's code is said once: `t` is the ticket's id without it. */
export function writeClaims({ ticketId, seatId, version }: TicketClaims): string {
  const body = ticketId.slice(PREFIX.length);
  const code = body.slice(TIME_CHARS, TIME_CHARS + CODE_CHARS);
  const rest = body.slice(0, TIME_CHARS) + body.slice(TIME_CHARS + CODE_CHARS);
  return JSON.stringify({ t: rest, e: code, s: seatId.slice(SEAT_PREFIX.length), v: version });
}

/** A token that has the form of ours, its signature not yet checked; null for any other text. */
export function readToken(text: string): ReadToken | null {
  if (text.length > MAX_TOKEN_CHARS) return null;
  const [header = "", payload = "", signature = "", ...more] = text.split(".");
  if (more.length > 0) return null;
  const said = parseObject(header);
  const kid = said?.["kid"];
  if (said?.["alg"] !== "EdDSA" || typeof kid !== "string" || !KID.test(kid) || Object.keys(said).length !== 2)
    return null;
  const bytes = fromBase64url(signature);
  if (bytes === null || bytes.length !== SIGNATURE_BYTES) return null;
  const claims = readClaims(parseObject(payload));
  return claims === null ? null : { kid, ...claims, signed: `${header}.${payload}`, signature: bytes };
}

/**
 * What is printed under a ticket's code, for where it cannot be scanned: its id, which follows from its booking's, and
 * characters that only our keys can make. In fours, as people read and type.
 */
export function writeNumber(ticketId: TicketId, check: string): string {
  return (ticketId.slice(PREFIX.length) + check).replace(/.{4}(?=.)/g, "$& ");
}

/** What is signed for a ticket's number. No token is signed over a text without dots. */
export function numberSigned(ticketId: TicketId): string {
  return `number ${ticketId}`;
}

/** 30 bits of that signature: each guess is typed at a door, in front of somebody. */
export function checkFrom(signature: Uint8Array): string {
  return encodeRandom(signature, 0, CHECK_CHARS);
}

/** A number as people type it: in any case, with or without prefix, spaces and hyphens. Its id alone is no number. */
export function readTypedTicket(text: string): TypedTicket | null {
  if (text.length > MAX_TYPED_CHARS) return null;
  const typed = text.trim().replace(/^tkt_/i, "").replace(/[\s-]/g, "").toUpperCase();
  const body = typed.replaceAll("O", "0").replace(/[IL]/g, "1");
  const ticketId = parseId("tkt", PREFIX + body.slice(0, ID_CHARS));
  const check = body.slice(ID_CHARS);
  if (ticketId === null || (check !== "" && !CHECK.test(check))) return null;
  return { ticketId, check: check === "" ? null : check };
}

function readClaims(
  said: Readonly<Record<string, unknown>> | null,
): { readonly code: EventCode; readonly claims: TicketClaims } | null {
  if (said === null || Object.keys(said).length !== 4) return null;
  const { t, e, s, v } = said;
  if (typeof t !== "string" || typeof e !== "string" || typeof s !== "string" || typeof v !== "number") return null;
  const code = parseEventCode(e);
  const ticketId = parseId("tkt", `${PREFIX}${t.slice(0, TIME_CHARS)}${e}${t.slice(TIME_CHARS)}`);
  if (code === null || ticketId === null || !SEAT.test(s) || !Number.isInteger(v)) return null;
  return { code, claims: { ticketId, seatId: `${SEAT_PREFIX}${s}` as SeatId, version: v } };
}

function parseObject(part: string): Readonly<Record<string, unknown>> | null {
  const bytes = fromBase64url(part);
  if (bytes === null || bytes.some((byte) => byte > 126)) return null;
  try {
    const value: unknown = JSON.parse(String.fromCharCode(...bytes));
    return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : null;
  } catch {
    return null;
  }
}

const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
const BITS_A_CHAR = 6;

/**
 * Bytes of unpadded base64url. Null when it is not the one text for these bytes: lenient decoders ignore the last
 * character's spare bits, and then several texts are the same signature.
 */
function fromBase64url(text: string): Uint8Array<ArrayBuffer> | null {
  const bytes = new Uint8Array(Math.floor((text.length * BITS_A_CHAR) / 8));
  let bits = 0;
  let held = 0;
  let length = 0;
  for (const char of text) {
    const value = ALPHABET.indexOf(char);
    if (value < 0) return null;
    bits = (bits << BITS_A_CHAR) | value;
    held += BITS_A_CHAR;
    if (held < 8) continue;
    held -= 8;
    bytes[length] = bits >> held;
    length += 1;
    bits &= (1 << held) - 1;
  }
  return bits === 0 && held < BITS_A_CHAR ? bytes : null;
}
