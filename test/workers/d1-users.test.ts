// Users in D1, and the keys that are kept with what they made.

import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { d1IdempotencyKeys } from "../../src/adapters/d1/idempotency-keys";
import { d1Notifications } from "../../src/adapters/d1/notifications";
import { d1Users } from "../../src/adapters/d1/users";
import { aKey, aUser, aWelcome, NOW } from "./d1-builders";

const users = d1Users(env.DB);
const keys = d1IdempotencyKeys(env.DB);
const DAY = 86_400_000;

describe("a user in D1", () => {
  it("is found by e-mail with the password's hash, and by id without", async () => {
    const user = aUser();
    expect(await users.insert(user, aWelcome(user), null)).toBe("inserted");
    expect(await users.byEmail(user.email)).toEqual(user);
    const { passwordHash: _, ...rest } = user;
    expect(await users.byId(user.id)).toEqual(rest);
    expect(await users.byId(aUser().id)).toBeNull();
    expect(await users.byEmail("nobody@example.com")).toBeNull();
  });

  it("is committed with the welcome mail, or not at all", async () => {
    const user = aUser();
    const twin = aUser({ email: user.email });
    const welcome = aWelcome(user);
    const refused = aWelcome(twin);
    const key = aKey();
    await users.insert(user, welcome, null);
    expect(await users.insert(twin, refused, key)).toBe("email-taken");
    expect(await users.byId(twin.id)).toBeNull();
    expect(await keys.find(key.scope, NOW)).toBeNull();
    const mails = await d1Notifications(env.DB).countOf([welcome.id, refused.id]);
    expect([...mails.values()]).toEqual([1, 0]);
  });

  it("whose key is taken is a repeat, even when the e-mail is taken too", async () => {
    const user = aUser();
    const twin = aUser({ email: user.email });
    const key = aKey({ resultId: user.id });
    expect(await users.insert(user, aWelcome(user), key)).toBe("inserted");
    expect(await users.insert(twin, aWelcome(twin), { ...key, resultId: twin.id })).toBe("key-taken");
    expect(await keys.find(key.scope, NOW)).toEqual(key);
  });

  it("becomes an admin by e-mail, and nobody else does", async () => {
    const user = aUser();
    await users.insert(user, aWelcome(user), null);
    expect(await users.grantRole(user.email, "ADMIN")).toBe(true);
    expect((await users.byId(user.id))?.role).toBe("ADMIN");
    expect(await users.grantRole("nobody@example.com", "ADMIN")).toBe(false);
  });
});

describe("a kept key", () => {
  it("is found for 24 hours and not a moment longer", async () => {
    const user = aUser();
    const key = aKey();
    await users.insert(user, aWelcome(user), key);
    expect(await keys.find(key.scope, NOW + DAY - 1)).toEqual(key);
    expect(await keys.find(key.scope, NOW + DAY)).toBeNull();
    expect(await keys.find(`${key.scope}x`, NOW)).toBeNull();
  });

  it("makes room for a new one of the same scope once it is over", async () => {
    const [first, second, third] = [aUser(), aUser(), aUser()];
    const key = aKey();
    const again = { ...key, resultId: "again", atMs: NOW + DAY };
    await users.insert(first, aWelcome(first), key);
    expect(await users.insert(second, aWelcome(second), { ...again, atMs: NOW + DAY - 1 })).toBe("key-taken");
    expect(await users.insert(third, aWelcome(third), again)).toBe("inserted");
    expect(await keys.find(key.scope, NOW + DAY)).toEqual(again);
  });

  it("is purged when it is old, the oldest first, a limited number at a time", async () => {
    const old = [aKey({ atMs: 1 }), aKey({ atMs: 2 }), aKey({ atMs: 3 })];
    for (const key of old) {
      const user = aUser();
      await users.insert(user, aWelcome(user), key);
    }
    const left = async () => (await Promise.all(old.map((key) => keys.find(key.scope, 4)))).map((key) => key?.atMs);
    await keys.purge(2, 1);
    expect(await left()).toEqual([undefined, 2, 3]);
    await keys.purge(2, 10);
    expect(await left()).toEqual([undefined, undefined, 3]);
  });
});
