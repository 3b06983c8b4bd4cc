// What the door hears and feels: a tone and a shake for each kind of answer, so that nobody has to look.

import type { ScanResult } from "../../src/domain/door";

/** Hertz and milliseconds of each tone, one after another. */
const GOOD = [
  [880, 90],
  [1_320, 140],
] as const;
const USED = [
  [300, 160],
  [0, 70],
  [300, 160],
  [0, 70],
  [300, 160],
] as const;
const BAD = [[220, 550]] as const;
const VOLUME = 0.25;

let context: AudioContext | null = null;

/** Browsers make no sound before the page was touched: called at every touch. */
export function wakeSound(): void {
  context ??= new AudioContext();
  if (context.state === "suspended") void context.resume();
}

export function signal(result: ScanResult): void {
  const tones = result === "ok" ? GOOD : result === "already_used" ? USED : BAD;
  navigator.vibrate?.(tones.map(([, ms]) => ms));
  if (context?.state !== "running") return;
  let at = context.currentTime;
  for (const [hertz, ms] of tones) {
    if (hertz > 0) play(context, hertz, at, ms / 1_000);
    at += ms / 1_000;
  }
}

function play(audio: AudioContext, hertz: number, at: number, seconds: number): void {
  const tone = audio.createOscillator();
  const volume = audio.createGain();
  tone.type = "square";
  tone.frequency.value = hertz;
  volume.gain.value = VOLUME;
  tone.connect(volume).connect(audio.destination);
  tone.start(at);
  tone.stop(at + seconds);
}
