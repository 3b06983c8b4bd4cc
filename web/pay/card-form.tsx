// The card: the simulator's test cards to choose from, or Stripe's own form.

import { useEffect, useRef, useState } from "preact/hooks";
import { config } from "../config";
import { useStore } from "../store";
import { money } from "../words";
import type { Tokenise } from "./paying";
import { type CardElement, mountCard } from "./stripe";

interface Props {
  readonly amount: number;
  readonly currency: string;
  readonly busy: boolean;
  readonly onPay: (tokenise: Tokenise) => void;
}

const TEST_CARDS = [
  { token: "pm_card_visa", name: "A card that works", hint: "Visa 4242" },
  { token: "pm_card_authenticationRequired", name: "A card whose bank asks back", hint: "3-D Secure" },
  { token: "pm_card_chargeDeclined", name: "A card that is declined", hint: "no money" },
] as const;

export function CardForm({ amount, currency, busy, onPay }: Props) {
  const shop = useStore(config);
  if (!shop) return <p role="status">Asking which cards are taken…</p>;
  const label = `Pay ${money(amount, currency)}`;
  return shop.payments === "stripe" ? (
    <StripeCard
      publishableKey={shop.publishableKey}
      amount={amount}
      currency={currency}
      busy={busy}
      label={label}
      onPay={onPay}
    />
  ) : (
    <TestCards busy={busy} label={label} onPay={onPay} />
  );
}

function TestCards({ busy, label, onPay }: Pick<Props, "busy" | "onPay"> & { readonly label: string }) {
  const [token, setToken] = useState<string>(TEST_CARDS[0].token);
  const submit = (event: Event) => {
    event.preventDefault();
    onPay(async () => ({ token }));
  };
  return (
    <form class="stack" onSubmit={submit}>
      <fieldset class="cards">
        <legend>Card</legend>
        <p class="fine">No real money moves here: payments are simulated.</p>
        {TEST_CARDS.map((card) => (
          <label key={card.token} class="card-choice">
            <input type="radio" name="card" checked={token === card.token} onChange={() => setToken(card.token)} />
            <span>
              <strong>{card.name}</strong> <span class="fine">{card.hint}</span>
            </span>
          </label>
        ))}
      </fieldset>
      <button type="submit" class="button" disabled={busy}>
        {busy ? "One moment…" : label}
      </button>
    </form>
  );
}

interface StripeProps extends Props {
  readonly publishableKey: string | null;
  readonly label: string;
}

function StripeCard({ publishableKey, amount, currency, busy, label, onPay }: StripeProps) {
  const place = useRef<HTMLDivElement>(null);
  const [card, setCard] = useState<CardElement | null>(null);
  const [error, setError] = useState<string | null>(null);
  const [round, setRound] = useState(0);
  useEffect(() => {
    let mounted: CardElement | null = null;
    let gone = false;
    if (!publishableKey || !place.current) return;
    mountCard(publishableKey, place.current, amount, currency).then(
      (made) => {
        mounted = made;
        if (gone) made.unmount();
        else setCard(made);
      },
      () => setError("The card form could not be loaded. Check your connection and try again."),
    );
    return () => {
      gone = true;
      mounted?.unmount();
      setCard(null);
    };
  }, [publishableKey, amount, currency, round]);
  if (!publishableKey) return <p class="form-error">Card payments are not set up here yet.</p>;
  const submit = (event: Event) => {
    event.preventDefault();
    if (card) onPay(card.tokenise);
  };
  return (
    <form class="stack" onSubmit={submit}>
      <div ref={place} class="stripe-place" />
      {error && (
        <p class="form-error" role="alert">
          {error}{" "}
          <button type="button" class="link" onClick={() => setRound(round + 1)}>
            Try again
          </button>
        </p>
      )}
      <button type="submit" class="button" disabled={busy || !card}>
        {busy ? "One moment…" : card ? label : "Loading the card form…"}
      </button>
    </form>
  );
}
