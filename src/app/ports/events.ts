// Venues and events, as D1 lists them.

import type { Availability, TierAvailability } from "../../domain/box-office/commands";
import type { EventDefinition } from "../../domain/box-office/state";
import type { EventCode, EventId, VenueId } from "../../domain/ids";
import type { KeptKey, Page } from "./platform";

export interface Venue {
  readonly id: VenueId;
  readonly name: string;
  readonly address: string;
  readonly city: string;
  readonly country: string;
  readonly capacity: number;
  readonly createdAtMs: number;
}

export interface Venues {
  insert(venue: Venue, key: KeptKey | null): Promise<"inserted" | "key-taken">;
  byId(id: VenueId): Promise<Venue | null>;
  /** By name; with words, those that have all of them in their name or city. */
  list(filter: { readonly text: string | null; readonly page: number; readonly perPage: number }): Promise<Page<Venue>>;
}

/** An event as D1 lists it: at most about 2 s behind its box office. */
export interface EventListing {
  readonly id: EventId;
  readonly name: string;
  readonly description: string | null;
  readonly venue: { readonly id: VenueId; readonly name: string; readonly city: string } | null;
  readonly startsAtMs: number;
  readonly endsAtMs: number;
  readonly currency: string;
  readonly availableSeats: number;
  readonly totalSeats: number;
  readonly tiers: readonly TierAvailability[];
  readonly version: number;
  readonly createdAtMs: number;
  readonly updatedAtMs: number;
}

export interface EventFilter {
  /** Every word of it occurs in the event's or its venue's name or city; null for no words. */
  readonly text?: string | null;
  readonly venueId: VenueId | null;
  /** Starting on or after, and before. The list never goes back beyond `fromMs`. */
  readonly fromMs: number;
  readonly toMs: number | null;
  /** The latest start first, as an organiser looks at them. */
  readonly latestFirst?: boolean;
  readonly page: number;
  readonly perPage: number;
}

export interface Events {
  /** `code-taken`: make another id and try again. */
  insert(
    definition: EventDefinition,
    availability: Availability,
    key: KeptKey | null,
  ): Promise<"inserted" | "code-taken" | "key-taken">;
  /** Writes what the box office committed; an older version than D1's changes nothing. */
  saveDefinition(definition: EventDefinition): Promise<void>;
  /** An older or equal `seq` than D1's changes nothing. `nowMs` marks the event as active. */
  saveAvailability(availability: Availability, nowMs: number): Promise<void>;
  /** Asked by every isolate that sells the event, perhaps by many requests at once: it reads no hall. */
  idByCode(code: EventCode): Promise<EventId | null>;
  definitionByCode(code: EventCode): Promise<EventDefinition | null>;
  listingById(id: EventId): Promise<EventListing | null>;
  list(filter: EventFilter): Promise<Page<EventListing>>;
  /** Of one venue, by date, at most `limit`: the soonest upcoming ones first of all, then the latest past ones. */
  ofVenue(venue: Venue, nowMs: number, limit: number): Promise<readonly EventListing[]>;
  /** Codes of events whose box office should have acted before `beforeMs`, the most overdue first. */
  overdue(beforeMs: number, limit: number): Promise<readonly EventCode[]>;
  /** What a woken box office said: when it must act next. */
  noteNextDue(code: EventCode, nextDueMs: number | null): Promise<void>;
  /** Codes of the most recently active events. */
  recentlyActive(limit: number): Promise<readonly EventCode[]>;
}
