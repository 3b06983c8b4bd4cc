// Commands over the feed's socket, for a buyer who signed in there: hold and release, answered by id. Those that arrive
// together are handed to the box office together.

import { jwtVerify } from "jose";
import type { Command, HoldView, Reply } from "../domain/box-office/commands";
import {
  type EventCode,
  ID_RANDOM_BYTES,
  type LockId,
  makeSaleId,
  parseId,
  type SeatId,
  type UserId,
} from "../domain/ids";
import type { Refusal } from "../domain/refusals";
import { TIERS, type Tier } from "../domain/seat-map";
import type { Attached } from "./seat-feed";

const MAX_SEATS = 10;
/** Commands of one socket that wait for their answer. */
const MAX_PENDING = 8;

interface BoxOfficeDoor {
  execute(commands: readonly Command[]): Promise<Reply<Command["type"]>[]>;
}

type Said = { readonly type: unknown; readonly id?: unknown; readonly [field: string]: unknown };

export interface FeedCommands {
  /** Answers on the socket; returns whose socket it is from now on. */
  take(socket: WebSocket, attached: Attached, said: Said): Promise<string | null>;
}

export function feedCommands(env: Env, doorOf: (code: EventCode) => unknown): FeedCommands {
  const waiting = new Map<EventCode, { command: Command; resolve: (reply: Reply<Command["type"]> | null) => void }[]>();
  const pending = new WeakMap<WebSocket, number>();

  /** Whatever arrives in the same tick is one call. */
  function ask(code: EventCode, command: Command): Promise<Reply<Command["type"]> | null> {
    return new Promise((resolve) => {
      const group = waiting.get(code);
      if (group !== undefined) {
        group.push({ command, resolve });
        return;
      }
      waiting.set(code, [{ command, resolve }]);
      void scheduler.wait(0).then(() => send(code));
    });
  }

  async function send(code: EventCode): Promise<void> {
    const group = waiting.get(code) ?? [];
    waiting.delete(code);
    try {
      const door = doorOf(code) as BoxOfficeDoor;
      const replies = await door.execute(group.map(({ command }) => command));
      for (const [place, { resolve }] of group.entries()) resolve(replies[place] ?? null);
    } catch {
      // Nobody knows whether it was done: the client asks again, under the same key where it gave one.
      for (const { resolve } of group) resolve(null);
    }
  }

  async function command(socket: WebSocket, attached: Attached, said: Said): Promise<void> {
    const id = typeof said.id === "string" || typeof said.id === "number" ? said.id : null;
    const answer = (body: object) => socket.send(JSON.stringify({ type: "reply", id, ...body }));
    if (attached.userId === null) return answer(refusalOf({ code: "UNAUTHENTICATED" }));
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
        const userId = await userOf(env, said.token);
        socket.send(JSON.stringify({ type: "auth", ok: userId !== null }));
        return userId;
      }
      if (said.type === "hold" || said.type === "release") await command(socket, attached, said);
      else socket.send(JSON.stringify({ type: "reply", id: said.id ?? null, ok: false, error: { code: "NOT_FOUND" } }));
      return attached.userId;
    },
  };
}

async function userOf(env: Env & { readonly JWT_SECRET?: string }, token: unknown): Promise<string | null> {
  if (typeof token !== "string") return null;
  try {
    const key = new TextEncoder().encode(env.JWT_SECRET ?? "");
    const { payload } = await jwtVerify(token, key, {
      algorithms: ["HS256"],
      typ: "JWT",
      issuer: env.JWT_ISSUER,
      audience: env.JWT_AUDIENCE,
      requiredClaims: ["sub", "exp", "iat"],
    });
    return payload.sub === undefined ? null : parseId("usr", payload.sub);
  } catch {
    return null;
  }
}

function commandOf(code: EventCode, userId: UserId, said: Said): { readonly command: Command } | Refusal {
  const nowMs = Date.now();
  const origin = { actor: userId, requestId: `feed_${crypto.randomUUID()}` };
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
  const lockId: LockId = makeSaleId("lock", code, nowMs, crypto.getRandomValues(new Uint8Array(ID_RANDOM_BYTES)));
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

function refusalOf({ code, ...details }: Refusal): object {
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
