// What is owed elsewhere: who works on it, when it is sent again, and how much of it at once.

import { describe, expect, it } from "vitest";
import type { Work } from "../../src/domain/box-office/commands";
import { nextDueMs } from "../../src/domain/box-office/deadlines";
import {
  availabilityEffectOf,
  definitionEffectOf,
  MAX_IN_FLIGHT,
  parseEffectId,
  recover,
  takeOutgoing,
} from "../../src/domain/box-office/effects";
import { owedEffects } from "../../src/domain/box-office/execute";
import { emptyBoxOffice, install, replaceHold } from "../../src/domain/box-office/seat-table";
import type { Hold } from "../../src/domain/box-office/state";
import type { BookingId } from "../../src/domain/ids";
import { HOUR, MINUTE, SECOND } from "../../src/domain/time";
import { anEvent, aUser, authorisedOutcome, capturedOutcome, type Office, openOffice } from "./box-office-builder";

const HALL = [{ tier: "GENERAL", priceMinor: 100, capacity: 1_500 }] as const;

function booked(): { office: Office; id: BookingId; authorise: string; project: string } {
  const office = openOffice();
  const id = office.book(aUser(), ["A1"]);
  return { office, id, authorise: `${id}:authorise:1`, project: `${id}:project` };
}

/** A booking that was cancelled, and nothing owed but its money. */
function owingRefund(): { office: Office; id: BookingId; refund: string } {
  const office = openOffice();
  const user = aUser();
  const id = office.book(user, ["A1"]);
  office.settle(`${id}:capture:1`, capturedOutcome(25_000));
  office.ok({ type: "cancel", bookingId: id, userId: user, seatIds: null });
  office.settle(`${id}:project`, { type: "projected", version: 99 });
  office.settle(availabilityEffectOf(office.code), { type: "projected", version: office.state.seq });
  return { office, id, refund: `${id}:refund:1` };
}

const claim = (office: Office, ...effects: string[]) => office.ok({ type: "claim", effects });
const take = (office: Office, resend = false) => takeOutgoing(office.state, office.nowMs, resend);

describe("the name of an effect", () => {
  const { office, id } = booked();
  it.each([
    [`${id}:authorise:1`, { kind: "authorise", bookingId: id, n: 1 }],
    [`${id}:capture:2`, { kind: "capture", bookingId: id, n: 2 }],
    [`${id}:void:3`, { kind: "void", bookingId: id, n: 3 }],
    [`${id}:refund:12`, { kind: "refund", bookingId: id, n: 12 }],
    [`${id}:project`, { kind: "project", bookingId: id }],
    [availabilityEffectOf(office.code), { kind: "availability" }],
    [definitionEffectOf(office.code), { kind: "definition" }],
    [`${id}:authorise:0`, null],
    [`${id}:authorise:1.5`, null],
    [`${id}:authorise:x`, null],
    [`${id}:authorise`, null],
    [`${id}:steal:1`, null],
    [`${id}:`, null],
    [id, null],
    ["lock_1:authorise:1", null],
    ["", null],
  ])("%s is read as what it is", (name, expected) => {
    expect(parseEffectId(name)).toEqual(expected);
  });
});

describe("a consumer that claims", () => {
  it("gets the work, and nobody else does while it has the lease", () => {
    const { office, id, authorise } = booked();
    const first = claim(office, authorise);
    expect(first.work.map(({ kind }) => kind)).toEqual(["authorise"]);
    expect([first.gone, first.busy]).toEqual([[], []]);
    // Sent again only after the lease, should the consumer die.
    expect(office.state.outbox.flights.get(authorise)?.nextAtMs).toBe(office.nowMs + 35 * SECOND);
    office.pass(30 * SECOND - 1);
    expect(claim(office, authorise)).toEqual({ work: [], gone: [], busy: [authorise] });
    office.pass(1);
    expect(claim(office, authorise).work).toHaveLength(1);
    expect(office.state.outbox.inFlight.authorise).toBe(1);
    expect(claim(office, `${id}:capture:1`, "nonsense")).toEqual({
      work: [],
      gone: [`${id}:capture:1`, "nonsense"],
      busy: [],
    });
  });

  it("is told what is owed no longer", () => {
    const { office, authorise } = booked();
    office.settle(authorise, authorisedOutcome(25_000));
    expect(claim(office, authorise).gone).toEqual([authorise]);
  });

  it("gets the booking as it is shown, to write it to D1", () => {
    const { office, id, project } = booked();
    const { record } = office.ok({ type: "readBooking", bookingId: id });
    expect(claim(office, project).work).toEqual([{ kind: "project", effect: project, booking: record }]);
  });

  it("gets how many seats are free, of each tier and in all", () => {
    const { office } = booked();
    const effect = availabilityEffectOf(office.code);
    const availability = {
      eventId: office.state.definition?.id,
      seq: 2,
      totalSeats: 30,
      availableSeats: 29,
      tiers: [
        { tier: "VIP", priceMinor: 25_000, available: 9, total: 10 },
        { tier: "GENERAL", priceMinor: 7_500, available: 20, total: 20 },
      ],
    };
    expect(claim(office, effect).work).toEqual([
      { kind: "availability", effect, availability: { ...availability, nextDueMs: office.nowMs + 600 * SECOND } },
    ]);
    office.settle(effect, { type: "projected", version: 2 });
    expect(claim(office, effect).gone).toEqual([effect]);
    expect(claim(office, definitionEffectOf(office.code)).gone).toEqual([definitionEffectOf(office.code)]);
  });
});

describe("handing over", () => {
  it("sends each effect once, and again only when it was not settled in time", () => {
    const { office, authorise, project } = booked();
    const all = [authorise, project, availabilityEffectOf(office.code)];
    expect(take(office).now).toEqual(all);
    expect(nextDueMs(office.state)).toBe(office.nowMs + 5 * SECOND);
    expect(take(office, true)).toEqual({ now: [], later: [] });
    expect(nextDueMs(office.state)).toBe(office.nowMs + 5 * SECOND);
    office.pass(5 * SECOND - 1);
    expect(take(office, true).now).toEqual([]);
    office.pass(1);
    expect(take(office, false).now).toEqual([]);
    expect(take(office, true).now).toEqual(all);
  });

  it("does not send what is owed anew while it is under way, or rests", () => {
    const { office } = booked();
    const effect = availabilityEffectOf(office.code);
    expect(take(office).now).toContain(effect);
    office.book(aUser(), ["B1"]);
    expect(take(office).now).not.toContain(effect);
    office.settle(effect, { type: "later", afterMs: MINUTE });
    office.book(aUser(), ["B2"]);
    const { now, later } = take(office);
    expect([...now, ...later.map(({ id }) => id)]).not.toContain(effect);
    office.pass(MINUTE);
    expect(take(office, true).now.filter((id) => id === effect)).toEqual([effect]);
    expect(office.state.outbox.waiting.availability.size).toBe(0);
  });

  it("wakes for what rests shorter than anything is under way", () => {
    const { office, authorise } = booked();
    take(office);
    office.settle(authorise, { type: "later", afterMs: SECOND });
    expect(nextDueMs(office.state)).toBe(office.nowMs + SECOND);
    office.pass(SECOND);
    expect(take(office, true).now).toEqual([authorise]);
    expect(nextDueMs(office.state)).toBe(office.nowMs + 4 * SECOND);
  });

  it("waits twice as long each time, 30 s at most, however often", () => {
    const { office, authorise } = booked();
    take(office);
    const waits: number[] = [];
    while (waits.length < 60) {
      const nextAtMs = office.state.outbox.flights.get(authorise)?.nextAtMs ?? 0;
      waits.push((nextAtMs - office.nowMs) / SECOND);
      office.nowMs = nextAtMs;
      expect(take(office, true).now).toContain(authorise);
    }
    expect(waits.slice(0, 5)).toEqual([5, 10, 20, 30, 30]);
    expect(waits.slice(5)).toEqual(Array(55).fill(30));
  });

  it("rests an hour after 40 tries in vain, where no buyer waits: 19 minutes of lost messages", () => {
    const { office, refund } = owingRefund();
    const sentAtMs: number[] = [];
    while (sentAtMs.length < 43) {
      if (take(office, true).now.includes(refund)) sentAtMs.push(office.nowMs);
      office.nowMs = nextDueMs(office.state) as number;
    }
    const gaps = sentAtMs.slice(1).map((ms, i) => (ms - (sentAtMs[i] as number)) / SECOND);
    expect(gaps.slice(0, 4)).toEqual([5, 10, 20, 30]);
    expect(gaps.slice(4, 39)).toEqual(Array(35).fill(30));
    // The 40th has 30 s for its answer too.
    expect(gaps.slice(39)).toEqual([HOUR / SECOND + 30, HOUR / SECOND + 30, HOUR / SECOND + 30]);
    expect((sentAtMs[39] as number) + 30 * SECOND - (sentAtMs[0] as number)).toBe(1_145 * SECOND);
  });

  it("leaves the outbox as soon as nothing is owed", () => {
    const { office, authorise } = booked();
    take(office);
    office.settle(authorise, { type: "declined", intentId: null, reason: "no" });
    office.pass(MINUTE);
    expect(take(office, true).now).not.toContain(authorise);
    expect(office.state.outbox.flights.has(authorise)).toBe(false);
    expect(office.state.outbox.inFlight.authorise).toBe(0);
    // One that was never handed over leaves as well; the projection is with whoever brought the news.
    const other = office.book(aUser(), ["A2"]);
    office.settle(`${other}:authorise:1`, { type: "declined", intentId: null, reason: "no" });
    expect(take(office).now).toEqual([]);
  });

  it("hands over so many of a kind at once, the rest as those are settled", () => {
    const office = openOffice(anEvent({ tierInputs: HALL }), { bookingsPerMinute: 1_000 });
    const ids = Array.from({ length: 205 }, (_, i) => {
      const row = String.fromCharCode(65 + Math.floor(i / 10));
      return office.book(aUser(), [`${row}${(i % 10) + 1}`]);
    });
    const asked = take(office).now.filter((effect) => effect.includes(":authorise:"));
    expect(asked).toEqual(ids.slice(0, 200).map((id) => `${id}:authorise:1`));
    expect(take(office).now).toEqual([]);
    office.settle(`${ids[0]}:authorise:1`, authorisedOutcome(100));
    // The capture is with whoever brought the news.
    expect(take(office).now).toEqual([`${ids[200]}:authorise:1`]);
    expect(office.state.outbox.inFlight).toMatchObject({ authorise: MAX_IN_FLIGHT.authorise, capture: 1 });
  });

  it("tells D1 of the free seats once a second at most", () => {
    const { office } = booked();
    const effect = availabilityEffectOf(office.code);
    take(office);
    office.settle(effect, { type: "projected", version: office.state.seq });
    office.pass(400);
    office.hold(aUser(), "B1");
    const id = office.book(aUser(), ["B3"]);
    // Money does not wait for it.
    const now = [`${id}:authorise:1`, `${id}:project`];
    expect(take(office)).toEqual({ now, later: [{ id: effect, afterMs: 600 }] });
    expect(office.state.outbox.flights.get(effect)?.nextAtMs).toBe(office.nowMs + 600 + 5 * SECOND);
    office.settle(effect, { type: "projected", version: office.state.seq });
    office.pass(SECOND);
    office.hold(aUser(), "B2");
    expect(take(office).now).toEqual([effect]);
  });

  it("of memory that was rebuilt waits a second, within the same bounds", () => {
    const definition = anEvent({ tierInputs: HALL });
    const office = openOffice(definition, { bookingsPerMinute: 1_000 });
    const holds: Hold[] = [];
    for (let i = 0; i < 205; i++) {
      office.book(aUser(), [`${String.fromCharCode(65 + Math.floor(i / 10))}${(i % 10) + 1}`]);
      holds.push(...office.changes.holds.values());
    }
    const rebuilt = emptyBoxOffice(office.state.policy);
    install(rebuilt, definition);
    for (const hold of holds) replaceHold(rebuilt, hold, office.nowMs);
    recover(rebuilt, office.nowMs);
    expect(rebuilt.outbox.inFlight).toMatchObject({ authorise: 0, project: 0 });
    expect(takeOutgoing(rebuilt, office.nowMs + SECOND - 1, true).now).toEqual([]);
    expect(takeOutgoing(rebuilt, office.nowMs + SECOND, true).now).toHaveLength(405);
    expect(rebuilt.outbox.inFlight).toMatchObject({ authorise: 200, project: 205 });
  });
});

describe("what is given back", () => {
  it("for later is sent again when it was asked to be", () => {
    const { office, authorise } = booked();
    take(office);
    claim(office, authorise);
    office.settle(authorise, { type: "later", afterMs: 7 * SECOND });
    office.pass(7 * SECOND - 1);
    expect(take(office, true).now).not.toContain(authorise);
    office.pass(1);
    expect(take(office, true).now).toContain(authorise);
    // The lease went with it: whoever hears of it first may work on it.
    expect(claim(office, authorise).work).toHaveLength(1);
  });

  it("without an answer is asked once more at once, and then again after a growing while", () => {
    const { office, authorise } = booked();
    take(office);
    const rests = () => office.state.outbox.resting.get(authorise);
    const unanswered = () => office.settle(authorise, { type: "unanswered", reason: "time-out" });
    expect(unanswered().map(({ effect }) => effect)).toContain(authorise);
    expect(unanswered()).toEqual([]);
    expect(rests()).toEqual({ tries: 2, untilMs: office.nowMs + 20 * SECOND });
    expect(unanswered()).toEqual([]);
    expect(rests()).toEqual({ tries: 3, untilMs: office.nowMs + 30 * SECOND });
  });

  it("counts once a round, so that an hour's rest begins after 40 time-outs and not after 20", () => {
    const { office, refund } = owingRefund();
    const startMs = office.nowMs;
    for (let round = 1; round <= 40; round++) {
      expect(take(office, true).now).toEqual([refund]);
      claim(office, refund);
      office.pass(10 * SECOND);
      office.settle(refund, { type: "unanswered", reason: "time-out" });
      const restMs = (office.state.outbox.resting.get(refund)?.untilMs ?? 0) - office.nowMs;
      expect(restMs >= HOUR).toBe(round === 40);
      if (round < 40) office.pass(restMs);
    }
    expect(office.nowMs - startMs).toBe(1_540 * SECOND);
  });

  it("for later has failed at nothing: however often, the next time-out is asked again as soon as the first", () => {
    const { office, id } = booked();
    office.settle(`${id}:authorise:1`, authorisedOutcome(25_000));
    const capture = `${id}:capture:1`;
    for (let round = 0; round < 60; round++) {
      take(office, true);
      office.settle(capture, { type: "later", afterMs: 5 * SECOND });
      office.pass(5 * SECOND);
    }
    take(office, true);
    office.settle(capture, { type: "unanswered", reason: "time-out" });
    expect(office.state.outbox.resting.get(capture)).toEqual({ tries: 1, untilMs: office.nowMs + 10 * SECOND });
  });

  it("is asked for every 30 s while its seats wait for the provider, and hourly once nobody wants it", () => {
    const { office, id } = booked();
    const effect = `${id}:void:1`;
    const sentAtMs = (untilMs: number) => {
      const moments: number[] = [];
      while (office.nowMs < untilMs) {
        if (take(office, true).now.includes(effect)) {
          moments.push(office.nowMs);
          claim(office, effect);
          office.settle(effect, { type: "unanswered", reason: "time-out" });
        }
        office.nowMs = Math.min(untilMs, nextDueMs(office.state) as number);
        office.ok({ type: "wake" });
      }
      return moments;
    };
    sentAtMs(office.nowMs + 10 * MINUTE);
    // However often it failed before: what is asked while the silence lasts never rests longer.
    office.state.outbox.waiting.void.set(effect, 60);
    const asked = sentAtMs(office.nowMs + 15 * MINUTE);
    expect(office.booking(id).status).toBe("EXPIRED");
    expect(asked).toHaveLength(30);
    expect(asked.every((ms, i) => i === 0 || ms - (asked[i - 1] as number) === 30 * SECOND)).toBe(true);
    expect(sentAtMs(office.nowMs + 3 * HOUR)).toHaveLength(3);
  });

  it("leaves its place to others of its kind while it rests", () => {
    const office = openOffice(anEvent({ tierInputs: HALL }), { bookingsPerMinute: 1_000 });
    const ids = Array.from({ length: 201 }, (_, i) =>
      office.book(aUser(), [`${String.fromCharCode(65 + Math.floor(i / 10))}${(i % 10) + 1}`]),
    );
    take(office);
    const last = `${ids[200]}:authorise:1`;
    expect(take(office).now).toEqual([]);
    office.settle(`${ids[0]}:authorise:1`, { type: "later", afterMs: 5 * SECOND });
    expect(take(office).now).toEqual([last]);
    expect(office.state.outbox.inFlight.authorise).toBe(200);
    // It comes back behind those that have not been asked yet.
    office.pass(5 * SECOND);
    const again = take(office, true).now.filter((effect) => effect.includes(":authorise:"));
    expect(again).toHaveLength(200);
    expect(again).not.toContain(`${ids[0]}:authorise:1`);
  });

  it("though it is owed no longer is not sent at all", () => {
    const { office, authorise } = booked();
    take(office);
    office.settle(authorise, authorisedOutcome(25_000));
    office.settle(authorise, { type: "later", afterMs: SECOND });
    office.settle(authorise, { type: "unanswered", reason: "time-out" });
    expect(office.state.outbox.flights.has(authorise)).toBe(false);
    expect(office.state.outbox.resting.has(authorise)).toBe(false);
  });

  it("by an answer that fits nothing is asked for again, after a while", () => {
    const { office, authorise, project } = booked();
    const effect = availabilityEffectOf(office.code);
    take(office);
    const before = new Map(office.state.outbox.flights);
    office.settle(authorise, { type: "refunded", refundId: "re_1" });
    expect(office.state.outbox.resting.get(authorise)).toEqual({ tries: 1, untilMs: office.nowMs + 10 * SECOND });
    for (const told of [project, effect]) {
      office.settle(told, { type: "voided", intentId: null });
      expect(office.state.outbox.flights.get(told)).toEqual(before.get(told));
    }
    expect(owedEffects(office.state)).toEqual([authorise, project, effect]);
  });

  it("of the availability too", () => {
    const { office } = booked();
    const effect = availabilityEffectOf(office.code);
    take(office);
    office.settle(effect, { type: "later", afterMs: 9 * SECOND });
    expect(office.state.outbox.resting.get(effect)?.untilMs).toBe(office.nowMs + 9 * SECOND);
    expect(office.changes.told).toBe(false);
  });
});

describe("making due", () => {
  it("all that is owed, at once, whoever has it", () => {
    const { office, authorise, project } = booked();
    take(office);
    claim(office, authorise);
    expect(office.ok({ type: "redrive", effects: null })).toEqual({ due: 3 });
    expect(new Set(take(office).now)).toEqual(new Set([authorise, project, availabilityEffectOf(office.code)]));
  });

  it("of what nobody owes does nothing", () => {
    const { office, id } = booked();
    const unknown = office.bookingId();
    const effects = ["nonsense", `${id}:void:1`, `${unknown}:project`, `${unknown}:refund:1`, `${id}:capture:1`];
    expect(office.ok({ type: "redrive", effects })).toEqual({ due: 0 });
    expect(office.changes.holds.size).toBe(0);
  });

  it("of a projection that D1 lost writes it there again", () => {
    const { office, id, project } = booked();
    office.settle(`${id}:capture:1`, capturedOutcome(25_000));
    office.settle(project, { type: "projected", version: 99 });
    expect(owedEffects(office.state)).not.toContain(project);
    expect(office.ok({ type: "redrive", effects: [project] })).toEqual({ due: 1 });
    expect(office.changes.journal).toEqual([]);
    expect(owedEffects(office.state)).toContain(project);
    expect(claim(office, project).work).toHaveLength(1);
  });
});

describe("a projection that D1 has", () => {
  it("is written when nothing else is owed, and its mails are D1's from then on", () => {
    const { office, id, project } = booked();
    office.settle(`${id}:capture:1`, capturedOutcome(25_000));
    const { version } = office.ok({ type: "readBooking", bookingId: id }).record;
    office.settle(project, { type: "projected", version });
    const [told] = [...office.changes.holds.values()];
    expect(told).toMatchObject({ projectedVersion: version, version, booking: { notices: [] } });
    expect(office.changes.journal).toEqual([]);
    expect(owedEffects(office.state)).not.toContain(project);
  });

  it("costs no write while something else is owed", () => {
    const { office, project } = booked();
    office.settle(project, { type: "projected", version: 1 });
    expect(office.changes.holds.size).toBe(0);
    expect(owedEffects(office.state)).not.toContain(project);
  });

  it("in an old version keeps the mails and is owed still, at once", () => {
    const { office, id, project } = booked();
    take(office);
    office.settle(`${id}:capture:1`, capturedOutcome(25_000));
    take(office);
    office.settle(project, { type: "projected", version: 1 });
    expect(office.booking(id).notices).toHaveLength(1);
    expect(take(office).now).toEqual([project]);
    office.settle(project, { type: "projected", version: 1 });
    expect(take(office).now).toEqual([]);
  });
});

describe("D1's knowledge of the event", () => {
  it("is settled by the version it has, and owed again when that is old", () => {
    const { office } = booked();
    const effect = availabilityEffectOf(office.code);
    take(office);
    office.settle(effect, { type: "projected", version: 1 });
    expect(office.changes.told).toBe(true);
    expect(take(office).later.map(({ id }) => id)).toEqual([effect]);
    office.settle(effect, { type: "projected", version: office.state.seq });
    expect(owedEffects(office.state)).not.toContain(effect);
    office.settle(effect, { type: "projected", version: 1 });
    expect(owedEffects(office.state)).not.toContain(effect);
    office.pass(MINUTE);
    expect(take(office).now).toEqual([]);
  });

  it("of a changed definition is owed until D1 has that version", () => {
    const office = openOffice();
    const effect = definitionEffectOf(office.code);
    expect(owedEffects(office.state)).not.toContain(effect);
    const { definition, work } = office.ok({ type: "amend", change: { name: "Coldplay II", venueCapacity: null } });
    expect(work).toEqual<readonly Work[]>([{ kind: "definition", effect, definition }]);
    office.settle(availabilityEffectOf(office.code), { type: "projected", version: office.state.seq });
    office.settle(effect, { type: "projected", version: 1 });
    expect(owedEffects(office.state)).toEqual([effect]);
    expect(take(office).now).toEqual([effect]);
    office.settle(effect, { type: "projected", version: 2 });
    expect(owedEffects(office.state)).not.toContain(effect);
    office.settle(effect, { type: "projected", version: 1 });
    expect(owedEffects(office.state)).not.toContain(effect);
  });

  it("is told again within a minute, however long D1 was down", () => {
    const { office } = booked();
    const effect = availabilityEffectOf(office.code);
    take(office);
    for (let tries = 0; tries < 60; tries++) {
      office.pass(MINUTE);
      expect([tries, take(office, true).now.includes(effect)]).toEqual([tries, true]);
    }
  });

  it("is not owed when a held seat is sold: it was not free before either", () => {
    const { office, id } = booked();
    const effect = availabilityEffectOf(office.code);
    office.settle(effect, { type: "projected", version: office.state.seq });
    office.settle(`${id}:capture:1`, capturedOutcome(25_000));
    expect(owedEffects(office.state)).not.toContain(effect);
  });
});
