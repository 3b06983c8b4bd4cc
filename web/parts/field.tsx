// A field of a form with its label, its hint, and what is wrong with it beside it until it is right.

import type { ComponentChildren } from "preact";
import { useId } from "preact/hooks";
import type { Problem } from "../api/client";

interface Props {
  readonly name: string;
  readonly type?: "text" | "email" | "password" | "number" | "datetime-local";
  readonly autoComplete?: string;
  readonly inputMode?: "numeric" | "decimal";
  readonly placeholder?: string;
  readonly label: string;
  readonly hint?: ComponentChildren;
  readonly error?: string | null;
  readonly value: string;
  readonly onText: (text: string) => void;
}

export function Field({ label, hint, error, value, onText, type = "text", ...input }: Props) {
  const id = useId();
  return (
    <div class={error ? "field wrong" : "field"}>
      <label for={id}>{label}</label>
      <input
        {...input}
        type={type as "text"}
        id={id}
        value={value}
        aria-invalid={error ? "true" : undefined}
        aria-describedby={`${id}-hint`}
        onInput={(event) => onText(event.currentTarget.value)}
      />
      <p class="hint" id={`${id}-hint`}>
        {error ? <strong>{error}</strong> : hint}
      </p>
    </div>
  );
}

interface ChoiceProps {
  readonly label: string;
  readonly name: string;
  readonly value: string;
  readonly disabled?: boolean;
  readonly onChoose: (value: string) => void;
  /** Its options. */
  readonly children: ComponentChildren;
}

/** A choice of one. Its label stands beside it: around it, the options would be part of its name. */
export function Choice({ label, name, value, disabled, onChoose, children }: ChoiceProps) {
  const id = useId();
  return (
    <div class="field">
      <label for={id}>{label}</label>
      <select
        id={id}
        name={name}
        value={value}
        disabled={disabled}
        onChange={(event) => onChoose(event.currentTarget.value)}
      >
        {children}
      </select>
    </div>
  );
}

/** The API speaks to programs of what a person left out or mixed up. */
const TO_A_PERSON: readonly (readonly [RegExp, string])[] = [
  [/at least 1 character/, "Fill this in."],
  [/ISO-8601 date and time/, "Choose a day and a time."],
  [/after startsAt/, "Must be after the start."],
];

/** What a refusal says of one field, as a sentence. */
export function errorOf(problem: Problem | null, ...names: readonly string[]): string | null {
  const found = problem?.fields.find(({ field }) => names.includes(field));
  if (!found) return null;
  const { message } = found;
  const plain = TO_A_PERSON.find(([said]) => said.test(message));
  if (plain) return plain[1];
  return `${message.charAt(0).toUpperCase()}${message.slice(1)}${/[.!?]$/.test(message) ? "" : "."}`;
}
