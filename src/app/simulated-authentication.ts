// Finishes a challenge of the payment simulator, as the buyer's bank would: development's stand-in for 3-D Secure.

import { bookingIdOf, codeOfSaleId, parseId } from "../domain/ids";
import { accept, type Result, refuse } from "../domain/refusals";
import { carryOut, type EffectDeps } from "./effects";

/** Refuses a payment that waits for no challenge. */
export async function authenticateSimulated(
  deps: EffectDeps,
  paymentId: string,
  passed: boolean,
  requestId: string,
): Promise<Result<{ readonly paymentId: string }>> {
  const unknown = refuse({ code: "PAYMENT_NOT_FOUND", id: paymentId });
  const id = parseId("pay", paymentId);
  if (id === null || deps.payments.authenticate === undefined) return unknown;
  const bookingId = bookingIdOf(id);
  const code = codeOfSaleId(id);
  const origin = { actor: "provider", requestId };
  const reading = await deps.boxOffices.send(code, { type: "readBooking", bookingId, ...origin });
  if (!reading?.ok || reading.value.record.payment === null) return unknown;
  const { payment, status } = reading.value.record;
  if (payment.status !== "REQUIRES_ACTION") return refuse({ code: "PAYMENT_NOT_ALLOWED", status });
  const { amountMinor, currency, attempts: attempt } = payment;
  const outcome = deps.payments.authenticate({ bookingId, attempt, amountMinor, currency }, passed);
  const effect = `${bookingId}:authorise:${attempt}`;
  const reply = await deps.boxOffices.send(code, { type: "settle", effect, outcome, ...origin });
  if (reply === null) return unknown;
  if (!reply.ok) return reply;
  await carryOut(deps, code, reply.value.work);
  return accept({ paymentId });
}
