// The doors of an event: how many came in through each, as it happens, and a new one for a scanner to open.

import { useEffect, useRef, useState } from "preact/hooks";
import { say } from "../announce";
import { newKey, type Problem, send } from "../api/client";
import type { PageOf } from "../api/types";
import type { GateCount } from "../hall/live-hall";
import { errorOf, Field } from "../parts/field";
import { Trouble } from "../parts/page";
import { useAsk } from "../use-ask";
import { count, exactMoment } from "../words";

interface Gate {
  readonly id: string;
  readonly name: string;
  readonly expiresAt: string;
  readonly revokedAt: string | null;
  readonly checkedIn: number;
  readonly conflicts: number;
}

/** With what only its maker sees, once. */
interface NewGate {
  readonly name: string;
  readonly scannerUrl: string;
  readonly picture: string;
}

/** While the feed does not tell. */
const REFRESH_MS = 2_000;

interface GatesPanelProps {
  readonly eventId: string;
  /** As the feed tells them, or null. A gate where nobody was yet is not among them. */
  readonly counts: readonly GateCount[] | null;
}

export function GatesPanel({ eventId, counts }: GatesPanelProps) {
  const path = `/api/admin/events/${encodeURIComponent(eventId)}/gates`;
  const { value, problem, again } = useAsk<PageOf<Gate>>(
    `${path}?perPage=100`,
    counts === null ? REFRESH_MS : undefined,
  );
  const [made, setMade] = useState<NewGate | null>(null);
  const known = value?.data ?? [];
  const isNew = value !== null && counts?.some(({ id }) => known.every((gate) => gate.id !== id)) === true;
  useEffect(() => {
    // Somebody else opened it: its name is not in the counts.
    if (isNew) again();
  }, [isNew, again]);
  // When the feed falls silent its last word is newer than the list, until the list was asked for again.
  const last = useRef({ counts, value });
  if (counts !== null) last.current = { counts, value };
  const told = counts ?? (last.current.value === value ? last.current.counts : null);
  const gates = told === null ? known : known.map((gate) => ({ ...gate, ...countOf(told, gate.id) }));
  const revoke = async (gate: Gate) => {
    const answer = await send("POST", `${path}/${gate.id}/revoke`);
    say(answer.ok ? `${gate.name} is closed.` : answer.problem.message, answer.ok ? "plain" : "bad");
    again();
  };
  return (
    <section class="panel" aria-labelledby="gates-title">
      <h2 id="gates-title">The doors</h2>
      {problem && <Trouble problem={problem} />}
      {gates.length > 0 && (
        // biome-ignore lint/a11y/noNoninteractiveTabindex: a part that scrolls is reached by keys
        <div class="scroll" tabIndex={0}>
          <table aria-live="polite">
            <thead>
              <tr>
                <th scope="col">Gate</th>
                <th scope="col">Came in</th>
                <th scope="col">Conflicts</th>
                <th scope="col">Its scanners</th>
              </tr>
            </thead>
            <tbody>
              {gates.map((gate) => (
                <tr key={gate.id}>
                  <th scope="row">{gate.name}</th>
                  <td>{count(gate.checkedIn)}</td>
                  <td>{count(gate.conflicts)}</td>
                  <td>
                    {gate.revokedAt ? (
                      `closed ${exactMoment(gate.revokedAt)}`
                    ) : (
                      <button type="button" class="link" onClick={() => revoke(gate)}>
                        Close {gate.name}
                      </button>
                    )}
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
      {made && <Scanner made={made} />}
      <NewGateForm
        path={path}
        onMade={(gate) => {
          setMade(gate);
          again();
        }}
      />
    </section>
  );
}

function countOf(counts: readonly GateCount[], id: string): Omit<GateCount, "id"> {
  return counts.find((gate) => gate.id === id) ?? { checkedIn: 0, conflicts: 0 };
}

function Scanner({ made }: { readonly made: NewGate }) {
  return (
    <div class="stack" role="status">
      <p>
        <strong>{made.name}</strong> is open. Scan this with the phone that will scan the tickets: it is shown only now.
      </p>
      <img src={made.picture} width="220" height="220" alt={`A code that opens ${made.name} on a phone`} />
      <p class="fine">{made.scannerUrl}</p>
    </div>
  );
}

function NewGateForm({ path, onMade }: { readonly path: string; readonly onMade: (gate: NewGate) => void }) {
  const [name, setName] = useState("");
  const [problem, setProblem] = useState<Problem | null>(null);
  const [key, setKey] = useState(newKey);
  const create = async (event: Event) => {
    event.preventDefault();
    const answer = await send<{ name: string; scannerUrl: string }>("POST", path, { body: { name }, key });
    setKey(newKey());
    setProblem(answer.ok ? null : answer.problem);
    if (!answer.ok) return;
    const { encodeQR } = await import("qr");
    const svg = encodeQR(answer.value.scannerUrl, "svg", { ecc: "medium", border: 4 });
    onMade({ ...answer.value, picture: `data:image/svg+xml,${encodeURIComponent(svg)}` });
    setName("");
  };
  return (
    <form class="organiser-bar" onSubmit={create}>
      <Field
        label="Open another gate"
        name="gate"
        placeholder="North door"
        value={name}
        onText={setName}
        error={errorOf(problem, "name") ?? problem?.message ?? null}
      />
      <button type="submit" class="button" disabled={name.trim() === ""}>
        Open
      </button>
    </form>
  );
}
