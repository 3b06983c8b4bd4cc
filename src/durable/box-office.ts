// One event's box office: serialises its sale, in groups of commands that are written in one transaction.
// Nobody hears of anything before it is durable: every answer waits for the commit whose state it has seen.

import { DurableObject } from "cloudflare:workers";
import { type AuditedBooking, type AuditScope, auditJournal, auditState } from "../domain/box-office/audit";
import type { Command, CommandType, JournalPage, Reply } from "../domain/box-office/commands";
import { nextDueMs } from "../domain/box-office/deadlines";
import { takeOutgoing } from "../domain/box-office/effects";
import { type Changes, execute, KEY_TTL_MS, noChanges } from "../domain/box-office/execute";
import {
  changesHall,
  type FeedChange,
  type FeedGates,
  type FeedSnapshot,
  feedChanges,
  gatesOf,
  KEPT_CHANGES,
  snapshotOf,
} from "../domain/box-office/feed";
import { forget } from "../domain/box-office/seat-table";
import type { BoxOfficeState, SalePolicy } from "../domain/box-office/state";
import { ticketsOf } from "../domain/box-office/tickets";
import type { LockId } from "../domain/ids";
import { refuse } from "../domain/refusals";
import { HOUR, SECOND } from "../domain/time";
import { namesIn } from "./box-office-names";
import { boxOfficeRows, type Rows } from "./box-office-rows";
import { feedPublisher } from "./feed-publisher";
import { type SagaMessage, sagaMessages } from "./saga-messages";
import type { SeatFeed } from "./seat-feed";

type AnyReply = Reply<CommandType>;

/** Commands that may wait for the next group; more are told to come back. */
const MAX_WAITING = 2_000;
const OVERLOADED: AnyReply = refuse({ code: "OVERLOADED", retryAfterMs: SECOND });
/** An alarm set for "now" inside an alarm stalls the local runtime; this is soon enough. */
const SOONEST_ALARM_MS = 50;
/** After a failed alarm, so that nothing due is ever left without one. */
const WATCHDOG_MS = 30 * SECOND;

interface Waiting {
  readonly command: Command;
  readonly resolve: (reply: AnyReply) => void;
}

export class BoxOffice extends DurableObject<Env> {
  readonly #rows: Rows = boxOfficeRows(this.ctx.storage.sql);
  #state: BoxOfficeState | null = null;
  #loading: Promise<void> | null = null;
  #alarmMs: number | null = null;
  #waiting: Waiting[] = [];
  #committing = false;
  #keysPurgedMs = 0;
  readonly #feed = feedPublisher({
    namespace: this.env.SEAT_FEED as unknown as DurableObjectNamespace<SeatFeed>,
    relays: () => this.#rows.relays(),
    state: () => this.#state,
    log: (message, fault) => log("warn", message, fault),
  });

  /** Carries out commands in order, each for itself, and answers once all they saw is durable. */
  async execute(commands: readonly Command[]): Promise<AnyReply[]> {
    await this.#ready();
    if (this.#waiting.length + commands.length > MAX_WAITING) {
      return commands.map(() => OVERLOADED);
    }
    return Promise.all(this.#enqueue(commands));
  }

  /** The same with a JSON text each way (src/domain/box-office/ask.ts). */
  async executeText(commands: string): Promise<string> {
    return JSON.stringify(await this.execute(JSON.parse(commands) as Command[]));
  }

  /** Journal entries after `afterSeq`, oldest first. */
  async journal(afterSeq: number, limit: number): Promise<JournalPage> {
    await this.#readyToRead();
    const entries = this.#rows.journal(afterSeq, limit);
    const last = entries.at(-1);
    return { entries, nextSeq: entries.length === limit && last !== undefined ? last.seq : null };
  }

  /** The invariants over a page of rows, and with the first page over the seat table, if everything is asked for. */
  async audit(after: LockId | null, limit: number, scope: AuditScope = "everything"): Promise<AuditedPage> {
    await this.#readyToRead();
    const holds = this.#rows.booked(after, limit);
    const state = this.#state as BoxOfficeState;
    const whole = after === null && scope === "everything";
    const audit = auditState(state, holds, whole, Date.now(), this.#alarmMs);
    const told = whole ? this.#rows.lastSeatChanges() : null;
    const violations = told === null ? audit.violations : [...audit.violations, ...auditJournal(state, told)];
    const last = holds.at(-1);
    return { ...audit, violations, next: holds.length === limit && last !== undefined ? last.id : null };
  }

  /** A relay that has sockets: it is told of every change from now on, and here what it missed after `since`. */
  async watch(relay: string, since: number | null): Promise<FeedStart> {
    await this.#readyToRead();
    const state = this.#state as BoxOfficeState;
    if (state.definition !== null) this.#rows.addRelay(relay);
    return { snapshot: snapshotOf(state), missed: since === null ? null : this.#missedAfter(state, since) };
  }

  /** A relay without sockets is told nothing any more. */
  async unwatch(relay: string): Promise<void> {
    await this.#ready();
    this.#rows.removeRelay(relay);
  }

  /** How many came in at each gate: for a relay to show to organisers. */
  async gateCounts(): Promise<FeedGates> {
    await this.#readyToRead();
    this.#rows.lastSeq();
    return gatesOf(this.#state as BoxOfficeState);
  }

  /** Every change after `since`, or null when they are more than are kept or the hall is another since. */
  #missedAfter(state: BoxOfficeState, since: number): readonly FeedChange[] | null {
    if (since > state.seq) return null;
    const entries = this.#rows.journal(since, KEPT_CHANGES + 1);
    const changes = feedChanges(state, entries);
    const tooMany = entries.length > KEPT_CHANGES || changes.length > KEPT_CHANGES;
    return tooMany || changesHall(entries) ? null : changes;
  }

  /** One alarm for every deadline. Never throws: a failure is logged and looked at again soon. */
  override async alarm(): Promise<void> {
    this.#alarmMs = null;
    try {
      await this.#ready();
      const origin = { actor: "system", requestId: "alarm" };
      await Promise.all(this.#enqueue([{ type: "wake", ...origin }]));
      this.#purgeKeys();
    } catch (fault) {
      log("error", "the alarm failed", fault);
      await this.ctx.storage.setAlarm(Date.now() + WATCHDOG_MS);
    }
  }

  #enqueue(commands: readonly Command[]): readonly Promise<AnyReply>[] {
    const replies = commands.map(
      (command) => new Promise<AnyReply>((resolve) => this.#waiting.push({ command, resolve })),
    );
    this.#pump();
    return replies;
  }

  async #ready(): Promise<void> {
    if (this.#state !== null) return;
    this.#loading ??= this.#load();
    await this.#loading;
  }

  /** A command arms the alarm with its write; a reader that wakes the object has none, so what is owed is armed here. */
  async #readyToRead(): Promise<void> {
    await this.#ready();
    this.#arm();
  }

  async #load(): Promise<void> {
    try {
      this.#alarmMs = await this.ctx.storage.getAlarm();
      this.#state = this.#rows.load(policyOf(this.env), Date.now());
      this.#feed.resume(this.#state);
    } finally {
      this.#loading = null;
    }
  }

  /** A lone command is written at once; those that arrive while a group becomes durable form the next group. */
  #pump(): void {
    if (this.#committing || this.#waiting.length === 0) return;
    this.#committing = true;
    this.ctx.waitUntil(this.#commitAll());
  }

  async #commitAll(): Promise<void> {
    while (this.#waiting.length > 0) {
      const group = this.#waiting;
      this.#waiting = [];
      await this.#commit(group);
    }
    this.#committing = false;
  }

  async #commit(group: readonly Waiting[]): Promise<void> {
    try {
      const { replies, changes } = this.#writeGroup(group.map(({ command }) => command));
      await this.ctx.storage.sync();
      this.#publish(changes);
      for (const [place, { resolve }] of group.entries()) resolve(replies[place] as AnyReply);
    } catch (fault) {
      log("error", "a group of commands was not written", fault);
      await this.#commitOneByOne(group);
    }
  }

  /**
   * The write failed and was rolled back: memory is the rows' again, and each command is for itself. One that fails
   * alone has done nothing, so its caller is told to come back; it does not take the others down.
   */
  async #commitOneByOne(group: readonly Waiting[]): Promise<void> {
    for (const { command, resolve } of group) {
      try {
        this.#reload();
        const { replies, changes } = this.#writeGroup([command]);
        await this.ctx.storage.sync();
        this.#publish(changes);
        resolve(replies[0] as AnyReply);
      } catch (fault) {
        log("error", "a command was not written", fault);
        resolve(OVERLOADED);
      }
    }
    this.#reload();
    this.#arm();
  }

  #reload(): void {
    try {
      this.#state = this.#rows.load(policyOf(this.env), Date.now());
    } catch (fault) {
      log("error", "memory could not be rebuilt", fault);
      this.ctx.abort("memory could not be rebuilt");
    }
  }

  /** Decides the commands one after another in memory and writes all they changed in one transaction. */
  #writeGroup(commands: readonly Command[]): { readonly replies: readonly AnyReply[]; readonly changes: Changes } {
    const state = this.#state as BoxOfficeState;
    const nowMs = Date.now();
    const changes = noChanges();
    const isAlarm = commands.some(({ type }) => type === "wake" || type === "redrive");
    const replies: AnyReply[] = [];
    let outgoing: readonly SagaMessage[] = [];
    let alarmMs: number | null = null;
    this.ctx.storage.transactionSync(() => {
      const visitors = this.#admit(state, commands, nowMs);
      for (const command of commands) replies.push(execute(state, command, nowMs, changes));
      outgoing = sagaMessages(state, takeOutgoing(state, nowMs, isAlarm));
      if (hasChanges(changes)) this.#rows.write(state, changes);
      else this.#rows.lastSeq();
      alarmMs = this.#armAlarm(state, nowMs);
      this.#letGo(state, changes, visitors);
    });
    this.#alarmMs = alarmMs ?? this.#alarmMs;
    this.#send(outgoing);
    return { replies, changes };
  }

  #publish({ journal, definition, checkIns }: Changes): void {
    this.#feed.note(this.#state as BoxOfficeState, journal, definition !== null);
    if (checkIns.size > 0) this.#feed.noteGates();
  }

  /** Loads the rows that the commands name; returns the finished holds among them, which leave again. */
  #admit(state: BoxOfficeState, commands: readonly Command[], nowMs: number): readonly LockId[] {
    const named = commands.map((command) => ({ command, names: namesIn(command) }));
    const visitors = named.flatMap(({ names }) => names.locks);
    this.#rows.admitHolds(state, visitors, nowMs);
    const scopes = commands.flatMap(({ key }) => (key == null ? [] : [key.scope]));
    this.#rows.admitKeys(state, scopes);
    if (commands.some(({ type }) => type === "book" || type === "confirm"))
      this.#rows.admitRecentBookings(state, nowMs);
    for (const { command, names } of named) {
      for (const id of names.bookings) {
        this.#rows.admitBooking(state, id, nowMs);
        const lockId = state.lockOfBooking.get(id);
        if (lockId !== undefined) visitors.push(lockId);
        if (command.type === "readTickets") this.#admitTickets(state, lockId);
      }
      for (const id of names.tickets ?? []) this.#rows.admitCheckIn(state, id);
    }
    return visitors;
  }

  #admitTickets(state: BoxOfficeState, lockId: LockId | undefined): void {
    const hold = lockId === undefined ? undefined : state.holds.get(lockId);
    for (const { id } of hold === undefined ? [] : ticketsOf(hold)) this.#rows.admitCheckIn(state, id);
  }

  #letGo(state: BoxOfficeState, changes: Changes, visitors: readonly LockId[]): void {
    for (const id of [...visitors, ...changes.holds.keys()]) {
      const hold = state.holds.get(id);
      if (hold === undefined) continue;
      forget(state, hold);
      if (!state.holds.has(id)) this.#rows.noteGone(id);
    }
    state.keys.clear();
    state.checkIns.clear();
  }

  #arm(): void {
    this.#alarmMs = this.#armAlarm(this.#state as BoxOfficeState, Date.now()) ?? this.#alarmMs;
  }

  /** Moves the alarm forward, never back: one that rings for nothing costs less than a write a command. */
  #armAlarm(state: BoxOfficeState, nowMs: number): number | null {
    const dueMs = nextDueMs(state);
    // An alarm in the past has rung, or was lost: either way it is no promise any more.
    const armed = this.#alarmMs !== null && this.#alarmMs > nowMs && this.#alarmMs <= (dueMs ?? 0);
    if (dueMs === null || armed) return null;
    const alarmMs = Math.max(dueMs, nowMs + SOONEST_ALARM_MS);
    void this.ctx.storage.setAlarm(alarmMs);
    return alarmMs;
  }

  /** Best effort, after the commit: what does not arrive is sent again by the alarm. */
  #send(messages: readonly SagaMessage[]): void {
    if (messages.length === 0) return;
    const sent = this.ctx.storage
      .sync()
      .then(() => this.env.SAGA_QUEUE.sendBatch(messages.map(({ body, delaySeconds }) => ({ body, delaySeconds }))));
    this.ctx.waitUntil(sent.catch((fault: unknown) => log("warn", "messages were not sent", fault)));
  }

  #purgeKeys(): void {
    const nowMs = Date.now();
    if (nowMs - this.#keysPurgedMs < HOUR) return;
    this.#keysPurgedMs = nowMs;
    this.#rows.purgeKeys(nowMs - KEY_TTL_MS);
  }
}

export interface FeedStart {
  readonly snapshot: FeedSnapshot;
  readonly missed: readonly FeedChange[] | null;
}

export interface AuditedPage extends AuditedBooking {
  readonly next: LockId | null;
}

function hasChanges(changes: Changes): boolean {
  return (
    changes.holds.size > 0 ||
    changes.journal.length > 0 ||
    changes.keys.length > 0 ||
    changes.checkIns.size > 0 ||
    changes.definition !== null ||
    changes.told
  );
}

/** Configuration of the sale; text that is no number falls back to the documents' defaults. */
function policyOf(env: Env): SalePolicy {
  return {
    holdTtlMs: (Number(env.HOLD_TTL_SECONDS) || 300) * SECOND,
    paymentWindowMs: (Number(env.PAYMENT_WINDOW_SECONDS) || 600) * SECOND,
    bookingsPerMinute: Number(env.BOOKINGS_PER_MINUTE) || 30,
  };
}

function log(level: "warn" | "error", message: string, fault: unknown): void {
  console[level](JSON.stringify({ level, message, where: "box-office", fault: String(fault) }));
}
