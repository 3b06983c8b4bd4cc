// A relay of one event's live feed. It holds the sockets, so that the object that sells holds none; it keeps the seat
// table and the latest changes, so that those who come, or come back, need not ask it either.

import { DurableObject } from "cloudflare:workers";
import { jwtTokens } from "../adapters/tokens";
import type { ChangeForm, FeedChange, FeedGates, FeedSnapshot } from "../domain/box-office/feed";
import type { EventCode } from "../domain/ids";
import { SECOND } from "../domain/time";
import type { BoxOffice } from "./box-office";
import { charged, FULL_BUCKET_MS, isOverdrawn, uncharged } from "./feed-budget";
import {
  type FeedCommands,
  feedCommands,
  OVERLOADED,
  refusalOf,
  replyTo,
  type Said,
  type Sender,
  sendTo,
} from "./feed-commands";
import { gatesAllowed } from "./feed-gates";
import type { FeedNews } from "./feed-publisher";
import { deltaFrame, FeedTable } from "./feed-table";

/** A reader with more frames than this unacknowledged is closed, never waited for. */
const MAX_UNACKED_FRAMES = 512;
/** 421, Misdirected Request (RFC 9110, 15.5.20). */
const HAS_ITS_FILL = 421;
const TOO_SLOW = 4008;
/** Of connections, and of messages: 429 of HTTP. */
const TOO_MANY = 4029;
const BAD_MESSAGE = 4000;
/** Internal error (RFC 6455, 7.4.1). */
const BROKEN = 1011;
/** A message of a client: an acknowledgement, a token, or a command of ten seats. */
const MAX_MESSAGE_CHARS = 8_192;
/**
 * Readers are written to in turns, with a pause after each: whoever else is to be served, here or on the same machine, a
 * buyer's hold among them, waits for a turn and not for a hall. More readers make turns larger, not more.
 */
const MIN_SOCKETS_A_TURN = 4;
const MAX_TURNS = 120;
const PAUSE_MS = 1;
/** Positions of sockets are kept with them once the feed is quiet this long, well before it may hibernate. */
const SETTLE_MS = 2 * SECOND;

/** What survives hibernation with a socket. */
export interface Attached {
  readonly code: EventCode;
  readonly relay: string;
  /** The last number sent to it, and the last it acknowledged. */
  readonly seq: number;
  readonly form: ChangeForm;
  readonly userId: string | null;
  /** Until when the token of that user is good. */
  readonly signedUntilMs: number;
  /** It is shown the gates' counts: when the database last said that it may be. Null: it is not. */
  readonly gatesAskedMs: number | null;
}

const STRANGER = { seq: 0, form: "seats", userId: null, signedUntilMs: 0, gatesAskedMs: null } as const;

interface Reader extends Sender {
  attached: Attached;
  seq: number;
  /** Frames sent and not acknowledged, by their number, oldest first. */
  unacked: number[];
  /** Of the last counts that it was shown. */
  gatesSeq: number;
  /** Its question for them is under way. */
  asksGates: boolean;
}

export class SeatFeed extends DurableObject<Env> {
  #table: FeedTable | null = null;
  #asking: Promise<void> | null = null;
  readonly #readers = new Map<WebSocket, Reader>();
  #settle: ReturnType<typeof setTimeout> | null = null;
  readonly #commands: FeedCommands = feedCommands(tokensOf(this.env), (code) => this.#boxOffice(code));

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    ctx.setWebSocketAutoResponse(new WebSocketRequestResponsePair("ping", "pong"));
    for (const socket of ctx.getWebSockets()) {
      // What an older release kept may lack a field.
      this.#remember(socket, { ...STRANGER, ...(socket.deserializeAttachment() as Attached) });
    }
  }

  /**
   * Takes a socket that the Worker checked: `code`, `relay`, `since`, `address` and the limits are its words. With `fill`
   * readers it takes none that another relay may have.
   */
  override async fetch(request: Request): Promise<Response> {
    const { searchParams } = new URL(request.url);
    const code = searchParams.get("code") as EventCode;
    const relay = searchParams.get("relay") as string;
    const address = searchParams.get("address") as string;
    const since = searchParams.get("since");
    const form = searchParams.get("changes") === "places" ? "places" : "seats";
    const fill = searchParams.get("fill");
    const open = this.ctx.getWebSockets().length;
    if (fill !== null && open >= Number(fill)) return new Response(null, { status: HAS_ITS_FILL });
    const { 0: client, 1: server } = new WebSocketPair();
    const perAddress = Number(searchParams.get("perAddress"));
    const perRelay = Number(searchParams.get("perRelay"));
    const full = this.ctx.getWebSockets(address).length >= perAddress || open >= perRelay;
    this.ctx.acceptWebSocket(server, [address]);
    if (full) {
      this.#expel(server, TOO_MANY, "too many connections");
      return new Response(null, { status: 101, webSocket: client });
    }
    await this.#ready(code, relay);
    const reader = this.#remember(server, { ...STRANGER, code, relay, form });
    await this.#welcome(server, reader, since === null ? null : Number(since));
    this.#keep(server, reader);
    return new Response(null, { status: 101, webSocket: client });
  }

  /**
   * News from the box office, as JSON; from one of an older release, as an object. A gap in the numbers is filled by
   * asking for what is missing.
   */
  async deliver(relay: string, told: string | FeedNews): Promise<void> {
    const code = relay.slice(0, relay.lastIndexOf(":")) as EventCode;
    if (this.#readers.size === 0) {
      if (this.ctx.getWebSockets().length === 0) await this.#unwatch(code, relay);
      return;
    }
    const news = typeof told === "string" ? (JSON.parse(told) as FeedNews) : told;
    if (news.type === "gates") return await this.#tellGates(news);
    const table = this.#table;
    if (news.type === "snapshot") {
      this.#replace(news, null, 0);
    } else if (table === null || news.layoutVersion !== table.layoutVersion || news.prev > table.seq) {
      await this.#catchUp(code, relay);
    } else {
      table.apply(news.changes, news.seq);
    }
    // The box office's pace is that of the slowest relay: this one is done when all its readers are level.
    await this.#spread();
    this.#settleSoon();
  }

  /** Nothing is to be awaited of a command: its answer is a message, and each promise costs as much as the command. */
  override webSocketMessage(socket: WebSocket, message: string | ArrayBuffer): void | Promise<void> {
    const reader = this.#readers.get(socket);
    if (reader === undefined) return;
    try {
      // What takes longer than a turn catches its own faults.
      return this.#hear(socket, reader, message, Date.now());
    } catch (fault) {
      log("a message was not taken", fault);
      this.#expel(socket, BROKEN, "something went wrong");
    }
  }

  #hear(socket: WebSocket, reader: Reader, message: string | ArrayBuffer, nowMs: number): void | Promise<void> {
    // Before anything is read of it: reading is what a flood would cost all the others.
    reader.fullAtMs = charged(reader.fullAtMs, nowMs);
    if (isOverdrawn(reader.fullAtMs, nowMs)) return this.#expel(socket, TOO_MANY, "too many messages");
    if (typeof message !== "string" || message.length > MAX_MESSAGE_CHARS) return this.#misunderstand(socket);
    let said: unknown;
    try {
      said = JSON.parse(message);
    } catch {
      return this.#misunderstand(socket);
    }
    if (typeof said !== "object" || said === null || !("type" in said)) return this.#misunderstand(socket);
    if (said.type === "ack") return this.#acknowledge(reader, said);
    if (said.type === "gates") return this.#showGates(socket, reader, said, nowMs);
    if (said.type === "auth") return this.#signIn(socket, reader, said, nowMs);
    this.#commands.take(socket, reader, said, nowMs);
  }

  #signIn(socket: WebSocket, reader: Reader, said: Said, nowMs: number): void {
    const signed = this.#commands.signIn(socket, said, nowMs);
    reader.attached = { ...reader.attached, ...signed, gatesAskedMs: null };
    this.#keep(socket, reader);
  }

  override async webSocketClose(socket: WebSocket, code: number): Promise<void> {
    // 1005 and 1006 say that no code came; they must not be sent.
    socket.close(code === 1005 || code === 1006 ? 1000 : code);
    await this.#leave(socket);
  }

  override async webSocketError(socket: WebSocket): Promise<void> {
    await this.#leave(socket);
  }

  async #leave(socket: WebSocket): Promise<void> {
    const reader = this.#readers.get(socket);
    this.#readers.delete(socket);
    // Whoever is on the way in needs to be told.
    if (reader === undefined || this.#readers.size > 0 || this.#asking !== null) return;
    await this.#unwatch(reader.attached.code, reader.attached.relay);
  }

  /** Calls may overtake each other: if somebody came meanwhile, the box office is asked again. */
  async #unwatch(code: EventCode, relay: string): Promise<void> {
    this.#table = null;
    await this.#boxOffice(code).unwatch(relay);
    await this.#asking;
    if (this.ctx.getWebSockets().length > 0) await this.#catchUp(code, relay);
  }

  /** A socket that hibernated was quiet for longer than its bucket takes to fill. */
  #remember(socket: WebSocket, attached: Attached): Reader {
    const sender = { attached, pending: 0, fullAtMs: FULL_BUCKET_MS };
    const reader: Reader = { ...sender, seq: attached.seq, unacked: [], gatesSeq: 0, asksGates: false };
    this.#readers.set(socket, reader);
    return reader;
  }

  /** The table as of now, asked for once however many come at the same time. */
  async #ready(code: EventCode, relay: string): Promise<void> {
    if (this.#table !== null) return;
    this.#asking ??= this.#ask(code, relay);
    await this.#asking;
  }

  async #ask(code: EventCode, relay: string): Promise<void> {
    try {
      // Those who hibernated here while memory was lost may have missed as much as who comes now.
      await this.#catchUp(code, relay);
    } finally {
      this.#asking = null;
    }
  }

  /** Puts a table in the place of an older one, with every change after `since` where those are known. */
  #replace(snapshot: FeedSnapshot, missed: readonly FeedChange[] | null, since: number): void {
    if (this.#table !== null && snapshot.seq < this.#table.seq) return;
    this.#table = new FeedTable(snapshot, missed, since);
  }

  /** After a gap, or a wake without memory: readers get what they miss, each from where it stands. */
  async #catchUp(code: EventCode, relay: string): Promise<void> {
    const since = Math.min(...[...this.#readers.values()].map(({ seq }) => seq));
    const { snapshot, missed } = await this.#boxOffice(code).watch(relay, since);
    const sameHall = this.#table === null || this.#table.layoutVersion === snapshot.layoutVersion;
    this.#replace(snapshot, sameHall ? missed : null, since);
    await this.#spread();
  }

  /**
   * Brings every reader level, each from where it stands, a few in a turn; what comes meanwhile goes with it. Several
   * of these share the work: whoever began one ends when nobody is left behind.
   */
  async #spread(): Promise<void> {
    let sent = 0;
    const socketsATurn = Math.max(MIN_SOCKETS_A_TURN, Math.ceil(this.#readers.size / MAX_TURNS));
    for (let isLevel = false; !isLevel; ) {
      isLevel = true;
      for (const [socket, reader] of this.#readers) {
        // It may go while readers are written to: then nobody misses anything of it.
        const table = this.#table;
        if (table === null || reader.seq >= table.seq) continue;
        isLevel = false;
        this.#send(socket, reader, table.frameSince(reader.seq, reader.attached.form), table.seq);
        sent += 1;
        if (sent % socketsATurn === 0) await scheduler.wait(PAUSE_MS);
      }
    }
  }

  /** A new socket: what it missed since it left, in order, or the whole table. */
  async #welcome(socket: WebSocket, reader: Reader, since: number | null): Promise<void> {
    const table = this.#table;
    if (table === null) return;
    if (since === null || since > table.seq) return this.#send(socket, reader, table.wholeFrame(), table.seq);
    reader.seq = since;
    // Exactly that, and even if it is nothing, so that one who came back knows it.
    const level = (seq: number, missed: readonly FeedChange[]) =>
      this.#send(socket, reader, deltaFrame(since, seq, missed, reader.attached.form), seq);
    if (table.reaches(since)) return level(table.seq, table.changesAfter(since));
    const { code, relay } = reader.attached;
    const { missed, snapshot } = await this.#boxOffice(code).watch(relay, since);
    // News that came meanwhile was told from where it stood.
    if (reader.seq !== since) return;
    const now = this.#table ?? table;
    if (missed !== null && snapshot.layoutVersion === now.layoutVersion) level(snapshot.seq, missed);
    else this.#send(socket, reader, now.wholeFrame(), now.seq);
  }

  /** From now on it is shown how many come in at the gates, if it is an organiser's. One question at a time. */
  async #showGates(socket: WebSocket, reader: Reader, said: Said, nowMs: number): Promise<void> {
    if (reader.asksGates) return sendTo(socket, replyTo(said, refusalOf(OVERLOADED)));
    reader.asksGates = true;
    try {
      reader.attached = { ...reader.attached, gatesAskedMs: null };
      if (!(await this.#mayWatchGates(socket, reader, said, nowMs))) return;
      this.#sendGates(socket, reader, await this.#boxOffice(reader.attached.code).gateCounts());
    } catch {
      sendTo(socket, replyTo(said, refusalOf(OVERLOADED)));
    } finally {
      reader.asksGates = false;
    }
  }

  async #tellGates(news: FeedGates): Promise<void> {
    const nowMs = Date.now();
    for (const [socket, reader] of this.#readers) {
      if (reader.attached.gatesAskedMs === null) continue;
      if (await this.#mayWatchGates(socket, reader, { type: "gates" }, nowMs)) this.#sendGates(socket, reader, news);
    }
  }

  /** Notes what the database says; one that may not, or no longer, is told so. */
  async #mayWatchGates(socket: WebSocket, reader: Reader, said: Said, nowMs: number): Promise<boolean> {
    const allowed = await gatesAllowed(this.env, reader.attached, nowMs);
    reader.attached = { ...reader.attached, gatesAskedMs: allowed.ok ? allowed.value : null };
    this.#keep(socket, reader);
    if (!allowed.ok) sendTo(socket, replyTo(said, refusalOf(allowed.refusal)));
    return allowed.ok;
  }

  #sendGates(socket: WebSocket, reader: Reader, news: FeedGates): void {
    if (news.seq < reader.gatesSeq) return;
    reader.gatesSeq = news.seq;
    this.#push(socket, reader, JSON.stringify(news), news.seq);
  }

  #send(socket: WebSocket, reader: Reader, frame: string, seq: number): void {
    if (this.#push(socket, reader, frame, seq)) reader.seq = seq;
  }

  #push(socket: WebSocket, reader: Reader, frame: string, seq: number): boolean {
    try {
      if (reader.unacked.length < MAX_UNACKED_FRAMES) {
        socket.send(frame);
        reader.unacked.push(seq);
        return true;
      }
      socket.close(TOO_SLOW, "too slow");
    } catch {
      // It is gone already.
    }
    this.ctx.waitUntil(this.#leave(socket));
    return false;
  }

  /** One that says something new costs nothing: there are no more of these than frames were sent. */
  #acknowledge(reader: Reader, said: object): void {
    const seq = "seq" in said && typeof said.seq === "number" ? said.seq : -1;
    const first = reader.unacked.findIndex((sent) => sent > seq);
    if (first === 0 || reader.unacked.length === 0) return;
    reader.unacked = first < 0 ? [] : reader.unacked.slice(first);
    reader.fullAtMs = uncharged(reader.fullAtMs);
  }

  #misunderstand(socket: WebSocket): void {
    this.#expel(socket, BAD_MESSAGE, "the message was not understood");
  }

  /** Whatever it sends after this is not looked at. */
  #expel(socket: WebSocket, code: number, reason: string): void {
    sendTo(socket, JSON.stringify({ type: "closed", reason }));
    socket.close(code, reason);
    this.ctx.waitUntil(this.#leave(socket));
  }

  /** Once quiet, each socket keeps its own position, so that a wake from hibernation repeats nothing. */
  #settleSoon(): void {
    if (this.#settle !== null) clearTimeout(this.#settle);
    this.#settle = setTimeout(() => {
      this.#settle = null;
      for (const [socket, reader] of this.#readers) {
        if (reader.attached.seq !== reader.seq) this.#keep(socket, reader);
      }
    }, SETTLE_MS);
  }

  #keep(socket: WebSocket, reader: Reader): void {
    reader.attached = { ...reader.attached, seq: reader.seq };
    socket.serializeAttachment(reader.attached);
  }

  #boxOffice(code: EventCode): DurableObjectStub<BoxOffice> {
    const namespace = this.env.BOX_OFFICE as unknown as DurableObjectNamespace<BoxOffice>;
    return namespace.get(namespace.idFromName(code));
  }
}

function tokensOf({ JWT_SECRET, JWT_ISSUER, JWT_AUDIENCE }: Env & { readonly JWT_SECRET?: string }) {
  return jwtTokens({ secret: JWT_SECRET ?? "", issuer: JWT_ISSUER, audience: JWT_AUDIENCE });
}

function log(message: string, fault: unknown): void {
  console.error(JSON.stringify({ level: "error", message, where: "seat-feed", fault: String(fault) }));
}
