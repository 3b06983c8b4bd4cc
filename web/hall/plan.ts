// Where everything of a hall is drawn, in units of a seat's width: rows in arcs around the stage, front row first.
// A section of very many rows is folded into blocks side by side, a standing area into a field of places.

import type { Tier } from "../api/types";
import type { Hall, Row, Seat } from "./hall";

export interface Plan {
  /** By seat index: the middle of each seat. */
  readonly x: Float32Array;
  readonly y: Float32Array;
  readonly blocks: readonly Block[];
  readonly bounds: Box;
  /** How strongly rows bend: y falls by `bend · x²`. */
  readonly bend: number;
  /** Seats by the cell of the plane that they are in. */
  readonly cells: ReadonlyMap<number, readonly number[]>;
}

/** Rows of one section and price, drawn together. `box` is before the bend. */
export interface Block {
  readonly section: string;
  readonly tier: Tier;
  readonly rows: readonly Row[];
  readonly seats: readonly Seat[];
  readonly box: Box;
  readonly standing: boolean;
  /** Row labels stand at its ends. */
  readonly rowLabels: readonly { readonly text: string; readonly x: number; readonly y: number }[];
}

export interface Box {
  readonly left: number;
  readonly top: number;
  readonly right: number;
  readonly bottom: number;
}

const ROW_PITCH = 1.16;
/** Between blocks above each other: room for a block's name. */
const BLOCK_GAP = 2.6;
const COLUMN_GAP = 3;
/** At the hall's edges rows come forward by this part of its width. */
const BEND_DEPTH = 0.045;
/** Folded so that a section is not much deeper than wide. */
const FOLD_ASPECT = 0.6;
const STANDING_ASPECT = 5;
const CELLS_A_ROW = 65_536;

export function planOf(hall: Hall): Plan {
  const x = new Float32Array(hall.seats.length);
  const y = new Float32Array(hall.seats.length);
  const blocks: Block[] = [];
  let top = 0;
  for (const group of groupsOf(hall.rows)) {
    const { made, bottom } = group[0]?.standing ? field(group, top, x, y) : columns(group, top, x, y);
    blocks.push(...made);
    top = bottom + BLOCK_GAP;
  }
  const halfWidth = Math.max(1, ...blocks.flatMap(({ box }) => [-box.left, box.right]));
  const bend = (2 * halfWidth * BEND_DEPTH) / halfWidth ** 2;
  for (let i = 0; i < x.length; i++) y[i] = (y[i] ?? 0) - bend * (x[i] ?? 0) ** 2;
  const lift = bend * halfWidth ** 2;
  const bounds = { left: -halfWidth - 1.5, right: halfWidth + 1.5, top: -3.4 - lift, bottom: top - BLOCK_GAP + 1 };
  return { x, y, blocks, bounds, bend, cells: cellsOf(x, y) };
}

/** The seat at a point, if one is. */
export function seatAt(plan: Plan, x: number, y: number): number | null {
  let nearest: number | null = null;
  let best = 0.5 ** 2 * 1.3;
  for (let row = -1; row <= 1; row++) {
    for (let column = -1; column <= 1; column++) {
      for (const seat of plan.cells.get(cellOf(x + column, y + row)) ?? []) {
        const distance = ((plan.x[seat] ?? 0) - x) ** 2 + ((plan.y[seat] ?? 0) - y) ** 2;
        if (distance < best) [nearest, best] = [seat, distance];
      }
    }
  }
  return nearest;
}

export function blockAt(plan: Plan, x: number, y: number): Block | null {
  const flat = y + plan.bend * x ** 2;
  return (
    plan.blocks.find(({ box }) => x >= box.left && x <= box.right && flat >= box.top && flat <= box.bottom) ?? null
  );
}

/** Rows that follow each other in one section at one price. */
function groupsOf(rows: readonly Row[]): readonly (readonly Row[])[] {
  const groups: Row[][] = [];
  for (const row of rows) {
    const group = groups.at(-1);
    const [first] = group ?? [];
    const belongs = first?.section === row.section && first.tier === row.tier && !row.standing && !first.standing;
    if (group && belongs) group.push(row);
    else groups.push([row]);
  }
  return groups;
}

interface Made {
  readonly made: readonly Block[];
  readonly bottom: number;
}

function columns(rows: readonly Row[], top: number, x: Float32Array, y: Float32Array): Made {
  const width = Math.max(...rows.map((row) => row.columns));
  const folds = Math.max(1, Math.round(Math.sqrt(rows.length / (width * FOLD_ASPECT))));
  const deep = Math.ceil(rows.length / folds);
  const total = folds * width + (folds - 1) * COLUMN_GAP;
  const made: Block[] = [];
  for (let fold = 0; fold * deep < rows.length; fold++) {
    const part = rows.slice(fold * deep, (fold + 1) * deep);
    const left = -total / 2 + fold * (width + COLUMN_GAP);
    made.push(blockOf(part, left, top, width, x, y));
  }
  return { made, bottom: top + deep * ROW_PITCH };
}

function blockOf(
  rows: readonly Row[],
  left: number,
  top: number,
  width: number,
  x: Float32Array,
  y: Float32Array,
): Block {
  const rowLabels: { text: string; x: number; y: number }[] = [];
  for (const [i, row] of rows.entries()) {
    const start = left + (width - row.columns) / 2 + 0.5;
    const height = top + i * ROW_PITCH + ROW_PITCH / 2;
    for (const seat of row.seats) {
      x[seat.index] = start + seat.column;
      y[seat.index] = height;
    }
    rowLabels.push({ text: row.label, x: start - 1.1, y: height });
    rowLabels.push({ text: row.label, x: start + row.columns + 0.1, y: height });
  }
  const [first] = rows as readonly [Row, ...Row[]];
  return {
    section: first.section,
    tier: first.tier,
    rows,
    seats: rows.flatMap((row) => row.seats),
    box: { left, top, right: left + width, bottom: top + rows.length * ROW_PITCH },
    standing: false,
    rowLabels,
  };
}

/** Standing places have no rows: they fill a rectangle, in the order of their numbers. */
function field(rows: readonly Row[], top: number, x: Float32Array, y: Float32Array): Made {
  const seats = rows.flatMap((row) => row.seats);
  const wide = Math.max(1, Math.ceil(Math.sqrt(seats.length * STANDING_ASPECT)));
  for (const [i, seat] of seats.entries()) {
    x[seat.index] = (i % wide) - wide / 2 + 0.5;
    y[seat.index] = top + Math.floor(i / wide) + 0.5;
  }
  const bottom = top + Math.ceil(seats.length / wide);
  const [first] = rows as readonly [Row, ...Row[]];
  const box = { left: -wide / 2, top, right: wide / 2, bottom };
  const block = { section: first.section, tier: first.tier, rows, seats, box, standing: true, rowLabels: [] };
  return { made: [block], bottom };
}

function cellsOf(x: Float32Array, y: Float32Array): ReadonlyMap<number, readonly number[]> {
  const cells = new Map<number, number[]>();
  for (let i = 0; i < x.length; i++) {
    const cell = cellOf(x[i] ?? 0, y[i] ?? 0);
    const found = cells.get(cell);
    if (found) found.push(i);
    else cells.set(cell, [i]);
  }
  return cells;
}

function cellOf(x: number, y: number): number {
  return (Math.floor(y) + CELLS_A_ROW / 2) * CELLS_A_ROW + Math.floor(x) + CELLS_A_ROW / 2;
}
