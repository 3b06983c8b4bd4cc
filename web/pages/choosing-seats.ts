// Choosing in a live hall: a tap takes the whole party's seats, a seat that somebody else takes meanwhile leaves the
// choice with a word and an offer, and holding is one request with one answer.

import { useEffect, useMemo, useState } from "preact/hooks";
import { say, whisper } from "../announce";
import { newKey, type Problem, send } from "../api/client";
import type { EventItem, Lock, Tier } from "../api/types";
import { type Held, keepHeld, timesOf } from "../basket";
import { partyAround, replacementFor } from "../hall/choosing";
import { type Hall, type Seat, seatName } from "../hall/hall";
import type { LiveHall } from "../hall/use-hall";
import { select, selections } from "../selection";
import { requireAccount } from "../session";
import { useStore } from "../store";
import { plural, seatList, seatWords } from "../words";

export const MAX_PARTY = 10;

export interface Choosing {
  readonly seats: readonly Seat[];
  readonly indices: ReadonlySet<number>;
  readonly offer: readonly Seat[] | null;
  readonly problem: Problem | null;
  /** While holding waits: for its answer, or for the event that the hall came before. */
  readonly busy: boolean;
  readonly tap: (index: number) => void;
  readonly clear: () => void;
  readonly takeOffer: () => void;
  readonly hold: () => Promise<void>;
  readonly holdBest: (quantity: number, tier: Tier | null) => Promise<void>;
}

export function useChoosing(
  eventId: string,
  event: EventItem | null,
  live: LiveHall,
  party: number,
  held: Held | null,
): Choosing {
  const { hall, tick } = live;
  const chosen = useStore(selections)[eventId] ?? NONE;
  const [offer, setOffer] = useState<readonly Seat[] | null>(null);
  const [problem, setProblem] = useState<Problem | null>(null);
  const [busy, setBusy] = useState(false);
  const seats = useMemo(() => seatsOf(hall, chosen), [hall, chosen]);
  const indices = useMemo(() => new Set(seats.map(({ index }) => index)), [seats]);

  const lose = (lost: readonly Seat[]) => {
    if (!hall || lost.length === 0) return;
    const gone = new Set(lost.map(({ id }) => id));
    select(
      eventId,
      chosen.filter((id) => !gone.has(id)),
    );
    setOffer(replacementFor(hall, lost));
    const words = seatList(lost.map(({ id }) => id));
    say(`${words} ${lost.length === 1 ? "was" : "were"} taken by somebody else a moment ago.`, "bad");
  };

  // Somebody else was quicker: what is not free any more is not offered for holding.
  useEffect(() => {
    if (!hall || busy || held) return;
    lose(seats.filter(({ index }) => hall.statuses[index] !== "A"));
  }, [hall, tick, held]);

  const tap = (index: number) => {
    const seat = hall?.seats[index];
    if (!hall || !seat) return;
    if (held) return say("You hold seats of this event already. Pay for them or give them back to choose others.");
    setProblem(null);
    setOffer(null);
    if (indices.has(index))
      return select(
        eventId,
        chosen.filter((id) => id !== seat.id),
      );
    if (hall.statuses[index] !== "A") return say(`${seatName(hall, seat)}.`);
    // A full party that taps elsewhere moves there; otherwise the rest of it is still to be seated.
    const kept = chosen.length >= party ? [] : chosen;
    const wanted = party - kept.length;
    const taken = new Set(kept.map((id) => hall.indexOf.get(id) ?? -1));
    const together = partyAround(hall, seat, wanted, taken);
    if (!together) say(`There are not ${wanted} free seats together just there, so only this one is chosen.`);
    const added = together ?? [seat];
    select(eventId, [...kept, ...added.map(({ id }) => id)]);
    const [first] = added;
    // It shows on the map and in the panel: only who looks at neither needs it said.
    whisper.set(
      added.length === 1 && first ? seatName(hall, first, "chosen") : `${seatList(added.map(({ id }) => id))} chosen.`,
    );
  };

  const ask = async (body: Record<string, unknown>, count: number): Promise<void> => {
    if (!event || !hall) return;
    setProblem(null);
    const account = await requireAccount(`Sign in to hold ${plural(count, "seat")}`);
    if (!account) return;
    setBusy(true);
    const answer = await send<Lock>("POST", "/api/locks", { body: { eventId, ...body }, key: newKey() });
    setBusy(false);
    if (answer.ok) {
      const lock = answer.value;
      for (const id of lock.seatIds) {
        const index = hall.indexOf.get(id);
        if (index !== undefined) hall.statuses[index] = "L";
      }
      keepHeld(heldOf(event, hall, lock, account.id));
      select(eventId, []);
      setOffer(null);
      say(`${seatList(lock.seatIds)} ${lock.seatIds.length === 1 ? "is" : "are"} yours for now.`, "good");
      return;
    }
    const { code, details } = answer.problem;
    const taken = code === "SEATS_UNAVAILABLE" ? seatsOf(hall, (details["seatIds"] as string[] | undefined) ?? []) : [];
    if (taken.length === 0) return setProblem(answer.problem);
    for (const { index } of taken) if (hall.statuses[index] === "A") hall.statuses[index] = "L";
    lose(taken);
  };

  return {
    seats,
    indices,
    offer,
    problem,
    busy: busy || event === null,
    tap,
    clear: () => select(eventId, []),
    takeOffer() {
      if (!offer) return;
      select(eventId, [...chosen, ...offer.map(({ id }) => id)]);
      setOffer(null);
    },
    hold: () => ask({ seatIds: chosen }, chosen.length),
    holdBest: (quantity, tier) => ask({ seats: quantity, ...(tier && { tier }) }, quantity),
  };
}

const NONE: readonly string[] = [];

function seatsOf(hall: Hall | null, ids: readonly string[]): readonly Seat[] {
  return ids.flatMap((id) => hall?.seats[hall.indexOf.get(id) ?? -1] ?? []);
}

function heldOf(event: EventItem, hall: Hall, lock: Lock, userId: string): Held {
  return {
    lockId: lock.id,
    userId,
    eventId: event.id,
    eventName: event.name,
    currency: hall.currency,
    bookingId: lock.bookingId,
    seats: lock.seatIds.map((id) => {
      const seat = hall.seats[hall.indexOf.get(id) ?? -1];
      return { id, name: seatWords(id), price: seat?.price ?? 0 };
    }),
    ...timesOf(lock),
  };
}
