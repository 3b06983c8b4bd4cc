// One chaos run: the product in its own runtime, the stand-in provider beside it, buyers over HTTP, and a killer. Then
// rest, and the verdict.

import { mkdtemp, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { parseArgs } from "node:util";
import { type Caller, type Client, clientOf } from "../e2e/client";
import { startProduct, withoutKeepAlive } from "../runtime/product";
import { type Random, randomOf } from "../sim/random";
import { type StandIn, startStandIn } from "../stripe/control";
import { buy, type Hall } from "./buyers";
import { askerOf } from "./caller";
import { killerOf } from "./killer";
import { type Entry, openLedger, readLedger } from "./ledger";
import { comeToRest, readTruth, type Witnesses } from "./truth";
import { judge } from "./verdict";

const { values: options } = parseArgs({
  options: {
    kills: { type: "string", default: "100" },
    seed: { type: "string", default: String(Date.now() % 1_000_000) },
    minutes: { type: "string", default: "30" },
    payments: { type: "string", default: "stripe" },
  },
});

const BUYERS = 6;
const HALLS = 2;
/** A hall sells out while others are opened: buyers want the newest. */
const NEXT_HALL_MS = 20_000;
const SEATS = 30;
const PRICE = 5_000;
const HOLD_SECONDS = 8;
const WINDOW_SECONDS = 20;
const SETTLE_MS = 2_000;
const SECRET_KEY = "sk_test_of_the_stand_in";
const WEBHOOK_SECRET = "whsec_of_the_stand_in";

const VARS = {
  HOLD_TTL_SECONDS: String(HOLD_SECONDS),
  PAYMENT_WINDOW_SECONDS: String(WINDOW_SECONDS),
  BOOKINGS_PER_MINUTE: "10000",
};

const startedAt = performance.now();
const seconds = () => Math.round((performance.now() - startedAt) / 1_000);
const say = (line: string) => console.log(`${String(seconds()).padStart(5)} s  ${line}`);

process.exitCode = await main();

async function main(): Promise<number> {
  globalThis.fetch = withoutKeepAlive(fetch);
  const seed = Number(options.seed);
  const folder = await mkdtemp(join(tmpdir(), "ticketflow-chaos-"));
  say(`seed ${seed}, ${options.kills} kills, payments by ${options.payments}, ledger in ${folder}`);
  const stripe = options.payments === "stripe" ? await startStandIn() : null;
  const product = await startProduct({ ...VARS, ...(stripe ? stripeVars(stripe) : { PAYMENTS: "simulator" }) });
  try {
    await stripe?.setWebhook(`${product.url}/api/webhooks/stripe`, WEBHOOK_SECRET);
    const api = clientOf(product.url);
    const organiser = await api.logInAsOrganiser();
    const halls = [await openHall(api, organiser), await openHall(api, organiser)];
    const buyers = await api.signUpMany(BUYERS);
    const witnesses: Witnesses = { api, organiser, buyers, halls, stripe };
    const killer = killerOf(product, stripe, randomOf(seed), say);
    const file = join(folder, "ledger.jsonl");
    const ledger = openLedger(file);
    const asker = askerOf(product.url, ledger, killer.moments, keysOf(randomOf(seed + 1)));
    let isOpen = true;
    const authenticate = bankOf(witnesses, product.url);
    const buying = buyers.map((caller, number) =>
      buy({
        number,
        caller,
        halls,
        asker,
        authenticate,
        random: randomOf(seed * 100 + number),
        goesOn: () => isOpen,
        newest: HALLS,
      }),
    );
    const opening = keepOpening(halls, witnesses, () => isOpen);
    say(`${BUYERS} buyers, ${HALLS} halls of ${SEATS} seats at a time`);
    await killer.run(Number(options.kills), performance.now() + Number(options.minutes) * 60_000);
    await wait(SETTLE_MS);
    isOpen = false;
    await Promise.all([...buying, opening]);
    ledger.close();
    say(`${killer.kills} kills: ${JSON.stringify(killer.counts)}`);
    say(`${halls.length} halls, requests ${JSON.stringify(asker.counts)}`);
    const restless = await comeToRest(witnesses);
    say(restless ?? "at rest");
    const entries = readLedger(file);
    const truth = await readTruth(witnesses, locksOf(entries, buyers));
    const { problems, counts } = judge(entries, truth);
    const all = [...(restless ? [restless] : []), ...problems];
    await writeFile(join(folder, "verdict.json"), JSON.stringify({ seed, problems: all, counts }, null, 1));
    await writeFile(join(folder, "product.log"), product.output());
    say(`counts ${JSON.stringify(counts)}`);
    for (const problem of all) console.log(`BROKEN ${problem.slice(0, 2_000)}`);
    say(all.length === 0 ? "no promise was broken" : `${all.length} promises broken; run again with --seed ${seed}`);
    const isDone = killer.kills >= Number(options.kills);
    if (!isDone) say(`the time was over after ${killer.kills} of ${options.kills} kills`);
    return all.length === 0 && isDone ? 0 : 1;
  } finally {
    await product.stop();
    await stripe?.stop();
  }
}

function stripeVars({ base }: StandIn) {
  return {
    PAYMENTS: "stripe",
    STRIPE_API_BASE: base,
    STRIPE_SECRET_KEY: SECRET_KEY,
    STRIPE_WEBHOOK_SECRET: WEBHOOK_SECRET,
  };
}

async function openHall(api: Client, organiser: Caller): Promise<Hall> {
  const id = await api.makeEvent(organiser, { seats: SEATS, price: PRICE });
  return { id, seatIds: (await api.seats(id)).seats.map((seat) => seat.id) };
}

/** One more from time to time. One that the product died over is not used. */
async function keepOpening(halls: Hall[], witnesses: Witnesses, goesOn: () => boolean): Promise<void> {
  while (goesOn()) {
    await wait(NEXT_HALL_MS);
    if (!goesOn()) return;
    const opened = await openHall(witnesses.api, witnesses.organiser).catch(() => null);
    if (opened) halls.push(opened);
  }
}

function keysOf(random: Random): () => string {
  let n = 0;
  return () => `chaos-${++n}-${random.bits().toString(36)}`;
}

/** The buyer at the bank's page. Only a booking that waits for it is there. */
function bankOf({ stripe, api, buyers }: Witnesses, url: string) {
  return async (bookingId: string, result: "success" | "failure"): Promise<void> => {
    if (stripe) {
      const { intents } = await stripe.ledger({ bookingId });
      const waiting = intents.find(({ status }) => status === "requires_action");
      if (waiting) await stripe.authenticate(waiting.id, result);
      return;
    }
    for (const caller of buyers) {
      const { status, body } = await api.call<{ id: string; status: string }>(
        "GET",
        `/api/payments/booking/${bookingId}`,
        { caller },
      );
      if (status !== 200 || body.status !== "REQUIRES_ACTION") continue;
      await fetch(`${url}/dev/payments/${body.id}/authentication`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify({ result }),
      });
      return;
    }
  };
}

function locksOf(entries: readonly Entry[], buyers: readonly Caller[]): ReadonlyMap<string, Caller> {
  const locks = new Map<string, Caller>();
  for (const { asked, answered } of entries) {
    if (asked.name !== "hold" || answered?.status !== 201) continue;
    locks.set(answered.body.id, buyers[asked.buyer] as Caller);
  }
  return locks;
}
