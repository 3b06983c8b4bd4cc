// Draws a hall on a canvas. Seats go to a layer larger than what is seen, so that a pan only moves the layer; a seat that
// changes is redrawn alone. What is of the moment (names, the choice, the seat pointed at) is drawn over it each frame.

import type { Tier } from "../api/types";
import type { Camera, Size } from "./camera";
import { SEAT_SCALE, toScreen } from "./camera";
import type { Hall } from "./hall";
import type { Block, Plan } from "./plan";
import { drawMine, type Palette, paletteOf, type Stamps, stampName, stampsOf } from "./seat-shapes";

export interface Overlay {
  readonly mine: ReadonlySet<number>;
  /** The seat pointed at or reached by keys. */
  readonly pointed: number | null;
  /** What a block says under its name, when seats are too small to be told apart. */
  readonly blockLines: (block: Block) => readonly string[];
}

export interface Painter {
  /** A frame. While `moving`, a layer of another zoom is stretched instead of drawn anew. */
  draw(camera: Camera, overlay: Overlay, moving: boolean): void;
  /** These seats have another state now. */
  repaint(seats: readonly number[]): void;
  /** Colours changed, or the canvas. */
  reset(): void;
  size(): Size;
}

/** Beyond the canvas on each side, as a part of it. */
const MARGIN = 0.5;
const MAX_DEVICE_PIXELS = 2;
/** A stretched layer is redrawn at once when it has become this blurred. */
const MAX_STRETCH = 2;
const NUMBER_SCALE = 21;
const ARC_STEPS = 16;
/** What a block's name may take however few seats stand under it. */
const NAME_ROOM_PX = 220;

interface Layer {
  readonly canvas: HTMLCanvasElement;
  camera: Camera;
  stamps: Stamps;
  stampScale: number;
}

export function createPainter(canvas: HTMLCanvasElement, hall: Hall, plan: Plan): Painter {
  const screen = canvas.getContext("2d") as CanvasRenderingContext2D;
  let palette: Palette = paletteOf(canvas);
  let size: Size = { width: 1, height: 1 };
  let pixels = 1;
  let layer: Layer | null = null;

  const measure = () => {
    palette = paletteOf(canvas);
    size = { width: Math.max(1, canvas.clientWidth), height: Math.max(1, canvas.clientHeight) };
    pixels = Math.min(MAX_DEVICE_PIXELS, devicePixelRatio || 1);
    canvas.width = Math.round(size.width * pixels);
    canvas.height = Math.round(size.height * pixels);
    layer = null;
  };
  measure();

  const layerSize = (): Size => ({ width: size.width * (1 + 2 * MARGIN), height: size.height * (1 + 2 * MARGIN) });

  const paintLayer = (camera: Camera): Layer => {
    const wanted = layerSize();
    const sheet = layer?.canvas ?? document.createElement("canvas");
    sheet.width = Math.round(wanted.width * pixels);
    sheet.height = Math.round(wanted.height * pixels);
    const fresh = layer && layer.stampScale === camera.scale ? layer.stamps : stampsOf(palette, camera.scale * pixels);
    const made: Layer = { canvas: sheet, camera, stamps: fresh, stampScale: camera.scale };
    const context = sheet.getContext("2d") as CanvasRenderingContext2D;
    context.setTransform(pixels, 0, 0, pixels, 0, 0);
    paintStage(context, palette, plan, camera, wanted);
    for (const block of plan.blocks) paintBlock(context, palette, plan, camera, wanted, block);
    paintSeats(context, made, null);
    return made;
  };

  const paintSeats = (context: CanvasRenderingContext2D, on: Layer, only: readonly number[] | null) => {
    const { camera, stamps } = on;
    const { width, height } = layerSize();
    const half = camera.scale / 2;
    if (camera.scale < SEAT_SCALE && !only)
      return paintDots(context, { palette, hall, plan, camera, size: layerSize() });
    const seats = only ?? hall.seats.keys();
    const numbered = camera.scale >= NUMBER_SCALE;
    const side = Math.max(2, Math.ceil(camera.scale * pixels)) / pixels;
    if (numbered) prepareNumbers(context, palette, camera.scale);
    for (const index of seats) {
      const x = ((plan.x[index] ?? 0) - camera.x) * camera.scale + width / 2;
      const y = ((plan.y[index] ?? 0) - camera.y) * camera.scale + height / 2;
      if (x < -half || y < -half || x > width + half || y > height + half) continue;
      const seat = hall.seats[index];
      if (!seat) continue;
      const status = hall.statuses[index] ?? "B";
      if (only) {
        context.fillStyle = palette.tints[seat.tier];
        context.fillRect(x - half, y - half, camera.scale, camera.scale);
      }
      const stamp = stamps.get(stampName(seat.tier, status, seat.accessible));
      if (stamp) context.drawImage(stamp, x - side / 2, y - side / 2, side, side);
      if (!numbered || status === "B") continue;
      context.fillStyle = status === "A" ? palette.onTier : palette.soft;
      context.fillText(String(seat.number), x, y);
    }
  };

  const needsLayer = (camera: Camera, moving: boolean): boolean => {
    if (!layer) return true;
    const stretch = camera.scale / layer.camera.scale;
    if (stretch !== 1 && (!moving || stretch > MAX_STRETCH || stretch < 1 / MAX_STRETCH)) return true;
    const reachX = (size.width * MARGIN) / layer.camera.scale;
    const reachY = (size.height * MARGIN) / layer.camera.scale;
    return Math.abs(camera.x - layer.camera.x) > reachX || Math.abs(camera.y - layer.camera.y) > reachY;
  };

  return {
    size: () => size,
    reset: measure,
    repaint(seats) {
      if (!layer) return;
      const context = layer.canvas.getContext("2d");
      if (context) paintSeats(context, layer, seats);
    },
    draw(camera, overlay, moving) {
      if (needsLayer(camera, moving)) layer = paintLayer(camera);
      if (!layer) return;
      screen.setTransform(pixels, 0, 0, pixels, 0, 0);
      screen.fillStyle = palette.paper;
      screen.fillRect(0, 0, size.width, size.height);
      const stretch = camera.scale / layer.camera.scale;
      const { width, height } = layerSize();
      const [x, y] = toScreen(camera, size, layer.camera.x, layer.camera.y);
      screen.drawImage(
        layer.canvas,
        x - (width * stretch) / 2,
        y - (height * stretch) / 2,
        width * stretch,
        height * stretch,
      );
      paintOverlay(screen, { palette, hall, plan, camera, size, overlay });
    },
  };
}

interface Ground {
  readonly palette: Palette;
  readonly hall: Hall;
  readonly plan: Plan;
  readonly camera: Camera;
  readonly size: Size;
}

interface Scene extends Ground {
  readonly overlay: Overlay;
}

/**
 * Seats too small for a shape: a whole hall of them, one colour after the other, because a stamp a seat would take half
 * a second. What is free fills its place, what is held is smaller, what is sold a speck.
 */
function paintDots(context: CanvasRenderingContext2D, { palette, hall, plan, camera, size }: Ground): void {
  const groups = new Map<string, number[]>();
  for (const { index, tier } of hall.seats) {
    const status = hall.statuses[index] ?? "B";
    const kind = status === "A" ? tier : status;
    const group = groups.get(kind);
    if (group) group.push(index);
    else groups.set(kind, [index]);
  }
  for (const [kind, seats] of groups) {
    const isFree = kind in palette.tiers;
    context.fillStyle = isFree ? palette.tiers[kind as Tier] : kind === "L" ? palette.held : palette.sold;
    const side = Math.max(0.6, camera.scale * (isFree ? 0.72 : kind === "L" ? 0.6 : 0.3));
    for (const index of seats) {
      const x = ((plan.x[index] ?? 0) - camera.x) * camera.scale + size.width / 2;
      const y = ((plan.y[index] ?? 0) - camera.y) * camera.scale + size.height / 2;
      if (x < 0 || y < 0 || x > size.width || y > size.height) continue;
      context.fillRect(x - side / 2, y - side / 2, side, side);
    }
  }
}

function paintOverlay(context: CanvasRenderingContext2D, scene: Scene): void {
  const { palette, hall, plan, camera, size, overlay } = scene;
  for (const block of plan.blocks) paintNames(context, scene, block);
  for (const index of overlay.mine) {
    const [x, y] = toScreen(camera, size, plan.x[index] ?? 0, plan.y[index] ?? 0);
    drawMine(context, palette, x, y, camera.scale, hall.seats[index]?.accessible ?? false);
  }
  if (overlay.pointed === null) return;
  const [x, y] = toScreen(camera, size, plan.x[overlay.pointed] ?? 0, plan.y[overlay.pointed] ?? 0);
  context.lineWidth = 2.5;
  context.strokeStyle = palette.ink;
  context.beginPath();
  context.arc(x, y, Math.max(7, camera.scale * 0.58), 0, 2 * Math.PI);
  context.stroke();
}

function paintNames(context: CanvasRenderingContext2D, scene: Scene, block: Block): void {
  const { palette, plan, camera, size, overlay } = scene;
  const { box } = block;
  const middle = (box.left + box.right) / 2;
  const lines = overlay.blockLines(block);
  context.textAlign = "center";
  context.textBaseline = "middle";
  if (camera.scale >= SEAT_SCALE) {
    const [x, y] = toScreen(camera, size, middle, box.top - 1.05 - plan.bend * middle ** 2);
    context.font = `600 ${Math.min(17, Math.max(12, camera.scale * 0.6))}px ${palette.font}`;
    context.fillStyle = palette.ink;
    const room = Math.min(size.width - 20, Math.max(NAME_ROOM_PX, (box.right - box.left) * camera.scale));
    context.fillText(shortened(context, lines[0] ?? "", ` · ${lines[1] ?? ""}`, room), x, y);
    if (camera.scale < 13) return;
    context.font = `500 ${Math.min(14, camera.scale * 0.5)}px ${palette.font}`;
    context.fillStyle = palette.soft;
    for (const { text, x: labelX, y: labelY } of block.rowLabels) {
      const [left, top] = toScreen(camera, size, labelX, labelY - plan.bend * labelX ** 2);
      if (left > -20 && top > -20 && left < size.width + 20 && top < size.height + 20)
        context.fillText(text, left, top);
    }
    return;
  }
  const flat = (box.top + box.bottom) / 2;
  const [x, y] = toScreen(camera, size, middle, flat - plan.bend * middle ** 2);
  paintPlate(context, palette, x, y, lines, (box.right - box.left) * camera.scale);
}

/** A long name gives way, its price does not. */
function shortened(context: CanvasRenderingContext2D, name: string, price: string, room: number): string {
  const nameWidth = context.measureText(name).width;
  const nameRoom = room - context.measureText(price).width;
  if (nameWidth <= nameRoom) return name + price;
  const kept = Math.max(1, Math.floor((name.length * nameRoom) / nameWidth) - 2);
  return `${name.slice(0, kept).trimEnd()}…${price}`;
}

/** A block's name over its seats, when those are no more than a texture. */
function paintPlate(
  context: CanvasRenderingContext2D,
  palette: Palette,
  x: number,
  y: number,
  lines: readonly string[],
  room: number,
): void {
  const text = room < 110 ? 11 : 13;
  const shown = room < 70 ? lines.slice(0, 1) : lines;
  const fonts = shown.map((_, i) => `${i === 0 ? 700 : 500} ${text}px ${palette.font}`);
  const widths = shown.map((line, i) => {
    context.font = fonts[i] ?? "";
    return context.measureText(line).width;
  });
  const width = Math.max(...widths) + 20;
  const line = text * 1.4;
  const height = shown.length * line + 10;
  context.globalAlpha = 0.94;
  context.fillStyle = palette.paper;
  context.beginPath();
  context.roundRect(x - width / 2, y - height / 2, width, height, 9);
  context.fill();
  context.globalAlpha = 1;
  context.fillStyle = palette.ink;
  for (const [i, words] of shown.entries()) {
    context.font = fonts[i] ?? "";
    context.fillText(words, x, y - height / 2 + 5 + line * (i + 0.5));
  }
}

function prepareNumbers(context: CanvasRenderingContext2D, palette: Palette, scale: number): void {
  context.font = `600 ${Math.min(15, scale * 0.4)}px ${palette.font}`;
  context.textAlign = "center";
  context.textBaseline = "middle";
}

function paintStage(context: CanvasRenderingContext2D, palette: Palette, plan: Plan, camera: Camera, size: Size): void {
  const first = plan.blocks[0];
  if (!first) return;
  const half = Math.min(((plan.bounds.right - plan.bounds.left) / 2) * 0.5, 16);
  const [left, bottom] = toScreen(camera, size, -half, -1.9 - plan.bend * half ** 2);
  const width = 2 * half * camera.scale;
  const height = Math.max(14, camera.scale * 1.1);
  const y = bottom - height;
  context.fillStyle = palette.ink;
  context.globalAlpha = 0.9;
  context.beginPath();
  context.roundRect(left, y, width, height, [3, 3, height / 2, height / 2]);
  context.fill();
  context.globalAlpha = 1;
  context.fillStyle = palette.paper;
  context.font = `600 ${Math.min(15, Math.max(9, height * 0.6))}px ${palette.font}`;
  context.textAlign = "center";
  context.textBaseline = "middle";
  context.fillText("Stage", left + width / 2, y + height / 2);
}

/** The floor that a block's rows stand on, bent as they are. */
function paintBlock(
  context: CanvasRenderingContext2D,
  palette: Palette,
  plan: Plan,
  camera: Camera,
  size: Size,
  block: Block,
): void {
  const { left, right, top, bottom } = block.box;
  const pad = 0.35;
  const edge = (y: number, part: number): readonly [number, number] => {
    const x = left - pad + (right - left + 2 * pad) * part;
    return toScreen(camera, size, x, y - plan.bend * x ** 2);
  };
  context.beginPath();
  for (let step = 0; step <= ARC_STEPS; step++) context.lineTo(...edge(top - pad, step / ARC_STEPS));
  for (let step = ARC_STEPS; step >= 0; step--) context.lineTo(...edge(bottom + pad, step / ARC_STEPS));
  context.closePath();
  context.fillStyle = palette.tints[block.tier];
  context.fill();
}
