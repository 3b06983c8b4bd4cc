// The fuzz test's verdict on an answer: each kind of wrong answer is named.

import { describe, expect, it } from "vitest";
import { judgeOf } from "../fuzz/judge";
import { type FuzzRequest, operationsOf } from "../fuzz/requests";

const error = {
  type: "object",
  properties: { error: { type: "object", additionalProperties: {} } },
  required: ["error"],
};
const json = (schema: unknown, codes: readonly string[] = []) => ({
  content: { "application/json": { schema, examples: Object.fromEntries(codes.map((code) => [code, {}])) } },
});
const DOCUMENT = {
  paths: {
    "/api/things/{id}": {
      put: {
        "x-access": "user",
        parameters: [{ name: "id", in: "path", schema: { type: "string" } }],
        requestBody: json({ type: "object", properties: { n: { type: "integer" } }, additionalProperties: false }),
        responses: {
          200: json({ type: "object", properties: { n: { type: "integer" } }, required: ["n"] }),
          404: json(error, ["THING_NOT_FOUND"]),
        },
      },
    },
  },
};
const judge = judgeOf(DOCUMENT, operationsOf(DOCUMENT));
const REQUEST_ID = "req_1";

function answer(status: number, body: unknown, headers: Record<string, string> = {}) {
  const text = typeof body === "string" ? body : JSON.stringify(body);
  const sent = new Headers({ "Content-Type": "application/json", "X-Request-Id": REQUEST_ID, ...headers });
  return { status, text, headers: sent };
}
const refused = (code: string) => ({ error: { code, message: "no", requestId: REQUEST_ID } });

function asked(change: Partial<FuzzRequest> = {}): FuzzRequest {
  const headers = { Authorization: "Bearer x", "Content-Type": "application/json" };
  return { method: "PUT", path: "/api/things/1", headers, body: '{"n":1}', how: [], ...change };
}

describe("the verdict on an answer", () => {
  it.each([
    ["a declared success", asked(), answer(200, { n: 1 })],
    ["a declared refusal", asked(), answer(404, refused("THING_NOT_FOUND"))],
    ["a refusal where no operation is", asked({ method: "POST" }), answer(405, refused("X"), { Allow: "PUT" })],
  ])("takes %s", (_, request, given) => {
    expect(judge.problems(request, given)).toEqual([]);
  });

  it.each([
    ["a fault", asked(), answer(500, refused("INTERNAL_ERROR")), "status 500"],
    ["an undeclared status", asked(), answer(409, refused("X")), "status 409 is not declared"],
    ["an undeclared code", asked(), answer(404, refused("OTHER")), "OTHER is not declared for 404"],
    ["another form", asked(), answer(200, { n: "1" }), 'body.n is "1", not integer'],
    ["an undeclared property", asked(), answer(200, { n: 1, secret: 2 }), "body.secret is not declared"],
    ["text", asked(), answer(200, "<html>"), "its body is no JSON"],
    ["another type", asked(), answer(200, { n: 1 }, { "Content-Type": "text/html" }), "its type is “text/html”"],
    ["a foreign request id", asked(), answer(200, { n: 1 }, { "X-Request-Id": "1" }), "it has no request id"],
    [
      "an unnamed request",
      asked(),
      answer(404, { error: { code: "THING_NOT_FOUND" } }),
      "its error does not name its request",
    ],
    ["busy without an end", asked(), answer(503, refused("OVERLOADED")), "it does not say when to come back"],
    [
      "a forbidden body that is taken",
      asked({ body: '{"n":"x"}' }),
      answer(200, { n: 1 }),
      'it was taken, but body.n is "x", not integer',
    ],
    [
      "an extra field that is taken",
      asked({ body: '{"n":1,"m":1}' }),
      answer(200, { n: 1 }),
      "it was taken, but body.m is not declared",
    ],
    ["bytes that are taken", asked({ body: "{" }), answer(200, { n: 1 }), "it was taken, but its body is no JSON"],
    ["nobody who is let in", asked({ headers: {} }), answer(200, { n: 1 }), "it was taken, but it has no token"],
    ["a success where no operation is", asked({ method: "POST" }), answer(200, {}), "status 200 where no operation is"],
  ])("refuses %s", (_, request, given, problem) => {
    expect(judge.problems(request, given)).toContain(problem);
  });

  it("lets a refusal and a look change nothing, but a purchase", () => {
    expect(judge.mayNotChange(asked(), answer(404, {}))).toBe(true);
    expect(judge.mayNotChange(asked({ method: "GET" }), answer(200, {}))).toBe(true);
    expect(judge.mayNotChange(asked(), answer(200, {}))).toBe(false);
  });
});
