// The bank asks back: in Stripe's own window, or with the simulator by two buttons that stand for the bank.

import { useState } from "preact/hooks";
import { read, send } from "../api/client";
import type { Booking, Payment } from "../api/types";
import { config } from "../config";
import { Countdown } from "../parts/countdown";
import { useStore } from "../store";
import { localTime, seatList, time } from "../words";
import { answerChallenge } from "./stripe";

interface Props {
  readonly booking: Booking;
  readonly payment: Payment | null;
  readonly onDone: () => void;
}

export function Challenge({ booking, payment, onDone }: Props) {
  const shop = useStore(config);
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<string | null>(null);
  if (!payment || !shop) return null;
  const endsAtMs = Date.parse(booking.paymentExpiresAt);

  const finish = async (work: () => Promise<string | null>) => {
    setBusy(true);
    setError(null);
    setError(await work());
    setBusy(false);
    onDone();
  };
  const simulate = (result: "success" | "failure") => async () => {
    const answer = await send("POST", `/dev/payments/${payment.id}/authentication`, { body: { result } });
    return answer.ok ? null : answer.problem.message;
  };
  const askBank = async () => {
    const secret = payment.clientSecret ?? (await secretOf(payment.id));
    if (!secret || !shop.publishableKey) return "Your bank cannot be asked just now. Try again in a moment.";
    return answerChallenge(shop.publishableKey, secret).catch(
      () => "Your bank's page could not be loaded. Check your connection and try again.",
    );
  };
  return (
    <div class="panel stack">
      <p>Nothing is charged before your bank knows that it is you.</p>
      <Countdown
        endsAtMs={endsAtMs}
        lastsMs={endsAtMs - Date.parse(booking.createdAt)}
        words={`${seatList(booking.seatIds)}: held for your bank's answer for`}
        onEnd={onDone}
      />
      {shop.payments === "stripe" ? (
        <button type="button" class="button" disabled={busy} onClick={() => finish(askBank)}>
          {busy ? "Waiting for your bank…" : "Go on to your bank"}
        </button>
      ) : (
        <>
          <p class="fine">This bank is simulated: you decide what it says.</p>
          <div class="row">
            <button type="button" class="button" disabled={busy} onClick={() => finish(simulate("success"))}>
              Say that it is me
            </button>
            <button type="button" class="button quiet" disabled={busy} onClick={() => finish(simulate("failure"))}>
              Say that it is not
            </button>
          </div>
        </>
      )}
      {error && (
        <p class="form-error" role="alert">
          {error} Nothing was charged, and your seats are still held: ask your bank again.
        </p>
      )}
      <p class="fine">
        You can close your bank's window, or this page, and come back. If your bank says no, another card can be used
        here; if it has not said yes by {localTime(booking.paymentExpiresAt) ?? time(booking.paymentExpiresAt)}, the
        seats go back on sale and nothing is charged.
      </p>
    </div>
  );
}

async function secretOf(paymentId: string): Promise<string | null> {
  const answer = await read<Payment>(`/api/payments/${paymentId}`);
  return answer.ok ? (answer.value.clientSecret ?? null) : null;
}
