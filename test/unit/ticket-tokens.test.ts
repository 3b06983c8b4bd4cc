// What stands between a ticket and everything that only looks like one: each way to be no ticket, with its reason; and
// whether a real code is large enough to be read from a cracked screen.

import { decodeQR } from "qr/decode.js";
import { describe, expect, it } from "vitest";
import { newTicketKeySet } from "../../scripts/ticket-keys.mjs";
import { qrCodes } from "../../src/adapters/qr-codes";
import { ed25519TicketTokens, type TicketSigningKey } from "../../src/adapters/ticket-tokens";
import { type BookingId, type SeatId, type TicketId, ticketIdOf } from "../../src/domain/ids";
import { readToken, readTypedTicket, TICKET_VERSION, type TypedTicket } from "../../src/domain/ticket-token";

const BOOKING = "bkg_01JHMM8Z7XABCD1234WXYZ5678" as BookingId;
const TICKET = ticketIdOf(BOOKING, 3);
const CLAIMS = { ticketId: TICKET, seatId: "seat_A12" as SeatId, version: TICKET_VERSION };
/** The longest name a seat can have. */
const LONGEST_SEAT = "seat_BALCON50000" as SeatId;

function newKeys(older: readonly unknown[] = []): readonly TicketSigningKey[] {
  return (JSON.parse(newTicketKeySet(older)) as { keys: readonly TicketSigningKey[] }).keys;
}

const keys = newKeys();
const tokens = ed25519TicketTokens(keys);

async function reasonOf(token: string, by = tokens): Promise<string> {
  const verified = await by.verify(token);
  return verified.ok ? "ok" : verified.reason;
}

function base64url(text: string): string {
  return Buffer.from(text).toString("base64url");
}

describe("a token", () => {
  it("says its ticket and its seat, and nothing of anybody", async () => {
    const token = await tokens.sign(CLAIMS);
    expect(await tokens.verify(token)).toEqual({ ok: true, claims: CLAIMS });
    const payload = JSON.parse(Buffer.from(token.split(".")[1] ?? "", "base64url").toString());
    expect(Object.keys(payload)).toEqual(["t", "e", "s", "v"]);
  });

  it("is the same text for the same ticket, so a mail sent twice carries the same code", async () => {
    expect(await tokens.sign(CLAIMS)).toBe(await tokens.sign(CLAIMS));
  });

  it("with any one bit flipped is no ticket any more", async () => {
    const token = await tokens.sign(CLAIMS);
    const bytes = Buffer.from(token, "latin1");
    const reasons = new Map<string, number>();
    for (let bit = 0; bit < bytes.length * 8; bit++) {
      const flipped = Buffer.from(bytes);
      flipped[bit >> 3] = (flipped[bit >> 3] as number) ^ (1 << (bit & 7));
      const reason = await reasonOf(flipped.toString("latin1"));
      reasons.set(reason, (reasons.get(reason) ?? 0) + 1);
    }
    expect(reasons.has("ok")).toBe(false);
    expect([...reasons.values()].reduce((sum, count) => sum + count, 0)).toBe(token.length * 8);
    expect([...reasons.keys()].sort()).toEqual(["bad_signature", "malformed", "unknown_key"]);
  });

  it("has one spelling only: the spare bits of its last character may not be used", async () => {
    const token = await tokens.sign(CLAIMS);
    const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    const last = alphabet.indexOf(token.at(-1) as string);
    for (let spare = 1; spare < 16; spare++) {
      const respelled = token.slice(0, -1) + alphabet[(last & 0b110000) | ((last + spare) & 0b1111)];
      // A lenient decoder takes all of these for the same signature.
      const bytes = (text: string) => Buffer.from(text.split(".")[2] ?? "", "base64url").toString("hex");
      expect(bytes(respelled)).toBe(bytes(token));
      expect(await reasonOf(respelled)).toBe("malformed");
    }
  });

  it.each([
    ["the seat", { s: "A1" }],
    ["the event", { e: "ZZZZ9999" }],
    ["the ticket", { t: "01JHMM8Z7XWXYZ5679" }],
    ["the version", { v: 2 }],
  ])("with %s of another is a forgery", async (_what, change) => {
    const [header, payload, signature] = (await tokens.sign(CLAIMS)).split(".");
    const said = JSON.parse(Buffer.from(payload ?? "", "base64url").toString());
    const forged = [header, base64url(JSON.stringify({ ...said, ...change })), signature].join(".");
    expect(await reasonOf(forged)).toBe("bad_signature");
  });

  it("of another ticket lends its signature to none", async () => {
    const other = await tokens.sign({ ...CLAIMS, ticketId: ticketIdOf(BOOKING, 4) });
    const [header, payload] = (await tokens.sign(CLAIMS)).split(".");
    expect(await reasonOf([header, payload, other.split(".")[2]].join("."))).toBe("bad_signature");
  });

  it("of another deployment is signed with an unknown key, and with a stolen kid it is a forgery", async () => {
    const elsewhere = newKeys();
    expect(await reasonOf(await ed25519TicketTokens(elsewhere).sign(CLAIMS))).toBe("unknown_key");
    const impostor = elsewhere.map((key) => ({ ...key, kid: keys[0]?.kid as string }));
    expect(await reasonOf(await ed25519TicketTokens(impostor).sign(CLAIMS))).toBe("bad_signature");
  });

  it("outlives a new key, and not the retirement of its own", async () => {
    const token = await tokens.sign(CLAIMS);
    const rotated = newKeys(keys);
    expect(await reasonOf(token, ed25519TicketTokens(rotated))).toBe("ok");
    const newest = await ed25519TicketTokens(rotated).sign(CLAIMS);
    expect(readToken(newest)?.kid).toBe(rotated[1]?.kid);
    expect(await reasonOf(newest)).toBe("unknown_key");
    expect(await reasonOf(token, ed25519TicketTokens(rotated.slice(1)))).toBe("unknown_key");
  });

  it.each(["none", "HS256", "ES256"])("that asks for %s instead of its signature is no ticket", async (alg) => {
    const [, payload, signature] = (await tokens.sign(CLAIMS)).split(".");
    const header = base64url(JSON.stringify({ alg, kid: keys[0]?.kid }));
    expect(await reasonOf(`${header}.${payload}.${signature}`)).toBe("malformed");
    expect(await reasonOf(`${header}.${payload}.`)).toBe("malformed");
  });

  it.each(["", ".", "..", "hello", "https://example.com/?t=1", "a".repeat(500), "é.é.é"])("is not %j", async (text) => {
    expect(await reasonOf(text)).toBe("malformed");
  });

  it("shows its public key only", () => {
    expect(tokens.keys).toEqual([
      { kty: "OKP", crv: "Ed25519", x: keys[0]?.x, kid: keys[0]?.kid, alg: "EdDSA", use: "sig" },
    ]);
  });
});

describe("a number that somebody types in", () => {
  it.each([
    ["as it is", (id: string) => id],
    ["in lower case without prefix", (id: string) => id.slice(4).toLowerCase()],
    ["in groups", (id: string) => id.slice(4).replace(/(.{4})/g, "$1 ")],
    ["with an O for every zero", (id: string) => id.replaceAll("0", "o")],
  ])("is read %s", (_how, write) => {
    expect(readTypedTicket(write(TICKET))).toEqual({ ticketId: TICKET, check: null });
    expect(readTypedTicket(write(`${TICKET}0K7P2Q`))).toEqual({ ticketId: TICKET, check: "0K7P2Q" });
  });

  it("is printed in fours, and proves its ticket by any key that is in force", async () => {
    const number = await tokens.numberOf(TICKET);
    expect(number).toMatch(/^([0-9A-Z]{4} ){7}[0-9A-Z]{4}$/);
    expect(number.replaceAll(" ", "").slice(0, 26)).toBe(TICKET.slice(4));
    expect(await tokens.numberOf(TICKET)).toBe(number);
    const typed = readTypedTicket(number.toLowerCase()) as TypedTicket;
    expect(await tokens.verifyNumber(typed)).toEqual({ ok: true });
    const [added] = JSON.parse(newTicketKeySet()).keys;
    const later = ed25519TicketTokens([...keys, added]);
    expect(await later.verifyNumber(typed)).toEqual({ ok: true });
    expect(await later.numberOf(TICKET)).not.toBe(number);
    expect(await ed25519TicketTokens([added]).verifyNumber(typed)).toEqual({ ok: false, reason: "bad_signature" });
  });

  it("proves nothing as an id alone, of another ticket, or with any character changed", async () => {
    const { check } = readTypedTicket(await tokens.numberOf(TICKET)) as TypedTicket;
    expect(await tokens.verifyNumber({ ticketId: TICKET, check: null })).toEqual({ ok: false, reason: "unverified" });
    const other = `${TICKET.slice(0, -1)}${TICKET.endsWith("0") ? "1" : "0"}` as TicketId;
    const wrong = { ok: false, reason: "bad_signature" };
    expect(await tokens.verifyNumber({ ticketId: other, check })).toEqual(wrong);
    for (const [place, char] of [...(check as string)].entries()) {
      const changed = `${check?.slice(0, place)}${char === "Z" ? "0" : "Z"}${check?.slice(place + 1)}`;
      expect(await tokens.verifyNumber({ ticketId: TICKET, check: changed })).toEqual(wrong);
    }
  });

  it("is not found in a token or a web address", async () => {
    expect(readTypedTicket(await tokens.sign(CLAIMS))).toBeNull();
    expect(readTypedTicket("https://tickets.example")).toBeNull();
  });
});

describe("the code of a ticket", () => {
  /** Modules of the picture, its quiet zone included. */
  function sizeOf(token: string): number {
    return Number(/viewBox="0 0 (\d+) /.exec(qrCodes().svg(token))?.[1]);
  }

  it("has at most 57 modules a side, also for the longest name of a seat", async () => {
    const token = await tokens.sign({ ...CLAIMS, seatId: LONGEST_SEAT });
    expect(token.length).toBeLessThanOrEqual(213);
    expect(sizeOf(token)).toBe(57 + 8);
    expect(sizeOf(await tokens.sign(CLAIMS))).toBe(57 + 8);
  });

  it("is at least 1 mm a module where a mail shows it", async () => {
    const mailCssPixels = 260;
    const millimetresAPixel = 25.4 / 96;
    expect((mailCssPixels / sizeOf(await tokens.sign(CLAIMS))) * millimetresAPixel).toBeGreaterThan(1);
  });

  it("is a PNG that a scanner reads back, of a few kilobytes", async () => {
    const token = await tokens.sign(CLAIMS);
    const png = await qrCodes().png(token);
    expect(png.length).toBeLessThan(4_000);
    expect(decodeQR(await pixelsOf(png))).toBe(token);
  });

  it("is read behind cracks that cross the whole screen", async () => {
    const token = await tokens.sign({ ...CLAIMS, ticketId: ticketIdOf(BOOKING, 9) as TicketId });
    const picture = await pixelsOf(await qrCodes().png(token));
    for (const [dx, dy] of [
      [1, 0.35],
      [0.6, 1],
      [1, -0.8],
    ] as const) {
      crack(picture, dx, dy);
    }
    expect(decodeQR(picture)).toBe(token);
  });
});

interface Picture {
  readonly width: number;
  readonly height: number;
  readonly data: Uint8Array;
}

/** Reads our own kind of PNG: one bit a pixel, no filter. */
async function pixelsOf(png: Uint8Array): Promise<Picture> {
  const view = new DataView(png.buffer, png.byteOffset);
  const size = view.getUint32(16);
  const length = view.getUint32(33);
  const stream = new Blob([png.slice(41, 41 + length)]).stream().pipeThrough(new DecompressionStream("deflate"));
  const lines = new Uint8Array(await new Response(stream).arrayBuffer());
  const stride = Math.ceil(size / 8) + 1;
  const data = new Uint8Array(size * size * 4).fill(255);
  for (let y = 0; y < size; y++) {
    for (let x = 0; x < size; x++) {
      const white = ((lines[y * stride + 1 + (x >> 3)] as number) >> (7 - (x & 7))) & 1;
      data.fill(white * 255, (y * size + x) * 4, (y * size + x) * 4 + 3);
    }
  }
  return { width: size, height: size, data };
}

/** A bright line across the middle, three quarters of a module wide. */
function crack({ width, height, data }: Picture, dx: number, dy: number): void {
  for (let step = -width; step < width; step += 0.5) {
    const x = Math.round(width / 2 + dx * step);
    const y = Math.round(height / 2 + dy * step);
    for (let w = 0; w < 6; w++) {
      if (x + w < 0 || x + w >= width || y < 0 || y >= height) continue;
      data.fill(230, (y * width + x + w) * 4, (y * width + x + w) * 4 + 3);
    }
  }
}
