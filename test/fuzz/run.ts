// A run: episodes in small worlds of their own. In each, sales run through with good and broken steps between them, and
// then broken requests alone, between two readings of everything that is kept.

import { type Random, randomOf } from "../sim/random";
import { brokenRequest, strayRequest } from "./breaking";
import { DIALECT } from "./dialect";
import { type Digest, differences, digestOf } from "./digest";
import { type Answer, judgeOf } from "./judge";
import { type FuzzRequest, goodRequest, type Operation, operationFor, operationsOf } from "./requests";
import { document, newWorld, stopTime, type World } from "./world";

/** Requests of an episode. */
const EPISODE = 1_000;
const MIXED = 700;
/** Refused requests between two readings. */
const CHUNK = 20;
/** Of each episode, requests that are good by their form, each between two readings. */
const ALONE = 12;
/** A password is hashed for a fifth of a second, so few requests get that far. */
const HASHES = /\/api\/users\/(register|login)$/;
const HASH_CHANCE = 0.03;
const MAX_FINDINGS = 25;

export interface Finding {
  readonly episode: number;
  readonly request: string;
  readonly answer: string;
  readonly problems: readonly string[];
}

export interface Report {
  readonly seed: number;
  requests: number;
  episodes: number;
  /** Refused requests of which it was checked that they changed nothing. */
  judged: number;
  readonly byStatus: Record<string, number>;
  /** Good by the document, and answered 400: the document says too little. */
  readonly surprising: Record<string, number>;
  /** Operations that were never answered with a success. */
  neverTaken: readonly string[];
  readonly findings: Finding[];
  /** Milliseconds spent on what. */
  readonly spent: Record<string, number>;
}

const operations = [...operationsOf(document), ...DIALECT];
/** The simulator sends no webhooks, so there is nothing to take. */
const NEVER = new Set(["POST /api/webhooks/stripe"]);
const judge = judgeOf(document, operations);
const changing = operations.filter(({ method }) => method !== "GET");

/** `say` hears of each episode and each finding as it comes. */
export async function fuzz(seed: number, requests: number, say: (line: string) => void): Promise<Report> {
  const report: Report = {
    seed,
    requests: 0,
    episodes: 0,
    judged: 0,
    byStatus: {},
    surprising: {},
    neverTaken: [],
    findings: [],
    spent: {},
  };
  const taken = new Set<Operation>();
  let told = 0;
  stopTime();
  while (report.requests < requests && report.findings.length < MAX_FINDINGS) {
    const random = randomOf(seed * 1_000_003 + report.episodes);
    const world = await timed(report, "beginning", newWorld);
    await episode({ world, random, report, taken });
    report.episodes += 1;
    say(`${report.requests} requests, ms: ${JSON.stringify(report.spent)}`);
    for (const finding of report.findings.slice(told)) say(`FOUND ${JSON.stringify(finding)}`);
    told = report.findings.length;
  }
  report.neverTaken = operations
    .filter((operation) => !taken.has(operation))
    .map(({ method, path }) => `${method} ${path}`)
    .filter((name) => !NEVER.has(name));
  return report;
}

interface Run {
  readonly world: World;
  readonly random: Random;
  readonly report: Report;
  readonly taken: Set<Operation>;
}

async function episode(run: Run): Promise<void> {
  const { world, random, report } = run;
  const until = report.requests + MIXED;
  while (report.requests < until) {
    if (random.chance(0.06)) await sale(run);
    else await ask(run, anyRequest(run, operations));
  }
  await guarded(run, "after the mixed requests", () => world.rest());
  for (let i = 0; i < ALONE; i++) await askAlone(run);
  const end = until - MIXED + EPISODE;
  while (report.requests < end) await refusedChunk(run);
  await guarded(run, "at the end", () => world.end());
}

function anyRequest({ world, random }: Run, from: readonly Operation[]): FuzzRequest {
  if (random.chance(0.02)) return strayRequest(world.pool, random);
  let operation = random.pick(from);
  while (HASHES.test(operation.path) && random.chance(1 - HASH_CHANCE)) operation = random.pick(from);
  const good = goodRequest(document, operation, world.pool, random);
  return random.chance(0.35) ? good : brokenRequest(good, operation, world.pool, random);
}

/** A purchase from hold to refund, its steps sometimes broken, doubled or out of turn. */
async function sale(run: Run): Promise<void> {
  const { world, random } = run;
  const steps = random.pick<readonly string[]>([
    ["POST /api/locks", "POST /api/locks/{id}/renew", "POST /api/bookings/confirm", ...PAY, ...AFTER],
    ["POST /api/locks", "POST /api/bookings", "GET /api/bookings/{id}", ...PAY, ...AFTER],
    ["POST /api/bookings", ...PAY, ...AFTER],
    ["POST /api/locks", "DELETE /api/locks/{id}", "POST /api/bookings/confirm"],
    ["POST /api/venues", "POST /api/events", "GET /api/events/{id}", "PUT /api/events/{id}", "POST /api/locks"],
    ["POST /api/locks", "POST /api/bookings/confirm", "PUT /api/events/{id}", ...PAY, ...AFTER],
    random.chance(0.1) ? ["POST /api/users/register", "POST /api/users/login"] : DIALECT_SALE,
  ]);
  for (const name of steps) {
    const operation = operationNamed(name);
    const good = asOwner(goodRequest(document, operation, world.pool, random), operation, world);
    if (random.chance(0.2)) await ask(run, brokenRequest(good, operation, world.pool, random));
    await ask(run, good);
    if (random.chance(0.1)) await ask(run, good);
  }
}

const DIALECT_SALE = [
  ...["POST /event-booking/api/events", "GET /event-booking/api/events/{id}", "POST /event-booking/api/locks"],
  ...["POST /event-booking/api/bookings/confirm", "POST /event-booking/api/payments/intent"],
];
const PAY = ["POST /api/payments/intent", "GET /api/payments/booking/{bookingId}", "GET /api/payments/{id}"];
const AFTER = [
  ...[
    "GET /api/bookings/{id}",
    "GET /api/bookings/{id}/tickets",
    "POST /api/gate/check-ins",
    "POST /api/gate/check-ins/batch",
  ],
  ...["POST /api/admin/tickets/{id}/undo-check-in", "POST /api/bookings/{id}/cancel", "POST /api/bookings/{id}/cancel"],
];

function operationNamed(name: string): Operation {
  const found = operations.find(({ method, path }) => `${method} ${path}` === name);
  if (!found) throw new Error(`no operation ${name}`);
  return found;
}

function asOwner(request: FuzzRequest, operation: Operation, { pool }: World): FuzzRequest {
  if (operation.access !== "user") return request;
  return { ...request, headers: { ...request.headers, Authorization: `Bearer ${pool.tokens.owner}` } };
}

async function timed<T>({ spent }: Report, what: string, act: () => Promise<T>): Promise<T> {
  const startedAt = performance.now();
  try {
    return await act();
  } finally {
    spent[what] = Math.round((spent[what] ?? 0) + performance.now() - startedAt);
  }
}

/** Sends, judges, counts. */
async function ask(run: Run, request: FuzzRequest): Promise<Answer | null> {
  const { world, report, taken } = run;
  report.requests += 1;
  let answer: Answer;
  try {
    answer = await timed(report, "asking", () => world.send(request));
  } catch (fault) {
    note(run, request, null, [`no answer: ${fault}`]);
    return null;
  }
  report.byStatus[answer.status] = (report.byStatus[answer.status] ?? 0) + 1;
  const problems = judge.problems(request, answer);
  if (problems.length > 0) note(run, request, answer, problems);
  const operation = operationFor(operations, request.method, request.path);
  if (operation) {
    world.learn(operation, answer);
    if (answer.status < 400) taken.add(operation);
    if (request.how.length === 0 && answer.status === 400) {
      const said = JSON.parse(answer.text);
      const message: string = said.error?.message ?? said.message;
      const name = `${operation.method} ${operation.path}: ${message.replaceAll(/seat_\w+(, )?/g, "#").slice(0, 120)}`;
      report.surprising[name] = (report.surprising[name] ?? 0) + 1;
    }
  }
  return answer;
}

function read({ world, report }: Run): Promise<Digest> {
  return timed(report, "reading", async () => await digestOf(await world.eventCodes()));
}

/** One request between two readings. Most are good by their form, and refused for what they ask, if at all. */
async function askAlone(run: Run): Promise<void> {
  const { world, report } = run;
  const before = await read(run);
  const request = anyRequest(run, changing);
  const answer = await ask(run, request);
  if (answer === null) return;
  if (!judge.mayNotChange(request, answer)) return await guarded(run, "after a request", () => world.rest());
  const changed = differences(before, await read(run));
  report.judged += 1;
  if (changed.length > 0) note(run, request, answer, ["it was refused and changed something", ...changed]);
}

/** Requests that the document forbids, between two readings; where something changed, one by one. */
async function refusedChunk(run: Run): Promise<void> {
  const { world, random, report } = run;
  const before = await read(run);
  const sent: FuzzRequest[] = [];
  let isPure = true;
  while (sent.length < CHUNK) {
    const request = anyRequest(run, random.chance(0.8) ? changing : operations);
    const isRead = request.method === "GET" || request.method === "HEAD";
    if (!isRead && judge.forbidden(request) === null) continue;
    const answer = await ask(run, request);
    sent.push(request);
    isPure &&= answer !== null && judge.mayNotChange(request, answer);
  }
  if (!isPure) return await guarded(run, "after a chunk", () => world.rest());
  const changed = differences(before, await read(run));
  report.judged += sent.length;
  if (changed.length > 0) await findCulprit(run, sent, changed);
}

async function findCulprit(run: Run, sent: readonly FuzzRequest[], changed: readonly string[]): Promise<void> {
  const { world } = run;
  for (const request of sent) {
    const before = await read(run);
    const answer = await world.send(request);
    const again = differences(before, await read(run));
    if (again.length > 0) return note(run, request, answer, ["it was refused and changed something", ...again]);
  }
  const all = sent.map(({ method, path }) => `${method} ${path}`).join(" | ");
  note(run, { method: "", path: all, headers: {}, body: null, how: [] }, null, [
    "one of these changed something",
    ...changed,
  ]);
}

async function guarded(run: Run, when: string, act: () => Promise<void>): Promise<void> {
  try {
    await timed(run.report, "resting", act);
  } catch (fault) {
    note(run, { method: "", path: when, headers: {}, body: null, how: [] }, null, [String(fault)]);
  }
}

function note({ report }: Run, request: FuzzRequest, answer: Answer | null, problems: readonly string[]): void {
  const { method, path, headers, body, how } = request;
  const text = typeof body === "string" ? body.slice(0, 600) : body ? `bytes ${[...body.slice(0, 60)].join(",")}` : "";
  const named = Object.entries(headers).map(([name, value]) => `${name}: ${value.slice(0, 50)}`);
  report.findings.push({
    episode: report.episodes,
    request: `${method} ${path.slice(0, 300)} (${how.join(", ")}) ${named.join("; ")} ${text}`,
    answer: answer ? `${answer.status} ${answer.text.slice(0, 500)}` : "none",
    problems,
  });
}
