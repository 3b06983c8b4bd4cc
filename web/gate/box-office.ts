// What a scanner asks the box office, and what it does when that cannot be reached: nothing here waits long, because
// somebody stands at the door.

import type { InvalidReason, ScanResult } from "../../src/domain/door";
import type { Bundle, Entry, ScanRecord } from "./records";

export interface Answer {
  readonly nonce: string;
  readonly result: ScanResult;
  readonly reason: InvalidReason | null;
  readonly ticketId: string | null;
  readonly seatId: string | null;
  readonly entry: Entry | null;
}

/** `away`: no answer in time, or none that helps. `shut`: the token is worth nothing any more. */
export type Told<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly why: "away" | "shut" };

/** Longer than a good network takes, shorter than a queue is patient. */
const SCAN_PATIENCE_MS = 2_500;
const PATIENCE_MS = 15_000;
/** As many as the box office takes at once. */
export const BATCH = 100;

export async function fetchBundle(
  token: string,
  etag: string | null,
): Promise<Told<{ readonly bundle: Bundle; readonly etag: string | null } | "unchanged">> {
  const headers: Record<string, string> = etag === null ? {} : { "If-None-Match": etag };
  const response = await ask("/api/gate/bundle", token, { headers }, PATIENCE_MS);
  if (!response.ok) return response;
  if (response.value.status === 304) return { ok: true, value: "unchanged" };
  const bundle = (await response.value.json()) as Bundle;
  return { ok: true, value: { bundle, etag: response.value.headers.get("ETag") } };
}

export async function sendScan(
  token: string,
  { ticket, nonce, atMs }: Pick<ScanRecord, "ticket" | "nonce" | "atMs">,
): Promise<Told<Answer>> {
  const body = { ticket, nonce, scannedAt: isoOf(atMs) };
  const response = await ask("/api/gate/check-ins", token, posted(body), SCAN_PATIENCE_MS);
  return response.ok ? { ok: true, value: answerOf(await response.value.json()) } : response;
}

export async function sendBatch(token: string, scans: readonly ScanRecord[]): Promise<Told<readonly Answer[]>> {
  const body = {
    scans: scans.map(({ ticket, nonce, atMs }) => ({ ticket, nonce, scannedAt: isoOf(atMs) })),
    sentAt: isoOf(Date.now()),
  };
  const response = await ask("/api/gate/check-ins/batch", token, posted(body), PATIENCE_MS);
  if (!response.ok) return response;
  const { answers } = (await response.value.json()) as { answers: readonly unknown[] };
  return { ok: true, value: answers.map(answerOf) };
}

async function ask(path: string, token: string, init: RequestInit, patienceMs: number): Promise<Told<Response>> {
  try {
    const response = await fetch(path, {
      ...init,
      headers: { ...init.headers, Authorization: `Bearer ${token}` },
      signal: AbortSignal.timeout(patienceMs),
      cache: "no-store",
      credentials: "omit",
    });
    if (response.status === 401) return { ok: false, why: "shut" };
    return response.ok || response.status === 304 ? { ok: true, value: response } : { ok: false, why: "away" };
  } catch {
    return { ok: false, why: "away" };
  }
}

function posted(body: unknown): RequestInit {
  return { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) };
}

function answerOf(value: unknown): Answer {
  const { entry, ...answer } = value as Answer & { entry: { gate: string; scannedAt: string } | null };
  return { ...answer, entry: entry && { gate: entry.gate, atMs: Date.parse(entry.scannedAt) } };
}

function isoOf(ms: number): string {
  return new Date(ms).toISOString();
}
