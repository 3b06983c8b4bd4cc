// What every page has: a title that is said on arrival, and its troubles told in words.

import type { ComponentChildren } from "preact";
import { useEffect, useRef } from "preact/hooks";
import type { Problem } from "../api/client";

interface Props {
  readonly title: string;
  /** Shown instead of the title, where the title alone is too plain. */
  readonly heading?: ComponentChildren;
  readonly class?: string;
  readonly children: ComponentChildren;
}

let arrivals = 0;

/** The heading takes the focus after a change of page, so that keyboard and screen reader start where the page does. */
export function Page({ title, heading, class: extra = "", children }: Props) {
  const top = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    document.title = title === "TicketFlow" ? title : `${title} · TicketFlow`;
  }, [title]);
  useEffect(() => {
    arrivals += 1;
    if (arrivals > 1) top.current?.focus({ preventScroll: true });
  }, []);
  return (
    <main id="content" class={`page ${extra}`}>
      <h1 ref={top} tabIndex={-1}>
        {heading ?? title}
      </h1>
      {children}
    </main>
  );
}

export function Trouble({ problem, onRetry }: { readonly problem: Problem; readonly onRetry?: () => void }) {
  return (
    <div class="trouble" role="alert">
      <p>{problem.message}</p>
      {problem.status >= 500 && problem.requestId && <p class="fine">Request {problem.requestId}</p>}
      {onRetry && (
        <button type="button" class="button quiet" onClick={onRetry}>
          Try again
        </button>
      )}
    </div>
  );
}

export function Loading({ what }: { readonly what: string }) {
  return (
    <p class="loading" role="status">
      {what}
    </p>
  );
}
