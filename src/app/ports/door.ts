// The door: gates, their tokens, and the codes of tickets.

import type { InvalidReason } from "../../domain/door";
import type { EventId, GateId, TicketId } from "../../domain/ids";
import type { TicketClaims, TypedTicket } from "../../domain/ticket-token";
import type { KeptKey } from "./platform";

/** A door of an event: a name, and a token that lets a scanner take tickets there and nothing else. */
export interface Gate {
  readonly id: GateId;
  readonly eventId: EventId;
  readonly name: string;
  /** Its own opening time; null: when doors open by themselves. */
  readonly opensAtMs: number | null;
  /** Until then its token is good. */
  readonly expiresAtMs: number;
  readonly revokedAtMs: number | null;
  readonly createdAtMs: number;
}

export interface Gates {
  insert(gate: Gate, tokenHash: string, key: KeptKey | null): Promise<"inserted" | "key-taken">;
  byId(id: GateId): Promise<Gate | null>;
  byTokenHash(hash: string): Promise<Gate | null>;
  /** In the order they were made, at most `limit`. */
  ofEvent(id: EventId, limit: number): Promise<readonly Gate[]>;
  /** The first revocation counts. */
  revoke(id: GateId, nowMs: number): Promise<void>;
}

/** Tokens of gates. What is stored of one is its hash. */
export interface GateTokens {
  /** A gate's token: the same each time, so that a repeated request gets the same answer, and guessable by nobody. */
  of(id: GateId): Promise<string>;
  hash(token: string): Promise<string>;
}

/** The public half of a signing key, as scanners need it (RFC 8037). */
export interface TicketKey {
  readonly kty: "OKP";
  readonly crv: "Ed25519";
  readonly x: string;
  readonly kid: string;
  readonly alg: "EdDSA";
  readonly use: "sig";
}

/** What is in a ticket's code: signed, so that a scanner without network can tell it from any other text. */
export interface TicketTokens {
  /** The same ticket gives the same text as long as the newest key does. */
  sign(claims: TicketClaims): Promise<string>;
  verify(
    token: string,
  ): Promise<
    { readonly ok: true; readonly claims: TicketClaims } | { readonly ok: false; readonly reason: InvalidReason }
  >;
  /** What is printed under the code, to be typed in where it cannot be scanned. */
  numberOf(ticket: TicketId): Promise<string>;
  /** Whether one of the keys made it; a ticket's id alone is `unverified`. */
  verifyNumber(
    typed: TypedTicket,
  ): Promise<{ readonly ok: true } | { readonly ok: false; readonly reason: InvalidReason }>;
  /** Of every key that verifies, the newest last. */
  readonly keys: readonly TicketKey[];
}

export interface QrCodes {
  /** A picture of 1 unit a module, its quiet zone included. */
  svg(text: string): string;
  /** The same as an image that every mail program shows. */
  png(text: string): Promise<Uint8Array>;
}
