// Mails through the real database: rows that box offices and registration leave, the claim, the mailbox, and what
// Cloudflare's binding is handed. The queue and the clock are the test's.

import { createExecutionContext, createMessageBatch, getQueueResult } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { d1Bookings } from "../../src/adapters/d1/bookings";
import { d1DeadLetters } from "../../src/adapters/d1/dead-letters";
import { d1Notifications } from "../../src/adapters/d1/notifications";
import { d1Users } from "../../src/adapters/d1/users";
import { cloudflareMailer, d1Mailbox, mailboxMailer } from "../../src/adapters/email";
import { qrCodes } from "../../src/adapters/qr-codes";
import { cloudflareQueues } from "../../src/adapters/queues";
import { recentNotifications, type SendDeps, sendNotification, sweepNotifications } from "../../src/app/notifications";
import type { DeliveredMail, Mail, Mailer } from "../../src/app/ports";
import { type BookingId, type NotificationId, type SeatId, ticketIdOf } from "../../src/domain/ids";
import { MINUTE } from "../../src/domain/time";
import { consumeNotifications } from "../../src/queues/notifications";
import { aBooking, aDefinition, aNotice, aPayment, aUser, aWelcome, NOW } from "./d1-builders";

const mailbox = d1Mailbox(env.DB);
const SEATS = ["seat_A1", "seat_A2"] as SeatId[];

function house(mailer: Mailer = mailboxMailer(env.DB)) {
  const clock = { ms: NOW };
  const quiet = { info() {}, warn() {}, error() {} };
  const deps: SendDeps = {
    clock: { nowMs: () => clock.ms },
    log: quiet,
    background: { keep: () => {} },
    deadLetters: d1DeadLetters(env.DB),
    settings: { publicUrl: "http://localhost:3000", emailFrom: "tickets@ticketflow.dev" } as SendDeps["settings"],
    notifications: d1Notifications(env.DB),
    mailer,
    boxOffices: TWO_TICKETS,
    ticketTokens: {
      sign: async ({ ticketId }) => `token of ${ticketId}`,
      numberOf: async (ticketId) => `number of ${ticketId}`,
    } as SendDeps["ticketTokens"],
    qrCodes: qrCodes(),
  };
  return { deps, clock };
}

/** Of any booking: two good tickets, and one that was revoked. */
const TWO_TICKETS = {
  async send(_code: string, { bookingId }: { bookingId: BookingId }) {
    const tickets = [...SEATS, "seat_A3"].map((seatId, place) => ({
      id: ticketIdOf(bookingId, place),
      seatId,
      status: place < SEATS.length ? "VALID" : "REVOKED",
      entry: null,
    }));
    return { ok: true, value: { tickets } };
  },
} as unknown as SendDeps["boxOffices"];

async function registered() {
  const user = aUser();
  const welcome = aWelcome(user);
  expect(await d1Users(env.DB).insert(user, welcome, null)).toBe("inserted");
  return { user, welcome };
}

/** A confirmed booking of a registered user, projected with its notice. */
async function confirmed(name = "Music of the Spheres") {
  const { user, welcome } = await registered();
  const event = aDefinition({ name });
  await env.DB.prepare(
    `INSERT INTO events (id, code, version, name, starts_at_ms, ends_at_ms, currency, total_seats, available_seats,
      availability_seq, active_at_ms, created_at_ms, updated_at_ms, tiers, definition)
     VALUES (?1, ?2, 1, ?3, ?4, ?5, 'GBP', 100, 98, 1, ?6, ?6, ?6, '[]', ?7)`,
  )
    .bind(event.id, event.code, event.name, event.startsAtMs, event.endsAtMs, NOW, JSON.stringify(event))
    .run();
  const pending = aBooking(event, { userId: user.id });
  const notice = aNotice(pending.id, { seatIds: SEATS });
  const booking = {
    ...pending,
    version: 2,
    status: "CONFIRMED" as const,
    confirmedAtMs: NOW,
    payment: aPayment(pending.id, { status: "SUCCESS" }),
    notices: [notice],
  };
  const ids = await d1Bookings(env.DB).project([booking], NOW);
  expect(ids).toEqual([notice.id]);
  return { user, welcome, booking, id: notice.id as NotificationId };
}

async function mailsTo(address: string): Promise<readonly DeliveredMail[]> {
  return await mailbox.list(100, address);
}

describe("a booking that was confirmed", () => {
  it("becomes one mail with a calendar file, and shows among the recent ones", async () => {
    const { user, booking, id } = await confirmed();
    const { deps } = house();
    expect(await sendNotification(deps, id)).toEqual({ outcome: "sent" });
    const [mail, ...more] = await mailsTo(user.email);
    expect(more).toEqual([]);
    expect(mail).toMatchObject({ id: `${id}:1`, to: user.email, subject: "Your booking is confirmed!" });
    expect(mail?.text).toContain("Music of the Spheres");
    expect(mail?.text).toContain("A1, A2");
    expect(mail?.text).toContain("£150.00");
    const [calendar] = mail?.attachments ?? [];
    expect(new TextDecoder().decode(calendar?.content as Uint8Array)).toContain(`UID:${booking.id}\r\n`);
    expect(await recentNotifications(deps, user.id)).toEqual([
      { id, type: "BOOKING_CONFIRMED", subject: "Your booking is confirmed!", sentAtMs: NOW, bookingId: booking.id },
    ]);
  });

  it("carries a picture of every ticket that is good, which its HTML shows", async () => {
    const { user, booking, id } = await confirmed();
    await sendNotification(house().deps, id);
    const [mail] = await mailsTo(user.email);
    const images = mail?.attachments.filter(({ contentType }) => contentType === "image/png") ?? [];
    expect(images.map(({ filename }) => filename)).toEqual(["ticket-A1.png", "ticket-A2.png"]);
    for (const [place, { content, contentId }] of images.entries()) {
      expect([...(content as Uint8Array).subarray(1, 4)]).toEqual([..."PNG"].map((char) => char.charCodeAt(0)));
      expect(mail?.html).toContain(`src="cid:${contentId}"`);
      expect(mail?.text).toContain(ticketIdOf(booking.id, place));
    }
    expect(mail?.text).toContain("Show these codes at the door.");
    expect(mail?.text).not.toContain(ticketIdOf(booking.id, 2));
    expect(mail?.html).toContain(`http://localhost:3000/tickets/${booking.id}`);
  });

  it("stays one mail however often and from however many sides it is asked for", async () => {
    const { user, booking, id } = await confirmed();
    const { deps, clock } = house();
    await Promise.all(Array.from({ length: 10 }, () => sendNotification(deps, id)));
    await d1Bookings(env.DB).project([booking], NOW);
    clock.ms += 60 * MINUTE;
    await sweepNotifications(deps, clock.ms);
    await sendNotification(deps, id);
    expect((await mailsTo(user.email)).filter((mail) => mail.subject.includes("confirmed"))).toHaveLength(1);
  });

  it("tells of the confirmation although everything was cancelled since", async () => {
    const { user, booking, id } = await confirmed();
    const later = { ...booking, version: 3, status: "CANCELLED" as const, cancelledAtMs: NOW + 1 };
    const cancelled = aNotice(booking.id, {
      type: "BOOKING_CANCELLED",
      atMs: NOW + 1,
      refundMinor: 15_000,
      seatIds: SEATS,
    });
    const [second] = await d1Bookings(env.DB).project([{ ...later, notices: [cancelled] }], NOW + 1);
    const { deps, clock } = house();
    clock.ms = NOW + 1;
    await sendNotification(deps, id);
    await sendNotification(deps, second as NotificationId);
    const [last, first] = await mailsTo(user.email);
    expect(first?.subject).toBe("Your booking is confirmed!");
    expect(first?.text).toContain("A1, A2");
    expect(last?.subject).toBe("Your booking is cancelled");
    expect(last?.text).toContain("£150.00");
  });
});

describe("a death between acceptance and its note", () => {
  it("is the one way to two mails, and both are there to be seen", async () => {
    const { user, welcome } = await registered();
    const { deps, clock } = house();
    const dying: SendDeps = {
      ...deps,
      mailer: {
        ready: true,
        async send(mail) {
          await mailboxMailer(env.DB).send(mail);
          return await new Promise<never>(() => {});
        },
      },
    };
    void sendNotification(dying, welcome.id);
    while ((await mailsTo(user.email)).length === 0) await scheduler.wait(0);
    expect(await sendNotification(deps, welcome.id)).toEqual({ outcome: "not-ours" });
    clock.ms += MINUTE;
    expect(await sendNotification(deps, welcome.id)).toEqual({ outcome: "sent" });
    expect((await mailsTo(user.email)).map(({ id }) => id)).toEqual([`${welcome.id}:2`, `${welcome.id}:1`]);
  });
});

describe("a welcome that no queue message ever named", () => {
  it("is found by the sweep half a minute later, and not before", async () => {
    const { user } = await registered();
    const { deps, clock } = house();
    await sweepNotifications(deps, clock.ms + 29_999);
    expect(await mailsTo(user.email)).toEqual([]);
    clock.ms += 30_000;
    await sweepNotifications(deps, clock.ms);
    expect((await mailsTo(user.email)).map(({ subject }) => subject)).toEqual(["Welcome to TicketFlow"]);
  });
});

describe("a message of the queue", () => {
  async function consume(deps: SendDeps, bodies: readonly unknown[]) {
    const messages = bodies.map((body, n) => ({ id: `m${n}`, timestamp: new Date(NOW), attempts: 1, body }));
    const batch = createMessageBatch("notifications", messages);
    await consumeNotifications(batch, deps);
    return await getQueueResult(batch, createExecutionContext());
  }

  it("is acknowledged once its mails went, and comes back while one of them fails", async () => {
    const one = await registered();
    const other = await registered();
    const failing: Mailer = {
      ready: true,
      async send(mail) {
        if (mail.to === other.user.email) throw Object.assign(new Error("later"), { code: "E_RATE_LIMIT_EXCEEDED" });
        return await mailboxMailer(env.DB).send(mail);
      },
    };
    const { deps, clock } = house(failing);
    const first = await consume(deps, [{ ids: [one.welcome.id, other.welcome.id] }, { ids: [one.welcome.id] }, "?"]);
    expect(first.explicitAcks.sort()).toEqual(["m1", "m2"]);
    expect(first.retryMessages).toMatchObject([{ msgId: "m0" }]);
    clock.ms += 10_000;
    const second = await consume({ ...deps, mailer: mailboxMailer(env.DB) }, [
      { ids: [one.welcome.id, other.welcome.id] },
    ]);
    expect(second.explicitAcks).toEqual(["m0"]);
    expect(await mailsTo(one.user.email)).toHaveLength(1);
    expect(await mailsTo(other.user.email)).toHaveLength(1);
  });

  it("is made of a hundred ids at most", async () => {
    const sent: unknown[] = [];
    const queue = {
      sendBatch: async (messages: { body: { ids: string[] } }[]) =>
        void sent.push(...messages.map((one) => one.body.ids.length)),
    };
    const ids = Array.from({ length: 201 }, (_, n) => `notif_${n}` as NotificationId);
    const queues = cloudflareQueues(queue as unknown as Queue);
    await queues.notify(ids);
    await queues.notify([]);
    expect(sent).toEqual([100, 100, 1]);
    expect(queues.ready).toBe(true);
    expect(cloudflareQueues(undefined).ready).toBe(false);
  });
});

describe("Cloudflare's mailer", () => {
  const mail: Mail = {
    id: "notif_1",
    to: "alice@example.com",
    subject: "Your booking\r\nBcc: all@evil.example",
    text: "words",
    html: "<p>words</p>",
    attachments: [{ filename: "bkg_1.ics", contentType: "text/calendar; charset=utf-8", content: "BEGIN:VCALENDAR" }],
  };

  it("hands over bytes, one line of subject, and the sender", async () => {
    const handed: Parameters<SendEmail["send"]>[0][] = [];
    const binding = {
      async send(message: Parameters<SendEmail["send"]>[0]) {
        handed.push(message);
        return { messageId: "1" };
      },
    };
    expect(await cloudflareMailer(binding as unknown as SendEmail, "tickets@ticketflow.dev").send(mail)).toBe(
      "accepted",
    );
    const image = { filename: "ticket-A1.png", contentType: "image/png", content: Uint8Array.of(1, 2) };
    await cloudflareMailer(binding as unknown as SendEmail, "tickets@ticketflow.dev").send({
      ...mail,
      attachments: [{ ...image, contentId: "image-of-a-ticket" }],
    });
    expect(handed.pop()?.attachments).toEqual([
      {
        disposition: "inline",
        contentId: "image-of-a-ticket",
        filename: "ticket-A1.png",
        type: "image/png",
        content: Uint8Array.of(1, 2),
      },
    ]);
    expect(handed).toEqual([
      {
        from: { name: "TicketFlow", email: "tickets@ticketflow.dev" },
        to: "alice@example.com",
        subject: "Your booking Bcc: all@evil.example",
        text: "words",
        html: "<p>words</p>",
        headers: { "Auto-Submitted": "auto-generated", "X-Entity-Ref-ID": "notif_1" },
        attachments: [
          {
            disposition: "attachment",
            filename: "bkg_1.ics",
            type: "text/calendar",
            content: new TextEncoder().encode("BEGIN:VCALENDAR"),
          },
        ],
      },
    ]);
  });

  it("is taken by the binding itself", async () => {
    expect(await cloudflareMailer(env.EMAIL, "tickets@ticketflow.dev").send({ ...mail, subject: "Hello" })).toBe(
      "accepted",
    );
  });

  it("tells an address that gets nothing from a trouble that passes", async () => {
    const failing = (code: string) =>
      cloudflareMailer(
        {
          send: async () => {
            throw Object.assign(new Error("no"), { code });
          },
        } as unknown as SendEmail,
        "tickets@ticketflow.dev",
      );
    expect(await failing("E_RECIPIENT_SUPPRESSED").send(mail)).toBe("refused");
    await expect(failing("E_RATE_LIMIT_EXCEEDED").send(mail)).rejects.toMatchObject({ code: "E_RATE_LIMIT_EXCEEDED" });
    expect(await failing("E_X").send({ ...mail, to: "a@b.c\r\nBcc: d@e.f" })).toBe("refused");
  });

  it("is not ready without its binding or its sender", () => {
    expect(cloudflareMailer(undefined, "a@b.c").ready).toBe(false);
    expect(cloudflareMailer(env.EMAIL, "").ready).toBe(false);
    expect(cloudflareMailer(env.EMAIL, "a@b.c").ready).toBe(true);
  });
});

describe("the mailbox", () => {
  it("shows what was sent, the newest first, bytes and all", async () => {
    const to = `${crypto.randomUUID()}@example.com`;
    const content = Uint8Array.from({ length: 256 }, (_, n) => n);
    const mailer = mailboxMailer(env.DB);
    const mail = (id: string): Mail => ({
      id,
      to,
      subject: `'); DROP TABLE mailbox; --`,
      text: "a\u0000b",
      html: "<p>ü🎺</p>",
      attachments: [{ filename: "f.bin", contentType: "application/octet-stream", content }],
    });
    await mailer.send(mail("notif_A"));
    await mailer.send(mail("notif_B"));
    await mailer.send(mail("notif_A"));
    const mails = await mailbox.list(100, to);
    expect(mails.map(({ id }) => id)).toEqual(["notif_A:2", "notif_B:1", "notif_A:1"]);
    expect(mails[0]).toMatchObject({ subject: `'); DROP TABLE mailbox; --`, html: "<p>ü🎺</p>" });
    expect(mails[0]?.attachments[0]?.content).toEqual(content);
    expect((await mailbox.list(1)).map(({ id }) => id)).toEqual(["notif_A:2"]);
    expect(await mailbox.byId("notif_B:1")).toEqual(mails[1]);
    expect(await mailbox.byId("notif_B")).toBeNull();
  });
});
