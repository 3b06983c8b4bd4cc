// Finding an event: what, when, where, from what price, and how full.

import { useEffect, useState } from "preact/hooks";
import type { EventItem, PageOf } from "../api/types";
import { Loading, Page, Trouble } from "../parts/page";
import { place, setQuery } from "../router";
import { useStore } from "../store";
import { useAsk } from "../use-ask";
import { count, dateParts, day, fromNow, plural, priceWords, span, TIER_NAMES } from "../words";

const PER_PAGE = 12;
const TYPING_MS = 250;
const REFRESH_MS = 15_000;
const DAY_MS = 86_400_000;

const SPANS = [
  { name: "Any day", days: null },
  { name: "Next 7 days", days: 7 },
  { name: "Next 30 days", days: 30 },
  { name: "Next 90 days", days: 90 },
] as const;

export function EventsPage() {
  const { query } = useStore(place);
  const q = query.get("q") ?? "";
  const from = query.get("from") ?? "";
  const to = query.get("to") ?? "";
  const page = Math.max(1, Number(query.get("page")) || 1);
  const ask = new URLSearchParams({ page: String(page), perPage: String(PER_PAGE) });
  if (q) ask.set("q", q);
  if (from) ask.set("from", from);
  if (to) ask.set("to", nextDay(to));
  const { value, problem, loading, again } = useAsk<PageOf<EventItem>>(`/api/events?${ask}`, REFRESH_MS);
  return (
    <Page title="TicketFlow" heading="Find your seats" class="events">
      <Filters q={q} from={from} to={to} />
      {problem && <Trouble problem={problem} onRetry={again} />}
      {!value && loading && <Loading what="Looking for events…" />}
      {value && (
        <>
          <p class="results" role="status">
            {value.pagination.total === 0 ? "No events match." : plural(value.pagination.total, "upcoming event")}
          </p>
          {value.pagination.total === 0 && (
            <p>
              Try fewer words or another day.{" "}
              <a class="link" href="/">
                Show all events
              </a>
            </p>
          )}
          <ul class="event-cards">
            {value.data.map((event) => (
              <li key={event.id}>
                <EventCard event={event} />
              </li>
            ))}
          </ul>
          <Pages page={page} pages={value.pagination.totalPages} />
        </>
      )}
    </Page>
  );
}

function Filters({ q, from, to }: { readonly q: string; readonly from: string; readonly to: string }) {
  const [text, setText] = useState(q);
  useEffect(() => setText(q), [q]);
  useEffect(() => {
    if (text.trim() === q) return;
    const timer = setTimeout(() => setQuery({ q: text.trim(), page: "" }), TYPING_MS);
    return () => clearTimeout(timer);
  }, [text]);
  const today = new Date().toISOString().slice(0, 10);
  return (
    <search class="filters">
      <form onSubmit={(event) => event.preventDefault()}>
        <label class="search">
          <span>Event or city</span>
          <input
            type="search"
            name="q"
            value={text}
            placeholder="Jazz, Bristol, …"
            onInput={(event) => setText(event.currentTarget.value)}
          />
        </label>
        <label>
          <span>From</span>
          <input
            type="date"
            name="from"
            min={today}
            value={from}
            onChange={(event) => setQuery({ from: event.currentTarget.value, page: "" })}
          />
        </label>
        <label>
          <span>Until</span>
          <input
            type="date"
            name="to"
            min={from || today}
            value={to}
            onChange={(event) => setQuery({ to: event.currentTarget.value, page: "" })}
          />
        </label>
      </form>
      <fieldset class="chips">
        <legend class="hidden">Quick choice of days</legend>
        {SPANS.map(({ name, days }) => {
          const until = days === null ? "" : isoDay(Date.now() + days * DAY_MS);
          const isOn = from === "" && to === until;
          return (
            <button
              key={name}
              type="button"
              class="chip"
              aria-pressed={isOn}
              onClick={() => setQuery({ from: "", to: until, page: "" })}
            >
              {name}
            </button>
          );
        })}
      </fieldset>
    </search>
  );
}

function EventCard({ event }: { readonly event: EventItem }) {
  const { day: date, month, weekday } = dateParts(event.startsAt);
  const soldOut = event.availableSeats === 0;
  return (
    <a class="event-card" href={`/events/${event.id}`}>
      <p class="date" aria-hidden="true">
        <span>{weekday}</span>
        <strong>{date}</strong>
        <span>{month}</span>
      </p>
      <div class="what">
        <h2>{event.name}</h2>
        <p class="where">{event.venue ? `${event.venue.name}, ${event.venue.city}` : "Place to be announced"}</p>
        <p class="when">
          <span class="hidden">{day(event.startsAt)}, </span>
          {span(event)} · {fromNow(event.startsAt)}
        </p>
      </div>
      <div class="how-full">
        <MiniHall available={event.availableSeats} total={event.totalSeats} />
        <p class={soldOut ? "left none" : "left"}>
          {soldOut ? "Sold out" : `${count(event.availableSeats)} of ${count(event.totalSeats)} left`}
        </p>
        <p class="price">{soldOut ? "" : priceRange(event)}</p>
      </div>
    </a>
  );
}

const DOTS_A_ROW = 12;
const DOT_ROWS = 4;

/** The hall as four small rows: a filled dot is a share of it that is free. */
export function MiniHall({ available, total }: { readonly available: number; readonly total: number }) {
  const dots = DOTS_A_ROW * DOT_ROWS;
  const share = total === 0 ? 0 : available / total;
  // Something left is a dot, and something sold is one less than all.
  const free = share === 0 ? 0 : share === 1 ? dots : Math.min(dots - 1, Math.max(1, Math.round(share * dots)));
  return (
    <svg class="mini-hall" viewBox="0 0 120 44" aria-hidden="true">
      {Array.from({ length: dots }, (_, i) => {
        const column = i % DOTS_A_ROW;
        const bend = ((column - (DOTS_A_ROW - 1) / 2) / 5.5) ** 2 * 4;
        return (
          <circle
            key={i}
            cx={5 + column * 10}
            cy={8 + Math.floor(i / DOTS_A_ROW) * 10 - bend + 2}
            r={i < dots - free ? 2.6 : 3.4}
            class={i < dots - free ? "sold" : "free"}
          />
        );
      })}
    </svg>
  );
}

/** "from £32.00", "Free and up", or which tier is left when only one is. */
export function priceRange({ ticketTiers }: EventItem): string {
  const open = ticketTiers.filter(({ available }) => available > 0);
  const cheapest = open.toSorted((a, b) => a.price - b.price)[0];
  if (!cheapest) return "";
  const words = priceWords(cheapest.price, cheapest.currency);
  if (open.length === 1) return ticketTiers.length === 1 ? words : `${TIER_NAMES[cheapest.tier]} only, ${words}`;
  return cheapest.price === 0 ? `${words} and up` : `from ${words}`;
}

export function Pages({ page, pages }: { readonly page: number; readonly pages: number }) {
  if (pages <= 1) return null;
  return (
    <nav class="pages" aria-label="More of the list">
      <button
        type="button"
        class="button quiet"
        disabled={page <= 1}
        onClick={() => setQuery({ page: String(page - 1) })}
      >
        Previous
      </button>
      <span>
        Page {page} of {pages}
      </span>
      <button
        type="button"
        class="button quiet"
        disabled={page >= pages}
        onClick={() => setQuery({ page: String(page + 1) })}
      >
        Next
      </button>
    </nav>
  );
}

/** The API's `to` is the first moment that is too late; a person's is a day that still counts. */
function nextDay(date: string): string {
  const ms = Date.parse(`${date}T00:00:00Z`);
  return Number.isNaN(ms) ? date : isoDay(ms + DAY_MS);
}

function isoDay(ms: number): string {
  return new Date(ms).toISOString().slice(0, 10);
}
