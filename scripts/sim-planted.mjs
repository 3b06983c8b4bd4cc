// Mistakes somebody could make, each planted alone into the bundle of the simulation. `find` must occur exactly once:
// a bug that no longer fits its source fails the run, instead of being found for the wrong reason or not at all.

const BOX = "src/domain/box-office";

export const PLANTED = [
  {
    name: "a taken seat is not checked when it is held",
    file: `${BOX}/holds.ts`,
    find: `const taken = seats.filter((seat) => state.statuses[seat] !== "A");`,
    replace: `const taken = seats.filter((seat) => state.statuses[seat] === "B");`,
  },
  {
    name: "an expired hold can still be booked (no fence)",
    file: `${BOX}/bookings.ts`,
    find: `return hold.endedAtMs === null ? null : { code: "HOLD_EXPIRED" };`,
    replace: `return null;`,
  },
  {
    name: "seats are freed while the payment is unknown (release before void)",
    file: `${BOX}/expiry.ts`,
    find: `      return {
        hold: withBooking(next, booking, { phase: "voiding" }),
        facts: [{ type: "payment.voiding", bookingId: booking.id, detail: attemptDetail(booking) }],
      };`,
    replace: `      return expireBooking(next, booking, nowMs + 0 * (attemptDetail(booking)["attempt"] ?? 0));`,
  },
  {
    name: "a late authorisation of a lost booking is captured",
    file: `${BOX}/payments.ts`,
    find: `if (!current) return { hold: withAttempt(hold, booking, { ...known, unwanted: true }), facts: [fact] };`,
    replace: `if (!current) return { hold: withBooking(hold, booking, { phase: "capturing", payment: withAttempt(hold, booking, known).booking?.payment ?? null }), facts: [fact] };`,
  },
  {
    name: "a late authorisation of a lost booking is not voided",
    file: `${BOX}/payments.ts`,
    find: `if (!current) return { hold: withAttempt(hold, booking, { ...known, unwanted: true }), facts: [fact] };`,
    replace: `if (!current) return { hold: withAttempt(hold, booking, known), facts: [fact] };`,
  },
  {
    name: "confirmed at authorisation, before the money is captured",
    file: `${BOX}/payments.ts`,
    find: `    hold: withBooking(owned, owned.booking as Booking, { phase: "capturing", nextTry: null }),`,
    replace: `    hold: confirmBooking(owned, owned.booking as Booking, nowMs).hold,`,
  },
  {
    name: "a refund is asked for without a key",
    file: "src/adapters/stripe-refunds.ts",
    find: `const options = { idempotencyKey: ask.idempotencyKey };`,
    replace: `const options = {};`,
  },
  {
    name: "a refund does not look first and has a key per try",
    file: "src/adapters/stripe-refunds.ts",
    find: `  if (same) return outcomeOfRefund(same);`,
    replace: `  if (same) ask = { ...ask, idempotencyKey: ask.idempotencyKey + nowMs() };`,
  },
  {
    name: "a refund that was refused is settled before people are told of it",
    file: "src/app/effects.ts",
    find: `  const told = outcome.type === "refund-failed" ? await tellOf(deps, code, effect, outcome) : outcome;
  const reply = await deps.boxOffices.send(code, { type: "settle", effect, outcome: told, ...origin });`,
    replace: `  const reply = await deps.boxOffices.send(code, { type: "settle", effect, outcome, ...origin });
  if (outcome.type === "refund-failed") await tellOf(deps, code, effect, outcome);`,
  },
  {
    name: "an authorisation has a key per try",
    file: "src/adapters/payments-stripe.ts",
    find: `    const created = await desk.stripe.paymentIntents.create(intentParams(ask, ask.token, amount), {
      idempotencyKey: ask.idempotencyKey,`,
    replace: `    const created = await desk.stripe.paymentIntents.create(intentParams(ask, ask.token, amount), {
      idempotencyKey: ask.idempotencyKey + desk.nowMs(),`,
  },
  {
    name: "an attempt that got no answer counts as declined",
    file: "src/adapters/payments-stripe.ts",
    find: `      return { type: "unanswered", reason: trouble.reason };
    case "declined":`,
    replace: `      return { type: "declined", intentId: null, reason: trouble.reason };
    case "declined":`,
  },
  {
    name: "a void does not look whether the money was authorised, and says it is void",
    file: "src/adapters/payments-stripe.ts",
    find: `  const isNews = intent.status === "requires_capture" && !ask.unwanted;`,
    replace: `  if (intent.status === "requires_capture") return { type: "voided", intentId: intent.id };
  const isNews = false;`,
  },
  {
    name: "what is owed is forgotten once it was sent (outbox deleted on send)",
    file: `${BOX}/effects.ts`,
    find: `    if (flight.nextAtMs > nowMs) continue;`,
    replace: `    if (flight.nextAtMs > nowMs || flight.kind !== "availability") continue;`,
  },
  {
    name: "a second cancellation refunds again",
    file: `${BOX}/bookings.ts`,
    find: `  if (booking.status !== "CONFIRMED") return refused({ code: "BOOKING_NOT_CANCELLABLE", status: booking.status });`,
    replace: `  if (booking.payment === null) return refused({ code: "BOOKING_NOT_CANCELLABLE", status: booking.status });`,
  },
  {
    name: "a partial cancellation refunds the whole price",
    file: `${BOX}/bookings.ts`,
    find: `  const refundMinor = priceOf(hold, booking, seats);`,
    replace: `  const refundMinor = booking.prices.reduce((sum, price) => sum + price, 0);`,
  },
  {
    name: "a cancellation does not refund",
    file: `${BOX}/bookings.ts`,
    find: `  if (payment === null || paid === null || amountMinor === 0) return hold;`,
    replace: `  if (payment === null || paid === null || amountMinor >= 0) return hold;`,
  },
  {
    name: "keys are not remembered",
    file: `${BOX}/execute.ts`,
    find: `    state.keys.set(key.scope, key);
    changes.keys.push(key);`,
    replace: `    state.keys.set(key.scope, key);`,
  },
  {
    name: "answers do not wait for the disk",
    file: "src/durable/box-office.ts",
    find: `      const { replies, changes } = this.#writeGroup(group.map(({ command }) => command));
      await this.ctx.storage.sync();`,
    replace: `      const { replies, changes } = this.#writeGroup(group.map(({ command }) => command));`,
  },
  {
    name: "memory is not rebuilt after a failed write",
    file: "src/durable/box-office.ts",
    find: `      try {
        this.#reload();
        const { replies`,
    replace: `      try {
        const { replies`,
  },
  {
    name: "the alarm is not set again once it rang",
    file: "src/durable/box-office.ts",
    find: `    if (dueMs === null || armed) return null;`,
    replace: `    if (dueMs === null || armed || this.#alarmMs !== null) return null;`,
  },
  {
    name: "an older projection overwrites a newer one (last write wins)",
    file: "test/sim/database.ts",
    find: `if (known === undefined || record.version > known.version) db.bookings`,
    replace: `if (known === undefined || record.version !== known.version) db.bookings`,
  },
  {
    name: "mails are dropped when an old projection is acknowledged",
    file: `${BOX}/execute.ts`,
    find: `const booking = hold.booking === null || !current ? hold.booking : { ...hold.booking, notices: [] };`,
    replace: `const booking = hold.booking === null ? hold.booking : { ...hold.booking, notices: [] };`,
  },
  {
    name: "a mail counts as sent before it is sent",
    file: "src/app/notifications.ts",
    find: `    const sending = deps.mailer.send(mail);
`,
    replace: `    await noteSent(deps, id, mail.subject);
    const sending = deps.mailer.send(mail);
`,
  },
  {
    name: "mails nobody announced are never swept",
    file: "src/app/sweeps.ts",
    find: `    notifications: () => sweepNotifications(deps, nowMs),
`,
    replace: ``,
  },
  {
    name: "deliveries nobody settled are never swept",
    file: "src/app/sweeps.ts",
    find: `    providerInbox: () => sweepProviderInbox(deps, nowMs),
`,
    replace: ``,
  },
  {
    name: "the provider's account is never reconciled",
    file: "src/app/sweeps.ts",
    find: `    reconciliation: () => reconcile(deps, nowMs),
`,
    replace: ``,
  },
  {
    name: "a failed refund is never tried again",
    file: `${BOX}/refunds.ts`,
    find: `  if (refund?.state !== "failed") return null;
  const again`,
    replace: `  if (refund?.state !== "due") return null;
  const again`,
  },
  {
    name: "the limit of held seats forgets what is held",
    file: `${BOX}/holds.ts`,
    find: `return (state.unpaidSeats.get(userId) ?? 0) + seats > MAX_UNPAID_SEATS;`,
    replace: `return seats > MAX_UNPAID_SEATS + state.seq * 0;`,
  },
];
