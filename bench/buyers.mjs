// The load's buyers: their tokens, made as the product makes them, and the halls they buy from.

import { createHmac } from "node:crypto";

const ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
const ID_CHARS = 26;
const TOKEN_LIFE_S = 86_400;

export const ISSUER = "ticketflow";
export const AUDIENCE = "ticketflow-api";

/** @param {unknown} value */
const encode = (value) => Buffer.from(JSON.stringify(value)).toString("base64url");

/** The n-th buyer's id. @param {number} n */
export function buyerId(n) {
  let text = "";
  for (let rest = n, place = 0; place < ID_CHARS; place++, rest = Math.floor(rest / 32))
    text = ALPHABET[rest % 32] + text;
  return `usr_${text}`;
}

/** @param {string} secret @param {number} n */
export function tokenOf(secret, n) {
  const nowS = Math.floor(Date.now() / 1000);
  const claims = {
    name: `Buyer ${n}`,
    email: `buyer${n}@example.com`,
    role: "USER",
    iss: ISSUER,
    aud: AUDIENCE,
    sub: buyerId(n),
    iat: nowS,
    exp: nowS + TOKEN_LIFE_S,
  };
  const signed = `${encode({ alg: "HS256", typ: "JWT" })}.${encode(claims)}`;
  return `${signed}.${createHmac("sha256", secret).update(signed).digest("base64url")}`;
}

/** An address of its own, so that the general limit of one address is not what is measured. @param {number} n */
export function addressOf(n) {
  return `10.${(n >> 16) & 255}.${(n >> 8) & 255}.${n & 255}`;
}

export const SEATS_PER_ROW = 100;

/** Row labels A, B, … Z, AA, …, ZZ. @param {number} n */
function rowLabel(n) {
  const last = String.fromCharCode(65 + (n % 26));
  return n < 26 ? last : String.fromCharCode(64 + Math.floor(n / 26)) + last;
}

/** A hall in rows of 100, up to 70 200 seats. @param {number} seats */
export function seatMapOf(seats) {
  const rows = [];
  for (let left = seats, n = 0; left > 0; left -= SEATS_PER_ROW, n++) {
    rows.push({ row: rowLabel(n), tier: "GENERAL", seats: Math.min(left, SEATS_PER_ROW) });
  }
  return { sections: [{ name: "Hall", rows }] };
}

/** The id of the hall's n-th seat, as the product and every peer name it. @param {number} n */
export function seatId(n) {
  return `seat_${rowLabel(Math.floor(n / SEATS_PER_ROW))}${(n % SEATS_PER_ROW) + 1}`;
}
