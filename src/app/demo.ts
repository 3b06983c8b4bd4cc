// Puts the demo data in, by the same use-cases that serve everybody. It may be called again at any time, and cut off at
// any point: every step is done once, and an event that is over is followed by a new one.

import type { Origin } from "../domain/box-office/commands";
import { ID_RANDOM_BYTES, makeId, type VenueId } from "../domain/ids";
import { accept, type Result, refuse } from "../domain/refusals";
import { DAY, HOUR } from "../domain/time";
import {
  DEMO_ACCOUNTS,
  DEMO_EVENTS,
  DEMO_VENUES,
  type DemoAccount,
  type DemoEvent,
  type DemoVenueName,
} from "./demo-data";
import { createEvent } from "./events";
import type { Demo, Deps } from "./ports";
import { registerUser } from "./users";
import { createVenue } from "./venues";

/** What the seed's ids and keys are made from: they must be the same at every call. */
const SEED_EPOCH_MS = 0;
const SEED_ADDRESS = "127.0.0.1";
const SEED = "demo-seed";

/** `NOT_FOUND` where there is no demo data to be had. */
export async function seedDemo(deps: Deps): Promise<Result<void>> {
  const { demo } = deps;
  if (!demo) return refuse({ code: "NOT_FOUND" });
  const nowMs = deps.clock.nowMs();
  for (const account of DEMO_ACCOUNTS) {
    const seeded = await seedAccount(deps, account);
    if (!seeded.ok) return seeded;
  }
  const marks = await demo.marks();
  for (const event of DEMO_EVENTS) {
    const seeded = await seedEvent(deps, demo, event, marks.get(event.name) ?? null, nowMs);
    if (!seeded.ok) return seeded;
  }
  await demo.finish(nowMs);
  return accept(undefined);
}

async function seedAccount(deps: Deps, { name, email, password, role }: DemoAccount): Promise<Result<void>> {
  const known = await deps.users.byEmail(email);
  if (!known) {
    const made = await registerUser(deps, { name, email, password, address: SEED_ADDRESS, key: null });
    if (!made.ok && made.refusal.code !== "EMAIL_ALREADY_EXISTS") return made;
  }
  if (known?.role !== role) await deps.users.grantRole(email, role);
  return accept(undefined);
}

/** Once, and again once the one that was seeded at `seededAtMs` has begun. */
async function seedEvent(
  deps: Deps,
  demo: Demo,
  event: DemoEvent,
  seededAtMs: number | null,
  nowMs: number,
): Promise<Result<void>> {
  if (seededAtMs !== null && startOf(event, seededAtMs) > nowMs) return accept(undefined);
  const venue = await seedVenue(deps, event.venue);
  if (!venue.ok) return venue;
  const startsAtMs = startOf(event, nowMs);
  const made = await createEvent(
    deps,
    {
      name: event.name,
      description: event.description,
      venueId: venue.value,
      startsAtMs,
      endsAtMs: startsAtMs + event.lastsHours * HOUR,
      currency: event.currency,
      tiers: event.tiers,
      seatMap: event.seatMap ?? null,
      seatsPerRow: event.seatsPerRow ?? null,
    },
    originOf("events", `${event.name} ${startsAtMs}`),
  );
  if (!made.ok) return made;
  await demo.mark(event.name, nowMs);
  return accept(undefined);
}

function startOf(event: DemoEvent, seededAtMs: number): number {
  const dayMs = Math.floor(seededAtMs / DAY) * DAY;
  return dayMs + event.inDays * DAY + event.startsAtHour * HOUR;
}

/** Its id is made from its name, so it is found again however long ago it was made. */
async function seedVenue(deps: Deps, name: DemoVenueName): Promise<Result<VenueId>> {
  const bytes = new TextEncoder().encode(name.padEnd(ID_RANDOM_BYTES));
  const id = makeId("ven", SEED_EPOCH_MS, bytes);
  if (await deps.venues.byId(id)) return accept(id);
  const made = await createVenue(
    { ...deps, ids: { ...deps.ids, venue: () => id } },
    DEMO_VENUES[name],
    originOf("venues", name),
  );
  return made.ok ? accept(made.value.id) : made;
}

/** The key makes a step that was cut off before its mark, or runs twice at once, a repeat. */
function originOf(route: string, what: string): Origin {
  const scope = `${SEED} ${route} ${what.replaceAll(" ", "-")}`;
  return { actor: SEED, requestId: SEED, key: { scope, fingerprint: SEED } };
}
