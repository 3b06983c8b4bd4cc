// The payment adapter in front of the stand-in, as tests of either ask it: a sale of its own for each.

import { stripePayments } from "../../src/adapters/payments-stripe";
import type { StripeOptions } from "../../src/adapters/stripe-client";
import { type StripeNewsOptions, stripeNews } from "../../src/adapters/stripe-news";
import type { Log, Payments, ProviderAsk, ProviderNews } from "../../src/app/ports";
import { type BookingId, codeOfSaleId, type EventCode, makeId, makeSaleId } from "../../src/domain/ids";

export const SECRET_KEY = "sk_test_of_the_stand_in";
export const WEBHOOK_SECRET = "whsec_of_the_stand_in";

export interface LoggedLine {
  readonly level: "info" | "warn" | "error";
  readonly message: string;
}

export function recordingLog(): Log & { readonly lines: readonly LoggedLine[] } {
  const lines: LoggedLine[] = [];
  const at = (level: LoggedLine["level"]) => (message: string) => void lines.push({ level, message });
  return { lines, info: at("info"), warn: at("warn"), error: at("error") };
}

/** A booking nobody else has, and the questions of its attempts. */
export function newSale(amountMinor = 15_000, currency = "GBP", askedAtMs = Date.now()) {
  const random = (n: number) => crypto.getRandomValues(new Uint8Array(n));
  const code = makeId("evnt", askedAtMs, random(16)).slice(-8) as EventCode;
  const bookingId: BookingId = makeSaleId("bkg", code, askedAtMs, random(8));
  const ask = (action: string, n: number): ProviderAsk => ({
    bookingId,
    attempt: n,
    amountMinor,
    currency,
    force: null,
    idempotencyKey: `${bookingId}:${n}:${action}`,
    askedAtMs,
  });
  return {
    bookingId,
    scope: { eventCode: codeOfSaleId(bookingId) },
    authorise: (token: string | null, n = 1) => ({ ...ask("authorise", n), token }),
    capture: (intentId: string, n = 1) => ({ ...ask("capture", n), intentId }),
    void: (intentId: string | null, unwanted = false, n = 1) => ({ ...ask("void", n), intentId, unwanted }),
    refund: (intentId: string, refund: number, part = amountMinor) => ({
      ...ask(`refund:${refund}`, 1),
      amountMinor: part,
      intentId,
      refund,
    }),
  };
}

export function paymentsAt(
  base: string,
  options: Partial<StripeOptions> = {},
): Payments & { readonly log: ReturnType<typeof recordingLog> } {
  const log = recordingLog();
  return { ...stripePayments({ secretKey: SECRET_KEY, apiBase: base, log, ...options }), log };
}

export function newsAt(base: string, options: Partial<StripeNewsOptions> = {}): ProviderNews {
  const webhookSecrets = [WEBHOOK_SECRET];
  return stripeNews({ secretKey: SECRET_KEY, webhookSecrets, apiBase: base, log: recordingLog(), ...options });
}
