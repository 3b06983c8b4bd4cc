import { describe, expect, it, vi } from "vitest";
import { commandGroups } from "../../src/adapters/command-groups";
import type { Command } from "../../src/domain/box-office/commands";
import type { EventCode } from "../../src/domain/ids";

const CODE = "AAAAAAAA" as EventCode;
const OTHER = "BBBBBBBB" as EventCode;
const command = (requestId: string): Command => ({ type: "readEvent", actor: "usr", requestId });

/** A box office that answers each call when told to, with the requests it was asked. */
function scene() {
  const calls: { code: EventCode; asked: readonly string[]; answer: () => void; fail: () => void }[] = [];
  let nowMs = 0;
  const kept: Promise<unknown>[] = [];
  const send = commandGroups({
    call: (code, commands) =>
      new Promise((resolve, reject) => {
        const asked = commands.map(({ requestId }) => requestId);
        const answer = () => resolve(asked.map((value) => ({ ok: true, value }) as never));
        calls.push({ code, asked, answer, fail: () => reject(new Error("lost")) });
      }),
    keepAlive: (work) => kept.push(work),
    nowMs: () => nowMs,
  });
  const settle = () => vi.advanceTimersByTimeAsync(0);
  return { calls, kept, send, settle, pass: (ms: number) => (nowMs += ms) };
}

describe("commands of one isolate", () => {
  it("go alone and at once when nobody is on the way", () => {
    const { calls, send } = scene();
    void send(CODE, command("one"));
    expect(calls.map(({ asked }) => asked)).toEqual([["one"]]);
  });

  it("go together when they come while a call is on the way, each with its own answer", async () => {
    vi.useFakeTimers();
    const { calls, send, settle } = scene();
    const replies = ["one", "two", "three"].map((name) => send(CODE, command(name)));
    await settle();
    expect(calls.map(({ asked }) => asked)).toEqual([["one"], ["two", "three"]]);
    for (const { answer } of calls) answer();
    expect(await Promise.all(replies)).toEqual(["one", "two", "three"].map((value) => ({ ok: true, value })));
    vi.useRealTimers();
  });

  it("never go with those of another event", async () => {
    vi.useFakeTimers();
    const { calls, send, settle } = scene();
    void send(CODE, command("one"));
    void send(OTHER, command("two"));
    await settle();
    expect(calls.map(({ code, asked }) => [code, asked])).toEqual([
      [CODE, ["one"]],
      [OTHER, ["two"]],
    ]);
    vi.useRealTimers();
  });

  it("hear of a call that failed, all of them", async () => {
    vi.useFakeTimers();
    const { calls, send, settle } = scene();
    const replies = ["one", "two", "three"].map((name) => send(CODE, command(name)).catch(String));
    await settle();
    calls[0]?.answer();
    calls[1]?.fail();
    expect((await Promise.all(replies)).slice(1)).toEqual(["Error: lost", "Error: lost"]);
    vi.useRealTimers();
  });

  it("go by themselves when their group is not answered", async () => {
    vi.useFakeTimers();
    const { calls, send } = scene();
    void send(CODE, command("one"));
    const second = send(CODE, command("two"));
    await vi.advanceTimersByTimeAsync(5_000);
    expect(calls.map(({ asked }) => asked)).toEqual([["one"], ["two"], ["two"]]);
    calls[2]?.answer();
    expect(await second).toEqual({ ok: true, value: "two" });
    vi.useRealTimers();
  });

  it("do not join a group that should have left long ago", async () => {
    vi.useFakeTimers();
    const { calls, send, settle, pass } = scene();
    void send(CODE, command("one"));
    void send(CODE, command("two"));
    pass(100);
    void send(CODE, command("three"));
    await settle();
    expect(calls.map(({ asked }) => asked)).toEqual([["one"], ["two"], ["three"]]);
    vi.useRealTimers();
  });

  it("are 200 a call at most", async () => {
    vi.useFakeTimers();
    const { calls, send, settle } = scene();
    for (let n = 0; n <= 401; n++) void send(CODE, command(String(n)));
    await settle();
    expect(calls.map(({ asked }) => asked.length)).toEqual([1, 200, 200, 1]);
    vi.useRealTimers();
  });

  it("wait a little for company in a crowd, and for nobody once it is gone", async () => {
    vi.useFakeTimers();
    const { calls, send, settle } = scene();
    const sizes = () => calls.map(({ asked }) => asked.length);
    for (let n = 0; n <= 8; n++) void send(CODE, command(String(n)));
    await settle();
    expect(sizes()).toEqual([1, 8]);
    void send(CODE, command("next"));
    await vi.advanceTimersByTimeAsync(4);
    void send(CODE, command("later"));
    expect(sizes()).toEqual([1, 8]);
    await vi.advanceTimersByTimeAsync(1);
    expect(sizes()).toEqual([1, 8, 2]);
    void send(CODE, command("after a small group"));
    await settle();
    expect(sizes()).toEqual([1, 8, 2, 1]);
    for (const { answer } of calls) answer();
    await settle();
    void send(CODE, command("alone"));
    expect(sizes()).toEqual([1, 8, 2, 1, 1]);
    vi.useRealTimers();
  });

  it("outlive the request that sent them", () => {
    const { kept, send } = scene();
    void send(CODE, command("one"));
    void send(CODE, command("two"));
    expect(kept).toHaveLength(2);
  });
});
