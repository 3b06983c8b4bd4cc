// The hall on its canvas, moved by hand, wheel, fingers and keys. Lives outside the page's rendering: a frame costs a
// frame and nothing else.

import { between, type Camera, CLOSE_SCALE, fitted, panBy, SEAT_SCALE, toPlane, toScreen, zoomAt } from "./camera";
import { listenTo } from "./gestures";
import type { Hall } from "./hall";
import { createPainter, type Overlay } from "./painter";
import { type Block, blockAt, type Plan, planOf, seatAt } from "./plan";

export interface MapView {
  /** Call when what the overlay says has changed. */
  refresh(overlay: Overlay): void;
  repaint(seats: readonly number[]): void;
  zoomBy(factor: number): void;
  showAll(): void;
  showSeats(seats: readonly number[]): void;
  /** Where a seat is on the canvas, in CSS pixels. */
  seatPoint(id: string): { readonly x: number; readonly y: number } | null;
  stop(): void;
}

export interface MapEvents {
  tap(seat: number): void;
  /** The seat under the pointer or reached by keys, and where it is; null for none. */
  point(seat: number | null, x: number, y: number): void;
}

const GLIDE_MS = 260;
const SHARPEN_AFTER_MS = 110;
/** A finger is larger than a seat: below this size a tap zooms in first. */
const TOUCH_SCALE = 17;
const STEP_PX = 70;
const ZOOM_STEP = 1.45;

export function showHall(canvas: HTMLCanvasElement, hall: Hall, first: Overlay, events: MapEvents): MapView {
  const plan: Plan = planOf(hall);
  const painter = createPainter(canvas, hall, plan);
  let overlay = first;
  let camera: Camera = fitted(plan.bounds, painter.size());
  let isFitted = true;
  let isShown = false;
  let frame = 0;
  let movingUntil = 0;
  let glide: { readonly from: Camera; readonly to: Camera; readonly startedAt: number } | null = null;
  let cursor: number | null = null;
  let pointed: number | null = null;
  let sharpen: ReturnType<typeof setTimeout> | undefined;

  const draw = (now: number) => {
    frame = 0;
    if (glide) {
      const part = Math.min(1, (now - glide.startedAt) / GLIDE_MS);
      camera = between(glide.from, glide.to, part);
      if (part === 1) glide = null;
      request();
    }
    painter.draw(camera, { ...overlay, pointed: pointed ?? overlay.pointed }, glide !== null || now < movingUntil);
    if (!isShown) performance.mark("hall-ready");
    isShown = true;
  };
  const request = () => {
    if (frame === 0) frame = requestAnimationFrame(draw);
  };
  const move = (next: Camera, stretched: boolean) => {
    glide = null;
    camera = next;
    isFitted = false;
    if (stretched) {
      movingUntil = performance.now() + SHARPEN_AFTER_MS;
      clearTimeout(sharpen);
      sharpen = setTimeout(request, SHARPEN_AFTER_MS + 10);
    }
    request();
  };
  const glideTo = (to: Camera) => {
    isFitted = false;
    if (matchMedia("(prefers-reduced-motion: reduce)").matches) return move(to, false);
    glide = { from: camera, to, startedAt: performance.now() };
    request();
  };
  const show = (seat: number | null) => {
    pointed = seat;
    const [x, y] = seat === null ? [0, 0] : pointOf(seat);
    events.point(seat, x, y);
    request();
  };
  const pointOf = (seat: number) => toScreen(camera, painter.size(), plan.x[seat] ?? 0, plan.y[seat] ?? 0);
  const under = (x: number, y: number) => toPlane(camera, painter.size(), x, y);

  const closeUp = (x: number, y: number, scale: number) =>
    glideTo({ x, y, scale: Math.max(camera.scale, Math.min(CLOSE_SCALE, scale)) });
  const zoomIntoBlock = (block: Block, x: number, y: number) => {
    const { width } = painter.size();
    closeUp(x, y, Math.max(24, Math.min(width / (block.box.right - block.box.left + 4), 34)));
  };

  const stopListening = listenTo(canvas, {
    pan: (dx, dy) => move(panBy(camera, plan.bounds, dx, dy), false),
    zoom: (factor, x, y) => move(zoomAt(camera, painter.size(), plan.bounds, factor, x, y), true),
    rest: request,
    hover(at) {
      const seat = at && camera.scale >= SEAT_SCALE ? seatAt(plan, ...under(at.x, at.y)) : null;
      canvas.classList.toggle("points", seat !== null);
      if (seat !== pointed) show(seat);
    },
    tap(x, y, isTouch) {
      const [planeX, planeY] = under(x, y);
      const seat = seatAt(plan, planeX, planeY);
      const block = blockAt(plan, planeX, planeY);
      if (camera.scale < (isTouch ? TOUCH_SCALE : SEAT_SCALE)) {
        if (block) zoomIntoBlock(block, planeX, planeY);
        return;
      }
      if (seat === null) return;
      cursor = seat;
      events.tap(seat);
    },
  });

  const step = (dx: number, dy: number) => {
    const from = cursor ?? seatNearest(plan, ...under(painter.size().width / 2, painter.size().height / 2));
    cursor = cursor === null ? from : neighbour(plan, from, dx, dy);
    const [x, y] = pointOf(cursor);
    const { width, height } = painter.size();
    const inView = x > 60 && y > 60 && x < width - 60 && y < height - 60;
    const scale = Math.max(camera.scale, 20);
    if (!inView || scale !== camera.scale) move({ x: plan.x[cursor] ?? 0, y: plan.y[cursor] ?? 0, scale }, false);
    show(cursor);
  };
  const keys: Readonly<Record<string, () => void>> = {
    ArrowLeft: () => step(-1, 0),
    ArrowRight: () => step(1, 0),
    ArrowUp: () => step(0, -1),
    ArrowDown: () => step(0, 1),
    Enter: () => cursor !== null && events.tap(cursor),
    " ": () => cursor !== null && events.tap(cursor),
    "+": () => view.zoomBy(ZOOM_STEP),
    "=": () => view.zoomBy(ZOOM_STEP),
    "-": () => view.zoomBy(1 / ZOOM_STEP),
    "0": () => view.showAll(),
  };
  const pans: Readonly<Record<string, readonly [number, number]>> = {
    ArrowLeft: [STEP_PX, 0],
    ArrowRight: [-STEP_PX, 0],
    ArrowUp: [0, STEP_PX],
    ArrowDown: [0, -STEP_PX],
  };
  const onKey = (event: KeyboardEvent) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const pan = event.shiftKey ? pans[event.key] : undefined;
    const act = pan ? () => move(panBy(camera, plan.bounds, ...pan), false) : keys[event.key];
    if (!act) return;
    event.preventDefault();
    act();
  };
  const onBlur = () => show(null);
  canvas.addEventListener("keydown", onKey);
  canvas.addEventListener("blur", onBlur);

  const resized = new ResizeObserver(() => {
    painter.reset();
    if (isFitted) camera = fitted(plan.bounds, painter.size());
    request();
  });
  resized.observe(canvas);
  const recolour = () => {
    painter.reset();
    request();
  };
  const dark = matchMedia("(prefers-color-scheme: dark)");
  dark.addEventListener("change", recolour);
  document.fonts.ready.then(recolour, recolour);

  const view: MapView = {
    refresh(next) {
      overlay = next;
      request();
    },
    repaint(seats) {
      painter.repaint(seats);
      request();
    },
    zoomBy(factor) {
      const { width, height } = painter.size();
      glideTo(zoomAt(camera, painter.size(), plan.bounds, factor, width / 2, height / 2));
    },
    showAll() {
      glideTo(fitted(plan.bounds, painter.size()));
      isFitted = true;
    },
    showSeats(seats) {
      if (seats.length === 0) return;
      const middle = (values: Float32Array) => seats.reduce((sum, seat) => sum + (values[seat] ?? 0), 0) / seats.length;
      closeUp(middle(plan.x), middle(plan.y), 30);
    },
    seatPoint(id) {
      const seat = hall.indexOf.get(id);
      if (seat === undefined) return null;
      const [x, y] = pointOf(seat);
      return { x, y };
    },
    stop() {
      cancelAnimationFrame(frame);
      clearTimeout(sharpen);
      stopListening();
      canvas.removeEventListener("keydown", onKey);
      canvas.removeEventListener("blur", onBlur);
      resized.disconnect();
      dark.removeEventListener("change", recolour);
    },
  };
  request();
  return view;
}

function seatNearest(plan: Plan, x: number, y: number): number {
  let nearest = 0;
  let best = Number.POSITIVE_INFINITY;
  for (let i = 0; i < plan.x.length; i++) {
    const distance = ((plan.x[i] ?? 0) - x) ** 2 + ((plan.y[i] ?? 0) - y) ** 2;
    if (distance < best) [nearest, best] = [i, distance];
  }
  return nearest;
}

/** The nearest seat in a direction; straight ahead counts more than aside. The same one at the hall's edge. */
function neighbour(plan: Plan, from: number, dx: number, dy: number): number {
  const x0 = plan.x[from] ?? 0;
  const y0 = plan.y[from] ?? 0;
  let found = from;
  let best = Number.POSITIVE_INFINITY;
  for (let i = 0; i < plan.x.length; i++) {
    const x = (plan.x[i] ?? 0) - x0;
    const y = (plan.y[i] ?? 0) - y0;
    const ahead = x * dx + y * dy;
    const aside = Math.abs(x * dy) + Math.abs(y * dx);
    if (ahead < 0.4 || aside > ahead * 1.5 + 0.6) continue;
    const cost = ahead + aside * 2;
    if (cost < best) [found, best] = [i, cost];
  }
  return found;
}
