// Loading something for a page: what is known, what went wrong, and how to ask again.

import { useCallback, useEffect, useState } from "preact/hooks";
import { type Answer, type Problem, read } from "./api/client";

export interface Asked<T> {
  readonly value: T | null;
  readonly problem: Problem | null;
  readonly loading: boolean;
  readonly again: () => void;
}

/** Asks anew when the address changes, keeping what is shown until the new answer is there. A null address asks nothing. */
export function useAsk<T>(address: string | null, everyMs?: number): Asked<T> {
  const [value, setValue] = useState<T | null>(null);
  const [problem, setProblem] = useState<Problem | null>(null);
  const [loading, setLoading] = useState(true);
  const [round, setRound] = useState(0);
  useEffect(() => {
    if (address === null) return;
    const stopped = new AbortController();
    setLoading(true);
    read<T>(address, { signal: stopped.signal }).then(
      (answer: Answer<T>) => {
        setLoading(false);
        setProblem(answer.ok ? null : answer.problem);
        if (answer.ok) setValue(() => answer.value);
      },
      () => undefined,
    );
    return () => stopped.abort();
  }, [address, round]);
  useEffect(() => {
    if (everyMs === undefined) return;
    const timer = setInterval(() => document.hidden || setRound((n) => n + 1), everyMs);
    return () => clearInterval(timer);
  }, [everyMs]);
  const again = useCallback(() => setRound((n) => n + 1), []);
  return { value, problem, loading, again };
}

/** The time, every so often. */
export function useNow(everyMs: number): number {
  const [now, setNow] = useState(Date.now());
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), everyMs);
    return () => clearInterval(timer);
  }, [everyMs]);
  return now;
}
