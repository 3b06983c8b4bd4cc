import { it, vi } from "vitest";
import { newCaller, newConfirmed, newEvent, call } from "./sale-client";
it("slow?", async () => {
  const alice = await newCaller();
  const out: string[] = [];
  for (let i = 0; i < 25; i++) {
    const event = await newEvent();
    const t = performance.now();
    const s = Date.now();
    await newConfirmed(alice, event, ["seat_A1"]);
    out.push(String(Date.now() - s));
    if (i === 8) {
      out.push("| 30 declined");
      const e2 = await newEvent();
      await Promise.all(Array.from({length: 30}, () => call("POST", "/api/bookings", { as: alice, body: { eventId: e2.id, seatIds: ["seat_A1"], paymentMethod: {type: "card", token: "pm_card_chargeDeclined"} } })));
    }
    if (i === 16) {
      out.push("| clock");
      vi.useFakeTimers({ toFake: ["Date"] });
      const e2 = await newEvent();
      const held = await call("POST", "/api/locks", { as: alice, body: { eventId: e2.id, seats: 1 } });
      await call("POST", "/api/bookings/confirm", { as: alice, body: { lockId: held.body.id } });
      vi.setSystemTime(Date.now() + 600000);
      await call("GET", "/api/bookings/my", { as: alice });
      vi.useRealTimers();
    }
  }
  const event = await newEvent();
  const s = Date.now();
  for (let i = 0; i < 20; i++) await call("GET", "/health");
  out.push(`health x20 ${Date.now() - s}`);
  throw new Error("TIMES " + out.join(" "));
}, 60000);
