import { expect, test } from "vitest";
import type { Calls } from "../../bench/load.ts";
import { type Clock, measureOpenLoop } from "../../bench/open-loop.ts";
import { createVirtualClock } from "./virtual-clock.ts";

/** Takes so long for each call, by its number. */
const takes = (clock: Clock, msOf: (call: number) => number): Calls & { readonly sentAt: number[] } => {
  const sentAt: number[] = [];
  return {
    sentAt,
    open: async () => ({
      async call() {
        sentAt.push(clock.now());
        await clock.wait(msOf(sentAt.length - 1));
      },
      close: async () => {},
    }),
  };
};

const OPTIONS = { ratePerSecond: 100, warmUpMs: 0, measureMs: 1_000 } as const;

test("calls are sent when they are due, whether those before have ended or not", async () => {
  const clock = createVirtualClock();
  const calls = takes(clock, () => 35);
  const measured = await measureOpenLoop(calls, { ...OPTIONS, callers: 8, clock });
  expect(calls.sentAt).toEqual(Array.from({ length: 100 }, (_, index) => index * 10));
  expect(measured).toMatchObject({ intendedPerSecond: 100, ratePerSecond: 100, sentLateP50Us: 1 });
  expect(measured.p50Us / 1_000).toBeCloseTo(35, 1);
  expect(measured.p99Us / 1_000).toBeCloseTo(35, 1);
});

test("what waits behind a slow call is as late as it looks to whoever sent it", async () => {
  const clock = createVirtualClock();
  // One stall of half a second: 50 more calls are due meanwhile, and each of them then takes a moment.
  const measured = await measureOpenLoop(
    takes(clock, (call) => (call === 0 ? 500 : 1)),
    { ...OPTIONS, callers: 1, clock },
  );
  expect(measured.p99Us / 1_000).toBeGreaterThan(480);
  // By half of the stalled ones: a closed loop would have sent one call in that time, and shown 1 ms.
  expect(measured.p50Us / 1_000).toBeGreaterThan(5);
});

test("a rate that cannot be kept shows as a lower one", async () => {
  const clock = createVirtualClock();
  const measured = await measureOpenLoop(
    takes(clock, () => 40),
    { ...OPTIONS, callers: 2, clock },
  );
  expect(measured.ratePerSecond).toBeGreaterThan(45);
  expect(measured.ratePerSecond).toBeLessThan(55);
});

test("calls that are due before the warm-up has ended do not count", async () => {
  const clock = createVirtualClock();
  const measured = await measureOpenLoop(
    takes(clock, (call) => (call < 50 ? 200 : 2)),
    { ...OPTIONS, warmUpMs: 500, callers: 64, clock },
  );
  expect(measured.p99Us / 1_000).toBeCloseTo(2, 1);
  expect(measured.ratePerSecond).toBeCloseTo(100, 6);
});

test("the first call that fails ends the measurement, and every caller is closed", async () => {
  let closed = 0;
  const calls: Calls = {
    open: async () => ({
      call: () => Promise.reject(new Error("no answer")),
      async close() {
        closed += 1;
      },
    }),
  };
  await expect(measureOpenLoop(calls, { ...OPTIONS, callers: 3, clock: createVirtualClock() })).rejects.toThrow("no answer");
  expect(closed).toBe(3);
});
