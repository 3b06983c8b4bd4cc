// What the use-cases need from outside, as plain nouns. Adapters implement them, tests stand in for them.
// Every method may throw a fault; refusals are values.

import type {
  Availability,
  BookingRecord,
  Command,
  CommandType,
  EffectId,
  JournalPage,
  Outcome,
  Reply,
  TierAvailability,
} from "../domain/box-office/commands";
import type { BookingStatus, EventDefinition, Force, PaymentStatus } from "../domain/box-office/state";
import type { InvalidReason } from "../domain/door";
import type {
  BookingId,
  EventCode,
  EventId,
  GateId,
  LockId,
  NotificationId,
  PaymentId,
  RequestId,
  SalePrefix,
  UserId,
  VenueId,
} from "../domain/ids";
import type { Money } from "../domain/money";
import type { TicketClaims } from "../domain/ticket-token";

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

/** One JSON line each; never personal data, tokens or secrets. */
export interface Log {
  info(message: string, fields?: Record<string, unknown>): void;
  warn(message: string, fields?: Record<string, unknown>): void;
  error(message: string, fields?: Record<string, unknown>): void;
}

/** The event's box office. Sends a command with retries where a retry is safe (all are: ids make them repeats). */
export interface BoxOffices {
  /** `null`: no event has this code. Pushes D1's definition to an object that has none, then repeats. */
  send<C extends Command>(code: EventCode, command: C): Promise<DefinedReply<C["type"]> | null>;
  /** Whether there is such an event, by what this isolate remembers or D1. */
  hasEvent(id: EventId): Promise<boolean>;
  /** Entries after `afterSeq`, oldest first, at most `limit`. */
  journal(code: EventCode, afterSeq: number, limit: number): Promise<JournalPage | null>;
  /** Every invariant over all rows of the event; bookings in pages of `limit`, after a page's `next`. */
  audit(code: EventCode, after: LockId | null, limit: number): Promise<AuditPage | null>;
}
export type DefinedReply<T extends CommandType> = Exclude<Reply<T>, { notDefined: true }>;

export interface Violation {
  readonly invariant: string;
  readonly detail: string;
}

export interface AuditPage {
  readonly violations: readonly Violation[];
  readonly bookings: readonly BookingRecord[];
  /** Bookings that owe an effect, so are not at rest. */
  readonly owing: readonly BookingId[];
  readonly outbox: number;
  readonly next: LockId | null;
}

export type Role = "USER" | "ADMIN";

export interface User {
  readonly id: UserId;
  readonly name: string;
  readonly email: string;
  readonly role: Role;
  readonly createdAtMs: number;
  readonly updatedAtMs: number;
}

export interface UserWithPassword extends User {
  readonly passwordHash: string;
}

/** An idempotency key of a route whose effect is in D1: kept in the same batch. */
export interface KeptKey {
  readonly scope: string;
  readonly fingerprint: string;
  /** The id of what the request made. */
  readonly resultId: string;
  readonly atMs: number;
}

export interface Users {
  /** With its welcome mail and key in one batch. `email-taken` and `key-taken` write nothing. */
  insert(
    user: UserWithPassword,
    welcome: NewNotification,
    key: KeptKey | null,
  ): Promise<"inserted" | "email-taken" | "key-taken">;
  byEmail(email: string): Promise<UserWithPassword | null>;
  byId(id: UserId): Promise<User | null>;
  grantRole(email: string, role: Role): Promise<boolean>;
}

/** Hashes slowly (scrypt). At most a few at once: `busy` when none became free in time. */
export interface Passwords {
  hash(password: string): Promise<string | "busy">;
  /** With `null` it takes the same time and is false. */
  verify(password: string, hash: string | null): Promise<boolean | "busy">;
}

export interface TokenClaims {
  readonly sub: UserId;
  readonly name: string;
  readonly email: string;
  readonly role: Role;
}

export interface VerifiedClaims extends TokenClaims {
  readonly expiresAtMs: number;
}

export interface Tokens {
  /** Signs for 24 h. */
  issue(claims: TokenClaims, nowMs: number): Promise<{ readonly token: string; readonly expiresAtMs: number }>;
  /**
   * Null for anything but a token of ours that is in force: algorithm, issuer, audience, expiry, claims. At once: every
   * request begins with it, and each promise costs a part of the check.
   */
  verify(token: string, nowMs: number): VerifiedClaims | null;
}

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

export interface Page<T> {
  readonly items: readonly T[];
  readonly total: number;
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
  /** Of one venue, upcoming and past, by date, at most `limit`. */
  ofVenue(id: VenueId, limit: number): Promise<readonly EventListing[]>;
  /** Codes of events whose box office should have acted before `beforeMs`, the most overdue first. */
  overdue(beforeMs: number, limit: number): Promise<readonly EventCode[]>;
  /** What a woken box office said: when it must act next. */
  noteNextDue(code: EventCode, nextDueMs: number | null): Promise<void>;
  /** Codes of the most recently active events. */
  recentlyActive(limit: number): Promise<readonly EventCode[]>;
}

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

export type NotificationType =
  | "WELCOME"
  | "BOOKING_CONFIRMED"
  | "BOOKING_FAILED"
  | "BOOKING_EXPIRED"
  | "BOOKING_CANCELLED";

/** A mail to be sent; `detail` holds the little that the booking's row cannot tell later (a refund, its seats). */
export interface NewNotification {
  readonly id: NotificationId;
  readonly userId: UserId;
  readonly type: NotificationType;
  readonly bookingId: BookingId | null;
  readonly detail: NotificationDetail;
  readonly createdAtMs: number;
}

export interface NotificationDetail {
  readonly refundMinor?: number;
  readonly seatIds?: readonly string[];
}

export interface SentNotification {
  readonly id: NotificationId;
  readonly type: NotificationType;
  readonly subject: string;
  readonly sentAtMs: number;
  readonly bookingId: BookingId | null;
}

/** Everything a mail is written from. */
export interface NotificationToSend extends NewNotification {
  readonly user: User;
  readonly booking: BookingListing | null;
  /** This one included: 1 at the first. */
  readonly tries: number;
}

export interface Notifications {
  /** Takes it for `leaseMs` by compare-and-set. Null: sent, taken by another, or unknown. */
  claim(id: NotificationId, nowMs: number, leaseMs: number): Promise<NotificationToSend | null>;
  markSent(id: NotificationId, subject: string, nowMs: number): Promise<void>;
  /**
   * Gives it back, to be tried again from `retryAtMs`; null gives it up for good. Never undoes a mail that was sent.
   * `error` names the kind of failure, no personal data.
   */
  markFailed(id: NotificationId, error: string, retryAtMs: number | null): Promise<void>;
  recent(userId: UserId, limit: number): Promise<readonly SentNotification[]>;
  /** Ids of mails that should have gone before `beforeMs`, oldest first. */
  unsent(beforeMs: number, limit: number): Promise<readonly NotificationId[]>;
  /**
   * `oldestUnsentMs` is an age: for how long the most overdue mail has been due at `nowMs`; null when none is due.
   * `lastError` is what became of the latest try: null when it was sent, or none was made.
   */
  /** How long the most overdue mail has been due, and the last send's failure; null: none. */
  health(nowMs: number): Promise<{ readonly oldestUnsentMs: number | null; readonly lastError: string | null }>;
  /** How many mails each of these facts has: for the consistency check. */
  countOf(ids: readonly string[]): Promise<ReadonlyMap<string, number>>;
}

export interface Mail {
  readonly id: string;
  readonly to: string;
  readonly subject: string;
  readonly text: string;
  readonly html: string;
  readonly attachments: readonly MailAttachment[];
}

export interface MailAttachment {
  readonly filename: string;
  readonly contentType: string;
  readonly content: string | Uint8Array;
  /** An image that the mail's HTML shows, as `cid:` and this. */
  readonly contentId?: string;
}

export interface Mailer {
  /** Whether a mail could be sent at all (the binding is there, the sender configured). */
  readonly ready: boolean;
  /** `refused`: this address gets no mail from us, however often it is tried. Any other failure is thrown. */
  send(mail: Mail): Promise<"accepted" | "refused">;
}

export interface DeliveredMail extends Mail {
  readonly sentAtMs: number;
}

/** Development's mailbox: what the mailer sent, newest first. A mail sent twice is there twice. */
export interface Mailbox {
  /** At most `limit`; with `to` only that address's. */
  list(limit: number, to?: string): Promise<readonly DeliveredMail[]>;
  byId(id: string): Promise<DeliveredMail | null>;
}

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

/** The payment provider. Each answer is an outcome that the box office settles; silence is `unanswered`. */
export interface Payments {
  readonly name: "simulator" | "stripe";
  /** Whether it can move exactly this amount: not every currency's every amount can be. */
  canCharge(price: Money): boolean;
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
  /** What is due at `nowMs`, the longest waiting first. */
  unsettled(nowMs: number, limit: number): Promise<readonly (ProviderEvent & { readonly tries: number })[]>;
  /** Drops settled notes received before `beforeMs`. */
  purge(beforeMs: number, limit: number): Promise<void>;
}

export interface Queues {
  /** Whether a message could be sent at all (the binding is there). */
  readonly ready: boolean;
  /** Mails to send: ids only. Best effort, a sweep finds what was lost. */
  notify(ids: readonly NotificationId[]): Promise<void>;
}

export interface DeadLetter {
  readonly id: string;
  readonly queue: string;
  readonly body: string;
  readonly reason: string;
  readonly attempts: number;
  readonly notedAtMs: number;
  readonly replayedAtMs: number | null;
}

export interface DeadLetters {
  /** A message noted twice (same queue and message id) is one row. */
  note(letter: DeadLetter): Promise<void>;
  list(page: number, perPage: number): Promise<Page<DeadLetter>>;
  byId(id: string): Promise<DeadLetter | null>;
  markReplayed(id: string, nowMs: number): Promise<void>;
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

export interface IdempotencyKeys {
  /** Kept within the last 24 h. */
  find(scope: string, nowMs: number): Promise<KeptKey | null>;
  purge(beforeMs: number, limit: number): Promise<void>;
}

/** Relays of an event's live seats. */
export interface SeatFeeds {
  /** Hands a WebSocket request over; `since` is the last number its reader has. `address` is only counted. */
  connect(
    code: EventCode,
    request: { readonly upgrade: Request; readonly since: number | null; readonly address: string },
  ): Promise<Response>;
}

/** A door of an event: a name, and a token that lets a scanner take tickets there and nothing else. */
export interface Gate {
  readonly id: GateId;
  readonly eventId: EventId;
  readonly name: string;
  /** Its own opening time; null: when doors open by themselves. */
  readonly opensAtMs: number | null;
  /** Until then its token is good. */
  readonly expiresAtMs: number;
  readonly revokedAtMs: number | null;
  readonly createdAtMs: number;
}

export interface Gates {
  insert(gate: Gate, tokenHash: string, key: KeptKey | null): Promise<"inserted" | "key-taken">;
  byId(id: GateId): Promise<Gate | null>;
  byTokenHash(hash: string): Promise<Gate | null>;
  /** In the order they were made, at most `limit`. */
  ofEvent(id: EventId, limit: number): Promise<readonly Gate[]>;
  /** The first revocation counts. */
  revoke(id: GateId, nowMs: number): Promise<void>;
}

/** Tokens of gates. What is stored of one is its hash. */
export interface GateTokens {
  /** A gate's token: the same each time, so that a repeated request gets the same answer, and guessable by nobody. */
  of(id: GateId): Promise<string>;
  hash(token: string): Promise<string>;
}

/** The public half of a signing key, as scanners need it (RFC 8037). */
export interface TicketKey {
  readonly kty: "OKP";
  readonly crv: "Ed25519";
  readonly x: string;
  readonly kid: string;
  readonly alg: "EdDSA";
  readonly use: "sig";
}

/** What is in a ticket's code: signed, so that a scanner without network can tell it from any other text. */
export interface TicketTokens {
  /** The same ticket gives the same text as long as the newest key does. */
  sign(claims: TicketClaims): Promise<string>;
  verify(
    token: string,
  ): Promise<
    { readonly ok: true; readonly claims: TicketClaims } | { readonly ok: false; readonly reason: InvalidReason }
  >;
  /** Of every key that verifies, the newest last. */
  readonly keys: readonly TicketKey[];
}

export interface QrCodes {
  /** A picture of 1 unit a module, its quiet zone included. */
  svg(text: string): string;
  /** The same as an image that every mail program shows. */
  png(text: string): Promise<Uint8Array>;
}

export interface Database {
  /** One query, for the health check. Throws when D1 does not answer. */
  ping(): Promise<void>;
}

/** HMAC of a parsed request body, so that a key used for another body is recognised. */
export interface Fingerprints {
  of(body: unknown): Promise<string>;
}

export interface Settings {
  readonly environment: "production" | "development";
  readonly version: string;
  readonly publicUrl: string;
  readonly emailFrom: string;
  readonly eventBookingApi: boolean;
  readonly corsOrigins: readonly string[];
  readonly holdTtlMs: number;
  readonly paymentWindowMs: number;
  /** What the payment provider lets a browser know; null where payments need none. */
  readonly publishableKey: string | null;
}

/** What every use-case may need; each takes the part it uses. */
export interface Deps {
  readonly clock: Clock;
  readonly ids: IdSource;
  readonly log: Log;
  readonly settings: Settings;
  readonly boxOffices: BoxOffices;
  readonly seatFeeds: SeatFeeds;
  readonly users: Users;
  readonly passwords: Passwords;
  readonly tokens: Tokens;
  readonly venues: Venues;
  readonly events: Events;
  readonly bookings: Bookings;
  readonly notifications: Notifications;
  readonly mailer: Mailer;
  readonly mailbox: Mailbox | null;
  readonly payments: Payments;
  /** Null under a provider that keeps nothing: the simulator has no news. */
  readonly providerNews: ProviderNews | null;
  readonly providerInbox: ProviderInbox;
  readonly queues: Queues;
  readonly deadLetters: DeadLetters;
  readonly throttles: Throttles;
  readonly requestLimit: RequestLimit;
  /** Null where there is no demo data to wait for. */
  readonly demo: Demo | null;
  readonly idempotencyKeys: IdempotencyKeys;
  readonly fingerprints: Fingerprints;
  readonly gates: Gates;
  readonly gateTokens: GateTokens;
  readonly ticketTokens: TicketTokens;
  readonly qrCodes: QrCodes;
  readonly database: Database;
}

/** What a message of the saga queue says: which effects of which event are to be done. */
export interface SagaMessage {
  readonly code: EventCode;
  readonly effects: readonly EffectId[];
}

export interface NotificationMessage {
  readonly ids: readonly NotificationId[];
}

export type { PaymentStatus };
