// What the platform gives: time, ids, a log, counters, and what holds everywhere.

import type {
  BookingId,
  EventCode,
  EventId,
  GateId,
  LockId,
  NotificationId,
  RequestId,
  SalePrefix,
  UserId,
  VenueId,
} from "../../domain/ids";

export interface Clock {
  nowMs(): number;
}

/** Makes new ids; the only source of randomness. */
export interface IdSource {
  user(nowMs: number): UserId;
  event(nowMs: number): EventId;
  venue(nowMs: number): VenueId;
  gate(nowMs: number): GateId;
  request(nowMs: number): RequestId;
  /** Of things with no booking behind them: welcome mails. */
  notification(nowMs: number): NotificationId;
  ofSale(prefix: "lock", code: EventCode, nowMs: number): LockId;
  ofSale(prefix: "bkg", code: EventCode, nowMs: number): BookingId;
  ofSale(prefix: SalePrefix, code: EventCode, nowMs: number): string;
}

/** Work that goes on after the answer, for as long as the platform lets it: never the only carrier of an effect. */
export interface Background {
  keep(work: Promise<unknown>): void;
}

/** One JSON line each; never personal data, tokens or secrets. */
export interface Log {
  info(message: string, fields?: Record<string, unknown>): void;
  warn(message: string, fields?: Record<string, unknown>): void;
  error(message: string, fields?: Record<string, unknown>): void;
}

export interface Page<T> {
  readonly items: readonly T[];
  readonly total: number;
}

/** An idempotency key of a route whose effect is in D1: kept in the same batch. */
export interface KeptKey {
  readonly scope: string;
  readonly fingerprint: string;
  /** The id of what the request made. */
  readonly resultId: string;
  readonly atMs: number;
}

export interface IdempotencyKeys {
  /** Kept within the last 24 h. */
  find(scope: string, nowMs: number): Promise<KeptKey | null>;
  purge(beforeMs: number, limit: number): Promise<void>;
}

/** HMAC of a parsed request body, so that a key used for another body is recognised. */
export interface Fingerprints {
  of(body: unknown): Promise<string>;
}

/** Exact counters in D1. */
export interface Throttles {
  /** Counts one more in the window and says whether it is within `limit`. Raised before the work it guards. */
  take(
    key: string,
    limit: number,
    windowMs: number,
    nowMs: number,
  ): Promise<{ readonly allowed: boolean; readonly retryAfterMs: number }>;
  /** Takes one count back, of what turned out not to be an offence. */
  giveBack(key: string): Promise<void>;
  forget(key: string): Promise<void>;
  /** Drops counters whose window ended before `beforeMs`. */
  purge(beforeMs: number, limit: number): Promise<void>;
}

/** How often one address may ask at all. Counts this request and says whether it is within the limit. */
export interface RequestLimit {
  take(address: string, nowMs: number): Promise<{ readonly allowed: boolean; readonly retryAfterMs: number }>;
}

export interface DeadLetter {
  readonly id: string;
  readonly queue: string;
  readonly body: string;
  readonly reason: string;
  readonly attempts: number;
  readonly notedAtMs: number;
  readonly replayedAtMs: number | null;
  /** When somebody saw to it otherwise. */
  readonly closedAtMs: number | null;
}

export type NewDeadLetter = Omit<DeadLetter, "replayedAtMs" | "closedAtMs">;

export interface DeadLetters {
  /**
   * A message noted twice is one row, as it first came; one that was replayed since has failed again, and is open
   * again. Says whether there is something new to tell.
   */
  note(letter: NewDeadLetter): Promise<boolean>;
  /** Newest first; with `open` those only that were neither replayed nor closed, or the others. */
  list(wanted: {
    readonly open: boolean | null;
    readonly page: number;
    readonly perPage: number;
  }): Promise<Page<DeadLetter>>;
  byId(id: string): Promise<DeadLetter | null>;
  markReplayed(id: string, nowMs: number): Promise<void>;
  /** One that was closed before keeps its moment. */
  close(id: string, nowMs: number): Promise<void>;
}

export interface Database {
  /** One query, for the health check. Throws when D1 does not answer. */
  ping(): Promise<void>;
}

/** Development's demo data: which steps of its seed are done, and since when. */
export interface Demo {
  /** Whether the seed has once come to its end. */
  ready(): Promise<boolean>;
  marks(): Promise<ReadonlyMap<string, number>>;
  /** Notes a step as done at `nowMs`; a step noted before is noted anew. */
  mark(name: string, nowMs: number): Promise<void>;
  /** Notes that the seed came to its end. */
  finish(nowMs: number): Promise<void>;
}
