// Seats of people who cannot sit together: how few pieces, how near each other, how near the front.

import { describe, expect, it } from "vitest";
import { type DrawnRow, hall } from "./drawn-hall";

const rows = (...free: readonly string[]) => hall(...free.map((row) => ({ free: row })));
const vip = (free: string): DrawnRow => ({ tier: "VIP", free });

describe("seats apart", () => {
  it("are in fewer pieces, though more of them would be nearer the front", () => {
    expect(rows("...x..x.", "...x...").best(6)).toBe("B1 B2 B3 B5 B6 B7");
    expect(rows("..x.x.", "xx", "..x..").best(4)).toBe("C1 C2 C4 C5");
    expect(rows(".x.x.", "....").best(3)).toBe("A1 B1 B2");
  });

  it("are in fewer rows, though others would be nearer the front", () => {
    expect(rows(".", "x", "x", ".", ".x.").best(2)).toBe("E1 E3");
    expect(rows("..", "xx", "..", "..x..").best(4)).toBe("D1 D2 D4 D5");
    expect(rows(".x.", ".x.", ".x.x.x.").best(4)).toBe("C1 C3 C5 C7");
    expect(rows("...", ".x...x.").best(5)).toBe("B1 B3 B4 B5 B7");
  });

  it("are nearest the front among those in as many pieces and rows", () => {
    expect(rows("x", ".x.", ".x.", ".x.").best(2)).toBe("B1 B3");
    expect(rows("..x..", "..x..", "..x..").best(4)).toBe("A1 A2 A4 A5");
    expect(rows("...x.", "...x.", "...x.").best(3)).toBe("A1 A2 A3");
  });

  it("use accessible and companion places only where that saves a piece", () => {
    expect(hall({ free: ".x.", accessible: [1] }, { free: "." }).best(2)).toBe("A3 B1");
    expect(hall({ free: ".x.", companion: [3] }, { free: "x" }, { free: ".x." }).best(2)).toBe("C1 C3");
    expect(hall({ free: "..x..", accessible: [1] }, { free: ".x.x." }).best(4)).toBe("A1 A2 A4 A5");
  });

  it("are of the tier in which they are in fewer pieces, else nearer each other, else nearer the front", () => {
    expect(hall({ free: ".x.x." }, vip("..x.")).best(3)).toBe("B1 B2 B4");
    expect(hall(vip(".x.x."), { free: "..x." }).best(3)).toBe("B1 B2 B4");
    expect(hall({ free: ".." }, vip("xx"), { free: ".." }, vip("..x..")).best(4)).toBe("D1 D2 D4 D5");
    expect(hall({ free: "xx" }, vip(".x."), { free: ".x." }).best(2)).toBe("B1 B3");
    expect(hall(vip("xx"), { free: ".x." }, vip(".x.")).best(2)).toBe("B1 B3");
  });
});

interface Piece {
  readonly row: number;
  readonly seats: readonly number[];
}

function blocksOf(free: readonly string[]): readonly Piece[] {
  let index = 0;
  return free.flatMap((text, row) => {
    const first = index;
    index += text.length;
    return [...text.matchAll(/\.+/g)].map(({ 0: seats, index: at }) => ({
      row,
      seats: [...seats].map((_, i) => first + at + i),
    }));
  });
}

/** What decides between two choices, the earlier before the later; `takes`: how many seats of each block. */
function verdict(blocks: readonly Piece[], takes: readonly number[]): readonly number[] {
  const used = blocks.flatMap(({ row, seats }, b) =>
    (takes[b] ?? 0) > 0 ? [{ row, left: seats.length - (takes[b] ?? 0) }] : [],
  );
  const stranded = used.filter(({ left }) => left === 1).length;
  const first = used[0]?.row ?? 0;
  const last = used.at(-1)?.row ?? 0;
  return [Number(stranded > 0), Number(used.length > 1), stranded, used.length, last - first, first];
}

function* takesOf(blocks: readonly Piece[], quantity: number): Generator<readonly number[]> {
  const [block, ...others] = blocks;
  if (block === undefined) {
    if (quantity === 0) yield [];
    return;
  }
  for (let take = 0; take <= Math.min(block.seats.length, quantity); take++) {
    for (const rest of takesOf(others, quantity - take)) yield [take, ...rest];
  }
}

const ROWS = [
  "x",
  ".",
  "..",
  "...",
  ".x.",
  "..x.",
  ".x..",
  "...x.",
  "..x..",
  ".x.x.",
  "..x...",
  ".x..x.",
  "..x.x..",
  "....",
  ".x...x.",
];

function* halls(rowsInHall: number, step: number): Generator<readonly string[]> {
  for (let n = 0; n < ROWS.length ** rowsInHall; n += step) {
    yield Array.from({ length: rowsInHall }, (_, i) => ROWS[Math.floor(n / ROWS.length ** i) % ROWS.length] as string);
  }
}

it.each([
  [2, 1],
  [3, 47],
  [4, 901],
  [5, 19001],
])("in halls of %d rows no other number of seats from each block is better", (rowsInHall, step) => {
  for (const free of halls(rowsInHall, step)) {
    const blocks = blocksOf(free);
    for (const quantity of [2, 3, 4, 5]) {
      const chosen = rows(...free).indices(quantity);
      const all = [...takesOf(blocks, quantity)].map((takes) => verdict(blocks, takes).join(" "));
      const got = chosen && blocks.map(({ seats }) => seats.filter((seat) => chosen.includes(seat)).length);
      expect([free, quantity, got && verdict(blocks, got).join(" ")]).toEqual([free, quantity, all.sort()[0] ?? null]);
    }
  }
});
