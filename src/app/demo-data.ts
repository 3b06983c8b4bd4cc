// What development starts with: two accounts, the halls, and events of the kinds that a seller meets. Every event's day
// counts from the day of seeding, so that a demo is never over before it began.

import type { SeatMap, SeatMapRow, Tier, TierInput } from "../domain/seat-map";
import type { Role } from "./ports";
import type { NewVenue } from "./venues";

export interface DemoAccount {
  readonly name: string;
  readonly email: string;
  readonly password: string;
  readonly role: Role;
}

export const DEMO_ACCOUNTS: readonly DemoAccount[] = [
  { name: "Test User", email: "test@ticketflow.dev", password: "Test1234!", role: "USER" },
  { name: "Demo Organiser", email: "admin@ticketflow.dev", password: "Admin1234!", role: "ADMIN" },
];

/** The name under which the seed knows a venue; its id is made from it, so it must differ early. */
export type DemoVenueName = keyof typeof DEMO_VENUES;

export const DEMO_VENUES = {
  theatre: { name: "Lantern Theatre", address: "12 Quay Street", city: "Bristol", country: "GB", capacity: 400 },
  library: { name: "Northside Library", address: "3 Mill Lane", city: "Leeds", country: "GB", capacity: 120 },
  arena: { name: "Harbour Arena", address: "1 Dock Road", city: "London", country: "GB", capacity: 20_000 },
  hall: { name: "Kamogawa Hall", address: "5-1 Marutamachi", city: "Kyoto", country: "JP", capacity: 900 },
  club: { name: "Kesselhaus West", address: "Uferstr. 40", city: "Berlin", country: "DE", capacity: 1_500 },
} as const satisfies Record<string, NewVenue>;

export interface DemoEvent {
  readonly name: string;
  readonly description: string;
  readonly venue: DemoVenueName;
  /** From the day of seeding. */
  readonly inDays: number;
  /** In UTC. */
  readonly startsAtHour: number;
  readonly lastsHours: number;
  readonly currency: string;
  readonly tiers: readonly TierInput[];
  readonly seatMap?: SeatMap;
  readonly seatsPerRow?: number;
}

/** In the order of their days: the first of the list is the one that the README buys a seat of. */
export const DEMO_EVENTS: readonly DemoEvent[] = [
  {
    name: "Twelfth Night",
    description: "Shakespeare's comedy of mistaken twins. A drawn hall: aisles, a circle, places for wheelchairs.",
    venue: "theatre",
    inDays: 10,
    startsAtHour: 19,
    lastsHours: 3,
    currency: "GBP",
    tiers: [drawn("VIP", 6_500), drawn("GENERAL", 3_200)],
    seatMap: theatreMap(),
  },
  {
    name: "Build a Radio in an Afternoon",
    description: "A free workshop for beginners of any age. Free tickets need no card and are confirmed at once.",
    venue: "library",
    inDays: 14,
    startsAtHour: 13,
    lastsHours: 4,
    currency: "GBP",
    tiers: [{ tier: "GENERAL", priceMinor: 0, capacity: 120 }],
    seatsPerRow: 12,
  },
  {
    name: "Aurora: The Night Sky Tour",
    description: "An arena show of 20 000 places in three tiers, seated and standing.",
    venue: "arena",
    inDays: 30,
    startsAtHour: 19,
    lastsHours: 4,
    currency: "GBP",
    tiers: [
      { tier: "VIP", priceMinor: 25_000, capacity: 2_000 },
      { tier: "GENERAL", priceMinor: 7_500, capacity: 12_000 },
      { tier: "STANDING", priceMinor: 5_500, capacity: 6_000 },
    ],
    seatsPerRow: 80,
  },
  {
    name: "Kamogawa Jazz Night",
    description: "Three quartets by the river. Priced in yen, which has no smaller coin.",
    venue: "hall",
    inDays: 45,
    startsAtHour: 9,
    lastsHours: 3,
    currency: "JPY",
    tiers: [
      { tier: "VIP", priceMinor: 12_000, capacity: 150 },
      { tier: "GENERAL", priceMinor: 6_500, capacity: 750 },
    ],
    seatsPerRow: 30,
  },
  {
    name: "Modular Weekend",
    description: "Two nights of synthesisers, standing only. Priced in euros.",
    venue: "club",
    inDays: 60,
    startsAtHour: 20,
    lastsHours: 30,
    currency: "EUR",
    tiers: [{ tier: "STANDING", priceMinor: 3_900, capacity: 1_500 }],
  },
];

/** A tier whose seats are drawn, so that it has no capacity of its own. */
function drawn(tier: Tier, priceMinor: number): TierInput {
  return { tier, priceMinor, capacity: null };
}

/** Stalls with two aisles, wheelchair places with a companion's beside them in the last row, and a circle. */
function theatreMap(): SeatMap {
  const aisles = [6, 18];
  const best = rows("ABCD", { tier: "VIP", seats: 24, gapsAfter: aisles });
  const middle = rows("EFGHJK", { tier: "GENERAL", seats: 24, gapsAfter: aisles });
  const last = rows("L", { tier: "GENERAL", seats: 20, gapsAfter: [5, 15], accessible: [1, 20], companion: [2, 19] });
  const circle = rows("PQRST", { tier: "GENERAL", seats: 26, gapsAfter: [13] });
  return {
    sections: [
      { name: "Stalls", rows: [...best, ...middle, ...last] },
      { name: "Circle", rows: circle },
    ],
  };
}

function rows(labels: string, row: Omit<SeatMapRow, "row">): SeatMapRow[] {
  return [...labels].map((label) => ({ row: label, ...row }));
}
