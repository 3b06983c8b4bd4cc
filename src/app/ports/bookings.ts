// Bookings, as D1 lists them.

import type { BookingRecord } from "../../domain/box-office/commands";
import type { BookingStatus } from "../../domain/box-office/state";
import type { BookingId, EventId, NotificationId, PaymentId, UserId } from "../../domain/ids";
import type { Page } from "./platform";

/** A booking as D1 lists it, with what the event's row adds. */
export interface BookingListing {
  readonly record: BookingRecord;
  readonly eventName: string;
  readonly eventStartsAtMs: number;
  readonly eventEndsAtMs: number;
  readonly venueName: string | null;
}

export interface Bookings {
  /**
   * Writes what box offices committed, with each notice as a PENDING mail, in one batch. An older version than
   * D1's changes nothing; a notice known already is ignored. Returns the ids of the mails it wrote.
   */
  project(bookings: readonly BookingRecord[], nowMs: number): Promise<readonly NotificationId[]>;
  byId(id: BookingId): Promise<BookingListing | null>;
  byPaymentId(id: PaymentId): Promise<BookingListing | null>;
  ofUser(
    userId: UserId,
    filter: { readonly status: BookingStatus | null; readonly page: number; readonly perPage: number },
  ): Promise<Page<BookingListing>>;
  /** What D1 has of these: for the consistency check. */
  versions(ids: readonly BookingId[]): Promise<ReadonlyMap<BookingId, { version: number; status: BookingStatus }>>;
  countByStatus(eventId: EventId | null): Promise<Readonly<Record<string, number>>>;
  /** The confirmed bookings of an event, the first confirmed first, at most `limit`. */
  sales(eventId: EventId, limit: number): Promise<readonly Sale[]>;
}

/** What a confirmed booking brought in: what is left of it after seats were given back. */
export interface Sale {
  readonly confirmedAtMs: number;
  readonly seatIds: readonly string[];
  readonly totalMinor: number;
}
