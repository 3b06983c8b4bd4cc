// The one question of the event-booking dialect that no other part of the product asks: an event with the moment at
// which it, or anything of its sale, last changed.

import type { Origin } from "../domain/box-office/commands";
import { codeOfEvent } from "../domain/ids";
import { accept, type Result } from "../domain/refusals";
import { type EventReading, readEvent } from "./events";
import type { Deps } from "./ports";

export interface LatestEventReading extends EventReading {
  readonly changedAtMs: number;
}

export async function readLatestEvent(
  deps: Parameters<typeof readEvent>[0] & Pick<Deps, "boxOffices">,
  eventId: string,
  origin: Origin,
): Promise<Result<LatestEventReading>> {
  const read = await readEvent(deps, eventId, origin);
  if (!read.ok) return read;
  const { definition, availability } = read.value;
  const journal = await deps.boxOffices.journal(codeOfEvent(definition.id), availability.seq - 1, 1);
  const latest = journal?.entries[0];
  // Its box office hears of a new event a moment after it was made: that is no change.
  const isNew = latest === undefined || latest.facts.some(({ type }) => type === "event.created");
  return accept({ ...read.value, changedAtMs: isNew ? definition.updatedAtMs : latest.atMs });
}
