import { TrieRouter } from "hono/router/trie-router";
import { expect, it } from "vitest";
import { LiteralRouter } from "../../src/http/literal-router";

const ROUTES: readonly (readonly [method: string, path: string])[] = [
  ["ALL", "/*"],
  ["GET", "/bookings/my"],
  ["GET", "/bookings/:id"],
  ["POST", "/bookings"],
  ["POST", "/bookings/confirm"],
  ["POST", "/bookings/:id/cancel"],
  ["ALL", "/dev/*"],
];
const ASKED = [
  "/bookings",
  "/bookings/my",
  "/bookings/confirm",
  "/bookings/b1",
  "/bookings/b1/cancel",
  "/dev/x",
  "/none",
];

function filled<R extends { add(method: string, path: string, handler: string): void }>(router: R): R {
  for (const [method, path] of ROUTES) router.add(method, path, `${method} ${path}`);
  return router;
}

it("answers as Hono's own router does, the first time and every other", () => {
  const [ours, theirs] = [filled(new LiteralRouter<string>()), filled(new TrieRouter<string>())];
  for (const method of ["GET", "POST", "DELETE", "GET", "POST"]) {
    for (const path of ASKED) expect(ours.match(method, path)).toEqual(theirs.match(method, path));
  }
});

it("knows a route that came after it was asked", () => {
  const router = filled(new LiteralRouter<string>());
  const handlers = () => router.match("DELETE", "/bookings")[0].map(([handler]) => handler);
  expect(handlers()).toEqual(["ALL /*"]);
  router.add("DELETE", "/bookings", "late");
  expect(handlers()).toEqual(["ALL /*", "late"]);
});
