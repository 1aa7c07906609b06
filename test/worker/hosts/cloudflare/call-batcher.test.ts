import { describe, expect, test } from "vitest";
import type { SettledCall, ReportSettled } from "../../../../worker/hosts/cloudflare/settled-calls.ts";
import { createCallBatcher, type CallBatcherPlatform } from "../../../../worker/hosts/cloudflare/call-batcher.ts";

type Made = {
  readonly calls: readonly string[];
  readonly report: ReportSettled<string>;
  end(ended: readonly SettledCall<string>[]): void;
  fail(error: Error): void;
};

const ended = (index: number, value: string): SettledCall<string> => ({ index, status: "fulfilled", value });
const settled = () => new Promise<void>((resolve) => setTimeout(resolve));

/** A batcher whose turns, calls and timers end when the test says so. */
const batcherByHand = (options: { readonly gatherMs?: number } = {}) => {
  const made: Made[] = [];
  const turns: (() => void)[] = [];
  const timers: { callback: () => void; cleared: boolean }[] = [];
  const platform: CallBatcherPlatform = {
    nextTurn: () => new Promise((resolve) => turns.push(resolve)),
    waitUntil: () => {},
    setTimeout: (callback) => timers.push({ callback, cleared: false }) - 1,
    clearTimeout(timer) {
      const of = timers[timer as number];
      if (of !== undefined) of.cleared = true;
    },
  };
  const call = createCallBatcher<string, string>({
    callMany: (calls, report) => new Promise((resolve, reject) => made.push({ calls, report, end: resolve, fail: reject })),
    sizeOf: (name) => name.length,
    ...options,
    platform,
  });
  const nextTurn = async () => {
    for (const turn of turns.splice(0)) turn();
    await settled();
  };
  return { call, made, nextTurn, timers };
};

describe("calls of many requests", () => {
  test("a call goes at once when it is alone", async () => {
    const { call, made } = batcherByHand();
    const result = call("a", 1_000);
    expect(made.map(({ calls }) => calls)).toEqual([["a"]]);
    made[0]?.end([ended(0, "A")]);
    expect(await result).toBe("A");
  });

  test("those that come while another is under way leave together, when nothing else is ready", async () => {
    const { call, made, nextTurn } = batcherByHand();
    void call("a", 1_000);
    void call("b", 1_000);
    void call("c", 1_000);
    expect(made).toHaveLength(1);
    await nextTurn();
    void call("d", 1_000);
    await nextTurn();
    expect(made.map(({ calls }) => calls)).toEqual([["a"], ["b", "c"], ["d"]]);
  });

  test("one that comes when all have ended goes at once again", async () => {
    const { call, made } = batcherByHand();
    for (const name of ["a", "b"]) {
      const result = call(name, 1_000);
      made.at(-1)?.end([ended(0, name)]);
      await result;
      await settled();
    }
    expect(made.map(({ calls }) => calls)).toEqual([["a"], ["b"]]);
  });

  test("those that may gather leave together when the one before has ended", async () => {
    const { call, made, nextTurn, timers } = batcherByHand({ gatherMs: 50 });
    void call("a", 1_000);
    void call("b", 1_000);
    await nextTurn();
    void call("c", 1_000);
    expect(made.map(({ calls }) => calls)).toEqual([["a"]]);
    made[0]?.end([ended(0, "A")]);
    await settled();
    expect(made.map(({ calls }) => calls)).toEqual([["a"], ["b", "c"]]);
    expect(timers.map(({ cleared }) => cleared)).toEqual([true, false, true, false]);
  });

  test("those that may gather leave without it when it takes too long", async () => {
    const { call, made, timers } = batcherByHand({ gatherMs: 50 });
    void call("a", 1_000);
    void call("b", 1_000);
    timers[2]?.callback();
    await settled();
    expect(made.map(({ calls }) => calls)).toEqual([["a"], ["b"]]);
  });

  test("each gets its own result, and does not wait for those that went with it", async () => {
    const { call, made, nextTurn } = batcherByHand();
    void call("first", 1_000);
    const [a, b, c] = ["a", "b", "c"].map((name) => call(name, 1_000));
    await nextTurn();
    await made[1]?.report([ended(1, "B")]);
    expect(await b).toBe("B");
    made[1]?.end([ended(2, "C"), { index: 0, status: "rejected", reason: new Error("no A") }]);
    await expect(a).rejects.toThrow("no A");
    expect(await c).toBe("C");
  });

  test("when the call for all fails, those fail that have not ended, and nobody else", async () => {
    const { call, made, nextTurn } = batcherByHand();
    const first = call("first", 1_000);
    const [a, b] = ["a", "b"].map((name) => call(name, 1_000));
    await nextTurn();
    await made[1]?.report([ended(0, "A")]);
    made[1]?.fail(new Error("the object is gone"));
    await expect(b).rejects.toThrow("the object is gone");
    expect(await a).toBe("A");
    made[0]?.end([ended(0, "first")]);
    expect(await first).toBe("first");
  });

  test("one that is never answered ends when its patience does", async () => {
    const { call, timers } = batcherByHand();
    const lost = call("a", 1_000);
    timers[0]?.callback();
    await expect(lost).rejects.toThrow("No answer within 1000 ms");
  });

  test("one that is answered leaves no timer behind, one that is not has its timer", async () => {
    const { call, made, nextTurn, timers } = batcherByHand();
    const [a] = ["a", "b"].map((name) => call(name, 1_000));
    await nextTurn();
    made[0]?.end([ended(0, "A")]);
    await a;
    expect(timers.map(({ cleared }) => cleared)).toEqual([true, false]);
  });

  test("what is too large for one call goes in several, none is left out", async () => {
    const { call, made, nextTurn } = batcherByHand();
    void call("first", 1_000);
    const large = "x".repeat(3 * 1024 * 1024);
    for (const name of [large, "a", large, "b"]) void call(name, 1_000);
    await nextTurn();
    expect(made.slice(1).map(({ calls }) => calls.map((name) => name.slice(0, 1)))).toEqual([
      ["x", "a"],
      ["x", "b"],
    ]);
  });
});
