// Commands over the feed's socket, for a buyer who signed in there: hold and release, answered by id. Those that arrive
// together are handed to the box office together.

import type { jwtTokens } from "../adapters/tokens";
import { askBoxOffice, type BoxOfficeCalls } from "../domain/box-office/ask";
import type { Command, HoldView, Reply } from "../domain/box-office/commands";
import {
  type EventCode,
  ID_RANDOM_BYTES,
  type LockId,
  makeId,
  makeSaleId,
  parseId,
  type SeatId,
  type UserId,
} from "../domain/ids";
import type { Refusal } from "../domain/refusals";
import { TIERS, type Tier } from "../domain/seat-map";
import { isOver, SECOND } from "../domain/time";
import { reclaimed, rewarded } from "./feed-budget";
import type { Attached } from "./seat-feed";

const MAX_SEATS = 10;
/** Commands of one socket that wait for their answer. */
const MAX_PENDING = 8;
/** Of a client's own text, as much is said back; HTTP does the same. */
const MAX_ECHO_CHARS = 60;

export const OVERLOADED: Refusal = { code: "OVERLOADED", retryAfterMs: SECOND };

/** Well below what a box office lets wait. */
const MAX_GROUP = 500;

type AnyReply = Reply<Command["type"]>;

interface Waiting {
  readonly command: Command;
  /** Null: nobody knows whether it was done. Never throws. */
  readonly answered: (reply: AnyReply | null) => void;
}

export type Said = { readonly type: unknown; readonly id?: unknown; readonly [field: string]: unknown };

/** Whoever sends commands on a socket. */
export interface Sender {
  readonly attached: Attached;
  /** Commands that wait for their answer. */
  pending: number;
  /** When its bucket of messages is full again (feed-budget.ts). */
  fullAtMs: number;
}

export interface FeedCommands {
  /** A hold, a release, or what nobody knows: answered on the socket, sooner or later. */
  take(socket: WebSocket, sender: Sender, said: Said, nowMs: number): void;
  /** Answers on the socket; returns whose socket it is from now on. */
  signIn(socket: WebSocket, said: Said, nowMs: number): Signed;
}

export type Signed = Pick<Attached, "userId" | "signedUntilMs">;

/** As told on the socket: an answer to the message with this id. One that is none is answered without. */
export function replyTo({ id }: Said, body: object): string {
  const isId = typeof id === "number" || (typeof id === "string" && id.length <= MAX_ECHO_CHARS);
  return JSON.stringify({ type: "reply", id: isId ? id : null, ...body });
}

export function feedCommands(tokens: Verifier, doorOf: (code: EventCode) => BoxOfficeCalls): FeedCommands {
  const waiting = new Map<EventCode, Waiting[]>();
  const underWay = new Set<EventCode>();

  /** Whatever arrives in the same tick is one call, and what arrives while that is under way is the next. */
  function ask(code: EventCode, asked: Waiting): void {
    const group = waiting.get(code) ?? [];
    group.push(asked);
    waiting.set(code, group);
    if (underWay.has(code)) return;
    underWay.add(code);
    void scheduler.wait(0).then(() => sendAll(code));
  }

  async function sendAll(code: EventCode): Promise<void> {
    for (let group = waiting.get(code) ?? []; group.length > 0; group = waiting.get(code) ?? []) {
      if (group.length > MAX_GROUP) waiting.set(code, group.slice(MAX_GROUP));
      else waiting.delete(code);
      await send(code, group.slice(0, MAX_GROUP));
    }
    underWay.delete(code);
  }

  async function send(code: EventCode, group: readonly Waiting[]): Promise<void> {
    const commands = group.map(({ command }) => command);
    const replies = await repliesOf(code, commands);
    for (const [place, { answered }] of group.entries()) answered(replies[place] ?? null);
  }

  /** None where the box office did not answer, or could not even be asked: whoever waits must be told. */
  async function repliesOf(code: EventCode, commands: readonly Command[]): Promise<readonly AnyReply[]> {
    try {
      return await askBoxOffice(doorOf(code), commands);
    } catch {
      return [];
    }
  }

  function command(socket: WebSocket, sender: Sender, said: Said, nowMs: number): void {
    const made = sender.pending < MAX_PENDING ? commandOf(sender.attached, said, nowMs) : OVERLOADED;
    if ("code" in made) {
      sendTo(socket, replyTo(said, refusalOf(made)));
      return;
    }
    sender.pending += 1;
    ask(sender.attached.code, {
      command: made.command,
      answered(reply) {
        sender.pending -= 1;
        if (isDone(reply)) {
          const settle = made.command.type === "hold" ? rewarded : reclaimed;
          sender.fullAtMs = settle(sender.fullAtMs);
        }
        sendTo(socket, replyTo(said, answerOf(reply)));
      },
    });
  }

  return {
    take(socket, sender, said, nowMs) {
      if (said.type === "hold" || said.type === "release") command(socket, sender, said, nowMs);
      else sendTo(socket, replyTo(said, refusalOf({ code: "NOT_FOUND" })));
    },
    signIn(socket, said, nowMs) {
      const signed = signedBy(tokens, said.token, nowMs);
      sendTo(socket, JSON.stringify({ type: "auth", ok: signed.userId !== null }));
      return signed;
    },
  };
}

export function sendTo(socket: WebSocket, text: string): void {
  try {
    socket.send(text);
  } catch {
    // It is gone already.
  }
}

function isDone(reply: AnyReply | null): boolean {
  return reply !== null && "ok" in reply && reply.ok;
}

/** Where nobody knows whether it was done, the client asks again, under the same key where it gave one. */
function answerOf(reply: AnyReply | null): object {
  if (reply === null || "notDefined" in reply) return refusalOf(OVERLOADED);
  if (!reply.ok) return refusalOf(reply.refusal);
  const value = reply.value as HoldView | { readonly hold: HoldView };
  return { ok: true, lock: lockOf("hold" in value ? value.hold : value) };
}

type Verifier = Pick<ReturnType<typeof jwtTokens>, "verify">;

const NOBODY: Signed = { userId: null, signedUntilMs: 0 };

function signedBy(tokens: Verifier, token: unknown, nowMs: number): Signed {
  const claims = typeof token === "string" ? tokens.verify(token, nowMs) : null;
  return claims === null ? NOBODY : { userId: claims.sub, signedUntilMs: claims.expiresAtMs };
}

function commandOf({ code, ...signed }: Attached, said: Said, nowMs: number): { readonly command: Command } | Refusal {
  if (signed.userId === null || isOver(signed.signedUntilMs, nowMs)) return { code: "UNAUTHENTICATED" };
  const userId = signed.userId as UserId;
  // For both ids: neither is a secret, and each question of the platform costs more than the bytes.
  const random = crypto.getRandomValues(new Uint8Array(ID_RANDOM_BYTES));
  const origin = { actor: userId, requestId: makeId("req", nowMs, random) };
  if (said.type === "release") {
    if (typeof said.lockId !== "string") return invalidIn("lockId", "must be a text");
    const lockId = parseId("lock", said.lockId);
    if (lockId === null) return { code: "LOCK_NOT_FOUND", id: said.lockId.slice(0, MAX_ECHO_CHARS) };
    return { command: { type: "release", lockId, userId, ...origin } };
  }
  const choice = choiceOf(said);
  if (choice === null) {
    return invalidIn("seatIds", `seatIds: 1 to ${MAX_SEATS} seat ids, or seats: a number with an optional tier`);
  }
  const lockId: LockId = makeSaleId("lock", code, nowMs, random);
  return { command: { type: "hold", lockId, userId, choice, clientKey: null, dialect: false, ...origin } };
}

function invalidIn(field: string, message: string): Refusal {
  return { code: "VALIDATION_ERROR", problems: [{ field, message }] };
}

function choiceOf(said: Said): Extract<Command, { type: "hold" }>["choice"] | null {
  const { seatIds, seats, tier } = said;
  if (Array.isArray(seatIds) && seats === undefined && tier === undefined) {
    const fits = seatIds.length >= 1 && seatIds.length <= MAX_SEATS && new Set(seatIds).size === seatIds.length;
    const named = seatIds.every((seat) => typeof seat === "string" && seat.length <= 32);
    return fits && named ? { by: "seats", seatIds: seatIds as SeatId[] } : null;
  }
  if (seatIds !== undefined || typeof seats !== "number" || !Number.isInteger(seats)) return null;
  if (seats < 1 || seats > MAX_SEATS) return null;
  if (tier !== undefined && !TIERS.includes(tier as Tier)) return null;
  return { by: "quantity", quantity: seats, tier: (tier as Tier | undefined) ?? null };
}

export function refusalOf({ code, ...details }: Refusal): object {
  return { ok: false, error: { code, ...details } };
}

function lockOf(hold: HoldView): object {
  return {
    id: hold.id,
    eventId: hold.eventId,
    seatIds: hold.seatIds,
    seats: hold.seatIds.length,
    status: hold.status,
    expiresAt: new Date(hold.expiresAtMs).toISOString(),
  };
}
