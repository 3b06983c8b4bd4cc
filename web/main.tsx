// The web app's first line: which page belongs to which address. The organiser's part is loaded when it is asked for.

import { type ComponentType, render } from "preact";
import { useEffect, useState } from "preact/hooks";
import { leaveGoodNews } from "./announce";
import { startKeepingBasket } from "./basket";
import { loadConfig } from "./config";
import { BookingPage } from "./pages/booking-page";
import { CheckoutPage } from "./pages/checkout-page";
import { EventPage } from "./pages/event-page";
import { EventsPage } from "./pages/events-page";
import { TicketsPage } from "./pages/tickets-page";
import { Footer, Header, Notices, useOnlineNotice } from "./parts/frame";
import { Loading, Page } from "./parts/page";
import { AccountForm, SignInDialog } from "./parts/sign-in";
import { place, startRouting } from "./router";
import { session } from "./session";
import { useStore } from "./store";

function App() {
  const { path } = useStore(place);
  useOnlineNotice();
  return (
    <>
      <Header />
      <Shown key={path} path={path} />
      <Footer />
      <Notices />
      <SignInDialog />
    </>
  );
}

function Shown({ path }: { readonly path: string }) {
  const [, kind, id] = /^\/(events|checkout|bookings)\/([^/]+)$/.exec(path) ?? [];
  const account = useStore(session)?.user ?? null;
  if (path === "/") return <EventsPage />;
  if (path === "/my-tickets") return <TicketsPage />;
  if (kind === "events" && id) return <EventPage id={id} />;
  if (kind === "checkout" && id) return <CheckoutPage lockId={id} />;
  if (kind === "bookings" && id) return account ? <BookingPage id={id} /> : <SignInFirst what="your booking" />;
  if (/^\/organiser(\/|$)/.test(path)) {
    if (!account) return <SignInFirst what="the organiser's pages" />;
    return account.role === "ADMIN" ? <Organiser path={path} /> : <NotForYou />;
  }
  return (
    <Page title="There is nothing at this address" class="narrow">
      <p>
        <a class="button" href="/">
          See all events
        </a>
      </p>
    </Page>
  );
}

function SignInFirst({ what }: { readonly what: string }) {
  return (
    <Page title={`Sign in to see ${what}`} class="narrow">
      <div class="panel">
        <AccountForm onDone={() => undefined} />
      </div>
    </Page>
  );
}

function NotForYou() {
  return (
    <Page title="These pages are for organisers" class="narrow">
      <p>Your account is a buyer's. An organiser of this shop can give you the right to see them.</p>
    </Page>
  );
}

function Organiser({ path }: { readonly path: string }) {
  const [Pages, setPages] = useState<ComponentType<{ readonly path: string }> | null>(null);
  useEffect(() => {
    void import("./organiser/pages").then((part) => setPages(() => part.OrganiserPages));
  }, []);
  return Pages ? <Pages path={path} /> : <Loading what="Loading…" />;
}

startRouting();
place.subscribe(leaveGoodNews);
startKeepingBasket();
void loadConfig();
const app = document.getElementById("app");
if (app) render(<App />, app);
