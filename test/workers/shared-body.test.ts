import { expect, it } from "vitest";
import { sharedBody } from "../../src/http/headers";

/** More than a stream takes before somebody reads. */
const BYTES = new Uint8Array(2_000_000).map((_, place) => place % 251);

it("sends the same bytes to every reader, whoever else leaves half-way", async () => {
  const [leaver, ...others] = Array.from({ length: 3 }, () => new Response(sharedBody(BYTES)));
  const reader = (leaver as Response).body?.getReader();
  const first = await reader?.read();
  expect(first?.value?.length).toBeGreaterThan(0);
  await reader?.cancel();
  for (const answer of others) expect(Buffer.from(await answer.arrayBuffer()).equals(BYTES)).toBe(true);
});

it("sends few bytes too", async () => {
  const answer = new Response(sharedBody(BYTES.subarray(0, 10)));
  expect([...(await answer.bytes())]).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
});
