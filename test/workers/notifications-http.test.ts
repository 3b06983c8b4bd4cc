// What is asked of notifications over HTTP: a user's latest mails, the health, and development's mailbox.

import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { d1Notifications } from "../../src/adapters/d1/notifications";
import { d1Users } from "../../src/adapters/d1/users";
import { d1Mailbox, mailboxMailer } from "../../src/adapters/email";
import { randomIds } from "../../src/adapters/ids";
import { sendNotification, sweepNotifications } from "../../src/app/notifications";
import type { Deps, Mail, TokenClaims } from "../../src/app/ports";
import { createApp } from "../../src/http/app";
import { aUser, aWelcome, NOW } from "./d1-builders";

interface Part {
  readonly environment?: "development" | "production";
  readonly mailer?: Partial<Deps["mailer"]>;
  readonly ping?: () => Promise<void>;
  readonly claims?: TokenClaims;
}

/** The real routes over the real tables; a token is whoever the test says. */
function serve(part: Part = {}) {
  const clock = { ms: NOW };
  const deps = {
    clock: { nowMs: () => clock.ms },
    ids: randomIds(),
    log: { info() {}, warn() {}, error() {} },
    settings: {
      environment: part.environment ?? "development",
      version: "1.0.0",
      publicUrl: "http://localhost:3000",
      emailFrom: "tickets@ticketflow.dev",
      corsOrigins: [],
    },
    tokens: { verify: (token: string) => (token === "good" ? (part.claims ?? null) : null) },
    notifications: d1Notifications(env.DB),
    mailer: { ...mailboxMailer(env.DB), ...part.mailer },
    mailbox: part.environment === "production" ? null : d1Mailbox(env.DB),
    queues: { ready: true, notify: async () => {} },
    database: { ping: part.ping ?? (async () => {}) },
    requestLimit: { take: async () => ({ allowed: true, retryAfterMs: 0 }) },
    demo: null,
  } as unknown as Deps;
  const app = createApp(() => deps);
  const get = (path: string, headers: Record<string, string> = {}) =>
    app.fetch(new Request(`http://localhost:3000${path}`, { headers }), env);
  return { deps, clock, get };
}

async function registered() {
  const user = aUser();
  const welcome = aWelcome(user);
  await d1Users(env.DB).insert(user, welcome, null);
  const claims: TokenClaims = { sub: user.id, name: user.name, email: user.email, role: "USER" };
  return { user, welcome, claims };
}

function aMail(change: Partial<Mail> = {}): Mail {
  return {
    id: `notif_${crypto.randomUUID()}`,
    to: `${crypto.randomUUID()}@example.com`,
    subject: "A subject",
    text: "The text",
    html: "<p>The html</p>",
    attachments: [],
    ...change,
  };
}

describe("GET /api/notifications/recent", () => {
  it("shows the mails that were sent to the user, and nobody else's", async () => {
    const one = await registered();
    const other = await registered();
    const { deps, get } = serve({ claims: one.claims });
    expect(await (await get("/api/notifications/recent", { Authorization: "Bearer good" })).json()).toEqual({
      data: [],
    });
    await sendNotification(deps, one.welcome.id);
    await sendNotification(deps, other.welcome.id);
    const response = await get("/api/notifications/recent", { Authorization: "Bearer good" });
    expect(response.status).toBe(200);
    expect(await response.json()).toEqual({
      data: [
        {
          id: one.welcome.id,
          type: "WELCOME",
          subject: "Welcome to TicketFlow",
          sentAt: new Date(NOW).toISOString(),
          bookingId: null,
        },
      ],
    });
  });

  it("shows twenty, the newest first", async () => {
    const { user, claims } = await registered();
    const { deps, get, clock } = serve({ claims });
    for (let n = 1; n <= 22; n++) {
      const { id, detail } = aWelcome(user, NOW + n);
      await env.DB.prepare(
        `INSERT INTO notifications (id, user_id, type, detail, state, next_try_ms, created_at_ms)
         VALUES (?1, ?2, 'WELCOME', ?3, 'PENDING', ?4, ?4)`,
      )
        .bind(id, user.id, JSON.stringify(detail), NOW + n)
        .run();
      clock.ms = NOW + n;
      await sendNotification(deps, id);
    }
    const response = await get("/api/notifications/recent", { Authorization: "Bearer good" });
    const { data } = await response.json<{ data: { sentAt: string }[] }>();
    expect(data.map(({ sentAt }) => Date.parse(sentAt) - NOW)).toEqual(Array.from({ length: 20 }, (_, n) => 22 - n));
  });

  it("is for signed-in users", async () => {
    const { get } = serve();
    expect((await get("/api/notifications/recent")).status).toBe(401);
    expect((await get("/api/notifications/recent", { Authorization: "Bearer bad" })).status).toBe(401);
  });
});

describe("GET /api/notifications/health", () => {
  it("is well before the first send, for anybody", async () => {
    const response = await serve().get("/api/notifications/health");
    expect(response.status).toBe(200);
    expect(await response.json()).toEqual({
      status: "ok",
      queue: "connected",
      database: "connected",
      email: "reachable",
    });
  });

  it("is 503 and names the part that is not well", async () => {
    const away = async () => {
      throw new Error("D1 is away");
    };
    const response = await serve({ ping: away }).get("/api/notifications/health");
    expect(response.status).toBe(503);
    expect(response.headers.get("Retry-After")).toBe("10");
    expect(await response.json()).toEqual({
      status: "degraded",
      queue: "connected",
      database: "unreachable",
      email: "reachable",
    });
  });

  it("knows the result of the last send", async () => {
    const { welcome } = await registered();
    const failing = async () => {
      throw Object.assign(new Error("no"), { code: "E_INTERNAL_SERVER_ERROR" });
    };
    const { deps, get, clock } = serve({ mailer: { send: failing } });
    clock.ms = NOW + 60_000;
    await sendNotification(deps, welcome.id);
    expect(await (await get("/api/notifications/health")).json()).toMatchObject({
      status: "degraded",
      email: "unreachable",
    });
    const mended = serve();
    mended.clock.ms = NOW + 120_000;
    await sendNotification(mended.deps, welcome.id);
    expect((await mended.get("/api/notifications/health")).status).toBe(200);
  });

  it("sees an outbox that nobody works on", async () => {
    await registered();
    const { deps, get, clock } = serve();
    clock.ms = NOW + 5 * 60_000 + 1;
    expect(await (await get("/api/notifications/health")).json()).toMatchObject({ queue: "stalled" });
    await sweepNotifications(deps, clock.ms);
    clock.ms += 10_000;
    expect((await get("/api/notifications/health")).status).toBe(200);
  });

  it("looks again only after ten seconds", async () => {
    let looks = 0;
    const ping = async () => {
      looks++;
    };
    const { get, clock } = serve({ ping });
    await get("/api/notifications/health");
    clock.ms += 9_999;
    await get("/api/notifications/health");
    expect(looks).toBe(1);
    clock.ms += 1;
    await get("/api/notifications/health");
    expect(looks).toBe(2);
  });
});

describe("GET /dev/mailbox.json", () => {
  it("lists what was sent, the newest first, or one address's mails", async () => {
    const { deps, get } = serve();
    const first = aMail({ attachments: [{ filename: "a.ics", contentType: "text/calendar", content: "BEGIN" }] });
    const second = aMail();
    await deps.mailer.send(first);
    await deps.mailer.send(second);
    const all = await (await get("/dev/mailbox.json")).json<Record<string, unknown>[]>();
    expect(all.slice(0, 2).map(({ id }) => id)).toEqual([`${second.id}:1`, `${first.id}:1`]);
    const mine = await (await get(`/dev/mailbox.json?to=${encodeURIComponent(first.to.toUpperCase())}`)).json();
    expect(mine).toEqual([
      {
        id: `${first.id}:1`,
        to: first.to,
        subject: first.subject,
        sentAt: expect.stringMatching(/^\d{4}-\d\d-\d\dT.*Z$/),
        text: first.text,
        html: first.html,
        attachments: [{ filename: "a.ics", contentType: "text/calendar" }],
      },
    ]);
  });
});

describe("GET /dev/mailbox", () => {
  const evil = `"><script>alert(1)</script><img src=x onerror=alert(1)>`;

  it("shows a mail's words as words and its page in a frame that may do nothing", async () => {
    const { deps, get } = serve();
    const mail = aMail({ to: `${evil}@example.com`, subject: evil, text: evil, html: evil });
    await deps.mailer.send(mail);
    for (const path of ["/dev/mailbox", `/dev/mailbox/${mail.id}:1`, `/dev/mailbox?to=${encodeURIComponent(evil)}`]) {
      const response = await get(path);
      expect(response.status).toBe(200);
      const page = await response.text();
      expect(page).toMatch(/^<!doctype html><html lang="en">/);
      expect(page).not.toMatch(/<script|<img/);
      expect(response.headers.get("Content-Security-Policy")).toMatch(/^default-src 'none'/);
    }
    const page = await (await get(`/dev/mailbox/${mail.id}:1`)).text();
    expect(page).toContain(`src="/dev/mailbox/${encodeURIComponent(`${mail.id}:1`)}/html"`);
    expect(page).toMatch(/<iframe[^>]* sandbox="allow-popups allow-popups-to-escape-sandbox"/);
  });

  it("gives the mail's own page nothing: no script, no origin, no resources", async () => {
    const { deps, get } = serve();
    const mail = aMail({ html: evil });
    await deps.mailer.send(mail);
    const response = await get(`/dev/mailbox/${mail.id}:1/html`);
    expect(await response.text()).toBe(evil);
    const policy = response.headers.get("Content-Security-Policy") ?? "";
    expect(policy).toMatch(/^sandbox allow-popups allow-popups-to-escape-sandbox; default-src 'none'/);
    expect(policy).not.toContain("allow-scripts");
    expect(response.headers.get("X-Frame-Options")).toBe("SAMEORIGIN");
  });

  it("hands out attachments as files, under a harmless name and type", async () => {
    const { deps, get } = serve();
    const attachments = [
      {
        filename: "bkg_1.ics",
        contentType: "text/calendar; charset=utf-8; method=PUBLISH",
        content: "BEGIN:VCALENDAR\r\n",
      },
      { filename: `x"\r\nSet-Cookie: a=b`, contentType: "text/html\r\nX: y", content: Uint8Array.of(0, 255) },
    ];
    const mail = aMail({ attachments });
    await deps.mailer.send(mail);
    const calendar = await get(`/dev/mailbox/${mail.id}:1/attachments/0`);
    expect(calendar.headers.get("Content-Type")).toBe("text/calendar; charset=utf-8; method=PUBLISH");
    expect(calendar.headers.get("Content-Disposition")).toBe('attachment; filename="bkg_1.ics"');
    expect(await calendar.text()).toBe("BEGIN:VCALENDAR\r\n");
    const odd = await get(`/dev/mailbox/${mail.id}:1/attachments/1`);
    expect(odd.headers.get("Content-Type")).toBe("application/octet-stream");
    expect(odd.headers.get("Content-Disposition")).toBe('attachment; filename="x___Set-Cookie__a_b"');
    expect(new Uint8Array(await odd.arrayBuffer())).toEqual(Uint8Array.of(0, 255));
    for (const place of ["2", "-1", "x", "0.5", "length"]) {
      expect((await get(`/dev/mailbox/${mail.id}:1/attachments/${place}`)).status).toBe(404);
    }
  });

  it("is not there for a mail that is not, nor outside development", async () => {
    const { deps, get } = serve();
    expect((await get("/dev/mailbox/notif_X:1")).status).toBe(404);
    const mail = aMail();
    await deps.mailer.send(mail);
    const production = serve({ environment: "production" });
    for (const path of [
      "/dev/mailbox",
      "/dev/mailbox.json",
      `/dev/mailbox/${mail.id}:1`,
      `/dev/mailbox/${mail.id}:1/html`,
    ]) {
      expect((await get(path)).status).toBe(200);
      expect((await production.get(path)).status).toBe(404);
    }
  });
});
