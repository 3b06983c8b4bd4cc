// Stripe's Payment Element, loaded from Stripe and only where Stripe takes the payments: no card number touches our
// pages or servers. docs/web.md says how it meets the saga.

interface StripeElements {
  create(type: "payment", options?: object): { mount(place: HTMLElement): void; unmount(): void };
  submit(): Promise<{ readonly error?: { readonly message?: string } }>;
}

interface StripeClient {
  elements(options: object): StripeElements;
  createPaymentMethod(options: object): Promise<{
    readonly paymentMethod?: { readonly id: string };
    readonly error?: { readonly message?: string };
  }>;
  handleNextAction(options: {
    readonly clientSecret: string;
  }): Promise<{ readonly error?: { readonly message?: string } }>;
}

declare global {
  interface Window {
    Stripe?: (publishableKey: string) => StripeClient;
  }
}

const SCRIPT = "https://js.stripe.com/v3/";
let loading: Promise<StripeClient> | null = null;

export function loadStripe(publishableKey: string): Promise<StripeClient> {
  loading ??= new Promise<StripeClient>((resolve, reject) => {
    const script = document.createElement("script");
    script.src = SCRIPT;
    script.onload = () => (window.Stripe ? resolve(window.Stripe(publishableKey)) : reject(new Error("no Stripe")));
    script.onerror = () => {
      loading = null;
      script.remove();
      reject(new Error("Stripe could not be loaded"));
    };
    document.head.append(script);
  });
  return loading;
}

export interface CardElement {
  readonly tokenise: () => Promise<{ readonly token: string } | { readonly error: string }>;
  readonly unmount: () => void;
}

/** Shows the card form in `place`. The payment itself is made by our server, with the method that this gives it. */
export async function mountCard(
  publishableKey: string,
  place: HTMLElement,
  amount: number,
  currency: string,
): Promise<CardElement> {
  const stripe = await loadStripe(publishableKey);
  const elements = stripe.elements({
    mode: "payment",
    amount,
    currency: currency.toLowerCase(),
    captureMethod: "manual",
    paymentMethodCreation: "manual",
    paymentMethodTypes: ["card"],
    appearance: { theme: matchMedia("(prefers-color-scheme: dark)").matches ? "night" : "stripe" },
  });
  const element = elements.create("payment");
  element.mount(place);
  return {
    async tokenise() {
      const submitted = await elements.submit();
      if (submitted.error) return { error: submitted.error.message ?? UNUSABLE };
      const made = await stripe.createPaymentMethod({ elements });
      return made.paymentMethod ? { token: made.paymentMethod.id } : { error: made.error?.message ?? UNUSABLE };
    },
    unmount: () => element.unmount(),
  };
}

const UNUSABLE = "The card cannot be used as it is typed. Check it and try again.";

/** The bank's own question, in its own window. Returns what went wrong, if something did. */
export async function answerChallenge(publishableKey: string, clientSecret: string): Promise<string | null> {
  const stripe = await loadStripe(publishableKey);
  const { error } = await stripe.handleNextAction({ clientSecret });
  return error ? (error.message ?? "Your bank could not confirm that it is you.") : null;
}
