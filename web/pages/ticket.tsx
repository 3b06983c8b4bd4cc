// A confirmed booking: its tickets, its place in the calendar, and giving it back.

import { useRef, useState } from "preact/hooks";
import { say } from "../announce";
import { newKey, type Problem, send } from "../api/client";
import type { Booking, Cancellation, EventItem, PageOf } from "../api/types";
import { calendarFile } from "../calendar";
import { useAsk } from "../use-ask";
import {
  day,
  fromNow,
  localTime,
  money,
  plural,
  priceWords,
  seatList,
  seatWords,
  shortMoment,
  span,
  time,
} from "../words";

const CANCEL_BEFORE_MS = 24 * 3_600_000;

interface Props {
  readonly booking: Booking;
  readonly event: EventItem | null;
  readonly onCancelled: () => void;
}

export function Ticket({ booking, event, onCancelled }: Props) {
  return (
    <>
      <div class="tickets">
        {booking.seatIds.map((id) => (
          <article key={id} class="ticket" aria-label={seatWords(id)}>
            <div>
              <p class="ticket-event">{booking.eventName}</p>
              <p>{booking.venueName ?? "Place to be announced"}</p>
              <p>
                {day(booking.eventDate)}
                <br />
                {event ? span(event) : time(booking.eventDate)}
                {localTime(booking.eventDate) && ` (${localTime(booking.eventDate)} for you)`}
              </p>
            </div>
            <p class="ticket-seat">
              {seatWords(id)
                .split(", ")
                .map((part) => (
                  <strong key={part}>{part}</strong>
                ))}
            </p>
          </article>
        ))}
      </div>
      <TicketActions booking={booking} event={event} onCancelled={onCancelled} />
    </>
  );
}

function TicketActions({ booking, event, onCancelled }: Props) {
  const eventAddress = `${location.origin}/events/${booking.eventId}`;
  const share = async () => {
    const what = {
      title: booking.eventName,
      text: `${booking.eventName}, ${day(booking.eventDate)}`,
      url: eventAddress,
    };
    if (navigator.share) return navigator.share(what).catch(() => undefined);
    await navigator.clipboard.writeText(eventAddress);
    say("The event's address is copied: paste it to whom you want to take along.", "good");
  };
  return (
    <div class="ticket-actions">
      <p>
        {booking.totalAmount === 0 ? "Free of charge." : `Paid ${money(booking.totalAmount, booking.currency)}.`} The
        tickets are in your e-mail too. Booking {booking.id.slice(-8)}.
      </p>
      <div class="row">
        <a class="button" href={`/tickets/${booking.id}`}>
          Show or print the codes
        </a>
        <a class="button quiet" href={calendarFile(booking, event)} download={`${fileName(booking.eventName)}.ics`}>
          Add to my calendar
        </a>
        <button type="button" class="button quiet" onClick={share}>
          Share the event
        </button>
        <a class="button quiet" href="/my-tickets">
          My tickets
        </a>
      </div>
      <Cancel key={booking.seatIds.join()} booking={booking} onCancelled={onCancelled} />
    </div>
  );
}

function Cancel({ booking, onCancelled }: Pick<Props, "booking" | "onCancelled">) {
  const dialog = useRef<HTMLDialogElement>(null);
  const [chosen, setChosen] = useState<ReadonlySet<string>>(new Set(booking.seatIds));
  const [problem, setProblem] = useState<Problem | null>(null);
  const [busy, setBusy] = useState(false);
  const untilMs = Date.parse(booking.eventDate) - CANCEL_BEFORE_MS;
  const until = new Date(untilMs).toISOString();
  const all = chosen.size === booking.seatIds.length;
  const isFree = booking.totalAmount === 0;
  const [isOpen, setOpen] = useState(false);
  const { value: tickets } = useAsk<PageOf<PricedTicket>>(
    isOpen ? `/api/bookings/${booking.id}/tickets?perPage=100` : null,
  );
  const prices = new Map(tickets?.data.map(({ seatId, price }) => [seatId, price]));
  const refund = all ? booking.totalAmount : refundOf(chosen, prices);
  if (untilMs <= Date.now()) {
    return <p class="fine">The event starts in less than 24 hours: the booking can no longer be cancelled.</p>;
  }
  const cancel = async () => {
    setBusy(true);
    const body = all ? {} : { seatIds: [...chosen] };
    const answer = await send<Cancellation>("POST", `/api/bookings/${booking.id}/cancel`, { body, key: newKey() });
    setBusy(false);
    if (!answer.ok) return setProblem(answer.problem);
    const { refundAmount, currency } = answer.value;
    say(
      refundAmount === 0 ? "Cancelled." : `Cancelled. ${money(refundAmount, currency)} goes back to your card.`,
      "good",
    );
    dialog.current?.close();
    onCancelled();
  };
  const toggle = (id: string) => {
    const next = new Set(chosen);
    if (!next.delete(id)) next.add(id);
    setChosen(next);
  };
  return (
    <>
      <p class="fine">
        {isFree
          ? `You can give the seats back until ${shortMoment(until)} (${fromNow(until)}).`
          : `You can cancel until ${shortMoment(until)} (${fromNow(until)}) and get ${money(booking.totalAmount, booking.currency)} back.`}{" "}
        <button
          type="button"
          class="link"
          onClick={() => {
            setOpen(true);
            dialog.current?.showModal();
          }}
        >
          Cancel tickets…
        </button>
      </p>
      <dialog ref={dialog} class="dialog" aria-labelledby={`cancel-${booking.id}`}>
        <h2 id={`cancel-${booking.id}`}>Cancel {plural(booking.seatIds.length, "ticket")}?</h2>
        <p>
          {booking.eventName}, {seatList(booking.seatIds)}.
          {!isFree && ` Until ${shortMoment(until)} all of it comes back.`}
        </p>
        {booking.seatIds.length > 1 && (
          <fieldset class="cards">
            <legend>Which ones</legend>
            {booking.seatIds.map((id) => (
              <label key={id} class="card-choice">
                <input type="checkbox" checked={chosen.has(id)} onChange={() => toggle(id)} />{" "}
                <span class="grow">{seatWords(id)}</span>
                <span class="price">{priceShown(prices.get(id), booking.currency)}</span>
              </label>
            ))}
          </fieldset>
        )}
        {!isFree && (
          <p class="total" aria-live="polite">
            <span>You get back</span>{" "}
            <strong>
              {refund === null ? `the price of ${plural(chosen.size, "ticket")}` : money(refund, booking.currency)}
            </strong>
          </p>
        )}
        {problem && (
          <p class="form-error" role="alert">
            {problem.message}
          </p>
        )}
        <div class="row">
          <button type="button" class="button danger" disabled={busy || chosen.size === 0} onClick={cancel}>
            {busy ? "One moment…" : `Cancel ${plural(chosen.size, "ticket")}`}
          </button>
          <button type="button" class="button quiet" onClick={() => dialog.current?.close()}>
            Keep {booking.seatIds.length === 1 ? "it" : "them"}
          </button>
        </div>
      </dialog>
    </>
  );
}

interface PricedTicket {
  readonly seatId: string;
  readonly price: number;
}

/** Null while a price is not known. */
function refundOf(seatIds: Iterable<string>, prices: ReadonlyMap<string, number>): number | null {
  let sum = 0;
  for (const id of seatIds) {
    const price = prices.get(id);
    if (price === undefined) return null;
    sum += price;
  }
  return sum;
}

function priceShown(price: number | undefined, currency: string): string {
  return price === undefined ? "" : priceWords(price, currency);
}

function fileName(text: string): string {
  return (
    text
      .toLowerCase()
      .replaceAll(/[^a-z0-9]+/g, "-")
      .replaceAll(/^-|-$/g, "") || "event"
  );
}
