// An event in one form, with its hall drawn as it is typed. A change leaves the hall alone: seats that exist stay.

import { useMemo, useState } from "preact/hooks";
import { CURRENCIES } from "../../src/domain/money";
import { say } from "../announce";
import { newKey, type Problem, send } from "../api/client";
import type { EventWithMap, PageOf, Tier } from "../api/types";
import { hallOf } from "../hall/hall";
import { HallMap } from "../hall/hall-map";
import { Choice, errorOf, Field } from "../parts/field";
import { Page, Trouble } from "../parts/page";
import { navigate, place } from "../router";
import { useAsk } from "../use-ask";
import { count, minorOf, plural, TIER_NAMES, typedPrice } from "../words";
import { drawHall, layoutOf, type SectionDraft } from "./hall-plan";
import { SectionForm } from "./section-form";

interface VenueItem {
  readonly id: string;
  readonly name: string;
  readonly city: string;
  readonly capacity: number;
}

const TIERS: readonly Tier[] = ["VIP", "GENERAL", "STANDING"];
const NO_SEATS: ReadonlySet<number> = new Set();
/** What is wrong with these is said beside them. */
const HAS_PLACE = /^(name|startsAt|endsAt|ticketTiers\W\d+\W+price)$/;
const nothing = () => () => undefined;

const FIRST_SECTIONS: readonly SectionDraft[] = [
  {
    key: 1,
    name: "Stalls",
    tier: "GENERAL",
    rows: "8",
    seats: "20",
    firstNumber: "1",
    fromRight: false,
    aisles: "10",
    accessible: true,
    fromBack: false,
  },
];

export function EventForm({ event }: { readonly event: EventWithMap | null }) {
  const { value: venues, problem: venuesProblem } = useAsk<PageOf<VenueItem>>("/api/venues?perPage=100");
  const [name, setName] = useState(event?.name ?? "");
  const [description, setDescription] = useState(event?.description ?? "");
  const [venueId, setVenueId] = useState(event?.venue?.id ?? place.get().query.get("venue") ?? "");
  const [starts, setStarts] = useState(event?.startsAt.slice(0, 16) ?? "");
  const [ends, setEnds] = useState(event?.endsAt.slice(0, 16) ?? "");
  const [currency, setCurrency] = useState(event?.ticketTiers[0]?.currency ?? "GBP");
  const [prices, setPrices] = useState<Readonly<Partial<Record<Tier, string>>>>(() => pricesOf(event));
  const [sections, setSections] = useState(FIRST_SECTIONS);
  const [problem, setProblem] = useState<Problem | null>(null);
  const [key] = useState(newKey);
  const [busy, setBusy] = useState(false);
  const drawn = useMemo(() => (event ? null : drawHall(sections)), [event, sections]);
  const seatMap = event?.seatMap ?? drawn?.seatMap ?? { sections: [] };
  const tiers = TIERS.filter((tier) => seatMap.sections.some(({ rows }) => rows.some((row) => row.tier === tier)));
  const minor = new Map(tiers.map((tier) => [tier, minorOf(prices[tier] ?? "", currency)]));
  const hall = useMemo(
    () =>
      hallOf(
        layoutOf(seatMap, new Map(tiers.map((tier) => [tier, minor.get(tier) ?? 0])), currency),
        everyFree(seatMap),
      ),
    [seatMap, currency, JSON.stringify([...minor])],
  );
  const venue = venues?.data.find(({ id }) => id === (venueId || venues.data[0]?.id));

  const submit = async (submitted: Event) => {
    submitted.preventDefault();
    setBusy(true);
    const body = {
      name,
      description: description.trim() === "" ? null : description,
      venueId: venue?.id ?? venueId,
      startsAt: starts === "" ? "" : `${starts}:00Z`,
      endsAt: ends === "" ? "" : `${ends}:00Z`,
      ticketTiers: tiers.map((tier) => ({ tier, price: minor.get(tier) ?? null, currency })),
      ...(!event && { seatMap }),
    };
    const answer = event
      ? await send<EventWithMap>("PUT", `/api/events/${event.id}`, { body })
      : await send<{ id: string }>("POST", "/api/events", { body, key });
    setBusy(false);
    if (!answer.ok) return setProblem(answer.problem);
    navigate(`/organiser/events/${answer.value.id}`);
    say(event ? "The event is changed." : `${name} is on sale.`, "good");
  };
  const priceError = (tier: Tier, i: number) =>
    problem && minor.get(tier) === null
      ? `A price such as ${typedPrice(2500, currency)}; 0 is free.`
      : errorOf(problem, `ticketTiers[${i}].price`, `ticketTiers.${i}.price`);
  const setSection = (changed: SectionDraft) =>
    setSections((now) => now.map((one) => (one.key === changed.key ? changed : one)));
  const addSection = () =>
    setSections((now) => [
      ...now,
      {
        ...(now.at(-1) ?? (FIRST_SECTIONS[0] as SectionDraft)),
        key: Math.max(0, ...now.map((one) => one.key)) + 1,
        name: `Section ${now.length + 1}`,
      },
    ]);

  return (
    <Page title={event ? `Change ${event.name}` : "A new event"} class="event-form">
      {venuesProblem && <Trouble problem={venuesProblem} />}
      <form class="form-columns" onSubmit={submit} noValidate>
        <div class="stack">
          <section class="panel" aria-label="The event">
            <Field label="Name" name="name" value={name} onText={setName} error={errorOf(problem, "name")} />
            <label class="field">
              <span>Description</span>
              <textarea value={description} onInput={(typed) => setDescription(typed.currentTarget.value)} />
            </label>
            <Choice label="Venue" name="venue" value={venue?.id ?? ""} onChoose={(chosen) => setVenueId(chosen)}>
              {venues?.data.map((one) => (
                <option key={one.id} value={one.id}>
                  {one.name}, {one.city} ({count(one.capacity)})
                </option>
              ))}
            </Choice>
            <p class="fine">
              Not there yet?{" "}
              <a class="link" href="/organiser/venues/new">
                Add a venue
              </a>
            </p>
            <div class="form-grid">
              <Field
                label="Starts (UTC)"
                name="startsAt"
                type="datetime-local"
                value={starts}
                onText={setStarts}
                error={errorOf(problem, "startsAt")}
              />
              <Field
                label="Ends (UTC)"
                name="endsAt"
                type="datetime-local"
                value={ends}
                onText={setEnds}
                error={errorOf(problem, "endsAt")}
              />
            </div>
          </section>
          {!event && (
            <section class="panel" aria-labelledby="hall-title">
              <h2 id="hall-title">The hall, from the stage backwards</h2>
              {sections.map((draft, i) => (
                <SectionForm
                  key={draft.key}
                  draft={draft}
                  number={i + 1}
                  problems={drawn?.problems ?? new Map()}
                  onChange={setSection}
                  onRemove={
                    sections.length > 1 ? () => setSections((now) => now.filter((one) => one.key !== draft.key)) : null
                  }
                />
              ))}
              <button type="button" class="button quiet" onClick={addSection}>
                Add a section behind
              </button>
            </section>
          )}
          <section class="panel" aria-labelledby="prices-title">
            <h2 id="prices-title">Prices</h2>
            <div class="form-grid">
              <Choice
                label="Currency"
                name="currency"
                value={currency}
                disabled={event !== null}
                onChoose={(chosen) => setCurrency(chosen)}
              >
                {[...CURRENCIES].map((code) => (
                  <option key={code} value={code}>
                    {code}
                  </option>
                ))}
              </Choice>
              {tiers.map((tier, i) => (
                <Field
                  key={tier}
                  label={TIER_NAMES[tier]}
                  name={`price-${tier}`}
                  inputMode="decimal"
                  value={prices[tier] ?? ""}
                  onText={(text) => setPrices({ ...prices, [tier]: text })}
                  error={priceError(tier, i)}
                />
              ))}
            </div>
            {event && <p class="fine">A new price counts from now on; tickets that are sold keep theirs.</p>}
          </section>
        </div>
        <div class="preview stack">
          {hall.seats.length > 0 && <HallMap hall={hall} tick={0} onChange={nothing} mine={NO_SEATS} mineWord="" />}
          <p role="status">
            {plural(hall.seats.length, "seat")}
            {venue && `, the venue holds ${count(venue.capacity)}`}
            {drawn?.problems.get("hall") && `. ${drawn.problems.get("hall")}`}
          </p>
          {problem && (
            <p class="form-error" role="alert">
              {problem.fields.length === 0
                ? problem.message
                : `Not yet: ${problem.fields.every(({ field }) => HAS_PLACE.test(field)) ? "what is marked is still to be put right" : problem.message}.`}
            </p>
          )}
          <button type="submit" class="button" disabled={busy || (drawn?.problems.size ?? 0) > 0}>
            {busy ? "One moment…" : event ? "Save the changes" : "Put it on sale"}
          </button>
        </div>
      </form>
    </Page>
  );
}

function pricesOf(event: EventWithMap | null): Readonly<Partial<Record<Tier, string>>> {
  return Object.fromEntries(
    (event?.ticketTiers ?? []).map(({ tier, price, currency }) => [tier, typedPrice(price, currency)]),
  );
}

function everyFree({ sections }: EventWithMap["seatMap"]): string {
  return "A".repeat(sections.reduce((sum, { rows }) => sum + rows.reduce((all, { seats }) => all + seats, 0), 0));
}
