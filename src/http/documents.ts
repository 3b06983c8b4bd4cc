// The API's description: /openapi.json for programs, /docs for people. Both are made once per isolate.

import type { OpenAPIHono } from "@hono/zod-openapi";
import { docsPage } from "./docs-page";
import { DOCS_STYLE } from "./docs-style";
import { createGroup, type HonoEnv } from "./honoenv";
import { openApiOf } from "./openapi";

/** Both change with a deployment only. */
const CACHE = "public, max-age=300";

/** `app` has every group by the time of the first request. */
export function documentRoutes(app: OpenAPIHono<HonoEnv>): OpenAPIHono<HonoEnv> {
  const group = createGroup();
  let document: string | null = null;
  let page: { readonly html: string; readonly policy: string } | null = null;

  group.get("/openapi.json", (c) => {
    document ??= JSON.stringify(openApiOf(app, c.get("deps").settings));
    return new Response(document, { headers: { "Content-Type": "application/json", "Cache-Control": CACHE } });
  });

  group.get("/docs", async (c) => {
    page ??= await renderPage(app, c.get("deps").settings);
    const { html, policy } = page;
    return new Response(html, {
      headers: {
        "Content-Type": "text/html; charset=utf-8",
        "Cache-Control": CACHE,
        "Content-Security-Policy": policy,
      },
    });
  });
  return group;
}

/** The page may use its own style, known by its hash, and nothing else: no script, no other host. */
async function renderPage(app: OpenAPIHono<HonoEnv>, settings: Parameters<typeof openApiOf>[1]) {
  const html = `<!doctype html>${docsPage(openApiOf(app, settings))}`;
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(DOCS_STYLE));
  const hash = btoa(String.fromCharCode(...new Uint8Array(digest)));
  return { html, policy: `default-src 'none'; style-src 'sha256-${hash}'; frame-ancestors 'none'; base-uri 'none'` };
}
