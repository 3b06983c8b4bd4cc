// What every response carries. An answer that is made here is made with all of it at once: headers that are put on
// afterwards, one by one, cost more than the rest of the response.

/** A year. */
export const HTTPS_ONLY = "max-age=31536000";

/** Unless the route chose otherwise. */
export const CAREFUL: Readonly<Record<string, string>> = {
  "Cache-Control": "no-store",
  "X-Content-Type-Options": "nosniff",
  "X-Frame-Options": "DENY",
  "Referrer-Policy": "no-referrer",
  "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
};
const CAREFUL_HTTPS = { ...CAREFUL, "Strict-Transport-Security": HTTPS_ONLY };

/**
 * Bytes that many are sent at the same time: written from where they are. A response made of an array has a copy of its
 * own until it is sent, and sixty readers of a large hall would fill an isolate.
 */
export function sharedBody(bytes: Uint8Array): BodyInit {
  // Outside the runtime.
  if (typeof FixedLengthStream === "undefined") return bytes;
  const { readable, writable } = new FixedLengthStream(bytes.length);
  const writer = writable.getWriter();
  // Whoever reads no further is gone.
  void writer
    .write(bytes)
    .then(() => writer.close())
    .catch(() => {});
  return readable;
}

/** A JSON response that is ready to be sent. `own` headers are spelled as those above are. */
export function dressedJson(
  body: unknown,
  status: number,
  own: Readonly<Record<string, string>> | undefined,
  request: { readonly requestId: string; readonly isProduction: boolean },
): Response {
  const careful = request.isProduction ? CAREFUL_HTTPS : CAREFUL;
  const headers = { ...careful, "Content-Type": "application/json", "X-Request-Id": request.requestId, ...own };
  return new Response(JSON.stringify(body), { status, headers });
}
