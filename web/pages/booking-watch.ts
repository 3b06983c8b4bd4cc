// A booking as it goes on: asked about while something can still happen to it, and told at once when a payment of ours
// comes to something.

import { useEffect, useState } from "preact/hooks";
import type { Problem } from "../api/client";
import { forgetHeld } from "../basket";
import { pay, readStanding, type Standing, stageOf } from "../pay/paying";
import { createStore } from "../store";

/** Payments this page has sent and not heard of: their booking is watched closely. */
interface Sent {
  readonly bookingId: string;
  readonly problem: Problem | null;
  readonly done: boolean;
}
export const sentPayment = createStore<Sent | null>(null);

/** Puts a card to a booking, wherever the reader is by then. */
export function startPaying(bookingId: string, token: string): void {
  sentPayment.set({ bookingId, problem: null, done: false });
  void pay(bookingId, token).then((answer) =>
    sentPayment.set({ bookingId, problem: answer.ok ? null : answer.problem, done: true }),
  );
}

export interface Watched {
  readonly standing: Standing | null;
  readonly problem: Problem | null;
  /** How long it has been under way without an end, as far as this page saw. */
  readonly waitedMs: number;
  readonly again: () => void;
}

const QUICK_MS = 350;
const CALM_MS = 3_000;
/** After this long under way the quick questions stop. */
const PATIENCE_MS = 45_000;

export function useBooking(bookingId: string): Watched {
  const [standing, setStanding] = useState<Standing | null>(null);
  const [problem, setProblem] = useState<Problem | null>(null);
  const [round, setRound] = useState(0);
  const [since] = useState(Date.now());
  useEffect(() => {
    const stopped = new AbortController();
    let timer: ReturnType<typeof setTimeout> | undefined;
    const look = async () => {
      const answer = await readStanding(bookingId, stopped.signal);
      setProblem(answer.ok ? null : answer.problem);
      if (answer.ok) {
        setStanding(answer.value);
        if (isOver(answer.value)) forgetHeld(answer.value.booking.lockId);
      }
      const next = answer.ok ? nextLook(answer.value, Date.now() - since) : CALM_MS;
      if (next !== null && !stopped.signal.aborted) timer = setTimeout(start, next);
    };
    const start = () => look().catch(() => undefined);
    const stop = sentPayment.subscribe(() => {
      clearTimeout(timer);
      void start();
    });
    void start();
    return () => {
      stopped.abort();
      clearTimeout(timer);
      stop();
    };
  }, [bookingId, round]);
  return { standing, problem, waitedMs: Date.now() - since, again: () => setRound((n) => n + 1) };
}

function isOver(standing: Standing): boolean {
  return ["confirmed", "failed", "expired", "cancelled"].includes(stageOf(standing));
}

/** Null when nothing more will happen by itself. */
function nextLook(standing: Standing, waitedMs: number): number | null {
  const stage = stageOf(standing);
  if (stage === "asking" || stage === "capturing") return waitedMs < PATIENCE_MS ? QUICK_MS : CALM_MS;
  const sent = sentPayment.get();
  if (sent?.bookingId === standing.booking.id && !sent.done) return QUICK_MS;
  if (stage === "to-pay" || stage === "declined" || stage === "challenged") return CALM_MS;
  return standing.payment?.status === "REFUND_PENDING" ? CALM_MS : null;
}
