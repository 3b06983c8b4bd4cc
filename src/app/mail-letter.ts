// One letter, told twice: as HTML and as plain text, from the same words, so the two never disagree.
// This is the only place that makes HTML of a mail, and it escapes everything it is given.

export interface Letter {
  /** Words of ours only: nobody else's text ever reaches a mail's headers. */
  readonly subject: string;
  /** What mail programs show beside the subject. */
  readonly preview: string;
  readonly tone: Tone;
  readonly greeting: string;
  readonly paragraphs: readonly string[];
  /** What the letter is about: an event, when and where. */
  readonly panel: LetterPanel | null;
  /** Tickets to be shown at the door. */
  readonly codes?: readonly LetterCode[];
  readonly after: readonly string[];
  /** A web address of ours. */
  readonly link: { readonly label: string; readonly url: string } | null;
  /** Why the reader gets this letter. */
  readonly reason: string;
}

export interface LetterPanel {
  readonly title: string;
  readonly lines: readonly string[];
  readonly facts: readonly (readonly [label: string, value: string])[];
}

/** An image that the mail carries, and what it says to those who do not see it. */
export interface LetterCode {
  readonly contentId: string;
  readonly label: string;
  /** For a door whose scanner is broken. */
  readonly number: string;
}

export type Tone = "good" | "bad" | "plain";

const BRAND = "TicketFlow";
const FONT = "-apple-system,BlinkMacSystemFont,'Segoe UI',Roboto,Helvetica,Arial,sans-serif";
/** Readable on the light card and, by the class of the same name, on the dark one. */
const TONE_COLOURS: Readonly<Record<Tone, string>> = { good: "#116a3f", bad: "#a3271f", plain: "#3a3f8f" };

/** Inline styles carry the light look everywhere; a mail program that knows the dark one reads this. */
const DARK = `
:root { color-scheme: light dark; supported-color-schemes: light dark; }
@media (prefers-color-scheme: dark) {
  .page { background: #14151a !important; }
  .card { background: #1e2027 !important; border-color: #33363f !important; }
  .panel { background: #262932 !important; border-color: #3a3e4a !important; }
  .ink { color: #f2f3f5 !important; }
  .soft { color: #b4b8c2 !important; }
  .line { border-color: #3a3e4a !important; }
  .good { color: #6fd6a1 !important; }
  .bad { color: #ff9d94 !important; }
  .plain { color: #aab0ff !important; }
  .button { background: #aab0ff !important; }
  .button-words { color: #14151a !important; }
}`;

export function asText(letter: Letter): string {
  const blocks = [
    letter.subject,
    letter.greeting,
    ...letter.paragraphs,
    ...(letter.panel ? [panelAsText(letter.panel)] : []),
    ...(letter.codes ?? []).map(({ label, number }) => `Ticket, ${label}:\n${number}`),
    ...letter.after,
    ...(letter.link ? [`${letter.link.label}:\n${letter.link.url}`] : []),
    `-- \n${BRAND}\n${letter.reason}`,
  ];
  return `${blocks.join("\n\n")}\n`;
}

function panelAsText(panel: LetterPanel): string {
  const width = Math.max(...panel.facts.map(([label]) => label.length)) + 2;
  const facts = panel.facts.map(([label, value]) => `${`${label}:`.padEnd(width)}${value}`);
  return [[panel.title, ...panel.lines].join("\n"), facts.join("\n")].filter((part) => part !== "").join("\n\n");
}

export function asHtml(letter: Letter): string {
  const colour = TONE_COLOURS[letter.tone];
  const body = [
    heading(letter, colour),
    paragraph(letter.greeting),
    ...letter.paragraphs.map(paragraph),
    letter.panel ? panelAsHtml(letter.panel) : "",
    ...(letter.codes ?? []).map(codeAsHtml),
    ...letter.after.map(paragraph),
    letter.link ? button(letter.link.label, letter.link.url) : "",
  ].join("\n");
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="supported-color-schemes" content="light dark">
<title>${escapeHtml(letter.subject)}</title>
<style>${DARK}</style>
</head>
<body class="page" style="margin:0;padding:0;background:#f1f2f5;-webkit-text-size-adjust:100%">
<div style="display:none;max-height:0;overflow:hidden">${escapeHtml(letter.preview)}</div>
<table role="presentation" width="100%" cellpadding="0" cellspacing="0" border="0" class="page" style="background:#f1f2f5">
<tr><td align="center" style="padding:24px 12px">
<table role="presentation" width="100%" cellpadding="0" cellspacing="0" border="0" style="max-width:600px">
<tr><td class="ink" style="padding:0 4px 16px;font:700 17px/24px ${FONT};color:#1b1c22">${BRAND}</td></tr>
<tr><td class="card" style="padding:32px 24px;background:#ffffff;border:1px solid #dfe1e8;border-radius:12px">
${body}
</td></tr>
<tr><td class="soft" style="padding:16px 4px;font:400 13px/20px ${FONT};color:#5b606d">${escapeHtml(letter.reason)}</td></tr>
</table>
</td></tr>
</table>
</body>
</html>
`;
}

function heading(letter: Letter, colour: string): string {
  return `<h1 class="${letter.tone}" style="margin:0 0 20px;font:700 24px/32px ${FONT};color:${colour}">${escapeHtml(letter.subject)}</h1>`;
}

function paragraph(words: string): string {
  return `<p class="ink" style="margin:0 0 16px;font:400 16px/24px ${FONT};color:#1b1c22;word-break:break-word">${escapeHtml(words)}</p>`;
}

function panelAsHtml(panel: LetterPanel): string {
  const title = `<p class="ink" style="margin:0 0 6px;font:700 19px/26px ${FONT};color:#1b1c22;word-break:break-word">${escapeHtml(panel.title)}</p>`;
  const lines = panel.lines.map(
    (line) =>
      `<p class="soft" style="margin:0;font:400 15px/23px ${FONT};color:#4d525e;word-break:break-word">${escapeHtml(line)}</p>`,
  );
  const facts = panel.facts.map(
    ([label, value]) => `<tr>
<td class="soft line" valign="top" style="padding:10px 16px 10px 0;border-top:1px solid #dfe1e8;font:400 14px/22px ${FONT};color:#4d525e;white-space:nowrap">${escapeHtml(label)}</td>
<td class="ink line" valign="top" style="padding:10px 0;border-top:1px solid #dfe1e8;font:600 15px/22px ${FONT};color:#1b1c22;word-break:break-word">${escapeHtml(value)}</td>
</tr>`,
  );
  return `<table role="presentation" width="100%" cellpadding="0" cellspacing="0" border="0" style="margin:8px 0 24px">
<tr><td class="panel" style="padding:20px 20px 10px;background:#f7f8fb;border:1px solid #dfe1e8;border-radius:10px">
${title}
${lines.join("\n")}
<table role="presentation" width="100%" cellpadding="0" cellspacing="0" border="0" style="margin-top:14px">
${facts.join("\n")}
</table>
</td></tr>
</table>`;
}

/** Black on white also in the dark: scanners want it so. */
const CODE_PX = 260;

function codeAsHtml({ contentId, label, number }: LetterCode): string {
  return `<table role="presentation" width="100%" cellpadding="0" cellspacing="0" border="0" style="margin:0 0 24px">
<tr><td align="center" style="padding:16px 8px;background:#ffffff;border:1px solid #dfe1e8;border-radius:10px">
<p style="margin:0 0 8px;font:700 19px/26px ${FONT};color:#1b1c22">${escapeHtml(label)}</p>
<img src="cid:${escapeHtml(contentId)}" width="${CODE_PX}" height="${CODE_PX}" alt="${escapeHtml(`The code of your ticket, ${label}`)}" style="display:block;width:${CODE_PX}px;height:${CODE_PX}px;border:0;background:#ffffff">
<p style="margin:8px 0 0;font:400 13px/20px ${FONT};color:#4d525e">${escapeHtml(number)}</p>
</td></tr>
</table>`;
}

function button(label: string, url: string): string {
  return `<table role="presentation" cellpadding="0" cellspacing="0" border="0" style="margin:8px 0 0">
<tr><td class="button" style="background:${TONE_COLOURS.plain};border-radius:8px">
<a class="button-words" href="${escapeHtml(url)}" target="_blank" rel="noopener" style="display:inline-block;padding:12px 20px;font:600 16px/22px ${FONT};color:#ffffff;text-decoration:none">${escapeHtml(label)}</a>
</td></tr>
</table>`;
}

function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (char) => `&#${char.charCodeAt(0)};`);
}
