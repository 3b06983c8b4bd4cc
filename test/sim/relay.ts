// A relay of the live feed as a reader sees it: it starts from a snapshot, applies deltas, and asks for what it missed
// when the numbers show a gap. Whenever it is level with the box office, it must show the same seats.

import { type FeedChange, type FeedDelta, type FeedSnapshot, snapshotOf } from "../../src/domain/box-office/feed";
import type { BoxOfficeState } from "../../src/domain/box-office/state";
import type { ObjectHost } from "./object-host";
import type { World } from "./world";

export interface Relay {
  readonly name: string;
  hear(name: string, news: FeedDelta | FeedSnapshot): void;
  /** Asks for what it missed, as a reader does when it connects. */
  catchUp(): Promise<void>;
  /** I12, where the two are level. */
  compare(state: BoxOfficeState): void;
}

export function relayOf(world: World, object: ObjectHost): Relay {
  let seq: number | null = null;
  let layoutVersion = 0;
  let statuses: string[] = [];
  let asking = false;

  function take(snapshot: FeedSnapshot): void {
    if (seq !== null && snapshot.seq < seq) return;
    seq = snapshot.seq;
    layoutVersion = snapshot.layoutVersion;
    statuses = [...snapshot.statuses];
  }
  function apply(changes: readonly FeedChange[], after: number): void {
    for (const change of changes) if (change.seq > after) statuses[change.place] = change.status;
  }

  const relay: Relay = {
    name: "relay",
    hear(_, news) {
      if (seq === null) return;
      if (news.type === "snapshot") return take(news);
      if (news.seq <= seq) return;
      if (news.prev > seq || news.layoutVersion !== layoutVersion) {
        world.count("a feed reader missed something");
        void relay.catchUp().catch(() => {});
        return;
      }
      apply(news.changes, seq);
      seq = news.seq;
    },
    async catchUp() {
      if (asking) return;
      asking = true;
      try {
        const since = seq;
        const start = await object.call(async (box) => {
          const said = await box.watch(relay.name, since);
          await object.disk.storage.sync();
          return said;
        });
        if (start.missed === null || start.snapshot.layoutVersion !== layoutVersion || seq === null)
          return take(start.snapshot);
        if (start.snapshot.seq < seq) return;
        apply(start.missed, since ?? 0);
        seq = start.snapshot.seq;
      } finally {
        asking = false;
      }
    },
    compare(state) {
      if (seq !== state.seq || layoutVersion !== state.definition?.version) return;
      world.count("a feed reader was level");
      const expected = snapshotOf(state).statuses;
      if (statuses.join("") !== expected)
        world.violate("I12", `at ${seq} a reader sees ${statuses.join("")}, not ${expected}`);
    },
  };
  return relay;
}
