// The OpenAPI document and the routes are one thing told twice: whatever differs fails here.

import { SELF } from "cloudflare:test";
import type { z } from "@hono/zod-openapi";
import { describe, expect, it } from "vitest";
import { compose, configProblems } from "../../src/compose";
import { createApp } from "../../src/http/app";
import { samples } from "../../src/http/error-samples";
import { openApiOf } from "../../src/http/openapi";
import type { Json } from "./sale-client";

const app = createApp(compose, configProblems);
const document: Json = JSON.parse(
  JSON.stringify(openApiOf(app, { publicUrl: "http://localhost:3000", version: "1.0.0" })),
);

/** Routes that are no part of the API. */
const NOT_DOCUMENTED = [/^\/docs$/, /^\/openapi\.json$/, /^\/dev\//, /^\/event-booking\//];

interface Operation {
  readonly name: string;
  readonly operation: Json;
}

function operations(): readonly Operation[] {
  return Object.entries(document.paths).flatMap(([path, item]) =>
    Object.entries(item as Json).map(([method, operation]) => ({ name: `${method.toUpperCase()} ${path}`, operation })),
  );
}

function everyRef(value: Json): readonly string[] {
  if (typeof value !== "object" || value === null) return [];
  const own = typeof value.$ref === "string" ? [value.$ref] : [];
  return [...own, ...Object.values(value).flatMap(everyRef)];
}

describe("the document", () => {
  it("has exactly the routes that the app serves", () => {
    const served = app.routes
      .filter(({ method }) => method !== "ALL")
      .map(({ method, path }) => `${method} ${path.replaceAll(/:([^/]+)/g, "{$1}")}`)
      .filter((name) => !NOT_DOCUMENTED.some((form) => form.test(name.split(" ")[1] ?? "")));
    expect([...new Set(served)].sort()).toEqual(
      operations()
        .map(({ name }) => name)
        .sort(),
    );
  });

  it("has every endpoint of the first document", () => {
    const names = operations().map(({ name }) => name);
    expect(names).toEqual(expect.arrayContaining([...FIRST_DOCUMENT]));
  });

  it("is OpenAPI 3.1 with its server, its token and no dangling reference", () => {
    expect(document).toMatchObject({
      openapi: "3.1.0",
      info: { title: "TicketFlow API", version: "1.0.0" },
      servers: [{ url: "http://localhost:3000" }],
      components: { securitySchemes: { bearerAuth: { type: "http", scheme: "bearer", bearerFormat: "JWT" } } },
    });
    for (const ref of everyRef(document)) {
      const target = ref
        .split("/")
        .slice(1)
        .reduce((value: Json, part) => value?.[part], document);
      expect([ref, target]).toEqual([ref, expect.any(Object)]);
    }
  });

  it("lists every error code", () => {
    expect(new Set(document.components.schemas.ErrorCode.enum)).toEqual(new Set(Object.keys(samples)));
  });

  it("gives every operation a name of its own, a service, and its path's parameters", () => {
    const ids = operations().map(({ operation }) => operation.operationId);
    expect(new Set(ids).size).toBe(ids.length);
    for (const { name, operation } of operations()) {
      expect([name, operation.tags?.length, typeof operation.summary]).toEqual([name, 1, "string"]);
      const inPath = (operation.parameters ?? []).filter((parameter: Json) => parameter.in === "path");
      expect(inPath.map((parameter: Json) => parameter.name)).toEqual(
        [...name.matchAll(/\{(.+?)\}/g)].map(([, parameter]) => parameter),
      );
    }
  });

  it("declares the errors that follow from what an operation takes", () => {
    for (const { name, operation } of operations()) {
      const statuses = Object.keys(operation.responses);
      const expected = ["400", "429", "500", "503"];
      if (operation.security) expected.push("401");
      if (operation["x-access"] === "admin") expected.push("403");
      if (operation.requestBody) expected.push("413", "415");
      expect([name, statuses]).toEqual([name, expect.arrayContaining(expected)]);
      for (const [status, response] of Object.entries<Json>(operation.responses)) {
        if (Number(status) < 400) continue;
        const { schema } = response.content["application/json"];
        expect(schema.anyOf ?? [schema]).toContainEqual({ $ref: "#/components/schemas/Error" });
      }
    }
  });

  it("declares a status that is an answer and a refusal as either", () => {
    const { 503: unwell } = document.paths["/api/notifications/health"].get.responses;
    expect(unwell.content["application/json"].schema.anyOf).toEqual([
      { $ref: "#/components/schemas/NotificationsHealth" },
      { $ref: "#/components/schemas/Error" },
    ]);
  });

  it("has patterns that are regular expressions of JSON Schema, and those of passwords ask for both kinds", () => {
    const { pattern } = document.components.schemas.Registration.properties.password;
    const told = ["Password1", "password1", "Password", "Zürich٣", "ΩΩΩΩΩΩΩ1"].map((text) =>
      RegExp(pattern, "u").test(text),
    );
    expect(told).toEqual([true, false, false, true, true]);
  });

  it("shows examples that its own schemas accept", () => {
    let checked = 0;
    for (const definition of app.openAPIRegistry.definitions) {
      if (definition.type !== "route") continue;
      const { method, path, request, responses } = definition.route;
      const contents = [request?.body, ...Object.values(responses)].map(
        (part: Json) => part?.content?.["application/json"],
      );
      for (const content of contents) {
        const examples = Object.values<Json>(content?.examples ?? {}).map(({ value }) => value);
        if (content?.example !== undefined) examples.push(content.example);
        for (const example of examples) {
          const parsed = (content.schema as z.ZodType).safeParse(example);
          expect([`${method} ${path}`, parsed.error?.issues ?? []]).toEqual([`${method} ${path}`, []]);
          checked += 1;
        }
      }
    }
    expect(checked).toBeGreaterThan(100);
  });
});

describe("over HTTP", () => {
  it("/openapi.json is the document", async () => {
    const response = await SELF.fetch("http://localhost:3000/openapi.json");
    expect(response.headers.get("Content-Type")).toBe("application/json");
    expect(await response.json()).toEqual(document);
  });

  it("/docs shows every operation, runs no script and loads nothing from anywhere", async () => {
    const response = await SELF.fetch("http://localhost:3000/docs");
    expect(response.headers.get("Content-Type")).toBe("text/html; charset=utf-8");
    expect(response.headers.get("Content-Security-Policy")).toMatch(
      /^default-src 'none'; style-src 'sha256-[\w+/=]+';/,
    );
    const html = await response.text();
    for (const { operation } of operations()) expect(html).toContain(`id="${operation.operationId}"`);
    expect(html).not.toMatch(/<script|<link|<img|src=|@import|url\(/);
    expect(html.match(/https?:\/\/[^"<\s]+/g) ?? []).toEqual([]);
  });

  it("the page says who may call each operation", async () => {
    const html = await (await SELF.fetch("http://localhost:3000/docs")).text();
    const access = html.match(
      /<p class="quiet">(Open to everybody|Needs the token of a gate|Needs the token of an admin|Needs a token)\.<\/p>/g,
    );
    expect(access).toHaveLength(operations().length);
  });

  it("the page's style is the one its policy allows", async () => {
    const response = await SELF.fetch("http://localhost:3000/docs");
    const style = /<style>([\s\S]*?)<\/style>/.exec(await response.text())?.[1] ?? "";
    const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(style));
    const hash = btoa(String.fromCharCode(...new Uint8Array(digest)));
    expect(response.headers.get("Content-Security-Policy")).toContain(`'sha256-${hash}'`);
  });
});

const FIRST_DOCUMENT = [
  "GET /health",
  "POST /api/users/register",
  "POST /api/users/login",
  "GET /api/users/me",
  "GET /api/events",
  "GET /api/events/{id}",
  "POST /api/events",
  "PUT /api/events/{id}",
  "POST /api/venues",
  "GET /api/venues/{id}",
  "POST /api/bookings",
  "GET /api/bookings/my",
  "GET /api/bookings/{id}",
  "POST /api/bookings/{id}/cancel",
  "GET /api/inventory/events/{eventId}/seats",
  "GET /api/payments/{id}",
  "GET /api/payments/booking/{bookingId}",
  "GET /api/notifications/recent",
  "GET /api/notifications/health",
];
