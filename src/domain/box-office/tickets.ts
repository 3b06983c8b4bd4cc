// A ticket is derived, like an effect: every seat of a booking that was ever confirmed has one, and it is revoked once its
// seat was given back. Nothing is written when the money is captured.

import { type TicketId, ticketIdOf } from "../ids";
import type { Hold } from "./state";

export interface Ticket {
  readonly id: TicketId;
  readonly seat: number;
  readonly priceMinor: number;
  readonly revoked: boolean;
}

/** In the order of the booking's seats. None before it is confirmed, and none for one that never was. */
export function ticketsOf(hold: Hold): readonly Ticket[] {
  const { booking } = hold;
  if (booking === null || booking.confirmedAtMs === null) return [];
  const whole = booking.status !== "CONFIRMED";
  return hold.seats.map((seat, place) => ({
    id: ticketIdOf(booking.id, place),
    seat,
    priceMinor: booking.prices[place] ?? 0,
    revoked: whole || booking.cancelledSeats.includes(seat),
  }));
}

/** Almost always none, so the common case makes no list. */
export function revokedTicketsOf(hold: Hold): readonly TicketId[] {
  const { booking } = hold;
  if (booking === null || (booking.status === "CONFIRMED" && booking.cancelledSeats.length === 0)) return NONE;
  if (booking.confirmedAtMs === null) return NONE;
  return ticketsOf(hold).flatMap(({ id, revoked }) => (revoked ? [id] : []));
}
const NONE: readonly TicketId[] = [];
