// My tickets: what waits for payment, what comes next, then what is past or cancelled.

import { useMemo } from "preact/hooks";
import type { BookingItem, PageOf } from "../api/types";
import { Loading, Page, Trouble } from "../parts/page";
import { AccountForm } from "../parts/sign-in";
import { session } from "../session";
import { useStore } from "../store";
import { useAsk } from "../use-ask";
import { dateParts, day, fromNow, money, plural, seatList, time } from "../words";

/** More bookings than these of one buyer are on the next page of the API; nobody has them. */
const PER_PAGE = 100;
const REFRESH_MS = 15_000;

export function TicketsPage() {
  const account = useStore(session)?.user ?? null;
  if (!account) {
    return (
      <Page title="My tickets" class="narrow">
        <p>Sign in to see your tickets.</p>
        <div class="panel">
          <AccountForm onDone={() => undefined} />
        </div>
      </Page>
    );
  }
  return <Tickets key={account.id} />;
}

function Tickets() {
  const { value, problem, again } = useAsk<PageOf<BookingItem>>(`/api/bookings/my?perPage=${PER_PAGE}`, REFRESH_MS);
  const groups = useMemo(() => groupsOf(value?.data ?? []), [value]);
  return (
    <Page title="My tickets" class="my-tickets">
      {problem && <Trouble problem={problem} onRetry={again} />}
      {!value && !problem && <Loading what="Looking for your tickets…" />}
      {value?.data.length === 0 && (
        <div class="empty">
          <p>You have no tickets yet.</p>
          <p>
            <a class="button" href="/">
              Find an event
            </a>
          </p>
        </div>
      )}
      {groups.map(({ name, bookings }) => (
        <section key={name} aria-label={name}>
          <h2>{name}</h2>
          <ul class="booking-cards">
            {bookings.map((booking) => (
              <li key={booking.id}>
                <BookingCard booking={booking} />
              </li>
            ))}
          </ul>
        </section>
      ))}
    </Page>
  );
}

function BookingCard({ booking }: { readonly booking: BookingItem }) {
  const { day: date, month, weekday } = dateParts(booking.eventDate);
  return (
    <a class={`booking-card ${booking.status.toLowerCase()}`} href={`/bookings/${booking.id}`}>
      <p class="date" aria-hidden="true">
        <span>{weekday}</span>
        <strong>{date}</strong>
        <span>{month}</span>
      </p>
      <div class="what">
        <h3>{booking.eventName}</h3>
        <p>
          <span class="hidden">{day(booking.eventDate)}, </span>
          {time(booking.eventDate)} · {fromNow(booking.eventDate)}
        </p>
        <p>{seatList(booking.seatIds)}</p>
      </div>
      <div class="booking-state">
        <p class={`badge ${booking.status.toLowerCase()}`}>{STATUS_WORDS[booking.status]}</p>
        <p>
          {plural(booking.seatIds.length, "ticket")},{" "}
          {booking.totalAmount === 0 ? "free" : money(booking.totalAmount, booking.currency)}
        </p>
      </div>
    </a>
  );
}

const STATUS_WORDS: Readonly<Record<BookingItem["status"], string>> = {
  PENDING: "Being made",
  PAYMENT_PENDING: "To be paid",
  CONFIRMED: "Confirmed",
  FAILED: "Did not work out",
  EXPIRED: "Ran out",
  CANCELLED: "Cancelled",
};

function groupsOf(bookings: readonly BookingItem[]) {
  const now = new Date().toISOString();
  const byDate = bookings.toSorted((a, b) => a.eventDate.localeCompare(b.eventDate));
  const isOpen = ({ status }: BookingItem) => status === "PENDING" || status === "PAYMENT_PENDING";
  const isNext = ({ status, eventDate }: BookingItem) => status === "CONFIRMED" && eventDate >= now;
  return [
    { name: "Waiting for you", bookings: byDate.filter(isOpen) },
    { name: "Next", bookings: byDate.filter(isNext) },
    { name: "Past and cancelled", bookings: byDate.filter((one) => !isOpen(one) && !isNext(one)).toReversed() },
  ].filter((group) => group.bookings.length > 0);
}
