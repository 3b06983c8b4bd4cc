// What the organiser's pages read of the API besides what buyers see.

import type { Tier } from "../api/types";

export interface Counts {
  readonly total: number;
  readonly sold: number;
  readonly held: number;
  readonly available: number;
  readonly blocked: number;
  readonly revenue: number;
}

export interface Report extends Counts {
  readonly eventId: string;
  readonly currency: string;
  readonly tiers: readonly (Counts & { readonly tier: Tier; readonly price: number })[];
  readonly overTime: readonly { readonly from: string; readonly tickets: number; readonly revenue: number }[];
  readonly spanSeconds: number;
}

export interface Consistency {
  readonly ok: boolean;
  readonly events: number;
  readonly outbox: number;
  readonly nonTerminal: number;
  readonly violations: readonly { readonly invariant: string; readonly detail: string }[];
}

export interface JournalEntry {
  readonly seq: number;
  readonly occurredAt: string;
  readonly actor: string;
  readonly facts: readonly { readonly eventType: string; readonly payload: Readonly<Record<string, unknown>> }[];
  readonly seatChanges: readonly { readonly seatId: string; readonly status: string }[];
}

export interface DeadLetter {
  readonly id: string;
  readonly queue: string;
  readonly reason: string;
  readonly attempts: number;
  readonly payload: unknown;
  readonly notedAt: string;
  readonly replayable: boolean;
  readonly replayedAt: string | null;
  readonly closedAt: string | null;
}
