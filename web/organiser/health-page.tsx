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
      <Wellness eventId={null} />
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
  const { value, problem, again } = useAsk<PageOf<DeadLetter>>("/api/admin/dead-letters?perPage=100");
  const [busy, setBusy] = useState<string | null>(null);
  const replay = async (letter: DeadLetter) => {
    setBusy(letter.id);
    const answer = await send("POST", `/api/admin/dead-letters/${letter.id}/replay`, { body: {} });
    setBusy(null);
    if (answer.ok) say("The message is being done again.", "good");
    else say(answer.problem.message, "bad");
    again();
  };
  return (
    <section class="panel" aria-labelledby="letters-title">
      <h2 id="letters-title">Messages that were given up</h2>
      {problem && <Trouble problem={problem} onRetry={again} />}
      {value?.data.length === 0 && <p>None. Every message was done.</p>}
      <ul class="letters">
        {value?.data.map((letter) => (
          <li key={letter.id}>
            <div>
              <p>
                <strong>{letter.queue}</strong>: {letter.reason}
              </p>
              <p class="fine">
                {exactMoment(letter.notedAt)}, after {plural(letter.attempts, "try", "tries")}
                {letter.replayedAt && `, replayed ${exactMoment(letter.replayedAt)}`}
              </p>
              <code>{JSON.stringify(letter.payload)}</code>
            </div>
            <button type="button" class="button quiet" disabled={busy === letter.id} onClick={() => replay(letter)}>
              {letter.replayedAt ? "Do it once more" : "Do it again"}
            </button>
          </li>
        ))}
      </ul>
    </section>
  );
}
