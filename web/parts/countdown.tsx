// How long something still holds, in words and as a bar. Said aloud at the moments that matter, not every second.

import { useEffect, useRef } from "preact/hooks";
import { say } from "../announce";
import { useNow } from "../use-ask";
import { duration } from "../words";

interface Props {
  readonly endsAtMs: number;
  readonly lastsMs: number;
  /** "Your seats are yours for". */
  readonly words: string;
  readonly onEnd: () => void;
}

const WARN_MS = 60_000;

export function Countdown({ endsAtMs, lastsMs, words, onEnd }: Props) {
  const nowMs = useNow(500);
  const leftMs = Math.max(0, endsAtMs - nowMs);
  const warned = useRef<number | null>(null);
  const ended = useRef<number | null>(null);
  useEffect(() => {
    if (leftMs <= WARN_MS && leftMs > 0 && lastsMs > WARN_MS && warned.current !== endsAtMs) {
      warned.current = endsAtMs;
      say("One minute left for your seats.", "bad");
    }
    if (leftMs === 0 && ended.current !== endsAtMs) {
      ended.current = endsAtMs;
      onEnd();
    }
  });
  return (
    <div class={leftMs <= WARN_MS ? "countdown short" : "countdown"}>
      <p>
        {words} <strong>{duration(leftMs)}</strong>
      </p>
      <progress max={lastsMs} value={leftMs} aria-label="Time left" />
    </div>
  );
}
