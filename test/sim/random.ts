// A small fast source of pseudo-random numbers (sfc32): the same seed gives the same numbers on every machine.

export interface Random {
  /** 32 bits. */
  bits(): number;
  /** From 0 to below `n`. */
  below(n: number): number;
  between(least: number, most: number): number;
  chance(probability: number): boolean;
  pick<T>(from: readonly T[]): T;
}

const WARM_UP = 12;

export function randomOf(seed: number): Random {
  let a = seed >>> 0;
  let b = Math.floor(seed / 2 ** 32) ^ 0x9e3779b9;
  let c = 0x243f6a88;
  let d = 1;
  const bits = () => {
    const t = (a + b + d) | 0;
    d = (d + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = ((c << 21) | (c >>> 11)) + t;
    c |= 0;
    return t >>> 0;
  };
  for (let i = 0; i < WARM_UP; i++) bits();
  const below = (n: number) => Math.floor((bits() / 2 ** 32) * n);
  return {
    bits,
    below,
    between: (least, most) => least + below(most - least + 1),
    chance: (probability) => bits() / 2 ** 32 < probability,
    pick: (from) => from[below(from.length)] as (typeof from)[number],
  };
}
