// Paying for a booking that waits, and showing what came of it. An intent runs its attempt itself, for a while;
// what it does not finish, the queue does. The client secret is its owner's alone, and never stored outside.

import type {
  AttemptReading,
  BookingRecord,
  Origin,
  PaymentMethod,
  PaymentRecord,
} from "../domain/box-office/commands";
import { type BookingId, bookingIdOf, codeOfSaleId, type EventCode, parseId, type UserId } from "../domain/ids";
import { accept, invalid, type Result, refuse } from "../domain/refusals";
import { SECOND } from "../domain/time";
import { isOvertaken, writeListing } from "./bookings";
import { carryOut, type EffectDeps } from "./effects";
import type { BookingListing, Deps } from "./ports";
import { requireOwner, type Viewer } from "./users";

/** How long an intent works on its attempt before it answers that it is not done. */
const INTENT_MS = 20 * SECOND;
/** Pauses between two looks at an attempt somebody else works on; together no more than `INTENT_MS`. */
const LOOK_PAUSES_MS = [20, 40, 80, 160, 300, 400, 1_000, 1_000, 2_000, 2_000, 3_000, 3_000, 3_000, 4_000] as const;

export interface PaidAttempt {
  readonly result: AttemptReading["result"];
  readonly booking: BookingListing;
  /** Set only when the buyer must authenticate, and only for the buyer. */
  readonly clientSecret: string | null;
}

export interface PaymentReading {
  readonly booking: BookingRecord;
  readonly payment: PaymentRecord;
  readonly clientSecret: string | null;
}

type PayDeps = Pick<Deps, "settings"> & EffectDeps;
type ReadDeps = Pick<Deps, "clock" | "boxOffices" | "bookings" | "users">;

/** Tries to pay. With `userId` null whoever knows the booking may, and gets no client secret. */
export async function payBooking(
  deps: PayDeps,
  userId: UserId | null,
  request: { readonly bookingId: string; readonly method: PaymentMethod },
  origin: Origin,
): Promise<Result<PaidAttempt>> {
  if (request.method.force !== null && !mayForce(deps)) {
    return invalid("force", "is available only with the payment simulator, in development");
  }
  const untilMs = deps.clock.nowMs() + INTENT_MS;
  const id = parseId("bkg", request.bookingId);
  if (!id) return refuse({ code: "BOOKING_NOT_FOUND", id: request.bookingId });
  const code = codeOfSaleId(id);
  const command = { type: "pay", bookingId: id, userId, method: request.method, ...origin } as const;
  const reply = await deps.boxOffices.send(code, command);
  if (!reply) return refuse({ code: "BOOKING_NOT_FOUND", id });
  if (!reply.ok) return reply;
  if (!reply.replayed) await carryOut(deps, code, reply.value.work, { untilMs });
  const reading = await awaitAttempt(deps, code, id, reply.value.attempt, untilMs, origin);
  if (!reading.ok) return reading;
  const { result, record, clientSecret } = reading.value;
  return accept({
    result,
    booking: await writeListing(deps, code, record),
    clientSecret: result === "REQUIRES_ACTION" && userId !== null ? clientSecret : null,
  });
}

/** A payment for the booking's owner, or for an admin. */
export async function readPayment(
  deps: ReadDeps,
  viewer: Viewer,
  paymentId: string,
  origin: Origin,
): Promise<Result<PaymentReading>> {
  const id = parseId("pay", paymentId);
  if (!id) return refuse({ code: "PAYMENT_NOT_FOUND", id: paymentId });
  const copy = await deps.bookings.byPaymentId(id);
  return await readPaymentOf(deps, viewer, bookingIdOf(id), copy?.record ?? null, id, origin);
}

/** The payment of a booking; one that was never tried to be paid has none. */
export async function readPaymentOfBooking(
  deps: ReadDeps,
  viewer: Viewer,
  bookingId: string,
  origin: Origin,
): Promise<Result<PaymentReading>> {
  const id = parseId("bkg", bookingId);
  if (!id) return refuse({ code: "PAYMENT_NOT_FOUND", id: bookingId });
  const copy = await deps.bookings.byId(id);
  return await readPaymentOf(deps, viewer, id, copy?.record ?? null, bookingId, origin);
}

/** D1's copy answers; the box office where that is missing, behind the clock, or has no secret to give. */
async function readPaymentOf(
  deps: ReadDeps,
  viewer: Viewer,
  id: BookingId,
  copy: BookingRecord | null,
  asked: string,
  origin: Origin,
): Promise<Result<PaymentReading>> {
  let record = copy;
  let secret: string | null = null;
  const challenged = copy?.payment?.status === "REQUIRES_ACTION" && copy.userId === viewer.id;
  if (!copy?.payment || challenged || isOvertaken(copy, deps.clock.nowMs())) {
    const reply = await deps.boxOffices.send(codeOfSaleId(id), { type: "readBooking", bookingId: id, ...origin });
    if (reply?.ok) {
      record = reply.value.record;
      secret = reply.value.clientSecret;
    } else if (reply && reply.refusal.code !== "BOOKING_NOT_FOUND") return reply;
  }
  if (!record?.payment) return refuse({ code: "PAYMENT_NOT_FOUND", id: asked });
  const allowed = await requireOwner(deps, viewer, record.userId);
  if (!allowed.ok) return allowed;
  const shows = record.userId === viewer.id && record.payment.status === "REQUIRES_ACTION";
  return accept({ booking: record, payment: record.payment, clientSecret: shows ? secret : null });
}

/** Looks at the attempt until its outcome is known, the pauses are used up, or the time is over. */
async function awaitAttempt(
  deps: Pick<Deps, "clock" | "boxOffices">,
  code: EventCode,
  bookingId: BookingId,
  attempt: number,
  untilMs: number,
  origin: Origin,
): Promise<Result<AttemptReading>> {
  // Reading is no repeat of the keyed command: the key stays with that.
  const command = { type: "readAttempt", bookingId, attempt, ...origin, key: null } as const;
  const look = async () =>
    (await deps.boxOffices.send(code, command)) ?? refuse({ code: "BOOKING_NOT_FOUND", id: bookingId });
  let reading = await look();
  for (const pauseMs of LOOK_PAUSES_MS) {
    const isOpen = reading.ok && reading.value.result === "PROCESSING";
    if (!isOpen || deps.clock.nowMs() + pauseMs >= untilMs) break;
    await new Promise((resolve) => setTimeout(resolve, pauseMs));
    reading = await look();
  }
  return reading;
}

function mayForce(deps: Pick<Deps, "payments" | "settings">): boolean {
  return deps.payments.name === "simulator" && deps.settings.environment === "development";
}
