// What is held: seats, prices, the total, the time left, and the three things to do about it.

import { useState } from "preact/hooks";
import { say } from "../announce";
import type { Problem } from "../api/client";
import { type Held, LONGEST_HOLD_MS, refresh, release, renew, total, whereToPay } from "../basket";
import { useNow } from "../use-ask";
import { money, priceWords } from "../words";
import { Countdown } from "./countdown";

/** A renewal that would win less than this is not offered. */
const WORTH_RENEWING_MS = 20_000;

export function BasketPanel({ held, atCheckout = false }: { readonly held: Held; readonly atCheckout?: boolean }) {
  const [problem, setProblem] = useState<Problem | null>(null);
  const nowMs = useNow(1_000);
  const winsMs = Math.min(nowMs + held.lastsMs, held.startedAtMs + LONGEST_HOLD_MS) - held.expiresAtMs;
  const giveBack = async () => {
    const answer = await release(held);
    if (!answer.ok) return setProblem(answer.problem);
    say(held.seats.length === 1 ? "The seat is free for others again." : "The seats are free for others again.");
  };
  const keepLonger = async () => {
    const answer = await renew(held);
    setProblem(answer.ok ? null : answer.problem);
    if (answer.ok) say("Your seats are held for longer.", "good");
  };
  return (
    <section class="basket" aria-labelledby="basket-title">
      <h2 id="basket-title">{held.seats.length === 1 ? "Your seat" : "Your seats"}</h2>
      <Countdown
        endsAtMs={held.expiresAtMs}
        lastsMs={held.lastsMs}
        words={held.bookingId ? "To be paid within" : "Held for you for"}
        onEnd={() => refresh(held)}
      />
      <SeatLines seats={held.seats} currency={held.currency} />
      <p class="total">
        <span>Total</span> <strong>{priceWords(total(held), held.currency)}</strong>
      </p>
      {total(held) > 0 && <p class="fine">This is all there is to pay.</p>}
      {problem && (
        <p class="form-error" role="alert">
          {problem.message}
        </p>
      )}
      <div class="basket-actions">
        {!atCheckout && <PayLink held={held} />}
        {!held.bookingId && (
          <button type="button" class="button quiet" disabled={winsMs < WORTH_RENEWING_MS} onClick={keepLonger}>
            Keep them longer
          </button>
        )}
        <button type="button" class="button quiet" onClick={giveBack}>
          {held.seats.length === 1 ? "Give the seat back" : "Give the seats back"}
        </button>
      </div>
    </section>
  );
}

export function PayLink({ held }: { readonly held: Held }) {
  return (
    <a class="button" href={whereToPay(held)}>
      {total(held) === 0 ? "Go on and book" : `Go on to pay ${money(total(held), held.currency)}`}
    </a>
  );
}

interface Lines {
  readonly seats: readonly { readonly id: string; readonly name: string; readonly price: number }[];
  readonly currency: string;
}

export function SeatLines({ seats, currency }: Lines) {
  return (
    <ul class="lines">
      {seats.map(({ id, name, price }) => (
        <li key={id}>
          <span>{name}</span> <span>{priceWords(price, currency)}</span>
        </li>
      ))}
    </ul>
  );
}
