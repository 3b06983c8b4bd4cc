// The organiser's pages, loaded only for organisers.

import { useEffect, useState } from "preact/hooks";
import type { EventItem, EventWithMap, PageOf } from "../api/types";
import { Pages } from "../pages/events-page";
import { Loading, Page, Trouble } from "../parts/page";
import { place, setQuery } from "../router";
import { useStore } from "../store";
import { useAsk } from "../use-ask";
import { count, priceWords, shortMoment } from "../words";
import { EventForm } from "./event-form";
import { HealthPage } from "./health-page";
import { LivePage } from "./live-page";
import { VenuePage } from "./venue-page";
import { Wellness } from "./wellness";

const PER_PAGE = 20;
const REFRESH_MS = 10_000;
const TYPING_MS = 250;

export function OrganiserPages({ path }: { readonly path: string }) {
  if (path === "/organiser/venues/new") return <VenuePage />;
  if (path === "/organiser/events/new") return <EventForm event={null} />;
  if (path === "/organiser/health") return <HealthPage />;
  const [, id, edit] = /^\/organiser\/events\/([^/]+)(\/edit)?$/.exec(path) ?? [];
  if (id) return edit ? <EditPage id={id} /> : <LivePage id={id} />;
  return <EventList />;
}

function EditPage({ id }: { readonly id: string }) {
  const { value, problem, again } = useAsk<EventWithMap>(`/api/events/${encodeURIComponent(id)}`);
  if (value) return <EventForm event={value} />;
  if (!problem) return <Loading what="Loading the event…" />;
  return (
    <Page title="The event could not be loaded">
      <Trouble problem={problem} onRetry={again} />
    </Page>
  );
}

function EventList() {
  const { query } = useStore(place);
  const q = query.get("q") ?? "";
  const page = Math.max(1, Number(query.get("page")) || 1);
  const [text, setText] = useState(q);
  useEffect(() => {
    if (text.trim() === q) return;
    const timer = setTimeout(() => setQuery({ q: text.trim(), page: "" }), TYPING_MS);
    return () => clearTimeout(timer);
  }, [text]);
  const ask = new URLSearchParams({ page: String(page), perPage: String(PER_PAGE), ...(q && { q }) });
  const { value, problem, again } = useAsk<PageOf<EventItem>>(`/api/admin/events?${ask}`, REFRESH_MS);
  return (
    <Page title="Your events" class="organiser">
      <Wellness eventId={null} />
      <div class="organiser-bar">
        <label class="field">
          <span class="hidden">Event or city</span>
          <input
            type="search"
            placeholder="Event or city"
            value={text}
            onInput={(event) => setText(event.currentTarget.value)}
          />
        </label>
        <a class="button" href="/organiser/events/new">
          New event
        </a>
        <a class="button quiet" href="/organiser/venues/new">
          New venue
        </a>
      </div>
      {problem && <Trouble problem={problem} onRetry={again} />}
      {value?.data.length === 0 && <p>No events{q && " match"}.</p>}
      <ul class="organiser-events">
        {value?.data.map((event) => (
          <li key={event.id}>
            <a href={`/organiser/events/${event.id}`}>
              <span class="what">
                <strong>{event.name}</strong>
                <span class="fine">
                  {event.venue ? `${event.venue.name}, ${event.venue.city} · ` : ""}
                  {shortMoment(event.startsAt)}
                  {Date.parse(event.startsAt) <= Date.now() && " · over"}
                </span>
              </span>
              <span class="taken">
                <meter
                  min={0}
                  max={event.totalSeats}
                  value={event.totalSeats - event.availableSeats}
                  aria-hidden="true"
                />
                <span>
                  {count(event.totalSeats - event.availableSeats)} of {count(event.totalSeats)} taken
                </span>
              </span>
              <span class="prices fine">
                {event.ticketTiers.map(({ price, currency }) => priceWords(price, currency)).join(" · ")}
              </span>
            </a>
          </li>
        ))}
      </ul>
      {value && <Pages page={page} pages={value.pagination.totalPages} />}
    </Page>
  );
}
