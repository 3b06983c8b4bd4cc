// Bookings on their way to being paid, and the news of a provider, for tests of money.

import type { Outcome, PaymentMethod } from "../../src/domain/box-office/commands";
import { owedEffects } from "../../src/domain/box-office/execute";
import type { Fact } from "../../src/domain/box-office/state";
import type { BookingId, UserId } from "../../src/domain/ids";

import { aUser, CARD, type Office, openOffice } from "./box-office-builder";

export const PRICE = 25_000;
export const DECLINED = { type: "declined", intentId: "pi_1", reason: "no" } as const;
export const VOIDED = { type: "voided", intentId: "pi_1" } as const;
/** Somebody looked for the attempt at the provider, and it was not there. */
export const NOT_FOUND = { type: "voided", intentId: null } as const;
export const CHALLENGED = { type: "challenged", intentId: "pi_1", clientSecret: "secret" } as const;
export const UNANSWERED = { type: "unanswered", reason: "silence" } as const;

export interface Case {
  readonly office: Office;
  readonly id: BookingId;
  readonly user: UserId;
}

export function waiting(): Case {
  const office = openOffice();
  const user = aUser();
  return { office, user, id: office.book(user, ["A1"], null) };
}

export function paying(method: PaymentMethod = CARD): Case {
  const it = waiting();
  it.office.ok({ type: "pay", bookingId: it.id, userId: it.user, method, requestId: "req_pay" });
  return it;
}

/** Made with its card, which is its only try. */
export function booked(): Case {
  const office = openOffice();
  const user = aUser();
  return { office, user, id: office.book(user, ["A1"]) };
}

export function factsOf({ office }: Case): readonly Fact[] {
  return office.changes.journal.flatMap(({ facts }) => facts);
}

export function refusalOf(office: Office, command: Parameters<Office["send"]>[0]) {
  const reply = office.send(command);
  if (reply.ok || "notDefined" in reply) throw new Error(`not refused: ${JSON.stringify(reply)}`);
  return reply.refusal;
}

export const hear = ({ office, id }: Case, outcome: Outcome, n = 1) => office.settle(`${id}:authorise:${n}`, outcome);
export const pay = ({ office, id, user }: Case, changes: object = {}) =>
  ({ type: "pay", bookingId: id, userId: user, method: CARD, requestId: office.lockId(), ...changes }) as const;
export const attempts = ({ office, id }: Case) => office.booking(id).payment?.attempts ?? [];
export const record = ({ office, id }: Case) => office.ok({ type: "readBooking", bookingId: id }).record;
export const result = ({ office, id }: Case, attempt = 1) =>
  office.ok({ type: "readAttempt", bookingId: id, attempt }).result;
export const moneyOwed = ({ office, id }: Case) =>
  owedEffects(office.state).filter((effect) => effect.startsWith(id) && !effect.endsWith("project"));
