// What a scanner keeps through reloads and without network: its token, the bundle, and every scan it made (IndexedDB).

import type { InvalidReason, ScanResult } from "../../src/domain/door";

/** The answer of GET /api/gate/bundle. */
export interface Bundle {
  readonly event: { readonly id: string; readonly name: string; readonly startsAt: string; readonly endsAt: string };
  readonly gate: { readonly id: string; readonly name: string; readonly expiresAt: string };
  readonly window: { readonly opensAt: string; readonly closesAt: string };
  readonly keys: readonly (JsonWebKey & { readonly kid: string })[];
  readonly revoked: { readonly version: number; readonly tickets: readonly string[] };
}

export interface KeptBundle {
  readonly bundle: Bundle;
  readonly etag: string | null;
}

/** Who came in with a ticket, as far as this scanner knows. */
export interface Entry {
  readonly gate: string;
  readonly atMs: number;
}

export interface ScanRecord {
  readonly nonce: string;
  readonly eventId: string;
  /** The text of the code, or what was typed in: handed in as it is. */
  readonly ticket: string;
  readonly ticketId: string | null;
  readonly seatId: string | null;
  readonly atMs: number;
  /** What the person at the door was shown. */
  readonly shown: ScanResult;
  /** What the box office says; null while it has not been told. */
  readonly result: ScanResult | null;
  readonly reason: InvalidReason | null;
  readonly entry: Entry | null;
  /** Scanned without network, and not handed in yet. */
  readonly waiting: boolean;
}

const NAME = "ticketflow-gate";
const VERSION = 1;

export interface Records {
  get<T>(name: "token" | "bundle"): Promise<T | null>;
  put(name: "token" | "bundle", value: unknown): Promise<void>;
  drop(name: "token" | "bundle"): Promise<void>;
  keep(scan: ScanRecord): Promise<void>;
  /** Read once, when the page opens: a judgement has no time for a look into a database. */
  all(): Promise<readonly ScanRecord[]>;
}

export async function openRecords(): Promise<Records> {
  const opening = indexedDB.open(NAME, VERSION);
  opening.onupgradeneeded = () => {
    opening.result.createObjectStore("values");
    opening.result.createObjectStore("scans", { keyPath: "nonce" });
  };
  const db = await answerOf(opening);
  /** Durable before the door opens: a scanner may lose power at any moment. */
  const writing = (store: string) => db.transaction(store, "readwrite", { durability: "strict" });
  return {
    get: async (name) => (await answerOf(db.transaction("values").objectStore("values").get(name))) ?? null,
    put: (name, value) => write(writing("values"), (all) => all.objectStore("values").put(value, name)),
    drop: (name) => write(writing("values"), (all) => all.objectStore("values").delete(name)),
    keep: (scan) => write(writing("scans"), (all) => all.objectStore("scans").put(scan)),
    all: () => answerOf(db.transaction("scans").objectStore("scans").getAll()),
  };
}

function answerOf<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

function write(transaction: IDBTransaction, change: (transaction: IDBTransaction) => void): Promise<void> {
  return new Promise((resolve, reject) => {
    transaction.oncomplete = () => resolve();
    transaction.onabort = () => reject(transaction.error);
    change(transaction);
  });
}
