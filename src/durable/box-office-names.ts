// Which rows a command names, so that the shell can load them before it is decided.

import type { Command, EffectId } from "../domain/box-office/commands";
import { parseEffectId } from "../domain/box-office/effects";
import { type BookingId, bookingIdOfTicket, type LockId, type TicketId } from "../domain/ids";

export interface Names {
  readonly locks: readonly LockId[];
  readonly bookings: readonly BookingId[];
  /** Tickets whose check-ins are to be at hand; of `readTickets` the booking's own. */
  readonly tickets?: readonly TicketId[];
}

export function namesIn(command: Command): Names {
  switch (command.type) {
    case "hold":
    case "renew":
    case "release":
    case "readHold":
      return { locks: [command.lockId], bookings: [] };
    case "book":
      return { locks: "lockId" in command.from ? [command.from.lockId] : [], bookings: [command.bookingId] };
    case "confirm":
      return { locks: [command.lockId], bookings: [command.bookingId] };
    case "pay":
    case "cancel":
    case "readBooking":
    case "readTickets":
    case "readAttempt":
      return { locks: [], bookings: [command.bookingId] };
    case "claim":
    case "paidBack":
      return { locks: [], bookings: bookingsOf(command.effects) };
    case "redrive":
      return { locks: [], bookings: bookingsOf(command.effects ?? []) };
    case "settle":
      return { locks: [], bookings: bookingsOf([command.effect]) };
    case "checkIn":
      return ticketNames(command.scans.map(({ ticketId }) => ticketId));
    case "undoCheckIn":
      return ticketNames([command.ticketId]);
    case "readDoor":
    case "define":
    case "amend":
    case "wake":
    case "readEvent":
    case "readSeats":
      return { locks: [], bookings: [] };
  }
}

function ticketNames(tickets: readonly TicketId[]): Names {
  return { locks: [], bookings: tickets.map(bookingIdOfTicket), tickets };
}

function bookingsOf(effects: readonly EffectId[]): readonly BookingId[] {
  const bookings: BookingId[] = [];
  for (const effect of effects) {
    const name = parseEffectId(effect);
    if (name !== null && "bookingId" in name) bookings.push(name.bookingId);
  }
  return bookings;
}
