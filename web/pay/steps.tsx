// What happens while a payment is made, step by step as it really happens.

const STEPS = [
  { stage: "held", name: "Your seats are held", doing: "Your seats are held" },
  { stage: "asking", name: "Your bank agreed", doing: "Asking your bank" },
  {
    stage: "capturing",
    name: "The seats are yours and the payment is taken",
    doing: "Making the seats yours and taking the payment",
  },
  { stage: "confirmed", name: "Your tickets are ready", doing: "Making your tickets" },
] as const;

export function Steps({ stage }: { readonly stage: "asking" | "capturing" }) {
  const at = STEPS.findIndex((step) => step.stage === stage);
  return (
    <ol class="steps">
      {STEPS.map(({ name, doing }, i) => {
        const state = i < at ? "done" : i === at ? "now" : "ahead";
        return (
          <li key={doing} class={state} aria-current={state === "now" ? "step" : undefined}>
            <span class="mark" aria-hidden="true">
              {state === "done" ? "✓" : i + 1}
            </span>
            <span>
              {state === "done" ? name : doing}
              {state === "done" && <span class="hidden"> (done)</span>}
            </span>
          </li>
        );
      })}
    </ol>
  );
}
