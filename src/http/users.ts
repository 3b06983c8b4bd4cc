// /api/users: register, log in, look at one's account.

import { z } from "@hono/zod-openapi";
import type { User } from "../app/ports";
import { logIn, readMe, readUser, registerUser } from "../app/users";
import { addEndpoint, answer } from "./endpoint";
import { isoOf, lineOf, timestamp } from "./fields";
import { createGroup } from "./honoenv";
import { addressOf } from "./pipeline";

const MAX_EMAIL_CHARS = 254;
/** What is hashed is bounded; no password is cut. */
const MAX_PASSWORD_CHARS = 200;

export const userRoutes = createGroup();

const email = z.email().max(MAX_EMAIL_CHARS).openapi({ example: "alice@example.com" });

const registerBody = z
  .strictObject({
    name: lineOf(2, 100),
    email,
    password: z
      .string()
      .min(8)
      .max(MAX_PASSWORD_CHARS)
      .regex(/\p{Lu}/u, "must contain an uppercase letter")
      .regex(/\p{Nd}/u, "must contain a number")
      // Both rules in one pattern: the document can carry one.
      .openapi({ pattern: "^(?=[\\s\\S]*\\p{Lu})(?=[\\s\\S]*\\p{Nd})" }),
  })
  .openapi("Registration");

const role = z.enum(["USER", "ADMIN"]);

const account = z
  .object({ id: z.string(), name: z.string(), email: z.string(), role, createdAt: timestamp })
  .openapi("User");

const accountExample = {
  id: "usr_01HX9ABC456",
  name: "Alice Example",
  email: "alice@example.com",
  role: "USER",
  createdAt: "2024-06-01T10:00:00.000Z",
};

addEndpoint(
  userRoutes,
  {
    method: "post",
    path: "/api/users/register",
    id: "registerUser",
    service: "Users",
    summary: "Make an account",
    access: "public",
    body: registerBody,
    bodyExample: { name: "Alice Example", email: "alice@example.com", password: "Secret123" },
    keyed: (body) => body.email.toLowerCase(),
    answers: { 201: { description: "The account. A welcome mail follows.", schema: account, example: accountExample } },
    refusals: ["EMAIL_ALREADY_EXISTS"],
  },
  async ({ c, deps, body, key }) => {
    const made = await registerUser(deps, { ...body, address: addressOf(c), key });
    return made.ok ? answer(201, accountOf(made.value)) : made;
  },
);

addEndpoint(
  userRoutes,
  {
    method: "post",
    path: "/api/users/login",
    id: "logIn",
    service: "Users",
    summary: "Get a token",
    access: "public",
    body: z.strictObject({ email: z.string().max(MAX_EMAIL_CHARS), password: z.string().max(MAX_PASSWORD_CHARS) }),
    bodyExample: { email: "test@ticketflow.dev", password: "Test1234!" },
    answers: {
      200: {
        description: "A token for 24 hours.",
        schema: z
          .object({
            token: z.string(),
            expiresAt: timestamp,
            user: z.object({ id: z.string(), name: z.string(), email: z.string(), role }),
          })
          .openapi("Session"),
        example: {
          token: "eyJ…",
          expiresAt: "2024-06-02T10:00:00.000Z",
          user: { id: "usr_01HX9ABC456", name: "Test User", email: "test@ticketflow.dev", role: "USER" },
        },
      },
    },
    refusals: ["INVALID_CREDENTIALS"],
  },
  async ({ c, deps, body }) => {
    const session = await logIn(deps, { ...body, address: addressOf(c) });
    if (!session.ok) return session;
    const { token, expiresAtMs, user } = session.value;
    const { createdAt: _, ...shown } = accountOf(user);
    return answer(200, { token, expiresAt: isoOf(expiresAtMs), user: shown });
  },
);

addEndpoint(
  userRoutes,
  {
    method: "get",
    path: "/api/users/me",
    id: "getMe",
    service: "Users",
    summary: "Your account",
    access: "user",
    answers: { 200: { description: "Your account.", schema: account, example: accountExample } },
  },
  async ({ deps, viewer }) => {
    const read = await readMe(deps, viewer);
    return read.ok ? answer(200, accountOf(read.value)) : read;
  },
);

addEndpoint(
  userRoutes,
  {
    method: "get",
    path: "/api/users/{id}",
    id: "getUser",
    service: "Users",
    summary: "An account: your own, or for an admin anybody's",
    access: "user",
    answers: { 200: { description: "The account.", schema: account, example: accountExample } },
    refusals: ["USER_NOT_FOUND", "FORBIDDEN"],
  },
  async ({ deps, viewer, params }) => {
    const read = await readUser(deps, viewer, params.id);
    return read.ok ? answer(200, accountOf(read.value)) : read;
  },
);

function accountOf({ id, name, email, role, createdAtMs }: User) {
  return { id, name, email, role, createdAt: isoOf(createdAtMs) };
}
