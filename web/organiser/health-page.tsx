// The machinery: the rules that are checked, and messages that a queue gave up, to be done again.

import { useState } from "preact/hooks";
import { say } from "../announce";
import { send } from "../api/client";
import type { PageOf } from "../api/types";
import { Page, Trouble } from "../parts/page";
import { useAsk } from "../use-ask";
import { exactMoment, plural } from "../words";
import type { Consistency, DeadLetter } from "./report";
import { Wellness } from "./wellness";

export function HealthPage() {
  const { value: found, problem, again } = useAsk<Consistency>("/api/admin/consistency");
  return (
    <Page title="The machinery" class="health">
      <Wellness eventId={null} isDetailed />
      {problem && <Trouble problem={problem} onRetry={again} />}
      {found && (
        <section class="panel" aria-labelledby="rules-title">
          <h2 id="rules-title">Rules</h2>
          <p>
            {plural(found.events, "event")} looked at: {plural(found.violations.length, "rule")} broken,{" "}
            {plural(found.nonTerminal, "booking")} under way, {plural(found.outbox, "thing")} still to be done.
          </p>
          {found.violations.length > 0 && (
            <ul class="violations">
              {found.violations.map(({ invariant, detail }) => (
                <li key={invariant + detail}>
                  <strong>{invariant}</strong> {detail}
                </li>
              ))}
            </ul>
          )}
          <button type="button" class="button quiet" onClick={again}>
            Check again
          </button>
        </section>
      )}
      <Letters />
    </Page>
  );
}

function Letters() {
  const open = useAsk<PageOf<DeadLetter>>("/api/admin/dead-letters?open=true&perPage=100");
  const settled = useAsk<PageOf<DeadLetter>>("/api/admin/dead-letters?open=false&perPage=20");
  const [busy, setBusy] = useState<string | null>(null);
  const settle = async (id: string, how: Settling) => {
    if (how === "paidBack" && !confirm("Does the buyer have the money? It is not asked for again after this.")) return;
    setBusy(id);
    const [path, body, done] = SETTLINGS[how];
    const answer = await send("POST", `/api/admin/dead-letters/${encodeURIComponent(id)}/${path}`, { body });
    setBusy(null);
    if (answer.ok) say(done, "good");
    else say(answer.problem.message, "bad");
    open.again();
    settled.again();
  };
  const item = (letter: DeadLetter) => (
    <Letter key={letter.id} letter={letter} isBusy={busy === letter.id} settle={(how) => settle(letter.id, how)} />
  );
  return (
    <section class="panel" aria-labelledby="letters-title">
      <h2 id="letters-title">Messages that were given up</h2>
      {open.problem && <Trouble problem={open.problem} onRetry={open.again} />}
      {open.value?.data.length === 0 && <p>None waits for somebody.</p>}
      <ul class="letters">{open.value?.data.map(item)}</ul>
      {settled.value && settled.value.data.length > 0 && (
        <details>
          <summary>{plural(settled.value.pagination.total, "message")} done again or seen to</summary>
          <ul class="letters">{settled.value.data.map(item)}</ul>
        </details>
      )}
    </section>
  );
}

/** The route, what it is told, and what is said when it was done. */
const SETTLINGS = {
  replay: ["replay", {}, "The message is being done again."],
  close: ["close", {}, "Noted as seen to."],
  paidBack: ["close", { paidBack: true }, "Noted as paid back."],
} as const;
type Settling = keyof typeof SETTLINGS;

interface LetterProps {
  readonly letter: DeadLetter;
  readonly isBusy: boolean;
  readonly settle: (how: Settling) => void;
}

function Letter({ letter, isBusy, settle }: LetterProps) {
  const { queue, reason, attempts, payload, notedAt, replayedAt, closedAt, replayable } = letter;
  const isRefund = letter.id.startsWith("refund-failed:");
  return (
    <li>
      <div>
        <p>
          <strong>{queue}</strong>: {reason}
        </p>
        <p class="fine">
          {exactMoment(notedAt)}, after {plural(attempts, "try", "tries")}
          {replayedAt && `, done again ${exactMoment(replayedAt)}`}
          {closedAt && `, seen to ${exactMoment(closedAt)}`}
        </p>
        <code>{JSON.stringify(payload)}</code>
      </div>
      <div class="settle">
        {replayable && (
          <button type="button" class="button quiet" disabled={isBusy} onClick={() => settle("replay")}>
            {replayedAt ? "Do it once more" : "Do it again"}
          </button>
        )}
        {replayedAt === null && closedAt === null && (
          <button
            type="button"
            class="button quiet"
            disabled={isBusy}
            onClick={() => settle(isRefund ? "paidBack" : "close")}
          >
            {isRefund ? "Paid back otherwise" : "Seen to"}
          </button>
        )}
      </div>
    </li>
  );
}
