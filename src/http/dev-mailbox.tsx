// Development's mailbox: every mail the product sent, for a person at /dev/mailbox and for a test at
// /dev/mailbox.json. Mails are shown as strangers' pages are: in a frame that may do nothing. Elsewhere: 404.

import type { Context } from "hono";
import { raw } from "hono/html";
import type { DeliveredMail, Mailbox } from "../app/ports";
import { isoOf } from "./fields";
import { createGroup, type HonoEnv } from "./honoenv";
import { refusedResponse } from "./problem";

/** Mails in the list that a person sees, and in the one that a test reads. */
const PAGE_LIMIT = 100;
const JSON_LIMIT = 2_000;

export const devMailboxRoutes = createGroup();

devMailboxRoutes.get("/dev/mailbox.json", async (c) => {
  const mailbox = openMailbox(c);
  if (!mailbox) return notFound(c);
  const mails = await mailbox.list(JSON_LIMIT, recipientOf(c));
  return c.json(
    mails.map(({ id, to, subject, sentAtMs, text, html, attachments }) => ({
      id,
      to,
      subject,
      sentAt: isoOf(sentAtMs),
      text,
      html,
      attachments: attachments.map(({ filename, contentType }) => ({ filename, contentType })),
    })),
  );
});

devMailboxRoutes.get("/dev/mailbox", async (c) => {
  const mailbox = openMailbox(c);
  if (!mailbox) return notFound(c);
  const to = recipientOf(c);
  return page(c, <MailboxPage mails={await mailbox.list(PAGE_LIMIT, to)} open={null} to={to} />);
});

devMailboxRoutes.get("/dev/mailbox/:id", async (c) => {
  const mailbox = openMailbox(c);
  const open = await mailbox?.byId(c.req.param("id"));
  if (!mailbox || !open) return notFound(c);
  const to = recipientOf(c);
  return page(c, <MailboxPage mails={await mailbox.list(PAGE_LIMIT, to)} open={open} to={to} />);
});

devMailboxRoutes.get("/dev/mailbox/:id/html", async (c) => {
  const mail = await openMailbox(c)?.byId(c.req.param("id"));
  if (!mail) return notFound(c);
  return c.html(withImages(mail), 200, {
    "Content-Security-Policy":
      "sandbox allow-popups allow-popups-to-escape-sandbox; default-src 'none'; img-src data:; style-src 'unsafe-inline'; frame-ancestors 'self'",
    "X-Frame-Options": "SAMEORIGIN",
  });
});

devMailboxRoutes.get("/dev/mailbox/:id/attachments/:place", async (c) => {
  const mail = await openMailbox(c)?.byId(c.req.param("id"));
  const attachment = mail?.attachments[Number(c.req.param("place"))];
  if (!attachment) return notFound(c);
  const { filename, contentType, content } = attachment;
  return c.body(bytesOf(content), 200, {
    "Content-Type": SAFE_TYPE.test(contentType) ? contentType : "application/octet-stream",
    "Content-Disposition": `attachment; filename="${filename.replace(/[^\w.-]/g, "_")}"`,
  });
});

/** The images that a mail carries, where it shows them: what a mail program does. */
function withImages({ html, attachments }: DeliveredMail): string {
  return attachments.reduce((shown, { contentId, contentType, content }) => {
    if (contentId === undefined || !SAFE_TYPE.test(contentType)) return shown;
    const binary = Array.from(bytesOf(content), (byte) => String.fromCharCode(byte)).join("");
    return shown.replaceAll(`src="cid:${contentId}"`, `src="data:${contentType};base64,${btoa(binary)}"`);
  }, html);
}

const SAFE_TYPE = /^[a-z]+\/[a-z0-9.+-]+(; ?[a-z]+=[\w-]+)*$/i;

function openMailbox(c: Context<HonoEnv>): Mailbox | null {
  const { mailbox, settings } = c.get("deps");
  return settings.environment === "development" ? mailbox : null;
}

function notFound(c: Context<HonoEnv>): Response {
  return refusedResponse({ code: "NOT_FOUND" }, c.get("requestId"));
}

/** Addresses are kept in lower case. */
function recipientOf(c: Context<HonoEnv>): string | undefined {
  return c.req.query("to")?.trim().toLowerCase() || undefined;
}

function bytesOf(content: string | Uint8Array): Uint8Array<ArrayBuffer> {
  return new Uint8Array(typeof content === "string" ? new TextEncoder().encode(content) : content);
}

function page(c: Context<HonoEnv>, content: ReturnType<typeof MailboxPage>): Response {
  const response = c.html(`<!doctype html>${content}`, 200, {
    "Content-Security-Policy":
      "default-src 'none'; style-src 'unsafe-inline'; frame-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
  });
  return response as Response;
}

interface View {
  readonly mails: readonly DeliveredMail[];
  readonly open: DeliveredMail | null;
  readonly to: string | undefined;
}

function MailboxPage({ mails, open, to }: View) {
  return (
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <title>{open ? `${open.subject} · Mailbox` : "Mailbox"}</title>
        <style>{raw(STYLES)}</style>
      </head>
      <body class={open ? "reading" : "choosing"}>
        <header>
          <h1>
            <a href="/dev/mailbox">Mailbox</a>
          </h1>
          <form action="/dev/mailbox" method="get">
            <label for="to">To</label>
            <input id="to" name="to" type="search" value={to ?? ""} placeholder="any address" autocomplete="off" />
            <button type="submit">Show</button>
          </form>
        </header>
        <main>
          <MailList mails={mails} open={open} to={to} />
          {open ? <Reading mail={open} to={to} /> : <Nothing has={mails.length > 0} />}
        </main>
      </body>
    </html>
  );
}

function MailList({ mails, open, to }: View) {
  if (mails.length === 0) {
    return (
      <nav aria-label="Mails">
        <p class="empty">
          {to ? `No mail to ${to} yet.` : "No mail yet. Register a user or book a seat, then reload."}
        </p>
      </nav>
    );
  }
  return (
    <nav aria-label="Mails">
      <ol>
        {mails.map((mail) => (
          <li>
            <a href={hrefOf(mail, to)} aria-current={mail.id === open?.id ? "page" : undefined}>
              <span class="subject">{mail.subject}</span>
              <span class="meta">
                <span class="to">{mail.to}</span> <Moment ms={mail.sentAtMs} />
              </span>
            </a>
          </li>
        ))}
      </ol>
      {mails.length === PAGE_LIMIT ? <p class="empty">The newest {PAGE_LIMIT}; older ones are not shown.</p> : null}
    </nav>
  );
}

function Reading({ mail, to }: { readonly mail: DeliveredMail; readonly to: string | undefined }) {
  const path = `/dev/mailbox/${encodeURIComponent(mail.id)}`;
  return (
    <article>
      <p class="back">
        <a href={`/dev/mailbox${queryOf(to)}`}>← All mails</a>
      </p>
      <h2>{mail.subject}</h2>
      <dl>
        <dt>To</dt>
        <dd>{mail.to}</dd>
        <dt>Sent</dt>
        <dd>
          <Moment ms={mail.sentAtMs} />
        </dd>
        {mail.attachments.length > 0 ? (
          <>
            <dt>Attached</dt>
            <dd>
              {mail.attachments.map((attachment, place) => (
                <a class="file" href={`${path}/attachments/${place}`} download={attachment.filename}>
                  {attachment.filename} ({bytesOf(attachment.content).length} bytes)
                </a>
              ))}
            </dd>
          </>
        ) : null}
      </dl>
      <iframe title="The mail" src={`${path}/html`} sandbox="allow-popups allow-popups-to-escape-sandbox" />
      <details>
        <summary>As plain text</summary>
        <pre>{mail.text}</pre>
      </details>
      <p class="id">{mail.id}</p>
    </article>
  );
}

function Nothing({ has }: { readonly has: boolean }) {
  return <p class="nothing">{has ? "Choose a mail to read it." : ""}</p>;
}

function Moment({ ms }: { readonly ms: number }) {
  const iso = isoOf(ms);
  return <time datetime={iso}>{`${iso.slice(0, 10)} ${iso.slice(11, 19)} UTC`}</time>;
}

function hrefOf(mail: DeliveredMail, to: string | undefined): string {
  return `/dev/mailbox/${encodeURIComponent(mail.id)}${queryOf(to)}`;
}

function queryOf(to: string | undefined): string {
  return to ? `?to=${encodeURIComponent(to)}` : "";
}

const STYLES = `
:root { color-scheme: light dark; --page: #f1f2f5; --card: #fff; --ink: #1b1c22; --soft: #555a66; --line: #dcdfe6; --mark: #3a3f8f; --here: #eceefb; }
@media (prefers-color-scheme: dark) {
  :root { --page: #14151a; --card: #1e2027; --ink: #f2f3f5; --soft: #b0b4bf; --line: #353943; --mark: #aab0ff; --here: #2a2d40; }
}
* { box-sizing: border-box; }
body { margin: 0; background: var(--page); color: var(--ink); font: 16px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, sans-serif; }
a { color: var(--mark); }
:focus-visible { outline: 2px solid var(--mark); outline-offset: 2px; }
header { display: flex; flex-wrap: wrap; gap: 8px 24px; align-items: center; justify-content: space-between; padding: 12px 16px; background: var(--card); border-bottom: 1px solid var(--line); }
h1 { margin: 0; font-size: 18px; }
h1 a { color: inherit; text-decoration: none; }
form { display: flex; gap: 8px; align-items: center; }
label { color: var(--soft); }
input, button { font: inherit; color: inherit; background: var(--page); border: 1px solid var(--line); border-radius: 8px; padding: 6px 12px; min-width: 0; }
input { width: 15em; flex: 1; }
button { color: var(--mark); font-weight: 600; cursor: pointer; }
main { display: grid; grid-template-columns: minmax(260px, 360px) 1fr; max-width: 1280px; margin: 0 auto; }
nav { border-right: 1px solid var(--line); }
ol { list-style: none; margin: 0; padding: 0; }
li a { display: block; padding: 12px 16px; border-bottom: 1px solid var(--line); color: inherit; text-decoration: none; }
li a:hover, li a[aria-current] { background: var(--here); }
li a[aria-current] { box-shadow: inset 3px 0 0 var(--mark); }
.subject { display: block; font-weight: 600; overflow-wrap: anywhere; }
.meta { display: flex; flex-wrap: wrap; justify-content: space-between; gap: 0 12px; color: var(--soft); font-size: 14px; }
.to { overflow-wrap: anywhere; }
time { font-variant-numeric: tabular-nums; white-space: nowrap; }
.empty, .nothing { padding: 16px; margin: 0; color: var(--soft); overflow-wrap: anywhere; }
article { padding: 20px 24px 32px; min-width: 0; position: sticky; top: 0; align-self: start; }
h2 { margin: 0 0 12px; font-size: 22px; line-height: 1.3; overflow-wrap: anywhere; }
dl { display: grid; grid-template-columns: auto 1fr; gap: 2px 16px; margin: 0 0 16px; font-size: 15px; }
dt { color: var(--soft); }
dd { margin: 0; overflow-wrap: anywhere; }
.file { display: block; }
iframe { display: block; width: 100%; height: max(480px, calc(100vh - 300px)); border: 1px solid var(--line); border-radius: 10px; background: var(--card); }
details { margin-top: 16px; }
summary { cursor: pointer; color: var(--mark); }
pre { margin: 8px 0 0; padding: 16px; background: var(--card); border: 1px solid var(--line); border-radius: 10px; white-space: pre-wrap; overflow-wrap: anywhere; font: 14px/1.5 ui-monospace, Menlo, Consolas, monospace; }
.id { margin: 12px 0 0; color: var(--soft); font-size: 13px; overflow-wrap: anywhere; }
.back { display: none; margin: 0 0 12px; }
@media (max-width: 760px) {
  main { display: block; }
  nav { border-right: 0; }
  article { padding: 16px; position: static; }
  .nothing { display: none; }
  .reading nav { display: none; }
  .back { display: block; }
  form { flex: 1; }
}
`;
