// The one form a ticket's text may have: whatever differs from it is no ticket, before any signature is looked at.

import { expect, it } from "vitest";
import { MAX_TOKEN_CHARS, readToken, readTypedTicket } from "../../src/domain/ticket-token";

const HEADER = { alg: "EdDSA", kid: "k1" };
const CLAIMS = { t: "01JHMM8Z7XWXYZ5678", e: "ABCD1234", s: "A12", v: 1 };
const base64url = (text: string) => Buffer.from(text, "latin1").toString("base64url");
const encoded = (value: unknown) => base64url(JSON.stringify(value));
const SIGNATURE = Buffer.alloc(64, 7).toString("base64url");
const token = (header: unknown, claims: unknown, bytes = 64) =>
  `${encoded(header)}.${encoded(claims)}.${Buffer.alloc(bytes, 7).toString("base64url")}`;

it("a token of the right form is read", () => {
  expect(readToken(token(HEADER, CLAIMS))).toMatchObject({
    kid: "k1",
    code: "ABCD1234",
    claims: { ticketId: "tkt_01JHMM8Z7XABCD1234WXYZ5678", seatId: "seat_A12", version: 1 },
    signed: `${encoded(HEADER)}.${encoded(CLAIMS)}`,
  });
});

it.each<[string, unknown, unknown]>([
  ["another algorithm", { ...HEADER, alg: "HS256" }, CLAIMS],
  ["a key's name that is a number", { ...HEADER, kid: 1 }, CLAIMS],
  ["a key's name with a space", { ...HEADER, kid: "k 1" }, CLAIMS],
  ["a header that says more", { ...HEADER, typ: "JWT" }, CLAIMS],
  ["a header that is nothing", null, CLAIMS],
  ["a header that is a text", "EdDSA", CLAIMS],
  ["claims that are nothing", HEADER, null],
  ["claims that say more", HEADER, { ...CLAIMS, x: 1 }],
  ["claims that say less", HEADER, { t: CLAIMS.t, e: CLAIMS.e, s: CLAIMS.s }],
  ["an event's code in small letters", HEADER, { ...CLAIMS, e: "abcd1234" }],
  ["an event's code that is a number", HEADER, { ...CLAIMS, e: 12345678 }],
  [
    "an event's code whose last character is said with the ticket",
    HEADER,
    { ...CLAIMS, e: "ABCD123", t: "01JHMM8Z7X4WXYZ5678" },
  ],
  ["a ticket's id that is too short", HEADER, { ...CLAIMS, t: "01JHMM8Z7XWXYZ567" }],
  ["a seat that is a number", HEADER, { ...CLAIMS, s: 12 }],
  ["a seat in small letters", HEADER, { ...CLAIMS, s: "a12" }],
  ["a version that is a text", HEADER, { ...CLAIMS, v: "1" }],
  ["a version between two", HEADER, { ...CLAIMS, v: 1.5 }],
  ["a letter that is not ASCII", { ...HEADER, kid: "k1", alg: "EdDSA", ü: 1 }, CLAIMS],
])("a token with %s is none", (_, header, claims) => {
  expect(readToken(token(header, claims))).toBeNull();
});

it("a token with a signature of another length, a part too many or too much text is none", () => {
  const good = token(HEADER, CLAIMS);
  for (const bytes of [0, 63, 65]) expect(readToken(token(HEADER, CLAIMS, bytes))).toBeNull();
  expect(readToken(`${good}.x`)).toBeNull();
  expect(readToken(good.replace(".", ".="))).toBeNull();
  expect(readToken("x".repeat(MAX_TOKEN_CHARS + 1))).toBeNull();
  expect(readToken("")).toBeNull();
});

it("a token is read up to the longest that is looked at", () => {
  const padded = (header: number, claims: number) =>
    `${base64url(JSON.stringify(HEADER) + " ".repeat(header))}.${base64url(JSON.stringify(CLAIMS) + " ".repeat(claims))}.${SIGNATURE}`;
  const lengths = new Set<number>();
  for (let spaces = 0; spaces < 9; spaces++) {
    const text = padded(spaces, 148);
    lengths.add(text.length);
    expect([text.length, readToken(text) !== null]).toEqual([text.length, text.length <= MAX_TOKEN_CHARS]);
  }
  expect([...lengths]).toEqual(expect.arrayContaining([MAX_TOKEN_CHARS, MAX_TOKEN_CHARS + 1]));
});

it("a token spelled in another way is none: a character that does not count, or one that is not base64url", () => {
  const header = encoded({ ...HEADER, kid: "k12" });
  expect(readToken(`${header}.${encoded(CLAIMS)}.${SIGNATURE}`)).not.toBeNull();
  expect(readToken(`${header}A.${encoded(CLAIMS)}.${SIGNATURE}`)).toBeNull();
  const ones = Buffer.alloc(64, 255).toString("base64url").slice(0, -1);
  expect(readToken(`${header}.${encoded(CLAIMS)}.${ones}w`)).not.toBeNull();
  for (const other of "+/=* ") expect(readToken(`${header}.${encoded(CLAIMS)}.${other}${ones.slice(1)}w`)).toBeNull();
});

it("a token with a letter that is not ASCII is none, even where it says the same again in ASCII", () => {
  const twice = (letter: string) => base64url(`{"alg":"${letter}","alg":"EdDSA","kid":"k1"}`);
  expect(readToken(`${twice("ü")}.${encoded(CLAIMS)}.${SIGNATURE}`)).toBeNull();
});

it("an id is read as people type it, and its letters O, I and L as the digits they look like", () => {
  const id = "tkt_01JHMM8Z7XABCD1234WXYZ5678";
  const alone = { ticketId: id, check: null };
  expect(readTypedTicket("  TKT_01jhmm8z7x-abcd1234 wxyz5678 ")).toEqual(alone);
  expect(readTypedTicket("OlJHMM8Z7XABCDi234WXYZ5678")).toEqual(alone);
  expect(readTypedTicket(`${id} oiL-9az`)).toEqual({ ticketId: id, check: "0119AZ" });
  for (const end of ["A", "ABCDE", "ABCDEFG", "ABCDEU", "ABCDE?"]) expect(readTypedTicket(id + end)).toBeNull();
  expect(readTypedTicket("x tkt_01JHMM8Z7XABCD1234WXYZ5678")).toBeNull();
  expect(readTypedTicket(`${id}${" ".repeat(60)}`)).toBeNull();
  expect(readTypedTicket("01JHMM8Z7X-tkt_ABCD1234WXYZ5678")).toBeNull();
  expect(readTypedTicket(id.padEnd(60))).toEqual(alone);
  expect(readTypedTicket(id.padEnd(61))).toBeNull();
});
