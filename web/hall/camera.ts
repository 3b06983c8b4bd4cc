// Which part of the hall is seen, and how large. Pure: screen is CSS pixels from the canvas's corner, the plane is the
// plan's units.

import type { Box } from "./plan";

export interface Camera {
  /** The plane's point in the middle of the canvas. */
  readonly x: number;
  readonly y: number;
  /** CSS pixels a unit. */
  readonly scale: number;
}

export interface Size {
  readonly width: number;
  readonly height: number;
}

/** A seat of this size is large enough for its number. */
export const CLOSE_SCALE = 46;
/** From here on seats are seats; below, a section is what one sees. */
export const SEAT_SCALE = 9;
const PADDING_PX = 10;

export function fitted(bounds: Box, size: Size): Camera {
  const width = bounds.right - bounds.left;
  const height = bounds.bottom - bounds.top;
  const scale = Math.min((size.width - 2 * PADDING_PX) / width, (size.height - 2 * PADDING_PX) / height);
  return {
    x: (bounds.left + bounds.right) / 2,
    y: (bounds.top + bounds.bottom) / 2,
    scale: Math.max(0.5, Math.min(scale, CLOSE_SCALE)),
  };
}

export function toScreen(camera: Camera, size: Size, x: number, y: number): readonly [number, number] {
  return [(x - camera.x) * camera.scale + size.width / 2, (y - camera.y) * camera.scale + size.height / 2];
}

export function toPlane(camera: Camera, size: Size, x: number, y: number): readonly [number, number] {
  return [(x - size.width / 2) / camera.scale + camera.x, (y - size.height / 2) / camera.scale + camera.y];
}

/** The same after a zoom that keeps what is under `(x, y)` where it is. */
export function zoomAt(camera: Camera, size: Size, bounds: Box, factor: number, x: number, y: number): Camera {
  const least = fitted(bounds, size).scale * 0.8;
  const scale = Math.max(least, Math.min(CLOSE_SCALE, camera.scale * factor));
  const [planeX, planeY] = toPlane(camera, size, x, y);
  return within({ scale, x: planeX - (x - size.width / 2) / scale, y: planeY - (y - size.height / 2) / scale }, bounds);
}

export function panBy(camera: Camera, bounds: Box, dx: number, dy: number): Camera {
  return within({ ...camera, x: camera.x - dx / camera.scale, y: camera.y - dy / camera.scale }, bounds);
}

/** The hall never leaves the canvas altogether: its middle stays over some part of it. */
function within(camera: Camera, bounds: Box): Camera {
  return {
    scale: camera.scale,
    x: Math.max(bounds.left, Math.min(bounds.right, camera.x)),
    y: Math.max(bounds.top, Math.min(bounds.bottom, camera.y)),
  };
}

/** On the way from one to the other, `part` from 0 to 1, slow at both ends. */
export function between(from: Camera, to: Camera, part: number): Camera {
  const eased = part < 0.5 ? 2 * part ** 2 : 1 - (-2 * part + 2) ** 2 / 2;
  const scale = from.scale * (to.scale / from.scale) ** eased;
  return { x: from.x + (to.x - from.x) * eased, y: from.y + (to.y - from.y) * eased, scale };
}
