// How a seat looks: its state by shape as well as by colour. Free is filled, held is a ring, sold is hollow and thin,
// kept off sale a small dot; a wheelchair place is square. Drawn once for each size, then stamped.

import type { Tier } from "../api/types";
import type { Status } from "./hall";

export interface Palette {
  readonly tiers: Readonly<Record<Tier, string>>;
  readonly tints: Readonly<Record<Tier, string>>;
  readonly held: string;
  readonly sold: string;
  readonly ink: string;
  readonly soft: string;
  readonly paper: string;
  readonly mine: string;
  readonly onMine: string;
  readonly onTier: string;
  readonly font: string;
}

/** The page's own colours, light or dark as it is now. */
export function paletteOf(element: Element): Palette {
  const style = getComputedStyle(element);
  const colour = (name: string) => style.getPropertyValue(`--${name}`).trim();
  return {
    tiers: { VIP: colour("tier-vip"), GENERAL: colour("tier-general"), STANDING: colour("tier-standing") },
    tints: { VIP: colour("tint-vip"), GENERAL: colour("tint-general"), STANDING: colour("tint-standing") },
    held: colour("held"),
    sold: colour("sold"),
    ink: colour("ink"),
    soft: colour("ink-soft"),
    paper: colour("hall"),
    mine: colour("mine"),
    onMine: colour("on-mine"),
    onTier: colour("on-tier"),
    font: style.fontFamily,
  };
}

/** Sprites by what they show; one set for each size. */
export type Stamps = ReadonlyMap<string, HTMLCanvasElement>;

/** `pixels` is the width of a unit on the device. */
export function stampsOf(palette: Palette, pixels: number): Stamps {
  const stamps = new Map<string, HTMLCanvasElement>();
  for (const tier of ["VIP", "GENERAL", "STANDING"] as const) {
    for (const status of ["A", "L", "R", "B"] as const) {
      for (const accessible of [false, true]) {
        stamps.set(stampName(tier, status, accessible), drawStamp(palette, pixels, tier, status, accessible));
      }
    }
  }
  return stamps;
}

export function stampName(tier: Tier, status: Status, accessible: boolean): string {
  return `${tier}${status}${accessible ? 1 : 0}`;
}

function drawStamp(palette: Palette, pixels: number, tier: Tier, status: Status, accessible: boolean) {
  const canvas = document.createElement("canvas");
  const side = Math.max(2, Math.ceil(pixels));
  canvas.width = canvas.height = side;
  const context = canvas.getContext("2d");
  if (context) drawSeat(context, palette, side / 2, side / 2, pixels, tier, status, accessible);
  return canvas;
}

/** A seat around `(x, y)` in a unit of `size`. */
export function drawSeat(
  context: CanvasRenderingContext2D,
  palette: Palette,
  x: number,
  y: number,
  size: number,
  tier: Tier,
  status: Status,
  accessible: boolean,
): void {
  const radius = size * 0.41;
  context.beginPath();
  switch (status) {
    case "A":
      outline(context, x, y, radius, accessible);
      context.fillStyle = palette.tiers[tier];
      context.fill();
      break;
    case "L":
      context.lineWidth = Math.max(1, size * 0.16);
      outline(context, x, y, Math.max(0.3, radius - context.lineWidth / 2), accessible);
      context.strokeStyle = palette.held;
      context.stroke();
      break;
    case "R":
      context.lineWidth = Math.max(0.75, size * 0.05);
      outline(context, x, y, Math.max(0.3, radius - context.lineWidth / 2), accessible);
      context.strokeStyle = palette.sold;
      context.stroke();
      break;
    case "B":
      context.arc(x, y, Math.max(0.5, size * 0.1), 0, 2 * Math.PI);
      context.fillStyle = palette.sold;
      context.fill();
  }
}

/** The reader's own: ticked. */
export function drawMine(
  context: CanvasRenderingContext2D,
  palette: Palette,
  x: number,
  y: number,
  size: number,
  accessible: boolean,
): void {
  const radius = Math.max(size * 0.46, 4);
  context.beginPath();
  outline(context, x, y, radius, accessible);
  context.fillStyle = palette.mine;
  context.fill();
  context.lineWidth = Math.max(1.2, radius * 0.26);
  context.lineCap = context.lineJoin = "round";
  context.strokeStyle = palette.onMine;
  context.beginPath();
  context.moveTo(x - radius * 0.42, y + radius * 0.04);
  context.lineTo(x - radius * 0.1, y + radius * 0.36);
  context.lineTo(x + radius * 0.45, y - radius * 0.34);
  context.stroke();
}

function outline(context: CanvasRenderingContext2D, x: number, y: number, radius: number, square: boolean): void {
  if (square) context.roundRect(x - radius, y - radius, 2 * radius, 2 * radius, radius * 0.3);
  else context.arc(x, y, radius, 0, 2 * Math.PI);
}
