// A live hall inside a page: the page renders again a few times a second at most, whatever the hall does; who draws is
// told of every change at once.

import { useEffect, useRef, useState } from "preact/hooks";
import type { Problem } from "../api/client";
import type { Hall } from "./hall";
import { type Connection, type GatesFollower, type HallWatcher, watchHall } from "./live-hall";

export type SeatListener = (seats: readonly number[]) => void;

export interface LiveHall {
  readonly hall: Hall | null;
  /** Grows while the hall changes. */
  readonly tick: number;
  readonly connection: Connection;
  readonly problem: Problem | null;
  readonly onChange: (listener: SeatListener) => () => void;
}

const RENDER_EVERY_MS = 200;

/** `follower` is the one of the first time: whoever shows the hall keeps it. */
export function useHall(eventId: string, follower?: GatesFollower): LiveHall {
  const [hall, setHall] = useState<Hall | null>(null);
  const [tick, setTick] = useState(0);
  const [connection, setConnection] = useState<Connection>("connecting");
  const [problem, setProblem] = useState<Problem | null>(null);
  const following = useRef(follower);
  const listeners = useRef(new Set<SeatListener>());
  useEffect(() => {
    let waiting: ReturnType<typeof setTimeout> | undefined;
    const watcher: HallWatcher = {
      loaded: (loaded) => {
        setProblem(null);
        setHall(loaded);
      },
      changed: (seats) => {
        for (const listener of listeners.current) listener(seats);
        waiting ??= setTimeout(() => {
          waiting = undefined;
          setTick((n) => n + 1);
        }, RENDER_EVERY_MS);
      },
      connection: setConnection,
      failed: setProblem,
    };
    const stop = watchHall(eventId, watcher, following.current);
    return () => {
      clearTimeout(waiting);
      stop();
      setHall(null);
    };
  }, [eventId]);
  const [onChange] = useState(() => (listener: SeatListener) => {
    listeners.current.add(listener);
    return () => void listeners.current.delete(listener);
  });
  return { hall, tick, connection, problem, onChange };
}
