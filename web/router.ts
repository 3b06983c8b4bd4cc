// Addresses and pages. Links stay plain links; a click on one of our pages changes the page without a reload.

import { createStore } from "./store";

export interface Place {
  readonly path: string;
  readonly query: URLSearchParams;
}

const here = (): Place => ({ path: location.pathname, query: new URLSearchParams(location.search) });
export const place = createStore<Place>(here());

const PAGES: readonly RegExp[] = [
  /^\/$/,
  /^\/my-tickets$/,
  /^\/(events|checkout|bookings)\/[^/]+$/,
  /^\/organiser(\/.*)?$/,
];

export function navigate(address: string, { replace = false } = {}): void {
  if (replace) history.replaceState(null, "", address);
  else history.pushState(null, "", address);
  place.set(here());
  if (!replace) scrollTo(0, 0);
}

/** Changes the query in place: filters are part of the address, and not steps of the way back. */
export function setQuery(changes: Readonly<Record<string, string>>): void {
  const query = new URLSearchParams(location.search);
  for (const [name, value] of Object.entries(changes)) {
    if (value === "") query.delete(name);
    else query.set(name, value);
  }
  const text = query.toString();
  navigate(text === "" ? location.pathname : `${location.pathname}?${text}`, { replace: true });
}

export function startRouting(): void {
  addEventListener("popstate", () => place.set(here()));
  document.addEventListener("click", (event) => {
    const isPlain = event.button === 0 && !event.metaKey && !event.ctrlKey && !event.shiftKey && !event.altKey;
    const link = (event.target as Element | null)?.closest("a");
    if (!isPlain || event.defaultPrevented || !link || link.target !== "" || link.hasAttribute("download")) return;
    const url = new URL(link.href);
    if (url.origin !== location.origin || url.hash !== "" || !PAGES.some((page) => page.test(url.pathname))) return;
    event.preventDefault();
    navigate(url.pathname + url.search);
  });
}
