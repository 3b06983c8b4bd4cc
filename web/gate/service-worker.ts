// Keeps the gate page in the browser, so that it opens without network. What it keeps is named at build time; a new build
// is a new worker, which takes the old one's place at once.

/** Put in by scripts/build-web.mjs. */
declare const PRECACHE: { readonly name: string; readonly paths: readonly string[] };

interface LifeEvent extends Event {
  waitUntil(work: Promise<unknown>): void;
}
interface FetchEvent extends LifeEvent {
  readonly request: Request;
  respondWith(response: Promise<Response>): void;
}
const worker = self as unknown as EventTarget & {
  skipWaiting(): Promise<void>;
  readonly clients: { claim(): Promise<void> };
};

const PREFIX = "ticketflow-gate-";
const CACHE = PREFIX + PRECACHE.name;

async function install(): Promise<void> {
  const cache = await caches.open(CACHE);
  await cache.addAll(PRECACHE.paths.map((path) => new Request(path, { cache: "reload", credentials: "omit" })));
  await worker.skipWaiting();
}

async function activate(): Promise<void> {
  const old = (await caches.keys()).filter((name) => name.startsWith(PREFIX) && name !== CACHE);
  await Promise.all(old.map((name) => caches.delete(name)));
  await worker.clients.claim();
}

async function answer(request: Request): Promise<Response> {
  const cache = await caches.open(CACHE);
  return (await cache.match(request, { ignoreSearch: true })) ?? fetch(request);
}

worker.addEventListener("install", (event) => (event as LifeEvent).waitUntil(install()));
worker.addEventListener("activate", (event) => (event as LifeEvent).waitUntil(activate()));
worker.addEventListener("fetch", (event) => {
  const { request, respondWith } = event as FetchEvent;
  const { origin, pathname } = new URL(request.url);
  // Everything else, the API above all, goes its own way.
  if (request.method !== "GET" || origin !== location.origin || !PRECACHE.paths.includes(pathname)) return;
  respondWith.call(event, answer(request));
});
