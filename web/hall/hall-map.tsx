// The hall to look at and choose from. Everything it can do, the list beside it can do too.

import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { whisper } from "../announce";
import { count, priceWords, TIER_NAMES } from "../words";
import { freeSeats, type Hall, seatName } from "./hall";
import { type MapView, showHall } from "./map-view";
import type { Overlay } from "./painter";
import type { Block } from "./plan";
import type { SeatListener } from "./use-hall";

interface Props {
  readonly hall: Hall;
  readonly tick: number;
  readonly onChange: (listener: SeatListener) => () => void;
  readonly mine: ReadonlySet<number>;
  /** How a seat of the reader's own is called: "chosen" or "held for you". */
  readonly mineWord: string;
  /** Without it the hall is only shown. */
  readonly onTap?: (seat: number) => void;
}

interface Tip {
  readonly seat: number;
  readonly x: number;
  readonly y: number;
  /** How far to the right of the map it is, from 0 to 1: as far to the left of its end the name stands over it. */
  readonly part: number;
}

/** A seat this close to the top edge has its name below. */
const TIP_ROOM_PX = 60;

export function HallMap({ hall, tick, onChange, mine, mineWord, onTap }: Props) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const view = useRef<MapView | null>(null);
  const [tip, setTip] = useState<Tip | null>(null);
  const overlay = useMemo<Overlay>(() => ({ mine, pointed: null, blockLines: linesOf(hall) }), [hall, tick, mine]);
  // The canvas outlives renders: what it calls is looked up when it calls.
  const now = useRef({ mine, mineWord, onTap });
  now.current = { mine, mineWord, onTap };

  useEffect(() => {
    if (!canvas.current) return;
    const shown = showHall(canvas.current, hall, overlay, {
      tap: (seat) => now.current.onTap?.(seat),
      point(seat, x, y) {
        const width = canvas.current?.clientWidth ?? 0;
        setTip(seat === null ? null : { seat, x, y, part: width === 0 ? 0.5 : Math.max(0, Math.min(1, x / width)) });
        if (seat !== null && document.activeElement === canvas.current) {
          whisper.set(nameIn(hall, seat, now.current));
        }
      },
    });
    view.current = shown;
    // Says where a seat is on the canvas, to scripts and tests.
    Object.assign(canvas.current, { seatPoint: shown.seatPoint });
    const stop = onChange(shown.repaint);
    return () => {
      stop();
      shown.stop();
      view.current = null;
    };
  }, [hall]);
  useEffect(() => view.current?.refresh(overlay), [overlay]);

  const label = onTap
    ? "Map of the hall. Arrow keys move from seat to seat, Enter chooses, plus and minus zoom, 0 shows the whole hall."
    : "Map of the hall. Arrow keys move from seat to seat, plus and minus zoom, 0 shows the whole hall.";
  return (
    <div class="hall-map">
      {/* biome-ignore lint/a11y/noInteractiveElementToNoninteractiveRole: keys move about in it, and each step is said aloud */}
      <canvas ref={canvas} tabIndex={0} role="application" aria-label={label} />
      <div class="hall-zoom">
        <button type="button" aria-label="Zoom in" onClick={() => view.current?.zoomBy(1.7)}>
          +
        </button>
        <button type="button" aria-label="Zoom out" onClick={() => view.current?.zoomBy(1 / 1.7)}>
          −
        </button>
        <button type="button" class="whole" onClick={() => view.current?.showAll()}>
          Whole hall
        </button>
      </div>
      {tip && (
        <div
          class={tip.y < TIP_ROOM_PX ? "hall-tip under" : "hall-tip"}
          aria-hidden="true"
          style={{ transform: `translate(${tip.x}px, ${tip.y}px)` }}
        >
          <span style={{ transform: `translateX(${-100 * tip.part}%)` }}>
            {nameIn(hall, tip.seat, { mine, mineWord })}
          </span>
        </div>
      )}
    </div>
  );
}

function nameIn(hall: Hall, index: number, { mine, mineWord }: Pick<Props, "mine" | "mineWord">): string {
  const seat = hall.seats[index];
  return seat ? seatName(hall, seat, mine.has(index) ? mineWord : undefined) : "";
}

/** Name, price, and what is left of it. */
function linesOf(hall: Hall): (block: Block) => readonly string[] {
  const lines = new Map<Block, readonly string[]>();
  return (block) => {
    const known = lines.get(block);
    if (known) return known;
    const tier = TIER_NAMES[block.tier];
    const name = block.section.toLowerCase() === tier.toLowerCase() ? tier : `${block.section}, ${tier}`;
    const left = freeSeats(hall, block.seats).length;
    const price = priceWords(hall.prices.get(block.tier) ?? 0, hall.currency);
    const made = [name, price, left === 0 ? "Sold out" : `${count(left)} left`];
    lines.set(block, made);
    return made;
  };
}
