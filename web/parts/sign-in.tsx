// Signing in or up, in place: whatever the page holds (a choice of seats, a form) is still there afterwards.

import { useEffect, useRef, useState } from "preact/hooks";
import { say } from "../announce";
import { type Problem, send } from "../api/client";
import type { SignedIn } from "../api/types";
import { config } from "../config";
import { type SignInAsk, session, signInAsk } from "../session";
import { useStore } from "../store";
import { errorOf, Field } from "./field";

export function SignInDialog() {
  const ask = useStore(signInAsk);
  return ask ? <Dialog ask={ask} /> : null;
}

function Dialog({ ask }: { readonly ask: SignInAsk }) {
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    const before = document.activeElement;
    dialog.current?.showModal();
    return () => before instanceof HTMLElement && before.focus();
  }, []);
  return (
    <dialog ref={dialog} class="dialog" aria-labelledby="sign-in-title" onClose={() => ask.done(false)}>
      <div class="dialog-head">
        <h2 id="sign-in-title">{ask.reason}</h2>
        <button type="button" class="close" aria-label="Close" onClick={() => ask.done(false)}>
          ×
        </button>
      </div>
      <AccountForm onDone={() => ask.done(true)} />
    </dialog>
  );
}

export function AccountForm({ onDone }: { readonly onDone: () => void }) {
  const [isNew, setIsNew] = useState(false);
  const [name, setName] = useState("");
  const [email, setEmail] = useState("");
  const [password, setPassword] = useState("");
  const [problem, setProblem] = useState<Problem | null>(null);
  const [busy, setBusy] = useState(false);
  const shop = useStore(config);

  const submit = async (event: Event) => {
    event.preventDefault();
    setBusy(true);
    setProblem(null);
    const failed = await enter(isNew, { name, email: email.trim(), password });
    setBusy(false);
    if (failed) return setProblem(failed);
    onDone();
  };
  const choose = (wanted: boolean) => {
    setIsNew(wanted);
    setProblem(null);
  };
  return (
    <form class="stack" onSubmit={submit} noValidate>
      <fieldset class="switch">
        <legend class="hidden">Do you have an account?</legend>
        <label>
          <input type="radio" name="account" checked={!isNew} onChange={() => choose(false)} />{" "}
          <span>I have an account</span>
        </label>
        <label>
          <input type="radio" name="account" checked={isNew} onChange={() => choose(true)} /> <span>I am new here</span>
        </label>
      </fieldset>
      {isNew && (
        <Field
          key="name"
          label="Your name"
          name="name"
          autoComplete="name"
          value={name}
          onText={setName}
          error={errorOf(problem, "name")}
          hint="As it should stand on the ticket."
        />
      )}
      <Field
        key="email"
        label="E-mail"
        name="email"
        type="email"
        autoComplete="email"
        value={email}
        onText={setEmail}
        error={errorOf(problem, "email")}
        hint={isNew ? "Your tickets go there." : null}
      />
      <Field
        key="password"
        label="Password"
        name="password"
        type="password"
        autoComplete={isNew ? "new-password" : "current-password"}
        value={password}
        onText={setPassword}
        error={errorOf(problem, "password")}
        hint={isNew ? "8 characters or more, with a capital letter and a number." : null}
      />
      {problem && problem.fields.length === 0 && (
        <p class="form-error" role="alert">
          {problem.message}
        </p>
      )}
      <button type="submit" class="button" disabled={busy}>
        {busy ? "One moment…" : isNew ? "Create the account" : "Sign in"}
      </button>
      {shop?.development && !isNew && (
        <p class="fine">
          This is a demo.{" "}
          <button
            type="button"
            class="link"
            onClick={() => {
              setEmail("test@ticketflow.dev");
              setPassword("Test1234!");
            }}
          >
            Fill in the demo buyer
          </button>
        </p>
      )}
    </form>
  );
}

/** Signs in, after signing up where that is wanted. Returns what went wrong. */
async function enter(
  isNew: boolean,
  { name, email, password }: { readonly name: string; readonly email: string; readonly password: string },
): Promise<Problem | null> {
  if (isNew) {
    const made = await send("POST", "/api/users/register", { body: { name, email, password } });
    if (!made.ok) return made.problem;
  }
  const entered = await send<SignedIn>("POST", "/api/users/login", { body: { email, password } });
  if (!entered.ok) return entered.problem;
  session.set(entered.value);
  say(isNew ? `Welcome, ${entered.value.user.name}.` : `Signed in as ${entered.value.user.name}.`, "good");
  return null;
}
