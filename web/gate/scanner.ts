// The scanner behind the page: judges a ticket with the box office if it answers in time and by itself if not, keeps what
// it let in, and hands that in once there is a network again.

import { BATCH, fetchBundle, sendBatch, sendScan } from "./box-office";
import { isFinal, type Judge, type Judgement, newJudge } from "./judge";
import type { Bundle, Entry, KeptBundle, Records, ScanRecord } from "./records";

export interface Outcome extends Judgement {
  /** Nobody was asked: it is the scanner's own judgement. */
  readonly offline: boolean;
}

export interface Status {
  readonly bundle: Bundle | null;
  readonly hasToken: boolean;
  /** The gate was revoked, or its time is over. */
  readonly shut: boolean;
  readonly reachable: boolean;
  readonly waiting: number;
  /** Let in here, as far as is known. */
  readonly letIn: number;
  /** Let in here without network although the ticket was not good, as it turned out. */
  readonly wrong: readonly ScanRecord[];
}

export interface Scanner {
  /** Changes gate: the token is kept until another takes its place. */
  open(token: string): Promise<boolean>;
  /** Null when this gate is closed to this scanner: no ticket is judged then. */
  scan(text: string): Promise<Outcome | null>;
  /** Refreshes the bundle and hands in what waits. Once at a time, however often it is called. */
  sync(): Promise<void>;
  status(): Status;
}

/** Batches of one sync; what is left goes with the next. */
const MAX_BATCHES = 50;

export async function newScanner(records: Records, changed: () => void): Promise<Scanner> {
  let token = await records.get<string>("token");
  const kept = await records.get<KeptBundle>("bundle");
  let etag = kept?.etag ?? null;
  let judge: Judge | null = kept && newJudge(kept.bundle, entryWith);
  let reachable = navigator.onLine;
  let shut = false;
  let syncing: Promise<void> | null = null;

  /** By nonce, and who came in with each ticket: what the database has, in memory. */
  const scans = new Map<string, ScanRecord>();
  const entries = new Map<string, Entry>();
  for (const scan of await records.all()) note(scan);

  function note(scan: ScanRecord): void {
    scans.set(scan.nonce, scan);
    if (scan.ticketId !== null && scan.entry !== null) entries.set(scan.ticketId, scan.entry);
  }

  async function keep(scan: ScanRecord): Promise<void> {
    await records.keep(scan);
    note(scan);
    changed();
  }

  function entryWith(ticketId: string): Entry | null {
    return entries.get(ticketId) ?? null;
  }

  /** Of the event whose gate this is now. */
  function ours(): readonly ScanRecord[] {
    return [...scans.values()].filter(({ eventId }) => eventId === judge?.bundle.event.id);
  }

  /** The page asks for another token. */
  function closed(): null {
    changed();
    return null;
  }

  async function refresh(): Promise<boolean> {
    if (token === null) return false;
    const told = await fetchBundle(token, judge === null ? null : etag);
    hear(told);
    if (!told.ok || told.value === "unchanged") return told.ok;
    etag = told.value.etag;
    judge = newJudge(told.value.bundle, entryWith);
    await records.put("bundle", told.value satisfies KeptBundle);
    return true;
  }

  function hear(told: { readonly ok: boolean; readonly why?: "away" | "shut" }): void {
    reachable = told.ok || told.why === "shut";
    shut = told.ok ? false : told.why === "shut" || shut;
  }

  async function handIn(): Promise<void> {
    for (let n = 0; n < MAX_BATCHES && token !== null && judge !== null; n++) {
      const batch = ours()
        .filter(({ waiting }) => waiting)
        .slice(0, BATCH);
      if (batch.length === 0) return;
      const told = await sendBatch(token, batch);
      hear(told);
      if (!told.ok) return;
      const answers = new Map(told.value.map((answer) => [answer.nonce, answer]));
      for (const scan of batch) {
        const answer = answers.get(scan.nonce);
        if (!answer) continue;
        const { result, reason, entry } = answer;
        const ids = { ticketId: answer.ticketId ?? scan.ticketId, seatId: answer.seatId ?? scan.seatId };
        await keep({ ...scan, ...ids, result, reason, entry, waiting: false });
      }
    }
  }

  return {
    async open(wanted) {
      const told = await fetchBundle(wanted, null);
      hear(told);
      if (!told.ok || told.value === "unchanged") return false;
      token = wanted;
      await records.put("token", wanted);
      etag = told.value.etag;
      judge = newJudge(told.value.bundle, entryWith);
      await records.put("bundle", told.value satisfies KeptBundle);
      changed();
      return true;
    },

    async scan(text) {
      if (token === null || judge === null || shut) return closed();
      shut = Date.parse(judge.bundle.gate.expiresAt) <= Date.now();
      if (shut) return closed();
      const [atMs, nonce, { bundle }] = [Date.now(), crypto.randomUUID(), judge];
      performance.mark("judge");
      const own = await judge.judge(text, atMs);
      performance.measure("verify", "judge");
      if (isFinal(own)) return { ...own, offline: false };
      const scan = { nonce, eventId: bundle.event.id, ticket: text, atMs };
      const told = reachable ? await sendScan(token, scan) : ({ ok: false, why: "away" } as const);
      if (reachable) hear(told);
      if (shut) return closed();
      if (told.ok) {
        const { result, reason, ticketId, seatId, entry } = told.value;
        await keep({ ...scan, ticketId, seatId, shown: result, result, reason, entry, waiting: false });
        return { result, reason, ticketId, seatId, entry, offline: false };
      }
      const entry = own.result === "ok" ? { gate: bundle.gate.name, atMs } : own.entry;
      // Also what was used here before: the box office should know that it was shown twice.
      const waiting = own.result === "ok" || own.result === "already_used";
      await keep({ ...scan, ...own, entry, shown: own.result, result: null, waiting });
      return { ...own, entry, offline: true };
    },

    sync() {
      syncing ??= (async () => {
        if (await refresh()) await handIn();
      })().finally(() => {
        syncing = null;
        changed();
      });
      return syncing;
    },

    status() {
      const all = ours();
      return {
        bundle: judge?.bundle ?? null,
        hasToken: token !== null,
        shut,
        reachable,
        waiting: all.filter(({ waiting }) => waiting).length,
        letIn: new Set(all.filter(({ shown, result }) => (result ?? shown) === "ok").map(({ ticketId }) => ticketId))
          .size,
        wrong: all.filter(({ shown, result }) => shown === "ok" && result !== null && result !== "ok"),
      };
    },
  };
}
