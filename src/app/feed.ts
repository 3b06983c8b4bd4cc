// The live seats of an event: a reader is let in by its event and its origin, and served by a relay.

import { codeOfEvent, parseId } from "../domain/ids";
import { accept, type Result, refuse } from "../domain/refusals";
import type { Deps, FeedReader } from "./ports";

export interface FeedRequest extends FeedReader {
  readonly eventId: string;
  /** Of a browser; a program names none. */
  readonly origin: string | null;
}

/** The socket's response, or why there is none: a page of another site may not read in its visitor's name. */
export async function openFeed(
  deps: Pick<Deps, "boxOffices" | "seatFeeds" | "settings">,
  request: FeedRequest,
  ownOrigin: string,
): Promise<Result<Response>> {
  const { origin } = request;
  const allowed = origin === null || origin === ownOrigin || deps.settings.corsOrigins.includes(origin);
  if (!allowed) return refuse({ code: "FORBIDDEN" });
  const id = parseId("evnt", request.eventId);
  if (id === null) return refuse({ code: "EVENT_NOT_FOUND", id: request.eventId });
  const code = codeOfEvent(id);
  // Asked before a relay is addressed: strangers create none.
  const known = await deps.boxOffices.hasEvent(id);
  if (!known) return refuse({ code: "EVENT_NOT_FOUND", id });
  return accept(await deps.seatFeeds.connect(code, request));
}
