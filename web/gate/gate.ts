// The gate page: shows each answer as large as the screen, in colour, words and sound, and what the scanner has not handed
// in yet. It works without network from its second load on.

import type { InvalidReason, ScanResult } from "../../src/domain/door";
import { startCamera } from "./camera";
import { openRecords, type ScanRecord } from "./records";
import { newScanner, type Outcome, type Scanner, type Status } from "./scanner";
import { signal, wakeSound } from "./signals";

const SYNC_EVERY_MS = 15_000;
const LATEST = 8;

const WORDS: Readonly<Record<ScanResult, string>> = {
  ok: "Let in",
  already_used: "Already used",
  revoked: "Cancelled",
  wrong_event: "Another event",
  too_early: "Too early",
  expired: "Event is over",
  invalid: "Not a ticket",
};

const REASONS: Readonly<Record<InvalidReason, string>> = {
  malformed: "This code is none of ours.",
  unknown_key: "Signed with a key that is not in use here: from elsewhere, or very old.",
  bad_signature: "Its signature is wrong: it was changed, forged or mistyped.",
  unknown_ticket: "No such ticket was ever sold.",
  unverified:
    "A typed number proves nothing without network, or without its last six characters. Scan the code, or type all of it.",
};

function part<T extends HTMLElement>(id: string): T {
  const found = document.getElementById(id);
  if (!found) throw new Error(`the page has no #${id}`);
  return found as T;
}

function say(id: string, text: string): void {
  const element = part(id);
  if (element.textContent !== text) element.textContent = text;
}

function timeOf(ms: number): string {
  return new Date(ms).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit", second: "2-digit" });
}

/** Without seconds, with the month in letters: 10/12 is two days. */
function momentOf(iso: string): string {
  return new Date(iso).toLocaleString([], {
    weekday: "short",
    day: "numeric",
    month: "short",
    hour: "2-digit",
    minute: "2-digit",
  });
}

function seatOf(seatId: string | null): string {
  return seatId === null ? "" : `Seat ${seatId.replace(/^seat_/, "")}`;
}

function detailOf({ result, reason, entry, offline }: Outcome, status: Status): string {
  const window = status.bundle?.window;
  switch (result) {
    case "ok":
      return offline ? "Checked without network; handed in later." : "Enjoy the evening.";
    case "already_used":
      return entry ? `At ${timeOf(entry.atMs)}, ${entry.gate}.` : "Somebody came in with it.";
    case "revoked":
      return "Its seat was cancelled and the money returned.";
    case "wrong_event":
      return `It is real, but not for ${status.bundle?.event.name ?? "this event"}.`;
    case "too_early":
      return window ? `Tickets are taken from ${momentOf(window.opensAt)}.` : "";
    case "expired":
      return "Tickets are no longer taken.";
    case "invalid":
      return REASONS[reason ?? "malformed"];
  }
}

function showAnswer(outcome: Outcome, status: Status): void {
  const answer = part("answer");
  const isUnproven = outcome.reason === "unverified";
  answer.dataset["result"] = isUnproven ? "unverified" : outcome.result;
  say("word", isUnproven ? "Not checked" : WORDS[outcome.result]);
  say("seat", seatOf(outcome.seatId));
  say("detail", detailOf(outcome, status));
  signal(outcome.result);
  const item = document.createElement("li");
  item.textContent = [timeOf(Date.now()), WORDS[outcome.result], seatOf(outcome.seatId)].filter(Boolean).join(" · ");
  part("latest-list").prepend(item);
  while (part("latest-list").children.length > LATEST) part("latest-list").lastElementChild?.remove();
}

function showClosed(): void {
  part("answer").dataset["result"] = "invalid";
  say("word", "Gate closed");
  say("seat", "");
  say("detail", "Its token was revoked or has run out. Ask the organiser for a new one.");
  signal("invalid");
}

function showStatus({ bundle, shut, reachable, waiting, letIn, wrong }: Status): void {
  const isOpen = bundle !== null;
  part("sign-in").hidden = isOpen && !shut;
  part("scanning").hidden = !isOpen;
  say("gate", bundle?.gate.name ?? "Gate");
  say("event", bundle?.event.name ?? "Scan the code that the organiser shows for your gate, or type its token.");
  if (!isOpen) return;
  mark("network", shut ? "Gate closed" : reachable ? "Online" : "No network", shut || !reachable);
  mark("waiting", waiting === 0 ? "All handed in" : `${waiting} waiting to be handed in`, waiting > 0);
  mark("let-in", `${letIn} let in here`, false);
  part("wrong").hidden = wrong.length === 0;
  part("wrong-list").replaceChildren(...wrong.map(wrongItem));
}

function mark(id: string, text: string, alarm: boolean): void {
  say(id, text);
  part(id).dataset["alarm"] = String(alarm);
}

function wrongItem({ seatId, result, entry, atMs }: ScanRecord): HTMLElement {
  const item = document.createElement("li");
  const why = WORDS[result ?? "invalid"] + (result === "already_used" && entry ? ` at ${entry.gate}` : "");
  item.textContent = `${timeOf(atMs)} · ${seatOf(seatId)} · ${why}`;
  return item;
}

/** A fragment is sent nowhere; it is taken out of the address once it is kept, so that it is not on the screen either. */
function tokenInAddress(): string | null {
  return location.hash.slice(1) || null;
}

async function prepareOffline(): Promise<void> {
  if (!("serviceWorker" in navigator)) return mark("offline-ready", "Needs network", true);
  await navigator.serviceWorker.register("/gate-sw.js", { scope: "/gate" });
  await navigator.serviceWorker.ready;
  // A browser that is short of space asks before it throws away what was not handed in.
  await navigator.storage?.persist?.();
  mark("offline-ready", "Ready for offline", false);
}

function watchCamera(found: (text: string) => Promise<void>): void {
  const button = part<HTMLButtonElement>("camera-button");
  const video = part<HTMLVideoElement>("camera");
  let stop: (() => void) | null = null;
  button.addEventListener("click", async () => {
    if (stop) {
      stop();
      stop = null;
      video.hidden = true;
      button.textContent = "Start the camera";
      return;
    }
    video.hidden = false;
    say("camera-trouble", "");
    try {
      stop = await startCamera(video, found);
      button.textContent = "Stop the camera";
    } catch {
      video.hidden = true;
      say("camera-trouble", "The camera cannot be used: allow it in the browser, or type the ticket's number.");
    }
  });
}

async function start(): Promise<void> {
  let scanner: Scanner | null = null;
  const show = () => {
    if (scanner) showStatus(scanner.status());
  };
  scanner = await newScanner(await openRecords(), show);
  const open = async (token: string) => {
    const opened = await scanner.open(token.trim());
    say(
      "sign-in-trouble",
      opened ? "" : "This token opens no gate: it was mistyped, revoked or has run out, or there is no network.",
    );
    if (!opened) return;
    history.replaceState(null, "", location.pathname);
    await scanner.sync();
  };
  /** One after another: a second person waits until the first is let in. */
  let queue = Promise.resolve();
  const check = (text: string) => {
    queue = queue.then(async () => {
      const outcome = await scanner.scan(text.trim());
      if (outcome) showAnswer(outcome, scanner.status());
      else showClosed();
    });
    return queue;
  };
  part("sign-in").addEventListener("submit", (event) => {
    event.preventDefault();
    void open(part<HTMLInputElement>("token").value);
  });
  part("manual").addEventListener("submit", async (event) => {
    event.preventDefault();
    const input = part<HTMLInputElement>("ticket");
    const text = input.value;
    input.value = "";
    input.focus();
    if (text.trim() !== "") await check(text);
  });
  part("change-gate").addEventListener("click", () => {
    part("sign-in").hidden = false;
    part("token").focus();
  });
  watchCamera(check);
  document.addEventListener("pointerdown", wakeSound);
  document.addEventListener("keydown", wakeSound);
  addEventListener("online", () => void scanner.sync());
  addEventListener("offline", () => void scanner.sync());
  setInterval(() => void scanner.sync(), SYNC_EVERY_MS);

  show();
  const given = tokenInAddress();
  if (given !== null) await open(given);
  else await scanner.sync();
  addEventListener("hashchange", () => {
    const token = tokenInAddress();
    if (token !== null) void open(token);
  });
}

void prepareOffline().catch(() => mark("offline-ready", "Needs network", true));
await start();
