// The seats of an event, three ways: every seat with its state (exact), the hall alone (never changes within a
// version), and one character a seat for whoever polls (a second old at most).

import type { Origin } from "../domain/box-office/commands";
import type { EventDefinition, SeatStatus } from "../domain/box-office/state";
import { codeOfEvent, type EventId, parseId } from "../domain/ids";
import { accept, type Result, refuse } from "../domain/refusals";
import type { Segment } from "../domain/seat-map";
import { isOver, SECOND } from "../domain/time";
import type { Deps } from "./ports";

type SeatDeps = Pick<Deps, "boxOffices">;

/** How old statuses may be that are given to whoever polls. */
const STATUSES_MAX_AGE_MS = SECOND;
/** Halls and statuses an isolate remembers; a hall of 20 000 seats takes about 3 MB. */
const MAX_REMEMBERED_EVENTS = 16;

/** What is known of one version of an event's hall. Versions never change, so this never goes stale. */
interface Hall {
  readonly definition: EventDefinition;
  /** By index: the seat's JSON up to its status; null when it left the hall. Made when first wanted. */
  fragments: readonly (string | null)[] | null;
  /** As the box office said last: it says them again only when something happened since. */
  latest: Pick<Statuses, "statuses" | "seq"> | null;
}

interface Statuses {
  readonly layoutVersion: number;
  readonly seq: number;
  /** One character a seat of the hall, in the order of the inventory. */
  readonly statuses: string;
}

interface RememberedStatuses {
  readonly reading: Statuses;
  readonly readAtMs: number;
}

/** As it was answered last: exact for as long as the box office says the same of every seat. */
interface RememberedInventory {
  readonly version: number;
  readonly statuses: string;
  readonly bytes: Uint8Array;
}

/** Of 20 000 seats it has 2 MB. */
const MAX_INVENTORIES = 4;

const recentInventories = new Map<EventId, RememberedInventory>();
const halls = new Map<EventId, Hall>();
const recentStatuses = new Map<EventId, RememberedStatuses>();

/** Every seat with its state, as JSON in UTF-8: as objects, 20 000 seats would cost 60 ms. Nobody changes the bytes. */
export async function readSeats(deps: SeatDeps, eventId: string, origin: Origin): Promise<Result<Uint8Array>> {
  const read = await readHall(deps, eventId, origin);
  if (!read.ok) return read;
  const { hall, statuses } = read.value;
  const { id, version } = hall.definition;
  const recent = recentInventories.get(id);
  if (recent?.version === version && recent.statuses === statuses) return accept(recent.bytes);
  hall.fragments ??= seatFragments(hall.definition);
  const bytes = UTF8.encode(inventoryJson(id, hall.fragments, statuses));
  remember(recentInventories, id, { version, statuses, bytes }, MAX_INVENTORIES);
  return accept(bytes);
}

const UTF8 = new TextEncoder();

export interface HallView {
  readonly eventId: EventId;
  readonly layoutVersion: number;
  readonly currency: string;
  readonly tiers: EventDefinition["tiers"];
  /** In the order of the inventory. */
  readonly segments: readonly Segment[];
}

/** The hall in the version asked for, or the one in force. `NOT_FOUND` for a version that is not in force. */
export async function readLayout(
  deps: SeatDeps,
  eventId: string,
  version: number | null,
  origin: Origin,
): Promise<Result<HallView>> {
  const id = parseId("evnt", eventId);
  if (!id) return refuse({ code: "EVENT_NOT_FOUND", id: eventId });
  const known = halls.get(id);
  if (known && known.definition.version === version) return accept(hallViewOf(known.definition));
  const read = await readHall(deps, eventId, origin);
  if (!read.ok) return read;
  const { definition } = read.value.hall;
  if (version !== null && version !== definition.version) return refuse({ code: "NOT_FOUND" });
  return accept(hallViewOf(definition));
}

/** The state of every seat, a second old at most. */
export async function readStatuses(
  deps: SeatDeps & Pick<Deps, "clock">,
  eventId: string,
  origin: Origin,
): Promise<Result<Statuses>> {
  const id = parseId("evnt", eventId);
  if (!id) return refuse({ code: "EVENT_NOT_FOUND", id: eventId });
  const nowMs = deps.clock.nowMs();
  const recent = recentStatuses.get(id);
  if (recent && !isOver(recent.readAtMs + STATUSES_MAX_AGE_MS, nowMs)) return accept(recent.reading);
  const read = await readHall(deps, eventId, origin);
  if (!read.ok) return read;
  const { hall, statuses, seq } = read.value;
  const reading = { layoutVersion: hall.definition.version, seq, statuses: statuses.replaceAll(LEFT, "") };
  if (!recent || recent.reading.seq <= seq) remember(recentStatuses, id, { reading, readAtMs: nowMs });
  return accept(reading);
}

const LEFT: SeatStatus = "X";

/** Asks the box office, and for the definition only when this isolate does not know its version. */
async function readHall(
  deps: SeatDeps,
  eventId: string,
  origin: Origin,
): Promise<Result<{ readonly hall: Hall; readonly statuses: string; readonly seq: number }>> {
  const id = parseId("evnt", eventId);
  if (!id) return refuse({ code: "EVENT_NOT_FOUND", id: eventId });
  const known = halls.get(id);
  const latest = known?.latest ?? null;
  const told = { knownVersion: known?.definition.version ?? null, knownSeq: latest?.seq ?? null };
  const reply = await deps.boxOffices.send(codeOfEvent(id), { type: "readSeats", ...told, ...origin });
  if (!reply) return refuse({ code: "EVENT_NOT_FOUND", id: eventId });
  if (!reply.ok) return reply;
  const { definition, seq } = reply.value;
  const statuses = reply.value.statuses ?? latest?.statuses;
  const hall = definition ? { definition, fragments: null, latest: null } : known;
  if (!hall || statuses === undefined) throw new Error("the box office left out what was not known");
  if (hall.definition.id !== id) return refuse({ code: "EVENT_NOT_FOUND", id: eventId });
  hall.latest = { statuses, seq };
  remember(halls, id, hall);
  return accept({ hall, statuses, seq });
}

/** Keeps the most recently used. */
function remember<T>(known: Map<EventId, T>, id: EventId, value: T, limit = MAX_REMEMBERED_EVENTS): void {
  known.delete(id);
  known.set(id, value);
  if (known.size <= limit) return;
  const [oldest] = known.keys();
  if (oldest !== undefined) known.delete(oldest);
}

function hallViewOf({ id, version, currency, tiers, layout }: EventDefinition): HallView {
  return { eventId: id, layoutVersion: version, currency, tiers, segments: layout.segments };
}

function seatFragments({ layout, tiers, currency }: EventDefinition): readonly (string | null)[] {
  const prices = new Map(tiers.map(({ tier, priceMinor }) => [tier, priceMinor]));
  const fragments: (string | null)[] = [];
  for (const { row, tier, firstNumber, seats, removed } of layout.segments) {
    const gone = new Set(removed);
    const head = `"row":${JSON.stringify(row)},"number":`;
    const tail = `,"tier":"${tier}","price":${prices.get(tier) ?? 0},"currency":"${currency}","status":"`;
    for (let number = firstNumber; number < firstNumber + seats; number++) {
      const id = JSON.stringify(`seat_${row}${number}`);
      fragments.push(gone.has(number) ? null : `{"id":${id},${head}${number}${tail}`);
    }
  }
  return fragments;
}

const STATUS_NAMES: Readonly<Record<string, string>> = { A: "AVAILABLE", L: "LOCKED", R: "RESERVED", B: "BLOCKED" };

function inventoryJson(eventId: EventId, fragments: readonly (string | null)[], statuses: string): string {
  const counts: Record<string, number> = { A: 0, L: 0, R: 0, B: 0 };
  let seats = "";
  for (let i = 0; i < fragments.length; i++) {
    const fragment = fragments[i];
    const status = statuses.charAt(i);
    const name = STATUS_NAMES[status];
    if (!fragment || name === undefined) continue;
    counts[status] = (counts[status] ?? 0) + 1;
    seats += `${seats === "" ? "" : ","}${fragment}${name}"}`;
  }
  const { A: available = 0, L: locked = 0, R: reserved = 0, B: blocked = 0 } = counts;
  const total = available + locked + reserved + blocked;
  const summary = { total, available, locked, reserved, ...(blocked > 0 && { blocked }) };
  return `{"eventId":"${eventId}","seats":[${seats}],"summary":${JSON.stringify(summary)}}`;
}
