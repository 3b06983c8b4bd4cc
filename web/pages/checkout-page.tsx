// What is held, who buys it, and the card. From the moment the booking exists its own page goes on.

import { useRef, useState } from "preact/hooks";
import { basket, type Held, total } from "../basket";
import { BasketPanel } from "../parts/basket-panel";
import { Page } from "../parts/page";
import { AccountForm } from "../parts/sign-in";
import { CardForm } from "../pay/card-form";
import { bookHeld, type Tokenise } from "../pay/paying";
import { navigate } from "../router";
import { session } from "../session";
import { useStore } from "../store";
import { startPaying } from "./booking-watch";

export function CheckoutPage({ lockId }: { readonly lockId: string }) {
  const holds = useStore(basket);
  const account = useStore(session)?.user ?? null;
  const held = holds.find((one) => one.lockId === lockId) ?? null;
  const eventId = useRef<string | null>(null);
  if (held) eventId.current = held.eventId;
  if (!held) {
    return (
      <Page title="Nothing is held here any more" class="narrow">
        <p>The hold has run out, was given back, or belongs to another browser. Nothing was charged.</p>
        <p>
          <a class="button" href={eventId.current ? `/events/${eventId.current}` : "/"}>
            Choose seats
          </a>{" "}
          <a class="button quiet" href="/my-tickets">
            My tickets
          </a>
        </p>
      </Page>
    );
  }
  return (
    <Page title={`${total(held) === 0 ? "Book" : "Pay for"} ${held.eventName}`} class="checkout">
      <div class="checkout-columns">
        <section class="panel" aria-label="Payment">
          {account?.id === held.userId ? <Pay held={held} email={account.email} /> : <WhoBuys />}
        </section>
        <aside class="panel" aria-label="Your seats">
          <BasketPanel held={held} atCheckout />
          <p>
            <a class="link" href={`/events/${held.eventId}`}>
              Back to the hall
            </a>
          </p>
        </aside>
      </div>
    </Page>
  );
}

function WhoBuys() {
  return (
    <>
      <h2>Sign in to go on</h2>
      <p>The seats stay held for the account that chose them.</p>
      <AccountForm onDone={() => undefined} />
    </>
  );
}

function Pay({ held, email }: { readonly held: Held; readonly email: string }) {
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<string | null>(null);
  const isFree = total(held) === 0;

  const book = async (tokenise: Tokenise | null) => {
    setBusy(true);
    setError(null);
    const made = tokenise ? await tokenise() : null;
    if (made && "error" in made) {
      setBusy(false);
      return setError(made.error);
    }
    const booked = await bookHeld(held);
    setBusy(false);
    if (!booked.ok) return setError(booked.problem.message);
    const { bookingId } = booked.value;
    if (made) startPaying(bookingId, made.token);
    navigate(`/bookings/${bookingId}`, { replace: true });
  };
  return (
    <>
      <h2>{isFree ? "Book" : "Payment"}</h2>
      <p>
        The tickets go to <strong>{email}</strong>.
      </p>
      {isFree ? (
        <button type="button" class="button" disabled={busy} onClick={() => book(null)}>
          {busy ? "One moment…" : "Book for free"}
        </button>
      ) : (
        <CardForm amount={total(held)} currency={held.currency} busy={busy} onPay={book} />
      )}
      {error && (
        <p class="form-error" role="alert">
          {error}
        </p>
      )}
      <p class="fine">
        {isFree
          ? "You can give the seats back until 24 hours before the start."
          : "You can cancel until 24 hours before the start, and get all of it back. No money moves for a seat that is not yours."}
      </p>
    </>
  );
}
