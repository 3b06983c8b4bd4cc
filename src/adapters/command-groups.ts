// Commands that requests of one isolate send to one box office at the same time travel in one call: the way there costs
// more than the command. One that finds nobody else on the way goes at once and alone.

import type { Command, CommandType, Reply } from "../domain/box-office/commands";
import type { EventCode } from "../domain/ids";
import { SECOND } from "../domain/time";

/** Well below what a box office lets wait. */
const MAX_GROUP = 200;
/** After a group of so many, the next waits so long for its members: few large groups cost less than many small ones. */
const CROWD = 8;
const LINGER_MS = 5;
/** A group whose request was ended under it never leaves: it is not joined any more. */
const OPEN_MS = SECOND / 10;
/** Who was not answered with its group goes by itself: a repeat is recognised. Longer than any answer takes. */
const PATIENCE_MS = 5 * SECOND;

type AnyReply = Reply<CommandType>;

interface Member {
  readonly command: Command;
  readonly resolve: (reply: AnyReply) => void;
  readonly reject: (fault: unknown) => void;
}

interface Group {
  readonly openedAtMs: number;
  readonly members: Member[];
}

interface Busy {
  /** Under way. */
  readonly calls: number;
  /** Commands of the call that left last. */
  readonly lastGroup: number;
}
const IDLE: Busy = { calls: 0, lastGroup: 0 };

export function commandGroups(outside: {
  readonly call: (code: EventCode, commands: readonly Command[]) => Promise<AnyReply[]>;
  /** Lets what was begun in one request go on when that request's caller is gone. */
  readonly keepAlive: (work: Promise<unknown>) => void;
  readonly nowMs: () => number;
}): (code: EventCode, command: Command) => Promise<AnyReply> {
  /** Box offices with calls under way. */
  const busy = new Map<EventCode, Busy>();
  const open = new Map<EventCode, Group>();

  async function call(code: EventCode, commands: readonly Command[]): Promise<AnyReply[]> {
    const { calls } = busy.get(code) ?? IDLE;
    busy.set(code, { calls: calls + 1, lastGroup: commands.length });
    try {
      return await outside.call(code, commands);
    } finally {
      const now = busy.get(code) ?? IDLE;
      if (now.calls <= 1) busy.delete(code);
      else busy.set(code, { ...now, calls: now.calls - 1 });
    }
  }

  /** Whatever arrives in the same turn of the event loop goes with it; in a crowd, whatever arrives soon. */
  async function leave(code: EventCode, group: Group): Promise<void> {
    const { lastGroup } = busy.get(code) ?? IDLE;
    await new Promise((resolve) => setTimeout(resolve, lastGroup >= CROWD ? LINGER_MS : 0));
    if (open.get(code) === group) open.delete(code);
    const { members } = group;
    try {
      const replies = await call(
        code,
        members.map(({ command }) => command),
      );
      for (const [place, { resolve }] of members.entries()) resolve(replies[place] as AnyReply);
    } catch (fault) {
      for (const { reject } of members) reject(fault);
    }
  }

  function join(code: EventCode, member: Member): void {
    const nowMs = outside.nowMs();
    const group = open.get(code);
    if (group !== undefined && group.members.length < MAX_GROUP && nowMs - group.openedAtMs < OPEN_MS) {
      group.members.push(member);
      return;
    }
    const opened: Group = { openedAtMs: nowMs, members: [member] };
    open.set(code, opened);
    outside.keepAlive(leave(code, opened));
  }

  return async (code, command) => {
    if (!busy.has(code)) {
      const alone = call(code, [command]);
      outside.keepAlive(alone.catch(() => {}));
      return (await alone)[0] as AnyReply;
    }
    // The group's request settles it, and the platform brings that home to the request that made it. A promise of
    // `new Promise` is not known to be anybody's once that line is compiled, and what awaits it goes on in the other
    // request's name, where this one's body and response are out of reach (measured: one hold in twenty, only with the
    // optimising compiler). This function makes promises that are.
    const { promise, resolve, reject } = Promise.withResolvers<AnyReply | undefined>();
    join(code, { command, resolve, reject });
    // This request's own: without anything of its own to wait for, the platform takes it for hung.
    const patience = setTimeout(resolve, PATIENCE_MS);
    try {
      return (await promise) ?? ((await call(code, [command]))[0] as AnyReply);
    } finally {
      clearTimeout(patience);
    }
  };
}
