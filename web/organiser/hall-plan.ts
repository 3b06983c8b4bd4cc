// From a few numbers to a hall: sections of rows with their letters, aisles and wheelchair places, as the API's seat map.

import type { Layout, SeatMap, SeatMapRow, Tier } from "../api/types";

/** A section as it is typed; numbers stay text until they are right. */
export interface SectionDraft {
  readonly key: number;
  readonly name: string;
  readonly tier: Tier;
  readonly rows: string;
  readonly seats: string;
  /** Of each row's first seat. */
  readonly firstNumber: string;
  /** Numbers run from right to left, seen from the hall. */
  readonly fromRight: boolean;
  /** After which seats an aisle runs: "6, 18". */
  readonly aisles: string;
  /** Wheelchair places at both ends of the last row, each with a companion's seat beside it. */
  readonly accessible: boolean;
  /** Letters run from the stage backwards, or the other way round. */
  readonly fromBack: boolean;
}

export interface Drawn {
  readonly seatMap: SeatMap;
  readonly seats: number;
  /** By section key and field. */
  readonly problems: ReadonlyMap<string, string>;
}

const MAX_ROWS = 200;
const MAX_ROW_SEATS = 200;
const MAX_FIRST_NUMBER = 1_000;
export const MAX_HALL_SEATS = 20_000;
const STANDING_LABEL = "ST";
/** Letters that are taken for numbers on a ticket. */
const ALPHABET = "ABCDEFGHJKLMNPQRSTUVWXYZ";

export function drawHall(drafts: readonly SectionDraft[]): Drawn {
  const problems = new Map<string, string>();
  const sections: { name: string; rows: SeatMapRow[] }[] = [];
  let letters = 0;
  let standing = 0;
  let seats = 0;
  for (const draft of drafts) {
    const wrong = (field: keyof SectionDraft, message: string) => problems.set(`${draft.key}.${field}`, message);
    const name = draft.name.trim();
    if (name === "") wrong("name", "Give the section a name.");
    const isStanding = draft.tier === "STANDING";
    const perRow = wholeOf(draft.seats, isStanding ? MAX_HALL_SEATS : MAX_ROW_SEATS);
    const count = isStanding ? 1 : wholeOf(draft.rows, MAX_ROWS);
    if (perRow === null) wrong("seats", `A whole number from 1 to ${isStanding ? MAX_HALL_SEATS : MAX_ROW_SEATS}.`);
    if (count === null) wrong("rows", `A whole number from 1 to ${MAX_ROWS}.`);
    const first = isStanding ? 1 : wholeOf(draft.firstNumber, MAX_FIRST_NUMBER);
    if (first === null) wrong("firstNumber", `A whole number from 1 to ${MAX_FIRST_NUMBER}.`);
    const gapsAfter = aislesOf(draft.aisles, first ?? 1, perRow ?? MAX_ROW_SEATS);
    if (gapsAfter === null) wrong("aisles", "Seat numbers within the row, such as 6, 18.");
    if (perRow === null || count === null || first === null || gapsAfter === null || name === "") continue;
    const labels = isStanding
      ? [standing++ === 0 ? STANDING_LABEL : `${STANDING_LABEL}${standing}`]
      : Array.from({ length: count }, (_, i) => rowLabel(letters + i));
    if (!isStanding) letters += count;
    if (draft.fromBack) labels.reverse();
    const rows = labels.map((row, i) => ({
      row,
      tier: draft.tier,
      seats: perRow,
      ...(first !== 1 && { firstNumber: first }),
      ...(!isStanding && draft.fromRight && { numbered: "right-to-left" as const }),
      ...(!isStanding && gapsAfter.length > 0 && { gapsAfter }),
      ...(draft.accessible && !isStanding && i === labels.length - 1 && accessPlaces(first, first + perRow - 1)),
    }));
    seats += rows.length * perRow;
    sections.push({ name, rows });
  }
  if (seats > MAX_HALL_SEATS) problems.set("hall", `A hall has ${MAX_HALL_SEATS} seats at most.`);
  return { seatMap: { sections }, seats, problems };
}

function accessPlaces(first: number, last: number): Pick<SeatMapRow, "accessible" | "companion"> {
  return last - first < 3 ? { accessible: [first] } : { accessible: [first, last], companion: [first + 1, last - 1] };
}

/** A, B, … Z, AA, …; without I and O. A standing area has its own. */
function rowLabel(index: number): string {
  let label = "";
  for (let rest = index; rest >= 0; rest = Math.floor(rest / ALPHABET.length) - 1) {
    label = ALPHABET.charAt(rest % ALPHABET.length) + label;
  }
  return label === STANDING_LABEL ? "STT" : label;
}

function wholeOf(text: string, max: number): number | null {
  const value = Number(text);
  return /^\d+$/.test(text.trim()) && value >= 1 && value <= max ? value : null;
}

/** Seat numbers of a row, all but its last. */
function aislesOf(text: string, first: number, perRow: number): readonly number[] | null {
  if (text.trim() === "") return [];
  const numbers = text.split(",").map((part) => wholeOf(part.trim(), first + perRow - 2));
  return numbers.some((number) => number === null || number < first) ? null : (numbers as number[]);
}

/** The same hall in the form that the map draws. */
export function layoutOf(seatMap: SeatMap, prices: ReadonlyMap<Tier, number>, currency: string): Layout {
  return {
    eventId: "",
    layoutVersion: 0,
    currency,
    tiers: [...prices].map(([tier, price]) => ({ tier, price })),
    segments: seatMap.sections.flatMap(({ name, rows }) =>
      rows.map((row) => ({
        section: name,
        row: row.row,
        tier: row.tier,
        firstNumber: row.firstNumber ?? 1,
        seats: row.seats,
        ...(row.numbered && { numbered: row.numbered }),
        gapsAfter: row.gapsAfter ?? [],
        accessible: row.accessible ?? [],
        companion: row.companion ?? [],
        removed: row.removed ?? [],
      })),
    ),
  };
}
