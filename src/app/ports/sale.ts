// An event's box office and its live seats.

import type { AuditedBooking, AuditScope, Violation } from "../../domain/box-office/audit";
import type { Command, CommandType, EffectId, JournalPage, Reply } from "../../domain/box-office/commands";
import type { ChangeForm } from "../../domain/box-office/feed";
import type { EventCode, EventId, LockId } from "../../domain/ids";

/** The event's box office. Sends a command with retries where a retry is safe (all are: ids make them repeats). */
export interface BoxOffices {
  /** `null`: no event has this code. Pushes D1's definition to an object that has none, then repeats. */
  send<C extends Command>(code: EventCode, command: C): Promise<DefinedReply<C["type"]> | null>;
  /** Whether there is such an event, by what this isolate remembers or D1. */
  hasEvent(id: EventId): Promise<boolean>;
  /** Entries after `afterSeq`, oldest first, at most `limit`. */
  journal(code: EventCode, afterSeq: number, limit: number): Promise<JournalPage | null>;
  /** Every invariant over all rows of the event, or over its bookings; bookings in pages of `limit`, after a page's `next`. */
  audit(code: EventCode, after: LockId | null, limit: number, scope?: AuditScope): Promise<AuditPage | null>;
}

export type DefinedReply<T extends CommandType> = Exclude<Reply<T>, { notDefined: true }>;

export type { Violation };

export interface AuditPage extends AuditedBooking {
  readonly next: LockId | null;
}

export interface FeedReader {
  readonly upgrade: Request;
  /** The last number it has. */
  readonly since: number | null;
  readonly changes: ChangeForm;
  /** Only counted. */
  readonly address: string;
}

/** Relays of an event's live seats. */
export interface SeatFeeds {
  /** Hands a WebSocket request over. */
  connect(code: EventCode, reader: FeedReader): Promise<Response>;
}

/** What a message of the saga queue says: which effects of which event are to be done. */
export interface SagaMessage {
  readonly code: EventCode;
  readonly effects: readonly EffectId[];
}
