// A booking's tickets, to be shown on a screen or printed: one a page, its code large, and its number for a door whose
// scanner is broken.

import { render } from "preact";
import { useEffect, useState } from "preact/hooks";
import { type Problem, read } from "../api/client";
import type { Booking } from "../api/types";
import { session } from "../session";
import { day, seatWords, time } from "../words";

interface Ticket {
  readonly id: string;
  readonly seatId: string;
  readonly status: "VALID" | "REVOKED";
  readonly number: string | null;
  readonly qr: string | null;
  readonly checkedInAt: string | null;
}

interface Shown {
  readonly booking: Booking;
  readonly tickets: readonly Ticket[];
}

const bookingId = location.pathname.split("/").at(-1) ?? "";

async function load(): Promise<Shown | Problem> {
  const path = `/api/bookings/${encodeURIComponent(bookingId)}`;
  const [booking, tickets] = await Promise.all([
    read<Booking>(path),
    read<{ data: readonly Ticket[] }>(`${path}/tickets?perPage=100`),
  ]);
  if (!booking.ok) return booking.problem;
  return tickets.ok ? { booking: booking.value, tickets: tickets.value.data } : tickets.problem;
}

function Tickets() {
  const [shown, setShown] = useState<Shown | Problem | null>(null);
  useEffect(() => {
    void load().then(setShown);
  }, []);
  if (session.get() === null) {
    return (
      <main class="plain">
        <h1>Your tickets</h1>
        <p>
          Sign in at <a href={`/bookings/${bookingId}`}>your booking</a> first, then open this page again.
        </p>
      </main>
    );
  }
  if (shown === null) return <main class="plain">Fetching your tickets…</main>;
  if ("message" in shown) {
    return (
      <main class="plain">
        <h1>Your tickets</h1>
        <p role="alert">{shown.message}</p>
        <a href="/my-tickets">My tickets</a>
      </main>
    );
  }
  const good = shown.tickets.filter(({ status }) => status === "VALID");
  return (
    <main>
      <div class="bar">
        <a href={`/bookings/${bookingId}`}>Back to the booking</a>
        <button type="button" onClick={() => print()} disabled={good.length === 0}>
          Print
        </button>
      </div>
      <h1 class="heading">{good.length === 0 ? "This booking has no tickets" : "Your tickets"}</h1>
      {good.map((ticket) => (
        <Sheet key={ticket.id} ticket={ticket} booking={shown.booking} />
      ))}
    </main>
  );
}

function Sheet({ ticket, booking }: { readonly ticket: Ticket; readonly booking: Booking }) {
  return (
    <article aria-label={seatWords(ticket.seatId)}>
      <div class="words">
        <h2>{booking.eventName}</h2>
        <p>{booking.venueName ?? "Place to be announced"}</p>
        <p>
          {day(booking.eventDate)}, {time(booking.eventDate)}
        </p>
        <p class="seat">{seatWords(ticket.seatId)}</p>
        {ticket.checkedInAt && <p>Used at {time(ticket.checkedInAt)}</p>}
      </div>
      <div class="code">
        {ticket.qr && <img src={ticket.qr} alt={`The code of the ticket, ${seatWords(ticket.seatId)}`} />}
        {ticket.number && <p class="number">{ticket.number}</p>}
      </div>
    </article>
  );
}

const app = document.getElementById("app");
if (app) render(<Tickets />, app);
