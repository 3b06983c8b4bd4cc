// A scanner's own judgement of a ticket, from its bundle and what it scanned itself: the same rules as the box office's,
// without asking anybody.

import { type InvalidReason, outsideWindow, type ScanResult } from "../../src/domain/door";
import { codeOfEvent, type EventId } from "../../src/domain/ids";
import { readToken, readTypedTicket, TICKET_VERSION } from "../../src/domain/ticket-token";
import type { Bundle, Entry } from "./records";

export interface Judgement {
  readonly result: ScanResult;
  readonly reason: InvalidReason | null;
  readonly ticketId: string | null;
  readonly seatId: string | null;
  readonly entry: Entry | null;
}

export interface Judge {
  readonly bundle: Bundle;
  judge(text: string, atMs: number): Promise<Judgement>;
}

/** `entryWith` is who came in with a ticket, as far as this scanner knows. */
export function newJudge(bundle: Bundle, entryWith: (ticketId: string) => Entry | null): Judge {
  const revoked = new Set(bundle.revoked.tickets);
  const keys = new Map<string, Promise<CryptoKey>>();
  const code = codeOfEvent(bundle.event.id as EventId);
  const window = { opensAtMs: Date.parse(bundle.window.opensAt), closesAtMs: Date.parse(bundle.window.closesAt) };

  function keyOf(kid: string): Promise<CryptoKey> | null {
    const jwk = bundle.keys.find((key) => key.kid === kid);
    if (!jwk) return null;
    const key = keys.get(kid) ?? importKey(jwk);
    keys.set(kid, key);
    return key;
  }

  return {
    bundle,
    async judge(text, atMs) {
      const typed = readTypedTicket(text);
      if (typed !== null) return invalid("unverified", typed.ticketId);
      const read = readToken(text);
      if (read === null) return invalid("malformed");
      const key = await keyOf(read.kid);
      if (key === null) return invalid("unknown_key");
      const signed = new TextEncoder().encode(read.signed);
      if (!(await crypto.subtle.verify("Ed25519", key, read.signature, signed))) return invalid("bad_signature");
      const { ticketId, seatId, version } = read.claims;
      const told = (result: ScanResult, entry: Entry | null = null) => ({
        result,
        reason: null,
        ticketId,
        seatId,
        entry,
      });
      if (version !== TICKET_VERSION) return invalid("unknown_ticket", ticketId);
      if (read.code !== code) return told("wrong_event");
      if (revoked.has(ticketId)) return told("revoked");
      const entry = entryWith(ticketId);
      if (entry !== null) return told("already_used", entry);
      return told(outsideWindow(window, atMs) ?? "ok");
    },
  };
}

/** Whether asking the box office could change the answer: a text that is not ours stays that. */
export function isFinal({ result, reason }: Judgement): boolean {
  return result === "wrong_event" || reason === "malformed" || reason === "bad_signature";
}

function invalid(reason: InvalidReason, ticketId: string | null = null): Judgement {
  return { result: "invalid", reason, ticketId, seatId: null, entry: null };
}

function importKey({ kty, crv, x }: JsonWebKey): Promise<CryptoKey> {
  return crypto.subtle.importKey("jwk", { kty, crv, x }, "Ed25519", false, ["verify"]);
}
