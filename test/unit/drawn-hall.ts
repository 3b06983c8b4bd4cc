// Halls drawn as texts, for tests of which seats are chosen.

import { chooseBest } from "../../src/domain/best-available";
import { layoutFromMap } from "../../src/domain/drawn-map";
import { geometryOf } from "../../src/domain/geometry";
import type { SeatMapRow, Tier } from "../../src/domain/seat-map";

export type DrawnRow = Omit<Partial<SeatMapRow>, "seats"> & { readonly free: string };

/** A hall of rows; `free` tells each row's free seats with `.` and the others with any letter. */
export function hall(...rows: readonly DrawnRow[]) {
  const drawn = rows.map(({ free, ...row }, i) => ({
    row: String.fromCharCode(65 + i),
    tier: "GENERAL" as Tier,
    ...row,
    seats: free.length,
  }));
  const made = layoutFromMap({ sections: [{ name: "Stalls", rows: drawn }] });
  if (!made.ok) throw new Error(JSON.stringify(made.refusal));
  const geometry = geometryOf(made.value);
  const statuses = rows.map((row) => row.free).join("");
  const indices = (quantity: number, tier: Tier | null = null) =>
    chooseBest(geometry, (seat) => statuses[seat] === ".", quantity, tier);
  return {
    indices,
    best(quantity: number, tier: Tier | null = null): string | null {
      const seats = indices(quantity, tier);
      return seats === null ? null : seats.map((seat) => geometry.ids[seat]?.slice("seat_".length)).join(" ");
    },
  };
}
