// The payment provider: what it is asked, and what it tells by itself.

import type { Outcome } from "../../domain/box-office/commands";
import type { Force } from "../../domain/box-office/state";
import type { BookingId } from "../../domain/ids";

export interface ProviderAsk {
  readonly bookingId: BookingId;
  readonly attempt: number;
  readonly amountMinor: number;
  readonly currency: string;
  readonly force: Force | null;
  /** Derived, never random: `bookingId:attempt:action`. */
  readonly idempotencyKey: string;
  /** When this was first asked: keys older than 23 h are never sent again. */
  readonly askedAtMs: number;
}

/** Which amounts of a currency can be charged or given back at once: multiples of the step, up to the most. */
export interface ChargeLimits {
  readonly stepMinor: number;
  /** A multiple of the step itself. */
  readonly maxMinor: number;
}

/** The payment provider. Each answer is an outcome that the box office settles; silence is `unanswered`. */
export interface Payments {
  readonly name: "simulator" | "stripe";
  /** Not every currency's every amount can be moved. */
  limitsOf(currency: string): ChargeLimits;
  authorise(ask: ProviderAsk & { readonly token: string | null }): Promise<Outcome>;
  capture(ask: ProviderAsk & { readonly intentId: string }): Promise<Outcome>;
  /** Reads the intent first: an authorisation found there is news, anything else is cancelled. */
  void(ask: ProviderAsk & { readonly intentId: string | null; readonly unwanted?: boolean }): Promise<Outcome>;
  refund(ask: ProviderAsk & { readonly intentId: string; readonly refund: number }): Promise<Outcome>;
  /** Of the simulator alone, whose challenges have no bank behind them: what the buyer's bank would have said. */
  authenticate?(ask: Pick<ProviderAsk, "bookingId" | "attempt" | "amountMinor" | "currency">, passed: boolean): Outcome;
}

/** What a verified delivery of the provider is about. Ids only: how things stand is read anew, never believed. */
export interface ProviderEvent {
  readonly id: string;
  readonly type: string;
  readonly createdAtMs: number;
  readonly intentId: string | null;
  /** Set when the event is of a dispute: what its bank says, for people to act on. */
  readonly dispute: ProviderDispute | null;
}

export interface ProviderDispute {
  readonly id: string;
  readonly status: string;
  readonly reason: string;
  readonly amountMinor: number;
  readonly currency: string;
}

/** What became of one effect, read from the provider and routed by what was written on it. */
export interface ProviderFinding {
  readonly bookingId: BookingId;
  readonly kind: "authorise" | "capture" | "void" | "refund";
  /** The attempt, or the refund's number. */
  readonly n: number;
  readonly outcome: Outcome;
}

/** Money that went back without us: an operator's doing in the provider's dashboard. */
export interface RefundElsewhere {
  readonly refundId: string;
  readonly bookingId: BookingId;
  readonly amountMinor: number;
  readonly currency: string;
}

/** A slice of what the provider holds. `complete` is false when there was more than one look may take. */
export interface ProviderSlice {
  readonly findings: readonly ProviderFinding[];
  readonly complete: boolean;
}

/** How the provider's own account of things reaches us: told by its deliveries, or asked for. */
export interface ProviderNews {
  /**
   * Whether a delivery with this signature may be the provider's, as far as that shows before its body: it is one, and
   * not stale. False for what `verify` would find forged whatever was signed.
   */
  mayHaveSigned(signature: string | null): boolean;
  /** `forged`: not signed by the provider, tampered with, or stale. `wrong-mode`: test news for live keys, or the reverse. */
  verify(body: Uint8Array, signature: string | null): Promise<ProviderEvent | "forged" | "wrong-mode">;
  /** How the things an event names stand now; nothing for what is not ours. Throws when the provider does not answer. */
  findingsOf(event: ProviderEvent): Promise<{
    readonly findings: readonly ProviderFinding[];
    readonly refundsElsewhere: readonly RefundElsewhere[];
  }>;
  /** The booking an event's payment belongs to, or null. Throws when the provider does not answer. */
  bookingOf(event: ProviderEvent): Promise<BookingId | null>;
  /** Intents made in this span that hold or took money, and refunds made in it that failed. Throws likewise. */
  between(fromMs: number, toMs: number): Promise<ProviderSlice>;
}

/** Deliveries durably noted before they are worked on, each once by its id. */
export interface ProviderInbox {
  /** `settled`: noted and done before. The sweep takes it from `dueAtMs`, so whoever notes it has until then. */
  note(event: ProviderEvent, nowMs: number, dueAtMs: number): Promise<"due" | "settled">;
  markSettled(id: string, nowMs: number): Promise<void>;
  /** It was tried and is to be tried again from `retryAtMs`. */
  postpone(id: string, retryAtMs: number): Promise<void>;
  /** Has it tried from the beginning, due at once; false when it is forgotten. */
  reopen(id: string, nowMs: number): Promise<boolean>;
  /** What is due at `nowMs`, the longest waiting first. */
  unsettled(nowMs: number, limit: number): Promise<readonly (ProviderEvent & { readonly tries: number })[]>;
  /** Drops settled notes received before `beforeMs`. */
  purge(beforeMs: number, limit: number): Promise<void>;
}
