// One booking, whatever becomes of it: its payment, the steps while it is made, and a page for every end.

import { useState } from "preact/hooks";
import type { Booking, EventItem } from "../api/types";
import { basket, release } from "../basket";
import { Countdown } from "../parts/countdown";
import { Loading, Page, Trouble } from "../parts/page";
import { CardForm } from "../pay/card-form";
import { Challenge } from "../pay/challenge";
import { isFinal, type Stage, type Standing, stageOf, type Tokenise } from "../pay/paying";
import { Steps } from "../pay/steps";
import { useStore } from "../store";
import { useAsk } from "../use-ask";
import { day, money, plural, seatList, time } from "../words";
import { sentPayment, startPaying, useBooking, type Watched } from "./booking-watch";
import { Ticket } from "./ticket";

/** Only then is it worth saying that it takes long. */
const LONG_MS = 20_000;

export function BookingPage({ id }: { readonly id: string }) {
  const watched = useBooking(id);
  const { standing, problem, again } = watched;
  if (!standing && (problem?.status === 404 || problem?.status === 403)) {
    return (
      <Page title="There is no such booking in your account" class="narrow">
        <p>Its address may be mistyped, or it was made with another account.</p>
        <p>
          <a class="button" href="/my-tickets">
            My tickets
          </a>
        </p>
      </Page>
    );
  }
  if (!standing) {
    return (
      <Page title={problem ? "The booking could not be shown" : "Your booking"} class="narrow">
        {problem ? <Trouble problem={problem} onRetry={again} /> : <Loading what="Looking at your booking…" />}
      </Page>
    );
  }
  return <Shown key={standing.booking.id} standing={standing} watched={watched} />;
}

const TITLES: Readonly<Record<Stage, string>> = {
  "to-pay": "Pay for your seats",
  declined: "The card was declined",
  challenged: "Your bank wants to know that it is you",
  asking: "Your payment is under way",
  capturing: "Your payment is under way",
  confirmed: "You are going",
  failed: "This booking did not work out",
  expired: "The time to pay is over",
  cancelled: "This booking is cancelled",
};

function Shown({ standing, watched }: { readonly standing: Standing; readonly watched: Watched }) {
  const { booking } = standing;
  const { value: event } = useAsk<EventItem>(`/api/events/${booking.eventId}`);
  const sent = useStore(sentPayment);
  const isSent = sent?.bookingId === booking.id && !sent.done;
  const known = stageOf(standing);
  // Between sending a card and the first news of it, the payment is what is going on.
  const stage = isSent && (known === "to-pay" || known === "declined") ? "asking" : known;
  return (
    <Page title={TITLES[stage]} class={`booking ${stage}`}>
      <div role="status" class="hidden">
        {TITLES[stage]}
      </div>
      <p class="booking-of">
        {booking.eventName}, {day(booking.eventDate)}, {time(booking.eventDate)}
      </p>
      {watched.problem && <Trouble problem={watched.problem} onRetry={watched.again} />}
      <Body stage={stage} standing={standing} event={event} watched={watched} />
    </Page>
  );
}

interface BodyProps {
  readonly stage: Stage;
  readonly standing: Standing;
  readonly event: EventItem | null;
  readonly watched: Watched;
}

function Body({ stage, standing, event, watched }: BodyProps) {
  const { booking, payment } = standing;
  switch (stage) {
    case "to-pay":
    case "declined":
      return <PayAgain booking={booking} declined={stage === "declined"} onEnd={watched.again} />;
    case "challenged":
      return <Challenge booking={booking} payment={payment} onDone={watched.again} />;
    case "asking":
    case "capturing":
      return (
        <>
          <Steps stage={stage} />
          {watched.waitedMs > LONG_MS && (
            <p>
              This takes longer than usual. Your seats stay yours meanwhile and nothing is charged twice. You can close
              this page: we mail you as soon as we know.
            </p>
          )}
        </>
      );
    case "confirmed":
      return <Ticket booking={booking} event={event} onCancelled={watched.again} />;
    case "failed":
      return <Failed booking={booking} />;
    case "expired":
      return (
        <Ended
          words="The seats went back on sale because the payment did not come in time. Nothing was charged; should your bank show an amount as reserved, it lapses by itself."
          booking={booking}
        />
      );
    case "cancelled":
      return <Cancelled standing={standing} />;
  }
}

function PayAgain({
  booking,
  declined,
  onEnd,
}: {
  readonly booking: Booking;
  readonly declined: boolean;
  readonly onEnd: () => void;
}) {
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<string | null>(null);
  const held = useStore(basket).find(({ lockId }) => lockId === booking.lockId) ?? null;
  const sent = useStore(sentPayment);
  const refused = sent?.bookingId === booking.id ? sent.problem : null;
  const submit = async (tokenise: Tokenise) => {
    setBusy(true);
    setError(null);
    const made = await tokenise();
    setBusy(false);
    if ("error" in made) return setError(made.error);
    startPaying(booking.id, made.token);
  };
  const endsAtMs = Date.parse(booking.paymentExpiresAt);
  return (
    <div class="panel stack">
      {declined && !refused && (
        <p class="form-error" role="alert">
          Your bank did not agree to this payment, and nothing was charged. Your seats are still held: try another card.
        </p>
      )}
      <Countdown
        endsAtMs={endsAtMs}
        lastsMs={endsAtMs - Date.parse(booking.createdAt)}
        words={`${seatList(booking.seatIds)}: yours to pay within`}
        onEnd={onEnd}
      />
      {refused && (
        <p class="form-error" role="alert">
          {refused.message}
        </p>
      )}
      {error && (
        <p class="form-error" role="alert">
          {error}
        </p>
      )}
      {!(refused && isFinal(refused)) && (
        <CardForm amount={booking.totalAmount} currency={booking.currency} busy={busy} onPay={submit} />
      )}
      {refused && isFinal(refused) && (
        <p>
          <a class="button" href={`/events/${booking.eventId}`}>
            Choose seats again
          </a>
        </p>
      )}
      {held && (
        <button type="button" class="button quiet" onClick={() => release(held).then(onEnd)}>
          Give the seats back instead
        </button>
      )}
    </div>
  );
}

const FAILURES: Readonly<Record<NonNullable<Booking["failureReason"]>, string>> = {
  SEATS_UNAVAILABLE:
    "Somebody else was quicker: the seats were taken before yours could be booked. Nothing was charged, and nothing is owed.",
  PAYMENT_FAILED: "The payment did not go through and the seats went back on sale. Nothing was charged.",
  INTERNAL_ERROR:
    "Something went wrong on our side. The seats went back on sale; whatever was charged is returned within 5 to 10 days.",
};

function Failed({ booking }: { readonly booking: Booking }) {
  return <Ended words={FAILURES[booking.failureReason ?? "INTERNAL_ERROR"]} booking={booking} />;
}

function Ended({ words, booking }: { readonly words: string; readonly booking: Booking }) {
  return (
    <div class="panel stack">
      <p>{words}</p>
      <p class="fine">It was about {seatList(booking.seatIds)}.</p>
      <p>
        <a class="button" href={`/events/${booking.eventId}`}>
          Choose other seats
        </a>
      </p>
    </div>
  );
}

function Cancelled({ standing: { booking, payment } }: { readonly standing: Standing }) {
  const amount = payment ? money(payment.amount, payment.currency) : null;
  const words = (() => {
    switch (payment?.status) {
      case "REFUND_PENDING":
        return `${amount} is on its way back to your card. Banks take 5 to 10 days to show it.`;
      case "REFUNDED":
        return `${amount} went back to your card. Banks take 5 to 10 days to show it.`;
      case "REFUND_FAILED":
        return `Your bank did not take the ${amount} back. We know of it and will be in touch by e-mail.`;
      default:
        return "There was nothing to pay back.";
    }
  })();
  return (
    <div class="panel stack">
      <p>{words}</p>
      <p class="fine">{plural(booking.seatIds.length + booking.cancelledSeatIds.length, "seat")} went back on sale.</p>
      <p>
        <a class="button" href={`/events/${booking.eventId}`}>
          Look at the event again
        </a>
      </p>
    </div>
  );
}
