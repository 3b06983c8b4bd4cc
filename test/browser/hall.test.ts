// The hall of 20 000 seats: there within a second, moved without a stutter, and drawn over only where it changes.

import { expect, inject, it } from "vitest";
import { hallShown, readers } from "./browser";

const { open } = readers();
const url = inject("url");

const READY_WITHIN_MS = 1_000;
/** Two frames of a 60 Hz screen: the worst of twenty may miss one. */
const FRAME_BUDGET_MS = 34;
const SCRIPT_BUDGET_MS = 8;
const FRAMES = 90;
/** A machine that is busy with something else is not the page's fault; all tries late is. */
const TRIES = 3;

async function arena(): Promise<string> {
  const answer = await fetch(`${url}/api/events?q=Aurora`);
  const { data } = (await answer.json()) as { data: { id: string; totalSeats: number }[] };
  expect(data[0]?.totalSeats).toBe(20_000);
  return data[0]?.id ?? "";
}

it("20 000 seats can be used within a second of opening the event", async () => {
  const id = await arena();
  const times: number[] = [];
  for (let i = 0; i < TRIES && Math.min(...times, READY_WITHIN_MS) >= READY_WITHIN_MS; i++) {
    const { page } = await open();
    await page.goto(`/events/${id}`);
    await hallShown(page);
    times.push(await page.evaluate(() => performance.getEntriesByName("hall-ready")[0]?.startTime ?? 0));
  }
  console.info(`hall ready after ${times.map(Math.round).join(", ")} ms`);
  expect(Math.min(...times)).toBeLessThan(READY_WITHIN_MS);
});

it("every pan over 20 000 seats stays within its frame budget", async () => {
  const { page } = await open();
  await page.goto(`/events/${await arena()}`);
  await hallShown(page);
  const results: { readonly interval: number; readonly script: number }[] = [];
  for (let i = 0; i < TRIES && !results.some(isSmooth); i++) results.push(await page.evaluate(pan, FRAMES));
  console.info(
    `pan: ${results.map(({ interval, script }) => `${interval.toFixed(1)} ms a frame, ${script.toFixed(1)} ms of script`).join("; ")} (95th percentile)`,
  );
  expect(results.some(isSmooth)).toBe(true);
});

function isSmooth({ interval, script }: { readonly interval: number; readonly script: number }): boolean {
  return interval < FRAME_BUDGET_MS && script < SCRIPT_BUDGET_MS;
}

/** Drags the hall about for so many frames, in the page. Answers the 95th percentiles. */
async function pan(frames: number): Promise<{ interval: number; script: number }> {
  const canvas = document.querySelector("canvas") as HTMLCanvasElement;
  const box = canvas.getBoundingClientRect();
  const fire = (type: string, x: number, y: number) =>
    canvas.dispatchEvent(
      new PointerEvent(type, { pointerId: 1, pointerType: "mouse", clientX: box.left + x, clientY: box.top + y }),
    );
  canvas.setPointerCapture = () => undefined;
  const intervals: number[] = [];
  const scripts: number[] = [];
  fire("pointerdown", 300, 300);
  let last = performance.now();
  for (let i = 0; i < frames; i++) {
    fire("pointermove", 300 + Math.sin(i / 9) * 160, 300 + Math.cos(i / 9) * 120);
    await new Promise<void>((resolve) => {
      // Ours is asked for after the hall's, so the hall has drawn when it comes.
      requestAnimationFrame((start) => {
        scripts.push(performance.now() - start);
        resolve();
      });
    });
    const now = performance.now();
    intervals.push(now - last);
    last = now;
  }
  fire("pointerup", 300, 300);
  const high = (values: number[]) => values.sort((a, b) => a - b)[Math.floor(values.length * 0.95)] ?? 0;
  return { interval: high(intervals), script: high(scripts) };
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
