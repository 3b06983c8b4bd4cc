// What a situation is, how sales usually end, and what several situations look at.

import { type Ending, eventually, type Sale } from "../sale";

/** Longer than a provider time-out and a second try, also on a busy machine. */
export const WINDOW_SECONDS = 45;
export const CARD = "pm_card_visa";
export const DECLINED = "pm_card_chargeDeclined";
export const CHALLENGED = "pm_card_authenticationRequired";

export const CONFIRMED = {
  status: "CONFIRMED",
  payment: "SUCCESS",
  captured: 10_000,
  mails: ["BOOKING_CONFIRMED"],
} as const;
export const EXPIRED = { status: "EXPIRED", payment: "CANCELLED", captured: 0, mails: ["BOOKING_EXPIRED"] } as const;
export const REFUSED = {
  status: "FAILED",
  failureReason: "PAYMENT_FAILED",
  payment: "FAILED",
  captured: 0,
  mails: ["BOOKING_FAILED"],
} as const;
export const REFUNDED = {
  status: "CANCELLED",
  payment: "REFUNDED",
  captured: 10_000,
  refunded: 10_000,
  mails: ["BOOKING_CONFIRMED", "BOOKING_CANCELLED"],
} as const;

export interface Situation {
  readonly name: string;
  readonly ending: Ending;
  readonly price?: number;
  readonly currency?: string;
  /** What happens; the booking it happens to. */
  run(sale: Sale): Promise<string>;
}

export function codeOf(answer: {
  readonly status: number;
  readonly body: { readonly error?: { readonly code: string } };
}) {
  return [answer.status, answer.body.error?.code];
}

export async function allDelivered(sale: Sale): Promise<void> {
  await eventually("every event to be delivered", async () => {
    const events = await sale.stripe.events(sale.scope);
    return events.length > 0 && events.every(({ state }) => state === "delivered" || state === "dropped");
  });
}

export async function firstRefund(sale: Sale): Promise<string> {
  return await eventually("the refund", async () => (await sale.refunds())[0]?.id ?? null);
}

export async function letterAbout(sale: Sale, bookingId: string, queue: string) {
  return await eventually("a dead letter about it", async () => {
    const letters = (await sale.deadLetters()).filter((letter) => letter.queue === queue);
    return letters.find(({ payload }) => JSON.stringify(payload).includes(bookingId)) ?? null;
  });
}

/** Once the payment shows that its refund failed: the letter that tells people of it. */
export async function failedRefund(sale: Sale, bookingId: string) {
  const isShown = async () => (await sale.payment(bookingId)).body.status === "REFUND_FAILED";
  await eventually("the failure to be shown", isShown);
  return await letterAbout(sale, bookingId, "booking-saga");
}

export async function disputeOf(sale: Sale): Promise<string> {
  const { body } = (await sale.stripe.events(sale.scope)).find(({ type }) => type === "charge.dispute.created") ?? {};
  return (body as { data: { object: { id: string } } }).data.object.id;
}
