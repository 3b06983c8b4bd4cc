// The relays of an event's live feed. Readers are spread over them by chance; each relay can tell a reader who comes
// back what was missed, because all relays are told the same numbers.

import type { SeatFeeds } from "../app/ports";

export interface FeedLimits {
  readonly relays: number;
  readonly perAddress: number;
  readonly perEvent: number;
}

export function seatFeeds(namespace: Env["SEAT_FEED"], limits: FeedLimits): SeatFeeds {
  return {
    async connect(code, { upgrade, since, address }) {
      const spread = Math.floor(Math.random() * limits.relays);
      const relay = `${code}:${spread}`;
      const url = new URL("https://seat-feed/");
      url.searchParams.set("code", code);
      url.searchParams.set("relay", relay);
      url.searchParams.set("address", await digestOf(address));
      url.searchParams.set("perAddress", String(limits.perAddress));
      url.searchParams.set("perRelay", String(Math.ceil(limits.perEvent / limits.relays)));
      if (since !== null) url.searchParams.set("since", String(since));
      const headers = { Upgrade: upgrade.headers.get("Upgrade") ?? "websocket" };
      return namespace.get(namespace.idFromName(relay)).fetch(url.href, { headers });
    },
  };
}

/** The relay counts sockets an address without knowing it. */
async function digestOf(address: string): Promise<string> {
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(address));
  return Array.from(new Uint8Array(digest, 0, 12), (byte) => byte.toString(16).padStart(2, "0")).join("");
}
