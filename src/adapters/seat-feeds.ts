// The relays of an event's live feed. One takes the readers until it has its fill, then the next; when all have, chance
// decides. Any relay can tell a reader who comes back what was missed, because all are told the same numbers.

import type { SeatFeeds } from "../app/ports";
import type { EventCode } from "../domain/ids";

export interface FeedLimits {
  readonly relays: number;
  readonly perAddress: number;
  readonly perEvent: number;
}

/**
 * Readers after whom the next relay is opened. Buyers at one relay hand over their commands together: 128 on one cost a
 * quarter less processor time than on four. Many more on one wait longer for their news.
 */
export const FILL = 500;
/** A relay that has its fill answers so (421, Misdirected Request: RFC 9110, 15.5.20). */
const HAS_ITS_FILL = 421;
/** Events an isolate remembers; the oldest are dropped first. */
const MAX_EVENTS = 10_000;

export function seatFeeds(namespace: Env["SEAT_FEED"], limits: FeedLimits): SeatFeeds {
  const perRelay = Math.ceil(limits.perEvent / limits.relays);
  /** Relays that have their fill, by event; absent: none. They are not asked first again. */
  const filled = new Map<EventCode, number>();

  function noteFilled(code: EventCode, count: number): void {
    if (!filled.has(code) && filled.size >= MAX_EVENTS) filled.delete(filled.keys().next().value as EventCode);
    filled.set(code, Math.max(count, filled.get(code) ?? 0));
  }

  return {
    async connect(code, { upgrade, since, changes, address }) {
      const url = new URL("https://seat-feed/");
      url.searchParams.set("code", code);
      url.searchParams.set("address", await digestOf(address));
      url.searchParams.set("perAddress", String(limits.perAddress));
      url.searchParams.set("perRelay", String(perRelay));
      url.searchParams.set("changes", changes);
      if (since !== null) url.searchParams.set("since", String(since));
      const headers = { Upgrade: upgrade.headers.get("Upgrade") ?? "websocket" };
      const ask = (place: number) => {
        const relay = `${code}:${place}`;
        url.searchParams.set("relay", relay);
        return namespace.get(namespace.idFromName(relay)).fetch(url.href, { headers });
      };
      url.searchParams.set("fill", String(Math.min(FILL, perRelay)));
      for (let place = filled.get(code) ?? 0; place < limits.relays; place++) {
        const answer = await ask(place);
        if (answer.status !== HAS_ITS_FILL) return answer;
        noteFilled(code, place + 1);
      }
      url.searchParams.delete("fill");
      return await ask(Math.floor(Math.random() * limits.relays));
    },
  };
}

/** The relay counts sockets an address without knowing it. */
async function digestOf(address: string): Promise<string> {
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(address));
  return Array.from(new Uint8Array(digest, 0, 12), (byte) => byte.toString(16).padStart(2, "0")).join("");
}
