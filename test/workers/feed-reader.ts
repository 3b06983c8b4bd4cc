// A reader of the live feed that keeps its own table, as a page does: it believes a delta only if its number fits.

import { SELF } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { vi } from "vitest";
import type { SeatFeed } from "../../src/durable/seat-feed";
import { type EventOnSale, type Json, seatsOf } from "./sale-client";

export interface Reader {
  readonly frames: Json[];
  seq: number;
  layoutVersion: number;
  statuses: string[];
  /** Deltas that began after the number this reader had. */
  gaps: number;
  closedWith: number | null;
  readonly socket: WebSocket;
  send(message: Json): void;
  /** The next frame of a type that was not looked at yet. */
  next(type: string): Promise<Json>;
}

export async function openFeed(
  event: EventOnSale,
  options: {
    readonly since?: number;
    readonly origin?: string;
    readonly acks?: boolean;
    /** This one, without the Worker in front, which chooses. */
    readonly relay?: string;
    readonly fill?: number;
    readonly changes?: "places";
  } = {},
): Promise<Response & { reader: Reader }> {
  const asked = Object.entries({ since: options.since, changes: options.changes }).flatMap(([name, value]) =>
    value === undefined ? [] : [[name, String(value)]],
  );
  const query = asked.length === 0 ? "" : `?${new URLSearchParams(asked)}`;
  const headers = new Headers({ Upgrade: "websocket" });
  if (options.origin !== undefined) headers.set("Origin", options.origin);
  const url = `http://localhost:3000/api/inventory/events/${event.id}/feed${query}`;
  const { relay } = options;
  const fill = options.fill === undefined ? "" : `&fill=${options.fill}`;
  const direct = `https://seat-feed/?code=${event.code}&relay=${relay}&address=test&perAddress=100&perRelay=100${fill}`;
  const opened = relay === undefined ? SELF.fetch(url, { headers }) : relayOf(relay).fetch(direct, { headers });
  const response = (await opened) as Response & { reader: Reader };
  if (response.webSocket === null) return response;
  const places = (await seatsOf(event)).of;
  response.reader = read(response.webSocket, Object.keys(places), options.since ?? 0, options.acks ?? true);
  return response;
}

export function relayOf(name: string): DurableObjectStub<SeatFeed> {
  const namespace = env.SEAT_FEED as unknown as DurableObjectNamespace<SeatFeed>;
  return namespace.get(namespace.idFromName(name));
}

function read(socket: WebSocket, seatIds: readonly string[], since: number, acks: boolean): Reader {
  const unseen: Json[] = [];
  const reader: Reader = {
    frames: [],
    seq: since,
    layoutVersion: 0,
    statuses: seatIds.map(() => "?"),
    gaps: 0,
    closedWith: null,
    socket,
    send: (message) => socket.send(typeof message === "string" ? message : JSON.stringify(message)),
    async next(type) {
      return await vi.waitFor(
        () => {
          const place = unseen.findIndex((frame) => frame.type === type);
          if (place < 0) throw new Error(`no ${type} came`);
          return unseen.splice(place, 1)[0];
        },
        { timeout: 10_000, interval: 10 },
      );
    },
  };
  socket.addEventListener("message", ({ data }) => {
    const frame: Json = data === "pong" ? { type: "pong" } : JSON.parse(data as string);
    reader.frames.push(frame);
    unseen.push(frame);
    if (frame.type === "snapshot") {
      reader.statuses = frame.statuses.split("");
      reader.layoutVersion = frame.layoutVersion;
      reader.seq = frame.seq;
    }
    if (frame.type === "delta") {
      if (frame.prev > reader.seq) reader.gaps += 1;
      for (const [seatId, status] of frame.changes ?? []) reader.statuses[seatIds.indexOf(seatId)] = status;
      for (const [status, places] of Object.entries<number[]>(frame.places ?? {})) {
        for (const place of places) reader.statuses[place] = status;
      }
      reader.seq = frame.seq;
    }
    if (acks && (frame.type === "snapshot" || frame.type === "delta")) reader.send({ type: "ack", seq: frame.seq });
  });
  socket.addEventListener("close", ({ code }) => {
    reader.closedWith = code;
  });
  socket.accept();
  return reader;
}
