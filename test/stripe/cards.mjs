// Stripe's public test payment methods and tokens, and what each does. Source: docs.stripe.com/testing.

const OK = { brand: "visa" };
const declined = (declineCode, code = "card_declined") => ({ ...OK, declines: { code, decline_code: declineCode } });

/** By name without `pm_card_` or `tok_`. */
const CARDS = {
  visa: OK,
  visa_debit: OK,
  mastercard: { brand: "mastercard" },
  mastercard_debit: { brand: "mastercard" },
  amex: { brand: "amex" },
  discover: { brand: "discover" },
  gb: OK,
  chargeDeclined: declined("generic_decline"),
  visa_chargeDeclined: declined("generic_decline"),
  chargeDeclinedInsufficientFunds: declined("insufficient_funds"),
  visa_chargeDeclinedInsufficientFunds: declined("insufficient_funds"),
  visa_chargeDeclinedLostCard: declined("lost_card"),
  visa_chargeDeclinedStolenCard: declined("stolen_card"),
  visa_chargeDeclinedVelocityLimitExceeded: declined("card_velocity_exceeded"),
  chargeDeclinedExpiredCard: declined("expired_card", "expired_card"),
  chargeDeclinedIncorrectCvc: declined("incorrect_cvc", "incorrect_cvc"),
  chargeDeclinedProcessingError: declined("processing_error", "processing_error"),
  chargeDeclinedFraudulent: declined("fraudulent"),
  radarBlock: declined("fraudulent"),
  authenticationRequired: { ...OK, challenges: true },
  threeDSecureRequired: { ...OK, challenges: true },
  threeDSecure2Required: { ...OK, challenges: true },
  authenticationRequiredChargeDeclinedInsufficientFunds: { ...declined("insufficient_funds"), challenges: true },
  threeDSecureRequiredChargeDeclined: { ...declined("generic_decline"), challenges: true },
  createDispute: { ...OK, disputes: "fraudulent" },
  createDisputeProductNotReceived: { ...OK, disputes: "product_not_received" },
  /** Its refunds succeed at first and fail at the bank later. */
  refundFail: { ...OK, refunds: "fail" },
  /** Its refunds are pending at first. */
  pendingRefund: { ...OK, refunds: "pend" },
};

/** What a payment method or token does, or null for one that does not exist. */
export function cardOf(token) {
  const name = /^(?:pm_card_|tok_)(.+)$/.exec(token ?? "")?.[1];
  return (name && CARDS[name]) ?? null;
}
