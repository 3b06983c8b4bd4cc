// Whether the machinery is well, in one line that is green or says what is wrong.

import type { PageOf } from "../api/types";
import { useAsk } from "../use-ask";
import { plural } from "../words";
import type { Consistency, DeadLetter } from "./report";

const REFRESH_MS = 10_000;
/** Work on its way is no trouble while it moves; more than this waits for something. */
const MUCH_WORK = 500;

interface Props {
  readonly eventId: string | null;
  /** Where the details are on the page already. */
  readonly isDetailed?: boolean;
}

export function Wellness({ eventId, isDetailed = false }: Props) {
  const query = eventId ? `?eventId=${encodeURIComponent(eventId)}` : "";
  const { value: found, problem } = useAsk<Consistency>(`/api/admin/consistency${query}`, REFRESH_MS);
  const { value: letters } = useAsk<PageOf<DeadLetter>>("/api/admin/dead-letters?open=true&perPage=1", REFRESH_MS);
  if (problem) return <p class="wellness bad">The machinery cannot be asked: {problem.message}</p>;
  if (!found || !letters) return <p class="wellness">Looking at the machinery…</p>;
  const waiting = letters.pagination.total;
  const troubles = [
    found.violations.length > 0 &&
      `${plural(found.violations.length, "rule is", "rules are")} broken: ${found.violations[0]?.invariant} ${found.violations[0]?.detail}`,
    waiting > 0 &&
      `${plural(waiting, "message", "messages")} given up ${waiting === 1 ? "waits" : "wait"} for somebody`,
    found.outbox > MUCH_WORK && `${plural(found.outbox, "thing is", "things are")} still to be done`,
  ].filter((trouble) => trouble !== false);
  const well = troubles.length === 0;
  return (
    <p class={well ? "wellness good" : "wellness bad"} role="status">
      <span>
        {well
          ? `All is well: every rule holds, no message waits for somebody, ${found.outbox === 0 ? "nothing is waiting" : `${plural(found.outbox, "thing")} on the way`}.`
          : `${troubles.join("; ")}.`}
      </span>{" "}
      {!isDetailed && (
        <a class="link" href="/organiser/health">
          Details
        </a>
      )}
    </p>
  );
}
