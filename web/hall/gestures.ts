// Moving about in a hall: drag, wheel, pinch, tap and hover, as one stream of plain intentions.

export interface Gestures {
  pan(dx: number, dy: number): void;
  zoom(factor: number, x: number, y: number): void;
  tap(x: number, y: number, isTouch: boolean): void;
  hover(at: { readonly x: number; readonly y: number } | null): void;
  /** The last finger is up: time to draw sharply again. */
  rest(): void;
}

/** A finger that moved no further than this meant a tap. CSS pixels. */
const TAP_SLOP_PX = 8;
const WHEEL_STEP = 0.0016;
/** Wheels that count in lines or pages. */
const LINE_PX = 16;

/** Returns what undoes it. */
export function listenTo(canvas: HTMLCanvasElement, gestures: Gestures): () => void {
  const fingers = new Map<number, { x: number; y: number }>();
  let travelled = 0;
  let wasPinch = false;
  const at = (event: { readonly clientX: number; readonly clientY: number }) => {
    const box = canvas.getBoundingClientRect();
    return { x: event.clientX - box.left, y: event.clientY - box.top };
  };

  const down = (event: PointerEvent) => {
    if (event.pointerType === "mouse" && event.button !== 0) return;
    canvas.setPointerCapture(event.pointerId);
    fingers.set(event.pointerId, at(event));
    if (fingers.size === 1) {
      travelled = 0;
      wasPinch = false;
    } else wasPinch = true;
  };
  const move = (event: PointerEvent) => {
    const now = at(event);
    const before = fingers.get(event.pointerId);
    if (!before) {
      if (event.pointerType === "mouse") gestures.hover(now);
      return;
    }
    const dx = now.x - before.x;
    const dy = now.y - before.y;
    const others = [...fingers].filter(([id]) => id !== event.pointerId);
    const [other] = others;
    fingers.set(event.pointerId, now);
    travelled += Math.hypot(dx, dy);
    if (other) {
      const [, fixed] = other;
      const factor = Math.hypot(now.x - fixed.x, now.y - fixed.y) / Math.hypot(before.x - fixed.x, before.y - fixed.y);
      if (Number.isFinite(factor) && factor > 0) gestures.zoom(factor, (now.x + fixed.x) / 2, (now.y + fixed.y) / 2);
      gestures.pan(dx / 2, dy / 2);
    } else if (travelled > TAP_SLOP_PX) {
      gestures.hover(null);
      gestures.pan(dx, dy);
    }
  };
  const up = (event: PointerEvent) => {
    const was = fingers.get(event.pointerId);
    if (!was) return;
    fingers.delete(event.pointerId);
    if (fingers.size > 0) return;
    if (event.type === "pointerup" && !wasPinch && travelled <= TAP_SLOP_PX) {
      gestures.tap(was.x, was.y, event.pointerType !== "mouse");
    }
    gestures.rest();
  };
  const leave = () => gestures.hover(null);
  const wheel = (event: WheelEvent) => {
    event.preventDefault();
    const pixels = event.deltaY * (event.deltaMode === WheelEvent.DOM_DELTA_PIXEL ? 1 : LINE_PX);
    const { x, y } = at(event);
    gestures.zoom(Math.exp(-pixels * WHEEL_STEP * (event.ctrlKey ? 4 : 1)), x, y);
  };

  canvas.addEventListener("pointerdown", down);
  canvas.addEventListener("pointermove", move);
  canvas.addEventListener("pointerup", up);
  canvas.addEventListener("pointercancel", up);
  canvas.addEventListener("pointerleave", leave);
  canvas.addEventListener("wheel", wheel, { passive: false });
  return () => {
    canvas.removeEventListener("pointerdown", down);
    canvas.removeEventListener("pointermove", move);
    canvas.removeEventListener("pointerup", up);
    canvas.removeEventListener("pointercancel", up);
    canvas.removeEventListener("pointerleave", leave);
    canvas.removeEventListener("wheel", wheel);
  };
}
