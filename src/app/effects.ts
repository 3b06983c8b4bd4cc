// Doing what a box office owes: asks the provider, writes projections, and settles what came of it, over and over
// until nothing follows. Run by queue consumers, and by a request whose buyer waits for the outcome.

import type { EffectId, Outcome, Work, WorkKind } from "../domain/box-office/commands";
import type { EventCode } from "../domain/ids";
import { SECOND } from "../domain/time";
import { noteFailedRefund } from "./failed-refunds";
import type { Deps, ProviderAsk } from "./ports";
import { type Line, turns } from "./turns";

export type EffectDeps = Pick<
  Deps,
  "boxOffices" | "payments" | "bookings" | "events" | "queues" | "deadLetters" | "clock" | "log"
>;

/** Follow-ups of one effect: authorise → capture → project, with a void before and a second card between. */
const MAX_ROUNDS = 12;
/**
 * Of one invocation. Workers let six connections wait for an answer's head; a call beyond them waits in the platform,
 * and its ten seconds of patience run meanwhile: of many begun at once most would count as unanswered.
 */
const PROVIDER_CALLS_AT_ONCE = 5;
/** What has not had its turn by then is another consumer's: a lease is 30 s, and a call may take 10. */
const TURN_WAIT_MS = 10 * SECOND;
/** After D1 or the box office failed: soon enough for a buyer who polls. */
const FAULT_RETRY_MS = 2 * SECOND;
/** After a failed refund could not be told of. Nobody polls for it, and each try asks the provider. */
const UNTOLD_RETRY_MS = 30 * SECOND;

export interface CarryOutOptions {
  /** No new round starts after this; what is left goes back to the queue. */
  readonly untilMs?: number;
  /** Only these kinds; the others go back to the queue. */
  readonly kinds?: readonly WorkKind[];
  /** Where its questions to the provider wait among others of the same invocation. */
  readonly line?: Line;
}

/** Lines to the provider, for all that one invocation does. */
export function providerLines(): () => Line {
  return turns(PROVIDER_CALLS_AT_ONCE);
}

/**
 * Does leased work and what follows from it. Provider and database faults become outcomes (asked again later);
 * only a box office that cannot be reached throws.
 */
export async function carryOut(
  deps: EffectDeps,
  code: EventCode,
  work: readonly Work[],
  options: CarryOutOptions = {},
): Promise<void> {
  const line = options.line ?? providerLines()();
  let round = work;
  for (let n = 0; n < MAX_ROUNDS && round.length > 0; n++) {
    const late = options.untilMs !== undefined && deps.clock.nowMs() >= options.untilMs;
    const mine = late ? [] : round.filter((item) => options.kinds?.includes(item.kind) ?? true);
    const others = round.filter((item) => !mine.includes(item));
    const [follow] = await Promise.all([doAll(deps, code, mine, line), handBack(deps, code, others)]);
    round = follow;
  }
  await handBack(deps, code, round);
}

/** Claims effects named by a message and does them. Throws when the box office cannot be reached. */
export async function doEffects(
  deps: EffectDeps,
  code: EventCode,
  effects: readonly EffectId[],
  line?: Line,
): Promise<void> {
  const reply = await deps.boxOffices.send(code, { type: "claim", effects, actor: "system", requestId: "saga" });
  if (reply === null || !reply.ok) {
    deps.log.warn("effects of an unknown or busy event", { code, effects: effects.length });
    if (reply !== null) throw new Error("the box office did not take the claim");
    return;
  }
  await carryOut(deps, code, reply.value.work, { line });
}

async function doAll(deps: EffectDeps, code: EventCode, work: readonly Work[], line: Line): Promise<readonly Work[]> {
  const beginByMs = deps.clock.nowMs() + TURN_WAIT_MS;
  const projections = work.filter((item) => item.kind === "project");
  const others = work.filter((item) => item.kind !== "project");
  const done = await Promise.all([
    project(deps, code, projections),
    ...others.map(async (item) => {
      const outcome = isMoney(item.kind)
        ? await line(() => performInTime(deps, item, beginByMs))
        : await perform(deps, item);
      return await settle(deps, code, item.effect, outcome);
    }),
  ]);
  return done.flat();
}

/** Many bookings are one batch of statements. */
async function project(
  deps: EffectDeps,
  code: EventCode,
  work: readonly Extract<Work, { kind: "project" }>[],
): Promise<readonly Work[]> {
  if (work.length === 0) return [];
  let outcomeOf: (item: (typeof work)[number]) => Outcome;
  try {
    const mails = await deps.bookings.project(
      work.map((item) => item.booking),
      deps.clock.nowMs(),
    );
    if (mails.length > 0) await notify(deps, mails);
    outcomeOf = (item) => ({ type: "projected", version: item.booking.version });
  } catch (fault) {
    deps.log.error("bookings were not projected", { code, fault });
    outcomeOf = () => ({ type: "later", afterMs: FAULT_RETRY_MS });
  }
  const follow = await Promise.all(work.map((item) => settle(deps, code, item.effect, outcomeOf(item))));
  return follow.flat();
}

/** Best effort: the rows are in D1, and a sweep sends what no message announced. */
async function notify(deps: EffectDeps, ids: Parameters<EffectDeps["queues"]["notify"]>[0]): Promise<void> {
  try {
    await deps.queues.notify(ids);
  } catch (fault) {
    deps.log.warn("mails were not announced", { mails: ids.length, fault });
  }
}

async function settle(deps: EffectDeps, code: EventCode, effect: EffectId, outcome: Outcome): Promise<readonly Work[]> {
  const origin = { actor: "provider", requestId: "saga" };
  const told = outcome.type === "refund-failed" ? await tellOf(deps, code, effect, outcome) : outcome;
  const reply = await deps.boxOffices.send(code, { type: "settle", effect, outcome: told, ...origin });
  return reply?.ok ? reply.value.work : [];
}

/** Once it is settled a refund that failed is owed no longer: people are told of it first, or it stays due. */
async function tellOf(
  deps: EffectDeps,
  code: EventCode,
  effect: EffectId,
  failed: Extract<Outcome, { type: "refund-failed" }>,
): Promise<Outcome> {
  try {
    await noteFailedRefund(deps, code, effect, failed);
    return failed;
  } catch (fault) {
    deps.log.error("a failed refund was not noted", { effect, reason: failed.reason, fault });
    return { type: "later", afterMs: UNTOLD_RETRY_MS };
  }
}

async function handBack(deps: EffectDeps, code: EventCode, work: readonly Work[]): Promise<void> {
  await Promise.all(work.map((item) => settle(deps, code, item.effect, { type: "later", afterMs: 0 })));
}

async function performInTime(
  deps: EffectDeps,
  work: Exclude<Work, { kind: "project" }>,
  beginByMs: number,
): Promise<Outcome> {
  return deps.clock.nowMs() < beginByMs ? await perform(deps, work) : { type: "later", afterMs: 0 };
}

/** One effect, turned into what came of it. A fault is an answer that did not come. */
async function perform(deps: EffectDeps, work: Exclude<Work, { kind: "project" }>): Promise<Outcome> {
  try {
    switch (work.kind) {
      case "authorise":
        return await deps.payments.authorise({ ...askOf(work, "authorise"), token: work.token });
      case "capture":
        if (work.intentId === null) return { type: "unanswered", reason: "no intent is known" };
        return await deps.payments.capture({ ...askOf(work, "capture"), intentId: work.intentId });
      case "void":
        return await deps.payments.void({
          ...askOf(work, "void"),
          intentId: work.intentId,
          unwanted: work.unwanted,
        });
      case "refund":
        return await deps.payments.refund({ ...refundAskOf(work), intentId: work.intentId, refund: work.refund });
      case "availability":
        await deps.events.saveAvailability(work.availability, deps.clock.nowMs());
        return { type: "projected", version: work.availability.seq };
      case "definition":
        await deps.events.saveDefinition(work.definition);
        return { type: "projected", version: work.definition.version };
    }
  } catch (fault) {
    deps.log.error("an effect failed", { kind: work.kind, effect: work.effect, fault });
    return isMoney(work.kind)
      ? { type: "unanswered", reason: "no answer" }
      : { type: "later", afterMs: FAULT_RETRY_MS };
  }
}

function isMoney(kind: WorkKind): boolean {
  return kind === "authorise" || kind === "capture" || kind === "void" || kind === "refund";
}

function askOf(
  work: Extract<Work, { kind: "authorise" | "capture" | "void" }>,
  action: "authorise" | "capture" | "void",
): ProviderAsk {
  return {
    bookingId: work.bookingId,
    attempt: work.attempt,
    amountMinor: work.amountMinor,
    currency: work.currency,
    force: work.force,
    idempotencyKey: `${work.bookingId}:${work.attempt}:${action}`,
    askedAtMs: work.startedAtMs,
  };
}

function refundAskOf(work: Extract<Work, { kind: "refund" }>): ProviderAsk {
  return {
    bookingId: work.bookingId,
    attempt: work.attempt,
    amountMinor: work.amountMinor,
    currency: work.currency,
    force: null,
    idempotencyKey: `${work.bookingId}:${work.attempt}:refund-${work.refund}`,
    askedAtMs: work.askedAtMs,
  };
}
