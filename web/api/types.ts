// What the API answers, as far as the pages read it. The source is /openapi.json.

export type Tier = "GENERAL" | "VIP" | "STANDING";

export interface Pagination {
  readonly page: number;
  readonly perPage: number;
  readonly total: number;
  readonly totalPages: number;
}

export interface PageOf<T> {
  readonly data: readonly T[];
  readonly pagination: Pagination;
}

export interface TicketTier {
  readonly tier: Tier;
  readonly price: number;
  readonly currency: string;
  readonly available: number;
}

export interface EventItem {
  readonly id: string;
  readonly name: string;
  readonly description: string | null;
  readonly venue: { readonly id: string; readonly name: string; readonly city: string } | null;
  readonly startsAt: string;
  readonly endsAt: string;
  readonly availableSeats: number;
  readonly totalSeats: number;
  readonly ticketTiers: readonly TicketTier[];
}

/** Seen from the hall; left to right where nothing is said. */
export type Numbering = "left-to-right" | "right-to-left";

export interface SeatMapRow {
  readonly row: string;
  readonly tier: Tier;
  readonly seats: number;
  readonly firstNumber?: number;
  readonly numbered?: Numbering;
  readonly gapsAfter?: readonly number[];
  readonly accessible?: readonly number[];
  readonly companion?: readonly number[];
  readonly removed?: readonly number[];
}

export interface SeatMap {
  readonly sections: readonly { readonly name: string; readonly rows: readonly SeatMapRow[] }[];
}

export interface EventWithMap extends EventItem {
  readonly seatMap: SeatMap;
}

export interface LayoutSegment {
  readonly section: string;
  readonly row: string;
  readonly tier: Tier;
  readonly firstNumber: number;
  readonly seats: number;
  readonly gapsAfter: readonly number[];
  readonly accessible: readonly number[];
  readonly companion: readonly number[];
  readonly removed: readonly number[];
  readonly numbered?: Numbering;
}

export interface Layout {
  readonly eventId: string;
  readonly layoutVersion: number;
  readonly currency: string;
  readonly tiers: readonly { readonly tier: Tier; readonly price: number }[];
  readonly segments: readonly LayoutSegment[];
}

export interface Statuses {
  readonly layoutVersion: number;
  readonly seq: number;
  readonly statuses: string;
}

export interface Lock {
  readonly id: string;
  readonly eventId: string;
  readonly seatIds: readonly string[];
  readonly status: "ACTIVE" | "CONSUMED" | "EXPIRED";
  readonly expiresAt: string;
  readonly bookingId: string | null;
  readonly createdAt: string;
  readonly updatedAt: string;
}

export type BookingStatus = "PENDING" | "PAYMENT_PENDING" | "CONFIRMED" | "FAILED" | "EXPIRED" | "CANCELLED";

export interface BookingItem {
  readonly id: string;
  readonly eventId: string;
  readonly eventName: string;
  readonly eventDate: string;
  readonly seatIds: readonly string[];
  readonly status: BookingStatus;
  readonly totalAmount: number;
  readonly currency: string;
  readonly createdAt: string;
  readonly confirmedAt: string | null;
}

export interface Booking extends BookingItem {
  readonly venueName: string | null;
  readonly paymentId: string | null;
  readonly lockId: string;
  readonly paymentExpiresAt: string;
  readonly failureReason: "SEATS_UNAVAILABLE" | "PAYMENT_FAILED" | "INTERNAL_ERROR" | null;
  readonly failureDetail: string | null;
  readonly cancelledSeatIds: readonly string[];
  readonly cancelledAt: string | null;
}

export type PaymentStatus =
  | "PENDING"
  | "REQUIRES_ACTION"
  | "AUTHORISED"
  | "SUCCESS"
  | "FAILED"
  | "CANCELLED"
  | "REFUND_PENDING"
  | "PARTIALLY_REFUNDED"
  | "REFUNDED"
  | "REFUND_FAILED";

export interface Payment {
  readonly id: string;
  readonly amount: number;
  readonly currency: string;
  readonly status: PaymentStatus;
  readonly processedAt: string | null;
  readonly clientSecret?: string;
}

export interface PaidIntent {
  readonly paymentStatus: "SUCCESS" | "FAILED" | "TIMEOUT" | "REQUIRES_ACTION" | "PROCESSING";
  readonly booking: Booking;
  readonly clientSecret?: string;
}

export interface Cancellation {
  readonly status: "CANCELLED" | "CONFIRMED";
  readonly refundAmount: number;
  readonly currency: string;
}

export interface Account {
  readonly id: string;
  readonly name: string;
  readonly email: string;
  readonly role: "USER" | "ADMIN";
}

export interface SignedIn {
  readonly token: string;
  readonly expiresAt: string;
  readonly user: Account;
}

export interface AppConfig {
  readonly payments: "simulator" | "stripe";
  readonly publishableKey: string | null;
  /** Demo accounts and a mailbox exist. */
  readonly development: boolean;
}
