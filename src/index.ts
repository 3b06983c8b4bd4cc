// The Worker: requests, queue batches and cron, each handed to its floor. No logic lives here.

import { sweep } from "./app/sweeps";
import { compose, configProblems } from "./compose";
import { createApp } from "./http/app";
import { consumeSaga } from "./queues/booking-saga";
import { noteDeadLetters } from "./queues/dead-letters";
import { consumeNotifications } from "./queues/notifications";

export { BoxOffice } from "./durable/box-office";
export { SeatFeed } from "./durable/seat-feed";

const app = createApp(compose, configProblems);

export default {
  fetch: app.fetch,
  async queue(batch, env) {
    const deps = compose(env);
    switch (batch.queue) {
      case "booking-saga":
        return consumeSaga(batch, deps);
      case "notifications":
        return consumeNotifications(batch, deps);
      default:
        return noteDeadLetters(batch, deps);
    }
  },
  async scheduled(_controller, env) {
    await sweep(compose(env));
  },
} satisfies ExportedHandler<Env>;
