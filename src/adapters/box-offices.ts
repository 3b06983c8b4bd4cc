// The box offices of all events, reached by event code. A code must be known before an object is addressed, so
// strangers create none; an object without a definition is given D1's and asked again.

import type { AuditPage, BoxOffices, DefinedReply, Events, Log } from "../app/ports";
import { askBoxOffice, type BoxOfficeCalls } from "../domain/box-office/ask";
import type { AuditScope } from "../domain/box-office/audit";
import type { Command, CommandType, JournalPage, Reply } from "../domain/box-office/commands";
import type { EventDefinition } from "../domain/box-office/state";
import { codeOfEvent, type EventCode, type EventId, type LockId } from "../domain/ids";
import { SECOND } from "../domain/time";
import type { AuditedPage } from "../durable/box-office";
import { commandGroups } from "./command-groups";

/** Codes of events an isolate remembers; the oldest are dropped first. */
const MAX_KNOWN = 10_000;
/** How long "no such event" is believed, so that guessing costs D1 little. */
const UNKNOWN_TTL_MS = 10 * SECOND;
/** Tries of one command when the object was moved or restarted under it. Repeats are recognised by their ids. */
const MAX_TRIES = 3;

interface BoxOfficeStub extends BoxOfficeCalls {
  journal(afterSeq: number, limit: number): Promise<JournalPage>;
  audit(after: LockId | null, limit: number, scope: AuditScope): Promise<AuditedPage>;
}

export function boxOffices(outside: {
  readonly namespace: Env["BOX_OFFICE"];
  readonly events: Pick<Events, "idByCode" | "definitionByCode">;
  readonly log: Log;
  readonly nowMs: () => number;
  /** Lets a call outlive the request that began it; where it is missing, every command is a call of its own. */
  readonly keepAlive?: (work: Promise<unknown>) => void;
}): BoxOffices {
  const { namespace, events, log, nowMs, keepAlive } = outside;
  const known = new Map<EventCode, EventId>();
  const unknown = new Map<EventCode, number>();

  const objects = new Map<EventCode, DurableObjectId>();
  const together = keepAlive === undefined ? null : commandGroups({ call, keepAlive, nowMs });

  function stubOf(code: EventCode): BoxOfficeStub {
    const object = objects.get(code) ?? namespace.idFromName(code);
    if (!objects.has(code)) remember(objects, () => objects.set(code, object));
    return namespace.get(object) as unknown as BoxOfficeStub;
  }

  function call(code: EventCode, commands: readonly Command[]): Promise<Reply<CommandType>[]> {
    return withRetries(code, (stub) => askBoxOffice(stub, commands));
  }

  async function isKnown(code: EventCode): Promise<boolean> {
    if (known.has(code)) return true;
    const untilMs = unknown.get(code);
    if (untilMs !== undefined && untilMs > outside.nowMs()) return false;
    const id = await events.idByCode(code);
    if (id === null) remember(unknown, () => unknown.set(code, outside.nowMs() + UNKNOWN_TTL_MS));
    else knowNow(code, id);
    return id !== null;
  }

  function knowNow(code: EventCode, id: EventId): void {
    unknown.delete(code);
    remember(known, () => known.set(code, id));
  }

  async function definitionOf(code: EventCode): Promise<EventDefinition | null> {
    const definition = await events.definitionByCode(code);
    if (definition !== null) knowNow(code, definition.id);
    return definition;
  }

  /** A fresh stub each time: one that failed stays broken. */
  async function withRetries<T>(code: EventCode, ask: (stub: BoxOfficeStub) => Promise<T>): Promise<T> {
    for (let tries = 1; ; tries++) {
      try {
        return await ask(stubOf(code));
      } catch (fault) {
        const { retryable, overloaded } = fault as { retryable?: boolean; overloaded?: boolean };
        if (tries >= MAX_TRIES || !retryable || overloaded) throw fault;
        log.warn("a box office is asked again", { code, tries, fault });
      }
    }
  }

  async function ask(code: EventCode, commands: readonly Command[]): Promise<Reply<CommandType>> {
    const replies = await call(code, commands);
    return replies.at(-1) as Reply<CommandType>;
  }

  return {
    async send<C extends Command>(code: EventCode, command: C) {
      if (!known.has(code) && !(await isKnown(code))) return null;
      const sent = withRequestKey(command);
      const reply = together === null ? await ask(code, [sent]) : await together(code, sent);
      if (!("notDefined" in reply)) return reply as DefinedReply<C["type"]>;
      const definition = await definitionOf(code);
      if (definition === null) return null;
      const define = { type: "define", definition, actor: "system", requestId: command.requestId } as const;
      const defined = await ask(code, [define, sent]);
      if ("notDefined" in defined) throw new Error(`the box office ${code} did not take its definition`);
      return defined as DefinedReply<C["type"]>;
    },
    async hasEvent(id) {
      const code = codeOfEvent(id);
      // The code alone may be another event's: an id is known as a whole.
      return (await isKnown(code)) && known.get(code) === id;
    },
    async journal(code, afterSeq, limit) {
      return (await isKnown(code)) ? withRetries(code, (stub) => stub.journal(afterSeq, limit)) : null;
    },
    async audit(code, afterLock, limit, scope = "everything"): Promise<AuditPage | null> {
      return (await isKnown(code)) ? withRetries(code, (stub) => stub.audit(afterLock, limit, scope)) : null;
    },
  };
}

const NAMELESS: ReadonlySet<CommandType> = new Set(["cancel", "amend", "undoCheckIn"]);

/** Commands with no id of their own are recognised by their request when a lost reply makes us ask again. */
function withRequestKey<C extends Command>(command: C): C {
  if (command.key != null || !NAMELESS.has(command.type)) return command;
  return { ...command, key: { scope: `request ${command.requestId}`, fingerprint: command.type } };
}

function remember(
  cache: { readonly size: number; keys(): Iterator<EventCode>; delete(code: EventCode): boolean },
  add: () => void,
): void {
  if (cache.size >= MAX_KNOWN) {
    const oldest = cache.keys().next();
    if (!oldest.done) cache.delete(oldest.value);
  }
  add();
}
