// One section of a hall that is being drawn.

import type { Tier } from "../api/types";
import { Choice, Field } from "../parts/field";
import { TIER_NAMES } from "../words";
import type { SectionDraft } from "./hall-plan";

interface Props {
  readonly draft: SectionDraft;
  readonly number: number;
  readonly problems: ReadonlyMap<string, string>;
  readonly onChange: (draft: SectionDraft) => void;
  readonly onRemove: (() => void) | null;
}

export function SectionForm({ draft, number, problems, onChange, onRemove }: Props) {
  const wrong = (field: keyof SectionDraft) => problems.get(`${draft.key}.${field}`) ?? null;
  const set = (change: Partial<SectionDraft>) => onChange({ ...draft, ...change });
  const standing = draft.tier === "STANDING";
  return (
    <fieldset class="section-form">
      <legend>Section {number}</legend>
      <div class="form-grid">
        <Field label="Name" name="section" value={draft.name} onText={(name) => set({ name })} error={wrong("name")} />
        <Choice
          label="Price class"
          name="price"
          value={draft.tier}
          onChoose={(chosen) => set({ tier: chosen as Tier })}
        >
          {Object.entries(TIER_NAMES).map(([tier, name]) => (
            <option key={tier} value={tier}>
              {name}
            </option>
          ))}
        </Choice>
        {!standing && (
          <Field
            key="rows"
            label="Rows"
            name="rows"
            inputMode="numeric"
            value={draft.rows}
            onText={(rows) => set({ rows })}
            error={wrong("rows")}
          />
        )}
        <Field
          key="seats"
          label={standing ? "Places" : "Seats in a row"}
          name="seats"
          inputMode="numeric"
          value={draft.seats}
          onText={(seats) => set({ seats })}
          error={wrong("seats")}
        />
        {!standing && (
          <Field
            key="first"
            label="First seat number"
            name="firstNumber"
            inputMode="numeric"
            value={draft.firstNumber}
            onText={(firstNumber) => set({ firstNumber })}
            error={wrong("firstNumber")}
          />
        )}
        {!standing && (
          <Field
            key="aisles"
            label="Aisles after seats"
            name="aisles"
            placeholder="6, 18"
            value={draft.aisles}
            onText={(aisles) => set({ aisles })}
            error={wrong("aisles")}
            hint="Nobody sits together across one."
          />
        )}
      </div>
      {!standing && (
        <div class="checks" key="checks">
          <label>
            <input
              type="checkbox"
              checked={draft.accessible}
              onChange={(event) => set({ accessible: event.currentTarget.checked })}
            />{" "}
            Wheelchair places at the ends of the last row
          </label>
          <label>
            <input
              type="checkbox"
              checked={draft.fromBack}
              onChange={(event) => set({ fromBack: event.currentTarget.checked })}
            />{" "}
            Letters begin at the back
          </label>
          <label>
            <input
              type="checkbox"
              checked={draft.fromRight}
              onChange={(event) => set({ fromRight: event.currentTarget.checked })}
            />{" "}
            Seat numbers run from right to left
          </label>
        </div>
      )}
      {onRemove && (
        <button type="button" class="link" onClick={onRemove}>
          Remove section {number}
        </button>
      )}
    </fieldset>
  );
}
