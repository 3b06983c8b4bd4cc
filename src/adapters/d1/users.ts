// Users and their credentials: D1 decides. An account, its welcome mail and its idempotency key are one batch.

import { eq } from "drizzle-orm";
import type { User, Users } from "../../app/ports";
import { openDatabase, unexpectedClash } from "./database";
import { KEY_TAKEN, writeWithKey } from "./idempotency-keys";
import { pendingMail } from "./notifications";
import { notifications, users } from "./schema";

/** What a user is to everybody but the login: without the password's hash. */
export const userColumns = {
  id: users.id,
  name: users.name,
  email: users.email,
  role: users.role,
  createdAtMs: users.createdAtMs,
  updatedAtMs: users.updatedAtMs,
};

export function d1Users(db: D1Database): Users {
  const orm = openDatabase(db);
  return {
    async insert(user, welcome, key) {
      const clash = await writeWithKey(orm, key, [
        orm.insert(users).values({
          id: user.id,
          name: user.name,
          email: user.email,
          role: user.role,
          passwordHash: user.passwordHash,
          createdAtMs: user.createdAtMs,
          updatedAtMs: user.updatedAtMs,
        }),
        orm.insert(notifications).values(pendingMail(welcome)),
      ]);
      if (clash === null) return "inserted";
      if (clash === KEY_TAKEN) return "key-taken";
      if (clash === "users.email") return "email-taken";
      throw unexpectedClash(clash);
    },

    async byEmail(email) {
      const [row] = await orm.select().from(users).where(eq(users.email, email)).limit(1);
      return row ?? null;
    },

    async byId(id): Promise<User | null> {
      const [row] = await orm.select(userColumns).from(users).where(eq(users.id, id)).limit(1);
      return row ?? null;
    },

    async grantRole(email, role) {
      const changed = await orm.update(users).set({ role }).where(eq(users.email, email)).returning({ id: users.id });
      return changed.length > 0;
    },
  };
}
