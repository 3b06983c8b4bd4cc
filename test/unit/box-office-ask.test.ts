// During a release, new Workers meet objects of the release before.

import { expect, it } from "vitest";
import { askBoxOffice } from "../../src/domain/box-office/ask";
import type { Command } from "../../src/domain/box-office/commands";

const WAKE: Command = { type: "wake", actor: "test", requestId: "req_test" };
const ANSWER = { ok: true as const, value: { nextDueMs: null } };

it("asks with a text, once", async () => {
  const asked: string[] = [];
  const door = {
    execute: async () => expect.unreachable(),
    executeText: async (text: string) => {
      asked.push(text);
      return JSON.stringify([ANSWER]);
    },
  };
  expect(await askBoxOffice(door, [WAKE])).toEqual([ANSWER]);
  expect(asked).toEqual([JSON.stringify([WAKE])]);
});

it("asks an object that takes no text as it always was asked", async () => {
  const asked: (readonly Command[])[] = [];
  const door = {
    execute: async (commands: readonly Command[]) => {
      asked.push(commands);
      return [ANSWER];
    },
    executeText: async () => {
      throw new TypeError('The RPC receiver does not implement the method "executeText".');
    },
  };
  expect(await askBoxOffice(door, [WAKE])).toEqual([ANSWER]);
  expect(asked).toEqual([[WAKE]]);
});

it("does not ask twice after any other fault: the first may have been carried out", async () => {
  const door = {
    execute: async () => expect.unreachable(),
    executeText: async () => {
      throw new Error("the connection was lost");
    },
  };
  await expect(askBoxOffice(door, [WAKE])).rejects.toThrow("the connection was lost");
});
