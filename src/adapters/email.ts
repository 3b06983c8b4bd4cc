// Mails out of the house: through Cloudflare's send_email binding, or in development into a mailbox in D1 that a
// person can open. The mailbox keeps every send, so a mail that was sent twice is seen twice.

import { z } from "zod";
import type { DeliveredMail, Mail, MailAttachment, Mailbox, Mailer } from "../app/ports";

const ADDRESS = /^[^\s@<>]+@[^\s@<>]+$/;
const SENDER_NAME = "TicketFlow";

/** Cloudflare's codes for an address that gets nothing from us; trying again changes nothing. */
const REFUSED_ADDRESS_CODES: ReadonlySet<unknown> = new Set(["E_RECIPIENT_SUPPRESSED", "E_RECIPIENT_NOT_ALLOWED"]);

export function cloudflareMailer(binding: SendEmail | undefined, from: string): Mailer {
  return {
    ready: binding !== undefined && ADDRESS.test(from),
    async send(mail) {
      if (!binding || !ADDRESS.test(from)) throw coded("MAILER_NOT_READY");
      if (!ADDRESS.test(mail.to)) return "refused";
      try {
        await binding.send({
          from: { name: SENDER_NAME, email: from },
          to: mail.to,
          subject: oneLine(mail.subject),
          text: mail.text,
          html: mail.html,
          headers: {
            // Keeps out-of-office answers away.
            "Auto-Submitted": "auto-generated",
            // The same for every send of one notification, so that a second one can be told.
            "X-Entity-Ref-ID": mail.id,
          },
          attachments: mail.attachments.map(forCloudflare),
        });
        return "accepted";
      } catch (error) {
        if (error instanceof Error && "code" in error && REFUSED_ADDRESS_CODES.has(error.code)) return "refused";
        throw error;
      }
    },
  };
}

/** Bytes, because text would be taken for base64; a bare type, because parameters are not documented. */
function forCloudflare({ filename, contentType, content, contentId }: MailAttachment): EmailAttachment {
  const file = {
    filename: oneLine(filename),
    type: contentType.split(";")[0] ?? contentType,
    content: bytesOf(content),
  };
  return contentId === undefined
    ? { disposition: "attachment", ...file }
    : { disposition: "inline", contentId: oneLine(contentId), ...file };
}

export function mailboxMailer(db: D1Database): Mailer {
  return {
    ready: true,
    async send(mail) {
      await db
        .prepare(INSERT_SENT)
        .bind(mail.id, mail.to, mail.subject, mail.text, mail.html, writeAttachments(mail.attachments), Date.now())
        .run();
      return "accepted";
    },
  };
}

/** `notif_…:1`, and `:2` for the same notification sent again. `;` is the character after `:`. */
const INSERT_SENT = `
  INSERT INTO mailbox (id, to_address, subject, text, html, attachments, sent_at_ms)
  SELECT ?1 || ':' || (SELECT count(*) + 1 FROM mailbox WHERE id >= ?1 || ':' AND id < ?1 || ';'), ?2, ?3, ?4, ?5, ?6, ?7`;

const COLUMNS = "id, to_address, subject, text, html, attachments, sent_at_ms";

export function d1Mailbox(db: D1Database): Mailbox {
  return {
    async list(limit, to) {
      const statement =
        to === undefined
          ? db.prepare(`SELECT ${COLUMNS} FROM mailbox ORDER BY rowid DESC LIMIT ?1`).bind(limit)
          : db
              .prepare(`SELECT ${COLUMNS} FROM mailbox WHERE to_address = ?2 ORDER BY rowid DESC LIMIT ?1`)
              .bind(limit, to);
      const { results } = await statement.all<MailboxRow>();
      return results.map(readRow);
    },
    async byId(id) {
      const row = await db.prepare(`SELECT ${COLUMNS} FROM mailbox WHERE id = ?1`).bind(id).first<MailboxRow>();
      return row && readRow(row);
    },
  };
}

interface MailboxRow {
  readonly id: string;
  readonly to_address: string;
  readonly subject: string;
  readonly text: string;
  readonly html: string;
  readonly attachments: string;
  readonly sent_at_ms: number;
}

const attachmentsSchema = z.array(
  z.object({
    filename: z.string(),
    contentType: z.string(),
    content: z.base64(),
    contentId: z.string().optional(),
  }),
);

function readRow(row: MailboxRow): DeliveredMail {
  return {
    id: row.id,
    to: row.to_address,
    subject: row.subject,
    text: row.text,
    html: row.html,
    attachments: attachmentsSchema.parse(JSON.parse(row.attachments)).map((attachment) => ({
      ...attachment,
      content: Uint8Array.from(atob(attachment.content), (char) => char.charCodeAt(0)),
    })),
    sentAtMs: row.sent_at_ms,
  };
}

function writeAttachments(attachments: Mail["attachments"]): string {
  return JSON.stringify(
    attachments.map(({ filename, contentType, content, contentId }) => ({
      filename,
      contentType,
      content: base64(bytesOf(content)),
      contentId,
    })),
  );
}

function bytesOf(content: string | Uint8Array): Uint8Array {
  return typeof content === "string" ? new TextEncoder().encode(content) : content;
}

function base64(bytes: Uint8Array): string {
  let binary = "";
  for (const byte of bytes) binary += String.fromCharCode(byte);
  return btoa(binary);
}

/** A line break would start a header of somebody else's choice. */
function oneLine(text: string): string {
  return text.replace(/[\p{Cc}\u2028\u2029]+/gu, " ");
}

function coded(code: string): Error {
  return Object.assign(new Error("mails cannot be sent"), { code });
}
