import { expect, test } from "vitest";
import { createEdgeWatch } from "../../../consumer/views/edge-watch.ts";
import { createManualTime } from "../../helpers/manual-time.ts";

test("two Workers that say different things in turn, as in a deploy, are not asked about all at each answer", async () => {
  const time = createManualTime();
  const watch = createEdgeWatch(time);
  let asked = 0;
  watch.add(() => (asked += 1) > 0);
  const own = () => false;
  for (let times = 0; times < 100; times += 1)
    for (const versions of ["1", "1/1", undefined]) watch.heard({ ...(versions && { versions }) }, own);
  expect(asked).toBe(1);
  await time.elapse(1_000);
  watch.heard({ versions: "2" }, own);
  expect(asked).toBe(2);
});
