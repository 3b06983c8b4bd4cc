// The one form a ticket's text may have: whatever differs from it is no ticket, before any signature is looked at.

import { expect, it } from "vitest";
import { MAX_TOKEN_CHARS, readToken, readTypedTicket } from "../../src/domain/ticket-token";

const HEADER = { alg: "EdDSA", kid: "k1" };
const CLAIMS = { t: "01JHMM8Z7XWXYZ5678", e: "ABCD1234", s: "A12", v: 1 };
const encoded = (value: unknown) => Buffer.from(JSON.stringify(value), "latin1").toString("base64url");
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

it("an id is read as people type it, and its letters O, I and L as the digits they look like", () => {
  const id = "tkt_01JHMM8Z7XABCD1234WXYZ5678";
  expect(readTypedTicket("  TKT_01jhmm8z7x-abcd1234 wxyz5678 ")).toBe(id);
  expect(readTypedTicket("OlJHMM8Z7XABCDi234WXYZ5678")).toBe(id);
  expect(readTypedTicket("x tkt_01JHMM8Z7XABCD1234WXYZ5678")).toBeNull();
  expect(readTypedTicket(`${id}${" ".repeat(60)}`)).toBeNull();
});
