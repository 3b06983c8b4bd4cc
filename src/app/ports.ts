// What the use-cases need from outside, as plain nouns, a file a service. Adapters implement them, tests stand in for them.
// Every method may throw a fault; refusals are values.

import type { Bookings } from "./ports/bookings";
import type { Gates, GateTokens, QrCodes, TicketTokens } from "./ports/door";
import type { Events, Venues } from "./ports/events";
import type { Mailbox, Mailer, Notifications, Queues } from "./ports/mails";
import type { Payments, ProviderInbox, ProviderNews } from "./ports/payments";
import type {
  Background,
  Clock,
  Database,
  DeadLetters,
  Demo,
  Fingerprints,
  IdempotencyKeys,
  IdSource,
  Log,
  RequestLimit,
  Throttles,
} from "./ports/platform";
import type { BoxOffices, SeatFeeds } from "./ports/sale";
import type { Passwords, Tokens, Users } from "./ports/users";

export type * from "./ports/bookings";
export type * from "./ports/door";
export type * from "./ports/events";
export type * from "./ports/mails";
export type * from "./ports/payments";
export type * from "./ports/platform";
export type * from "./ports/sale";
export type * from "./ports/users";

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
  readonly background: Background;
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
