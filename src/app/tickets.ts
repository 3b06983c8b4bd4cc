// Tickets: a signed code for every seat of a confirmed booking, for its owner alone, on a page or in a mail.

import type { Origin, Replies } from "../domain/box-office/commands";
import { type BookingId, codeOfSaleId, type EventId, parseId, type SeatId, type TicketId } from "../domain/ids";
import type { Money } from "../domain/money";
import { accept, type Result, refuse } from "../domain/refusals";
import { TICKET_VERSION } from "../domain/ticket-token";
import type { Deps } from "./ports";
import type { Viewer } from "./users";

export interface TicketView {
  readonly id: TicketId;
  readonly bookingId: BookingId;
  readonly eventId: EventId;
  readonly seatId: SeatId;
  readonly status: "VALID" | "REVOKED";
  readonly price: Money;
  /** Null once it is revoked: nobody should show it any more. */
  readonly code: { readonly token: string; readonly svg: string; readonly number: string } | null;
  readonly entry: { readonly atMs: number; readonly gate: string } | null;
}

/** A ticket as a mail shows it. */
export interface MailTicket {
  readonly id: TicketId;
  readonly seatId: SeatId;
  readonly number: string;
  readonly png: Uint8Array;
}

/** Images that one mail carries; the page has the others. No booking of the main API has more seats. */
const MAX_MAIL_TICKETS = 20;

type SigningDeps = Pick<Deps, "boxOffices" | "ticketTokens" | "qrCodes">;

/** The tickets of a booking, in the order of its seats: none while it is not confirmed. */
export async function listTickets(
  deps: SigningDeps,
  viewer: Viewer,
  bookingId: string,
  origin: Origin,
): Promise<Result<readonly TicketView[]>> {
  const id = parseId("bkg", bookingId);
  const reply = id && (await readTickets(deps, id, origin));
  if (!reply) return refuse({ code: "BOOKING_NOT_FOUND", id: bookingId });
  if (!reply.ok) return reply;
  const { booking, tickets } = reply.value;
  // Not for admins either: whoever has the code has the seat.
  if (booking.userId !== viewer.id) return refuse({ code: "FORBIDDEN" });
  const views = tickets.map(async (ticket): Promise<TicketView> => {
    return {
      id: ticket.id,
      bookingId: booking.id,
      eventId: booking.eventId,
      seatId: ticket.seatId,
      status: ticket.status,
      price: { amountMinor: ticket.priceMinor, currency: booking.currency },
      code: ticket.status === "VALID" ? await codeOf(deps, ticket) : null,
      entry: ticket.entry && { atMs: ticket.entry.atMs, gate: ticket.entry.gate },
    };
  });
  return accept(await Promise.all(views));
}

/** What is still good of a booking's tickets, as images for its mail. */
export async function ticketsForMail(deps: SigningDeps, bookingId: BookingId): Promise<readonly MailTicket[]> {
  const reply = await readTickets(deps, bookingId, { actor: "system", requestId: "mail" });
  if (!reply?.ok) throw new Error(`the tickets of ${bookingId} could not be read`);
  const good = reply.value.tickets.filter(({ status }) => status === "VALID").slice(0, MAX_MAIL_TICKETS);
  return await Promise.all(
    good.map(async (ticket) => ({
      id: ticket.id,
      seatId: ticket.seatId,
      number: await deps.ticketTokens.numberOf(ticket.id),
      png: await deps.qrCodes.png(await tokenOf(deps, ticket)),
    })),
  );
}

function readTickets(
  deps: Pick<Deps, "boxOffices">,
  bookingId: BookingId,
  origin: Origin,
): Promise<Result<Replies["readTickets"]> | null> {
  return deps.boxOffices.send(codeOfSaleId(bookingId), { type: "readTickets", bookingId, ...origin });
}

async function codeOf(
  deps: SigningDeps,
  ticket: { readonly id: TicketId; readonly seatId: SeatId },
): Promise<NonNullable<TicketView["code"]>> {
  const [token, number] = await Promise.all([tokenOf(deps, ticket), deps.ticketTokens.numberOf(ticket.id)]);
  return { token, svg: deps.qrCodes.svg(token), number };
}

function tokenOf(
  deps: Pick<Deps, "ticketTokens">,
  { id, seatId }: { readonly id: TicketId; readonly seatId: SeatId },
): Promise<string> {
  return deps.ticketTokens.sign({ ticketId: id, seatId, version: TICKET_VERSION });
}
