// The hall without a picture: a section, a row, then the seats that can really be chosen, each with its whole name.

import { useEffect, useMemo, useState } from "preact/hooks";
import { Choice } from "../parts/field";
import { plural, priceWords, TIER_NAMES } from "../words";
import { freeSeats, type Hall, type Row, seatName, seatPlace } from "./hall";

interface Props {
  readonly hall: Hall;
  readonly tick: number;
  readonly mine: ReadonlySet<number>;
  readonly onTap: (seat: number) => void;
}

const SEATS_AT_ONCE = 60;

export function SeatList({ hall, tick, mine, onTap }: Props) {
  const [section, setSection] = useState(hall.sections[0] ?? "");
  const rows = useMemo(() => rowsOf(hall, section, mine), [hall, tick, section, mine]);
  const [label, setLabel] = useState("");
  const [shown, setShown] = useState(SEATS_AT_ONCE);
  const row = rows.find((one) => one.row.label === label) ?? rows[0];
  useEffect(() => setShown(SEATS_AT_ONCE), [section, label]);
  const seats = row ? row.row.seats.filter(({ index }) => mine.has(index) || hall.statuses[index] === "A") : [];
  return (
    <div class="seat-list">
      <div class="seat-list-choice">
        <Choice label="Section" name="section" value={section} onChoose={(chosen) => setSection(chosen)}>
          {hall.sections.map((name) => (
            <option key={name} value={name}>
              {name}
            </option>
          ))}
        </Choice>
        <Choice label="Row" name="row" value={row?.row.label ?? ""} onChoose={(chosen) => setLabel(chosen)}>
          {rows.map((one) => (
            <option key={one.row.label} value={one.row.label}>
              {rowWords(hall, one.row, one.free)}
            </option>
          ))}
        </Choice>
      </div>
      {seats.length === 0 && <p>Nothing is free in this section at the moment.</p>}
      <ul
        class="seat-buttons"
        aria-label={row ? `Free seats of ${row.row.standing ? "the standing area" : `row ${row.row.label}`}` : "Seats"}
      >
        {seats.slice(0, shown).map((seat) => {
          const chosen = mine.has(seat.index);
          return (
            <li key={seat.id}>
              <button
                type="button"
                class={`seat-button tier-${seat.tier.toLowerCase()}`}
                aria-pressed={chosen}
                onClick={() => onTap(seat.index)}
              >
                <strong>{seatPlace(seat)}</strong>
                {seatName(hall, seat, chosen ? "chosen" : undefined).slice(seatPlace(seat).length)}
              </button>
            </li>
          );
        })}
      </ul>
      {seats.length > shown && (
        <button type="button" class="button quiet" onClick={() => setShown(shown + SEATS_AT_ONCE)}>
          Show more of {plural(seats.length, "free place")}
        </button>
      )}
    </div>
  );
}

/** Rows with something to choose: what is full is not offered. */
function rowsOf(hall: Hall, section: string, mine: ReadonlySet<number>) {
  return hall.rows
    .filter((row) => row.section === section)
    .map((row) => ({ row, free: freeSeats(hall, row.seats).length }))
    .filter(({ row, free }) => free > 0 || row.seats.some(({ index }) => mine.has(index)));
}

function rowWords(hall: Hall, row: Row, free: number): string {
  const price = priceWords(hall.prices.get(row.tier) ?? 0, hall.currency);
  const name = row.standing ? "Standing" : `Row ${row.label}, ${TIER_NAMES[row.tier]}`;
  return `${name}, ${price}, ${plural(free, "seat")} free`;
}
