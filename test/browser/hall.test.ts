// The hall of 20 000 seats: there within a second, moved without a stutter, and drawn over only where it changes.

import { availableParallelism, loadavg } from "node:os";
import type { Page } from "playwright-core";
import { expect, inject, it } from "vitest";
import { hallShown, newEvent, readers, tapSeat } from "./browser";

const { open } = readers();
const url = inject("url");

const READY_WITHIN_MS = 1_000;
/** Two frames of a 60 Hz screen: the worst of twenty may miss one. */
const FRAME_BUDGET_MS = 34;
/** What a frame, and a hall from nothing, may cost the page's own thread. */
const FRAME_WORK_MS = 10;
const READY_WORK_MS = 600;
const FRAMES = 90;
const TRIES = 3;

/** With more work than processors a clock measures the others: then the page's own processor time is what counts. */
function isBusy(): boolean {
  return (loadavg()[0] ?? 0) > availableParallelism();
}

/** Answers how long the page's thread has really worked so far. Milliseconds. */
async function workOf(page: Page): Promise<() => Promise<number>> {
  const session = await page.context().newCDPSession(page);
  await session.send("Performance.enable", { timeDomain: "threadTicks" });
  return async () => {
    const { metrics } = await session.send("Performance.getMetrics");
    return 1_000 * (metrics.find(({ name }) => name === "TaskDuration")?.value ?? Number.NaN);
  };
}

async function arena(): Promise<string> {
  const answer = await fetch(`${url}/api/events?q=Aurora`);
  const { data } = (await answer.json()) as { data: { id: string; totalSeats: number }[] };
  expect(data[0]?.totalSeats).toBe(20_000);
  return data[0]?.id ?? "";
}

it("20 000 seats can be used within a second of opening the event", async () => {
  const id = await arena();
  const tries: { readonly ms: number; readonly work: number }[] = [];
  const isQuick = ({ ms, work }: (typeof tries)[number]) => ms < READY_WITHIN_MS || (isBusy() && work < READY_WORK_MS);
  for (let i = 0; i < TRIES && !tries.some(isQuick); i++) {
    const { page } = await open();
    const work = await workOf(page);
    await page.goto(`/events/${id}`);
    await hallShown(page);
    const ms = await page.evaluate(() => performance.getEntriesByName("hall-ready")[0]?.startTime ?? 0);
    tries.push({ ms, work: await work() });
  }
  console.info(
    `hall ready: ${tries.map(({ ms, work }) => `${ms.toFixed()} ms, ${work.toFixed()} of work`).join("; ")}`,
  );
  expect(tries.some(isQuick)).toBe(true);
});

it("every pan over 20 000 seats stays within its frame budget", async () => {
  const { page } = await open();
  await page.goto(`/events/${await arena()}`);
  await hallShown(page);
  const work = await workOf(page);
  const tries: { readonly interval: number; readonly work: number }[] = [];
  const isSmooth = ({ interval, work: perFrame }: (typeof tries)[number]) =>
    perFrame < FRAME_WORK_MS && (interval < FRAME_BUDGET_MS || isBusy());
  for (let i = 0; i < TRIES && !tries.some(isSmooth); i++) {
    const before = await work();
    const interval = await page.evaluate(pan, FRAMES);
    tries.push({ interval, work: ((await work()) - before) / FRAMES });
  }
  console.info(
    `pan: ${tries.map(({ interval, work: perFrame }) => `${interval.toFixed(1)} ms between frames (95th percentile), ${perFrame.toFixed(1)} of work each`).join("; ")}`,
  );
  expect(tries.some(isSmooth)).toBe(true);
});

/** Drags the hall about for so many frames, in the page. Answers the 95th percentile of the time between two. */
async function pan(frames: number): Promise<number> {
  const canvas = document.querySelector("canvas") as HTMLCanvasElement;
  const box = canvas.getBoundingClientRect();
  const fire = (type: string, x: number, y: number) =>
    canvas.dispatchEvent(
      new PointerEvent(type, { pointerId: 1, pointerType: "mouse", clientX: box.left + x, clientY: box.top + y }),
    );
  canvas.setPointerCapture = () => undefined;
  const intervals: number[] = [];
  fire("pointerdown", 300, 300);
  let last = performance.now();
  for (let i = 0; i < frames; i++) {
    fire("pointermove", 300 + Math.sin(i / 9) * 160, 300 + Math.cos(i / 9) * 120);
    await new Promise((resolve) => requestAnimationFrame(resolve));
    const now = performance.now();
    intervals.push(now - last);
    last = now;
  }
  fire("pointerup", 300, 300);
  return intervals.sort((a, b) => a - b)[Math.floor(frames * 0.95)] ?? 0;
}

it("zooming in shows seats one by one, and zooming out brings the whole hall back", async () => {
  const { page, complaints } = await open();
  await page.goto(`/events/${await arena()}`);
  await hallShown(page);
  const distance = () =>
    page.evaluate(() => {
      const { seatPoint } = document.querySelector("canvas") as unknown as { seatPoint(id: string): { x: number } };
      return seatPoint("seat_A2").x - seatPoint("seat_A1").x;
    });
  const far = await distance();
  await page.getByRole("button", { name: "Zoom in" }).click();
  await page.getByRole("button", { name: "Zoom in" }).click();
  await expect.poll(distance).toBeGreaterThan(far * 2);
  await page.getByRole("button", { name: "Whole hall" }).click();
  await expect.poll(distance).toBeCloseTo(far, 3);
  await page.locator("canvas").focus();
  await page.keyboard.press("ArrowRight");
  await page.keyboard.press("ArrowRight");
  await page
    .getByText(/(Row [A-Z]+, seat|Standing place) \d+/)
    .first()
    .waitFor();
  expect(complaints).toEqual([]);
});

it("what a seat is called stays inside the map on a phone, at each of its edges", async () => {
  const id = await newEvent(url, "Edge To Edge");
  const { page } = await open({ width: 390, height: 844, touch: true });
  await page.goto(`/events/${id}`);
  await hallShown(page);
  for (const seat of ["seat_A1", "seat_A12", "seat_E14"]) {
    await tapSeat(page, seat);
    const tip = await page.locator(".hall-tip span").boundingBox();
    const map = await page.locator(".hall-map").boundingBox();
    if (!tip || !map) throw new Error("no name is shown");
    expect(tip.x, seat).toBeGreaterThanOrEqual(map.x);
    expect(tip.x + tip.width, seat).toBeLessThanOrEqual(map.x + map.width);
  }
});
