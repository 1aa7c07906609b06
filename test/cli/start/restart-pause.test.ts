import { expect, test } from "vitest";
import { createRestartPause } from "../../../cli/start/restart-pause.ts";

const options = { firstMs: 100, mostMs: 1_000, steadyMs: 5_000 };

test("a part that keeps ending is started again after longer and longer pauses, up to the longest", () => {
  const pause = createRestartPause(options);
  expect([0, 0, 0, 0, 0, 0].map((upFor) => pause.next(upFor))).toEqual([100, 200, 400, 800, 1_000, 1_000]);
});

test("a part that was up for a while is started again after the first pause", () => {
  const pause = createRestartPause(options);
  pause.next(0);
  pause.next(0);
  expect(pause.next(5_000)).toBe(100);
  expect(pause.next(4_999)).toBe(200);
});
