// An event and its hall, live: choose seats on the map or from a list, or have the best found, and hold them.

import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import type { EventWithMap, Tier } from "../api/types";
import { basket, type Held, heldFor } from "../basket";
import { type Hall, leftByTier } from "../hall/hall";
import { HallMap } from "../hall/hall-map";
import type { Connection } from "../hall/live-hall";
import { SeatList } from "../hall/seat-list";
import { useHall } from "../hall/use-hall";
import { BasketPanel, PayLink, SeatLines } from "../parts/basket-panel";
import { Choice } from "../parts/field";
import { Legend } from "../parts/legend";
import { Loading, Page, Trouble } from "../parts/page";
import { session } from "../session";
import { useStore } from "../store";
import { useAsk, useNow } from "../use-ask";
import {
  clock,
  count,
  day,
  fromNow,
  localTime,
  plural,
  priceWords,
  seatList,
  seatWords,
  span,
  TIER_NAMES,
} from "../words";
import { type Choosing, MAX_PARTY, useChoosing } from "./choosing-seats";

export function EventPage({ id }: { readonly id: string }) {
  const { value: event, problem, again } = useAsk<EventWithMap>(`/api/events/${encodeURIComponent(id)}`);
  if (problem && !event) {
    return (
      <Page title={problem.status === 404 ? "There is no such event" : "The event could not be loaded"}>
        {problem.status === 404 ? <p>Its address may be mistyped.</p> : <Trouble problem={problem} onRetry={again} />}
        <p>
          <a class="link" href="/">
            See all events
          </a>
        </p>
      </Page>
    );
  }
  return (
    <Page title={event?.name ?? "Event"} class="event">
      {event ? <EventHead event={event} /> : <Loading what="Loading the event…" />}
      <Choose eventId={id} event={event} />
    </Page>
  );
}

function EventHead({ event }: { readonly event: EventWithMap }) {
  const local = localTime(event.startsAt);
  return (
    <div class="event-head">
      <p class="facts">
        <strong>{day(event.startsAt)}</strong>
        <span>
          {span(event)}
          {local && ` (${local} for you)`}
        </span>
        <span>{event.venue ? `${event.venue.name}, ${event.venue.city}` : "Place to be announced"}</span>
        <span>{fromNow(event.startsAt)}</span>
      </p>
      {event.description && <p class="about">{event.description}</p>}
    </div>
  );
}

function Choose({ eventId, event }: { readonly eventId: string; readonly event: EventWithMap | null }) {
  const live = useHall(eventId);
  const holds = useStore(basket);
  const user = useStore(session)?.user.id;
  const held = useMemo(() => heldFor(holds, eventId), [holds, user, eventId]);
  const [party, setParty] = useState(2);
  const [view, setView] = useState<"map" | "list">("map");
  const choosing = useChoosing(eventId, event, live, party, held);
  const { hall } = live;
  const side = useRef<HTMLElement>(null);
  const wasHeld = useRef(held !== null);
  useEffect(() => {
    if (wasHeld.current === (held !== null)) return;
    wasHeld.current = held !== null;
    // What was pressed is gone with its panel: who has no pointer goes on at the panel in its place.
    if (document.activeElement === document.body) side.current?.focus({ preventScroll: true });
  }, [held]);
  const mine = useMemo(() => mineOf(hall, held, choosing.indices), [hall, held, choosing.indices]);
  if (!hall) {
    return live.problem ? <Trouble problem={live.problem} /> : <Loading what="Drawing the hall…" />;
  }
  return (
    <div class="choose">
      <div class="choose-hall">
        <fieldset class="switch">
          <legend class="hidden">How to choose</legend>
          <label>
            <input type="radio" name="view" checked={view === "list"} onChange={() => setView("list")} />{" "}
            <span>Choose from a list</span>
          </label>
          <label>
            <input type="radio" name="view" checked={view === "map"} onChange={() => setView("map")} />{" "}
            <span>Choose on the map</span>
          </label>
        </fieldset>
        {view === "map" ? (
          <HallMap
            hall={hall}
            tick={live.tick}
            onChange={live.onChange}
            mine={mine}
            mineWord={held ? "held for you" : "chosen"}
            onTap={choosing.tap}
          />
        ) : (
          <SeatList hall={hall} tick={live.tick} mine={mine} onTap={choosing.tap} />
        )}
        <Legend hall={hall} />
        <ConnectionLine connection={live.connection} />
      </div>
      {held && <HeldBar held={held} />}
      {!held && (choosing.seats.length > 0 || choosing.offer) && <ChoiceBar hall={hall} choosing={choosing} />}
      <aside ref={side} tabIndex={-1} class="choose-side" aria-label="Your choice">
        {held ? (
          <BasketPanel held={held} />
        ) : (
          <Party hall={hall} tick={live.tick} party={party} setParty={setParty} choosing={choosing} event={event} />
        )}
      </aside>
    </div>
  );
}

interface PartyProps {
  readonly hall: Hall;
  readonly tick: number;
  readonly event: EventWithMap | null;
  readonly party: number;
  readonly setParty: (party: number) => void;
  readonly choosing: Choosing;
}

function Party({ hall, tick, event, party, setParty, choosing }: PartyProps) {
  const [tier, setTier] = useState<Tier | "">("");
  const left = useMemo(() => leftByTier(hall), [hall, tick]);
  const all = [...left.values()].reduce((sum, n) => sum + n, 0);
  const over = event !== null && Date.parse(event.startsAt) <= Date.now();
  const { seats } = choosing;
  if (over) return <p class="closed">This event has started: its tickets are no longer on sale.</p>;
  if (all === 0 && seats.length === 0) {
    return (
      <div class="stack">
        <h2>Sold out</h2>
        <p>Seats that are given back appear here and on the map by themselves: keep this page open to see them.</p>
      </div>
    );
  }
  return (
    <div class="stack">
      <section class="stack" aria-labelledby="party-title">
        <h2 id="party-title">How many together?</h2>
        <Stepper value={party} onChange={setParty} />
        {left.size > 1 && (
          <Choice label="Where" name="where" value={tier} onChoose={(chosen) => setTier(chosen as Tier | "")}>
            <option value="">Anywhere</option>
            {[...left].map(([name, n]) => (
              <option key={name} value={name} disabled={n === 0}>
                {TIER_NAMES[name]}, {priceWords(hall.prices.get(name) ?? 0, hall.currency)},{" "}
                {n === 0 ? "sold out" : `${count(n)} left`}
              </option>
            ))}
          </Choice>
        )}
        <button
          type="button"
          class={seats.length > 0 ? "button quiet" : "button"}
          disabled={choosing.busy}
          onClick={() => choosing.holdBest(party, tier === "" ? null : tier)}
        >
          {party === 1 ? "Hold the best seat" : `Hold the best ${party} together`}
        </button>
        {seats.length === 0 && <p class="fine">Or choose seats yourself: one tap takes seats for all of you.</p>}
      </section>
      {choosing.offer && (
        <section class="offer" aria-label="Instead">
          <p>
            Free close by: <strong>{seatList(choosing.offer.map(({ id }) => id))}</strong>
          </p>
          <button type="button" class="button quiet" onClick={choosing.takeOffer}>
            Choose {choosing.offer.length === 1 ? "it" : "them"} instead
          </button>
        </section>
      )}
      {choosing.problem && (
        <p class="form-error" role="alert">
          {choosing.problem.message}
        </p>
      )}
      {seats.length > 0 && <Chosen hall={hall} choosing={choosing} />}
    </div>
  );
}

function Chosen({ hall, choosing }: { readonly hall: Hall; readonly choosing: Choosing }) {
  const { seats } = choosing;
  const sum = seats.reduce((all, { price }) => all + price, 0);
  const tooMany = seats.length > MAX_PARTY;
  return (
    <section class="chosen" aria-labelledby="chosen-title">
      <h2 id="chosen-title">Chosen</h2>
      <SeatLines
        seats={seats.map(({ id, price, accessible }) => ({
          id,
          price,
          name: accessible ? `${seatWords(id)} (wheelchair place)` : seatWords(id),
        }))}
        currency={hall.currency}
      />
      <p class="total">
        <span>Total</span> <strong>{priceWords(sum, hall.currency)}</strong>
      </p>
      <button type="button" class="button" disabled={choosing.busy || tooMany} onClick={choosing.hold}>
        {choosing.busy ? "One moment…" : `Hold ${plural(seats.length, "seat")} for ${priceWords(sum, hall.currency)}`}
      </button>
      {tooMany && <p class="form-error">You can hold {MAX_PARTY} seats at most.</p>}
      <button type="button" class="link" onClick={choosing.clear}>
        Choose none of them
      </button>
    </section>
  );
}

/** On a phone the panel is out of sight while one chooses: what is chosen, what became of it, and the act stay in view. */
function ChoiceBar({ hall, choosing }: { readonly hall: Hall; readonly choosing: Choosing }) {
  const { seats, busy, offer, problem } = choosing;
  const sum = seats.reduce((all, { price }) => all + price, 0);
  const tooMany = seats.length > MAX_PARTY;
  return (
    <section class="choice-bar" aria-label="Chosen">
      {offer && (
        <div>
          <p>
            <span>Free close by</span>
            <strong>{seatList(offer.map(({ id }) => id))}</strong>
          </p>
          <button type="button" class="button quiet" onClick={choosing.takeOffer}>
            Choose {offer.length === 1 ? "it" : "them"} instead
          </button>
        </div>
      )}
      {problem && <p class="form-error">{problem.message}</p>}
      {tooMany && <p class="form-error">You can hold {MAX_PARTY} seats at most.</p>}
      {seats.length > 0 && (
        <div>
          <button type="button" class="close" aria-label="Choose none of them" onClick={choosing.clear}>
            ×
          </button>
          <p>
            <strong>{priceWords(sum, hall.currency)}</strong>
            <span>{seatList(seats.map(({ id }) => id))}</span>
          </p>
          <button type="button" class="button" disabled={busy || tooMany} onClick={choosing.hold}>
            {busy ? "One moment…" : `Hold ${plural(seats.length, "seat")}`}
          </button>
        </div>
      )}
    </section>
  );
}

/** The same for what is held: from the map one goes on to pay without looking for how. */
function HeldBar({ held }: { readonly held: Held }) {
  const nowMs = useNow(1_000);
  return (
    <section class="choice-bar" aria-label="Held">
      <div>
        <p>
          <span>{plural(held.seats.length, "seat")} held</span>
          <strong>{clock(held.expiresAtMs - nowMs)}</strong>
        </p>
        <PayLink held={held} />
      </div>
    </section>
  );
}

export function Stepper({ value, onChange }: { readonly value: number; readonly onChange: (value: number) => void }) {
  return (
    <div class="stepper">
      <button type="button" aria-label="One fewer" disabled={value <= 1} onClick={() => onChange(value - 1)}>
        −
      </button>
      <output aria-live="polite">{plural(value, "person", "people")}</output>
      <button type="button" aria-label="One more" disabled={value >= MAX_PARTY} onClick={() => onChange(value + 1)}>
        +
      </button>
    </div>
  );
}

const CONNECTION_WORDS: Readonly<Record<Connection, string>> = {
  connecting: "Connecting to the hall…",
  live: "Live: you see others choosing as it happens.",
  polling: "Live, a second or so behind.",
  offline: "The connection is lost. The hall may be out of date; it catches up by itself.",
};

export function ConnectionLine({ connection }: { readonly connection: Connection }) {
  const [shown, setShown] = useState(connection);
  // A connection that is only being renewed is nobody's news.
  useEffect(() => {
    const timer = setTimeout(() => setShown(connection), connection === "connecting" ? 2_000 : 300);
    return () => clearTimeout(timer);
  }, [connection]);
  return (
    <p class={`connection ${shown}`} role="status">
      {CONNECTION_WORDS[shown]}
    </p>
  );
}

function mineOf(hall: Hall | null, held: Held | null, chosen: ReadonlySet<number>): ReadonlySet<number> {
  if (!hall || !held) return chosen;
  return new Set(held.seats.flatMap(({ id }) => hall.indexOf.get(id) ?? []));
}
