// Commands over the feed's socket, for a buyer who signed in there: hold and release, answered by id. Those that arrive
// together are handed to the box office together.

import type { jwtTokens } from "../adapters/tokens";
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
import { isOver } from "../domain/time";
import { askBoxOffice, type BoxOfficeDoor } from "./box-office-door";
import type { Attached } from "./seat-feed";

const MAX_SEATS = 10;
/** Commands of one socket that wait for their answer. */
const MAX_PENDING = 8;

/** Well below what a box office lets wait. */
const MAX_GROUP = 500;

type AnyReply = Reply<Command["type"]>;

interface Waiting {
  readonly command: Command;
  readonly resolve: (reply: AnyReply | null) => void;
}

export type Said = { readonly type: unknown; readonly id?: unknown; readonly [field: string]: unknown };

export interface FeedCommands {
  /** Answers on the socket; returns whose socket it is from now on, or null when that has not changed. */
  take(socket: WebSocket, attached: Attached, said: Said): Promise<Signed | null>;
}

export type Signed = Pick<Attached, "userId" | "signedUntilMs">;

/** As told on the socket: an answer to the message with this id. */
export function replyTo(said: Said, body: object): string {
  const id = typeof said.id === "string" || typeof said.id === "number" ? said.id : null;
  return JSON.stringify({ type: "reply", id, ...body });
}

export function feedCommands(tokens: Verifier, doorOf: (code: EventCode) => BoxOfficeDoor): FeedCommands {
  const waiting = new Map<EventCode, Waiting[]>();
  const underWay = new Set<EventCode>();
  const pending = new WeakMap<WebSocket, number>();

  /** Whatever arrives in the same tick is one call, and what arrives while that is under way is the next. */
  function ask(code: EventCode, command: Command): Promise<AnyReply | null> {
    return new Promise((resolve) => {
      const group = waiting.get(code) ?? [];
      group.push({ command, resolve });
      waiting.set(code, group);
      if (underWay.has(code)) return;
      underWay.add(code);
      void scheduler.wait(0).then(() => sendAll(code));
    });
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
    try {
      const commands = group.map(({ command }) => command);
      const replies = await askBoxOffice(doorOf(code), commands);
      for (const [place, { resolve }] of group.entries()) resolve(replies[place] ?? null);
    } catch {
      // Nobody knows whether it was done: the client asks again, under the same key where it gave one.
      for (const { resolve } of group) resolve(null);
    }
  }

  async function command(socket: WebSocket, attached: Attached, said: Said): Promise<void> {
    const answer = (body: object) => socket.send(replyTo(said, body));
    const isSigned = attached.userId !== null && !isOver(attached.signedUntilMs, Date.now());
    if (!isSigned) return answer(refusalOf({ code: "UNAUTHENTICATED" }));
    const made = commandOf(attached.code, attached.userId as UserId, said);
    if ("code" in made) return answer(refusalOf(made));
    const open = pending.get(socket) ?? 0;
    if (open >= MAX_PENDING) return answer(refusalOf({ code: "OVERLOADED", retryAfterMs: 1_000 }));
    pending.set(socket, open + 1);
    const reply = await ask(attached.code, made.command);
    pending.set(socket, (pending.get(socket) ?? 1) - 1);
    if (reply === null || "notDefined" in reply) return answer(refusalOf({ code: "OVERLOADED", retryAfterMs: 1_000 }));
    if (!reply.ok) return answer(refusalOf(reply.refusal));
    const value = reply.value as HoldView | { readonly hold: HoldView };
    answer({ ok: true, lock: lockOf("hold" in value ? value.hold : value) });
  }

  return {
    async take(socket, attached, said) {
      if (said.type === "auth") {
        const signed = await signedBy(tokens, said.token);
        socket.send(JSON.stringify({ type: "auth", ok: signed.userId !== null }));
        return signed;
      }
      if (said.type === "hold" || said.type === "release") await command(socket, attached, said);
      else socket.send(replyTo(said, refusalOf({ code: "NOT_FOUND" })));
      return null;
    },
  };
}

type Verifier = Pick<ReturnType<typeof jwtTokens>, "verify">;

const NOBODY: Signed = { userId: null, signedUntilMs: 0 };

async function signedBy(tokens: Verifier, token: unknown): Promise<Signed> {
  const claims = typeof token === "string" ? await tokens.verify(token, Date.now()) : null;
  return claims === null ? NOBODY : { userId: claims.sub, signedUntilMs: claims.expiresAtMs };
}

function commandOf(code: EventCode, userId: UserId, said: Said): { readonly command: Command } | Refusal {
  const nowMs = Date.now();
  // For both ids: neither is a secret, and each question of the platform costs more than the bytes.
  const random = crypto.getRandomValues(new Uint8Array(ID_RANDOM_BYTES));
  const origin = { actor: userId, requestId: makeId("req", nowMs, random) };
  if (said.type === "release") {
    const lockId = typeof said.lockId === "string" ? parseId("lock", said.lockId) : null;
    if (lockId === null) return { code: "LOCK_NOT_FOUND", id: String(said.lockId) };
    return { command: { type: "release", lockId, userId, ...origin } };
  }
  const choice = choiceOf(said);
  if (choice === null) {
    const message = `seatIds: 1 to ${MAX_SEATS} seat ids, or seats: a number with an optional tier`;
    return { code: "VALIDATION_ERROR", problems: [{ field: "seatIds", message }] };
  }
  const lockId: LockId = makeSaleId("lock", code, nowMs, random);
  return { command: { type: "hold", lockId, userId, choice, clientKey: null, dialect: false, ...origin } };
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
