import { expect, test } from "vitest";
import { measureColdStarts } from "../../../bench/capacity/cold-start.ts";
import { measureOutstanding } from "../../../bench/capacity/outstanding.ts";
import { PACES } from "../../../bench/pace.ts";
import { knowsProportionalMemory } from "../../../bench/proportional-memory.ts";

test.runIf(knowsProportionalMemory)(
  "all callers of a slow handler wait at once and get their replies, and memory is that of all processes",
  async () => {
    const { callers, idle, peak } = await measureOutstanding(
      { fsync: "os" },
      { ...PACES.quick, outstanding: 50, outstandingHandlerMs: 1_000 },
      () => {},
    );
    expect(callers).toMatchObject({ mostAtOnce: 50, right: 50, wrong: {} });
    expect(peak.byProcess.map(({ name }) => name).toSorted()).toEqual(["consumer", "gateway", "worker", "workerd"]);
    expect(peak.totalBytes).toBeGreaterThanOrEqual(idle.totalBytes);
  },
);

test("a Worker that is started again answers rightly", async () => {
  expect(await measureColdStarts({ ...PACES.quick, coldStarts: 1 })).toHaveLength(1);
});
