// The hall of an event as it is now: loaded once, then kept up by the feed, or by polling while the feed cannot be had.
// Says whether it is live, and mends itself.

import { type Answer, type Problem, read } from "../api/client";
import type { Layout, Statuses } from "../api/types";
import { type Hall, hallOf, statusOf } from "./hall";

export type Connection = "connecting" | "live" | "polling" | "offline";

export interface HallWatcher {
  loaded(hall: Hall): void;
  /** These seats changed; `hall.statuses` has it. */
  changed(seats: readonly number[]): void;
  connection(state: Connection): void;
  failed(problem: Problem): void;
}

/** How many came in at a gate. */
export interface GateCount {
  readonly id: string;
  readonly checkedIn: number;
  readonly conflicts: number;
}

/** An organiser's page follows the gates on the same socket. */
export interface GatesFollower {
  token(): string | null;
  /** Null: nobody says at the moment. */
  counted(counts: readonly GateCount[] | null): void;
}

type Frame =
  | { readonly type: "snapshot"; readonly seq: number; readonly layoutVersion: number; readonly statuses: string }
  | {
      readonly type: "delta";
      readonly prev: number;
      readonly seq: number;
      /** By what they are now, the places of seats that changed. */
      readonly places?: Readonly<Record<string, readonly number[]>>;
      /** What a relay says that is of the release before. */
      readonly changes?: readonly (readonly [string, string])[];
    }
  | { readonly type: "closed"; readonly reason: string }
  | { readonly type: "auth"; readonly ok: boolean }
  | { readonly type: "gates"; readonly seq: number; readonly gates: readonly GateCount[] }
  /** To what was asked for here: a refusal. */
  | { readonly type: "reply"; readonly ok: boolean };

/** An acknowledgement is for all frames before it, too; the feed closes at 512 without one. */
const FRAMES_AN_ACK = 32;

const POLL_MS = 1_000;
const SLOW_POLL_MS = 5_000;
const FIRST_RETRY_MS = 500;
const LAST_RETRY_MS = 15_000;
/** A socket that never opened this often is not to be had here: polling stays, the socket is tried rarely. */
const FRUITLESS_TRIES = 2;
const PING_MS = 20_000;

/** Watches until the returned function is called. */
export function watchHall(eventId: string, watcher: HallWatcher, follower?: GatesFollower): () => void {
  const base = `/api/inventory/events/${eventId}`;
  const stopped = new AbortController();
  // Asked for beside the first statuses, which nearly always name the same version: one way less to a drawn hall.
  const firstLayout: Promise<Answer<Layout> | null> = read<Layout>(`${base}/layout`, { signal: stopped.signal }).catch(
    () => null,
  );
  let hall: Hall | null = null;
  let seq = 0;
  let gatesSeq = 0;
  let etag = "";
  let socket: WebSocket | null = null;
  let tries = 0;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let poller: ReturnType<typeof setTimeout> | undefined;

  const takeStatuses = async (statuses: Statuses): Promise<void> => {
    if (!hall || hall.version !== statuses.layoutVersion) {
      const inForce = hall ? null : await firstLayout;
      const layout: Answer<Layout> =
        inForce?.ok && inForce.value.layoutVersion === statuses.layoutVersion
          ? inForce
          : await read(`${base}/layout?v=${statuses.layoutVersion}`, { signal: stopped.signal });
      if (!layout.ok) return watcher.failed(layout.problem);
      hall = hallOf(layout.value, statuses.statuses);
      seq = statuses.seq;
      return watcher.loaded(hall);
    }
    if (statuses.seq < seq) return;
    seq = statuses.seq;
    const changes: number[] = [];
    for (let i = 0; i < hall.statuses.length; i++) {
      const status = statusOf(statuses.statuses.charAt(i));
      if (hall.statuses[i] === status) continue;
      hall.statuses[i] = status;
      changes.push(i);
    }
    if (changes.length > 0) watcher.changed(changes);
  };

  const poll = async (): Promise<void> => {
    const headers: Record<string, string> = etag === "" ? {} : { "If-None-Match": etag };
    const answer: Answer<Statuses> = await read(`${base}/statuses`, { headers, signal: stopped.signal });
    if (!answer.ok) {
      if (!hall || answer.problem.status === 404) return watcher.failed(answer.problem);
      return watcher.connection("offline");
    }
    if (socket?.readyState !== WebSocket.OPEN) watcher.connection("polling");
    if (answer.status === 304) return;
    etag = `"${answer.value.layoutVersion}-${answer.value.seq}"`;
    await takeStatuses(answer.value);
  };

  const keepPolling = () => {
    clearTimeout(poller);
    if (stopped.signal.aborted || socket?.readyState === WebSocket.OPEN) return;
    poller = setTimeout(() => guarded(poll()).then(keepPolling), document.hidden ? SLOW_POLL_MS : POLL_MS);
  };

  const receive = async (frame: Frame): Promise<void> => {
    if (frame.type === "snapshot") return takeStatuses(frame);
    if (frame.type === "auth") {
      if (frame.ok) socket?.send('{"type":"gates"}');
      return;
    }
    if (frame.type === "reply") return follower?.counted(null);
    if (frame.type === "gates") {
      if (frame.seq < gatesSeq) return;
      gatesSeq = frame.seq;
      return follower?.counted(frame.gates);
    }
    if (frame.type === "closed" || !hall) return;
    if (frame.seq <= seq) return;
    // Something is missing: start again from where we are sure.
    if (frame.prev > seq) return socket?.close();
    seq = frame.seq;
    const changes: number[] = [];
    const put = (index: number | undefined, letter: string) => {
      if (index === undefined || hall?.statuses[index] === undefined) return;
      hall.statuses[index] = statusOf(letter);
      changes.push(index);
    };
    for (const [letter, places] of Object.entries(frame.places ?? {})) for (const place of places) put(place, letter);
    for (const [id, letter] of frame.changes ?? []) put(hall.indexOf.get(id), letter);
    if (changes.length > 0) watcher.changed(changes);
  };

  const connect = () => {
    if (stopped.signal.aborted) return;
    const url = new URL(`${base}/feed?changes=places&since=${seq}`, location.href.replace(/^http/, "ws"));
    const mine = new WebSocket(url);
    socket = mine;
    let opened = false;
    let unacked = 0;
    let queue: Promise<void> = Promise.resolve();
    const ping = setInterval(() => mine.readyState === WebSocket.OPEN && mine.send("ping"), PING_MS);
    mine.onopen = () => {
      opened = true;
      tries = 0;
      clearTimeout(poller);
      watcher.connection("live");
      const token = follower?.token();
      if (token != null) mine.send(JSON.stringify({ type: "auth", token }));
    };
    mine.onmessage = ({ data }: MessageEvent<string>) => {
      const frame = frameOf(data);
      if (!frame) return;
      queue = guarded(queue.then(() => receive(frame)));
      if (!("seq" in frame) || ++unacked < FRAMES_AN_ACK) return;
      unacked = 0;
      if (mine.readyState === WebSocket.OPEN) mine.send(`{"type":"ack","seq":${frame.seq}}`);
    };
    mine.onclose = () => {
      clearInterval(ping);
      if (socket !== mine || stopped.signal.aborted) return;
      if (!opened) tries += 1;
      follower?.counted(null);
      watcher.connection(tries >= FRUITLESS_TRIES ? "polling" : "connecting");
      keepPolling();
      timer = setTimeout(connect, Math.min(LAST_RETRY_MS, FIRST_RETRY_MS * 2 ** tries));
    };
  };

  const lookAgain = () => {
    if (document.hidden) return;
    tries = 0;
    if (socket?.readyState === WebSocket.OPEN) return;
    clearTimeout(timer);
    socket?.close();
    guarded(poll()).then(keepPolling);
    connect();
  };

  guarded(poll()).then(() => {
    if (hall) connect();
    keepPolling();
  });
  addEventListener("online", lookAgain);
  document.addEventListener("visibilitychange", lookAgain);
  return () => {
    stopped.abort();
    clearTimeout(timer);
    clearTimeout(poller);
    socket?.close();
    removeEventListener("online", lookAgain);
    document.removeEventListener("visibilitychange", lookAgain);
  };
}

/** Leaving the page stops what is under way; that is nothing to report. */
function guarded(work: Promise<void>): Promise<void> {
  return work.catch((fault: unknown) => {
    if (!(fault instanceof DOMException && fault.name === "AbortError")) throw fault;
  });
}

function frameOf(text: string): Frame | null {
  if (!text.startsWith("{")) return null;
  const frame = JSON.parse(text) as { readonly type?: unknown };
  return typeof frame.type === "string" && FRAME_TYPES.has(frame.type) ? (frame as Frame) : null;
}

const FRAME_TYPES: ReadonlySet<string> = new Set(["snapshot", "delta", "closed", "auth", "gates", "reply"]);
