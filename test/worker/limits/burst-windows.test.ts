import fc from "fast-check";
import { expect, test } from "vitest";
import { createBurstWindows } from "../../../worker/limits/burst-windows.ts";

const BURST = { requests: 3, seconds: 10 } as const;

const open = (maxRemembered?: number) => {
  const clock = { ms: 5_000 };
  const take = createBurstWindows({ nowMs: () => clock.ms, ...(maxRemembered !== undefined && { maxRemembered }) });
  return { clock, take };
};

test("a caller may send as many as the burst says, and again when the first of them is a window ago", async () => {
  const { clock, take } = open();
  const taken = [];
  for (let index = 0; index < 4; index++) {
    taken.push(await take("free", BURST, "a"));
    clock.ms += 1_000;
  }
  expect(taken).toEqual([
    { isAllowed: true, remaining: 2, resetSeconds: 10 },
    { isAllowed: true, remaining: 1, resetSeconds: 9 },
    { isAllowed: true, remaining: 0, resetSeconds: 8 },
    { isAllowed: false, remaining: 0, resetSeconds: 7 },
  ]);
  clock.ms = 14_999;
  expect(await take("free", BURST, "a")).toMatchObject({ isAllowed: false, resetSeconds: 1 });
  clock.ms = 15_000;
  expect(await take("free", BURST, "a")).toMatchObject({ isAllowed: true, remaining: 0 });
});

test("what one caller sends is not seen by another", async () => {
  const { take } = open();
  for (let index = 0; index < 4; index++) await take("free", BURST, "a");
  expect(await take("free", BURST, "b")).toEqual({ isAllowed: true, remaining: 2, resetSeconds: 10 });
  expect(await take("paid", BURST, "a")).toEqual({ isAllowed: true, remaining: 2, resetSeconds: 10 });
});

test("in no span of a window more are allowed than the burst says, and none is refused that would fit", async () => {
  const calls = fc.array(fc.record({ afterMs: fc.nat(6_000), caller: fc.constantFrom("a", "b") }), { maxLength: 60 });
  await fc.assert(
    fc.asyncProperty(calls, fc.integer({ min: 1, max: 5 }), async (sent, requests) => {
      const { clock, take } = open();
      const allowed: { caller: string; at: number }[] = [];
      for (const { afterMs, caller } of sent) {
        clock.ms += afterMs;
        const before = allowed.filter((other) => other.caller === caller && other.at > clock.ms - 10_000);
        const { isAllowed, remaining } = await take("free", { requests, seconds: 10 }, caller);
        expect(isAllowed).toBe(before.length < requests);
        if (isAllowed) allowed.push({ caller, at: clock.ms });
        expect(remaining).toBe(requests - before.length - (isAllowed ? 1 : 0));
      }
    }),
  );
});

test("the callers who have been away the longest are forgotten first", async () => {
  const { clock, take } = open(3 * 17 + 1);
  for (const caller of ["a", "b", "c"]) {
    clock.ms += 1;
    await take("free", BURST, caller);
  }
  await take("free", BURST, "a");
  await take("free", BURST, "d");
  expect(await take("free", BURST, "a")).toMatchObject({ remaining: 0 });
  expect(await take("free", BURST, "b")).toMatchObject({ remaining: 2 });
});
