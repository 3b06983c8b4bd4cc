// The tables of D1 as drizzle sees them. migrations/ is the source; a test compares the two, column by column.

import { integer, sqliteTable, text } from "drizzle-orm/sqlite-core";
import type { NotificationDetail, NotificationType, ProviderEvent, Role } from "../../app/ports";
import type { TierAvailability } from "../../domain/box-office/commands";
import type { BookingStatus, EventDefinition, FailureReason, PaymentStatus } from "../../domain/box-office/state";
import type {
  BookingId,
  EventCode,
  EventId,
  GateId,
  LockId,
  NotificationId,
  PaymentId,
  UserId,
  VenueId,
} from "../../domain/ids";

export const users = sqliteTable("users", {
  id: text("id").$type<UserId>().notNull().primaryKey(),
  name: text("name").notNull(),
  /** Lower case. */
  email: text("email").notNull().unique(),
  role: text("role").$type<Role>().notNull(),
  passwordHash: text("password_hash").notNull(),
  createdAtMs: integer("created_at_ms").notNull(),
  updatedAtMs: integer("updated_at_ms").notNull(),
});

export const venues = sqliteTable("venues", {
  id: text("id").$type<VenueId>().notNull().primaryKey(),
  name: text("name").notNull(),
  address: text("address").notNull(),
  city: text("city").notNull(),
  country: text("country").notNull(),
  capacity: integer("capacity").notNull(),
  createdAtMs: integer("created_at_ms").notNull(),
});

export const events = sqliteTable("events", {
  id: text("id").$type<EventId>().notNull().primaryKey(),
  code: text("code").$type<EventCode>().notNull().unique(),
  version: integer("version").notNull(),
  name: text("name").notNull(),
  venueId: text("venue_id").$type<VenueId>(),
  startsAtMs: integer("starts_at_ms").notNull(),
  endsAtMs: integer("ends_at_ms").notNull(),
  currency: text("currency").notNull(),
  totalSeats: integer("total_seats").notNull(),
  availableSeats: integer("available_seats").notNull(),
  availabilitySeq: integer("availability_seq").notNull(),
  nextDueMs: integer("next_due_ms"),
  activeAtMs: integer("active_at_ms").notNull(),
  createdAtMs: integer("created_at_ms").notNull(),
  updatedAtMs: integer("updated_at_ms").notNull(),
  tiers: text("tiers", { mode: "json" }).$type<readonly TierAvailability[]>().notNull(),
  description: text("description"),
  definition: text("definition", { mode: "json" }).$type<EventDefinition>().notNull(),
});

export const bookings = sqliteTable("bookings", {
  id: text("id").$type<BookingId>().notNull().primaryKey(),
  eventId: text("event_id").$type<EventId>().notNull(),
  lockId: text("lock_id").$type<LockId>().notNull(),
  userId: text("user_id").$type<UserId>().notNull(),
  version: integer("version").notNull(),
  status: text("status").$type<BookingStatus>().notNull(),
  seatIds: text("seat_ids", { mode: "json" }).$type<readonly string[]>().notNull(),
  cancelledSeatIds: text("cancelled_seat_ids", { mode: "json" }).$type<readonly string[]>().notNull(),
  totalMinor: integer("total_minor").notNull(),
  currency: text("currency").notNull(),
  failureReason: text("failure_reason").$type<FailureReason>(),
  failureDetail: text("failure_detail"),
  paymentExpiresAtMs: integer("payment_expires_at_ms").notNull(),
  createdAtMs: integer("created_at_ms").notNull(),
  updatedAtMs: integer("updated_at_ms").notNull(),
  confirmedAtMs: integer("confirmed_at_ms"),
  cancelledAtMs: integer("cancelled_at_ms"),
});

export const payments = sqliteTable("payments", {
  id: text("id").$type<PaymentId>().notNull().primaryKey(),
  /** The booking's version that it came with. */
  version: integer("version").notNull(),
  status: text("status").$type<PaymentStatus>().notNull(),
  amountMinor: integer("amount_minor").notNull(),
  currency: text("currency").notNull(),
  refundedMinor: integer("refunded_minor").notNull(),
  transactionId: text("transaction_id"),
  processedAtMs: integer("processed_at_ms"),
  attempts: integer("attempts").notNull(),
  failure: text("failure"),
});

export const notifications = sqliteTable("notifications", {
  id: text("id").$type<NotificationId>().notNull().primaryKey(),
  userId: text("user_id").$type<UserId>().notNull(),
  type: text("type").$type<NotificationType>().notNull(),
  bookingId: text("booking_id").$type<BookingId>(),
  detail: text("detail", { mode: "json" }).$type<NotificationDetail>().notNull(),
  state: text("state").$type<"PENDING" | "SENT" | "GIVEN_UP">().notNull(),
  tries: integer("tries").notNull().default(0),
  leaseUntilMs: integer("lease_until_ms").notNull().default(0),
  nextTryMs: integer("next_try_ms").notNull(),
  triedAtMs: integer("tried_at_ms"),
  lastError: text("last_error"),
  subject: text("subject"),
  createdAtMs: integer("created_at_ms").notNull(),
  sentAtMs: integer("sent_at_ms"),
});

export const deadLetters = sqliteTable("dead_letters", {
  id: text("id").notNull().primaryKey(),
  queue: text("queue").notNull(),
  reason: text("reason").notNull(),
  attempts: integer("attempts").notNull(),
  notedAtMs: integer("noted_at_ms").notNull(),
  replayedAtMs: integer("replayed_at_ms"),
  body: text("body").notNull(),
  closedAtMs: integer("closed_at_ms"),
});

export const throttles = sqliteTable("throttles", {
  key: text("key").notNull().primaryKey(),
  taken: integer("taken").notNull(),
  resetsAtMs: integer("resets_at_ms").notNull(),
});

export const idempotencyKeys = sqliteTable("idempotency_keys", {
  scope: text("scope").notNull().primaryKey(),
  fingerprint: text("fingerprint").notNull(),
  resultId: text("result_id").notNull(),
  atMs: integer("at_ms").notNull(),
});

export const stripeEvents = sqliteTable("stripe_events", {
  id: text("id").notNull().primaryKey(),
  type: text("type").notNull(),
  body: text("body", { mode: "json" }).$type<ProviderEvent>().notNull(),
  receivedAtMs: integer("received_at_ms").notNull(),
  tries: integer("tries").notNull().default(0),
  nextTryMs: integer("next_try_ms").notNull(),
  settledAtMs: integer("settled_at_ms"),
});

export const mailbox = sqliteTable("mailbox", {
  id: text("id").notNull().primaryKey(),
  toAddress: text("to_address").notNull(),
  subject: text("subject").notNull(),
  text: text("text").notNull(),
  html: text("html").notNull(),
  attachments: text("attachments", { mode: "json" }).$type<unknown>().notNull(),
  sentAtMs: integer("sent_at_ms").notNull(),
});

export const demoMarks = sqliteTable("demo_marks", {
  name: text("name").notNull().primaryKey(),
  atMs: integer("at_ms").notNull(),
});

export const gates = sqliteTable("gates", {
  id: text("id").$type<GateId>().notNull().primaryKey(),
  eventId: text("event_id").$type<EventId>().notNull(),
  name: text("name").notNull(),
  tokenHash: text("token_hash").notNull(),
  opensAtMs: integer("opens_at_ms"),
  expiresAtMs: integer("expires_at_ms").notNull(),
  revokedAtMs: integer("revoked_at_ms"),
  createdAtMs: integer("created_at_ms").notNull(),
});
