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
