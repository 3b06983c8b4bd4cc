/** The `Stripe-Signature` header over these bytes. */
export function signatureOf(body: string, secret: string, atSeconds: number): string;
