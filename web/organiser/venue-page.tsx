// A new venue: where it is and how many it holds.

import { useState } from "preact/hooks";
import { COUNTRIES } from "../../src/domain/countries";
import { say } from "../announce";
import { newKey, type Problem, send } from "../api/client";
import { Choice, errorOf, Field } from "../parts/field";
import { Page } from "../parts/page";
import { navigate } from "../router";

const names = new Intl.DisplayNames(navigator.languages, { type: "region" });
const countries = [...COUNTRIES]
  .map((code) => ({ code, name: names.of(code) ?? code }))
  .sort((a, b) => a.name.localeCompare(b.name));

export function VenuePage() {
  const [name, setName] = useState("");
  const [address, setAddress] = useState("");
  const [city, setCity] = useState("");
  const [country, setCountry] = useState("GB");
  const [capacity, setCapacity] = useState("");
  const [problem, setProblem] = useState<Problem | null>(null);
  const [key] = useState(newKey);
  const [busy, setBusy] = useState(false);
  const submit = async (event: Event) => {
    event.preventDefault();
    setBusy(true);
    const body = { name, address, city, country, capacity: /^\d+$/.test(capacity) ? Number(capacity) : capacity };
    const answer = await send<{ id: string }>("POST", "/api/venues", { body, key });
    setBusy(false);
    if (!answer.ok) return setProblem(answer.problem);
    navigate(`/organiser/events/new?venue=${answer.value.id}`);
    say(`${name} is there. Now put an event on.`, "good");
  };
  return (
    <Page title="A new venue" class="narrow">
      <form class="panel" onSubmit={submit} noValidate>
        <Field label="Name" name="name" value={name} onText={setName} error={errorOf(problem, "name")} />
        <Field label="Address" name="address" value={address} onText={setAddress} error={errorOf(problem, "address")} />
        <Field label="City" name="city" value={city} onText={setCity} error={errorOf(problem, "city")} />
        <Choice label="Country" name="country" value={country} onChoose={(chosen) => setCountry(chosen)}>
          {countries.map((one) => (
            <option key={one.code} value={one.code}>
              {one.name}
            </option>
          ))}
        </Choice>
        <Field
          label="How many it holds"
          name="capacity"
          inputMode="numeric"
          value={capacity}
          onText={setCapacity}
          error={errorOf(problem, "capacity")}
          hint="No event there can have more seats."
        />
        {problem && problem.fields.length === 0 && (
          <p class="form-error" role="alert">
            {problem.message}
          </p>
        )}
        <button type="submit" class="button" disabled={busy}>
          {busy ? "One moment…" : "Add the venue"}
        </button>
      </form>
    </Page>
  );
}
