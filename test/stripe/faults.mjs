// Scripted faults: what goes wrong, with which requests, how often. Those of one sale touch no other, so that many
// situations can share one stand-in.

import { covers } from "./courier.mjs";
import { newId } from "./rules.mjs";

/**
 * `does`:
 * `drop-before` the line breaks and nothing happened · `drop-after` it happened and the line breaks ·
 * `delay` it takes `delayMs` · `delay-after` it happened, the answer takes `delayMs` · `error-before` answers `status`
 * without effect, forgotten unless it is a 500 · `error-after` it happened and the answer is a remembered 500 ·
 * `forget-key` answers, then forgets the key · `tamper` makes an intent with `tamper`'s values.
 * `op`: create, capture, cancel, retrieve, refund, list, or absent for all. `times`: absent for ever. `skip`: so many
 * requests pass first.
 */
export function openFaults(store) {
  return {
    add(fault) {
      const id = newId("fault");
      store.put("faults", id, { id, scope: {}, ...fault });
      return { id };
    },
    /** Those that no request has met yet. */
    all: () => store.all("faults"),
    clear(scope) {
      for (const fault of store.all("faults")) if (covers(scope, fault.scope)) store.drop("faults", fault.id);
    },
    /** The faults this request meets; each is used up by one. */
    take(op, scope) {
      const fits = store.all("faults").filter((fault) => (!fault.op || fault.op === op) && covers(fault.scope, scope));
      const met = fits.filter(({ skip = 0 }) => skip === 0);
      for (const fault of fits) if (fault.skip) store.put("faults", fault.id, { ...fault, skip: fault.skip - 1 });
      for (const fault of met) {
        if (fault.times === undefined) continue;
        if (fault.times <= 1) store.drop("faults", fault.id);
        else store.put("faults", fault.id, { ...fault, times: fault.times - 1 });
      }
      return met;
    },
  };
}
