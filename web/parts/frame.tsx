// The frame around every page: where one can go, who is signed in, what is held, and what just happened.

import { useEffect } from "preact/hooks";
import { dismiss, notices, say, whisper } from "../announce";
import { basket, isRunning, whereToPay } from "../basket";
import { place } from "../router";
import { requireAccount, session } from "../session";
import { useStore } from "../store";
import { useNow } from "../use-ask";
import { clock, plural } from "../words";

export function Header() {
  const account = useStore(session)?.user ?? null;
  const { path } = useStore(place);
  const current = (start: string) => (start === "/" ? path === "/" : path.startsWith(start)) || undefined;
  return (
    <header class="header">
      <div class="header-row">
        <a class="brand" href="/" aria-label="TicketFlow, all events">
          <img src="/favicon.svg" alt="" width="28" height="28" />
          <span>TicketFlow</span>
        </a>
        <nav aria-label="Pages">
          <a href="/" aria-current={current("/") && "page"}>
            Events
          </a>
          <a href="/my-tickets" aria-current={current("/my-tickets") && "page"}>
            My tickets
          </a>
          {account?.role === "ADMIN" && (
            <a href="/organiser" aria-current={current("/organiser") && "page"}>
              Organise
            </a>
          )}
        </nav>
        <div class="who">
          <HoldChip />
          {account ? (
            <>
              <span class="name">{account.name}</span>
              <button type="button" class="link" onClick={() => session.set(null)}>
                Sign out
              </button>
            </>
          ) : (
            <button type="button" class="link" onClick={() => requireAccount("Sign in")}>
              Sign in
            </button>
          )}
        </div>
      </div>
    </header>
  );
}

/** What is held elsewhere stays in view on every page. */
function HoldChip() {
  const holds = useStore(basket);
  const user = useStore(session)?.user.id;
  const { path } = useStore(place);
  const nowMs = useNow(1_000);
  const held = holds.find((one) => one.userId === user && isRunning(one, nowMs));
  if (!held) return null;
  const address = whereToPay(held);
  if (path === address || path === `/events/${held.eventId}`) return null;
  return (
    <a class="hold-chip" href={address}>
      {plural(held.seats.length, "seat")} held <strong>{clock(held.expiresAtMs - nowMs)}</strong>
    </a>
  );
}

export function Notices() {
  const shown = useStore(notices);
  const whispered = useStore(whisper);
  return (
    <>
      <div class="notices" role="status" aria-live="polite">
        {shown.map(({ id, text, tone }) => (
          <div key={id} class={`notice ${tone}`}>
            <span>{text}</span>
            <button type="button" class="close" aria-label="Dismiss" onClick={() => dismiss(id)}>
              ×
            </button>
          </div>
        ))}
      </div>
      <p class="hidden" aria-live="polite">
        {whispered}
      </p>
    </>
  );
}

/** Says so while the browser is offline, and when it is back. */
export function useOnlineNotice(): void {
  useEffect(() => {
    let last: number | null = null;
    const off = () => {
      last = say("You are offline. What you see may be out of date; we will catch up by ourselves.", "bad");
    };
    const on = () => {
      if (last !== null) dismiss(last);
      say("You are back online.", "good");
    };
    addEventListener("offline", off);
    addEventListener("online", on);
    return () => {
      removeEventListener("offline", off);
      removeEventListener("online", on);
    };
  }, []);
}

export function Footer() {
  return (
    <footer class="footer">
      <p>
        Times are UTC, as the events give them. <a href="/docs">API</a> · <a href="/openapi.json">OpenAPI</a>
      </p>
    </footer>
  );
}
