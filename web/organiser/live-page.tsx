// An event on the day: what is sold and held, the money, the hall as it lives, and what happened.

import { useState } from "preact/hooks";
import type { EventWithMap, PageOf } from "../api/types";
import { HallMap } from "../hall/hall-map";
import type { GateCount, GatesFollower } from "../hall/live-hall";
import { useHall } from "../hall/use-hall";
import { ConnectionLine } from "../pages/event-page";
import { Legend } from "../parts/legend";
import { Loading, Page, Trouble } from "../parts/page";
import { session } from "../session";
import { useAsk } from "../use-ask";
import { count, day, exactMoment, money, priceWords, seatList, span, TIER_NAMES } from "../words";
import { GatesPanel } from "./gates-panel";
import type { JournalEntry, Report } from "./report";
import { SalesChart } from "./sales-chart";
import { Wellness } from "./wellness";

const REFRESH_MS = 2_000;
const NO_SEATS: ReadonlySet<number> = new Set();

export function LivePage({ id }: { readonly id: string }) {
  const { value: event, problem } = useAsk<EventWithMap>(`/api/events/${encodeURIComponent(id)}`);
  const { value: report } = useAsk<Report>(`/api/admin/events/${encodeURIComponent(id)}/report`, REFRESH_MS);
  const [counts, setCounts] = useState<readonly GateCount[] | null>(null);
  if (problem && !event) {
    return (
      <Page title="The event could not be loaded">
        <Trouble problem={problem} />
      </Page>
    );
  }
  if (!event) return <Loading what="Loading the event…" />;
  return (
    <Page title={event.name} class="live">
      <p class="facts">
        <strong>{day(event.startsAt)}</strong>
        <span>{span(event)}</span>
        <span>{event.venue ? `${event.venue.name}, ${event.venue.city}` : ""}</span>
        <a class="link" href={`/events/${id}`}>
          As buyers see it
        </a>
        <a class="link" href={`/organiser/events/${id}/edit`}>
          Change the event
        </a>
      </p>
      <Wellness eventId={id} />
      {report ? <Figures report={report} /> : <Loading what="Counting…" />}
      <GatesPanel eventId={id} counts={counts} />
      <LiveHall eventId={id} onCounts={setCounts} />
      <Journal eventId={id} />
    </Page>
  );
}

function Figures({ report }: { readonly report: Report }) {
  const { currency } = report;
  return (
    <>
      <dl class="figures" aria-live="polite">
        <div>
          <dt>Revenue</dt>
          <dd>{money(report.revenue, currency)}</dd>
        </div>
        <div>
          <dt>Sold</dt>
          <dd>
            {count(report.sold)} <span>of {count(report.total)}</span>
          </dd>
        </div>
        <div>
          <dt>Held now</dt>
          <dd>{count(report.held)}</dd>
        </div>
        <div>
          <dt>Left</dt>
          <dd>{count(report.available)}</dd>
        </div>
      </dl>
      <section class="panel" aria-labelledby="chart-title">
        <h2 id="chart-title">Sales over time</h2>
        <SalesChart report={report} />
      </section>
      <section class="panel" aria-labelledby="tiers-title">
        <h2 id="tiers-title">By price</h2>
        {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a part that scrolls is reached by keys */}
        <div class="scroll" tabIndex={0}>
          <table>
            <thead>
              <tr>
                <th scope="col">Price class</th>
                <th scope="col">Price</th>
                <th scope="col">Sold</th>
                <th scope="col">Held</th>
                <th scope="col">Left</th>
                <th scope="col">Revenue</th>
              </tr>
            </thead>
            <tbody>
              {report.tiers.map((tier) => (
                <tr key={tier.tier}>
                  <th scope="row">{TIER_NAMES[tier.tier]}</th>
                  <td>{priceWords(tier.price, currency)}</td>
                  <td>{count(tier.sold)}</td>
                  <td>{count(tier.held)}</td>
                  <td>{count(tier.available)}</td>
                  <td>{money(tier.revenue, currency)}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      </section>
    </>
  );
}

interface LiveHallProps {
  readonly eventId: string;
  readonly onCounts: GatesFollower["counted"];
}

function LiveHall({ eventId, onCounts }: LiveHallProps) {
  const follower: GatesFollower = { token: () => session.get()?.token ?? null, counted: onCounts };
  const { hall, tick, onChange, connection, problem } = useHall(eventId, follower);
  if (!hall) return problem ? <Trouble problem={problem} /> : <Loading what="Drawing the hall…" />;
  return (
    <section class="stack" aria-labelledby="live-hall-title">
      <h2 id="live-hall-title">The hall now</h2>
      <HallMap hall={hall} tick={tick} onChange={onChange} mine={NO_SEATS} mineWord="" />
      <Legend hall={hall} />
      <ConnectionLine connection={connection} />
    </section>
  );
}

const ENTRIES = 20;

function Journal({ eventId }: { readonly eventId: string }) {
  const [page, setPage] = useState<number | null>(null);
  const base = `/api/admin/events/${encodeURIComponent(eventId)}/journal?perPage=${ENTRIES}`;
  const { value: first, problem } = useAsk<PageOf<JournalEntry>>(base, page === null ? REFRESH_MS : undefined);
  const last = Math.max(1, first?.pagination.totalPages ?? 1);
  const at = page ?? last;
  const { value: shown } = useAsk<PageOf<JournalEntry>>(
    first ? `${base}&page=${at}` : null,
    page === null ? REFRESH_MS : undefined,
  );
  return (
    <section class="panel" aria-labelledby="journal-title">
      <h2 id="journal-title">What happened, newest first</h2>
      {problem && <Trouble problem={problem} />}
      <ol class="journal">
        {shown?.data.toReversed().map((entry) => (
          <li key={entry.seq}>
            <p class="fine">
              {entry.seq} · {exactMoment(entry.occurredAt)}
            </p>
            {entry.facts.map(({ eventType, payload }) => (
              <p key={eventType}>
                <strong>{eventType}</strong> {seatWordsOf(payload)}
              </p>
            ))}
            {entry.facts.length === 0 && <p>{entry.seatChanges.length} seats changed</p>}
          </li>
        ))}
      </ol>
      {last > 1 && (
        <div class="pages">
          <button
            type="button"
            class="button quiet"
            disabled={at >= last}
            onClick={() => setPage(at + 1 >= last ? null : at + 1)}
          >
            Newer
          </button>
          <span>
            Page {last - at + 1} of {last}
          </span>
          <button type="button" class="button quiet" disabled={at <= 1} onClick={() => setPage(at - 1)}>
            Older
          </button>
        </div>
      )}
    </section>
  );
}

function seatWordsOf(payload: Readonly<Record<string, unknown>>): string {
  const seats = payload["seatIds"] ?? payload["requestedSeatIds"];
  return Array.isArray(seats) && seats.length > 0 ? seatList(seats as string[]) : "";
}
