import { expect, test } from "vitest";
import { timeProgress, weighStreams } from "../../../bench/life/streams.ts";
import { isLinux } from "../../../bench/process-figures.ts";
import { startStack } from "../../../bench/processes.ts";

test.runIf(isLinux)(
  "each progress that a handler tells reaches the reader of its event stream, and open streams weigh something",
  async () => {
    await using stack = await startStack({ fsync: "os" }, { host: "node", life: "progress" });
    const { p50Ms, p99Ms } = await timeProgress(stack, 3);
    expect(p50Ms).toBeGreaterThan(0);
    expect(p99Ms).toBeGreaterThanOrEqual(p50Ms);
    expect(await weighStreams(stack, 100)).toBeGreaterThan(0);
  },
);
