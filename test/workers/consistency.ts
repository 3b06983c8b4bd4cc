// The consistency check, as an operator asks for it.

import { expect, vi } from "vitest";
import { type Caller, call, type EventOnSale, type Json } from "./sale-client";

export async function check(admin: Caller, event: EventOnSale): Promise<Json> {
  const { status, body } = await call("GET", `/api/admin/consistency?eventId=${event.id}`, { as: admin });
  expect(status).toBe(200);
  return body;
}

/** Once nothing is owed any more: availability follows about a second later. */
export async function checkAtRest(admin: Caller, event: EventOnSale): Promise<Json> {
  return await vi.waitFor(
    async () => {
      const found = await check(admin, event);
      expect(found.outbox).toBe(0);
      return found;
    },
    { timeout: 20_000, interval: 100 },
  );
}
